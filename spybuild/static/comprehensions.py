"""Comprehensions: loops with names of their own."""

import ast
from typing import Any

from spybuild.static.attributes import Attributes
from spybuild.static.known_reaching import ANYTHING, is_anything
from spybuild.static.scopes import Frame
from spybuild.static.values import (
    Cells,
    Doubt,
    Some,
    Tuple,
    Value,
    container,
)  # fmt: skip

_MOST_TURNS = 2000  # of a comprehension


class Comprehensions(Attributes):
    """Evaluates comprehensions."""

    def comprehend(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        """A comprehension has names of its own, except for what `:=` binds in it."""
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node), "generator")
        results: list[Value] = []
        outer = self.frame
        first = self.evaluate(node.generators[0].iter)
        inner = Frame(outer.module, Cells(), (outer.cells, *outer.enclosing), private=outer.private)
        inner.function, inner.owner, inner.global_ = outer.function, outer.owner, outer.global_
        self.frame = inner
        try:
            exact = self._generate(node, node.generators, first, results)
        finally:
            self.frame = outer
        self._leak(node)
        if not exact and any(map(is_anything, results)):
            return ANYTHING
        if kind == "generator" and not exact:
            return Some("generator")
        return container("list" if kind == "generator" else kind, tuple(results) if exact else None)

    def _leak(self, node: ast.expr) -> None:
        """What `:=` binds within belongs to the frame around."""
        for walrus in (each for each in ast.walk(node) if isinstance(each, ast.NamedExpr)):
            if isinstance(walrus.target, ast.Name):
                why = Doubt("it is bound in a comprehension, which may be empty", node.lineno)
                value = self.unknown(why.reason, node.lineno)
                self.maybe(lambda name=walrus.target.id, value=value: self.bind(name, value, node.lineno), why)  # type: ignore[misc]

    def _generate(self, node: Any, generators: list[ast.comprehension], source: Value, results: list[Value]) -> bool:
        """Run the loops of a comprehension; returns whether `results` is all of what it gives."""
        generator, *others = generators
        items = self.items_of(source)
        exact = items is not None and len(items) <= _MOST_TURNS
        if not exact:
            why = Doubt("a comprehension runs over what is not known", node.lineno)
            item = self.item_of(source, "an item of what is not known", node.lineno)
            self.maybe(lambda: self._turn(node, generator, others, item, results), why)
            return False
        return all(self._turn(node, generator, others, item, results) for item in items or ())

    def _turn(
        self, node: Any, generator: ast.comprehension, others: list[ast.comprehension], item: Value,
        results: list[Value],
    ) -> bool:  # fmt: skip
        self.step()
        self.assign(generator.target, item)
        truths = [self.truth(self.evaluate(test)) for test in generator.ifs]
        if False in truths:
            return True
        if others:
            return self._generate(node, others, self.evaluate(others[0].iter), results) and None not in truths
        if isinstance(node, ast.DictComp):
            results.append(Tuple((self.evaluate(node.key), self.evaluate(node.value))))
        else:
            results.append(self.evaluate(node.elt))
        return None not in truths
