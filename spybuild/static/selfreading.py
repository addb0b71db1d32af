"""What methods assign to `self`, read from their text (the probe's SelfReader, on values instead of live classes)."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from spybuild.model.facts import Annotation, InstanceAttributeFacts
from spybuild.model.facts import Value as ValueFacts
from spybuild.static import annotations, texts
from spybuild.static.folding import Unfoldable, from_python
from spybuild.static.making import mangled
from spybuild.static.objects import Class, Function, options
from spybuild.static.signatures import class_place, unwrapped
from spybuild.static.values import Value, container

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_NESTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_MOST_METHODS = 2000
_RETURNS = "_spybuild_returns"
Method = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class Attribute:
    """One assignment to self."""

    name: str
    annotation: ast.expr | None
    value: ValueFacts | None
    certain: bool
    owner: Class
    line: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What a method's body knows: the name of self, its parameters' defaults and annotations, its class."""

    self_name: str
    owner: Class
    defaults: dict[str, ast.expr] = field(default_factory=dict)
    notes: dict[str, ast.expr] = field(default_factory=dict)


class SelfReader:
    """Reads `self.x = ...`: what the constructor surely does is certain, all else is not."""

    def __init__(self, resolver: "Resolver", kind: Class, owners: Sequence[Class]) -> None:  # noqa: ARG002
        self._resolver, self._owners = resolver, owners
        self._methods: dict[str, tuple[Class, Method] | None] = {}
        for owner in owners:
            alive = {
                mangled(item.name, owner.name): (owner, item)
                for item in _methods_of(owner)
                if self._is_alive(owner, item)
            }
            for name, _ in owner.cells.told():
                self._methods.setdefault(name, alive.get(name))
        self._found: list[Attribute] = []
        self._seen: set[tuple[int, bool]] = set()

    def read(self) -> Iterator[InstanceAttributeFacts]:
        """The attributes, those of the constructor first."""
        is_reached = True
        for owner in self._owners:
            constructors = [item for item in _methods_of(owner) if item.name in ("__init__", "__post_init__")]
            for item in constructors:
                runs = self._is_alive(owner, item) and self._is_run(owner, item, is_reached)
                self._read_method(owner, item, certain=runs)
            if owner.cells.get("__init__"):
                own = [item for item in constructors if item.name == "__init__" and self._is_alive(owner, item)]
                is_reached = is_reached and any(map(_calls_super, own))
        for owner in self._owners:
            for item in _methods_of(owner):
                self._read_method(owner, item, certain=False)
        return (self._facts(each) for each in self._found)

    def _facts(self, found: Attribute) -> InstanceAttributeFacts:
        told = {"name": found.name, "value": found.value, "certain": found.certain, "line": found.line}
        return InstanceAttributeFacts(**told, annotation=self._annotation(found), owner=found.owner.path)

    def _annotation(self, found: Attribute) -> Annotation | None:
        if found.annotation is None or found.owner.home is None:
            return None
        place = class_place(found.owner, found.owner.home)
        return annotations.annotation(self._resolver, found.annotation, annotations.Place(place.module))

    def _is_alive(self, owner: Class, item: Method) -> bool:
        """Whether a `def` in the source is what the class has under that name after the import."""
        found = owner.cells.get(mangled(item.name, owner.name))
        if not found or found.doubt:
            return False
        ways = (unwrapped(self._resolver, each) for each in options(self._resolver.actual(found.value)))
        return all(isinstance(value, Function) and value.node is item for value in ways)

    def _is_run(self, owner: Class, item: Method, is_reached: bool) -> bool:
        if item.name == "__init__":
            return is_reached
        return self._methods.get("__init__") is None and self._methods.get("__post_init__") == (owner, item)

    def _read_method(self, owner: Class, node: Method, *, certain: bool) -> None:
        """Read one method, once for each certainty."""
        arguments = [*node.args.posonlyargs, *node.args.args]
        decorators = [getattr(item, "id", None) for item in node.decorator_list]
        static = "staticmethod" in decorators or "classmethod" in decorators or node.name == "__new__"
        if (id(node), certain) in self._seen or static or not arguments or len(self._seen) > _MOST_METHODS:
            return
        self._seen.add((id(node), certain))
        defaults = {
            arg.arg: value for arg, value in zip(reversed(arguments), reversed(node.args.defaults), strict=False)
        }
        defaults |= {
            arg.arg: value for arg, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if value
        }
        every = [*arguments, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        notes = {each.arg: each.annotation for each in every if each and each.annotation}
        self._block(node.body, Scope(arguments[0].arg, owner, defaults, notes), certain)

    def _block(self, statements: Sequence[ast.stmt], scope: Scope, certain: bool) -> tuple[set[str], str | None]:
        """Read statements in order: the names surely assigned, and how the block surely ends early."""
        names: set[str] = set()
        for statement in statements:
            if isinstance(statement, _NESTED):
                continue
            assigned, leaves = self._statement(statement, scope, certain)
            names |= assigned
            if isinstance(statement, ast.Raise | ast.Return):
                return names, type(statement).__name__
            certain = certain and not leaves  # after `if ...: return`, nothing is sure any more
        return names, None

    def _statement(self, node: ast.stmt, scope: Scope, certain: bool) -> tuple[set[str], bool]:
        """Read one statement: the names surely assigned, whether it may leave the method."""
        match node:
            case ast.If():
                return self._branches([node.body, node.orelse], scope, certain, node.test)
            case ast.Try() | ast.TryStar():
                paths = [[*node.body, *node.orelse], *(handler.body for handler in node.handlers)]
                names, leaves = self._branches(paths, scope, certain, None)
                return names | self._block(node.finalbody, scope, certain)[0], leaves
            case ast.With() | ast.AsyncWith():
                return self._with(node, scope, certain)
            case ast.For() | ast.AsyncFor() | ast.While() | ast.Match():
                return self._loop(node, scope)
            case _:
                return self._simple(node, scope, certain), False

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope, certain: bool) -> tuple[set[str], bool]:
        certain = certain and not any("suppress" in _calls_of(item.context_expr) for item in node.items)
        names = self._targets([item.optional_vars for item in node.items if item.optional_vars], None, scope, certain)
        self._calls([item.context_expr for item in node.items], scope, certain)
        inner, end = self._block(node.body, scope, certain)
        return names | inner, end == "Return" or _has_return(node)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While | ast.Match, scope: Scope) -> tuple[set[str], bool]:
        if isinstance(node, ast.For | ast.AsyncFor):
            self._targets([node.target], None, scope, False)
        bodies = [case.body for case in node.cases] if isinstance(node, ast.Match) else [node.body, node.orelse]
        for body in bodies:
            self._block(body, scope, False)
        return set(), _has_return(node)

    def _branches(
        self, bodies: Iterable[Sequence[ast.stmt]], scope: Scope, certain: bool, test: ast.expr | None
    ) -> tuple[set[str], bool]:
        """Names every branch assigns are sure; a branch that raises makes no instance and so takes no part."""
        self._calls([test] if test else [], scope, certain)
        mark = len(self._found)
        every = list(bodies)
        results = [self._block(body, scope, False) for body in every]
        living = [names for names, end in results if end != "Raise"]
        sure = set.intersection(*living) if living else set()
        for fact in self._found[mark:] if certain else ():
            fact.certain = fact.certain or fact.name in sure
        return sure, any(
            _has_return(statement) for body in every for statement in body if not isinstance(statement, _NESTED)
        )

    def _simple(self, node: ast.stmt, scope: Scope, certain: bool) -> set[str]:
        names: set[str] = set()
        if isinstance(node, ast.Assign):
            names = self._targets(node.targets, node.value, scope, certain)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            names = self._targets([node.target], node.value, scope, certain, node.annotation)
        elif isinstance(node, ast.Delete):
            gone = {
                item.attr for item in node.targets if isinstance(item, ast.Attribute) and _is_self(item.value, scope)
            }
            for fact in self._found:
                fact.certain = fact.certain and fact.name not in gone
        return names | self._calls([node], scope, certain)

    def _targets(
        self, nodes: Sequence[ast.expr], value: ast.expr | None, scope: Scope, certain: bool,
        annotation: ast.expr | None = None,
    ) -> set[str]:  # fmt: skip
        """Record `self.x` among assignment targets, also within tuples."""
        names: set[str] = set()
        for node in nodes:
            match node:
                case ast.Tuple(elts=items) | ast.List(elts=items):
                    names |= self._targets(items, None, scope, certain)
                case ast.Starred(value=inner):
                    names |= self._targets([inner], None, scope, certain)
                case ast.Attribute(value=owner, attr=attr) if _is_self(owner, scope):
                    names.add(self._record(attr, node.lineno, value, scope, certain, annotation))
        return names

    def _record(
        self, name: str, line: int, value: ast.expr | None, scope: Scope, certain: bool, annotation: ast.expr | None
    ) -> str:
        """Keep one assignment; a constant, or a parameter's constant default, is its value."""
        name = mangled(name, scope.owner.name)
        parameter = value.id if isinstance(value, ast.Name) else ""
        if parameter in scope.notes and annotation is None:
            annotation = scope.notes[parameter]
        value = scope.defaults.get(parameter, value)
        self._found.append(Attribute(name, annotation, constant_facts(value), certain, scope.owner, line))
        return name

    def _calls(self, nodes: Iterable[ast.AST], scope: Scope, certain: bool) -> set[str]:
        """Follow `self.method()` and `setattr(self, "x", ...)` in expressions."""
        names: set[str] = set()
        for node in (inner for outer in nodes for inner in self._resolver.calls_in(outer)):
            match node:
                case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if _is_self(owner, scope):
                    method = self._methods.get(mangled(attr, scope.owner.name))
                    if method and len(self._seen) < _MOST_METHODS:
                        self._read_method(*method, certain=certain)
                case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str(key)), value]):
                    if _is_self(owner, scope):
                        names.add(self._record(key, node.lineno, value, scope, certain, None))
        return names


