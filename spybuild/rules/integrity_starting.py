"""Whether the image's program and its virtual environments can start."""

from collections.abc import Iterator, Sequence

from spybuild.model.finding import Category, Finding, ImageLocation
from spybuild.model.integrity import EntryFacts, Soundness, VenvFacts
from spybuild.rules import catalogue_integrity as catalogue
from spybuild.rules.integrity_findings import about_files, counted

_PROBLEMS = {
    "not-found": "is not in the image",
    "directory": "is a directory",
    "not-executable": "cannot be executed",
    "no-interpreter": "needs an interpreter that is not in the image",
    "no-script": "is not in the image",
}


def check_starting(soundness: Soundness) -> Iterator[Finding]:
    """Findings about virtual environments, about scripts, and about the program that the image starts."""
    broken = []
    for venv in soundness.venvs:
        findings = [] if venv.is_folder_only else list(_check_venv(venv))
        broken += [f"{venv.path}/bin/"] if any(each.category is Category.MISSING for each in findings) else []
        yield from findings
    for scripts in soundness.dead_scripts:
        if not scripts.interpreter.startswith(tuple(broken)):  # else the environment's finding tells it
            yield about_files(
                catalogue.DEAD_SCRIPT,
                f"{counted(scripts.files.count, 'script')} cannot start",
                scripts.files,
                expected=scripts.interpreter,
                found="no such file",
            )
    if soundness.entry is not None:
        yield from _check_entry(soundness.entry, broken)


def _check_entry(entry: EntryFacts, broken: Sequence[str]) -> Iterator[Finding]:
    if any(each.startswith(tuple(broken)) for each in (entry.word, entry.path, entry.detail)):
        return  # the environment's finding tells it
    missing = entry.problem in ("not-found", "no-interpreter", "no-script")
    yield catalogue.DEAD_ENTRYPOINT.breach(
        f"{entry.word!r}, which the image starts, {_PROBLEMS[entry.problem]}",
        category=Category.MISSING if missing else Category.INVALID,
        expected=repr(entry.detail) if entry.problem == "no-interpreter" else "a program",
        found=entry.detail if entry.problem == "not-executable" and entry.detail else _PROBLEMS[entry.problem],
        image_location=ImageLocation(path=entry.path) if entry.path else None,
    )


def _check_venv(venv: VenvFacts) -> Iterator[Finding]:
    wanting = _wanting(venv)
    if wanting:
        expected, found = wanting
        yield catalogue.BROKEN_VENV.breach(
            f"the virtual environment {venv.path} has no interpreter that could start",
            expected=expected,
            found=found,
            image_location=ImageLocation(path=venv.python or venv.path),
        )
        return
    here, made = venv.interpreter_version, venv.version
    others = [each for each in venv.packages if each != here]
    dropped = bool(others) and here not in venv.packages
    if here and (dropped or (made and made != here)):
        yield catalogue.VENV_VERSION.breach(
            f"the virtual environment {venv.path} was made for Python {made or others[0]} and starts Python {here}"
            + ("; its packages are not seen" if dropped else ""),
            expected=f"Python {made or others[0]}",
            found=f"Python {here} ({venv.interpreter})",
            image_location=ImageLocation(path=venv.path),
        )


def _wanting(venv: VenvFacts) -> tuple[str, str] | None:
    """What a virtual environment lacks to start, and what is there instead."""
    if not venv.python:
        return f"{venv.path}/bin/python", "no such file"
    if not venv.interpreter:
        return venv.link or venv.python, "a link that ends nowhere"
    if not venv.home_found:
        return f"{venv.home} (home in pyvenv.cfg)", "no such folder"
    if not venv.stdlib_found:
        return f"the standard library of Python {venv.interpreter_version}", f"none where {venv.home or venv.path} says"
    return None
