"""Functions of the standard library that only compute, and those of which only the parameters are looked at."""

from collections.abc import Mapping

BUILTINS = (
    "len", "chr", "ord", "abs", "sum", "max", "min", "divmod", "hash", "iter", "reversed", "enumerate", "sorted",
    "list", "tuple", "set", "frozenset", "dict", "range", "isinstance", "issubclass", "callable", "bool", "float",
    "complex", "any", "all", "bin", "hex", "oct", "int", "pow", "round", "format", "bytes", "bytearray", "str",
    "slice", "memoryview", "property", "staticmethod", "classmethod", "zip", "map", "filter", "type",
)  # fmt: skip
PURE: Mapping[str, tuple[str, ...]] = {
    "json": ("loads",),
    "tomllib": ("loads",),
    "shlex": ("split",),
    "textwrap": ("dedent", "indent"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "uuid": ("UUID",),
    "datetime": (
        "date", "time", "datetime", "timedelta", "datetime.strptime", "datetime.fromisoformat", "date.fromisoformat",
        "time.fromisoformat",
    ),
    "ipaddress": (
        "ip_address", "ip_network", "ip_interface", "IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network",
    ),
    "builtins": ("bytes.fromhex", "bytearray.fromhex", "float.fromhex", "int.from_bytes"),
    "struct": ("pack", "calcsize", "Struct", "unpack"),
    "base64": ("b64decode", "b32decode", "b16decode", "urlsafe_b64decode", "b64encode"),
    "binascii": ("unhexlify", "a2b_hex", "a2b_base64"),
    "math": (
        "sqrt", "log", "log2", "log10", "exp", "floor", "ceil", "radians", "degrees", "hypot", "gcd", "isclose", "sin",
        "cos", "tan", "pow",
    ),
    "operator": ("itemgetter", "attrgetter", "methodcaller"),
    "random": ("choice",),
    "collections": ("deque", "Counter", "OrderedDict", "defaultdict"),
    "pathlib": ("Path", "PurePath", "PosixPath", "PurePosixPath"),
    "posixpath": ("join", "dirname", "basename", "normpath"),
    "functools": ("lru_cache", "reduce", "cmp_to_key", "partialmethod"),
    "weakref": ("ref", "proxy", "ReferenceType"),
    "typing": ("TypeVar", "ParamSpec"),
    "time": ("time", "monotonic", "perf_counter", "time_ns", "localtime", "gmtime"),
    "heapq": ("heapify", "heappop", "heappush", "heapreplace"),
    "bisect": ("bisect", "bisect_left", "bisect_right", "insort"),
    "itertools": ("count", "repeat", "cycle", "islice", "chain"),
    "io": ("StringIO", "BytesIO"),
    "csv": ("reader", "writer"),
    "types": ("SimpleNamespace", "ModuleType", "MethodType", "MappingProxyType"),
    "hashlib": ("md5", "sha1", "sha256", "sha512"),
    "string": ("Template", "capwords"),
    "html": ("escape", "unescape"),
    "urllib.parse": ("quote", "unquote", "urlencode", "urljoin"),
    "re": ("compile", "match", "search", "fullmatch", "split", "findall", "finditer", "sub", "subn"),
}  # fmt: skip
# whose parameters are told by a signature; what they are given decides nothing else
SIGNED: Mapping[str, tuple[str, ...]] = {
    "dataclasses": ("dataclass", "field", "make_dataclass"),
    "functools": ("wraps", "lru_cache", "total_ordering", "update_wrapper", "singledispatch"),
    "contextlib": ("contextmanager", "asynccontextmanager", "suppress"),
    "abc": ("abstractmethod",),
    "typing": ("NewType", "cast", "overload", "final", "runtime_checkable"),
    "collections": ("namedtuple",),
    "enum": ("unique",),
    "threading": ("Thread", "Lock", "RLock", "Event", "Semaphore", "Timer"),
    "logging": ("getLogger", "basicConfig"),
    "os": ("getenv",),
    "copy": ("copy", "deepcopy"),
    "atexit": ("register",),
    "contextvars": ("ContextVar",),
    "json": ("dumps",),
}