def constant_facts(node: ast.expr | None) -> ValueFacts | None:
    """The facts of a literal; None for everything else."""
    if node is None:
        return None
    try:
        value = _literal(node)
        return texts.value_facts(value, "")
    except (Unfoldable, ValueError, TypeError, RecursionError, MemoryError):
        return None


def _literal(node: ast.expr) -> Value:
    """A literal: constants, containers, signs."""
    constant = ast.literal_eval(node)
    if isinstance(constant, dict):
        return container("dict", tuple(_pair(key, value) for key, value in constant.items()))
    if isinstance(constant, set):
        return container("set", tuple(map(from_python, constant)))
    return from_python(constant)


def _pair(key: object, value: object) -> Value:
    return from_python((key, value))


def _methods_of(owner: Class) -> list[Method]:
    """The methods in its text; one that says it comes from another module has none there."""
    is_there = owner.node is not None and owner.home is not None and owner.home.name == owner.module
    return [item for item in owner.node.body if isinstance(item, Method)] if owner.node and is_there else []


def _is_self(node: ast.expr, scope: Scope) -> bool:
    return isinstance(node, ast.Name) and node.id == scope.self_name


def _expressions(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, not entering functions, lambdas and classes."""
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        yield inner
        waiting += [below for below in ast.iter_child_nodes(inner) if not isinstance(below, _NESTED)][::-1]


def _has_return(node: ast.AST) -> bool:
    if not hasattr(node, _RETURNS):  # asked again and again, for each class that inherits it
        setattr(node, _RETURNS, any(isinstance(inner, ast.Return) for inner in _expressions(node)))
    return bool(getattr(node, _RETURNS))


def _calls_of(node: ast.AST) -> list[str | None]:
    called = [inner.func for inner in _expressions(node) if isinstance(inner, ast.Call)]
    return [getattr(item, "attr", None) or getattr(item, "id", None) for item in called]


def _calls_super(node: Method) -> bool:
    return any("__init__" in _calls_of(statement) for statement in node.body)
