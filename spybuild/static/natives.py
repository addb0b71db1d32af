"""The modules and types written in C, which have no source to read: tables of what they offer, by minor version.

The tables were made by asking real CPythons on Linux (`tests/static/native_tables.py`). What differs from one build to
another (system calls, constants of the C library) is told but in doubt; other interpreters have no table.
"""

import ast
import json
from functools import cache
from importlib import resources
from typing import Any

from spybuild.model.target import Target
from spybuild.static.folding import Unfoldable, from_python
from spybuild.static.objects import Class, Descriptor, Native, Special
from spybuild.static.values import OPEN, Binding, Cells, Doubt, Known, Some, Unknown, Value

_MINORS = range(6, 15)
# modules whose names depend on the kernel and the C library that Python was built for
VARYING = frozenset(
    (
        "posix",
        "sys",
        "_socket",
        "_ssl",
        "select",
        "_signal",
        "resource",
        "termios",
        "_locale",
        "fcntl",
        "time",
        "errno",
        "mmap",
        "_curses",
        "syslog",
        "_posixsubprocess",
        "_multiprocessing",
        "faulthandler",
        "readline",
        "_curses_panel",
        "ossaudiodev",
        "pyexpat",
        "zlib",
        "_hashlib",
        "_sqlite3",
        "_bz2",
        "_lzma",
        "_dbm",
        "_gdbm",
        "_posixshmem",
        "grp",
        "pwd",
        "_uuid",
    )
)
# of those, what Python 3.6 had already is old enough to be everywhere, with few exceptions
_RARE = frozenset(
    ("getrandom", "get_blocking", "set_blocking", "lockf", "sendfile", "clock_settime", "pthread_getcpuclockid")
)
# constants that come from POSIX or from the kernel, by how they begin; "" is all of a module's
_USUAL: dict[str, tuple[str, ...]] = {
    "errno": ("",), "termios": ("",), "_locale": ("",), "_curses": ("",), "_sqlite3": ("",), "syslog": ("",),
    "select": ("EPOLL", "POLL", "PIPE"), "fcntl": ("F_GET", "F_SET", "F_DUPFD", "FD_", "LOCK_"),
    "mmap": ("ACCESS_", "MAP_", "PROT_", "PAGESIZE", "ALLOCATIONGRANULARITY"),
    "resource": ("RLIM_", "RLIMIT_AS", "RLIMIT_C", "RLIMIT_D", "RLIMIT_F", "RLIMIT_NO", "RLIMIT_S", "RUSAGE_"),
    "_signal": ("SIG", "ITIMER_", "NSIG"), "time": ("CLOCK_",), "_hashlib": ("",), "zlib": ("Z_", "DEF", "MAX_WBITS"),
    "_lzma": ("",), "pyexpat": ("EXPAT_VERSION", "XML_"),
    "posix": (
        "O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_NONBLOCK", "O_CLOEXEC",
        "O_DIRECTORY", "O_NOFOLLOW", "O_SYNC", "O_NOCTTY", "F_OK", "R_OK", "W_OK", "X_OK", "W", "EX_OK", "SEEK_",
        "PRIO_", "RTLD_LAZY", "RTLD_NOW", "RTLD_GLOBAL", "RTLD_LOCAL", "P_ALL", "P_PID", "P_PGID", "F_LOCK", "F_TEST",
        "F_TLOCK", "F_ULOCK",
    ),
    "_socket": (
        "AF_INET", "AF_UNIX", "AF_UNSPEC", "SOCK_", "SHUT_", "SOL_SOCKET", "SOL_TCP", "SOL_UDP", "SO_REUSE", "SO_KEEP",
        "SO_BROADCAST", "SO_ERROR", "SO_LINGER", "SO_RCV", "SO_SND", "SO_TYPE", "IPPROTO_TCP", "IPPROTO_UDP",
        "IPPROTO_IP", "INADDR_", "MSG_PEEK", "MSG_OOB", "MSG_WAITALL", "MSG_DONTWAIT", "TCP_NODELAY", "SOMAXCONN",
        "NI_", "AI_PASSIVE", "AI_CANONNAME", "AI_NUMERIC", "AI_ADDRCONFIG", "EAI_AGAIN", "EAI_FAIL", "EAI_NONAME",
        "EAI_FAMILY", "EAI_MEMORY", "EAI_SERVICE", "EAI_SOCKTYPE",
    ),
}  # fmt: skip
_DOUBT = Doubt("whether it is there depends on how Python was built")
_IN_C = Doubt("its metaclass is written in C, and may add to it")
_SET_AT_START: dict[str, Value] = {  # of `sys`, differing from run to run
    **{name: Some("list") for name in ("argv", "orig_argv", "warnoptions")},
    **{name: Special(f"sys.{name}") for name in ("path", "modules")},
}
_OF_SOME_BUILDS = (
    "gettotalrefcount", "getobjects", "_git", "abiflags", "getandroidapilevel", "real_prefix", "frozen", "_home",
)  # fmt: skip


