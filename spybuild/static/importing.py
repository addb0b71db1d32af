"""Imports: which module a name stands for, and whether the target could import it."""

import ast
from functools import partial

from spybuild.model.facts import Outcome
from spybuild.static import patches
from spybuild.static.core import Raised
from spybuild.static.modules import PROGRAM, Module, State, parents_of
from spybuild.static.objects import options
from spybuild.static.paths import Paths
from spybuild.static.reach import absolute
from spybuild.static.scopes import opened
from spybuild.static.values import Binding, Container, Doubt, Imported, Known, Tuple, Unknown, Value


class Importing(Paths):
    """Executes import statements."""

    def import_names(self, node: ast.Import) -> None:
        """`import a.b` binds `a`, `import a.b as c` binds `a.b`."""
        for alias in node.names:
            module = self.import_module(alias.name, node.lineno)
            top = alias.name.partition(".")[0]
            if alias.asname:
                self.bind(alias.asname, module, node.lineno)
            else:
                root = self.resolver.module(top)
                unknown = (
                    module
                    if isinstance(module, Unknown)
                    else self.unknown("it is not known what is imported", node.lineno)
                )
                self.bind(top, root or unknown, node.lineno)

    def import_module(self, name: str, line: int | None) -> Value:
        """The module of a name. Every package on the way to it is imported, too.

        Raises:
            Raised: there is no such module for sure, or its own import fails for sure.
        """
        replaced = patches.doubt_of(self.resolver.patched, "builtins", "__import__")
        if replaced:
            self.risk()
            return Unknown(replaced)
        parts = name.split(".")
        module: Module | None = None
        for length in range(1, len(parts) + 1):
            dotted = ".".join(parts[:length])
            parent, module = module, self.resolver.module(dotted)
            if module is None:
                doubt = self.resolver.missing(dotted, parent)
                if doubt is None:
                    raise self._missing(dotted, parent, line)
                self.risk("ModuleNotFoundError")
                self.doubt_if(doubt if parent is not None and parent.is_stdlib else None, line)
                return Unknown(Doubt(doubt, line))
            self._note(module)
            self._fails_with(module, line)
            if parent is not None:
                self.loaded(parent, module, parts[length - 1], line)
        assert module is not None
        return module

    def loaded(self, parent: Module, module: Module, last: str, line: int | None) -> None:
        """A submodule is bound in its package once it is imported."""
        self._note(module)
        if last not in parent.submodules:
            parent.submodules[last] = module
            if parent is self.module:
                self.journal.write(parent.cells, last, Binding(module, line))

    def _note(self, module: Module) -> None:
        """Remember what is imported, and whether for sure."""
        self.module.imports[module.name] = self.module.imports.get(module.name, False) or not self.uncertain

    def _missing(self, name: str, parent: Module | None, line: int | None) -> Raised:
        message = f"No module named {name!r}"
        if parent is not None and not parent.found.is_package:
            message += f"; {parent.name!r} is not a package"
        return Raised("ModuleNotFoundError", message, self.frame.module, line)

    def _fails_with(self, module: Module, line: int | None) -> None:
        """An import that fails for sure makes this one fail."""
        if module is self.module or module.name == PROGRAM:
            return
        if module.is_program:
            self.depend(f"{module.name} is a program, which runs when it is imported", line, "SystemExit")
        if module.is_stdlib or module.found.kind != "source":
            self.resolver.variables.is_opaque |= not module.is_stdlib and module.found.kind != "namespace"
            self.fail_if(self.resolver.failure(module), line)
        else:
            self._run_import(module, line)
        is_compiled = module.found.kind in ("extension", "bytecode") and not module.is_stdlib
        if (module.may_fail or is_compiled) and self.trials:
            self.risk("ImportError")
        if module.found.kind == "unknown":
            missing = Raised("ModuleNotFoundError", f"No module named {module.name!r}", self.frame.module, line)
            why = Doubt(f"{module.name} was not found: {module.found.doubt}", line)
            self.may_raise(missing, why)
            if not self.trials and len(self.frames) == 1:  # of the standard library, too: others may handle it
                self.module.may_fail = self.module.may_fail or why

    def _run_import(self, module: Module, line: int | None) -> None:
        """Import a module of the image: what it raises is raised here."""
        self.resolver.load(module)
        error = module.error
        if module.outcome is Outcome.EXITED:
            raise Raised("SystemExit", "", self.frame.module, line, module.exit_status)
        if module.outcome is Outcome.FAILED and error:
            self.ancestry.setdefault(error.type, module.error_bases)
            raise Raised(error.type, error.message, self.frame.module, line)
        doubt = module.may_fail
        if module.outcome is Outcome.UNREADABLE:
            self.doubt_import(f"{module.name}, which it imports, cannot be read", line)
        elif doubt and not module.is_installed and not self.trials:
            self.doubt_import(f"the import of {module.name} may fail: {doubt.reason}", line)

    def import_from(self, node: ast.ImportFrom) -> None:
        """`from a import b`: what b is, is only looked up when somebody asks, except where a `try` depends on it."""
        if node.module == "__future__" and not node.level:
            self._from_future(node)
            return
        name = self._absolute(node)
        if name is None:
            raise Raised(
                "ImportError", "attempted relative import with no known parent package", self.frame.module, node.lineno
            )
        module = self.import_module(name, node.lineno)
        for alias in node.names:
            if alias.name == "*":
                self._import_star(module, node.lineno)
            else:
                value = self._member(module, name, alias.name, node.lineno)
                self.bind(alias.asname or alias.name, value, node.lineno)

    def _from_future(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            value = Imported("__future__", alias.name, node.lineno)
            self.bind(alias.asname or alias.name, value, node.lineno)

    def _absolute(self, node: ast.ImportFrom) -> str | None:
        return absolute(self.frame.module, node.level, node.module or "")

    def _member(self, module: Value, module_name: str, name: str, line: int) -> Value:
        if not isinstance(module, Module):
            return module
        if module.found.is_package and not self.resolver.is_bound(module, name):
            submodule = self.resolver.module(f"{module_name}.{name}")
            if submodule is not None and submodule.found.kind == "unknown":
                self.risk("ImportError")
                return self.unknown(submodule.found.doubt or "it is not known what is imported", line)
            if submodule is not None:
                self._note(submodule)
                self._fails_with(submodule, line)
                self.loaded(module, submodule, name, line)
                return submodule
        value = Imported(module_name, name, line)
        if self.trials or not self.resolver.seems_to_have(module, name):
            self._look_now(module, value, line)
        return value

    def _look_now(self, module: Module, value: Imported, line: int) -> None:
        """Whether `from module import name` succeeds decides which way a `try` goes."""
        found = self.resolver.member(module, value.name)
        if found is None and self.resolver.may_be_filled(module):
            self.risk("ImportError")
            return
        if found is None:
            message = f"cannot import name {value.name!r} from {module.name!r}"
            raise Raised("ImportError", message, self.frame.module, line)
        if found.doubt or isinstance(found.value, Unknown):
            self.risk("ImportError")
        if found.doubt and not self.trials and module.found.kind == "source" and module.is_own:
            self.doubt_import(f"whether {module.name} has {value.name} is not known: {found.doubt.reason}", line)

    def _import_star(self, module: Value, line: int) -> None:
        """`from a import *`: the names in `__all__`, else all without an underscore."""
        if not isinstance(module, Module):
            lost = Doubt("it may come from a star import of what is not known", line)
            opened(self.journal, self.frame.cells, lost, rebinds=True, spares=_is_set_by_import)
            return
        cells = self.resolver.load(module).cells
        sure, possible = self._exported(module)
        why: Doubt | None = cells.open
        if sure is None:
            why = why or Doubt(f"__all__ of {module.name} is not known", line)
            possible, sure = [name for name, _ in cells.told()], []
        if not why and self._is_changed(module):
            why = Doubt(f"{module.name} is changed from outside", line)
        if not why and self._may_be_unfinished(module):
            why = Doubt(f"{module.name} imports it, and may not be read to its end by then", line)
            possible, sure = sure, []
        if why:
            why = Doubt(f"it may come from the star import of {module.name}: {why.reason}", line)
            absent = partial(self.resolver.natives.is_absent, why)
            spares = lambda name: _is_set_by_import(name) or absent(name)  # noqa: E731
            opened(self.journal, self.frame.cells, why, rebinds=True, spares=spares)
        self.count(5 * len(sure))
        for name in sure:
            self._import_one(module, name, line)
        doubt = why or Doubt(f"__all__ of {module.name} differs from one way to another", line)
        for name in possible:
            self.maybe(lambda name=name: self._import_one(module, name, line), doubt)  # type: ignore[misc]

    def _is_changed(self, module: Module) -> bool:
        """Whether somebody binds or deletes names of another module, here or elsewhere."""
        here = any(cells is module.cells for cells, _ in self.stale)
        return here or any(place == module.name for place, _ in self.resolver.patched)

    def _may_be_unfinished(self, package: Module) -> bool:
        """Whether a package above may import this module while it is read itself, so that it has not all names yet."""
        name = self.frame.module.name
        if package.name not in parents_of(name):
            return False
        return package.state is not State.DONE or name in self.resolver.imported_within(package)

    def _import_one(self, module: Module, name: str, line: int) -> None:
        found = self.resolver.member(module, name)
        if found is None and module.cells.open is None:
            submodule = self.resolver.module(f"{module.name}.{name}") if module.found.is_package else None
            if submodule is None:
                message = f"module {module.name!r} has no attribute {name!r}"
                raise Raised("AttributeError", message, self.frame.module, line)
            self.bind(name, submodule, line)
            return
        if found and found.doubt:
            self.journal.write(self.frame.cells, name, Binding(found.value, line, found.doubt))
        elif found:
            self.bind(name, Imported(module.name, name, line), line)

    def _exported(self, module: Module) -> tuple[list[str] | None, list[str]]:
        """The names that a star import takes for sure (None where `__all__` is not known), and those it may take."""
        found = module.cells.get("__all__")
        if found is None:
            return [name for name, _ in module.cells.told() if not name.startswith("_")], []
        every = [_texts(each) for each in options(self.resolver.actual(found.value))]
        if found.doubt or any(names is None for names in every):
            return None, []
        lists = [names for names in every if names is not None]
        sure = [name for name in lists[0] if all(name in names for names in lists)]
        return sure, [name for names in lists for name in names if name not in sure]


def _is_set_by_import(name: str) -> bool:
    """Names like `__name__`, which no star import takes along."""
    return name.startswith("__")


def _texts(value: Value) -> list[str] | None:
    items = value.content if isinstance(value, Container) else value.items if isinstance(value, Tuple) else None
    if items is None or not all(isinstance(item, Known) for item in items):
        return None
    return [str(item.value) for item in items if isinstance(item, Known)]
