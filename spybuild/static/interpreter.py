"""The interpreter put together, and the import of one module that it carries out."""

import ast

from spybuild.model.facts import ErrorFacts, Frame, Outcome
from spybuild.static import (
    known_builtins,
    known_dataclasses,
    known_decorators,
    known_functions,
    known_metaclasses,
    known_methods,
    known_objects,
    known_properties,
    known_reaching,
    known_system,
    known_tuples,
)
from spybuild.static.budget import REASON, TooMuch
from spybuild.static.core import ANYTHING, Raised, Trial
from spybuild.static.forms import TYPING
from spybuild.static.modules import State
from spybuild.static.objects import Class, Instance, Namespace, Special
from spybuild.static.scopes import opened
from spybuild.static.statements import Statements
from spybuild.static.values import Doubt, Value

__all__ = [
    "Interpreter",
    "known_builtins",
    "known_dataclasses",
    "known_decorators",
    "known_functions",
    "known_metaclasses",
    "known_methods",
    "known_objects",
    "known_properties",
    "known_reaching",
    "known_system",
    "known_tuples",
]


class Interpreter(Statements):
    """Carries out the import of one module, on values that are only half known."""

    def as_interpreter(self) -> "Interpreter":
        """Itself."""
        return self

    def run(self, tree: ast.Module) -> None:
        """Execute a module's body, and settle how its import ends."""
        if self.module.is_program:
            self.module.may_fail = Doubt(f"{self.module.name} is a program, which runs when it is imported")
        try:
            self.execute(tree.body)
        except Raised as raised:
            if self.module.found.kind == "source":  # a stub is not run
                self._end_with(raised)
        except (TooMuch, RecursionError, MemoryError) as limit:
            reason = REASON if isinstance(limit, TooMuch) else "it is nested too deeply to be followed"
            opened(self.journal, self.module.cells, Doubt(reason), rebinds=True)
            if self.module.is_own:
                self.module.may_fail = self.module.may_fail or Doubt(reason)
        self.module.state = State.DONE

    def _end_with(self, raised: Raised) -> None:
        module = self.module
        if raised.kind == "SystemExit":
            module.outcome, module.exit_status = Outcome.EXITED, raised.status
        else:
            module.outcome = Outcome.FAILED
            module.error_bases = self.ancestry.get(raised.kind, frozenset())
        path = raised.module.found.path or raised.module.name
        frame = Frame(path=path, line=raised.line, function="<module>", source=raised.module.line(raised.line))
        kind = "Exception" if raised.kind == ANYTHING else raised.kind
        module.error = ErrorFacts(type=kind, message=raised.message, traceback=(frame,))

    # ---- what the handlers of `knowledge` need ----
    def is_member(self, value: Value) -> bool:
        """Whether a value is a member of an enum."""
        return isinstance(value, Instance) and any(owner.path == "enum.Enum" for owner in value.kind.mro)

    def annotation_kind(self, kind: Class, annotation: ast.expr) -> str:  # noqa: ARG002
        """What an annotation means to a dataclass: `ClassVar`, `InitVar`, `KW_ONLY`, or nothing special."""
        node = annotation
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            try:
                node = ast.parse(node.value, mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return ""
        base = node.value if isinstance(node, ast.Subscript) else node
        if not isinstance(base, ast.Name | ast.Attribute):
            return ""
        value = self._quietly(base)
        key = value.key if isinstance(value, Special) else ""
        module, _, name = key.rpartition(".")
        if module in (*TYPING, "dataclasses") and name in ("ClassVar", "InitVar", "KW_ONLY"):
            return name
        return ""

    def _quietly(self, node: ast.expr) -> Value:
        """What an expression is worth, whatever it would do taken back."""
        self.journal.begin()
        self.trials.append(Trial())
        try:
            return self.evaluate(node)
        except Raised:
            return self.unknown("it cannot be evaluated", node.lineno)
        finally:
            self.trials.pop()
            self.journal.take_back()

    def poison_class(self, kind: Class, reason: str, line: int | None) -> None:
        """A class may have other members than are told."""
        self.poison(Namespace(kind), reason, line)
