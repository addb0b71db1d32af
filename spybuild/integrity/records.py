"""The files of installed distributions, held against their RECORD (PEP 376, PEP 627)."""

import base64
import binascii
import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files
from spybuild.integrity.conda import conda_hashes
from spybuild.integrity.pythons import Python, label
from spybuild.integrity.survey import Survey, some
from spybuild.interpreters.distributions import Installed, RecordEntry
from spybuild.model.integrity import RecordFacts, SharedFiles

_ALGORITHMS = ("sha256", "sha384", "sha512")  # what PEP 427 asks for, or better
_MOST = 64 << 20  # of what is hashed in memory
_MOST_NAMED = 5
# what installers write after RECORD was made, and what they leave out of it
_OF_INSTALLERS = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})
_EXPENDABLE_FOLDERS = frozenset(
    {"tests", "test", "docs", "doc", "examples", "example", "benchmarks", "include", "licenses"}
)
_EXPENDABLE_SUFFIXES = (
    ".pyc", ".pyo", ".pyi", ".md", ".rst", ".c", ".cc", ".cpp", ".h", ".hpp", ".pxd", ".pxi", ".pyx", ".f", ".f90",
    ".a", ".la", ".lib", ".map", ".exe", ".dll", ".pyd", ".bat", ".cmd", ".ps1", ".1",
)  # fmt: skip
_EXPENDABLE_NAME = re.compile(r"(?i)(licen[cs]e|copying|readme|authors|changes|changelog|notice|news|py\.typed).*")
_MADE_BY_PARSERS = frozenset({"parsetab.py", "lextab.py", "yacctab.py"})  # ply writes them on first use
_METADATA = re.compile(r"[^/]+\.(dist|egg)-info/")
_NAMESPACE = re.compile(rb"extend_path|declare_namespace")
_MODULE = re.compile(r"[^./]+(\.py|\.pyc|\.so|\.(?:cpython|pypy)-?[^/]*\.so|\.abi3\.so)")


