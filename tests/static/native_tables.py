"""Writes `spybuild/static/tables/*.json`: what the modules written in C offer, one file per minor version of CPython.

`python -m tests.static.native_tables PYTHON...` asks each of these interpreters, with the probe's own eyes: a table says
of a C module what the probe would say. Nothing of it is read from a target.
"""

import json
import subprocess
import sys
from pathlib import Path

from spybuild.static.natives import VARYING

FOLDER = Path(__file__).parents[2] / "spybuild" / "static" / "tables"
PROBE = Path(__file__).parents[2] / "spybuild" / "probe" / "probe.py"
COLLECT = r'''
import json, sys
scope = {"__name__": "table"}
exec(compile(open(sys.argv[1]).read(), "probe", "exec"), scope)
scope["HIDER"].room = 1000
MODULES = """builtins sys _abc _ast _asyncio _bisect _bz2 _codecs _collections _contextvars _csv _curses _datetime _decimal
_elementtree _functools _hashlib _heapq _imp _io _json _locale _lsprof _lzma _md5 _multibytecodec _multiprocessing _opcode
_operator _pickle _posixshmem _posixsubprocess _queue _random _sha1 _sha2 _sha3 _sha256 _sha512 _blake2 _signal _socket
_sqlite3 _sre _ssl _stat _statistics _string _struct _symtable _thread _tokenize _tracemalloc _types _typing _uuid _warnings
_weakref _zoneinfo array atexit binascii cmath errno faulthandler fcntl gc grp itertools marshal math mmap posix pwd pyexpat
readline resource select syslog termios time unicodedata zlib audioop spwd nis crypt _crypt _ctypes _interpreters
_interpchannels _interpqueues _suggestions _sysconfig _hmac _zstd _remote_debugging _contextvars parser symbol
_elementtree _peg_parser _dbm _gdbm _tkinter _codecs_jp _codecs_iso2022 _codecs_cn _codecs_kr _codecs_tw _codecs_hk
_curses_panel ossaudiodev""".split()
VARYING = sys.argv[2].split()
SKIP = set(("__name__ __doc__ __package__ __loader__ __spec__ __file__ __cached__ __builtins__").split())

def brief(parameters):
    if parameters is None:
        return None
    return [[p["name"], scope["KINDS"].index(p["kind"])] + ([value(p["default"])] if p["default"] is not None else [])
            for p in parameters]

def value(told):
    return told["scalar"] if told["is_scalar"] else [told["type"], told["text"]]

def kind_of(cls):
    members = {}
    for name, raw in scope["members_of"](cls):
        if type(raw) is property:
            continue  # put there by a module in Python
        told = scope["describe_member"](name, raw, cls, True)
        members[name] = [told["kind"]] + (
            [brief(told["parameters"])] if told["kind"] in ("method", "classmethod", "staticmethod") else
            [value(told["value"])] if told["value"] else [])
    meta = {} if type(cls) is type else {"meta": scope["path_of"](type(cls))}
    return {**meta, "module": scope["module_of"](cls), "qualname": scope["path_of"](cls)[len(scope["module_of"](cls)) + 1:],
            "bases": [scope["path_of"](base) for base in cls.__bases__], "members": members,
            "call": any("__call__" in vars(owner) for owner in cls.__mro__),
            "dunders": sorted(name for name in vars(cls) if scope["is_dunder"](name))}

answer = {}
for module_name in MODULES:
    try:
        module = __import__(module_name)
    except ImportError:
        continue
    if module_name != "builtins" and getattr(module, "__file__", "").endswith(".py"):
        continue
    names = {}
    for name, thing in sorted(vars(module).items()):
        if name in SKIP or module_name == "sys" and name in ("argv", "path", "modules", "orig_argv", "warnoptions"):
            continue
        if isinstance(thing, type) and vars(type)["__dict__"].__get__(thing) is None:
            continue  # 3.6 has types that were never made ready
        if isinstance(thing, type) and not scope["is_typing_form"](thing):
            names[name] = {"class": scope["path_of"](thing)}
            names[name].update(kind_of(thing))
        elif callable(thing) and not scope["is_typing_form"](thing):
            told = scope["describe_function"](name, thing)
            names[name] = {"function": brief(told["parameters"]), "in": told["defined_in"]}
        else:
            told = scope["value_of"](thing)
            names[name] = {"variable": told["type"]}
            if told["is_scalar"] and module_name not in VARYING and "/" not in str(told["scalar"]):
                names[name]["scalar"] = told["scalar"]  # of others the value is this machine's, and says nothing
    names["__name__"] = {"variable": "str", "scalar": module.__name__}
    answer[module_name] = names
import types
answer["types"] = {name: kind_of(thing) for name, thing in sorted(vars(types).items())
                   if isinstance(thing, type) and thing.__module__ == "builtins"}
import re
answer["types"].update(("*" + kind.__name__, kind_of(kind)) for kind in (
    type(re.compile("")), type(re.match("", "")), type({}.keys()), type({}.values()), type({}.items())))
known = {told["class"] for names in answer.values() for told in names.values() if "class" in told}
for module_name in list(answer):
    for thing in list(vars(sys.modules.get(module_name, sys)).values()):
        for base in type.mro(thing)[1:-1] if isinstance(thing, type) and thing is not type else ():
            if scope["path_of"](base) not in known and base.__module__ not in ("abc", "typing", "enum"):
                answer["types"]["*" + base.__name__] = kind_of(base)
for name, told in answer["types"].items():
    told["class"] = told["module"] + "." + told["qualname"]
print(json.dumps(answer, separators=(",", ":"), sort_keys=True))
'''


def collected(python: str) -> tuple[str, str]:
    """The minor version of an interpreter, and its table as JSON."""
    version = "import sys; print('%d.%d' % sys.version_info[:2])"
    minor = subprocess.run([python, "-c", version], capture_output=True, check=True, text=True).stdout.strip()
    code = [python, "-S", "-c", COLLECT, str(PROBE), " ".join(VARYING)]
    table = subprocess.run(code, capture_output=True, check=True, text=True).stdout
    return minor, json.dumps(json.loads(table), separators=(",", ":"), sort_keys=True) + "\n"


def main() -> None:
    """Write the tables of the interpreters named."""
    for python in sys.argv[1:]:
        minor, table = collected(python)
        (FOLDER / f"cpython-{minor}.json").write_text(table, "utf-8")


if __name__ == "__main__":
    main()
