"""Where the target would find a module: the import system's search (PEP 302, 420), over an image's files."""

import posixpath
import re
from dataclasses import replace

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files, Kind, is_file, is_folder
from spybuild.interpreters import builtin, naming
from spybuild.interpreters.found import Found, Source
from spybuild.interpreters.hooks import Hooks, read_hooks
from spybuild.interpreters.naming import Requested
from spybuild.interpreters.sysconfigdata import read_sysconfigdata
from spybuild.model.target import Target

__all__ = ["Found", "Requested", "Search"]

_LONGEST_NAME, _MOST_PARTS = 1000, 100
_LARGEST_READ = 4 << 20
# what a package would have to mention to provide submodules that no file stands for
_TRICKS = re.compile(
    rb"__path__|meta_path|path_hooks|sys\.modules|\bmodules\s*\[|\bmodules\.(?:update|setdefault|__setitem__)\b"
    rb"|import\s[^\n]*\bmodules\b|[\"']modules[\"']"
)
# what the standard library puts into sys.modules by another name
_ALIASES = {"os.path": "posixpath"}


class Search:
    """Finds modules along a target's `sys.path`. Answers are kept; may not be used by several threads at once.

    Attributes:
        files: the tree that is searched.
        target: whose `search_path` and suffixes are used.
        hooks: what starts with the interpreter and may provide modules.
    """

    def __init__(self, files: Files, target: Target) -> None:
        """Search the tree `files` as `target` would."""
        self.files, self.target = files, target
        self._data = read_sysconfigdata(files, target.stdlib, target.implementation, free_threaded=target.free_threaded)
        self.hooks: Hooks = read_hooks(files, target)
        self._modules: dict[str, Found | None] = {}
        self._names: dict[str, frozenset[str]] = {}
        self._archives: dict[str, bool] = {}
        self._sources: dict[str, bytes] = {}
        self._builtin = builtin.certain(target.implementation, target.minor, self._data)
        self._perhaps_builtin = builtin.possible(target.implementation, self._data)
        self._frozen = builtin.frozen(target.implementation, target.minor)
        self._loaders: tuple[tuple[str, Source], ...] = (
            *((suffix, "extension") for suffix in target.suffixes),
            (".py", "source"),
            (".pyc", "bytecode"),
        )

    def module(self, name: str) -> Found | None:
        """What `import name` would load.

        Args:
            name: dotted, absolute.

        Returns:
            The module; kind `unknown` where it cannot be known whether there is one; None where there is none for sure.
        """
        if name not in self._modules:
            if len(name) > _LONGEST_NAME or name.count(".") >= _MOST_PARTS:
                return None
            self._modules[name] = self._find(name)
        return self._modules[name]

    def requested(self, name: str, workdir: str, entry_dir: str) -> Requested:
        """The module that a contract names by import name, file name or path, found as the probe finds it.

        Args:
            name: as the contract writes it.
            workdir: the image's working directory, `/` where it has none.
            entry_dir: the folder of the script that the image starts.
        """
        return naming.requested(self, name, workdir, entry_dir)

    def after(self, folder: str) -> "Search":
        """The same search with `folder` before everything else on `sys.path`."""
        other = Search.__new__(Search)
        other.__dict__.update(self.__dict__)
        other.target = replace(self.target, search_path=(folder, *self.target.search_path))
        other._modules = {}
        return other

    def names(self, folder: str) -> frozenset[str]:
        """The names in a folder, kept."""
        if folder not in self._names:
            self._names[folder] = frozenset(self.files.names(folder))
        return self._names[folder]

    def is_file(self, path: str) -> bool:
        """Whether there is a regular file, links followed."""
        return is_file(self.files, path)

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder, links followed."""
        return is_folder(self.files, path)

    def is_own_folder(self, path: str) -> bool:
        """Whether there is a folder at `path` itself, which no link leads to."""
        entry = self.files.find_link(path)
        return entry is not None and entry.kind is Kind.DIRECTORY

    def loaded_by_path(self, name: str, path: str) -> Found | None:
        """The module that `importlib.util.spec_from_file_location(name, path)` makes; None where nothing loads it."""
        for suffix, kind in self._loaders:
            if path.endswith(suffix):
                folder, file = posixpath.split(path)
                is_package = file.partition(".")[0] == "__init__"
                return self._with_stub(Found(name, path, kind, is_package, places=(folder,) if is_package else ()))
        return None

    def _find(self, name: str) -> Found | None:
        parent, _, tail = name.rpartition(".")
        if not tail:
            return None
        if not parent:
            return self._top(name)
        if name in _ALIASES:
            return self.module(_ALIASES[name]) or self._find_below(name, parent, tail)
        return self._find_below(name, parent, tail)

    def _find_below(self, name: str, parent: str, tail: str) -> Found | None:
        if name in self._builtin:
            return Found(name, None, "builtin")
        above = self.module(parent)
        if above is None or above.kind == "unknown":
            return above and replace(above, name=name)
        return self._below(above, name, tail)

    def _below(self, above: Found, name: str, tail: str) -> Found | None:
        """A submodule: in the places of its package, unless the package itself provides it."""
        found = self._along(name, tail, above.places) or self._mapped(name, tail)
        if above.name == "importlib":  # speaks of sys.modules and meta_path without providing anything
            return found
        if above.kind == "source" and above.path:
            if self._mentions(above.path, _provider_of(name) if found else _TRICKS):
                return _unknown(name, f"{above.path} may provide it on its own")
        elif found is None and above.kind != "namespace":
            return _unknown(name, f"{above.name} is compiled, and may provide it on its own")
        return found

    def _mentions(self, path: str, words: re.Pattern[bytes]) -> bool:
        try:
            content = self._sources[path] if path in self._sources else self.files.read(path, _LARGEST_READ)
        except (FileNotFoundError, ImageInvalid):
            return True
        self._sources = {path: content}  # many submodules of one package are looked for one after the other
        return words.search(content) is not None

    def _top(self, name: str) -> Found | None:
        if name in self._builtin:
            return Found(name, None, "builtin")
        library = (self.target.stdlib, posixpath.join(self.target.stdlib, "lib-dynload"))
        if name in self._perhaps_builtin and not self._along(name, name, library):
            return _unknown(name, "it may be built into the interpreter")
        if name in builtin.AT_START | self._frozen:
            own = self._along(name, name, (self.target.stdlib,))
            if own is not None or name in self._frozen:
                return own or _unknown(name, "it is frozen into the interpreter, and its source is not in the image")
        if hook := self.hooks.doubted.get(name):
            return _unknown(name, f"{hook} may put another in its place")
        found = self._along(name, name, self.target.search_path) or self._mapped(name, name)
        if found is None and self.hooks.unknown:
            return _unknown(name, f"{self.hooks.unknown[0]} runs at the start and may provide it")
        return found

    def _along(self, name: str, tail: str, path: tuple[str, ...]) -> Found | None:
        """PathFinder: the first entry that has the module; folders without `__init__` are gathered to a namespace."""
        portions: list[str] = []
        for entry in path:
            found = self._in(entry, name, tail)
            if found is not None:
                return found
            base = posixpath.join(entry, tail)
            if tail in self.names(entry) and self.is_folder(base):
                portions.append(base)
            elif self._is_archive(entry):
                return _unknown(name, f"the archive {entry} comes before, and is not looked into")
        portions += self.hooks.namespaces.get(name, ())
        if not portions:
            return None
        return self._with_stub(Found(name, None, "namespace", is_package=True, places=tuple(dict.fromkeys(portions))))

    def _is_archive(self, entry: str) -> bool:
        if entry not in self._archives:
            self._archives[entry] = self.is_file(entry)
        return self._archives[entry]

    def _in(self, entry: str, name: str, tail: str) -> Found | None:
        """FileFinder: a package before a module; extensions, source, bytecode in this order."""
        names = self.names(entry)
        base = posixpath.join(entry, tail)
        if tail in names:
            inside = self.names(base)
            for suffix, kind in self._loaders:
                if f"__init__{suffix}" in inside and self.is_file(path := f"{base}/__init__{suffix}"):
                    return self._with_stub(Found(name, path, kind, is_package=True, places=(base,)))
        for suffix, kind in self._loaders:
            if tail + suffix in names and self.is_file(path := base + suffix):
                return self._with_stub(Found(name, path, kind))
        return None

    def _mapped(self, name: str, tail: str) -> Found | None:
        """What setuptools' finders for editable installs bring; they come after the path."""
        place = self.hooks.mapping.get(name)
        if place is not None and self._is_plain(place):
            folder, stem = posixpath.split(place)
            return self._in(folder, name, stem)
        parent = self.hooks.mapping.get(name.rpartition(".")[0])
        return self._along(name, tail, (parent,)) if parent is not None and self._is_plain(parent) else None

    def _is_plain(self, path: str) -> bool:
        return posixpath.isabs(path) and posixpath.normpath(path) == path

    def _with_stub(self, found: Found) -> Found:
        """The stub that speaks for a module: a `-stubs` package comes first (PEP 561)."""
        top, *rest = found.name.split(".")
        stems = [posixpath.join(entry, f"{top}-stubs", *rest) for entry in self._stub_entries(top)]
        paths = [path for stem in stems for path in (f"{stem}/__init__.pyi", f"{stem}.pyi")]
        if found.path:
            folder, file = posixpath.split(found.path)
            paths.append(posixpath.join(folder, file.partition(".")[0] + ".pyi"))
        for path in paths:
            if posixpath.basename(path) in self.names(posixpath.dirname(path)) and self.is_file(path):
                return replace(found, stub=path)
        return found

    def _stub_entries(self, top: str) -> list[str]:
        return [entry for entry in self.target.search_path if f"{top}-stubs" in self.names(entry)]


def _provider_of(name: str) -> re.Pattern[bytes]:
    """What a package would have to say to provide a submodule in the place of the file that is found."""
    exact = re.escape(name.encode("utf-8", "backslashreplace"))
    return re.compile(rb"\bmodules\s*\[\s*(?:[\"']" + exact + rb"[\"']|__name__\s*\+|[fF][\"'])|meta_path\.insert")


def _unknown(name: str, doubt: str) -> Found:
    return Found(name, None, "unknown", doubt=doubt)
