"""The distributions that are installed for a target, as their metadata folders tell (PEP 376, 503, 566, 610, 627)."""

import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from spybuild.errors import ImageInvalid
from spybuild.images.files import Entry, Files, Kind
from spybuild.interpreters.records import RecordEntry, parse_record
from spybuild.model.names import shown
from spybuild.model.target import Target

__all__ = ["Installed", "RecordEntry", "installed"]

_LARGEST, _LARGEST_RECORD, _LARGEST_LINK = 4 << 20, 64 << 20, 1 << 16
_LONGEST_REQUIREMENT, _MOST_REQUIREMENTS = 2000, 5000
_LONGEST_NAME = 255  # it is a part of the folder's name, so no file system takes more
_SUFFIXES = (".dist-info", ".egg-info")
_SECTION = re.compile(r"\[(?P<extra>[^:\]]*)(?::(?P<marker>[^\]]*))?\]")


@dataclass(frozen=True)
class Installed:
    """One installed distribution.

    Attributes:
        name: as its metadata writes it; from the folder's name where there is no metadata.
        key: the normalised name (PEP 503), to compare by.
        version: parsed; None where it is none (`version_text` has what is written).
        version_text: the version as written; from the folder's name where there is no metadata.
        folder: the `.dist-info` or `.egg-info` folder, or the `.egg-info` file.
        location: the entry of `sys.path` that it is in.
        metadata: the file that name and version come from; None where there is none.
        record: the entries of RECORD; None where there is no RECORD.
        requires: what it requires, with markers not yet evaluated.
        requires_python: which Pythons it is made for; None where it does not say.
        extras: what it offers by `Provides-Extra`, normalised.
        installer: who installed it (`pip`, `uv`, `conda`, `debian`).
        direct_url: where it came from, when not from an index (PEP 610).
        editable: whether its modules are in a source tree elsewhere.
        top_level: the names that top_level.txt lists.
        problems: what in its metadata is malformed, in words.
    """

    name: str
    key: str
    version: Version | None
    version_text: str
    folder: str
    location: str
    metadata: str | None = None
    record: tuple[RecordEntry, ...] | None = None
    requires: tuple[Requirement, ...] = ()
    requires_python: SpecifierSet | None = None
    extras: tuple[str, ...] = ()
    installer: str = ""
    direct_url: str = ""
    editable: bool = False
    top_level: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def installed(files: Files, target: Target) -> tuple[Installed, ...]:
    """Every distribution along the target's `sys.path`, in its order: of two with one `key` the first one counts.

    What is malformed in a distribution's metadata is among its `problems`, and never an exception.
    """
    places = [place for entry in dict.fromkeys(target.search_path) for place in _places(files, entry)]
    files.expect(f"{folder}/{name}" for folder, _ in places for name in _READ)
    linked = frozenset(_linked(files, target))
    return tuple(_Reader(files, folder, location, linked).read() for folder, location in places)


_READ = ("METADATA", "PKG-INFO", "RECORD", "INSTALLER", "direct_url.json", "requires.txt", "top_level.txt")


def _places(files: Files, entry: str) -> Iterator[tuple[str, str]]:
    """(metadata folder, location) of the distributions at one entry of `sys.path`; an egg carries its own inside."""
    if entry.endswith(".egg") and files.find(f"{entry}/EGG-INFO"):
        yield f"{entry}/EGG-INFO", entry
    for name in files.names(entry):
        if name.endswith(_SUFFIXES):
            yield posixpath.join(entry, name), entry


def _linked(files: Files, target: Target) -> Iterator[str]:
    """The source trees that `setup.py develop` linked to: the first line of each `.egg-link` in a site folder."""
    for entry in target.search_path:
        for name in files.names(entry):
            path = posixpath.join(entry, name)
            if name.endswith(".egg-link") and _is_small(files.find(path)):
                text = files.read(path, _LARGEST_LINK).decode("utf-8", "backslashreplace")
                yield posixpath.normpath(posixpath.join(entry, text.partition("\n")[0].strip()))


def _is_small(entry: Entry | None) -> bool:
    return entry is not None and entry.kind is Kind.FILE and entry.size <= _LARGEST_LINK


