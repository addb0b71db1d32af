"""Environment variables that an image does not set, and whether code that is imported may have set them all the same.

Only that a variable is absent is ever told, never what one is worth: values may be secrets. Whatever could change the
environment, by the text of any module that may be imported on the way, leaves it in doubt.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spybuild.static import nodes, parsing, patches
from spybuild.static.budget import TooMuch
from spybuild.static.modules import Module, parents_of
from spybuild.static.reach import absolute
from spybuild.static.traits import noted
from spybuild.static.values import OPEN

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_MOST_MODULES, _MOST_NAMES = 60, 2000  # that are read, and that are looked for
# what engines, shells, inits, builders, clouds and the interpreter may set by themselves
_OTHERS = re.compile(
    r"_|CI|PLAT|PATH|HOME|HOSTNAME|TERM|PWD|OLDPWD|SHLVL|SHELL|USER|LOGNAME|USERNAME|MAIL|LANG|LANGUAGE|LC_.*|TZ|TE?MP|TMPDIR"
    r"|DISPLAY|COLUMNS|LINES|E?[UG]ID|P?PID|(NO|FORCE)_COLOR|SOURCE_DATE_EPOCH|TRACE(PARENT|STATE)|INVOCATION_ID"
    r"|NOTIFY_SOCKET|JOURNAL_STREAM|(CONTAINER|PYTHON|SPYBUILD|LD_|LC_|MALLOC_|GLIBC|KUBERNETES_|DOCKER|PODMAN|BUILD"
    r"|TARGET|NVIDIA_|CUDA|OTEL_|XDG_|SSL_|SUDO_|LISTEN_|AWS_|AZURE_|GOOGLE_|GCP_|LAMBDA_|FUNCTIONS_|WEBSITE_|VIRTUAL_ENV"
    r"|CONDA|PIP_|SETUPTOOLS).*|.*_(SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_.*|NAME|ENV_.*|PROXY)",
    re.IGNORECASE,
)
_SAID = re.compile(r"\benvironb?\b|putenv|getenv")
_READING = ("get", "keys", "items", "values", "copy")
_SETTING = ("setdefault", "pop", "__setitem__", "__delitem__")
# what leads to any object by a name that the text does not show, or runs code that stands elsewhere
_REACHING = frozenset(
    (
        "vars", "__dict__", "__getattribute__", "attrgetter", "methodcaller", "getmembers", "getattr_static",
        "resolve_name", "locate", "import_module", "__import__", "exec_module", "load_module", "entry_points",
        "spec_from_file_location", "iter_entry_points", "load_entry_point", "walk_packages", "reload", "runpy", "imp",
        "pickle", "marshal", "shelve", "ctypes", "cffi", "gc", "putenv", "unsetenv", "environb", "dotenv",
        "load_dotenv", "dictConfig", "fileConfig", "_getframe", "currentframe", "tb_frame", "f_globals", "f_locals",
        "__globals__", "__builtins__", "__subclasses__", "__loader__", "__spec__", "modules", "meta_path",
        "path_hooks", "settrace", "setprofile", "addaudithook", "get_type_hints", "timeit", "unittest", "doctest",
        "pytest", "multiprocessing", "__self__", "_mapping", "_Environ",
        "get_field", "Formatter", "eval_str", "get_annotations", "ForwardRef", "support", "EnvironmentVarGuard",
    )
)  # fmt: skip
_RUNNING = frozenset(("exec", "eval", "compile"))
_BY_NAME = frozenset(("getattr", "setattr", "delattr"))
_ASKED_THROUGH = frozenset(("getenv", "get", "__getitem__", "__contains__"))  # another in their place answers otherwise
_ITS_HOMES = ("os", "_collections_abc", "collections.abc")


@dataclass(frozen=True, slots=True)
class Told:
    """What a module's text says: the variables that it may change (`*` is any), and all that it may import."""

    changed: frozenset[str]
    imports: tuple[ast.Import | ast.ImportFrom, ...]