@cache
def _table(minor: int) -> dict[str, Any]:
    text = resources.files("spybuild.static").joinpath(f"tables/cpython-3.{minor}.json").read_text("utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


class Natives:
    """What one target's C modules offer."""

    def __init__(self, target: Target) -> None:
        known = target.implementation == "CPython" and target.minor[0] == 3 and target.minor[1] in _MINORS
        self._table = _table(target.minor[1]) if known else {}
        self._is_linux = target.platform.os == "linux"
        self._classes: dict[str, Class] = {}
        self._paths: dict[str, tuple[str, str]] | None = None
        self._cells: dict[str, Cells] = {}

    def has(self, module: str) -> bool:
        """Whether there is a table of the module."""
        return module in self._table

    def namespace(self, module: str) -> Cells | None:
        """The names of a module; None where there is no table of it."""
        if module not in self._table:
            return None
        if module not in self._cells:
            names = {name: self._binding(module, name) for name in self._table[module] if not name.startswith("*")}
            if module == "sys":
                names.update({name: Binding(value) for name, value in _SET_AT_START.items()})
            if module in VARYING:
                names[OPEN] = Binding(Unknown(_DOUBT), None, _DOUBT)
            self._cells[module] = Cells(names)
        return self._cells[module]

    def is_absent(self, doubt: Doubt, name: str) -> bool:
        """Whether a name that may depend on the build is in none.

        Constants may come with newer kernels; functions come with Python's version.
        """
        of_builds = doubt.reason.endswith(_DOUBT.reason) and self._is_linux
        return of_builds and not name.isupper() and not name.startswith("__") and name not in _OF_SOME_BUILDS

    def lookup(self, module: str, name: str) -> Binding | None:
        """One name of a module, without making all of them."""
        if module == "sys" and name in _SET_AT_START:
            return Binding(_SET_AT_START[name])
        return self._binding(module, name) if name in self._table.get(module, ()) else None

    def lookup_value(self, module: str, name: str) -> Value | None:
        """What a name of a module is bound to."""
        found = self.lookup(module, name)
        return found.value if found else None

    def builtin(self, name: str) -> Class | None:
        """A builtin class."""
        found = self._value("builtins", name) if name in self._table.get("builtins", ()) else None
        return found if isinstance(found, Class) else None

    def _binding(self, module: str, name: str) -> Binding:
        return Binding(self._value(module, name), None, _DOUBT if _varies(module, name) else None)

    def _value(self, module: str, name: str) -> Value:
        told = self._table[module][name]
        if "class" in told:
            return self._class(told)
        if "function" in told:
            return Native(key=f"{told['in'] or module}.{name}", parameters=told["function"], home=told["in"])
        if "scalar" in told and module not in VARYING and not name.endswith("_addr"):  # addresses differ each time
            return Known(told["scalar"])
        return Some(told["variable"])

    def class_at(self, path: str) -> Class | None:
        """A class by `module.qualname`, as it calls itself."""
        if path in self._classes:
            return self._classes[path]
        if self._paths is None:
            self._paths = {
                told["class"]: (module, name)
                for module, names in self._table.items()
                for name, told in names.items()
                if "class" in told and told["class"].endswith(name.lstrip("*"))
            }
        found = self._paths.get(path)
        return self._class(self._table[found[0]][found[1]]) if found else None

    def _class(self, told: dict[str, Any]) -> Class:
        path = told["class"]
        if path not in self._classes:
            kind = Class(name=told["qualname"].rpartition(".")[2], qualname=told["qualname"], module=told["module"])
            kind.metaclass = (self.class_at(told["meta"]) or Unknown(_IN_C)) if "meta" in told else None
            kind.native, kind.callable_, kind.hidden = True, told["call"], frozenset(told["dunders"])
            self._classes[path] = kind
            bases = [self.class_at(base) for base in told["bases"] if base != "builtins.object"]
            kind.bases = tuple(base for base in bases if base)
            if None in bases:
                kind.unsure = Doubt("a base of it is not known")
            kind.mro = _linear(kind)
            for name, member in told["members"].items():
                kind.cells.names[name] = Binding(_member(f"{path}.{name}", member))
        return self._classes[path]


def _varies(module: str, name: str) -> bool:
    """Whether some builds for Linux lack a name. What Python 3.6 had already is old enough for C libraries to have."""
    if module not in VARYING:
        return False
    if name not in _table(6).get(module, ()) or name in _RARE:
        return True
    return name.isupper() and not name.startswith(_USUAL.get(module, ()))


def _linear(kind: Class) -> tuple[Class, ...]:
    """The MRO of a C class: the tables have single inheritance, with few exceptions that keep this order."""
    every = [kind, *(owner for base in kind.bases for owner in base.mro)]
    return tuple(owner for index, owner in enumerate(every) if owner not in every[index + 1 :])


def _member(key: str, told: list[Any]) -> Value:
    kind, *more = told
    function = Native(key=key, parameters=more[0] if more else None)
    match kind:
        case "method":
            return function
        case "classmethod" | "staticmethod":
            return Descriptor(kind, function)
        case "property" | "slot":
            return Descriptor(kind)
        case "attribute" if more and not isinstance(more[0], list):
            return constant(more[0])
        case "attribute" if more and more[0][0] == "tuple":
            return _tuple(more[0][1])
        case _:
            return Some(more[0][0] if more else "?")


def _tuple(text: str) -> Value:
    try:
        return from_python(ast.literal_eval(text))
    except (ValueError, SyntaxError, Unfoldable):
        return Some("tuple")


def constant(scalar: object) -> Value:
    """The value that a table's scalar is."""
    try:
        return from_python(scalar)
    except Unfoldable:
        return Some(type(scalar).__name__)
