"""Is the module there, did its import go well, is its version right?"""

import signal
from collections.abc import Iterator

from spybuild.model.contract import Module
from spybuild.model.facts import Facts, ModuleFacts, Outcome, Undecided
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.doubt import doubt, undecided_name
from spybuild.rules.rule import Place, Rule
from spybuild.rules.structure import check_structure


def check_module(wanted: Module, subject: str, facts: Facts) -> Iterator[Finding]:
    """Findings about the module called `subject`: its import first, then its version and structure.

    Args:
        wanted: what the contract asks of it.
        subject: the module's name in the contract (a nested entry may leave it to the root).
        facts: what one platform's evidence says.
    """
    seen = facts.module(subject)
    if seen is None:
        yield catalogue.NO_ANSWER.breach(
            f"nothing is known of {subject}", module=subject, contract_location=wanted.where("filename")
        )
    elif seen.outcome is not Outcome.IMPORTED:
        yield _not_imported(wanted, seen)
    else:
        yield from _check_version(wanted, seen)
        yield from check_structure(wanted, seen)


def _not_imported(wanted: Module, seen: ModuleFacts) -> Finding:
    rule, message, found = _told(seen)
    return rule.breach(
        message,
        expected="a module that can be imported",
        found=found,
        module=seen.requested,
        contract_location=wanted.where("filename"),
        image_location=_where_it_broke(seen),
    )


def _told(seen: ModuleFacts) -> tuple[Rule, str, str | None]:
    """The rule that an outcome breaks, the message, and what was found."""
    name = seen.requested
    match seen.outcome:
        case Outcome.MISSING:
            return catalogue.MISSING_MODULE, f"{name} is not in the image", _reason(seen)
        case Outcome.AMBIGUOUS:
            return catalogue.AMBIGUOUS_MODULE, f"{name} names several files", ", ".join(seen.candidates)
        case Outcome.FAILED:
            return catalogue.IMPORT_FAILED, f"{name} raised while it was imported", _reason(seen)
        case Outcome.EXITED:
            return (
                catalogue.IMPORT_EXITED,
                f"{name} ended its process while it was imported",
                f"exit status {seen.exit_status}",
            )
        case Outcome.TIMEOUT:
            return catalogue.IMPORT_TIMEOUT, f"the import of {name} did not end in time", None
        case Outcome.KILLED:
            return catalogue.IMPORT_KILLED, f"the process that imported {name} was killed", _signal_name(seen.signal)
        case _:
            return catalogue.UNREADABLE_MODULE, f"{name} could not be described", _reason(seen)


def _reason(seen: ModuleFacts) -> str | None:
    return f"{seen.error.type}: {seen.error.message}" if seen.error else None


def _signal_name(number: int | None) -> str | None:
    try:
        return None if number is None else f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _where_it_broke(seen: ModuleFacts) -> ImageLocation | None:
    """The innermost line of the module itself in the traceback, for that is the line to look at."""
    frames = seen.error.traceback if seen.error else ()
    own = [frame for frame in frames if frame.path == seen.path]
    if own:
        return ImageLocation(path=own[-1].path, line=own[-1].line)
    return ImageLocation(path=seen.path) if seen.path else None


def _check_version(wanted: Module, seen: ModuleFacts) -> Iterator[Finding]:
    if wanted.version is None:
        return
    if why := _doubted_version(seen):
        place = Place(seen.requested, f"version of {seen.requested}", _line_of(seen, "__version__"))
        yield undecided_name(place, why, wanted.where("version"))
        return
    found = seen.version or (seen.distribution.version if seen.distribution else None)
    if wanted.version == found:
        return
    yield catalogue.MODULE_VERSION.breach(
        f"{seen.requested} has {'another' if found else 'no'} version",
        category=None if found else catalogue.MISSING,
        expected=wanted.version,
        found=found or "neither __version__ nor a distribution",
        module=seen.requested,
        contract_location=wanted.where("version"),
        image_location=_line_of(seen, "__version__"),
    )


def _doubted_version(seen: ModuleFacts) -> Undecided | None:
    """Why nobody can tell the version: `__version__` itself is in doubt, or what it is set to is not known."""
    variable = next((each for each in seen.variables if each.name == "__version__"), None)
    if variable and seen.version is None and variable.value.is_cut:
        return Undecided(name="__version__", reason=f"set to {variable.value.text}", line=variable.line)
    return doubt("__version__", seen.undecided, is_told=variable is not None)


def _line_of(seen: ModuleFacts, variable: str) -> ImageLocation | None:
    line = next((each.line for each in seen.variables if each.name == variable), None)
    return ImageLocation(path=seen.path, line=line) if seen.path else None
