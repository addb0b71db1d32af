"""Modules of an image read as the target would import them: the door to this package.

    resolve(search, target, found, "shop.plugin") -> ModuleFacts

Nothing is executed. `parsing` gives the tree, `interpreter` carries out the import on values that are half known,
`describing` puts what came of it into the probe's words. Modules that matter for the answer (bases, decorators,
re-exports) are followed through the image, each once for a `Resolver`.
"""

import ast
import sys

from spybuild.errors import ImageInvalid
from spybuild.interpreters.search import Found, Search
from spybuild.model.facts import Annotation, MemberFacts, ModuleFacts, Outcome
from spybuild.model.target import Target
from spybuild.static import describing, parsing
from spybuild.static.constants import Constants
from spybuild.static.effects import Effects
from spybuild.static.exposure import Exposure
from spybuild.static.forms import Forms
from spybuild.static.interpreter import Interpreter
from spybuild.static.lookup import MOVED, Lookup
from spybuild.static.modules import Module, State, parents_of
from spybuild.static.natives import Natives
from spybuild.static.reach import Reach
from spybuild.static.stubs import read_stub
from spybuild.static.traits import Traits, calls_in, traits_of
from spybuild.static.values import (
    OPEN,
    Binding,
    Class,
    Doubt,
    FunctionNode,
    Instance,
    Known,
    Some,
    Unknown,
    Value,
)  # fmt: skip

INTERNAL = "an error of SpyBuild's own"
_MOST_MODULES = 3000  # that are followed for one image
_MOST_NESTED = 40  # modules being read within each other
_FRAMES = 10_000  # of this Python: what reading modules within each other needs, with room
_SITE = ("/site-packages/", "/dist-packages/")
# what the interpreter sets up by itself before it runs anything
_SET_UP = (
    "importlib._bootstrap",
    "importlib._bootstrap_external",
    "_frozen_importlib",
    "_frozen_importlib_external",
    "zipimport",
)


def resolve(search: Search, target: Target, found: Found, requested: str) -> ModuleFacts:
    """The facts of one module, told from its source.

    Args:
        search: finds modules in the image.
        target: the interpreter that would import it.
        found: the module's place.
        requested: the name that the contract uses.
    """
    return Resolver(search, target).resolve(found, requested)


