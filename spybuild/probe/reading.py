"""The host's side of the probe: what to run, what to feed it, and how to read its answer without trusting it.

The probe's parent process vouches for which module a slot belongs to and how the module's process ended. What the slot
says of the module comes from a process the module itself ran in: it is opened here, one slot at a time, and a slot that
is not well formed makes that one module `unreadable` and touches no other.
"""

import binascii
import json
import re
from typing import Any, NoReturn

from pydantic import ValidationError

from spybuild.errors import ProbeError
from spybuild.model.facts import ErrorFacts, ModuleFacts

_MAX_ANSWER = 512 << 20
_MARK = re.compile(rb"\n--spybuild-([0-9a-f]{32})-(?:(\d{12})-([0-9a-f]{8})|end)--\n")
_SLOT_KEYS = {"outcome", "message", "facts", "exit_status", "signal", "requested"}
_OWN_WORDS = {"outcome", "requested", "signal", "stdout", "stderr", "stdout_truncated", "stderr_truncated"}


def read_answer(stdout: bytes, nonce: str) -> dict[str, Any]:
    """The probe's answer, every module's slot opened and checked.

    Args:
        stdout: all that the interpreter wrote to its standard output.
        nonce: the one given to `payload`.

    Raises:
        ProbeError: there is no answer, more than one, or it is damaged or too large.
    """
    answer = _plain_json(_framed(stdout, nonce))
    try:
        surroundings = _opened(answer.pop("surroundings"), {"sys_path": [], "prefix": "", "base_prefix": ""})
        answer["sys_path"] = surroundings["sys_path"]
        answer["interpreter"].update({key: surroundings[key] for key in ("prefix", "base_prefix") if surroundings[key]})
        answer["modules"] = [_module(slot) for slot in answer["modules"]]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ProbeError(f"the probe's answer has another shape than this version writes: {error!r}") from None
    return answer


def _framed(stdout: bytes, nonce: str) -> bytes:
    """The one body that the nonce frames."""
    marks = [mark for mark in _MARK.finditer(stdout) if mark[1] == nonce.encode("ascii", "replace")]
    if not marks:
        raise ProbeError("the probe gave no answer")
    if len(marks) != 2 or not marks[0][2] or marks[1][2]:
        raise ProbeError("the probe's answer is cut short, or there is more than one")
    body = stdout[marks[0].end() : marks[1].start()]
    if len(body) > _MAX_ANSWER:
        raise ProbeError(f"the probe's answer is larger than {_MAX_ANSWER} bytes")
    if len(body) != int(marks[0][2]) or binascii.crc32(body) != int(marks[0][3], 16):
        raise ProbeError("the probe's answer was damaged on its way")
    return body


def _plain_json(text: bytes | str) -> dict[str, Any]:
    """A JSON object, of which every text can be encoded again."""
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_clean_pairs)
    except (ValueError, RecursionError) as error:
        raise ProbeError(f"the probe's answer is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ProbeError("the probe's answer is not a JSON object")
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _clean_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {_clean(key): _clean(value) for key, value in pairs}


def _clean(value: Any) -> Any:
    """Lone surrogates, which a module's names may hold, as the escapes they are written with."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _opened(slot: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """What the first child, which ran the image's site packages, says of its paths; `default` if unreadable."""
    try:
        found = _plain_json(slot["facts"] or "{}")
    except ProbeError:
        return default
    paths = found.get("sys_path")
    texts = isinstance(paths, list) and all(isinstance(path, str) for path in paths)
    prefixes = {key: found[key] for key in ("prefix", "base_prefix") if isinstance(found.get(key), str)}
    return {**default, **prefixes, "sys_path": paths if texts else []}


def _module(slot: dict[str, Any]) -> dict[str, Any]:
    """One module's facts: the parent's words, and the child's where they are well formed."""
    own = {key: value for key, value in slot.items() if key in _OWN_WORDS}
    try:
        told = _plain_json(slot["facts"] or "{}")
        ended = {"exit_status": slot["exit_status"]} if slot["exit_status"] is not None else {}
        reason = {"error": _error(slot["message"])} if slot["message"] else {}
        return ModuleFacts.model_validate({**told, **ended, **reason, **own}).model_dump(mode="json")
    except (ProbeError, ValidationError, RecursionError):
        error = _error("the module's description is not one that the probe writes")
        return ModuleFacts.model_validate({**own, "outcome": "unreadable", "error": error}).model_dump(mode="json")


def _error(message: str) -> dict[str, Any]:
    return ErrorFacts(type="ProbeError", message=message).model_dump(mode="json")