class Variables:
    """What is known of the environment while one module is imported."""

    def __init__(self, resolver: "Resolver") -> None:
        self._resolver = resolver
        self._changed: frozenset[str] | None = None
        self.is_opaque = False  # compiled code has been imported, which may have set anything

    def is_absent(self, name: object, asked: Module | None) -> bool:
        """Whether the import of the module `asked` finds no variable of this name, for sure."""
        known = self._resolver.target.variables
        if known is None or not isinstance(name, str) or name in known or _OTHERS.fullmatch(name) or asked is None:
            return False
        patched = self._resolver.patched
        if self.is_opaque or patches.EVERYTHING in patched or any(place in _ITS_HOMES for place, _ in patched):
            return False
        if self._changed is None:
            self._changed = self._gathered(asked)
        return OPEN not in self._changed and name not in self._changed

    def _gathered(self, asked: Module) -> frozenset[str]:
        """What may be changed by any module that the import of `asked` may bring along."""
        changed: set[str] = set()
        seen: set[str] = set()
        waiting, read = [asked.name, *parents_of(asked.name)], 0
        while waiting:
            name = waiting.pop()
            module = self._resolver.module(name) if name and name not in seen else None
            seen.add(name)
            if module is None or module.is_stdlib or module.found.kind in ("extension", "namespace"):
                continue  # of compiled ones, `is_opaque` tells
            read += 1
            told = self._told(module) if read <= _MOST_MODULES and len(seen) <= _MOST_NAMES else None
            if told is None or OPEN in told.changed:
                return frozenset((OPEN,))
            changed |= told.changed
            waiting += [each for node in told.imports for each in self._imported(module, node)]
        return frozenset(changed)

    def _imported(self, module: Module, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        """The modules that a statement may import, with the packages that they are in."""
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            base = absolute(module, node.level, node.module or "") or ""
            package = self._resolver.module(base) if base else None
            has_parts = package is not None and (package.found.is_package or package.found.kind == "namespace")
            inner = node.names if has_parts else []
            names = [base, *(f"{base}.{alias.name}" for alias in inner if alias.name != "*")]
        for name in names:
            yield from (*parents_of(name), name)

    def _told(self, module: Module) -> Told | None:
        """None where the text cannot be read."""
        if module.found.kind != "source" or not module.found.path:
            return None
        try:
            book = self._resolver.library.book(module.found.path, checked=False)
        except TooMuch:
            return None
        return None if isinstance(book, parsing.Unparsed) else noted(book.tree, "_spybuild_variables", _read)


def _read(tree: ast.Module) -> Told:
    every = list(nodes.walk(tree))
    safe: set[int] = set()
    changed: set[str] = set()
    for node in every:
        looked_at, name = _use(node)
        if name is not None and any(map(_is_environment, looked_at)):
            changed.add(name)
        safe.update(map(id, looked_at))
    if any(_reaches(node, safe) for node in every):
        changed.add(OPEN)
    return Told(frozenset(changed), tuple(each for each in every if isinstance(each, ast.Import | ast.ImportFrom)))


def _use(node: ast.AST) -> tuple[tuple[ast.AST, ...], str | None]:
    """The parts of a node that it only looks at, or of which it changes an entry; and the name of that entry."""
    match node:
        case ast.Compare(ops=[_, _, *_]):  # what is looked into is compared with something else, too
            return (), None
        case ast.Call(func=ast.Attribute(value=box, attr=attr) as called, args=[ast.Constant(value=str(name)), *_]) if (
            attr in _SETTING
        ):
            return (box, called), name
        case ast.Attribute(value=box, attr=attr, ctx=ast.Load()) if attr in _READING:
            return (box,), None
        case ast.Subscript(value=box, ctx=ast.Load()) | ast.For(iter=box) | ast.comprehension(iter=box):
            return (box,), None
        case ast.Subscript(value=box, slice=ast.Constant(value=str(name))):
            return (box,), name
        case ast.Compare(ops=operators, comparators=boxes):
            pairs = zip(operators, boxes, strict=True)
            return tuple(box for operator, box in pairs if isinstance(operator, ast.In | ast.NotIn)), None
        case ast.Dict(keys=keys, values=values):
            return tuple(value for key, value in zip(keys, values, strict=True) if key is None), None
        case ast.Call(func=ast.Name(id=function) as called, args=[_, ast.Constant(), *_]) if function in _BY_NAME:
            return (called,), None
        case ast.Expr(value=ast.Constant() as text):
            return (text,), None
        case _:
            return (), None


def _is_environment(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id == "environ") or (
        isinstance(node, ast.Attribute) and node.attr == "environ"
    )


def _reaches(node: ast.AST, safe: set[int]) -> bool:
    """Whether a node may lead to the environment in a way that is not followed."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name == "environ":
            return id(node) not in safe
        case ast.Name(id=name) if name in _BY_NAME:
            return id(node) not in safe
        case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()) if name in _ASKED_THROUGH:
            return True
        case ast.Name(id=name) if name in _RUNNING:
            return True
        case ast.Attribute(attr=name) if name in _BY_NAME or (name in _RUNNING and name != "compile"):
            return True
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _REACHING
        case ast.alias(name=name, asname=renamed):
            by_another_name = renamed is not None and name in (*_BY_NAME, *_RUNNING, "environ")
            return by_another_name or bool(_REACHING & set(name.split(".")))
        case ast.ImportFrom(module=str(name)):
            return bool(_REACHING & set(name.split(".")))
        case ast.Constant(value=str(text)):
            return id(node) not in safe and (text in _REACHING or _SAID.search(text) is not None)
        case ast.MatchClass():
            return True
        case _:
            return False
