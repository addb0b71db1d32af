"""Operators, on values that may be known in part."""

import ast
from functools import partial

from spybuild.static import failing, folding, unsupported
from spybuild.static.attributes import Attributes
from spybuild.static.forms import hook_of
from spybuild.static.objects import Class, Form, options
from spybuild.static.values import Container, Either, Known, Some, Tuple, Value, container

_OR = ("__or__", "__ror__")


class Operators(Attributes):
    """Evaluates operators."""

    def binary(self, node: ast.BinOp) -> Value:  # noqa: D102  # its class says it
        return self.operate(node.op, self.evaluate(node.left), self.evaluate(node.right), node.lineno)

    def operate(self, operator: ast.operator, left: Value, right: Value, line: int) -> Value:
        """What a binary operator gives."""
        self.weigh(left, right)
        if isinstance(left, Either) or isinstance(right, Either):
            pairs = [(one, other) for one in options(left) for other in options(right)]
            if len(pairs) <= 9:
                return self.of_each([partial(self.operate, operator, one, other, line) for one, other in pairs], line)
        self.fail_if(failing.of_operator(operator, left, right), line)
        if isinstance(operator, ast.BitOr):
            form = self._union(left, right)
            if form:
                return form
        joined = self._joined_lists(operator, left, right)
        result = joined or folding.binary(operator, left, right)
        if result is None:
            self.doubt_if(self.minds and unsupported.of_operator(self.resolver, operator, left, right), line)
            self.risk()
            self.escape(left, line)
            self.escape(right, line)
            return self.unknown("the result of an operator is not known", line)
        return result

    def _union(self, left: Value, right: Value) -> Value | None:
        """`int | None` of classes and forms."""
        if not any(isinstance(each, Class | Form) for each in (left, right)):
            return None
        if any(hook_of(each, name) for each in (left, right) if isinstance(each, Class) for name in _OR):
            return None
        if all(isinstance(each, Class | Form) or each == Known(None) for each in (left, right)):
            return Form("Union", (left, right), "UnionType")
        return None

    def _joined_lists(self, operator: ast.operator, left: Value, right: Value) -> Value | None:
        """Lists and tuples of any values, joined."""
        if not isinstance(operator, ast.Add):
            return None
        if (
            isinstance(left, Tuple)
            and isinstance(right, Tuple)
            and len(left.items) + len(right.items) <= folding.MOST_LENGTH
        ):
            self.spend(len(left.items) + len(right.items))
            return Tuple(left.items + right.items)
        if isinstance(left, Container) and isinstance(right, Container) and left.type == right.type == "list":
            one, other = left.content, right.content
            if one is None or other is None or len(one) + len(other) > folding.MOST_LENGTH:
                return container("list", None)
            self.spend(len(one) + len(other))
            return container("list", one + other)
        return None

    def unary(self, node: ast.UnaryOp) -> Value:  # noqa: D102
        operand = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            truth = self.truth(operand)
            return Some("bool") if truth is None else Known(not truth)
        self.lend(operand, node.lineno)
        self.fail_if(failing.of_unary(node.op, operand), node.lineno)
        self.doubt_if(self.minds and unsupported.of_unary(self.resolver, node.op, operand), node.lineno)
        return folding.unary(node.op, operand) or self.unknown("the result of an operator is not known", node.lineno)
