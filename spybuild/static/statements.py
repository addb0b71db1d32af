"""Simple statements: assignments, deletions, raising, definitions of functions; and what a module's body comes to."""

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from spybuild.static import failing, known_methods, refusals
from spybuild.static.branches import Branches
from spybuild.static.calls import Calls
from spybuild.static.core import ANYTHING, MOST_DEPTH, Arguments, Raised
from spybuild.static.definitions import Definitions
from spybuild.static.importing import Importing
from spybuild.static.objects import Class, Instance, Namespace, Special
from spybuild.static.scopes import End
from spybuild.static.values import Container, Doubt, Known, Value, container


class Statements(Calls, Branches, Definitions, Importing):
    """Executes statements."""

    def execute(self, statements: Sequence[ast.stmt]) -> End | None:
        """Execute a block; returns how it is left, None where it runs to its end."""
        if self.depth >= MOST_DEPTH:
            self.poison(Namespace(None), "statements are nested too deeply to be followed", None)
            return None
        self.depth += 1
        self.resolver.depth = self.depth
        try:
            for index, statement in enumerate(statements):
                self.step()
                handler = self._STATEMENTS.get(type(statement))
                end = handler(self, statement) if handler else None
                if end is not None:
                    return end
                if self.frame.gone and index + 1 < len(statements):
                    return self.go_on(partial(self.execute, statements[index + 1 :]))
            return None
        finally:
            self.depth -= 1
            self.resolver.depth = self.depth

    # ---- binding ----
    def _assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, value)

    def assign(self, target: ast.expr, value: Value) -> None:
        """Bind a target: a name, an attribute, an item, or several of them."""
        match target:
            case ast.Name(id=name):
                self.bind(name, value, target.lineno)
            case ast.Attribute(value=owner, attr=name):
                self.set_attribute(self.evaluate(owner), self.mangle(name), value, target.lineno)
            case ast.Subscript(value=owner, slice=index):
                self.set_item(self.evaluate(owner), self.evaluate(index), value, target.lineno)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(targets, value, target.lineno)
            case ast.Starred(value=inner):
                self.assign(inner, container("list", None))

    def _unpack(self, targets: list[ast.expr], value: Value, line: int) -> None:
        items = self.iterate(value, line)
        starred = next((index for index, each in enumerate(targets) if isinstance(each, ast.Starred)), None)
        if items is not None:
            self.fail_if(failing.of_unpacking(len(items), starred=starred is not None, targets=len(targets)), line)
        if items is None or len(items) < len(targets) - (starred is not None):
            items = None
        if items is not None and starred is not None:
            after = len(targets) - starred - 1
            middle = container("list", items[starred : len(items) - after])
            items = (*items[:starred], middle, *items[len(items) - after :])
        for index, each in enumerate(targets):
            inner = each.value if isinstance(each, ast.Starred) else each
            unpacked = self.item_of(value, "it is unpacked from what is not known", line)
            if items is None or len(items) != len(targets):
                self.assign(inner, container("list", None) if each is not inner else unpacked)
            else:
                self.assign(inner, items[index])

    def _annotated(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name) and node.simple:
            self._annotate(node.target.id, node.annotation)
        if self.frame.function is None:
            self.run_annotation(node.annotation)
        if node.value is not None:
            self.assign(node.target, self.evaluate(node.value))

    def _annotate(self, name: str, annotation: ast.expr) -> None:
        if self.frame.is_class and self.frame.owner:
            self.frame.owner.annotations[self.mangle(name)] = annotation
        elif self.frame.is_module:
            self.frame.module.annotations[name] = annotation

    def _augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        match target:
            case ast.Name(id=name):
                old = self.look_up(self.mangle(name), node.lineno)
            case ast.Attribute(value=owner, attr=name):
                old = self.attribute(self.evaluate(owner), self.mangle(name), node.lineno)
            case _:
                old = self.item(self.evaluate(target.value), self.evaluate(target.slice), node.lineno)
        added = self.evaluate(node.value)
        if isinstance(old, Namespace):
            self.call(Special("method.update"), Arguments((old, added)), node.lineno)
            return
        if isinstance(old, Container) and isinstance(node.op, ast.Add | ast.BitOr):
            self.iterate(added, node.lineno)
            known_methods.extend(self, old, added, node.lineno)
            self.assign(target, old)
            return
        self.assign(target, self.operate(node.op, old, added, node.lineno))

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._delete_one(target)

    def _delete_one(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.unbind(name, target.lineno)
            case ast.Attribute(value=owner, attr=name):
                self.set_attribute(self.evaluate(owner), self.mangle(name), None, target.lineno)
            case ast.Subscript(value=owner, slice=index):
                self.set_item(self.evaluate(owner), self.evaluate(index), None, target.lineno)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                for each in targets:
                    self._delete_one(each)

    def _scope(self, node: ast.Global | ast.Nonlocal) -> None:
        names = self.frame.global_ if isinstance(node, ast.Global) else self.frame.nonlocal_
        names.update(map(self.mangle, node.names))

    def _expression(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.evaluate(node.value)

    # ---- leaving ----
    def _raise(self, node: ast.Raise) -> None:
        if node.exc is None and self.handling and self.handling[-1]:
            raise self.handling[-1]
        value = self.evaluate(node.exc) if node.exc else None
        self.fail_if(refusals.of_raising(value), node.lineno)
        if isinstance(value, Class) and not value.native and not value.unknown():
            self.call(value, Arguments(), node.lineno)
        kind = value if isinstance(value, Class) else value.kind if isinstance(value, Instance) else None
        name = kind.name if kind and not kind.unsure else ANYTHING
        if kind:
            self.ancestry[name] = frozenset(owner.name for owner in kind.mro)
        status = self._status(node.exc) if name == "SystemExit" else None
        raise Raised(name, self._message(node.exc), self.frame.module, node.lineno, status)

    def _message(self, node: ast.expr | None) -> str:
        if isinstance(node, ast.Call) and len(node.args) == 1:
            value = self.evaluate(node.args[0])
            return str(value.value) if isinstance(value, Known) else ""
        return ""

    def _status(self, node: ast.expr | None) -> int:
        value = self.evaluate(node.args[0]) if isinstance(node, ast.Call) and node.args else Known(None)
        return exit_status(value)

    def _assert(self, node: ast.Assert) -> None:
        truth = self.truth(self.evaluate(node.test))
        if truth is None:
            self.risk("AssertionError")
        elif truth is False:
            raise Raised("AssertionError", "", self.frame.module, node.lineno)

    def _return(self, node: ast.Return) -> End:
        self.frame.returned.append(self.evaluate(node.value) if node.value else Known(None))
        return End.RETURN

    def _break(self, _: ast.Break) -> End:
        return End.BREAK

    def _continue(self, _: ast.Continue) -> End:
        return End.CONTINUE

    def _type_alias(self, node: Any) -> None:
        """`type X = ...` (PEP 695): its value is only computed when it is asked for."""
        self.bind(node.name.id, self.resolver.forms.alias(node, self.frame), node.lineno)

    def _grouped(self, node: ast.TryStar) -> None:
        """`except*`: which exceptions of a group it catches is not followed."""
        why = Doubt("it depends on which exceptions of a group are raised", node.lineno)
        self.maybe(lambda: self.trying(node), why)

    _STATEMENTS: ClassVar[Mapping[type[ast.stmt], Callable[[Any, Any], End | None]]] = {
        ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Delete: _delete,
        ast.Global: _scope, ast.Nonlocal: _scope, ast.Expr: _expression, ast.Raise: _raise, ast.Assert: _assert,
        ast.Return: _return, ast.Break: _break, ast.Continue: _continue,
        ast.If: Branches.branch, ast.Try: Branches.trying, ast.TryStar: _grouped, ast.For: Branches.looping,
        ast.AsyncFor: Branches.looping, ast.While: Branches.looping, ast.With: Branches.within,
        ast.AsyncWith: Branches.within, ast.Match: Branches.matching,
        ast.FunctionDef: Definitions.define_function, ast.AsyncFunctionDef: Definitions.define_function,
        ast.ClassDef: Definitions.define_class, ast.Import: Importing.import_names,
        ast.ImportFrom: Importing.import_from,
        **({ast.TypeAlias: _type_alias} if hasattr(ast, "TypeAlias") else {}),
    }  # fmt: skip


def exit_status(code: Value) -> int:
    """The status that a process ends with after `SystemExit(code)`."""
    if not isinstance(code, Known) or code.value is None:
        return 0 if isinstance(code, Known) else 1
    return code.value & 0xFF if isinstance(code.value, int) else 1
