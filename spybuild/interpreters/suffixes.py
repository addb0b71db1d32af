"""What extension modules may be called for an interpreter (`importlib.machinery.EXTENSION_SUFFIXES`; PEP 3149, 384).

The tag is compiled into the interpreter. It also stands in the standard library's `_sysconfigdata`, and in the names of
its own extension modules; where there is neither, it is made as configure makes it from the platform.
"""

import posixpath
import re
from collections import Counter

from spybuild.images.files import Files
from spybuild.interpreters.builds import Build
from spybuild.interpreters.layout import Layout
from spybuild.interpreters.sysconfigdata import SysconfigData
from spybuild.model.platforms import Platform

_TAG = re.compile(r"(?:cpython-\d{2,4}[a-z]{0,3}|pypy\d{2,4}-pp\d{2,4})(?:-[a-z0-9_-]{1,60})?")
_NAMED = re.compile(rf"[^.]+\.({_TAG.pattern})\.so")
_FIRST_WITH_MULTIARCH_ABI3 = (3, 13)  # Debian's own addition
_FIRST_WITHOUT_M = (3, 8)
_TRIPLETS = {
    "amd64": "x86_64-linux-{libc}",
    "386": "i386-linux-{libc}",
    "arm64": "aarch64-linux-{libc}",
    "ppc64le": "powerpc64le-linux-{libc}",
    "s390x": "s390x-linux-{libc}",
    "riscv64": "riscv64-linux-{libc}",
    "loong64": "loongarch64-linux-{libc}",
    "mips64le": "mips64el-linux-{libc}abi64",
}


def extension_suffixes(
    files: Files, platform: Platform, layout: Layout, build: Build, data: SysconfigData, *, is_debian: bool
) -> tuple[str, ...]:
    """The suffixes in the order in which the import system tries them."""
    tag = data.soabi if _TAG.fullmatch(data.soabi) else _tag_in_use(files, layout) or _made(platform, build)
    if build.implementation == "PyPy":
        return (f".{tag}.so",)
    version = (build.version or (0, 0, 0))[:2]
    multiarch = tag.split("-", 2)[-1]
    suffixes = [f".{tag}.so"]
    if not build.free_threaded:
        suffixes.append(".abi3.so")
        if is_debian and version >= _FIRST_WITH_MULTIARCH_ABI3:
            suffixes.append(f".abi3-{multiarch}.so")
    return (*suffixes, ".so")


def _tag_in_use(files: Files, layout: Layout) -> str:
    """The tag that most of the standard library's own extension modules carry."""
    names = (*files.names(layout.dynload), *files.names(posixpath.normpath(layout.stdlib)))
    tags = Counter(match[1] for name in names if (match := _NAMED.fullmatch(name)))
    return tags.most_common(1)[0][0] if tags else ""


def _made(platform: Platform, build: Build) -> str:
    major, minor, _ = build.version or (0, 0, 0)
    triplet = _triplet(platform, build)
    if build.implementation == "PyPy":
        return f"pypy{major}{minor}-pp73-{triplet}"
    flags = "m" if (major, minor) < _FIRST_WITHOUT_M else "t" * build.free_threaded
    return f"cpython-{major}{minor}{flags}-{triplet}"


def _triplet(platform: Platform, build: Build) -> str:
    libc = "musl" if build.libc == "musl" else "gnu"
    if platform.architecture == "arm":
        return f"arm-linux-{libc}eabi{'' if build.elf.float_abi == 'soft' else 'hf'}"
    return _TRIPLETS.get(platform.architecture, f"{platform.architecture}-linux-{{libc}}").format(libc=libc)
