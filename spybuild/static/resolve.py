"""Modules of an image read as the target would import them: the door to this package.

    resolve(search, target, found, "shop.plugin") -> ModuleFacts

Nothing is executed. `parsing` gives the tree, `interpreter` carries out the import on values that are half known,
`describing` puts what came of it into the probe's words. Modules that matter for the answer (bases, decorators,
re-exports) are followed through the image, each once for a `Resolver`.
"""

import ast
import sys

from spybuild.interpreters.search import Found, Search
from spybuild.model.facts import Annotation, MemberFacts, ModuleFacts, Outcome
from spybuild.model.target import Target
from spybuild.static import describing, parsing, patches
from spybuild.static.budget import REASON, TooMuch
from spybuild.static.constants import Constants
from spybuild.static.forms import Forms
from spybuild.static.interpreter import Interpreter
from spybuild.static.library import Library
from spybuild.static.lookup import MOVED, Lookup
from spybuild.static.modules import PROGRAM, Module, State, import_names, imports_annotations, parents_of
from spybuild.static.natives import Natives
from spybuild.static.objects import Class
from spybuild.static.patches import Patches
from spybuild.static.reach import Reach
from spybuild.static.stubs import read_stub
from spybuild.static.telling import Telling
from spybuild.static.values import OPEN, Binding, Doubt, Unknown
from spybuild.static.variables import Variables

START = ("os", "sys", "builtins", "typing", "abc", "io", "site", "codecs", "stat", "posixpath", "_collections_abc")
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


def resolve(
    search: Search, target: Target, found: Found, requested: str, library: Library | None = None, *, whole: bool = True
) -> ModuleFacts:
    """The facts of one module, told from its source.

    What another module's reading has come to is never used: a module may be changed by whoever imports it, and looks
    different to those that import it in a circle. Only what the text of a file tells is shared, by the library.

    Args:
        search: finds modules in the image.
        target: the interpreter that would import it.
        found: the module's place.
        requested: the name that the contract uses.
        library: the image's sources, as far as they have been parsed; its budget is used.
        whole: whether its names are told of; else only how its import ends.
    """
    return Resolver(search, target, library=library).resolve(found, requested, whole=whole)


