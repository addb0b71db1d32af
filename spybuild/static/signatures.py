"""Callables: what they take and return, and where they are defined."""

import ast
from typing import TYPE_CHECKING, Literal

from spybuild.model.facts import Annotation, FunctionFacts, Parameter
from spybuild.model.facts import Value as ValueFacts
from spybuild.static import annotations, natives, texts
from spybuild.static.annotations import Place
from spybuild.static.made import Made, MadeParameter
from spybuild.static.modules import Module
from spybuild.static.objects import (
    SIGNATURE,
    Bound,
    Cached,
    Class,
    Descriptor,
    Field,
    Function,
    Instance,
    Native,
    Partial,
    Special,
    type_name,
)
from spybuild.static.values import Doubt, Imported, Known, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

Kind = Literal["positional-only", "positional-or-keyword", "var-positional", "keyword-only", "var-keyword"]
KINDS: tuple[Kind, ...] = (
    "positional-only", "positional-or-keyword", "var-positional", "keyword-only", "var-keyword",
)  # fmt: skip


class Signature:
    """What a callable takes and returns; `parameters` is None where that is not known."""

    def __init__(self, resolver: "Resolver", value: Value) -> None:
        self.resolver = resolver
        self.parameters: tuple[Parameter, ...] | None = None
        self.returns: Annotation | None = None
        self.path: str | None = None
        self.line: int | None = None
        self.inner = unwrapped(resolver, value)
        self._read(self.inner, 0)

    def _read(self, value: Value, depth: int) -> None:
        if depth > 20:
            return
        match value:
            case Function():
                self._read_python(value)
            case Made():
                self.parameters = tuple(self._made(each) for each in value.parameters)
            case Native(parameters=list(told)):
                self.parameters = tuple(native_parameter(each) for each in told)
            case Bound(function=Special(key=key), receiver=receiver) if key.startswith("method."):
                owner = self.resolver.natives.builtin(type_name(receiver) or "")
                method = owner.cells.get(key[7:]) if owner else None
                if method is not None:
                    self._read(method.value, depth + 1)
                self.parameters = self.parameters and self.parameters[1:]
            case Bound(function=function):
                self._read(unwrapped(self.resolver, function), depth + 1)
                self.parameters = self.parameters and self.parameters[1:]
            case Instance():
                self._read_object(value, depth)
            case Partial(is_method=False):
                self._read_partial(value)
            case Special(key=key) if not isinstance(real := self.resolver.real(key), Special | None):
                self._read(unwrapped(self.resolver, real), depth + 1)

    def _read_object(self, value: Instance, depth: int) -> None:
        found = value.kind.find("__call__")
        if found is None or found[1].doubt or _says_itself(value):
            return
        called = unwrapped(self.resolver, found[1].value)
        if not isinstance(called, Instance):  # which decides by itself what is called
            self._read(called, depth + 1)
        self.parameters = self.parameters and self.parameters[1:]

    def _read_python(self, function: Function) -> None:
        if any(function.cells.get(name) for name in SIGNATURE):
            return
        node, module = function.node, function.module
        self.path = module.found.path
        if module.found.kind != "source":  # in C, parameters may be called and passed otherwise than a stub has them
            return
        self.line = node.lineno
        place = place_of(function)
        if not isinstance(node, ast.Lambda) and node.returns is not None:
            self.returns = annotations.annotation(self.resolver, node.returns, place)
        self.parameters = tuple(
            self._parameter(function, argument, kind, place) for argument, kind in _arguments(node.args)
        )

    def _parameter(self, function: Function, argument: ast.arg, kind: int, place: Place) -> Parameter:
        note = argument.annotation
        name = mangled_argument(argument.arg, function.private)
        value = function.defaults.get(argument.arg) if kind not in (2, 4) else None
        return Parameter(
            name=name,
            kind=KINDS[kind],
            annotation=annotations.annotation(self.resolver, note, place) if note is not None else None,
            default=texts.value_facts(self.resolver.actual(value), "...") if value is not None else None,
        )

    def _made(self, made: MadeParameter) -> Parameter:
        note = field_annotation(self.resolver, made.field) if made.field else None
        default = texts.value_facts(self.resolver.actual(made.default), "...") if made.default is not None else None
        return Parameter(name=made.name, kind=KINDS[made.kind], annotation=note, default=default)

    def _read_partial(self, value: Partial) -> None:
        """What is left to pass to a partial (`inspect._signature_get_partial`)."""
        inner = Signature(self.resolver, value.function)
        if inner.parameters is None:
            return
        self.parameters = _left_over(inner.parameters, len(value.arguments), value.keywords, self.resolver)


