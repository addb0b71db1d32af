"""Expressions: what each kind of them is worth, and what it does on the way."""

import ast
import itertools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from spybuild.static import computing, failing, folding, refusals, surroundings, unsupported
from spybuild.static.comparisons import Comparisons
from spybuild.static.comprehensions import Comprehensions
from spybuild.static.core import MOST_DEPTH, Arguments
from spybuild.static.names import Names
from spybuild.static.objects import Namespace, either, options
from spybuild.static.operators import Operators
from spybuild.static.values import Container, Doubt, Known, Some, Tuple, Unknown, Value, begun, container

_MOST_ITEMS = 20_000


class Expressions(Names, Comprehensions, Comparisons, Operators):
    """Evaluates expressions."""

    def evaluate(self, node: ast.expr) -> Value:
        """What an expression is worth; `Unknown` where it is nested too deeply to be followed."""
        if isinstance(node, ast.Constant):
            return Known(node.value)
        self.step()
        handler = self._HANDLERS.get(type(node))
        if handler is None:
            return self.unknown(f"a {type(node).__name__} cannot be followed", node.lineno)
        if self.depth >= MOST_DEPTH:
            return self._too_deep(node)
        self.depth += 1
        self.resolver.depth = self.depth
        try:
            return handler(self, node)
        finally:
            self.depth -= 1
            self.resolver.depth = self.depth

    def _too_deep(self, node: ast.expr) -> Value:
        """What is not looked into may do anything to the namespace."""
        self.poison(Namespace(None), "an expression is nested too deeply to be followed", node.lineno)
        return self.unknown("it is nested too deeply to be followed", node.lineno)

    def _name(self, node: ast.Name) -> Value:
        return self.look_up(self.mangle(node.id), node.lineno)

    def _attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self.evaluate(node.value), self.mangle(node.attr), node.lineno)

    def _tuple(self, node: ast.Tuple) -> Value:
        items = self._items(node.elts)
        return Some("tuple") if items is None else Tuple(items)

    def _list(self, node: ast.List) -> Value:
        return container("list", self._kept(self._items(node.elts), node.lineno))

    def _set(self, node: ast.Set) -> Value:
        items = self._kept(self._items(node.elts), node.lineno)
        for item in items or ():
            self._check_key(item, node.lineno)
        return container("set", items)

    def _kept(self, items: tuple[Value, ...] | None, line: int) -> tuple[Value, ...] | None:
        for item in items or ():
            self.keep_watch(item, line)
        return items

    def _items(self, nodes: list[ast.expr]) -> tuple[Value, ...] | None:
        """The items of a display; None where a starred one cannot be told, or where there are too many."""
        items: list[Value] | None = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                spread = self.evaluate(node.value)
                inner = self.iterate(spread, node.lineno)
                items = None if inner is None or items is None else [*items, *inner]
            else:
                value = self.evaluate(node)
                if items is None or len(items) > _MOST_ITEMS:
                    self.escape(value, node.lineno)
                    items = None
                else:
                    items.append(value)
        return None if items is None else tuple(items)

    def _dict(self, node: ast.Dict) -> Value:
        pairs: list[Value] | None = []
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.evaluate(item)
            if key is None:
                self.fail_if(refusals.of_spreading(value), node.lineno)
                inner = value.content if isinstance(value, Container) and value.type == "dict" else None
                pairs = None if inner is None or pairs is None else [*pairs, *inner]
                continue
            pair = Tuple((self.evaluate(key), value))
            self.keep_watch(value, node.lineno)
            self._check_key(pair.items[0], node.lineno)
            if pairs is None:
                self.escape(value, node.lineno)
            else:
                pairs.append(pair)
        return container("dict", None if pairs is None else tuple(pairs))

    def _check_key(self, key: Value, line: int) -> None:
        self.fail_if(failing.of_key(key), line)
        self.doubt_if(self.minds and unsupported.of_hash(self.resolver, key), line)

    def _boolean(self, node: ast.BoolOp) -> Value:
        """`and` and `or` give the value that decides; what comes after it is not run."""
        stops_at = isinstance(node.op, ast.Or)
        return self._one_of(node.values, stops_at, node.lineno)

    def _one_of(self, nodes: list[ast.expr], stops_at: bool, line: int) -> Value:
        first, *others = nodes
        value = self.evaluate(first)
        truth = self.truth(value)
        if not others or truth is stops_at:
            return value
        if truth is not None:
            return self._one_of(others, stops_at, line)
        found: list[Value] = []
        self.maybe(lambda: found.append(self._one_of(others, stops_at, line)), Doubt("a condition is not known", line))
        rest = found[0] if found else value
        # what is left of `x or y` is no false x, and of `x and y` no true x
        every = (Known(stops_at) if each == Some("bool") else each for each in options(value))
        kept = [each for each in every if self.truth(each) is not (not stops_at)]
        return either(self.joined(kept, line), rest, line) if kept else rest

    def _conditional(self, node: ast.IfExp) -> Value:
        truth = self.truth(self.evaluate(node.test))
        if truth is not None:
            return self.evaluate(node.body if truth else node.orelse)
        found: list[Value] = []
        paths: list[Callable[[], None]] = [
            lambda: found.append(self.evaluate(node.body)),
            lambda: found.append(self.evaluate(node.orelse)),
        ]
        self.fork(paths, Doubt("a condition is not known", node.lineno))
        return self.joined(found, node.lineno)

    def _subscript(self, node: ast.Subscript) -> Value:
        value, index = self.evaluate(node.value), self.evaluate(node.slice)
        found = self.item(value, index, node.lineno)
        self.weigh(found if isinstance(node.slice, ast.Slice) else value)
        return found

    def _slice(self, node: ast.Slice) -> Value:
        for part in (node.lower, node.upper, node.step):
            if part:
                self.evaluate(part)
        return self._slice_of(node) or Some("slice")

    def _slice_of(self, node: ast.Slice) -> Value | None:
        parts = [self.evaluate(part) if part else Known(None) for part in (node.lower, node.upper, node.step)]
        whole = all(isinstance(part, Known) and isinstance(part.value, int | None) for part in parts)
        return Tuple(tuple(parts), ("start", "stop", "step")) if whole else None

    def _text(self, node: ast.JoinedStr) -> Value:
        parts = [self._part(part) for part in node.values]
        if None in parts:
            known = itertools.takewhile(lambda part: part is not None, parts)
            return begun("".join(part or "" for part in known))
        text = "".join(part for part in parts if part is not None)
        self.count(len(text) // 10)
        return Known(text) if len(text) <= folding.MOST_LENGTH else Some("str")

    def _part(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Constant):
            return str(node.value)
        if not isinstance(node, ast.FormattedValue):
            self.evaluate(node)
            return None
        value = self.evaluate(node.value)
        self.lend(value, node.lineno)
        if node.format_spec:
            wanted = self.evaluate(node.format_spec)
            if node.conversion < 0:
                refused = computing.failure_of(self.resolver, "builtins.format", Arguments((value, wanted)))
                self.doubt_if(refused and f"it cannot be formatted so: {refused[0]}"[:200], node.lineno)
            return None
        if not isinstance(value, Known) or isinstance(value.value, bytes | type(...)):
            return None
        if isinstance(value.value, int) and value.value.bit_length() > 4096:
            return None
        return (
            repr(value.value)
            if node.conversion == 114
            else ascii(value.value)
            if node.conversion == 97
            else str(value.value)
        )

    def _formatted(self, node: ast.FormattedValue) -> Value:
        self.evaluate(node.value)
        return Some("str")

    def _lambda(self, node: ast.Lambda) -> Value:
        return self.make_function(node, "<lambda>")

    def _walrus(self, node: ast.NamedExpr) -> Value:
        value = self.evaluate(node.value)
        self.assign(node.target, value)
        return value

    def _starred(self, node: ast.Starred) -> Value:
        self.evaluate(node.value)
        return self.unknown("a starred expression", node.lineno)

    def _await(self, node: ast.Await | ast.Yield | ast.YieldFrom) -> Value:
        if node.value:
            self.escape(self.evaluate(node.value), node.lineno)
        return self.unknown("what comes back is not known", node.lineno)

    def _call(self, node: ast.Call) -> Value:
        function = self.evaluate(node.func)
        positional: list[Value] = []
        keywords: dict[str, Value] = {}
        exact = True
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                value = self.evaluate(argument.value)
                items = self.iterate(value, node.lineno)
                exact = exact and items is not None
                positional += items or ()
                if items is None:
                    self.escape(value, node.lineno)
            else:
                positional.append(self.evaluate(argument))
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
                continue
            self.fail_if(refusals.of_spreading(value), node.lineno)
            pairs = _pairs_of(value)
            self.fail_if(refusals.of_keywords(value, keywords), node.lineno)
            exact = exact and pairs is not None
            keywords.update(pairs or {})
        asked = surroundings.asked_of(node.func) if isinstance(function, Unknown) else None
        if asked:
            self.depend(asked, node.lineno)
        self.count(len(positional) + len(keywords))
        self.weigh(*positional)
        self.called = function if self.frame is self.frames[-1] else None
        result = self.call(function, Arguments(tuple(positional), keywords, exact), node.lineno)
        self.called = None
        self.weigh(result)
        return result

    _HANDLERS: ClassVar[Mapping[type[ast.expr], Callable[[Any, Any], Value]]] = {
        ast.Name: _name, ast.Attribute: _attribute, ast.Tuple: _tuple, ast.List: _list,
        ast.Set: _set, ast.Dict: _dict, ast.BinOp: Operators.binary, ast.UnaryOp: Operators.unary, ast.BoolOp: _boolean,
        ast.Compare: Comparisons.compare, ast.IfExp: _conditional, ast.Subscript: _subscript, ast.Slice: _slice,
        ast.JoinedStr: _text, ast.FormattedValue: _formatted, ast.Lambda: _lambda, ast.NamedExpr: _walrus,
        ast.Starred: _starred, ast.ListComp: Comprehensions.comprehend, ast.SetComp: Comprehensions.comprehend,
        ast.DictComp: Comprehensions.comprehend, ast.GeneratorExp: Comprehensions.comprehend, ast.Await: _await,
        ast.Yield: _await, ast.YieldFrom: _await, ast.Call: _call,
    }  # fmt: skip


def _pairs_of(value: Value) -> dict[str, Value] | None:
    """A dict with names as its keys; None where it is not known."""
    content = value.content if isinstance(value, Container) and value.type == "dict" else None
    if content is None:
        return None
    pairs = [pair.items for pair in content if isinstance(pair, Tuple)]
    if not all(isinstance(key, Known) and isinstance(key.value, str) for key, _ in pairs):
        return None
    return {str(key.value): item for key, item in pairs if isinstance(key, Known)}
