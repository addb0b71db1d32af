"""A static `pip check`: whether what the installed distributions require is there, on this platform and this Python.

Markers (PEP 508) are evaluated for the target. What its files do not tell (the micro version, the kernel) is assumed at
both ends: a requirement that is unmet under every assumption is unmet, under some of them it is undecided.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement as Wanted
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from spybuild.errors import ImageInvalid
from spybuild.integrity.pythons import Python, label
from spybuild.interpreters.distributions import Installed
from spybuild.model.integrity import PythonRequirement, Requirement
from spybuild.model.machines import machine_name
from spybuild.model.target import Target

_IMPLEMENTATIONS = {"CPython": "cpython", "PyPy": "pypy"}
_OF_KERNEL = ("platform_release", "platform_version")
_COMPARED, _MOST_COMPARED = re.compile(r"[\"']([^\"']*)[\"']"), 20
_MOST_STEPS = 100_000
_Environment = Mapping[str, str]


def unmet(python: Python) -> Iterator[Requirement]:
    """The requirements of a Python's distributions that are not met, extras where something asks for them.

    Raises:
        ImageInvalid: they are more than any honest image has.
    """
    present = {each.key: each for each in reversed(python.installed)}
    worlds = environments(python.target)
    extras = _extras(present, worlds)
    for each in present.values():
        for wanted in () if python.is_managed(each) else each.requires:
            own = _worlds(wanted, worlds)
            doubts = [_fails(wanted, world, extras.get(each.key, ()), present) for world in own]
            if any(doubt is not None for doubt in doubts):
                doubt = next((doubt for doubt in doubts if doubt), "") or ("" if None not in doubts else _UNTOLD)
                yield _as_unmet(each, wanted, present, doubt)


def unfit(python: Python) -> Iterator[PythonRequirement]:
    """The distributions whose `Requires-Python` excludes the target's Python, or may."""
    versions = [Version(world["python_full_version"]) for world in environments(python.target)]
    for each in {each.key: each for each in reversed(python.installed)}.values():
        specifiers = None if python.is_managed(each) else each.requires_python
        fits = [specifiers is None or specifiers.contains(version, prereleases=True) for version in versions]
        if not all(fits):
            yield PythonRequirement(
                distribution=label(each), text=str(specifiers), metadata=each.metadata or each.folder,
                python=python.name, doubt=_UNTOLD if any(fits) else "",
            )  # fmt: skip


def environments(target: Target) -> tuple[dict[str, str], ...]:
    """The marker environments that the target may have: one, but for what its files do not tell."""
    major, minor, micro = target.version
    micros = (0, 99) if micro < 0 else (micro,)
    kernels = (("0", "#0"), ("9999", "#9999"))
    return tuple(_environment(target, f"{major}.{minor}.{patch}", *kernel) for patch in micros for kernel in kernels)


def _environment(target: Target, version: str, release: str, kernel: str) -> dict[str, str]:
    platform = target.platform
    return {
        "implementation_name": _IMPLEMENTATIONS.get(target.implementation, target.implementation.lower()),
        "implementation_version": version,
        "os_name": "posix",
        "platform_machine": machine_name(platform.architecture, platform.variant),
        "platform_python_implementation": target.implementation,
        "platform_release": release,
        "platform_system": platform.os.capitalize(),
        "platform_version": kernel,
        "python_full_version": version,
        "python_version": f"{target.version[0]}.{target.version[1]}",
        "sys_platform": platform.os,
    }


def _worlds(wanted: Wanted, worlds: Sequence[_Environment]) -> list[_Environment]:
    """The environments for one requirement: the kernel may be what its marker compares it with, whatever that is."""
    text = str(wanted.marker) if wanted.marker else ""
    if not any(name in text for name in _OF_KERNEL):
        return list(worlds)
    compared = dict.fromkeys(_COMPARED.findall(text)[:_MOST_COMPARED])
    return [*worlds, *({**worlds[0], **dict.fromkeys(_OF_KERNEL, each)} for each in compared)]


def _extras(present: Mapping[str, Installed], worlds: Sequence[_Environment]) -> dict[str, tuple[str, ...]]:
    """The extras of each distribution that others ask for, and so on from there."""
    asked: dict[str, tuple[str, ...]] = {}
    left, steps = [(key, "") for key in present], 0
    while left:
        key, extra = left.pop()
        steps += len(present[key].requires)
        if steps > _MOST_STEPS:
            raise ImageInvalid("the installed distributions ask for more extras of each other than can be followed")
        for wanted in present[key].requires:
            to = canonicalize_name(wanted.name)
            if to not in present or not any(_may_apply(wanted, world, extra) for world in _worlds(wanted, worlds)):
                continue
            new = [each for each in map(canonicalize_name, wanted.extras) if each not in asked.get(to, ())]
            asked[to] = (*asked.get(to, ()), *new)
            left += [(to, each) for each in new]
    return asked


def _fails(wanted: Wanted, world: _Environment, extras: Sequence[str], present: Mapping[str, Installed]) -> str | None:
    """Why a requirement may not be met in this environment: empty where it is not met for sure, None where it is."""
    try:
        if not _applies(wanted, world, ("", *extras)):
            return None
    except _UNDECIDABLE as error:
        return f"its marker cannot be evaluated: {error}"
    found = present.get(canonicalize_name(wanted.name))
    if found is None:
        return ""
    if wanted.url or not wanted.specifier:
        return None
    if found.version is None:
        return f"{found.version_text!r} is no version to compare"
    return None if wanted.specifier.contains(found.version, prereleases=True) else ""


def _applies(wanted: Wanted, world: _Environment, extras: Sequence[str]) -> bool:
    marker = wanted.marker
    return marker is None or any(marker.evaluate({**world, "extra": extra}) for extra in extras)


def _may_apply(wanted: Wanted, world: _Environment, extra: str) -> bool:
    try:
        return _applies(wanted, world, (extra,))
    except _UNDECIDABLE:
        return True


def _as_unmet(each: Installed, wanted: Wanted, present: Mapping[str, Installed], doubt: str) -> Requirement:
    found = present.get(canonicalize_name(wanted.name))
    return Requirement(
        distribution=label(each),
        text=str(wanted),
        metadata=each.metadata or each.folder,
        found=found.version_text if found else None,
        doubt=doubt,
    )


_UNTOLD = "it depends on what the image's files do not tell: Python's micro version, or the kernel"
_UNDECIDABLE = (UndefinedComparison, UndefinedEnvironmentName, InvalidMarker, InvalidVersion)
