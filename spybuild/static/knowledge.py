"""What is known by its meaning: functions and classes of the standard library, by `module.qualname`.

A handler is given a call and says what it returns; None says that it does not know either.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spybuild.static.values import Known, Some, Value

if TYPE_CHECKING:
    from spybuild.static.core import Arguments
    from spybuild.static.interpreter import Interpreter


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something known: the interpreter that carries it out, what is passed, and where it stands."""

    it: "Interpreter"
    arguments: "Arguments"
    line: int | None


Handler = Callable[[Call], "Value | None"]
KNOWN: dict[str, Handler] = {}
# what raises nothing where it is used as it is meant
SAFE = (
    "typing", "functools.", "abc.", "enum.", "dataclasses.", "contextlib.", "collections.namedtuple",
    "logging.getLogger",
    "threading.", "_thread.", "types.", "object.", "property.", "re.compile", "atexit.", "weakref.", "contextvars.",
    "os.environ.", "os.getenv", "sys.", "platform.", "copyreg.", "warnings.", "os.path.dirname", "os.path.join",
    "os.path.basename", "os.path.abspath", "os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.expanduser",
    *(
        f"builtins.{name}"
        for name in (
            "isinstance", "issubclass", "callable", "hasattr", "repr", "id", "globals", "locals", "vars", "print",
            "type",
            "object", "property", "staticmethod", "classmethod", "super", "list", "tuple", "dict", "set", "frozenset",
            "range", "enumerate", "zip", "bool", "str", "sorted", "len",
        )
    ),
)  # fmt: skip


def knows(*keys: str) -> Callable[[Handler], Handler]:
    """Register a handler under these keys."""

    def register(handler: Handler) -> Handler:
        KNOWN.update(dict.fromkeys(keys, handler))
        return handler

    return register


