"""Calls whose success depends on the running container: its files, its network, its processes."""

import ast
from typing import TYPE_CHECKING

from spybuild.images.files import is_file, is_folder
from spybuild.static.objects import Bound, Class, Function, Native, Special
from spybuild.static.values import Known, Value

if TYPE_CHECKING:
    from spybuild.static.core import Arguments
    from spybuild.static.resolve import Resolver

_POSIX = (
    "kill", "killpg", "abort", "execv", "execve", "execvp", "execvpe", "execl", "fork", "forkpty", "posix_spawn",
    "posix_spawnp", "spawnv", "remove", "unlink", "rename", "replace", "mkdir", "makedirs", "rmdir", "removedirs",
    "listdir", "scandir", "stat", "lstat", "chdir", "chroot", "chmod", "chown", "link", "symlink", "readlink", "open",
    "truncate", "utime", "setuid", "setgid", "statvfs", "get_terminal_size", "getlogin", "ttyname",
)  # fmt: skip
_EXACT = frozenset(
    (
        *(f"{home}.{name}" for home in ("os", "posix") for name in _POSIX),
        "signal.raise_signal", "_signal.raise_signal", "signal.pthread_kill", "signal.alarm", "signal.pause",
        "socket.create_connection", "socket.gethostbyname", "socket.getaddrinfo", "builtins.open", "io.open",
        "_io.open", "builtins.input", "unittest.main.TestProgram", "tkinter.Tk", "asyncio.run", "asyncio.runners.run",
    )
)  # fmt: skip
_FAMILIES = ("subprocess.", "urllib.request.", "http.client.", "shutil.", "smtplib.", "ftplib.", "multiprocessing.")
# what works or not by what it is given, which is not looked into
GIVEN = frozenset(
    (
        "codecs.lookup", "_codecs.lookup", "locale.setlocale", "_locale.setlocale", "importlib.metadata.version",
        "importlib.metadata.distribution", "zoneinfo.ZoneInfo", "asyncio.get_running_loop", "_asyncio.get_running_loop",
        "asyncio.events.get_running_loop", "xml.etree.ElementTree.fromstring", "xml.etree.ElementTree.XML",
        "xml.etree.ElementTree.parse", "ast.literal_eval", "logging.config.dictConfig", "logging.config.fileConfig",
    )
)  # fmt: skip
_HARMLESS = ("shutil.which", "shutil.get_terminal_size", "multiprocessing.cpu_count")
# what is only called on paths and the like, whatever the object is
_ON_PATHS = frozenset(("read_text", "read_bytes", "write_text", "write_bytes", "iterdir", "unlink", "rmdir"))
_LOOKING = ("open", "stat", "lstat", "listdir", "scandir", "statvfs", "chdir")
_READING = ("r", "rb", "rt", "br")


def key_of(function: Value) -> str:
    """`module.qualname` of something of the standard library; empty where it is none."""
    match function:
        case Special(key=key) | Native(key=key):
            return key
        case Function(module=module) if module.is_stdlib:
            return f"{module.name}.{function.qualname}"
        case Class(home=home, native=native) if native or (home is not None and home.is_stdlib):
            return function.path
        case Bound(function=Native(key=key), receiver=Class()):
            return key
        case _:
            return ""


def asked_by(resolver: "Resolver", key: str, function: Value, arguments: "Arguments") -> str | None:
    """What a call needs of its surroundings; None where it needs nothing, or what it needs is in the image."""
    if key not in _EXACT and (not key.startswith(_FAMILIES) or key.startswith(_HARMLESS)):
        return None
    if isinstance(function, Class) and "Error" in function.name:
        return None
    if key.rpartition(".")[2] in _LOOKING and _is_there(resolver, arguments):
        return None
    return f"whether {key}() works depends on the running container"


def asked_of(called: ast.expr) -> str | None:
    """What a method needs by its name alone, of an object that is not known."""
    if isinstance(called, ast.Attribute) and called.attr in _ON_PATHS:
        return f"whether .{called.attr}() works depends on the files of the running container"
    return None


def _is_there(resolver: "Resolver", arguments: "Arguments") -> bool:
    """Whether a file or folder that is only looked at is in the image."""
    path, mode = arguments.get(0, "file") or arguments.get(0, "path"), arguments.get(1, "mode") or Known("r")
    if not isinstance(path, Known) or not isinstance(path.value, str) or not path.value.startswith("/"):
        return False
    files = resolver.search.files
    reads = isinstance(mode, Known) and mode.value in _READING
    return reads and (is_file(files, path.value) or is_folder(files, path.value))