def _left_over(
    parameters: tuple[Parameter, ...], given: int, keywords: dict[str, Value], resolver: "Resolver"
) -> tuple[Parameter, ...] | None:
    left: list[Parameter] = []
    keyword_only = False
    for parameter in parameters:
        if given and parameter.kind in (KINDS[0], KINDS[1]):
            given -= 1
            continue
        if parameter.name in keywords and parameter.kind in (KINDS[1], KINDS[3]):
            keyword_only = True
            default = texts.value_facts(resolver.actual(keywords[parameter.name]), "...")
            left.append(parameter.model_copy(update={"default": default, "kind": KINDS[3]}))
        elif keyword_only and parameter.kind == KINDS[1]:
            left.append(parameter.model_copy(update={"kind": KINDS[3]}))
        elif not (keyword_only and parameter.kind == KINDS[2]):
            left.append(parameter)
    takes_more = any(parameter.kind == KINDS[2] for parameter in parameters)
    return None if given and not takes_more else tuple(left)


def unwrapped(resolver: "Resolver", value: Value) -> Value:
    """Follow `__wrapped__` to the function that says what the arguments are."""
    for _ in range(50):
        match value:
            case Imported():
                value = resolver.actual_real(value)
            case Function() | Cached() | Instance() if found := value.cells.get("__wrapped__"):
                sure = not found.doubt and not (isinstance(value, Instance) and _says_itself(value))
                value = found.value if sure else Unknown(found.doubt or Doubt("its class may say what it wraps"))
            case Descriptor(kind="staticmethod" | "classmethod", function=function) if function is not None:
                value = function
            case _:
                return value
    return value


def _says_itself(instance: Instance) -> bool:
    """Whether an object, or its class, may tell `inspect` of another signature than that of its `__call__`."""
    names = ("__signature__", "__wrapped__", "__setattr__", "__getattr__", "__getattribute__")
    told = any(found and not found[0].native for found in map(instance.kind.find, names))
    return told or instance.cells.get("__signature__") is not None


def place_of(function: Function) -> Place:
    """Where a function's annotations stand: in the class's body, where it is defined right there."""
    owner = function.owner
    direct = owner is not None and function.qualname == f"{owner.qualname}.{function.name}"
    cells = owner.cells if owner is not None and direct else None
    return Place(function.module, cells, function.enclosing, owner if direct else None)


def field_annotation(resolver: "Resolver", field: Field) -> Annotation | None:
    """The annotation of a field of a dataclass or named tuple, in the class that declares it."""
    owner = field.owner
    if field.annotation is None or owner is None or owner.home is None:
        return None
    return annotations.annotation(resolver, field.annotation, class_place(owner, owner.home))


def class_place(kind: Class, home: Module) -> Place:
    """Where the annotations of a class's body stand."""
    return Place(home, kind.cells, kind.enclosing, kind)


def native_parameter(told: list[object]) -> Parameter:
    """A parameter as the tables have it: name, kind, default."""
    name, kind, *default = told
    facts = None
    if default and isinstance(default[0], list):
        facts = ValueFacts(type=default[0][0], text=default[0][1])
    elif default:
        facts = texts.value_facts(natives.constant(default[0]), "")
    return Parameter(name=str(name), kind=KINDS[int(str(kind))], default=facts)


def _arguments(every: ast.arguments) -> list[tuple[ast.arg, int]]:
    """The arguments of a `def` in the order of a signature, with their kinds."""
    found = [(argument, 0) for argument in every.posonlyargs] + [(argument, 1) for argument in every.args]
    found += [(every.vararg, 2)] if every.vararg else []
    found += [(argument, 3) for argument in every.kwonlyargs]
    return found + ([(every.kwarg, 4)] if every.kwarg else [])


def mangled_argument(name: str, private: str) -> str:
    """A private argument is mangled, as any name in a class."""
    stripped = private.lstrip("_")
    if not stripped or not name.startswith("__") or name.endswith("__"):
        return name
    return f"_{stripped}{name}"


def function_facts(resolver: "Resolver", name: str, value: Value) -> FunctionFacts:
    """The facts of a callable that is no class."""
    signature = Signature(resolver, value)
    is_async, is_generator = flags(resolver, value, signature.inner)
    return FunctionFacts(
        name=name, parameters=signature.parameters, returns=signature.returns, is_async=is_async,
        is_generator=is_generator, defined_in=_module_of(value, signature.inner), path=signature.path,
        line=signature.line,
    )  # fmt: skip


def flags(resolver: "Resolver", value: Value, inner: Value) -> tuple[bool, bool]:
    """Whether a function is async, and whether it is a generator: its own code says so, else that of what it wraps."""
    if isinstance(value, Cached) and value.type == "function":
        return False, False
    code = value if isinstance(value, Function) else inner if isinstance(inner, Function) else None
    if code is None:
        return False, False
    yields = resolver.traits(code.node).yields
    return isinstance(code.node, ast.AsyncFunctionDef), yields


def _module_of(value: Value, inner: Value) -> str | None:
    match inner if isinstance(value, Function | Cached) and not isinstance(inner, Unknown) else value:
        case Function() as function:
            found = function.cells.get("__module__")
            if found and isinstance(found.value, Known):
                return str(found.value.value)
            return function.said
        case Native(home=home):
            return home
        case Bound(function=Function() as function):
            return function.said
        case Instance(kind=kind):
            return kind.module
        case Partial():
            return "functools"
        case Made(module=module):
            return module or None
        case _:
            return None
