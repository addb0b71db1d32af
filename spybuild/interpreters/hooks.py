"""What an interpreter runs when it starts, and could provide modules that no search of files finds.

Lines of code in `.pth` files, sitecustomize, usercustomize: nothing of it is executed here. What setuptools writes for
editable installs and for old namespace packages is known well enough to be read; anything else leaves it in doubt
whether a module that is not found is really absent.
"""

import ast
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files, is_file
from spybuild.interpreters.shims import Shims
from spybuild.interpreters.starting import SITE_FOLDERS, PthLine, pth_lines
from spybuild.model.target import Target

_EDITABLE = re.compile(r"import (__editable___\w+_finder); \1\.install\(\)")
_MAPPING = re.compile(r"^MAPPING(?:: [^=\n]*)? = (\{.*\})$", re.MULTILINE)
_NAMESPACES = re.compile(r"^NAMESPACES(?:: [^=\n]*)? = (\{.*\})$", re.MULTILINE)
# what setuptools writes for each of its namespace packages, statement by statement (setuptools/namespaces.py)
_NSPKG = tuple(
    re.compile(statement)
    for statement in (
        r"import sys, types, os",
        r"has_mfs = sys\.version_info > \(3, 5\)",
        r"p = os\.path\.join\(sys\._getframe\(1\)\.f_locals\['sitedir'\], \*\((?P<names>(?:'\w+',? ?)+)\)\)",
        r"importlib = (?:has_mfs and )?__import__\('importlib\.util'\)",
        r"(?:has_mfs and )?__import__\('importlib\.machinery'\)",
        (
            r"m = (?:has_mfs and )?sys\.modules\.setdefault\('[\w.]+', importlib\.util\.module_from_spec\("
            r"importlib\.machinery\.PathFinder\.find_spec\('[\w.]+', \[os\.path\.dirname\(p\)\]\)\)\)"
        ),
        r"m = m or sys\.modules\.setdefault\('[\w.]+', types\.ModuleType\('[\w.]+'\)\)",
        r"ie = os\.path\.exists\(os\.path\.join\(p,'__init__\.py'\)\)",
        r"m = not ie and sys\.modules\.setdefault\('[\w.]+', types\.ModuleType\('[\w.]+'\)\)",
        r"mp = \(m or \[\]\) and m\.__dict__\.setdefault\('__path__',\[\]\)",
        r"\(p not in mp\) and mp\.append\(p\)",
        r"m and setattr\(sys\.modules\['[\w.]+'\], '\w+', m\)",
    )
)
_DISTUTILS = re.compile(
    r"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os\.environ\.get\(var, '\w+'\) == 'local'; "
    r"enabled and __import__\('_distutils_hack'\)\.add_shim\(\);"
)
_VIRTUALENV = "import _virtualenv"
_DEBIANS_SITECUSTOMIZE = b"""# install the apport exception handler if available
try:
    import apport_python_hook
except ImportError:
    pass
else:
    apport_python_hook.install()
"""
_LARGEST_FINDER, _MOST_NAMES = 1 << 20, 10_000


