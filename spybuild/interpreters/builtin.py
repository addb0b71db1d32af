"""Which modules are linked into an interpreter, and so win over every file of the same name.

For CPython the standard library's `_sysconfigdata` tells what its build linked in. Below are the modules that every
build has (Modules/config.c.in), and those that some builds link in: without `_sysconfigdata` they may be there or not.
PyPy's are those that PyPy 7.3 (3.9 to 3.11) names in `sys.builtin_module_names`.
"""

from spybuild.interpreters.sysconfigdata import SysconfigData


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALWAYS = _names(
    """
    _ast _codecs _collections _frozen_importlib _frozen_importlib_external _functools _imp _io _locale _operator
    _signal _sre _stat _string _symtable _thread _tracemalloc _warnings _weakref atexit builtins errno faulthandler
    gc itertools marshal posix pwd sys time
    """
)
_SINCE = {
    "_abc": (3, 7), "_tokenize": (3, 11), "_typing": (3, 12), "_suggestions": (3, 13), "_sysconfig": (3, 13),
    "_contextvars": (3, 14), "_types": (3, 14),
}  # fmt: skip
_UNTIL = {"zipimport": (3, 7)}
_PERHAPS = _names(
    """
    _asyncio _bisect _blake2 _bz2 _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw
    _contextvars _crypt _csv _ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _gdbm _hashlib
    _heapq _hmac _interpchannels _interpqueues _interpreters _json _lsprof _lzma _md5 _multibytecodec
    _multiprocessing _opcode _pickle _posixshmem _posixsubprocess _queue _random _remote_debugging _sha1 _sha2
    _sha256 _sha3 _sha512 _socket _sqlite3 _ssl _statistics _struct _tkinter _types _uuid _xxinterpchannels
    _xxsubinterpreters _zoneinfo _zstd array audioop binascii cmath fcntl grp math mmap nis ossaudiodev parser
    pyexpat readline resource select spwd syslog termios unicodedata xxsubtype zlib
    """
)
_PYPY = _names(
    """
    __exceptions__ __pypy__ _abc _ast _bz2 _cffi_backend _codecs _collections _continuation _cppyy _csv
    _hpy_universal _imp _io _jitlog _locale _lsprof _md5 _minimal_curses _multibytecodec _multiprocessing _opcode
    _operator _pickle_support _posixsubprocess _pypyjson _random _rawffi _rawffi.alt _signal _socket _sre _string
    _struct _testing _thread _vmprof _warnings _weakref array atexit binascii builtins cmath cpyext errno
    faulthandler fcntl gc itertools marshal math mmap posix pwd pyexpat pyexpat.errors pyexpat.model pypyjit select
    sys termios time token unicodedata zlib
    """
)
_PYPY_39 = frozenset({"parser", "symbol"})
# imported from the standard library before the program's own folder is on sys.path, whatever is in that folder
AT_START = _names("abc codecs encodings genericpath io os posixpath site stat _collections_abc _sitebuiltins")
# what CPython carries in itself from 3.11 on, and so finds before every file
_FROZEN = AT_START | _names("__hello__ __phello__ importlib ntpath runpy zipimport")
_FIRST_FROZEN = (3, 11)


def certain(implementation: str, minor: tuple[int, int], data: SysconfigData) -> frozenset[str]:
    """The modules that are surely linked in."""
    if implementation == "PyPy":
        return _PYPY | _PYPY_39 if minor <= (3, 9) else _PYPY
    dated = {name for name, since in _SINCE.items() if minor >= since}
    dated |= {name for name, until in _UNTIL.items() if minor <= until}
    return _ALWAYS | dated | (data.builtin or frozenset())


def possible(implementation: str, data: SysconfigData) -> frozenset[str]:
    """The modules that may be linked in, where nothing says which are."""
    return frozenset() if implementation == "PyPy" or data.builtin is not None else _PERHAPS


def frozen(implementation: str, minor: tuple[int, int]) -> frozenset[str]:
    """The modules that the interpreter carries in itself as bytecode; the standard library has their source."""
    return _FROZEN if implementation == "CPython" and minor >= _FIRST_FROZEN else frozenset()
