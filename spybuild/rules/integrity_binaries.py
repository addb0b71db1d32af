"""Binaries against the platform, the interpreter and the C library; the libraries they need."""

from collections.abc import Iterator, Sequence

from spybuild.model.finding import Finding
from spybuild.model.integrity import BinaryBuild, BinaryGroup, Soundness
from spybuild.model.platforms import Platform
from spybuild.rules import catalogue_integrity as catalogue
from spybuild.rules.catalogue import FOREIGN_INTERPRETER
from spybuild.rules.integrity_findings import about_files, counted
from spybuild.rules.integrity_machines import describe, is_native

_LIBC = {"glibc": "glibc (manylinux)", "musl": "musl (musllinux)"}


def check_binaries(soundness: Soundness, platform: Platform) -> Iterator[Finding]:
    """Findings about machine, ABI and C library of binaries, one for each owner, and about libraries they need."""
    own = [group.build for group in soundness.binaries if group.role == "interpreter"]
    strangers = [build for build in own if not is_native(build, platform)]
    for group in soundness.binaries:
        if not is_native(group.build, platform):
            yield from _check_foreign(group, platform, strangers)
        elif _is_other_float(group.build, own):
            yield _foreign(group, platform, describe(next(build for build in own if build.float_abi)))
        elif group.role == "extension" and group.build.libc and soundness.libc not in ("", group.build.libc):
            yield _foreign_libc(group, soundness.libc)
    yield from _check_abi(soundness)
    yield from _check_libraries(soundness)


def _check_foreign(group: BinaryGroup, platform: Platform, strangers: Sequence[BinaryBuild]) -> Iterator[Finding]:
    if group.role == "interpreter":
        yield about_files(
            FOREIGN_INTERPRETER,
            f"the {group.owner} is of another platform than the image's {platform}",
            group.files,
            expected=str(platform),
            found=describe(group.build),
        )
    elif not any(_alike(group.build, build) for build in strangers):  # else the interpreter's finding tells it
        yield _foreign(group, platform, str(platform))


def _foreign(group: BinaryGroup, platform: Platform, expected: str) -> Finding:
    what = {"library": "shared library", "program": "program"}.get(group.role, "extension module")
    wheel = f"; its wheel is tagged {', '.join(group.tags)}" if group.tags else ""
    return about_files(
        catalogue.FOREIGN_BINARY,
        f"{group.owner}: {counted(group.files.count, what)} not built for {platform}",
        group.files,
        expected=expected,
        found=describe(group.build) + wheel,
    )


def _foreign_libc(group: BinaryGroup, libc: str) -> Finding:
    wheel = f"; its wheel is tagged {', '.join(group.tags)}" if group.tags else ""
    return about_files(
        catalogue.FOREIGN_LIBC,
        f"{group.owner}: {counted(group.files.count, 'extension module')} built for another C library",
        group.files,
        expected=_LIBC.get(libc, libc),
        found=_LIBC.get(group.build.libc, group.build.libc) + wheel,
    )


def _check_abi(soundness: Soundness) -> Iterator[Finding]:
    for each in soundness.foreign_abi:
        yield about_files(
            catalogue.FOREIGN_ABI,
            f"{each.owner}: {counted(each.files.count, 'extension module')} that {each.python} does not see",
            each.files,
            expected=" or ".join(each.accepted) or f"a suffix of {each.python}",
            found=each.suffix + (f"; its wheel is tagged {', '.join(each.tags)}" if each.tags else ""),
        )


def _check_libraries(soundness: Soundness) -> Iterator[Finding]:
    for each in soundness.missing_libraries:
        yield about_files(
            catalogue.MISSING_LIBRARY,
            f"{', '.join(each.owners)}: {each.name} is found nowhere, which is needed by "
            f"{counted(each.files.count, 'file')}",
            each.files,
            expected=each.name,
        )
    for old in soundness.old_libraries:
        yield about_files(
            catalogue.OLD_LIBRARY,
            f"{old.owner}: {old.library} has no {old.needed}, which is needed by {counted(old.files.count, 'file')}",
            old.files,
            expected=old.needed,
            found=f"up to {old.newest}" if old.newest else None,
        )


def _is_other_float(build: BinaryBuild, own: Sequence[BinaryBuild]) -> bool:
    known = [each.float_abi for each in own if each.float_abi and each.machine == build.machine]
    return bool(build.float_abi and known) and build.float_abi not in known


def _alike(one: BinaryBuild, other: BinaryBuild) -> bool:
    return (one.machine, one.bits, one.little) == (other.machine, other.bits, other.little)