@dataclass
class Records:
    """Holds the distributions of the image's Pythons against their RECORDs; each distribution once."""

    files: Files
    survey: Survey
    hashed: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    _done: set[str] = field(default_factory=set)

    def check(self, python: Python) -> Iterator[RecordFacts]:
        """How the distributions of one Python differ from their RECORDs."""
        extras = self._extras(python)
        contested = {path for path, owners in _claims(python).items() if len(owners) > 1}
        fresh = [each for each in python.own_distributions if each.folder not in self._done]
        self.files.expect(path for each in fresh for path, _ in python.recorded(each))
        for each in fresh:
            self._done.add(each.folder)
            facts = self._compare(python, each, contested, extras.get(each.folder, set()))
            if facts.edited.count or facts.missing.count or facts.extra.count or facts.trimmed:
                yield facts

    def shared(self, python: Python) -> Iterator[SharedFiles]:
        """The files that several distributions own with different contents."""
        groups: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
        for path, owners in _claims(python).items():
            hashes = {entry.hash for _, entry in owners if entry.hash}
            if len(hashes) > 1 and not _is_expendable(owners[0][1].written) and path in self.survey:
                groups[tuple(sorted({label(each) for each, _ in owners}))].add(path)
        for names, paths in groups.items():
            yield SharedFiles(distributions=names, files=some(paths))

    def _compare(self, python: Python, each: Installed, contested: set[str], extra: set[str]) -> RecordFacts:
        edited, missing, trimmed = set[str](), set[str](), 0
        for path, entry in python.recorded(each):
            if _is_of_installer(entry.written) or "__pycache__" in entry.written:
                continue
            if not self._is_there(path):
                trimmed += (gone := _is_expendable(entry.written))
                missing |= set() if gone else {path}
            elif path not in contested and self._is_edited(path, entry):
                edited.add(path)
        if weak := sorted({entry.algorithm for _, entry in python.recorded(each)} - {"", *_ALGORITHMS}):
            self.problems[f"{each.folder}/RECORD"] = f"its hashes of kind {', '.join(weak[:_MOST_NAMED])} prove nothing"
        if edited and each.installer == "conda":
            edited -= self._as_conda_knows(python, each, edited)
        return RecordFacts(
            distribution=label(each), record=f"{each.folder}/RECORD", edited=some(edited), missing=some(missing),
            extra=some(extra), trimmed=trimmed,
        )  # fmt: skip

    def _as_conda_knows(self, python: Python, each: Installed, paths: set[str]) -> set[str]:
        """Those of these files that are what conda made of them when it installed them."""
        prefix = python.locations.get(python.target.base_prefix, python.target.base_prefix)
        known = conda_hashes(self.files, prefix, each.key)
        return {path for path in paths if self.files.sha256(path) == known.get(path)}

    def _is_there(self, path: str) -> bool:
        return path in self.survey or self.files.find(path) is not None

    def _is_edited(self, path: str, entry: RecordEntry) -> bool:
        """Whether a file's content is not what RECORD says; of lines without a hash to rely on, nothing is known."""
        if entry.algorithm not in _ALGORITHMS:
            return False
        try:
            content = self._hash(path, entry.algorithm)
        except FileNotFoundError:
            return True  # something is there, and is no file
        except ImageInvalid as error:
            self.problems[path] = str(error)
            return False
        self.hashed += 1
        return content != _decoded(entry.hash)

    def _hash(self, path: str, algorithm: str) -> bytes:
        if algorithm == "sha256":
            return bytes.fromhex(self.files.sha256(path))
        return hashlib.new(algorithm, self.files.read(path, _MOST)).digest()

    def _extras(self, python: Python) -> dict[str, set[str]]:
        """Modules in the packages of distributions that no RECORD lists, by the distribution's metadata folder."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for folder, each in _packages(python).items():
            strange = [path for path in self.survey.below(folder) if self._is_strange(python, folder, path)]
            if strange and not self._is_namespace(f"{folder}/__init__.py"):
                found[each.folder].update(strange)
        return found

    def _is_strange(self, python: Python, folder: str, path: str) -> bool:
        if path in python.owners:
            return False
        *inside, name = path.removeprefix(f"{folder}/").split("/")
        return bool(_MODULE.fullmatch(name)) and name not in _MADE_BY_PARSERS and all(map(_is_package_name, inside))

    def _is_namespace(self, path: str) -> bool:
        """Whether a package is one that several distributions may add to."""
        try:
            return _NAMESPACE.search(self.files.read(path, 1 << 16)) is not None
        except (FileNotFoundError, ImageInvalid):
            return False


def _packages(python: Python) -> dict[str, Installed]:
    """The outermost packages that each distribution has an `__init__.py` of."""
    found = {
        posixpath.dirname(path): each
        for each in python.own_distributions
        for path, entry in python.recorded(each)
        if _has_package(entry.written)
    }
    return {folder: each for folder, each in found.items() if not any(above in found for above in _above(folder))}


def _has_package(written: str) -> bool:
    return written.endswith("/__init__.py") and not written.startswith(("..", "/"))


def _above(folder: str) -> Iterator[str]:
    while len(folder) > 1:
        folder = posixpath.dirname(folder)
        yield folder


def _claims(python: Python) -> dict[str, list[tuple[Installed, RecordEntry]]]:
    """Who claims each path."""
    claims: defaultdict[str, list[tuple[Installed, RecordEntry]]] = defaultdict(list)
    for each in python.own_distributions:
        for path, entry in python.recorded(each):
            if not _is_of_installer(entry.written):
                claims[path].append((each, entry))
    return claims


def _is_package_name(name: str) -> bool:
    return name.isidentifier() and name != "__pycache__"


def _is_of_installer(written: str) -> bool:
    return bool(_METADATA.match(written)) and posixpath.basename(written) in _OF_INSTALLERS


def _is_expendable(written: str) -> bool:
    """Whether an image can do without a file: metadata, tests, docs, stubs, sources, and what is in other folders."""
    *folders, name = written.split("/")
    return (
        written.startswith(("../", "/"))
        or bool(_METADATA.match(written))
        or bool(_EXPENDABLE_FOLDERS.intersection(folders))
        or name.endswith(_EXPENDABLE_SUFFIXES)
        or name == "conftest.py"
        or bool(_EXPENDABLE_NAME.fullmatch(name))
    )


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
