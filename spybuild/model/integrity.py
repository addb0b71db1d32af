"""Soundness: what the files of a Python image say of its state, on one platform, without any contract.

Plain facts with the first few paths of each, so that they stay small for an image of any size. What they amount to is
decided by the rules (`spybuild.rules.integrity`). No value of an environment variable is ever in them.
"""

from typing import Literal

from pydantic import Field

from spybuild.model.base import Model

SHOWN_PATHS = 5


class Paths(Model):
    """How many files something is true of, and the first few of them, sorted."""

    count: int = 0
    first: tuple[str, ...] = ()


class BinaryBuild(Model):
    """What a binary was built for, as its ELF header says; `machine` is `e_machine`, 0 for a file that is no ELF.

    `libc` is the C library it asks for (`glibc`, `musl`), empty where it asks for none or does not tell.
    """

    machine: int
    bits: int = 0
    little: bool = True
    float_abi: str = ""
    libc: str = ""


class BinaryGroup(Model):
    """Binaries of one owner, built alike, that a Python of the image loads, or would have to load.

    `owner` is a distribution with its version, or the folder where no distribution owns them. `tags` are the wheel's.
    """

    role: Literal["interpreter", "extension", "library", "program"]
    owner: str
    build: BinaryBuild
    files: Paths
    tags: tuple[str, ...] = ()


class ForeignAbi(Model):
    """Extension modules that the interpreter does not see, for their file names' suffix, and nothing in their place."""

    owner: str
    suffix: str
    accepted: tuple[str, ...]
    python: str
    files: Paths
    tags: tuple[str, ...] = ()


class MissingLibrary(Model):
    """A library that binaries of some owners need, and that the dynamic linker would find nowhere."""

    name: str
    owners: tuple[str, ...]
    files: Paths


class OldLibrary(Model):
    """A library of the image that lacks a symbol version that binaries need (`GLIBC_2.38`); `newest` is what it has."""

    library: str
    needed: str
    newest: str
    owner: str
    files: Paths


class VenvFacts(Model):
    """A virtual environment.

    Attributes:
        path: its folder.
        home: `home` of pyvenv.cfg, as written.
        home_found: whether that folder is in the image.
        version: major and minor that pyvenv.cfg names; empty where it names none.
        python: the link or file that starts its interpreter; empty where there is none.
        link: what that link says, and where the chain ends if it ends outside of the image's files.
        interpreter: where its chain of links ends; empty where it ends nowhere, or goes round.
        interpreter_version: major and minor of the interpreter there; empty where it does not tell.
        stdlib_found: whether that interpreter's standard library is in the image.
        packages: the versions it has a `site-packages` folder with something in for.
        is_folder_only: whether another interpreter takes its packages as a plain folder of `sys.path`.
        undecided: why something of the above is not known.
    """

    path: str
    home: str = ""
    home_found: bool = True
    version: str = ""
    python: str = ""
    link: str = ""
    interpreter: str = ""
    interpreter_version: str = ""
    stdlib_found: bool = True
    packages: tuple[str, ...] = ()
    is_folder_only: bool = False
    undecided: str = ""


class DeadScripts(Model):
    """Scripts that name an interpreter in their first line that is not in the image."""

    interpreter: str
    files: Paths


class EntryFacts(Model):
    """The program that the image starts, where it cannot start.

    `problem` is what a shell would say; `detail` names what is wanting (the interpreter of a script).
    """

    word: str
    path: str = ""
    problem: Literal["not-found", "not-executable", "no-interpreter", "no-script", "directory"]
    detail: str = ""


class RecordFacts(Model):
    """How the files of one distribution differ from its RECORD.

    `trimmed` counts files that are missing and that slimming an image usually takes: tests, stubs, headers, docs, what
    lies outside of the distribution's place.
    """

    distribution: str
    record: str
    edited: Paths = Paths()
    missing: Paths = Paths()
    extra: Paths = Paths()
    trimmed: int = 0


class SharedFiles(Model):
    """Files that several distributions own, with different contents: who was installed last has them."""

    distributions: tuple[str, ...]
    files: Paths


class Requirement(Model):
    """A requirement of an installed distribution that is not met.

    `found` is the version that is there; None where there is none. `doubt` says why it is not certain.
    """

    distribution: str
    text: str
    metadata: str
    found: str | None = None
    doubt: str = ""


class PythonRequirement(Model):
    """A distribution whose `Requires-Python` excludes the image's Python, or may exclude it (`doubt`)."""

    distribution: str
    text: str
    metadata: str
    python: str
    doubt: str = ""


class Bytecode(Model):
    """Bytecode that misleads.

    Kinds: `stale`, hash-based and unchecked, so it runs although its source says something else; `dead`, in a
    `__pycache__` with no source beside it, where Python does not look; `foreign`, in the place of a module, for another
    Python.
    """

    kind: Literal["stale", "dead", "foreign"]
    owner: str
    python: str
    files: Paths


class Leak(Model):
    """A name that the contract declares secret, with a value, where everyone can read it. Never the value."""

    name: str
    place: Literal["env", "label", "history", "file"]
    path: str = ""
    line: int | None = None
    layer: int | None = None
    is_hidden: bool = False


class UndecidedFact(Model):
    """Something that could not be decided, and why."""

    subject: str
    reason: str


class ConfigFacts(Model):
    """What the image's config says, as evidence of origin `config`: names of variables, never their values.

    In `history` and `labels`, what is assigned to a name of the environment or to a secret is left out.
    """

    environment: tuple[str, ...] = ()
    user: str = ""
    workdir: str = ""
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    history: tuple[str, ...] = ()


class Checked(Model):
    """How much was looked at: nothing at all is no proof of soundness."""

    interpreters: int = 0
    distributions: int = 0
    binaries: int = 0
    hashed: int = 0
    bytecode: int = 0


class Soundness(Model):
    """Everything that integrity rules judge, of one platform."""

    python: str = ""
    executable: str = ""
    libc: str = ""
    checked: Checked = Checked()
    config: ConfigFacts = ConfigFacts()
    binaries: tuple[BinaryGroup, ...] = ()
    foreign_abi: tuple[ForeignAbi, ...] = ()
    missing_libraries: tuple[MissingLibrary, ...] = ()
    old_libraries: tuple[OldLibrary, ...] = ()
    venvs: tuple[VenvFacts, ...] = ()
    dead_scripts: tuple[DeadScripts, ...] = ()
    entry: EntryFacts | None = None
    records: tuple[RecordFacts, ...] = ()
    shared: tuple[SharedFiles, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    python_requirements: tuple[PythonRequirement, ...] = ()
    bytecode: tuple[Bytecode, ...] = ()
    leaks: tuple[Leak, ...] = ()
    undecided: tuple[UndecidedFact, ...] = ()
