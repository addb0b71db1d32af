"""Names looked up in the modules of an image: what they are bound to, or what they mean."""

import re

from spybuild.errors import ImageInvalid
from spybuild.interpreters.search import Search
from spybuild.model.facts import Outcome
from spybuild.static import patches
from spybuild.static.constants import Constants
from spybuild.static.forms import FORMS, TYPING
from spybuild.static.knowledge import KNOWN, RETURNED
from spybuild.static.modules import Module, State
from spybuild.static.natives import Natives
from spybuild.static.objects import Class, Special
from spybuild.static.values import Binding, Cells, Doubt, Imported, Known, Some, Unknown, Value

_MARKERS = ("typing.ClassVar", "dataclasses.InitVar", "dataclasses.KW_ONLY", "enum.auto")
MOVED = {"os.path": "posixpath", "collections.abc": "_collections_abc"}
_MOVED_BACK = {new: old for old, new in MOVED.items()}
_SITE_BUILTINS: dict[str, Value] = {
    "exit": Special("builtins.exit"), "quit": Special("builtins.quit"), "copyright": Some("_Printer"),
    "credits": Some("_Printer"), "license": Some("_Printer"), "help": Special("builtins.help"),
}  # fmt: skip


class Lookup:
    """Looks up names. `module` and `load` are the `Resolver`'s."""

    search: Search
    natives: Natives
    constants: Constants
    patched: patches.Patches
    _modules: dict[str, Module | None]
    _synthetic: dict[str, Class]

    def module(self, name: str) -> Module | None:
        """The module of a name, not yet read; None where there is none for sure."""
        raise NotImplementedError

    def load(self, module: Module) -> Module:
        """Read a module, if it has not been read."""
        raise NotImplementedError

    def member(self, module: Module, name: str) -> Binding | None:
        """What `module.name` is: known by its meaning, bound in it, a submodule; None where there is none for sure."""
        known = self._known(module, name)
        if known is not None and not patches.doubt_of(self.patched, module.name, name):
            return Binding(known)
        return self.real_member(module, name)

    def _known(self, module: Module, name: str) -> Value | None:
        key = f"{module.name}.{name}"
        if key == "collections.abc" or key == "os.path":
            return self.module(key)
        trusted = module.is_stdlib or (
            module.name == "typing_extensions" and "/site-packages/" in (module.found.path or "")
        )
        if not trusted:
            return None
        found = self.constants.at(f"{_MOVED_BACK.get(module.name, module.name)}.{name}")
        if found is not None:
            return found
        key = f"{_MOVED_BACK.get(module.name, module.name)}.{name}"
        return Special(key) if self.knows(key) else None

    def knows(self, key: str) -> bool:
        """Whether something of the standard library is known by its meaning."""
        module, _, name = key.rpartition(".")
        if module in TYPING and name in FORMS:
            return True
        return key in KNOWN or key in RETURNED or key in _MARKERS or self.constants.called(key) is not None

    def real_member(self, module: Module, name: str) -> Binding | None:
        """What `module.name` is, as the module itself binds it."""
        doubt = patches.doubt_of(self.patched, module.name, name)
        if doubt:
            return Binding(Unknown(doubt), None, doubt)
        if module.name == "builtins" and name in _SITE_BUILTINS:
            return Binding(_SITE_BUILTINS[name], None, Doubt("`site` adds it when Python starts"))
        if module.is_stdlib and module.found.kind in ("builtin", "extension") and self.natives.has(module.name):
            found = module.cells.get(name) or self.natives.lookup(module.name, name)
            return found or self._open_binding(module, name)
        self.load(module)
        found = module.cells.get(name)
        if found is not None and module.name == "types" and isinstance(found.value, Unknown):
            return self.natives.lookup("types", name) or found  # it asks objects for their types
        if found is not None:
            return found
        if name in module.submodules:
            return Binding(module.submodules[name])
        submodule = self._submodule(module, name)
        if submodule is not None:
            return submodule
        return self._open_binding(module, name)

    def _open_binding(self, module: Module, name: str) -> Binding | None:
        if module.outcome is not Outcome.IMPORTED:
            doubt = Doubt(f"{module.name} cannot be imported")
            return Binding(Unknown(doubt), None, doubt)
        doubt_ = module.cells.open
        if doubt_ is None and self.natives.namespace(module.name) is not None:
            doubt_ = (self.natives.namespace(module.name) or Cells()).open
        if doubt_ is None and module.state is State.RUNNING:
            doubt_ = Doubt(f"{module.name} imports what imports it")
        if doubt_ is None and module.cells.get("__getattr__"):
            doubt_ = Doubt(f"{module.name} computes names when they are asked for (__getattr__)")
        if doubt_ is None or (module.is_stdlib and self.natives.is_absent(doubt_, name)):
            return None
        return Binding(Unknown(doubt_), None, doubt_)

    def _submodule(self, module: Module, name: str) -> Binding | None:
        """A submodule is an attribute of its package once anybody has imported it."""
        if not module.found.is_package:
            return None
        found = self.module(f"{module.name}.{name}")
        if found is None:
            return None
        return Binding(found, None, Doubt(f"whether {found.name} is imported by then is not known"))

    def seems_to_have(self, module: Module, name: str) -> bool:
        """Whether a module of the standard library that is not read yet mentions a name: then it has it."""
        if not module.is_stdlib:
            return False
        if module.found.kind != "source" or module.state is not State.FRESH or not module.found.path:
            return f"{module.name}.{name}" in KNOWN
        return re.search(rf"\b{re.escape(name)}\b".encode(), self.text(module)) is not None

    def text(self, module: Module) -> bytes:
        """The source of a module; empty where there is none to read."""
        try:
            return self.search.files.read(module.found.path or "")
        except (FileNotFoundError, ImageInvalid):
            return b""

    def may_be_filled(self, module: Module) -> bool:
        """Whether a compiled module of the same package is read, which may have added names (as numpy's does)."""
        top = module.name.partition(".")[0]
        loaded = (each for each in self._modules.values() if each and each.name.partition(".")[0] == top)
        return not module.is_stdlib and any(each.found.kind == "extension" for each in loaded)

    def is_bound(self, package: Module, name: str) -> bool:
        """Whether a package binds a name itself, so that no submodule is imported for it."""
        if package.state is State.FRESH and self.module(f"{package.name}.{name}") is None:
            return True
        self.load(package)
        found = package.cells.get(name)
        return found is not None and not isinstance(found.value, Module)

    def actual(self, value: Value) -> Value:
        """The value behind an import that has not been looked up."""
        seen = 0
        while isinstance(value, Imported):
            found = self._imported(value, self.member)
            if found is None or seen > 50:
                return Unknown(Doubt(f"{value.module} has no {value.name}", value.line))
            value, seen = (Unknown(found.doubt) if found.doubt else found.value), seen + 1
        return value

    def imported(self, value: Imported) -> Binding | None:
        """What an import stands for as the module binds it; None where it is not there for sure."""
        return self._imported(value, self.real_member)

    def _imported(self, value: Imported, look: "object") -> Binding | None:
        module = self.module(value.module)
        if module is None:
            doubt = Doubt(f"{value.module} cannot be found", value.line)
            return Binding(Unknown(doubt), value.line, doubt)
        found: Binding | None = look(module, value.name)  # type: ignore[operator]
        return found

    def builtin(self, name: str) -> Value | None:
        """What a builtin name means; None where there is none."""
        doubt = patches.doubt_of(self.patched, "builtins", name)
        if doubt:
            return Unknown(doubt)
        constant = self.constants.at(f"builtins.{name}")
        if constant is not None:
            return constant
        if name == "__builtins__":
            return Special("anything")
        found = self.natives.lookup("builtins", name)
        if found is None:
            untold = Doubt("there is no table of this interpreter's builtins")
            return Unknown(untold) if not self.natives.has("builtins") else _SITE_BUILTINS.get(name)
        return found.value if isinstance(found.value, Class | Known) else Special(f"builtins.{name}")

    def real(self, key: str) -> Value | None:
        """The function or class behind something that is known by its meaning, read from its source."""
        module_name, _, name = key.rpartition(".")
        module = self.module(module_name) if module_name else None
        found = self.real_member(module, name) if module else None
        return self.actual_real(found.value) if found and not found.doubt else None

    def actual_real(self, value: Value) -> Value:
        """As `actual`, but with the thing itself instead of what it means."""
        for _ in range(50):
            if not isinstance(value, Imported):
                break
            found = self.imported(value)
            if found is None or found.doubt:
                return Unknown((found and found.doubt) or Doubt(f"{value.module} has no {value.name}", value.line))
            value = found.value
        return value

    def class_at(self, path: str) -> "Class | Doubt":
        """The class of the standard library at `module.qualname`."""
        if path in ("typing.Generic", "typing.Protocol", "typing_extensions.Protocol", "typing_extensions.Generic"):
            return self._typing_class(path.rpartition(".")[2])
        found = self.natives.class_at(path) or self.real(path)
        return found if isinstance(found, Class) else Doubt(f"{path} is no class that is known")

    def _typing_class(self, name: str) -> Class:
        """`Generic` and `Protocol`, which have no members of their own to tell."""
        if name not in self._synthetic:
            kind = Class(name=name, qualname=name, module="typing", native=True)
            kind.bases = (self._typing_class("Generic"),) if name == "Protocol" else ()
            kind.mro = (kind, *kind.bases)
            kind.metaclass = Special("abc.ABCMeta") if name == "Protocol" else None
            self._synthetic[name] = kind
        return self._synthetic[name]