class Resolver(Lookup):
    """Reads the modules of one image for one target, each once."""

    def __init__(self, search: Search, target: Target) -> None:
        self.search, self.target = search, target
        self.natives, self.constants, self.forms = Natives(target), Constants(search), Forms()
        self.reach = Reach(self)
        self._modules: dict[str, Module | None] = {}
        self.annotations: dict[int, tuple[ast.expr, Annotation]] = {}
        self.members: dict[tuple[int, str], tuple[Binding, MemberFacts | None]] = {}
        self._calls: dict[int, tuple[ast.AST, list[ast.Call]]] = {}
        self._traits: dict[int, tuple[FunctionNode, Traits]] = {}
        self._exposures: dict[str, Exposure] = {}
        self._nested = self.depth = 0
        self._synthetic: dict[str, Class] = {}
        if sys.getrecursionlimit() < _FRAMES:  # for the whole process: never lowered again
            sys.setrecursionlimit(_FRAMES)

    def resolve(self, found: Found, requested: str) -> ModuleFacts:
        """The facts of one module, told from its source. Never raises for what the image holds."""
        name = found.name or requested
        try:
            module = self._modules.get(name) or self._opened(name, found)
            self._modules[name] = module
            for parent in self._parents(name):
                if self.load(parent).outcome in (Outcome.FAILED, Outcome.EXITED):
                    module.outcome, module.error, module.exit_status = parent.outcome, parent.error, parent.exit_status
                    return describing.describe(self, module, requested)
            self.load(module)
            return describing.describe(self, module, requested)
        except (RecursionError, MemoryError) as error:
            unread = parsing.unreadable(f"{found.path}: too much to follow ({type(error).__name__})")
        except Exception as error:  # a mistake of ours must not pass what nobody has read
            unread = parsing.unreadable(f"{found.path}: {INTERNAL} ({type(error).__name__}: {error})"[:500])
        return ModuleFacts(requested=requested, name=name, path=found.path, outcome=unread.outcome, error=unread.error)

    def _parents(self, name: str) -> list[Module]:
        """The packages that are imported before a module is, the outermost first."""
        return [module for each in parents_of(name) if (module := self.module(each))]

    # ---- modules ----
    def module(self, name: str) -> Module | None:
        """The module of a name, not yet read; None where there is none for sure."""
        name = MOVED.get(name, name)
        if name not in self._modules:
            found = self.search.module(name)
            self._modules[name] = self._opened(name, found) if found else None
        return self._modules[name]

    def alias(self, name: str, module: Module) -> None:
        """Code has put a module into `sys.modules` under another name."""
        self._modules.setdefault(name, module)

    def _opened(self, name: str, found: Found) -> Module:
        path = found.path or ""
        stdlib = self.target.stdlib.rstrip("/") + "/"
        inside = path.startswith(stdlib) and not any(site in path for site in _SITE)
        module = Module(name=name, found=found, is_stdlib=found.kind == "builtin" or inside)
        module.cells.names.update(_import_names(module))
        own = self.natives.lookup(name, "__name__") if module.is_stdlib else None
        if own is not None and found.kind in ("builtin", "extension"):
            module.cells.names["__name__"] = own
        return module

    def load(self, module: Module) -> Module:
        """Read a module, if it has not been read; one that is being read is given as far as it has come."""
        if module.state is not State.FRESH:
            return module
        module.state = State.RUNNING
        if self._nested >= _MOST_NESTED or len(self._modules) > _MOST_MODULES:
            self.close(module, "too many modules depend on each other")
            return module
        self._nested += 1
        try:
            self._read(module)
        finally:
            self._nested -= 1
            module.state = State.DONE
        return module

    def _read(self, module: Module) -> None:
        if module.is_stdlib and module.name in _SET_UP:
            self.close(module, f"{module.name} is set up by the interpreter itself")
            return
        match module.found.kind:
            case "source":
                self._read_source(module)
            case "builtin" | "extension":
                self._read_native(module)
            case "namespace":
                pass
            case "bytecode":
                self.close(module, "there is only its bytecode")
            case _:
                self.close(module, module.found.doubt or "it is not known what is imported")

    def _read_source(self, module: Module) -> None:
        path = module.found.path or ""
        try:
            source = self.search.files.read(path)
        except (FileNotFoundError, ImageInvalid) as error:
            self._unparsed(module, parsing.unreadable(f"{path} cannot be read: {error}"))
            return
        tree = parsing.parse(source, path, self.target, checked=self._nested == 1)
        if isinstance(tree, parsing.Unparsed):
            self._unparsed(module, tree)
            return
        module.tree, module.lines = tree, source.decode("utf-8", "replace").split("\n")
        module.effects = Effects(tree)
        module.has_text_annotations = _imports_annotations(tree)
        module.has_lazy_annotations = module.has_text_annotations or self.target.minor >= (3, 14)
        Interpreter(self, module).run(tree)

    def _unparsed(self, module: Module, why: parsing.Unparsed) -> None:
        module.outcome, module.error = why.outcome, why.error
        if why.outcome is not Outcome.FAILED:
            self.close(module, why.error.message)

    def _read_native(self, module: Module) -> None:
        cells = self.natives.namespace(module.name) if module.is_stdlib else None
        if cells is not None:
            module.cells.names.update(cells.names)
        elif module.found.stub:
            read_stub(self, module)
        else:
            self.close(module, f"{module.name} is compiled, and has no stub (.pyi)")

    def close(self, module: Module, reason: str) -> None:
        """Nothing is known of a module's names."""
        doubt = Doubt(reason)
        module.cells.names[OPEN] = Binding(Unknown(doubt), None, doubt)

    def missing(self, name: str, parent: Module | None) -> str | None:
        """Why a module that was not found may be there all the same; None where it is missing for sure."""
        if parent is None or parent.found.kind != "source" or not parent.found.path:
            return None
        self.load(parent)
        text = "\n".join(parent.lines)
        if any(word in text for word in ("sys.modules", "_sys.modules", "meta_path", "__path__", "path_hooks")):
            return f"{parent.name} may provide {name} in a way that cannot be followed"
        if parent.cells.open:
            return parent.cells.open.reason
        return None

    def failure(self, module: Module) -> tuple[str, str] | None:
        """How a module's import fails for sure, if it does: exception and message."""
        if self.reach.is_broken(module) and module.outcome is Outcome.FAILED and module.error:
            return module.error.type, module.error.message
        return None

    def submodule_names(self, package: Module) -> list[str]:
        """The names that may be submodules of a package, by its folders."""
        names = {name.partition(".")[0] for place in package.found.places for name in self.search.files.names(place)}
        return sorted(name for name in names if name.isidentifier() and name not in ("__init__", "__pycache__"))

    # ---- what `with` does ----
    def swallows(self, manager: Value) -> bool:
        """Whether a context manager may swallow exceptions."""
        return not isinstance(manager, Some) and not (isinstance(manager, Instance) and manager.kind.native)

    def entered(self, manager: Value) -> Value | None:
        """What `with ... as x` binds; None where that is not known."""
        if isinstance(manager, Instance) and manager.kind.native:
            return manager if manager.kind.module in ("_io", "io") else None
        return manager if isinstance(manager, Some) and manager.type == "TextIOWrapper" else None

    def exposure(self, module: Module) -> Exposure:
        """What the functions of a module may do to its values later."""
        if module.name not in self._exposures:
            self._exposures[module.name] = Exposure(module.tree)
        return self._exposures[module.name]

    def calls_in(self, node: ast.AST) -> list[ast.Call]:
        """The calls in a statement, not those in functions within it."""
        if id(node) not in self._calls:
            self._calls[id(node)] = node, calls_in(node)
        return self._calls[id(node)][1]

    def traits(self, node: FunctionNode) -> Traits:
        """What a function's text says of it."""
        if id(node) not in self._traits:
            self._traits[id(node)] = node, traits_of(node)  # the node is kept, so that its id stays its own
        return self._traits[id(node)][1]


def _import_names(module: Module) -> dict[str, Binding]:
    """What the import system binds in a module before it runs."""
    names: dict[str, Value] = {
        "__name__": Known(module.name), "__doc__": Some("str"), "__package__": Known(module.package),
        "__loader__": Some("SourceFileLoader"), "__spec__": Some("ModuleSpec"),
    }  # fmt: skip
    if module.found.path:
        names["__file__"] = Known(module.found.path)
    if module.found.is_package:
        names["__path__"] = Some("list")
    return {name: Binding(value) for name, value in names.items()}


def _imports_annotations(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(a.name == "annotations" for a in node.names)
        for node in tree.body[:20]
    )
