"""Compiled code that misleads: what runs instead of its source, what never runs, what cannot run (PEP 3147, PEP 552).

Compiled code in `__pycache__` that was made from another version of its source is compiled again, and that of another
Python is let be: neither misleads. Three things do:

- hash-based code that is never checked runs although its source says something else;
- code in `__pycache__` of a folder without any module: Python does not look there without a source;
- code in the place of a module, of another Python: the import fails.
"""

import _imp
import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files
from spybuild.integrity.pythons import Python
from spybuild.integrity.siphash import siphash24
from spybuild.integrity.survey import Survey, head, some
from spybuild.interpreters.magic import is_foreign
from spybuild.model.integrity import Bytecode

_HEADER = 16
_UNCHECKED = 1  # PEP 552: bit 0 says hash-based, bit 1 that the source is checked
_CACHED = re.compile(r"(?P<stem>[^./]+)\.(?P<tag>[^./]+)(?:\.opt-[^./]+)?\.pyc")


@dataclass
class Compiled:
    """What is gathered of one Python's compiled code."""

    python: Python
    survey: Survey
    files: Files
    looked_at: int = 0
    problems: dict[str, str] = field(default_factory=dict)
    _deserted: dict[str, bool] = field(default_factory=dict)
    _found: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def gather(self, roots: tuple[str, ...]) -> Iterator[Bytecode]:
        """What misleads in these folders, by kind and owner."""
        for root in roots:
            for path in self.python.own(self.survey, root):
                if path.endswith(".pyc"):
                    self._look(path)
        for (kind, owner), found in self._found.items():
            yield Bytecode.model_validate(
                {"kind": kind, "owner": owner, "python": self.python.name, "files": some(found)}
            )

    def _look(self, path: str) -> None:
        folder, name = posixpath.split(path)
        if posixpath.basename(folder) != "__pycache__":
            self._legacy(path)
            return
        match = _CACHED.fullmatch(name)
        if match is None or match["tag"] != self._tag():
            return
        package = posixpath.dirname(folder)
        source = f"{package}/{match['stem']}.py"
        if source in self.survey:
            if self._is_stale(path, source):
                self._keep("stale", source, path)
        elif self._is_dead(package, source):
            self._keep("dead", source, path)

    def _tag(self) -> str:
        target = self.python.target
        kind = "pypy" if target.implementation == "PyPy" else "cpython"
        return f"{kind}-{target.version[0]}{target.version[1]}"

    def _is_stale(self, path: str, source: str) -> bool:
        start = self._start(path)
        if len(start) < _HEADER or int.from_bytes(start[4:8], "little") != _UNCHECKED:
            return False
        target = self.python.target
        if target.implementation == "CPython" and is_foreign(start, target.minor):
            return False  # the interpreter sees by the magic number that it is not its own
        try:
            return self._hash(int.from_bytes(start[:4], "little"), self.files.read(source)) != start[8:16]
        except (FileNotFoundError, ImageInvalid) as error:
            self.problems[source] = str(error)
            return False

    def _hash(self, key: int, source: bytes) -> bytes:
        """What `importlib.util.source_hash` of the target gives: SipHash-1-3 from 3.11 on, 2-4 before and on PyPy."""
        target = self.python.target
        if target.implementation == "CPython" and target.minor >= (3, 11) and sys.hash_info.algorithm == "siphash13":
            return _imp.source_hash(key, source)
        return siphash24(key, source)

    def _is_dead(self, package: str, source: str) -> bool:
        """Whether a folder has compiled code and no module at all; that RECORD lists one is told elsewhere."""
        if source in self.python.owners or not self._is_importable(package):
            return False
        if package not in self._deserted:
            self._deserted[package] = not any(
                posixpath.dirname(path) == package and path.endswith((".py", ".pyc", ".so"))
                for path in self.survey.below(package)
            )
        return self._deserted[package]

    def _legacy(self, path: str) -> None:
        base = path.removesuffix(".pyc")
        if self.python.target.implementation != "CPython" or not self._is_importable(posixpath.dirname(path)):
            return
        if f"{base}.py" in self.survey or not posixpath.basename(base).isidentifier():
            return
        start = self._start(path)
        if start and is_foreign(start, self.python.target.minor):
            self._keep("foreign", path, path)

    def _is_importable(self, folder: str) -> bool:
        root = next((root for root in self.python.roots if folder == root), self.python.root_of(folder))
        inside = folder.removeprefix(root).split("/")
        return bool(root) and all(part.isidentifier() for part in inside if part)

    def _start(self, path: str) -> bytes:
        self.looked_at += 1
        try:
            return head(self.files, path, _HEADER)
        except ImageInvalid as error:
            self.problems[path] = str(error)
            return b""

    def _keep(self, kind: str, owned: str, path: str) -> None:
        self._found[kind, self.python.owner(owned)].add(path)
