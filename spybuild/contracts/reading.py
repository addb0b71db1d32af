"""The bytes of a contract, and the text in them, or one clear reason why not."""

import re
from pathlib import Path

from spybuild.errors import ContractError

LARGEST = 4 * 1024 * 1024
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# compiled where it is needed: so many ranges take longer than reading a contract
_NOT_IN_YAML = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"


def read_bytes(path: Path | str) -> bytes:
    """The bytes of the file at `path`.

    Raises:
        ContractError: it cannot be read, or is larger than any contract.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        why = "no such file"
    except IsADirectoryError:
        why = "is a directory, not a file"
    except PermissionError:
        why = "permission denied; make it readable for the user that runs SpyBuild"
    except OSError as error:
        why = f"cannot be read: {(error.strerror or 'input/output error').lower()}"
    except ValueError:
        why = "is no file name"
    raise ContractError([f"{printable(str(path))}: {why}"])


def decode(content: bytes, name: str) -> str:
    """The text of a contract's bytes; a byte order mark is left out.

    Raises:
        ContractError: no YAML can be in these bytes.
    """
    if len(content) > LARGEST:
        raise ContractError([f"{name}: larger than {LARGEST // 1024 // 1024} MiB; that is too large"])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ContractError([_not_utf8(content, error.start, name)]) from None
    if odd := _CONTROL.search(text) if text.isascii() else re.search(_NOT_IN_YAML, text):
        raise ContractError([_odd_character(text, odd.start(), name)])
    return text


def _not_utf8(content: bytes, offset: int, name: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{name}: written in UTF-16; save it as UTF-8"
    before = content[:offset]
    column = len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
    return f"{name}:{before.count(10) + 1}:{column}: this is not UTF-8; save the file as UTF-8"


def _odd_character(text: str, offset: int, name: str) -> str:
    before = text[:offset]
    line, column = before.count("\n") + 1, offset - before.rfind("\n")
    what = "a NUL byte" if text[offset] == "\0" else f"the control character U+{ord(text[offset]):04X}"
    return f"{name}:{line}:{column}: {what} cannot stand in YAML; is this a text file?"


def printable(name: str) -> str:
    """A file's name with nothing in it that a terminal would obey."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name)
