"""Static and runtime evidence held against each other: where both decide, they must agree. Pure, like `evaluate`.

A hostile module shares its process with the probe and can lie to it; it cannot change what was read from outside. Only
what the contract asks for is compared, for only that is attested.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from spybuild.model.base import Location
from spybuild.model.contract import Attribute, Class, Contract, Function, Module, Variable
from spybuild.model.facts import (
    Annotation,
    ClassFacts,
    Facts,
    FunctionFacts,
    InstanceAttributeFacts,
    MemberFacts,
    ModuleFacts,
    Outcome,
    Parameter,
    Value,
    VariableFacts,
)
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.annotations import same_meaning
from spybuild.rules.doubt import doubt
from spybuild.rules.structure import kind_of
from spybuild.rules.values import shown_annotation

Content = VariableFacts | MemberFacts | InstanceAttributeFacts
Named = TypeVar("Named", VariableFacts, FunctionFacts, ClassFacts, MemberFacts, InstanceAttributeFacts, Parameter)
_METHODS = ("method", "classmethod", "staticmethod")


@dataclass(frozen=True)
class _Side:
    """What one evidence says of an element, in words, and where it saw that."""

    says: str | None
    line: int | None = None


@dataclass(frozen=True)
class _Comparison:
    """One module, as both kinds of evidence tell of it."""

    static: ModuleFacts
    runtime: ModuleFacts

    def differ(self, label: str, static: _Side, runtime: _Side, where: Location | None) -> Iterator[Finding]:
        """The finding that the two sides differ, where both say something."""
        if static.says is None or runtime.says is None or static.says == runtime.says:
            return
        seen = [
            f"{kind}: {side.says}{f' ({facts.path}:{side.line})' if facts.path and side.line else ''}"
            for kind, side, facts in (("static", static, self.static), ("runtime", runtime, self.runtime))
        ]
        path = self.static.path or self.runtime.path
        yield catalogue.DIVERGENT_EVIDENCE.breach(
            f"{label} is one thing in the source and another in the running module",
            expected=seen[0],
            found=seen[1],
            module=self.static.requested,
            contract_location=where,
            image_location=ImageLocation(path=path, line=static.line) if path else None,
        )


def disagreements(contract: Contract, static: Facts, runtime: Facts) -> Iterator[Finding]:
    """Every fact of a demand on which both kinds of evidence decide, and differ.

    Args:
        contract: what is demanded, and so what is compared.
        static: what the image's files say.
        runtime: what the probe says.
    """
    for module in (contract, *contract.modules, *contract.nested_modules()):
        subject = module.filename or contract.filename
        sides = (static.module(subject), runtime.module(subject)) if subject else (None, None)
        if sides[0] and sides[1]:
            yield from _module(module, _Comparison(sides[0], sides[1]))


def _module(wanted: Module, both: _Comparison) -> Iterator[Finding]:
    """An import that fails at run time is a finding of its own: the source alone does not promise that it works."""
    static, runtime = both.static, both.runtime
    ended = _Side(static.outcome.value), _Side(runtime.outcome.value)
    if static.outcome is not Outcome.IMPORTED and runtime.outcome is Outcome.IMPORTED:
        known = static.outcome is not Outcome.UNREADABLE
        yield from both.differ(static.requested, *ended, wanted.where("filename")) if known else ()
    if not (static.outcome is runtime.outcome is Outcome.IMPORTED):
        return
    if wanted.version is not None and static.version and runtime.version:
        versions = _Side(repr(static.version)), _Side(repr(runtime.version))
        yield from both.differ("__version__", *versions, wanted.where("version"))
    for variable in wanted.variables:
        yield from _variable(variable, both)
    for function in wanted.functions:
        yield from _function(function, both)
    for class_ in wanted.classes:
        yield from _class(class_, both)


def _kinds(name: str, both: _Comparison, where: Location | None) -> Iterator[Finding]:
    """A name is bound to the same kind of thing on both sides, or on neither."""
    static, runtime = kind_of(name, both.static), kind_of(name, both.runtime)
    if not doubt(name, both.static.undecided, is_told=static is not None):
        yield from both.differ(name, _Side(static or "nothing"), _Side(runtime or "nothing"), where)


def _variable(wanted: Variable, both: _Comparison) -> Iterator[Finding]:
    yield from _kinds(wanted.name, both, wanted.where("name"))
    static, runtime = _named(wanted.name, both.static.variables), _named(wanted.name, both.runtime.variables)
    if static and runtime and not doubt(wanted.name, both.static.undecided, is_told=True):
        yield from _content(wanted, static, runtime, f"variable {wanted.name}", both)


def _function(wanted: Function, both: _Comparison) -> Iterator[Finding]:
    yield from _kinds(wanted.name, both, wanted.where("name"))
    static, runtime = _named(wanted.name, both.static.functions), _named(wanted.name, both.runtime.functions)
    if static and runtime and not doubt(wanted.name, both.static.undecided, is_told=True):
        yield from _signature(wanted, static, runtime, f"function {wanted.name}", both)


def _class(wanted: Class, both: _Comparison) -> Iterator[Finding]:
    yield from _kinds(wanted.name, both, wanted.where("name"))
    static, runtime = _named(wanted.name, both.static.classes), _named(wanted.name, both.runtime.classes)
    if not static or not runtime or doubt(wanted.name, both.static.undecided, is_told=True):
        return
    for attribute in wanted.attributes:
        yield from _attribute(attribute, static, runtime, both)
    for method in wanted.methods:
        yield from _method(method, static, runtime, both)
    for superclass in wanted.superclasses:
        if not static.undecided_bases:
            sides = _Side(_base(superclass.name, static)), _Side(_base(superclass.name, runtime))
            yield from both.differ(f"base {superclass.name} of {wanted.name}", *sides, superclass.where("name"))


def _base(name: str, seen: ClassFacts) -> str:
    bases = [base.name for base in seen.bases] or ["object"]
    return "a base" if name.rpartition(".")[2] in bases else "no base"


def _method(wanted: Function, static: ClassFacts, runtime: ClassFacts, both: _Comparison) -> Iterator[Finding]:
    here, there = _named(wanted.name, static.members), _named(wanted.name, runtime.members)
    if doubt(wanted.name, static.undecided, is_told=here is not None):
        return
    label = f"method {static.name}.{wanted.name}"
    static_side, runtime_side = (
        _Side(each.kind if each else "nothing", each.line if each else None) for each in (here, there)
    )
    yield from both.differ(label, static_side, runtime_side, wanted.where("name"))
    if here and there and here.kind == there.kind and here.kind in _METHODS:
        yield from _signature(wanted, here, there, label, both)


def _attribute(wanted: Attribute, static: ClassFacts, runtime: ClassFacts, both: _Comparison) -> Iterator[Finding]:
    here, there = _own_or_made(wanted, static), _own_or_made(wanted, runtime)
    if doubt(wanted.name, static.undecided, is_told=here is not None):
        return
    label = f"attribute {static.name}.{wanted.name}"
    static_side, runtime_side = (
        _Side("there" if each else "nothing", each.line if each else None) for each in (here, there)
    )
    yield from both.differ(label, static_side, runtime_side, wanted.where("name"))
    if here and there:
        yield from _content(wanted, here, there, label, both)


def _own_or_made(wanted: Attribute, seen: ClassFacts) -> MemberFacts | InstanceAttributeFacts | None:
    own = next((each for each in seen.members if each.name == wanted.name and each.is_own), None)
    if wanted.type != "instance" and own and own.kind in ("attribute", "class"):
        return own
    return _named(wanted.name, seen.instance_attributes) if wanted.type != "class" else None


def _content(
    wanted: Variable,
    static: Content,
    runtime: Content,
    label: str,
    both: _Comparison,
) -> Iterator[Finding]:
    if wanted.has_value:
        values = _Side(_value(static.value), static.line), _Side(_value(runtime.value), runtime.line)
        yield from both.differ(f"the value of {label}", *values, wanted.where("value"))
    if wanted.annotation is not None:
        yield from _annotations(static, runtime, f"the annotation of {label}", wanted.where("annotation"), both)


def _signature(
    wanted: Function,
    static: FunctionFacts | MemberFacts,
    runtime: FunctionFacts | MemberFacts,
    label: str,
    both: _Comparison,
) -> Iterator[Finding]:
    if static.parameters is None or runtime.parameters is None:
        return
    for argument in wanted.arguments:
        here, there = _named(argument.name, static.parameters), _named(argument.name, runtime.parameters)
        name = f"argument {argument.name} of {label}"
        sides = _Side(_parameter(here), static.line), _Side(_parameter(there), runtime.line)
        yield from both.differ(name, *sides, argument.where("name"))
        if here and there and argument.annotation is not None:
            yield from _annotations(here, there, f"the annotation of {name}", argument.where("annotation"), both)
        if here and there and here.default and there.default and argument.has_value:
            defaults = _Side(_value(here.default), static.line), _Side(_value(there.default), runtime.line)
            yield from both.differ(f"the default of {name}", *defaults, argument.where("value"))
    if wanted.return_annotation is not None and not _agree(static.returns, runtime.returns):
        returns = _Side(_shown(static.returns), static.line), _Side(_shown(runtime.returns), runtime.line)
        yield from both.differ(f"what {label} returns", *returns, wanted.where("return_annotation"))


def _parameter(seen: Parameter | None) -> str:
    return f"{seen.kind}{', with a default' if seen.default else ''}" if seen else "nothing"


def _value(seen: Value | None) -> str | None:
    """A value in words that are the same where the value is; None where it is not wholly known."""
    return None if seen is None or seen.is_cut or seen.redacted else f"{seen.type} {seen.text}"


def _annotations(
    static: Content | Parameter,
    runtime: Content | Parameter,
    label: str,
    where: Location | None,
    both: _Comparison,
) -> Iterator[Finding]:
    if not _agree(static.annotation, runtime.annotation):
        lines = getattr(static, "line", None), getattr(runtime, "line", None)
        sides = _Side(_shown(static.annotation), lines[0]), _Side(_shown(runtime.annotation), lines[1])
        yield from both.differ(label, *sides, where)


def _agree(static: Annotation | None, runtime: Annotation | None) -> bool:
    """Whether two annotations mean the same, as written or as they resolve; none is like none only."""
    if static is None or runtime is None:
        return static is runtime
    pairs = ((static.resolved, runtime.resolved), (static.written, runtime.written))
    return any(one is not None and other is not None and same_meaning(one, other) for one, other in pairs)


def _shown(seen: Annotation | None) -> str:
    return shown_annotation(seen) or "no annotation"


def _named(name: str, among: Sequence[Named]) -> Named | None:
    return next((each for each in among if each.name == name), None)
