"""Classes in the probe's words: bases, members along the MRO, what instances have."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from spybuild.model.facts import BaseFacts, ClassFacts, MemberFacts, Undecided
from spybuild.model.facts import Value as ValueFacts
from spybuild.static import annotations, enums, instances, texts
from spybuild.static.known_decorators import is_abstract
from spybuild.static.made import Made
from spybuild.static.modules import Module
from spybuild.static.objects import Bound, Cached, Class, Descriptor, Form, Function, Instance, Native, Partial, Special
from spybuild.static.signatures import Signature, class_place, flags, unwrapped
from spybuild.static.values import OPEN, Binding, Container, Doubt, Either, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_SKIPPED_OWNERS = ("typing", "typing_extensions")
_SKIPPED_MEMBERS = (
    "_is_protocol", "_is_runtime_protocol", "_abc_impl", "_abc_cache", "_abc_registry", "_abc_negative_cache",
    "_abc_negative_cache_version", "_abc_generic_negative_cache", "_abc_generic_negative_cache_version", "_gorg",
)  # fmt: skip


def describe(resolver: "Resolver", name: str, kind: Class, module: str) -> ClassFacts:
    """The facts of one class, as `module` has it: of the standard library's, only its own ones are read in full."""
    members, undecided = _members(resolver, kind)
    top = resolver.natives.builtin("object")
    doubt = next((owner.unsure for owner in kind.mro if owner.unsure), None)
    return ClassFacts(
        name=name,
        module=kind.module,
        bases=tuple(BaseFacts(name=base.name, module=base.module) for base in kind.bases),
        ancestors=(*(owner.path for owner in kind.mro if owner is not top), "builtins.object"),
        members=tuple(members),
        instance_attributes=tuple(instances.describe(resolver, kind, module)),
        is_abstract=is_abstract_class(resolver, kind),
        is_dataclass=any(owner.dataclass for owner in kind.mro),
        path=_path_of(resolver, kind),
        line=kind.node.lineno if kind.node and kind.home and kind.home.name == kind.module else None,
        undecided=tuple(undecided),
        undecided_bases=Undecided(name=name, reason=doubt.reason[:300], line=doubt.line) if doubt else None,
    )


def _path_of(resolver: "Resolver", kind: Class) -> str | None:
    """The file of the module that a class says it comes from."""
    if kind.home and kind.home.name == kind.module:
        return kind.home.found.path
    module = resolver.module(kind.module) if kind.module != "builtins" else None
    return module.found.path if module else None


def _members(resolver: "Resolver", kind: Class) -> tuple[list[MemberFacts], list[Undecided]]:
    """The members along the MRO, the first one of a name wins; and what cannot be told."""
    members: dict[str, MemberFacts | None] = {}
    undecided: dict[str, Undecided] = {}
    behind: Doubt | None = None
    for owner in kind.mro:
        for name, binding in _own_members(resolver, owner):
            if name in members:
                continue
            doubt = binding.doubt or behind
            facts = describe_member(resolver, name, binding, owner, kind)
            members[name] = facts
            if facts is None or doubt:
                why = doubt or _doubt_of(resolver, binding.value)
                undecided.setdefault(name, Undecided(name=name, reason=why.reason[:300], line=why.line or binding.line))
        behind = behind or owner.cells.open
    open_ = kind.unknown()
    if open_:
        undecided[OPEN] = Undecided(name=OPEN, reason=open_.reason[:300], line=open_.line)
        if kind.unsure:
            _doubt_inherited(members, undecided, open_)
    return [facts for facts in members.values() if facts], list(undecided.values())


def _doubt_inherited(members: dict[str, MemberFacts | None], undecided: dict[str, Undecided], why: Doubt) -> None:
    """Behind an unknown base, what known bases have may be hidden by it."""
    for name, facts in members.items():
        if facts and not facts.is_own:
            undecided.setdefault(name, Undecided(name=name, reason=why.reason[:300], line=why.line))


def _doubt_of(resolver: "Resolver", value: Value) -> Doubt:
    actual = resolver.actual_real(value)
    return actual.doubt if isinstance(actual, Unknown) else Doubt("what it is cannot be known")


def _own_members(resolver: "Resolver", owner: Class) -> Iterator[tuple[str, Binding]]:
    """The names of one class that count as members."""
    if owner.module in _SKIPPED_OWNERS:
        return
    is_enum = enums.is_enum(owner) or owner.path == "enum.Enum"
    for name, binding in owner.cells.told():
        if name in _SKIPPED_MEMBERS:
            continue
        dunder = name.startswith("__") and name.endswith("__") and len(name) > 4
        if is_enum and name.startswith("_") and name.endswith("_") and not dunder:
            continue
        written = (
            not dunder
            or (owner.native and isinstance(binding.value, Native | Descriptor))
            or is_python_callable(resolver, binding.value)
        )
        if written is None:
            yield (
                name,
                Binding(Unknown(Doubt("whether it is written in Python is not known", binding.line)), binding.line),
            )
        elif written:
            yield name, binding


def is_python_callable(resolver: "Resolver", value: Value) -> bool | None:
    """Whether a name with two underscores was written in Python: C's own say nothing. None where it is not known."""
    actual = resolver.actual_real(value)
    if isinstance(actual, Descriptor) and actual.kind in ("staticmethod", "classmethod") and actual.function:
        actual = resolver.actual_real(actual.function)
    if isinstance(actual, Special):
        actual = resolver.real(actual.key) or actual
    if isinstance(actual, Either):
        found = {is_python_callable(resolver, each) for each in actual.options}
        return found.pop() if len(found) == 1 else None
    inner = unwrapped(resolver, actual) if isinstance(actual, Function | Cached) else actual
    return None if isinstance(inner, Unknown) else isinstance(inner, Function | Made)