class _Reader:
    """Reads one metadata folder, and gathers what is wrong in it."""

    def __init__(self, files: Files, folder: str, location: str, linked: frozenset[str]) -> None:
        self._files, self._folder, self._location, self._linked = files, folder, location, linked
        self._problems: list[str] = []

    def read(self) -> Installed:
        metadata, raw = self._metadata()
        stem = posixpath.basename(self._location if self._folder.endswith("EGG-INFO") else self._folder)
        named, _, numbered = stem.rpartition(".")[0].partition("-")
        name = self._within_limit(raw.get("name") or named)
        version = self._within_limit(raw.get("version") or numbered.partition("-")[0])
        url, editable = self._direct_url()
        record = self._record()
        return Installed(
            name=name,
            key=canonicalize_name(name),
            version=self._version(version),
            version_text=version,
            folder=self._folder,
            location=self._location,
            metadata=metadata,
            record=record,
            requires=tuple(self._requirements(raw)),
            requires_python=self._specifiers(raw.get("requires_python")),
            extras=tuple(map(canonicalize_name, raw.get("provides_extra") or ())),
            installer=self._text("INSTALLER").strip(),
            direct_url=url,
            editable=editable or self._location in self._linked,
            top_level=tuple(self._text("top_level.txt").split()),
            problems=tuple(self._problems),
        )

    def _metadata(self) -> tuple[str | None, RawMetadata]:
        """The file with the metadata, and what its head says; what follows the first empty line is a description."""
        for path in (f"{self._folder}/METADATA", f"{self._folder}/PKG-INFO", self._folder):
            content = self._content(path)
            if content is not None:
                raw, _ = parse_email(re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0] + b"\n\n")
                for key in ("name", "version"):
                    if not raw.get(key):
                        self._problems.append(f"{path} has no {key.title()}, or more than one")
                return path, raw
        self._problems.append("it has no METADATA")
        return None, {}

    def _content(self, path: str, most: int = _LARGEST) -> bytes | None:
        entry = self._files.find(path)
        if entry is None or entry.kind is not Kind.FILE:
            return None
        try:
            return self._files.read(path, most)
        except (FileNotFoundError, ImageInvalid) as error:
            self._problems.append(f"{path} cannot be read: {error}")
            return None

    def _text(self, name: str) -> str:
        return (self._content(f"{self._folder}/{name}") or b"").decode("utf-8", "backslashreplace")

    def _within_limit(self, text: str) -> str:
        """A name or version; one that no folder could be called by is cut, and then is neither."""
        if len(text) <= _LONGEST_NAME:
            return text
        self._problems.append(f"{shown(text)} is too long for a name or version")
        return f"{text[:_LONGEST_NAME]}…"

    def _version(self, text: str) -> Version | None:
        try:
            return Version(text)
        except InvalidVersion:
            self._problems.append(f"{shown(text)} is no version")
            return None

    def _specifiers(self, text: str | None) -> SpecifierSet | None:
        try:
            if text and len(text) > _LONGEST_REQUIREMENT:
                raise InvalidSpecifier(text)
            return SpecifierSet(text) if text else None
        except InvalidSpecifier:
            self._problems.append(f"Requires-Python {shown(text or '')} is no version range")
            return None

    def _requirements(self, raw: RawMetadata) -> Iterator[Requirement]:
        texts = raw.get("requires_dist") or list(_of_requires_txt(self._text("requires.txt")))
        if len(texts) > _MOST_REQUIREMENTS:
            self._problems.append(f"it has more than {_MOST_REQUIREMENTS} requirements")
        for text in texts[:_MOST_REQUIREMENTS]:
            try:
                if len(text) > _LONGEST_REQUIREMENT:
                    raise InvalidRequirement(text)
                yield Requirement(text)
            except (InvalidRequirement, RecursionError):  # its parser recurses into parentheses
                self._problems.append(f"{shown(text)} is no requirement")

    def _direct_url(self) -> tuple[str, bool]:
        text = self._text("direct_url.json")
        if not text:
            return "", False
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            self._problems.append("direct_url.json is no JSON")
            return "", False
        if not isinstance(told, dict):
            self._problems.append("direct_url.json is no object")
            return "", False
        url, info = told.get("url"), told.get("dir_info")
        return url if isinstance(url, str) else "", isinstance(info, dict) and info.get("editable") is True

    def _record(self) -> tuple[RecordEntry, ...] | None:
        content = self._content(f"{self._folder}/RECORD", _LARGEST_RECORD)
        if content is None:
            return None
        entries, problems = parse_record(content, self._location)
        self._problems += (f"RECORD, {problem}" for problem in problems)
        return entries


def _of_requires_txt(text: str) -> Iterator[str]:
    """The requirements in setuptools' old file, whose sections are extras and markers, as PEP 508 writes them."""
    extra = marker = ""
    for line in map(str.strip, text.splitlines()):
        if section := _SECTION.fullmatch(line):
            extra, marker = section["extra"].strip(), (section["marker"] or "").strip()
        elif line and not line.startswith("#"):
            conditions = [f"({marker})"] if marker else []
            conditions += [f'extra == "{canonicalize_name(extra)}"'] if extra else []
            url = " " if " @ " in line else ""
            yield f"{line}{url}; {' and '.join(conditions)}" if conditions else line
