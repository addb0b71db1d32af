"""Comprehensions: loops with names of their own."""

import ast
from typing import Any

from spybuild.static.attributes import Attributes
from spybuild.static.known_reaching import ANYTHING, is_anything
from spybuild.static.scopes import Frame
from spybuild.static.values import Cells, Doubt, Some, Tuple, Value, container

_MOST_TURNS = 2000  # of a comprehension


class Comprehensions(Attributes):
    """Evaluates comprehensions."""

    def comprehend(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
        """A comprehension has names of its own, except for what `:=` binds in it."""
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node), "generator")
        results: list[Value] = []
        outer = self.frame
        first = self.evaluate(node.generators[0].iter)
        around = outer.enclosing if outer.is_class else (outer.cells, *outer.enclosing)
        inner = Frame(outer.module, Cells(), around, private=outer.private)
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
        items = None if generators[0].is_async else self.iterate(source, node.lineno)
        exact = items is not None and len(items) <= _MOST_TURNS
        if not exact:
            why = Doubt("a comprehension runs over what is not known", node.lineno)
            item = self.item_of(source, "an item of what is not known", node.lineno)
            self.maybe(lambda: self._turn(node, generator, others, item, results), why)
            return False
        turns = [self._turn(node, generator, others, item, results) for item in items or ()]
        return all(turns)

    def _turn(
        self, node: Any, generator: ast.comprehension, others: list[ast.comprehension], item: Value,
        results: list[Value],
    ) -> bool:  # fmt: skip
        self.step()
        self.assign(generator.target, item)
        return self._passed(node, generator.ifs, others, results)

    def _passed(self, node: Any, tests: list[ast.expr], others: list[ast.comprehension], results: list[Value]) -> bool:
        """One item of a comprehension, as far as the tests let it pass; returns whether that is known."""
        if not tests:
            return self._given(node, others, results)
        truth = self.truth(self.evaluate(tests[0]))
        if truth is None:
            why = Doubt("a condition of a comprehension is not known", node.lineno)
            self.maybe(lambda: self._passed(node, tests[1:], others, results), why)
        return truth is False or (truth is True and self._passed(node, tests[1:], others, results))

    def _given(self, node: Any, others: list[ast.comprehension], results: list[Value]) -> bool:
        if others:
            return self._generate(node, others, self.evaluate(others[0].iter), results)
        if isinstance(node, ast.DictComp):
            results.append(Tuple((self.evaluate(node.key), self.evaluate(node.value))))
        else:
            results.append(self.evaluate(node.elt))
        return True
