"""The program that the image starts, and the scripts beside its Pythons: whether they can start at all (execve(2))."""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from spybuild.errors import ImageInvalid
from spybuild.images.files import Entry, Files, Kind
from spybuild.integrity.elves import Elves
from spybuild.integrity.survey import head, some
from spybuild.interpreters.candidates import INIT_PROGRAMS, PYTHON
from spybuild.interpreters.programs import RUNTIMES_PATH
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import DeadScripts, EntryFacts

_SYSTEM = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/sbin")
_HARMLESS_FLAG = re.compile(r"-[bBdEIOPqsSuv]+")
# what installers write where a first line would be too long or has a space in it
_LONG = re.compile(rb"#!/bin/sh\n'''exec' [\"']?(/[^\"'\n]+?)[\"']? \"\$0\"")
_FIRST = 512
_MOST_SCRIPTS = 5000


@dataclass(frozen=True)
class Programs:
    """Finds programs as the image's own PATH and WORKDIR have them found."""

    files: Files
    config: ImageConfig
    elves: Elves

    def entry(self) -> tuple[EntryFacts | None, str]:
        """What keeps the image's program from starting, if anything does, and the ELF file that starts it."""
        argv: Sequence[str] = self.config.argv
        problem, started = self._start(argv[0]) if argv and argv[0] else (None, "")
        inner = _inner(argv)
        if problem is None and inner:
            problem, started = self._start(inner[0])
            argv = inner
        if problem is None and argv and PYTHON.fullmatch(posixpath.basename(argv[0])):
            problem = self._script(argv)
        return problem, started

    def dead_scripts(self, folders: Iterable[str]) -> Iterator[DeadScripts]:
        """Scripts of these folders, and of PATH, that name a Python that is not in the image."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        path = (folder.rstrip("/") for folder in self._path() if folder.startswith("/"))
        for folder in dict.fromkeys([*folders, *path]):
            for script in self._scripts(folder) if folder not in _SYSTEM else ():
                missing = self._missing_python(script)
                if missing:
                    found[missing].add(script)
        return (DeadScripts(interpreter=interpreter, files=some(paths)) for interpreter, paths in found.items())

    def find(self, word: str) -> Entry | None:
        """The file that a command word starts; one that may not be executed if there is no other."""
        if "/" in word:
            return self.files.find(posixpath.join(self.config.workdir or "/", word))
        found = [self.files.find(posixpath.join(folder or "/", word)) for folder in self._path()]
        there = [entry for entry in found if entry is not None and entry.kind is Kind.FILE]
        return next((entry for entry in there if entry.mode & 0o111), there[0] if there else None)

    def _path(self) -> list[str]:
        workdir = self.config.workdir or "/"
        return [posixpath.join(workdir, each) for each in (self.config.variable("PATH") or RUNTIMES_PATH).split(":")]

    def _start(self, word: str) -> tuple[EntryFacts | None, str]:
        entry = self.find(word)
        if entry is None or entry.kind is Kind.OTHER:
            return EntryFacts(word=word, problem="not-found"), ""
        if entry.kind is Kind.DIRECTORY:
            return EntryFacts(word=word, path=entry.path, problem="directory"), ""
        if not entry.mode & 0o111:
            return EntryFacts(word=word, path=entry.path, problem="not-executable"), ""
        return self._execute(word, entry.path)

    def _execute(self, word: str, path: str) -> tuple[EntryFacts | None, str]:
        elf = self.elves.read(path)
        if elf is not None:
            there = not elf.interpreter or self.files.find(elf.interpreter) is not None
            missing = EntryFacts(word=word, path=path, problem="no-interpreter", detail=elf.interpreter)
            # the loader of another architecture is missed in passing: what is wrong then is the program itself
            return (None if there or not self.elves.is_native(path) else missing), path
        try:
            words = _shebang(head(self.files, path, _FIRST))
        except ImageInvalid:
            return None, ""
        if not words:
            return EntryFacts(word=word, path=path, problem="not-executable", detail="no ELF file, no #! line"), ""
        wanting = self._wanting(words)
        if wanting:
            return EntryFacts(word=word, path=path, problem="no-interpreter", detail=wanting), ""
        found = self.find(words[0])
        return None, found.path if found and self.elves.read(found.path) else ""

    def _wanting(self, words: Sequence[str]) -> str:
        """Which program of a first line is not there: the interpreter, or what `env` is to find."""
        if self._is_no_file(words[0]):
            return words[0]
        if posixpath.basename(words[0]) == "env":
            named = next((word for word in words[1:] if not word.startswith("-") and "=" not in word), "")
            return named if named and self._is_no_file(named) else ""
        return ""

    def _is_no_file(self, word: str) -> bool:
        entry = self.find(word)
        return entry is None or entry.kind is not Kind.FILE

    def _script(self, argv: Sequence[str]) -> EntryFacts | None:
        """The script that a Python is given, where it is not there."""
        for word in argv[1:]:
            if _HARMLESS_FLAG.fullmatch(word):
                continue
            path = posixpath.join(self.config.workdir or "/", word)
            if word.endswith(".py") and not word.startswith("-") and self.files.find(path) is None:
                return EntryFacts(word=word, path=posixpath.normpath(path), problem="no-script")
            break
        return None

    def _scripts(self, folder: str) -> Iterator[str]:
        for name in self.files.names(folder)[:_MOST_SCRIPTS]:
            entry = self.files.find_link(f"{folder}/{name}")
            if entry is not None and entry.kind is Kind.FILE and entry.mode & 0o111 and not name.endswith("-gdb.py"):
                yield entry.path

    def _missing_python(self, script: str) -> str:
        try:
            start = head(self.files, script, _FIRST)
        except ImageInvalid:
            return ""
        long = _LONG.match(start)
        words = [long[1].decode("utf-8", "replace")] if long else _shebang(start)
        if not any(PYTHON.fullmatch(posixpath.basename(word)) for word in words[:3]):
            return ""
        return self._wanting(words)


def _shebang(start: bytes) -> list[str]:
    """The words of a script's first line; only a line feed ends it, so a carriage return is part of the last word."""
    if not start.startswith(b"#!"):
        return []
    line = start[2:].split(b"\n", 1)[0].decode("utf-8", "replace")
    return [word for word in re.split("[ \t]+", line) if word]


def _inner(argv: Sequence[str]) -> Sequence[str]:
    """What an init program is told to start; nothing where its options cannot be told from it."""
    if not argv or posixpath.basename(argv[0]) not in INIT_PROGRAMS:
        return ()
    rest = argv[argv.index("--") + 1 :] if "--" in argv else argv[1:]
    return () if rest and rest[0].startswith("-") else rest