@dataclass(frozen=True)
class Hooks:
    """What starts with the interpreter.

    Attributes:
        mapping: import names that setuptools' finders bring from elsewhere, with the path without suffix or folder.
        namespaces: namespace packages that come from elsewhere, with their folders.
        doubted: modules that a known hook may put another in the place of, with the hook.
        unknown: hooks of which it cannot be known what they do, as `path:line`.
    """

    mapping: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, tuple[str, ...]] = field(default_factory=dict)
    doubted: dict[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def read_hooks(files: Files, target: Target) -> Hooks:
    """What the interpreter runs when it starts, told from the site folders on its path."""
    reader = _Reader(files, target)
    for folder in dict.fromkeys(target.search_path):
        if posixpath.basename(folder) in SITE_FOLDERS:
            reader.read(folder)
    unknown = tuple(dict.fromkeys((*reader.unknown, *_customizations(files, target))))
    return Hooks(reader.mapping, reader.namespaces, reader.doubted, unknown)


class _Reader:
    """Takes in one site folder after the other."""

    def __init__(self, files: Files, target: Target) -> None:
        self._files, self._target = files, target
        self.mapping: dict[str, str] = {}
        self.namespaces: dict[str, tuple[str, ...]] = {}
        self.doubted: dict[str, str] = {}
        self.unknown: list[str] = []

    def read(self, folder: str) -> None:
        shims = Shims(self._files, folder)
        for line in pth_lines(self._files, folder):
            if isinstance(line, PthLine) and not self._takes(folder, line, shims):
                self.unknown.append(f"{line.path}:{line.number}")

    def _takes(self, folder: str, line: PthLine, shims: Shims) -> bool:
        """Take in what a line does; False where that cannot be known."""
        text = line.text.strip()
        if text == _VIRTUALENV:
            path = self._found("_virtualenv")
            return path is None or (path == f"{folder}/_virtualenv.py" and shims.is_virtualenv(path))
        if _DISTUTILS.fullmatch(text):
            self.doubted["distutils"] = line.path  # another may be put in its place, and nothing else is provided
            paths = [f"{folder}/_distutils_hack/{name}" for name in ("__init__.py", "override.py")]
            known = all(shims.is_recorded(path, "setuptools") for path in paths if is_file(self._files, path))
            return known and self._found("_distutils_hack") in (None, paths[0])
        if parts := _namespace_in(text):
            self._add_namespace(".".join(parts), posixpath.join(folder, *parts))
            return True
        match = _EDITABLE.fullmatch(text)
        path = f"{folder}/{match[1]}.py" if match else ""
        is_known = match is not None and self._found(match[1]) == path and shims.is_recorded(path)
        return is_known and self._takes_finder(path)

    def _found(self, name: str) -> str | None:
        """The file that an import at the start may load first; None where it fails, and so provides nothing."""
        return next(_that_may_be(name, self._files, self._target), None)

    def _takes_finder(self, path: str) -> bool:
        """Take in the two tables at the head of a finder that setuptools wrote for an editable install."""
        try:
            text = self._files.read(path, _LARGEST_FINDER).decode("utf-8", "replace")
        except (FileNotFoundError, ImageInvalid):
            return False
        modules, spaces = _literal(_MAPPING.search(text)), _literal(_NAMESPACES.search(text))
        if modules is None or spaces is None or len(modules) + len(spaces) > _MOST_NAMES:
            return False
        self.mapping.update({name: place for name, place in modules.items() if isinstance(place, str)})
        for name, places in spaces.items():
            listed = places if isinstance(places, list) else []
            self._add_namespace(name, *(each for each in listed if isinstance(each, str)))
        return True

    def _add_namespace(self, name: str, *folders: str) -> None:
        self.namespaces[name] = (*self.namespaces.get(name, ()), *folders)


def _namespace_in(text: str) -> list[str]:
    """The parts of the namespace package that a line sets up; none if that is not all it does."""
    names = ""
    for statement in text.split(";"):
        match = next((match for each in _NSPKG if (match := each.fullmatch(statement.strip()))), None)
        if match is None:
            return []
        names = match.groupdict().get("names") or names
    return re.findall(r"\w+", names)


def _literal(match: re.Match[str] | None) -> dict[str, object] | None:
    if match is None:
        return None
    try:
        table = ast.literal_eval(match[1])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    return {name: item for name, item in table.items() if isinstance(name, str)} if isinstance(table, dict) else None


def _customizations(files: Files, target: Target) -> Iterator[str]:
    """The sitecustomize and usercustomize that would be imported, but for Debian's, which only reports crashes."""
    for name in ("sitecustomize", "usercustomize"):
        path = next(_that_may_be(name, files, target), None)
        if path and not (path.endswith(".py") and files.read(path) == _DEBIANS_SITECUSTOMIZE):
            yield path


def _that_may_be(name: str, files: Files, target: Target) -> Iterator[str]:
    """The files that may be a top-level module, in the path's order; an archive may hold it."""
    suffixes = (*target.suffixes, ".py", ".pyc")
    for entry in target.search_path[1:]:
        bases = (posixpath.join(entry, name, "__init__"), posixpath.join(entry, name))
        paths = (entry, *(base + suffix for base in bases for suffix in suffixes))
        yield from (path for path in paths if is_file(files, path))
