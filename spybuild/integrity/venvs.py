"""Virtual environments: those that the image uses, and every other that is in it (PEP 405, and virtualenv and uv)."""

import posixpath
import re
from collections.abc import Iterator

from spybuild.errors import ImageInvalid, InterpreterNotFound
from spybuild.images.files import Files, Kind, is_file, text_of
from spybuild.images.keeping import PACKAGES
from spybuild.integrity.survey import Survey
from spybuild.interpreters.layout import venv_settings
from spybuild.interpreters.target import read_target
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import VenvFacts
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

_VERSION = re.compile(r"\s*(\d+\.\d+)")
_LARGEST_CONFIG = 1 << 16
_STARTERS = ("python", "python3", "pypy3", "pypy")
_NAMED = re.compile(r"(?:python|pypy)(\d+\.\d+)t?")  # an interpreter, and the folder of its library


def venv_folders(survey: Survey, files: Files, config: ImageConfig) -> tuple[str, ...]:
    """The folders of all virtual environments that are in use or in the tree; those in test data are none.

    In use is what VIRTUAL_ENV names, there or not. The others are told by `pyvenv.cfg` with a `bin` or `lib` beside it,
    outside of the folders that distributions are installed to.
    """
    used = config.variable("VIRTUAL_ENV")
    found = (posixpath.dirname(path) for path in survey.named("pyvenv.cfg"))
    real = [folder for folder in found if not any(each in folder for each in PACKAGES) and _is_one(files, folder)]
    entry = files.find(used) if used.startswith("/") else None
    named = [entry.path if entry else posixpath.normpath(used)] if used.startswith("/") else []
    return tuple(dict.fromkeys([*named, *real]))


def read_venv(
    folder: str, survey: Survey, files: Files, config: ImageConfig, platform: Platform
) -> tuple[VenvFacts, Target | None]:
    """What a virtual environment is made of, and its interpreter, where there is one that can be read."""
    said = venv_settings(text_of(files, f"{folder}/pyvenv.cfg", _LARGEST_CONFIG))
    starter = next((path for path in _starters(files, folder) if files.find_link(path)), "")
    interpreter = files.find(starter) if starter else None
    facts = VenvFacts(
        path=folder,
        home=said.get("home", ""),
        home_found=not said.get("home") or files.find(said["home"]) is not None,
        version=_minor(said.get("version_info") or said.get("version") or ""),
        python=starter,
        link=_end_of(files, starter) if starter else "",
        interpreter=interpreter.path if interpreter and interpreter.kind is Kind.FILE else "",
        packages=tuple(sorted(_packages(survey, files, folder))),
    )
    return _with_target(facts, files, config, platform) if facts.interpreter else (facts, None)


def _with_target(
    facts: VenvFacts, files: Files, config: ImageConfig, platform: Platform
) -> tuple[VenvFacts, Target | None]:
    named = _NAMED.fullmatch(posixpath.basename(facts.interpreter))
    version = named[1] if named else ""
    try:
        target = read_target(files, config, platform, python=facts.python)
    except (InterpreterNotFound, ImageInvalid) as error:
        return facts.model_copy(update={"interpreter_version": version, "undecided": error.message}), None
    version = f"{target.version[0]}.{target.version[1]}"
    stdlib = _has_stdlib(files, target)
    return facts.model_copy(update={"interpreter_version": version, "stdlib_found": stdlib}), target


def _has_stdlib(files: Files, target: Target) -> bool:
    landmarks = (f"{target.stdlib}/os.py", f"{target.stdlib}/os.pyc", f"{target.stdlib}.zip", target.stdlib)
    return any(is_file(files, path) for path in landmarks)


def _is_one(files: Files, folder: str) -> bool:
    return bool({"bin", "lib", "lib64"} & set(files.names(folder)))


def _starters(files: Files, folder: str) -> Iterator[str]:
    yield from (f"{folder}/bin/{name}" for name in _STARTERS)
    yield from (f"{folder}/bin/{name}" for name in files.names(f"{folder}/bin") if _NAMED.fullmatch(name))


def _minor(version: str) -> str:
    match = _VERSION.match(version)
    return match[1] if match else ""


def _packages(survey: Survey, files: Files, folder: str) -> Iterator[str]:
    for library in ("lib", "lib64"):
        entry = files.find_link(f"{folder}/{library}")
        for name in files.names(f"{folder}/{library}") if entry and entry.kind is Kind.DIRECTORY else ():
            match = _NAMED.fullmatch(name)
            if match and survey.has_below(f"{entry.path}/{name}/site-packages" if entry else ""):
                yield match[1]


def _end_of(files: Files, path: str) -> str:
    """What the last link of a chain says."""
    said, here = "", path
    for _ in range(40):
        entry = files.find_link(here)
        if entry is None or entry.kind is not Kind.SYMLINK:
            break
        said = entry.target
        here = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), said))
    return said
