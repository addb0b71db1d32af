"""JSON that strangers wrote: manifests, indexes, configs. Read so that we see what an engine sees, or refused.

Engines are written in Go, whose decoder matches keys without regard to case and lets the last of them win. A document
that says one thing in `layers` and another in `Layers` would show us other layers than the engine runs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from spybuild.errors import ImageInvalid
from spybuild.model import strict_json
from spybuild.model.names import shown

LARGEST_DOCUMENT = 4 << 20  # what registries must take as a manifest (distribution-spec, "Pushing Manifests")

# Every key that is read of a document with fixed keys, as image-spec spells it; Docker's config has capitals
_KEYS = (
    *("schemaVersion", "mediaType", "artifactType", "manifests", "config", "layers", "subject", "annotations"),
    *("digest", "size", "platform", "urls", "architecture", "os", "variant"),
    *("rootfs", "type", "diff_ids", "history", "created_by", "empty_layer"),
    *("Env", "Entrypoint", "Cmd", "WorkingDir", "User", "Labels"),
)
_SPELLINGS = {key.casefold(): key for key in _KEYS}
_ARCHIVE_SPELLINGS = {key.casefold(): key for key in ("Config", "RepoTags", "Layers")}
_NAMES: dict[type, str] = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class Node:
    """One JSON object, and what it is called in messages. Every reader refuses a value of another type."""

    value: dict[str, Any]
    what: str

    def text(self, key: str, default: str = "") -> str:
        """The text under `key`; the default where there is none, or null."""
        found = self._of(key, str)
        return default if found is None else str(found)

    def number(self, key: str) -> int | None:
        """The whole number under `key`; None where there is none."""
        found: int | None = self._of(key, int)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`; empty where there is none, or null."""
        return tuple(self._list(key, str))

    def mapping(self, key: str) -> dict[str, str]:
        """The object of texts under `key` (labels, annotations): its keys are names, which may differ in case only."""
        found = self._of(key, dict) or {}
        if not all(isinstance(value, str) for value in found.values()):
            self._refuse(key, "an object of texts")
        return dict(found)

    def node(self, key: str) -> "Node | None":
        """The object under `key`; None where there is none, or null."""
        found = self._of(key, dict)
        return None if found is None else Node(found, f"{key} of {self.what}").unambiguous()

    def nodes(self, key: str) -> Iterator["Node"]:
        """The objects in the list under `key`."""
        for number, each in enumerate(self._list(key, dict)):
            yield Node(each, f"{key}[{number}] of {self.what}").unambiguous()

    def has(self, key: str) -> bool:
        """Whether there is anything but null under `key`."""
        return self.value.get(key) is not None

    def unambiguous(self, spellings: Mapping[str, str] = _SPELLINGS) -> "Node":
        """This object, if each of its keys is the only one that a decoder blind to case would take for it.

        Raises:
            ImageInvalid: two keys differ in case only, or a key is not spelt as the specification spells it.
        """
        seen: dict[str, str] = {}
        for key in self.value:
            usual = seen.setdefault(key.casefold(), spellings.get(key.casefold(), key))
            if usual != key:
                raise ImageInvalid(
                    f"{self.what} has {shown(key)} for {shown(usual)}: engines would take one for the other"
                )
        return self

    def _list(self, key: str, kind: type) -> list[Any]:
        found = self._of(key, list) or []
        if not all(isinstance(each, kind) for each in found):
            self._refuse(key, "a list of texts" if kind is str else "a list of objects")
        return list(found)

    def _of(self, key: str, kind: type) -> Any:
        found = self.value.get(key)
        if found is None:
            return None
        if not isinstance(found, kind) or isinstance(found, bool):
            self._refuse(key, _NAMES[kind])
        return found

    def _refuse(self, key: str, wanted: str) -> NoReturn:
        raise ImageInvalid(f"{key!r} of {self.what} is not {wanted}")


def read_document(content: bytes, what: str) -> Node:
    """The JSON object that `content` is.

    Args:
        content: the bytes, as they were held against their digest.
        what: what it is called in messages.

    Raises:
        ImageInvalid: it is larger than 4 MiB, no JSON object, or can be read in more than one way.
    """
    return Node(_object(_parse(content, what), what), what).unambiguous()


def read_archive_list(content: bytes, what: str) -> tuple[Node, ...]:
    """The list of images that a docker-archive's `manifest.json` is. Raises as `read_document`."""
    found = _parse(content, what)
    if not isinstance(found, list):
        raise ImageInvalid(f"{what} is no JSON list")
    entries = (Node(_object(each, what), f"entry {number} of {what}") for number, each in enumerate(found))
    return tuple(entry.unambiguous(_ARCHIVE_SPELLINGS) for entry in entries)


def _parse(content: bytes, what: str) -> Any:
    if len(content) > LARGEST_DOCUMENT:
        raise ImageInvalid(f"{what} is larger than {LARGEST_DOCUMENT >> 20} MiB")
    try:
        return strict_json.parse(content)
    except ValueError as error:  # bytes that are no UTF-8, too, and numbers of a million digits
        raise ImageInvalid(f"{what} is no sound JSON: {error}") from None


def _object(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ImageInvalid(f"{what} is no JSON object")
    return found