# what calls return that do nothing else that matters here
RETURNED: dict[str, Value] = {
    **dict.fromkeys(
        [
            "builtins.repr",
            "builtins.ascii",
            "builtins.chr",
            "builtins.hex",
            "builtins.oct",
            "builtins.bin",
            "builtins.format",
            "builtins.input",
            "os.getcwd",
            "os.fspath",
            "os.fsdecode",
            "os.strerror",
            "posix.getcwd",
            "sys.intern",
            "_io.StringIO.getvalue",
            "os.path.join",
            "os.path.dirname",
            "os.path.basename",
            "os.path.abspath",
            "os.path.realpath",
            "os.path.normpath",
            "os.path.expanduser",
            "os.path.normcase",
            "os.path.commonprefix",
            "os.path.relpath",
            "posixpath.join",
            "posixpath.dirname",
            "posixpath.basename",
            "posixpath.abspath",
            "posixpath.realpath",
            "posixpath.normpath",
            "posixpath.expanduser",
            "posixpath.normcase",
            "posixpath.relpath",
            "platform.node",
            "platform.release",
            "platform.version",
            "platform.platform",
            "platform.processor",
            "sys.getdefaultencoding",
            "sys.getfilesystemencoding",
            "locale.getpreferredencoding",
            "tempfile.gettempdir",
            "time.strftime",
            "time.ctime",
            "textwrap.dedent",
            "textwrap.indent",
            "inspect.cleandoc",
            "inspect.getsource",
            "re.escape",
            "json.dumps",
            "html.escape",
            "html.unescape",
            "importlib.metadata.version",
            "secrets.token_hex",
            "secrets.token_urlsafe",
            "binascii.hexlify",
            "socket.gethostname",
            "posix.strerror",
        ],
        Some("str"),
    ),
    **dict.fromkeys(
        [
            "builtins.hash",
            "builtins.id",
            "builtins.ord",
            "os.getpid",
            "posix.getpid",
            "sys.getrecursionlimit",
            "sys.getsizeof",
            "time.perf_counter_ns",
            "time.time_ns",
            "time.monotonic_ns",
            "os.cpu_count",
            "zlib.crc32",
            "binascii.crc32",
            "random.randint",
            "random.randrange",
            "ctypes.sizeof",
            "_ctypes.sizeof",
            "builtins.len",
        ],
        Some("int"),
    ),
    **dict.fromkeys(
        [
            "time.time",
            "time.perf_counter",
            "time.monotonic",
            "time.process_time",
            "random.random",
            "random.uniform",
            "math.sqrt",
            "math.log",
            "math.exp",
            "math.sin",
            "math.cos",
            "math.pow",
            "math.log2",
            "math.log10",
            "math.floor",
            "math.radians",
        ],
        Some("float"),
    ),
    **dict.fromkeys(
        [
            "builtins.callable",
            "builtins.isinstance",
            "builtins.issubclass",
            "builtins.hasattr",
            "builtins.any",
            "builtins.all",
            "os.path.exists",
            "os.path.isfile",
            "os.path.isdir",
            "os.path.isabs",
            "posixpath.exists",
            "posixpath.isfile",
            "posixpath.isdir",
            "sys.is_finalizing",
            "posix.isatty",
            "genericpath.exists",
            "genericpath.isfile",
            "genericpath.isdir",
        ],
        Some("bool"),
    ),
    **dict.fromkeys(
        [
            "struct.pack",
            "_struct.pack",
            "os.urandom",
            "os.fsencode",
            "marshal.dumps",
            "pickle.dumps",
            "base64.b64encode",
            "secrets.token_bytes",
        ],
        Some("bytes"),
    ),
    **dict.fromkeys(["builtins.sorted", "builtins.dir", "sys.exc_info", "os.listdir", "random.sample"], Some("list")),
    **dict.fromkeys(["builtins.divmod", "time.localtime", "time.gmtime"], Some("tuple")),
    **dict.fromkeys(
        [
            "builtins.print",
            "warnings.warn",
            "warnings.filterwarnings",
            "warnings.simplefilter",
            "sys.setrecursionlimit",
            "gc.collect",
            "logging.basicConfig",
            "signal.signal",
            "os.register_at_fork",
            "locale.setlocale",
            "gc.disable",
            "gc.enable",
            "codecs.register",
            "codecs.register_error",
            "_codecs.register",
            "_codecs.register_error",
            "copyreg.pickle",
            "mimetypes.init",
            "faulthandler.enable",
            "os.environ.setdefault",
            "os.putenv",
            "os.umask",
            "builtins.breakpoint",
            "sys.setswitchinterval",
            "socket.setdefaulttimeout",
            "_warnings.warn",
            "_thread.start_new_thread",
            "sys.audit",
            "random.seed",
            "copyreg.constructor",
        ],
        Known(None),
    ),
    "re.compile": Some("Pattern"),
    "_sre.compile": Some("Pattern"),
    "re._compile": Some("Pattern"),
    "re._compiler.compile": Some("Pattern"),
    "sre_compile.compile": Some("Pattern"),
    "logging.getLogger": Some("Logger"),
    "threading.Lock": Some("lock"),
    "_thread.allocate_lock": Some("lock"),
    "_thread.allocate": Some("lock"),
    "threading.RLock": Some("RLock"),
    "_thread.RLock": Some("RLock"),
    "threading.Event": Some("Event"),
    "threading.local": Some("_local"),
    "_thread.get_ident": Some("int"),
    "builtins.open": Some("TextIOWrapper"),
    "io.open": Some("TextIOWrapper"),
    "builtins.object": Some("object"),
    "weakref.WeakKeyDictionary": Some("WeakKeyDictionary"),
    "weakref.WeakValueDictionary": Some("WeakValueDictionary"),
    "weakref.WeakSet": Some("WeakSet"),
    "os.stat": Some("stat_result"),
    "posix.stat": Some("stat_result"),
    "os.uname": Some("uname_result"),
    "builtins.memoryview": Some("memoryview"),
    "builtins.slice": Some("slice"),
    "contextvars.ContextVar": Some("ContextVar"),
    "_contextvars.ContextVar": Some("ContextVar"),
    "pathlib.Path": Some("PosixPath"),
    "pathlib.Path.cwd": Some("PosixPath"),
    "decimal.Decimal": Some("Decimal"),
    "_decimal.Decimal": Some("Decimal"),
    "datetime.datetime.now": Some("datetime"),
    "builtins.range": Some("range"),
    "builtins.bytearray": Some("bytearray"),
    "itertools.count": Some("count"),
}
