"""Loops: unrolled where it is known what they run over, else run until nothing new comes of them."""

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from spybuild.static.core import MOST_DEPTH, Raised
from spybuild.static.expressions import Expressions
from spybuild.static.known_reaching import turns_over
from spybuild.static.scopes import Changes, End, Gone
from spybuild.static.values import Container, Doubt, Value

_MOST_TURNS = 512  # of a loop that is unrolled
_MOST_ROUNDS = 3  # of a loop until it changes nothing any more


class Loops(Expressions):
    """Executes `for` and `while`."""

    def shown(self, node: ast.expr) -> str:  # noqa: D102  # abstract
        try:
            return ast.unparse(node)[:80]
        except (RecursionError, ValueError):
            return "…"

    # ---- loops ----
    def looping(self, node: Any) -> End | None:
        """`for` and `while`: unrolled where it is known what they run over, else run until nothing new comes of it."""
        if isinstance(node, ast.While):
            return self._while(node)
        source = self.evaluate(node.iter)
        items = None if isinstance(node, ast.AsyncFor) else self.iterate(source, node.lineno)
        if items is not None and len(items) <= _MOST_TURNS:
            done, end = self._in_turn(node, source, items)
            if done:
                return end
        value = self.item_of(source, "it comes from a loop over what is not known", node.lineno)
        why = Doubt(f"it depends on a loop over what is not known: {self.shown(node.iter)}", node.lineno)
        return self._rounds(node, partial(self._turn_over, node, source, value, why), why)

    def _in_turn(self, node: Any, source: Value, items: tuple[Value, ...]) -> tuple[bool, End | None]:
        """One turn for each item; not done where the body changes what it runs over."""
        before = source.content if isinstance(source, Container) else None
        gone = list(self.frame.gone)
        self.journal.begin()
        try:
            end = self._unrolled(node, items)
        except BaseException:
            self.journal.keep()
            raise
        if not isinstance(source, Container) or source.content is before:
            self.journal.keep()
            return True, end
        self.journal.take_back()
        self.frame.gone = gone
        return False, None

    def _turn_over(self, node: Any, source: Value, value: Value, why: Doubt) -> End | None:
        """One turn of a loop over what is not known."""
        every = turns_over(self, source, node.lineno) or (value,)

        def one(item: Value) -> End | None:
            self.assign(node.target, item)
            return self.execute(node.body)

        return one(value) if len(every) == 1 else self.fork([partial(one, item) for item in every], why)

    def _unrolled(self, node: Any, items: tuple[Value, ...]) -> End | None:
        """Run the body once for each item; where a turn may leave the loop, those after it may not happen."""
        for index, item in enumerate(items):
            self.assign(node.target, item)
            end = self.execute(node.body)
            if end is End.BREAK or end is End.RETURN:
                return None if end is End.BREAK else end
            self.come_back(End.CONTINUE)
            if self.frame.gone:
                end = self.go_on(partial(self._later_turns, node, items[index + 1 :]))
                self.come_back(End.BREAK)
                return None if end is End.BREAK else end
        return self.execute(node.orelse)

    def _later_turns(self, node: Any, items: tuple[Value, ...]) -> End | None:
        if self.depth > MOST_DEPTH // 3:
            value = self.unknown("it comes from a long loop", node.lineno)
            why = Doubt("it depends on a long loop", node.lineno)
            return self._rounds(node, partial(self._turn_over, node, value, value, why), why)
        self.depth += 2
        try:
            return self._unrolled(node, items)
        finally:
            self.depth -= 2

    def _while(self, node: ast.While) -> End | None:
        truth = self.truth(self.evaluate(node.test))
        if truth is False:
            return self.execute(node.orelse)
        why = Doubt(f"it depends on a loop: while {self.shown(node.test)}", node.lineno)
        end = self._rounds(node, partial(self.execute, node.body), why, runs=truth is True)
        endless = truth and end is None and not _can_be_left(node) and not self.trials
        if endless and self.truth(self.evaluate(node.test)):
            self.doubt_import("a loop has no end", node.lineno)
        return end

    def _rounds(self, node: Any, body: Callable[[], End | None], why: Doubt, *, runs: bool = False) -> End | None:
        """Run the body over and over until what it leaves behind stays the same."""
        if runs:
            end = body()
            self.come_back(End.CONTINUE, End.BREAK)
            if end is End.RETURN or end is End.BREAK:
                return end if end is End.RETURN else None
        for turn in range(_MOST_ROUNDS):
            if not self._round(node, body, why, widening=turn > 0):
                break
        else:
            self._give_up(node, why)
        return self.fork([partial(self.execute, node.orelse), lambda: None], why) if node.orelse else None

    def _round(self, node: Any, body: Callable[[], End | None], why: Doubt, *, widening: bool) -> bool:
        """One turn that may happen; returns whether anything came of it."""
        self.journal.begin()
        self.uncertain += 1
        try:
            end = body()
            leaves = end is End.RETURN or any(path.end is End.RETURN for path in self.frame.gone)
            self.come_back(*End)
            if isinstance(node, ast.While):
                self.evaluate(node.test)
        except Raised as raised:
            self.may_raise(raised, why, self.journal.take_back())
            return False
        except BaseException:
            self.journal.take_back()
            raise
        finally:
            self.uncertain -= 1
        changes: Changes = self.journal.take_back()
        changed = self.journal.join([{}, changes], why, widening=widening)
        if leaves:
            self.frame.gone.append(Gone(End.RETURN, {}, why))
        return changed

    def _give_up(self, node: Any, why: Doubt) -> None:
        """Names that differ with every turn are not known."""
        for inner in (each for statement in node.body for each in ast.walk(statement)):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                name = self.mangle(inner.id)
                found = self.cells_for(name).get(name)
                if found:
                    value = self.unknown(why.reason, why.line)
                    self.journal.write(self.cells_for(name), name, type(found)(value, found.line, found.doubt))


def _can_be_left(loop: ast.While) -> bool:
    """Whether there is a statement in its body that leaves a loop."""
    return any(isinstance(each, ast.Break | ast.Return | ast.Raise) for part in loop.body for each in ast.walk(part))
