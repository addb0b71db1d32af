"""Facts: what an image is on one platform, as the probe answers (schema version 1) or another evidence finds out.

The answer comes from inside an image that may be hostile: everything is validated here, unknown keys are refused, and
nothing in it is believed beyond the module it speaks of. `docs/facts.schema.json` is made from these types.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from spybuild.model.base import Model
from spybuild.model.platforms import Platform


class Outcome(StrEnum):
    """How a module's import ended."""

    IMPORTED = "imported"
    FAILED = "failed"
    EXITED = "exited"
    TIMEOUT = "timeout"
    KILLED = "killed"
    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    UNREADABLE = "unreadable"


class Undecided(Model):
    """A name that static evidence cannot decide: whether it is there, what it is bound to, or both.

    `name` is the binding's; `*` stands for every name that the facts do not tell of. The facts may still tell of a
    name that is undecided: then that is how it stands if what is in doubt does not happen.
    """

    name: str
    reason: str
    line: int | None = None


class Value(Model):
    """A value: its type, its `repr` (capped, without secrets) and the scalar itself where it is one.

    `is_cut` says that neither shows the whole value: it equals nothing and differs from nothing for sure.
    """

    type: str
    text: str
    scalar: bool | int | float | str | None = None
    is_scalar: bool = False
    is_cut: bool = False
    redacted: tuple[str, ...] = ()


class Annotation(Model):
    """An annotation as written in the source, and as it resolves to an object; either may be unknown."""

    written: str | None = None
    resolved: str | None = None


class Parameter(Model):
    """One parameter of a function, kinds named as in `inspect`."""

    name: str
    kind: Literal["positional-only", "positional-or-keyword", "var-positional", "keyword-only", "var-keyword"]
    annotation: Annotation | None = None
    default: Value | None = None


class VariableFacts(Model):
    """A module binding that is no function, class or module."""

    name: str
    annotation: Annotation | None = None
    value: Value
    line: int | None = None


class FunctionFacts(Model):
    """A callable bound in the module that is no class; `parameters` is None where there is no signature to be had."""

    name: str
    parameters: tuple[Parameter, ...] | None = None
    returns: Annotation | None = None
    is_async: bool = False
    is_generator: bool = False
    defined_in: str | None = None
    path: str | None = None
    line: int | None = None


class BaseFacts(Model):
    """A direct base of a class."""

    name: str
    module: str


class MemberFacts(Model):
    """What a class offers under a name, found along the MRO; `owner` is the class that defines it."""

    name: str
    kind: Literal["method", "classmethod", "staticmethod", "property", "attribute", "class", "slot"]
    owner: str
    is_own: bool
    parameters: tuple[Parameter, ...] | None = None
    returns: Annotation | None = None
    is_async: bool = False
    is_abstract: bool = False
    value: Value | None = None
    annotation: Annotation | None = None
    line: int | None = None


class InstanceAttributeFacts(Model):
    """An attribute of what the class makes; not `certain` where only some paths through the code set it."""

    name: str
    annotation: Annotation | None = None
    value: Value | None = None
    certain: bool
    owner: str
    line: int | None = None


class ClassFacts(Model):
    """A class bound in the module."""

    name: str
    module: str
    bases: tuple[BaseFacts, ...] = ()
    ancestors: tuple[str, ...] = ()
    members: tuple[MemberFacts, ...] = ()
    instance_attributes: tuple[InstanceAttributeFacts, ...] = ()
    is_abstract: bool = False
    is_dataclass: bool = False
    path: str | None = None
    line: int | None = None
    undecided: tuple[Undecided, ...] = ()
    undecided_bases: Undecided | None = None


class Frame(Model):
    """One frame of a traceback."""

    path: str
    line: int | None = None
    function: str
    source: str = ""


class ErrorFacts(Model):
    """What a module raised while it was imported."""

    type: str
    message: str
    traceback: tuple[Frame, ...] = ()


class Distribution(Model):
    """The installed distribution that owns a module."""

    name: str
    version: str


class ModuleFacts(Model):
    """One module as it stands after its import. `requested` is the name the contract uses."""

    requested: str
    name: str | None = None
    path: str | None = None
    outcome: Outcome
    candidates: tuple[str, ...] = ()
    error: ErrorFacts | None = None
    exit_status: int | None = None
    signal: int | None = None
    version: str | None = None
    distribution: Distribution | None = None
    variables: tuple[VariableFacts, ...] = ()
    functions: tuple[FunctionFacts, ...] = ()
    classes: tuple[ClassFacts, ...] = ()
    imported: tuple[str, ...] = ()
    import_seconds: float = 0.0
    memory_bytes: int | None = None
    stdout: str = ""
    stderr: str = ""
    stdout_truncated: bool = False
    stderr_truncated: bool = False
    undecided: tuple[Undecided, ...] = ()


class InterpreterFacts(Model):
    """The interpreter that ran the probe."""

    implementation: str
    version: str
    executable: str
    cache_tag: str | None = None
    soabi: str | None = None
    prefix: str = ""
    base_prefix: str = ""
    gil: bool | None = None


class MachineFacts(Model):
    """The machine as the interpreter sees it (`platform.system()`, `platform.machine()`)."""

    system: str
    machine: str
    bits: int
    byteorder: str
    libc: str | None = None

    @property
    def platform(self) -> Platform:
        """The OCI platform that these names mean.

        A 32-bit interpreter on a 64-bit kernel is told by its pointers, and MIPS by its byte order, of which its name
        says nothing.
        """
        is_mipsel = self.machine == "mips64" and self.byteorder == "little"
        seen = Platform.of(self.system, "mips64le" if is_mipsel else self.machine)
        narrow = {"amd64": "386", "arm64": "arm"}
        return (
            Platform.of(seen.os, narrow[seen.architecture]) if self.bits == 32 and seen.architecture in narrow else seen
        )


class Question(Model):
    """What the contract asks of an environment variable: to be there, to equal a text, to read as a type."""

    name: str
    equals: str | None = None
    type: str | None = None


class EnvironmentAnswer(Model):
    """Yes or no to one question about an environment variable; its value never leaves the container."""

    question: Question
    present: bool
    empty: bool = False
    equals: bool | None = None
    well_typed: bool | None = None


class Facts(Model):
    """Everything one platform's evidence says."""

    schema_version: Literal[1] = 1
    interpreter: InterpreterFacts
    platform: MachineFacts
    sys_path: tuple[str, ...] = ()
    environment: tuple[EnvironmentAnswer, ...] = ()
    modules: tuple[ModuleFacts, ...] = Field(default=())

    def module(self, requested: str) -> ModuleFacts | None:
        """The facts of the module that the contract calls `requested`."""
        return next((module for module in self.modules if module.requested == requested), None)

    def answer(self, question: Question) -> EnvironmentAnswer | None:
        """The answer to `question`, if it was asked."""
        return next((answer for answer in self.environment if answer.question == question), None)