def describe_member(resolver: "Resolver", name: str, binding: Binding, owner: Class, kind: Class) -> MemberFacts | None:
    """The facts of one member; None where it is not known what it is. Each is told once for all that inherit it."""
    known = resolver.members.get((id(owner), name))
    if known is None or known[0] is not binding:
        known = (binding, _member(resolver, name, binding, owner, kind))
        resolver.members[id(owner), name] = known
    facts = known[1]
    if facts is None or facts.is_own == (owner is kind):
        return facts
    return facts.model_copy(update={"is_own": owner is kind})


def _member(resolver: "Resolver", name: str, binding: Binding, owner: Class, kind: Class) -> MemberFacts | None:
    value = resolver.actual_real(binding.value)
    if isinstance(value, Either):
        return _one_of(resolver, name, binding, value, owner, kind)
    word, function = classify(resolver, value)
    if word is None:
        return None
    signature = Signature(resolver, function) if function is not None else None
    is_call = signature is not None and word != "property"
    node = owner.annotations.get(name) if signature is None else None
    note = (
        annotations.annotation(resolver, node, class_place(owner, owner.home))
        if node is not None and owner.home
        else None
    )
    is_async = (
        flags(resolver, function, signature.inner)[0] if function is not None and signature is not None else False
    )
    source = owner.home.line(binding.line) if owner.home else ""
    exposure = resolver.exposure(owner.home) if owner.home else None
    if (
        word == "attribute"
        and exposure
        and exposure.may_change(name, is_container=isinstance(value, Container | Tuple))
    ):
        value = Some(texts.type_of(value))  # methods that run later may change it
    return MemberFacts(
        name=name, kind=word, owner=owner.path, is_own=owner is kind,
        parameters=signature.parameters if signature is not None and is_call else None,
        returns=signature.returns if signature is not None else None,
        is_async=is_async, is_abstract=_is_abstract(value),
        value=texts.value_facts(value, source) if word == "attribute" else None,
        annotation=note, line=_line_of(binding, signature),
    )  # fmt: skip


def _line_of(binding: Binding, signature: Signature | None) -> int | None:
    """The line of a function's `def`, of anything else its binding's; what is made for a class has none."""
    if signature is not None and isinstance(signature.inner, Made):
        return None
    return signature.line if signature is not None and signature.line else binding.line


def _one_of(
    resolver: "Resolver", name: str, binding: Binding, value: Either, owner: Class, kind: Class
) -> MemberFacts | None:
    """A member that differs from one way through the code to another: told where that does not show."""
    found = [describe_member(resolver, name, Binding(each, binding.line), owner, kind) for each in value.options]
    if any(facts is None for facts in found):
        return None
    plain = [facts.model_copy(update={"line": None}) for facts in found if facts]
    if all(facts == plain[0] for facts in plain):
        return found[-1]
    if all(facts.kind == "attribute" for facts in plain):
        types = {facts.value.type for facts in plain if facts.value}
        shown = ValueFacts(type=types.pop() if len(types) == 1 else "?", text="", is_cut=True)
        return plain[-1].model_copy(update={"value": shown, "line": binding.line})
    return None


def _is_abstract(value: Value) -> bool:
    return is_abstract(value)


def classify(resolver: "Resolver", value: Value) -> tuple[str | None, Value | None]:
    """The kind of a member, and the function that has its signature, if it has one; None where it is not known."""
    match value:
        case Descriptor(kind="staticmethod" | "classmethod" | "property" as word, function=function):
            return word, _readable(resolver, function)
        case Descriptor(kind="tuplegetter"):
            return "property", None
        case Descriptor(kind="singledispatchmethod", function=function):
            return "method", function
        case Descriptor(kind="slot"):
            return "slot", None
        case Class():
            return "class", None
        case Special(key=key):
            real = resolver.real(key)
            return classify(resolver, real) if real is not None and not isinstance(real, Special) else (None, None)
        case Function() | Native() | Cached() | Made() | Bound() | Partial():
            return "method", value
        case Instance(kind=kind):
            called = is_callable(kind)
            return (None if called is None else "method" if called else "attribute"), value if called else None
        case Known() | Some() | Tuple() | Container() | Form() | Module():
            return "attribute", None
        case _:
            return None, None


def _readable(resolver: "Resolver", function: Value | None) -> Value | None:
    actual = resolver.actual_real(function) if function is not None else None
    return actual if isinstance(actual, Function | Cached | Made | Native | Bound | Partial | Instance) else None


def is_callable(kind: Class) -> bool | None:
    """Whether instances of a class can be called; None where that is not known."""
    for owner in kind.mro:
        if owner.callable_ or owner.cells.get("__call__"):
            found = owner.cells.get("__call__")
            return None if found and found.doubt else True
        if owner.cells.open or owner.unsure:
            return None
    return False


def is_abstract_class(resolver: "Resolver", kind: Class) -> bool:
    """Whether a class of ABCMeta still has abstract members."""
    if not any(_is_abc(owner.metaclass) for owner in kind.mro):
        return False
    seen: set[str] = set()
    for owner in kind.mro:
        for name, binding in owner.cells.told():
            if name not in seen:
                seen.add(name)
                if is_abstract(resolver.actual(binding.value)):
                    return True
    return False


def _is_abc(metaclass: Value | None) -> bool:
    if isinstance(metaclass, Special):
        return metaclass.key == "abc.ABCMeta"
    return isinstance(metaclass, Class) and any(
        owner.path in ("abc.ABCMeta", "_py_abc.ABCMeta") for owner in metaclass.mro
    )
