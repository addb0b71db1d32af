"""Gathers the soundness of one platform's image from its files and config; nothing of it is executed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files
from spybuild.integrity import requirements
from spybuild.integrity.binaries import Binaries
from spybuild.integrity.bytecode import Compiled
from spybuild.integrity.config import config_facts
from spybuild.integrity.elves import Elves
from spybuild.integrity.libraries import Libraries
from spybuild.integrity.linking import Linker
from spybuild.integrity.programs import Programs
from spybuild.integrity.pythons import Python, label, look_at
from spybuild.integrity.records import Records
from spybuild.integrity.releases import least_versions
from spybuild.integrity.secrets import leaks
from spybuild.integrity.survey import Survey, some
from spybuild.integrity.venvs import read_venv, venv_folders
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import BinaryGroup, Checked, EntryFacts, Soundness, UndecidedFact, VenvFacts
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

_GCOMPAT = ("/lib/libgcompat.so.0", "/usr/lib/libgcompat.so.0")
_MOST_UNDECIDED = 50
_MOST_VENVS = 64


def gather(
    files: Files, target: Target | None, platform: Platform, config: ImageConfig, *, secrets: Sequence[str] = ()
) -> Soundness:
    """What the files and the config of one platform say of its soundness.

    Args:
        files: the merged tree.
        target: the interpreter that the image starts; None where none was found.
        platform: what the image says it is built for.
        config: how the image runs.
        secrets: the names that the contract declares secret.

    Returns:
        The facts for `spybuild.rules.integrity.check_soundness`. What cannot be read is told as undecided in them.

    Raises:
        ImageInvalid: the tree itself cannot be read.
    """
    return _Gathering(files, platform, config, tuple(secrets)).run(target)


@dataclass
class _Gathering:
    files: Files
    platform: Platform
    config: ImageConfig
    secrets: tuple[str, ...]
    facts: dict[str, dict[Any, None]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    looked_at: set[str] = field(default_factory=set)
    interpreters: set[str] = field(default_factory=set)
    entry: EntryFacts | None = None

    def run(self, target: Target | None) -> Soundness:
        self.survey = Survey(self.files)
        self.elves = Elves(self.files, self.platform)
        self.records = Records(self.files, self.survey)
        self.libc, self.least = self._libc(target), least_versions(self.files)
        targets = [each for each in (target, *self._venvs(target)) if each is not None]
        for each in targets:
            self._python(each)
        self._programs(target)
        self._add("leaks", leaks(self.secrets, self.config, self.files))
        self._add("undecided", self._undecided())
        return Soundness(
            python=_version(target) if target else "",
            executable=target.executable if target else "",
            libc=self.libc if not self._has_gcompat() else "",
            checked=Checked(interpreters=len(targets), hashed=self.records.hashed, **self.counts),
            config=config_facts(self.config, self.secrets),
            entry=self.entry,
            **{name: tuple(found) for name, found in self.facts.items()},
        )

    def _venvs(self, target: Target | None) -> Iterator[Target | None]:
        """The interpreters of virtual environments, but for the one that is the target's own."""
        seen = {target.prefix} if target else set()
        folders = venv_folders(self.survey, self.files, self.config)
        if len(folders) > _MOST_VENVS:
            reason = f"there are {len(folders)} virtual environments, of which {_MOST_VENVS} were looked at"
            self._add("undecided", [UndecidedFact(subject="/", reason=reason)])
        for folder in folders[:_MOST_VENVS]:
            venv, inner = read_venv(folder, self.survey, self.files, self.config, self.platform)
            self._add("venvs", [self._as_used(venv, target)])
            if inner is not None and inner.prefix not in seen:
                seen.add(inner.prefix)
                yield inner

    def _as_used(self, venv: VenvFacts, target: Target | None) -> VenvFacts:
        """A virtual environment whose packages another interpreter takes as a plain folder needs none of its own."""
        borrowed = target is not None and any(each.startswith(f"{venv.path}/lib") for each in target.search_path)
        own = target is not None and self._real(target.prefix) == venv.path
        return venv.model_copy(update={"is_folder_only": borrowed and not own})

    def _real(self, path: str) -> str:
        entry = self.files.find(path)
        return entry.path if entry else path

    def _python(self, target: Target) -> None:
        python = look_at(self.files, target)
        roots = tuple(root for root in python.roots if root not in self.looked_at)
        self.looked_at.update(roots)
        self._count("distributions", len(python.installed))
        self._binaries(python, roots)
        self._add("records", self.records.check(python))
        self._add("shared", self.records.shared(python))
        try:
            self._add("requirements", requirements.unmet(python))
        except ImageInvalid as error:
            self._add("undecided", [UndecidedFact(subject=python.target.prefix, reason=error.message)])
        self._add("python_requirements", requirements.unfit(python))
        self._add("undecided", _malformed(python))
        compiled = Compiled(python, self.survey, self.files)
        self._add("bytecode", compiled.gather(roots))
        self._count("bytecode", compiled.looked_at)
        self._add("undecided", _problems(compiled.problems))

    def _binaries(self, python: Python, roots: tuple[str, ...]) -> None:
        binary = self._real(python.target.binary)
        self.interpreters.add(binary)
        interpreter = self.elves.read(binary)
        self.elves.float_abi = interpreter.float_abi if interpreter else ""
        linker = Linker(self.elves, self.config, self.libc)
        libc = "" if self._has_gcompat() else self.libc
        libraries = Libraries(python, self.survey, self.elves, linker, libc, self.least)
        binaries = Binaries(python, self.survey, self.elves, libraries)
        binaries.gather(roots)
        self._add("binaries", binaries.facts(self.files))
        self._add("foreign_abi", binaries.unseen_facts(self.files))
        self._add("missing_libraries", libraries.facts())
        self._add("old_libraries", libraries.old_facts())
        if linker.is_exhausted:
            reason = "its binaries need too many libraries, one after the other, to follow them all"
            self._add("undecided", [UndecidedFact(subject=python.target.executable, reason=reason)])
        self._count("binaries", sum(map(len, binaries.groups.values())))

    def _programs(self, target: Target | None) -> None:
        programs = Programs(self.files, self.config, self.elves)
        problem, program = programs.entry()
        self._add("binaries", self._program(program))
        self.entry = problem
        folders = [f"{venv.path}/bin" for venv in self.facts.get("venvs", ())]
        folders += [f"{target.prefix.rstrip('/')}/bin"] if target else []
        self._add("dead_scripts", programs.dead_scripts([*folders, "/usr/local/bin"]))

    def _program(self, path: str) -> Iterator[BinaryGroup]:
        if path and path not in self.interpreters:
            yield BinaryGroup(role="program", owner=path, build=self.elves.build(path), files=some([path]))

    def _libc(self, target: Target | None) -> str:
        """The C library of the image: its interpreter's, else the one whose loader is there."""
        if target and target.libc:
            return target.libc
        elf = self.elves.read(self._real(target.binary)) if target else None
        if elf is not None and elf.libc:
            return elf.libc
        return "musl" if any(name.startswith("ld-musl-") for name in self.files.names("/lib")) else ""

    def _has_gcompat(self) -> bool:
        """Whether a musl image has a layer under which binaries made for glibc may run."""
        return self.libc == "musl" and any(self.files.find(path) for path in _GCOMPAT)

    def _undecided(self) -> Iterator[UndecidedFact]:
        yield from _problems({**self.elves.unread, **self.records.problems})
        for venv in self.facts.get("venvs", ()):
            if venv.undecided:
                yield UndecidedFact(subject=venv.path, reason=venv.undecided)

    def _add(self, name: str, found: Iterable[Any]) -> None:
        known = self.facts.setdefault(name, {})
        known.update(dict.fromkeys(found))

    def _count(self, name: str, number: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


def _version(target: Target) -> str:
    numbers = ".".join(str(number) for number in target.version if number >= 0)
    return f"{target.implementation} {numbers}"


def _malformed(python: Python) -> Iterator[UndecidedFact]:
    for each in python.installed:
        if each.problems:
            yield UndecidedFact(
                subject=each.metadata or each.folder, reason=f"{label(each)}: {'; '.join(each.problems)}"
            )


def _problems(problems: dict[str, str]) -> Iterator[UndecidedFact]:
    for path, reason in sorted(problems.items())[:_MOST_UNDECIDED]:
        yield UndecidedFact(subject=path, reason=reason)
