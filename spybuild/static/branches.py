"""Compound statements: which way the target goes, or that this cannot be known."""

import ast
from collections.abc import Callable
from functools import partial
from typing import Any

from spybuild.static import failing, unsupported
from spybuild.static.core import ANYTHING, Arguments, Raised, Trial
from spybuild.static.loops import Loops
from spybuild.static.objects import Class, Instance
from spybuild.static.scopes import End
from spybuild.static.values import Doubt, Known, Tuple, Value

_MOST_CASES = 100  # of a `match`
_IMPORT_ERRORS = {"ImportError", "ModuleNotFoundError"}
# what each name in an `except` catches, of the exceptions that are told apart here
_CAUGHT = {
    "ImportError": _IMPORT_ERRORS, "LookupError": {"KeyError", "IndexError", "LookupError"},
    "NameError": {"NameError", "UnboundLocalError"}, "OSError": {"OSError"},
}  # fmt: skip


class Branches(Loops):
    """Executes what has bodies."""

    def branch(self, node: ast.If) -> End | None:
        """`if`: one body where the condition is known, else both."""
        truth = self.truth(self.evaluate(node.test))
        if truth is not None:
            return self.execute(node.body if truth else node.orelse)
        condition = self.shown(node.test)
        why = Doubt(f"it depends on a condition that cannot be known: {condition}", node.lineno)
        self.assured += [condition] if "environ" in condition else []
        try:
            return self.fork([partial(self.execute, node.body), partial(self.execute, node.orelse)], why)
        finally:
            self.assured = self.assured[:-1] if "environ" in condition else self.assured

    # ---- try ----
    def trying(self, node: Any) -> End | None:
        """`try`: the handlers run where something they catch is raised, or may be."""
        try:
            end = self._try_body(node)
        except Raised:
            self.execute(node.finalbody)
            raise
        final = self.execute(node.finalbody)
        return final or end

    def _try_body(self, node: Any) -> End | None:
        trial = Trial()
        self.trials.append(trial)
        self.journal.begin()
        raised: Raised | None = None
        end: End | None = None
        try:
            end = self.execute(node.body)
        except Raised as error:
            raised = error
        except BaseException:
            self.journal.keep()
            raise
        finally:
            self.trials.pop()
        if raised:
            self.journal.keep()
            return self._handle(node, raised)
        return self._after_body(node, trial, end)

    def _handle(self, node: Any, raised: Raised) -> End | None:
        """The body raises for sure: the first handler that catches it runs."""
        for handler in node.handlers:
            catches = self._catches(handler, raised.kind)
            if catches:
                return self._handler(handler, raised)
            if catches is None:
                why = Doubt("it cannot be known what is caught", handler.lineno)
                return self.fork([partial(self._handler, handler, raised), partial(self._reraise, raised)], why)
        raise raised

    def _reraise(self, raised: Raised) -> End | None:
        raise raised

    def _after_body(self, node: Any, trial: Trial, end: End | None) -> End | None:
        """The body may have raised: what it did then is done in part, and a handler ran."""
        reachable = [handler for handler in node.handlers if self._may_catch(handler, trial.risks)]
        for risk in trial.risks - {ANYTHING}:
            if self.trials and not any(self._catches(handler, risk) for handler in node.handlers):
                self.trials[-1].risks.add(risk)
            elif risk == "OSError" and not any(self._catches(handler, risk) for handler in node.handlers):
                self.doubt_import("what it needs of the running container may be missing", node.lineno)
        if ANYTHING in trial.risks and self.trials:
            self.trials[-1].risks.add(ANYTHING)
        if not reachable:
            self.journal.keep()
            return end or self.execute(node.orelse)
        done = self.journal.take_back()
        gone, self.frame.gone = self.frame.gone, []
        why = Doubt("it depends on whether an exception is raised", node.lineno)

        def succeed() -> End | None:
            self.journal.join([done], why)
            self.frame.gone = gone
            return end or self.go_on(partial(self.execute, node.orelse))

        def fail(handler: ast.ExceptHandler) -> End | None:
            self.journal.join([done, {}, *trial.changes], why)
            return self._handler(handler)

        paths: list[Callable[[], End | None]] = [succeed, *(partial(fail, handler) for handler in reachable)]
        return self.fork(paths, why)

    def _handler(self, handler: ast.ExceptHandler, raised: Raised | None = None) -> End | None:
        """Run a handler; the name it gives to the exception is gone after it."""
        if handler.name:
            self.bind(handler.name, self.unknown("which exception it is", handler.lineno), handler.lineno)
        self.handling.append(raised)
        try:
            end = self.execute(handler.body)
        finally:
            self.handling.pop()
        if handler.name and self.cells_for(handler.name).get(handler.name):
            self.unbind(handler.name, handler.lineno)
        return end

    def _may_catch(self, handler: ast.ExceptHandler, risks: set[str]) -> bool:
        if not risks:
            return False
        return ANYTHING in risks or any(self._catches(handler, risk) is not False for risk in risks)

    def _catches(self, handler: ast.ExceptHandler, kind: str) -> bool | None:
        """Whether a handler catches an exception of this name; None where that cannot be known."""
        if handler.type is None:
            return True
        value = self.evaluate(handler.type)
        every = value.items if isinstance(value, Tuple) else (value,)
        found = [self._is_caught(each, kind) for each in every]
        return True if True in found else None if None in found else False

    def _is_caught(self, value: Value, kind: str) -> bool | None:
        if not isinstance(value, Class):
            return None
        if value.name in ("Exception", "BaseException"):
            return value.name == "BaseException" or kind not in ("SystemExit", "KeyboardInterrupt")
        if kind == ANYTHING or value.unsure:
            return None
        if value.name in self.ancestry.get(kind, ()) or value.name == kind or kind in _CAUGHT.get(value.name, ()):
            return True
        raised = self.resolver.builtin(kind)
        if isinstance(raised, Class):
            return value in raised.mro
        return False

    # ---- with, match ----
    def within(self, node: Any) -> End | None:
        """`with`: a manager that swallows exceptions makes its body one that may end early."""
        swallows = False
        for item in node.items:
            manager = self.evaluate(item.context_expr)
            self.fail_if(failing.of_context(manager), node.lineno)
            if isinstance(node, ast.With):
                self._enter(manager, node.lineno)
            self.lend(manager, node.lineno)
            swallows = swallows or self.resolver.swallows(manager)
            if item.optional_vars:
                entered = self.resolver.entered(manager)
                self.assign(item.optional_vars, entered or self.unknown("what `with` gives is not known", node.lineno))
        if not swallows:
            return self.execute(node.body)
        why = Doubt("an exception may be swallowed before", node.lineno)
        trial = Trial()
        self.trials.append(trial)
        self.journal.begin()
        try:
            end = self.execute(node.body)
        except Raised:
            self.journal.keep()
            return None
        except BaseException:
            self.journal.keep()
            raise
        finally:
            self.trials.pop()
        if not trial.risks:
            self.journal.keep()
            return end
        self.journal.join([{}, self.journal.take_back(), *trial.changes], why)
        return None

    def _enter(self, manager: Value, line: int) -> None:
        self.doubt_if(self.minds and unsupported.of_context(self.resolver, manager), line)
        enter = manager.kind.find("__enter__") if isinstance(manager, Instance) else None
        if enter:
            self.try_out(enter[1].value, Arguments((manager,)), line)

    def matching(self, node: ast.Match) -> End | None:
        """`match`: each case may be the one, except where all that is matched is constant."""
        subject = self.evaluate(node.subject)
        paths: list[Callable[[], End | None]] = []
        for case in node.cases:
            verdict = self._matches(case, subject)
            if verdict is not False:
                paths.append(partial(self._case, case, subject))
            if verdict:
                break
        else:
            paths.append(lambda: None)
        if len(paths) == 1:
            return paths[0]()
        why = Doubt("it depends on what is matched", node.lineno)
        if len(paths) <= _MOST_CASES:
            return self.fork(paths, why)
        for path in paths:  # one after the other: what they bind is in doubt all the same
            self.fork([path, lambda: None], why)
        return None

    def _matches(self, case: ast.match_case, subject: Value) -> bool | None:
        match case.pattern:
            case ast.MatchAs(pattern=None) if case.guard is None:
                return True
            case ast.MatchValue(value=ast.Constant(value=wanted)) if isinstance(subject, Known):
                same = bool(subject.value == wanted)
                return same if not same or case.guard is None else None
            case _:
                return None

    def _case(self, case: ast.match_case, subject: Value) -> End | None:
        for pattern in ast.walk(case.pattern):
            name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
            if isinstance(pattern, ast.MatchAs | ast.MatchStar | ast.MatchMapping) and name:
                whole = pattern is case.pattern and isinstance(pattern, ast.MatchAs) and pattern.pattern is None
                value = subject if whole else self.unknown("it is captured by a pattern", case.pattern.lineno)
                self.bind(name, value, case.pattern.lineno)
        if case.guard is not None and self.truth(self.evaluate(case.guard)) is False:
            return None
        return self.execute(case.body)
