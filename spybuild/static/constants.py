"""What a target's code sees of the interpreter and the machine: `sys`, `os`, `platform` as constants of the target."""

from collections.abc import Mapping

from spybuild.interpreters.search import Search
from spybuild.static import openssl
from spybuild.static.objects import Special
from spybuild.static.values import Known, Some, Tuple, Value

SEARCHED = ("sys.path", "sys.meta_path", "sys.path_hooks")  # what decides where modules are found
_BITS = {
    "amd64": 64,
    "arm64": 64,
    "ppc64le": 64,
    "s390x": 64,
    "riscv64": 64,
    "ppc64": 64,
    "loong64": 64,
    "mips64le": 64,
}
_BITS.update({"386": 32, "arm": 32})
_BIG_ENDIAN = ("s390x", "ppc64", "mips64", "mips")
_MACHINES = {
    "amd64": "x86_64", "arm64": "aarch64", "ppc64le": "ppc64le", "s390x": "s390x", "riscv64": "riscv64",
    "loong64": "loongarch64", "ppc64": "ppc64",
}  # fmt: skip
_VERSION = ("major", "minor", "micro", "releaselevel", "serial")


class Constants:
    """The constants of one target."""

    def __init__(self, search: Search) -> None:
        self._search, target = search, search.target
        self._openssl: Mapping[str, Value] | None = None
        self.target = target
        self.bits = bits = _BITS.get(target.platform.architecture)
        system, machine = target.platform.os, _MACHINES.get(target.platform.architecture)
        micro: Value = Known(target.version[2]) if target.version[2] >= 0 else Some("int")
        cpython = target.implementation == "CPython"
        self._at: dict[str, Value] = {
            "sys.version_info": Tuple((*map(Known, target.minor), micro, Some("str"), Some("int")), _VERSION),
            "sys.platform": Known({"windows": "win32"}.get(system, system)),
            "sys.byteorder": Known("big" if target.platform.architecture in _BIG_ENDIAN else "little"),
            "sys.maxsize": Known(2 ** (bits - 1) - 1) if bits else Some("int"),
            "sys.maxunicode": Known(0x10FFFF),
            "sys.hexversion": self._hexversion(),
            "sys.implementation.name": Known(target.implementation.lower()),
            "sys.implementation.version": Tuple((*map(Known, target.minor), micro, Some("str"), Some("int")), _VERSION)
            if cpython
            else Some("version_info"),
            "sys.implementation.cache_tag": Known(f"cpython-{target.minor[0]}{target.minor[1]}")
            if cpython
            else Some("str"),
            "os.name": Known("nt" if system == "windows" else "posix"),
            "typing.TYPE_CHECKING": Known(False),
            "builtins.__debug__": Known(True),
        }
        self._calls: dict[str, Value] = {
            "platform.system": Known({"linux": "Linux", "windows": "Windows", "darwin": "Darwin"}.get(system, system)),
            "platform.machine": Known(machine) if machine else Some("str"),
            "platform.python_implementation": Known(target.implementation),
            "platform.python_version": Known(".".join(map(str, target.version)))
            if target.version[2] >= 0
            else Some("str"),
        }
        for key in ("sys.modules", "sys.builtin_module_names", "os.environ", "sys.implementation", *SEARCHED):
            self._at[key] = Special(key)
        self._at["ctypes.pythonapi"] = Special("anything")

    def _hexversion(self) -> Value:
        major, minor, micro = self.target.version
        return Known(major << 24 | minor << 16 | micro << 8 | 0xF0) if micro >= 0 else Some("int")

    def at(self, key: str) -> Value | None:
        """The constant called `module.name`, if there is one."""
        if key.startswith("_ssl.OPENSSL_"):
            self._openssl = openssl.constants(self._search) if self._openssl is None else self._openssl
            return self._openssl.get(key)
        return self._at.get(key)

    def called(self, key: str) -> Value | None:
        """What the function called `module.name` returns, if that is a constant."""
        return self._calls.get(key)

    def contains(self, item: Value, box: Value) -> bool | None:
        """Whether something is in a special container; None where that is not known, or it is none of ours."""
        if isinstance(box, Special) and box.key == "sys.builtin_module_names" and isinstance(item, Known):
            found = self._search.module(str(item.value))
            if found is None or found.kind != "unknown":
                return found is not None and found.kind == "builtin"
        return None
