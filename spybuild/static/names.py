"""Names: what they are bound to where they stand."""

from collections.abc import Iterable
from typing import Any

from spybuild.static import patches
from spybuild.static.core import Raised
from spybuild.static.items import Items
from spybuild.static.objects import Class, Form, Function
from spybuild.static.values import Binding, Cells, Known, Unknown, Value


class Names(Items):
    """Looks up names."""

    def look_up(self, name: str, line: int | None) -> Value:
        """What a name is bound to here: own, enclosing, global, builtin."""
        for cells in self._places(name):
            found = self.found_in(cells, name)
            if self.resolver.patched and cells is self.frame.module.cells and self._is_patched(name):
                return self.unknown(f"{name} is changed while other modules are imported", line)
            if found:
                return self.read(found)
            if cells.open and not self.resolver.natives.is_absent(cells.open, name):
                self.risk("NameError")
                return Unknown(cells.open)
        return self._builtin(name, line)

    def must_have(self, name: str, line: int | None) -> None:
        """Fail where a name is bound nowhere, without looking up what it stands for."""
        for cells in self._places(name):
            if cells.get(name) or (cells.open and not self.resolver.natives.is_absent(cells.open, name)):
                return
        self._builtin(name, line)

    def bound_class(self, name: str) -> Class | None:
        """The class that a name is bound to here, for sure and not by an import."""
        found = next((bound for cells in self._places(name) if (bound := cells.get(name)) or cells.open), None)
        value = found.value if found and not found.doubt else None
        if found is None and not any(cells.open for cells in self._places(name)):
            value = self.resolver.builtin(name)
        return value if isinstance(value, Class) and not self.resolver.patched else None

    def _is_patched(self, name: str) -> bool:
        return patches.doubt_of(self.resolver.patched, self.frame.module.name, name) is not None

    def _places(self, name: str) -> Iterable[Cells]:
        frame = self.frame
        if frame.local is not None and name in frame.local:
            yield frame.cells
            return
        if name not in frame.global_:
            yield frame.cells
            yield from frame.enclosing
        yield frame.module.cells

    def _builtin(self, name: str, line: int | None) -> Value:
        if self.frame.local is not None and name in self.frame.local:
            raise Raised("UnboundLocalError", f"local variable {name!r} is not set", self.frame.module, line)
        found = self.resolver.builtin(name)
        if found is not None:
            return found
        if name == "__class__" and self.frame.function:
            return self.unknown("the class that a method stands in", line)
        package = self.frame.module
        if package.found.kind != "source":  # a stub may speak of what it declares later
            return self.unknown(f"{name} is not declared yet", line)
        if name in package.submodules:
            return package.submodules[name]
        if package.found.is_package and self.resolver.module(f"{package.name}.{name}") is not None:
            self.risk("NameError")
            return self.unknown(f"{name} may be a submodule that is loaded by then", line)
        raise Raised("NameError", f"name {name!r} is not defined", self.frame.module, line)

    def read(self, binding: Binding) -> Value:
        """The value of a name that is read; what is in doubt is unknown."""
        if binding.doubt:
            self.risk("NameError")
            return Unknown(binding.doubt)
        return self.resolver.actual(binding.value)

    def make_function(self, node: Any, name: str) -> Function:
        """The function that a `def` or a lambda makes here; its defaults are evaluated now."""
        every = node.args
        arguments = [*every.posonlyargs, *every.args]
        pairs = list(zip(reversed(arguments), reversed(every.defaults), strict=False))[::-1]
        pairs += [(arg, default) for arg, default in zip(every.kwonlyargs, every.kw_defaults, strict=True) if default]
        defaults = {argument.arg: self.evaluate(default) for argument, default in pairs}
        frame = self.frame
        prefix, enclosing = self.around()
        scope = type_parameters(node)
        return Function(
            node=node,
            module=frame.module,
            qualname=prefix + name,
            enclosing=(scope, *enclosing) if scope else enclosing,
            private=frame.private,
            defaults=defaults,
            owner=frame.owner,
            said=self.module_name(),
        )

    def around(self) -> tuple[str, tuple[Cells, ...]]:
        """What a definition that stands here has before its name, and the namespaces that it sees."""
        frame = self.frame
        prefix = f"{frame.function.qualname}.<locals>." if frame.function else ""
        if frame.is_class and frame.owner:
            prefix = f"{frame.owner.qualname}."
        inside = not frame.is_class and not frame.is_module
        return prefix, (frame.cells, *frame.enclosing) if inside else frame.enclosing

    def module_name(self) -> str:
        """`__name__`, which functions and classes take as its `__module__`."""
        found = self.frame.module.cells.get("__name__")
        return str(found.value.value) if found and isinstance(found.value, Known) else self.frame.module.name


def type_parameters(node: Any) -> Cells | None:
    """PEP 695: the scope of a definition's type parameters, if it has any."""
    parameters = getattr(node, "type_params", ())
    names = {each.name: Binding(Form(each.name, None, type(each).__name__), node.lineno) for each in parameters}
    return Cells(names) if names else None