class Resolver(Lookup, Telling):
    """Reads the modules of one image for one target, each once."""

    def __init__(
        self, search: Search, target: Target, patched: Patches | None = None, library: Library | None = None
    ) -> None:
        self.search, self.target = search, target
        self.library = library or Library(search.files, target)
        self.patched: Patches = patched or {}
        self.natives, self.constants, self.forms = Natives(target), Constants(search), Forms()
        self.reach, self.variables = Reach(self), Variables(self)
        self._modules: dict[str, Module | None] = {}
        self._asked: Module | None = None
        self.annotations: dict[int, tuple[ast.expr, Annotation]] = {}
        self.members: dict[tuple[int, str], tuple[Binding, MemberFacts | None]] = {}
        self._nested = self.depth = 0
        self.finders_deleted = 0  # how often something was deleted from `sys.meta_path`
        self._synthetic: dict[str, Class] = {}
        if sys.getrecursionlimit() < _FRAMES:  # for the whole process: never lowered again
            sys.setrecursionlimit(_FRAMES)

    def resolve(self, found: Found, requested: str, *, whole: bool = True) -> ModuleFacts:
        """The facts of one module, told from its source. Never raises for what the image holds."""
        if not self.patched:
            self.library.budget.begin()
        name = found.name or requested
        try:
            module = self._modules.get(name) or self._opened(name, found)
            self._modules[name] = self._asked = module
            for parent in self._parents(name):
                if self.load(parent).outcome in (Outcome.FAILED, Outcome.EXITED):
                    module.outcome, module.error, module.exit_status = parent.outcome, parent.error, parent.exit_status
                    return describing.describe(self, module, requested, whole=whole)
            self.load(module)
            if again := self._with_patches(module):
                return again.resolve(found, requested, whole=whole)
            return describing.describe(self, module, requested, whole=whole)
        except (RecursionError, MemoryError, TooMuch) as error:
            unread = parsing.unreadable(f"{found.path}: too much to follow ({type(error).__name__})")
        except Exception as error:  # a mistake of ours must not pass what nobody has read
            unread = parsing.unreadable(f"{found.path}: {INTERNAL} ({type(error).__name__}: {error})"[:500])
        return ModuleFacts(requested=requested, name=name, path=found.path, outcome=unread.outcome, error=unread.error)

    def _with_patches(self, module: Module) -> "Resolver | None":
        """Who reads it again without trusting what its import changes elsewhere; None where there is nothing new."""
        found = patches.gathered([module, *self._parents(module.name)], self._modules)
        new = {key: doubt for key, doubt in found.items() if key not in self.patched and self._matters(key)}
        module.may_fail = module.may_fail or patches.replaced(found, module.name)
        if patches.EVERYTHING in found:
            return None
        return Resolver(self.search, self.target, {**self.patched, **new}, self.library) if new else None

    def _matters(self, key: patches.Key) -> bool:
        """Whether what is changed could be another than its text says: what nobody finds anyway cannot."""
        place, name = key
        if place == patches.LOADED and name.endswith(OPEN):
            return any(each.startswith(name.removesuffix(OPEN)) for each in self._modules)
        return place != patches.LOADED or self._modules.get(name) is not None

    def _parents(self, name: str) -> list[Module]:
        """The packages that are imported before a module is, the outermost first."""
        return [module for each in parents_of(name) if (module := self.module(each))]

    def has_no_variable(self, name: object) -> bool:
        """Whether the environment has no variable of this name for sure, here in the import."""
        return self.variables.is_absent(name, self._asked)

    # ---- modules ----
    def module(self, name: str) -> Module | None:
        """The module of a name, not yet read; None where there is none for sure."""
        name = MOVED.get(name, name)
        if name not in self._modules:
            found = self._searched(name)
            self._modules[name] = self._opened(name, found) if found else None
        return self._modules[name]

    def _searched(self, name: str) -> Found | None:
        """What the search finds, unless somebody's import changes what it would find."""
        if name == PROGRAM:
            return Found(name, None, "unknown", doubt="it is the program that runs, whatever that is")
        found = self.search.module(name)
        doubt = self._doubt_of_search(name, found) if self.patched else None
        return Found(name, None, "unknown", doubt=doubt.reason) if doubt else found

    def _doubt_of_search(self, name: str, found: Found | None) -> Doubt | None:
        replaced = patches.replaced(self.patched, name)
        if replaced or (found and found.kind == "builtin") or name in START:
            return replaced
        top = name.partition(".")[0]
        for folder in patches.folders_of(self.patched):
            doubt = self.patched[patches.SEARCH_PATH, folder]
            if folder == OPEN:
                return doubt
            other = self.search.after(folder).module(top)
            if other != self.search.module(top):
                return doubt
        return None

    def alias(self, name: str, module: Module) -> None:
        """Code has put a module into `sys.modules` under another name."""
        self._modules.setdefault(name, module)

    def _opened(self, name: str, found: Found) -> Module:
        path = found.path or ""
        stdlib = self.target.stdlib.rstrip("/") + "/"
        inside = path.startswith(stdlib) and not any(site in path for site in _SITE)
        module = Module(name=name, found=found, is_stdlib=found.kind == "builtin" or inside)
        module.cells.names.update(import_names(module))
        own = self.natives.lookup(name, "__name__") if module.is_stdlib else None
        if own is not None and found.kind in ("builtin", "extension"):
            module.cells.names["__name__"] = own
        return module

    def load(self, module: Module) -> Module:
        """Read a module, if it has not been read; one that is being read is given as far as it has come."""
        if module.state is not State.FRESH:
            return module
        module.state = State.RUNNING
        limit, budget = self.library.budget.limit, self.library.budget
        if self._nested >= _MOST_NESTED or len(self._modules) > _MOST_MODULES or budget.is_spent:
            self.close(module, REASON if budget.is_spent else "too many modules depend on each other")
            module.state = State.DONE
            return module
        if module is not self._asked and self._nested <= 1:
            budget.halve()  # what one of the modules that it needs takes must leave something for itself
        self._nested += 1
        try:
            self._read(module)
        finally:
            self._nested -= 1
            module.state, budget.limit = State.DONE, limit
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
        try:
            book = self.library.book(module.found.path or "", checked=self._nested == 1)
        except TooMuch:
            self.close(module, REASON)
            return
        if isinstance(book, parsing.Unparsed):
            self._unparsed(module, book)
            return
        module.book, module.tree, module.lines = book, book.tree, book.lines
        module.effects, module.exposure = book.effects, book.exposure
        module.has_text_annotations = imports_annotations(book.tree)
        module.has_lazy_annotations = module.has_text_annotations or self.target.minor >= (3, 14)
        Interpreter(self, module).run(book.tree)

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

    def imported_within(self, package: Module) -> set[str]:
        """The modules of a package that are imported while it is."""
        found: set[str] = set()
        waiting = [package]
        while waiting:
            within = (each for each in waiting.pop().imports if each.startswith(f"{package.name}."))
            names = [each for each in within if each not in found]
            found.update(names)
            waiting += [self.load(module) for each in names if (module := self._modules.get(each))]
        return found

    def failure(self, module: Module) -> tuple[str, str] | None:
        """How a module's import fails for sure, if it does: exception and message."""
        if self.reach.is_broken(module) and module.outcome is Outcome.FAILED and module.error:
            return module.error.type, module.error.message
        return None

    def submodule_names(self, package: Module) -> list[str]:
        """The names that may be submodules of a package, by its folders."""
        names = {name.partition(".")[0] for place in package.found.places for name in self.search.files.names(place)}
        return sorted(name for name in names if name.isidentifier() and name not in ("__init__", "__pycache__"))
