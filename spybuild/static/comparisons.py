"""Comparisons, as far as both sides are known."""

import ast

from spybuild.static import failing, folding, unsupported
from spybuild.static.attributes import Attributes
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Function, Instance, Namespace, Special, type_name
from spybuild.static.values import Container, Either, Known, Some, Tuple, Unknown, Value

_UNIQUE = (Class, Function, Module)


class Comparisons(Attributes):
    """Evaluates comparisons."""

    def compare(self, node: ast.Compare) -> Value:  # noqa: D102  # its class says it
        left, results = self.evaluate(node.left), []
        for operator, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(right_node)
            self.lend(left, node.lineno)
            self.lend(right, node.lineno)
            if self.makings and not isinstance(operator, ast.Is | ast.IsNot):
                self._hand_over(left, right, node.lineno)
            self.fail_if(failing.of_order(operator, left, right), node.lineno)
            self.doubt_if(self.minds and unsupported.of_order(self.resolver, operator, left, right), node.lineno)
            results.append(self._comparison(operator, left, right))
            if results[-1] is False:
                break
            left = right
        if any(result is False for result in results):
            return Known(False)
        if all(results):
            return Known(True)
        self.risk()
        return Some("bool")

    def _hand_over(self, left: Value, right: Value, line: int) -> None:
        """What is compared may be handed to a method that changes it."""
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Instance | Unknown | Either) and any(map(self.is_in_the_making, self.parts_of(other))):
                self.escape(other, line)

    def _comparison(self, operator: ast.cmpop, left: Value, right: Value) -> bool | None:
        self.weigh(left, right)
        special = self._is_in_special(left, right) if isinstance(operator, ast.In | ast.NotIn) else None
        if special is not None:
            return special == isinstance(operator, ast.In)
        if isinstance(operator, ast.Is | ast.IsNot):
            same = _identity(left, right)
            return None if same is None else same == isinstance(operator, ast.Is)
        if isinstance(operator, ast.In | ast.NotIn):
            found = self._membership(left, right)
            return None if found is None else found == isinstance(operator, ast.In)
        return folding.compare(operator, left, right)

    def _is_in_special(self, item: Value, box: Value) -> bool | None:
        """Whether something is in a special container; None where that is not known, or it is none."""
        if isinstance(box, Special) and box.key == "os.environ" and isinstance(item, Known):
            return False if self.resolver.has_no_variable(item.value) else None
        return self.resolver.constants.contains(item, box)

    def _membership(self, item: Value, box: Value) -> bool | None:
        if isinstance(box, Namespace) and isinstance(item, Known) and isinstance(item.value, str) and box.owner:
            cells = self.names_of(box.owner)
            found = self.found_in(cells, item.value)
            return (None if found.doubt else True) if found else False if self.lacks(box.owner, item.value) else None
        if isinstance(box, Container) and box.type == "dict" and box.content is not None:
            keys = [pair.items[0] for pair in box.content if isinstance(pair, Tuple)]
            box = Tuple(tuple(keys))
        elif isinstance(box, Known) and isinstance(box.value, str | bytes):
            return folding.compare(ast.In(), item, box)
        found_items = self.items_of(box)
        if found_items is None or not isinstance(item, Known | Tuple):
            return None
        self.spend(len(found_items))
        same = [folding.compare(ast.Eq(), item, each) for each in found_items]
        return True if True in same else None if None in same else False


def _identity(left: Value, right: Value) -> bool | None:
    """Whether two values are one object; None where that is not known."""
    if isinstance(left, Unknown | Either) or isinstance(right, Unknown | Either):
        return None
    if left is right and not isinstance(left, Known | Some):
        return True
    if isinstance(left, Known) and isinstance(right, Known):
        return folding.compare(ast.Is(), left, right)
    if isinstance(left, _UNIQUE) and isinstance(right, _UNIQUE):
        return False
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Known) and one.value in (None, True, False, ...):
            return None if isinstance(other, Special) or type_name(one) == type_name(other) else False
    return None
