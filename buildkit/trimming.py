"""What of Python and of wheels the image does without: less than 15 MB are to be pulled into a build.

Left out is what nothing of ours ever loads. tests/buildkit/test_in_stages.py looks in the image itself for every module
that SpyBuild and the frontend name in an import, wherever it stands.
"""

import shutil
import struct
from collections.abc import Iterable, Iterator
from email.parser import BytesParser
from pathlib import Path

# Paths below the standard library. Not listed is what only looks unused: `tarfile` or `random` are imported by packages
# that are in use, and codecs decode the sources that static evidence reads. (Those of East Asia are half a MB: a source
# in one of them is undecided in the image.)
_STANDARD = """
    _aix_support _android_support antigravity _apple_support argparse asyncio bdb cmd code codeop compileall
    config-* configparser cProfile curses dbm dist-packages _distutils_system_mod doctest encodings/big5*
    encodings/cp932 encodings/cp949 encodings/cp950 encodings/euc_* encodings/gb* encodings/hz
    encodings/iso2022_* encodings/johab encodings/shift_j* ensurepip EXTERNALLY-MANAGED filecmp fileinput ftplib
    getopt graphlib __hello__ html/parser http/server idlelib imaplib _ios_support json/tool lib2to3 logging/config
    logging/handlers mailbox _markupbase modulefinder multiprocessing optparse _osx_support pdb __phello__
    pickletools plistlib poplib profile pstats pty py_compile pyclbr _pydatetime _pydecimal pydoc pydoc_data
    _pyio _pyrepl rlcompleter sched shelve site-packages sitecustomize smtplib socketserver sqlite3 statistics
    symtable sysconfig/__main__ tabnanny test tests this timeit tkinter trace tracemalloc turtle turtledemo
    unittest venv wave webbrowser wsgiref xml/dom xml/etree xml/sax xmlrpc zipapp
"""
_EXTENSIONS = """
    _asyncio _bz2 _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _ctypes_test _curses
    _curses_panel _dbm _gdbm _interpchannels _interpqueues _interpreters _lsprof _lzma _multibytecodec
    _multiprocessing nis _posixshmem readline _sqlite3 _test* _tkinter _uuid xx* _xx*
"""

# Typer writes its help with rich where that is there, and plainly elsewhere; zstd's own library comes with OpenSSL.
_DISTRIBUTIONS = ("backports_zstd", "markdown_it_py", "mdurl", "pygments", "rich")

# Paths below the packages. Where an extension module goes, there is the same in Python, and speed does not matter.
_PACKAGES = (
    "certifi/tests",
    "charset_normalizer/*.so",
    "docker/transport/npipe*.py",
    "google/protobuf/compiler",
    "google/protobuf/internal/*_benchmark.py",
    "google/protobuf/internal/testing_refleaks.py",
    "google/protobuf/json_*.py",
    "google/protobuf/proto_json.py",
    "google/protobuf/testdata",
    "google/protobuf/util",
    "idna/__main__.py",
    "idna/cli.py",
    "isal/igzip.py",
    "isal/igzip_threaded.py",
    "isal/isal_zlib*.so",
    "isal/isa-l/*.md",
    "isal/isa-l/*.txt",
    "packaging/dependency_groups.py",
    "packaging/direct_url.py",
    "packaging/pylock.py",
    "pydantic/color.py",
    "pydantic/experimental",
    "pydantic/mypy.py",
    "pydantic/v1",
    "requests/help.py",
    "typer/_click/_winconsole.py",
    "typer/cli.py",
    "typer/rich_utils.py",
    "typer/testing.py",
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
)
_DECLARATIONS = ("*.pyi", "py.typed", "*.proto")
_ABOUT_INSTALLING = ("RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json", "top_level.txt", "sboms")


def is_left_out(wheel: Path) -> bool:
    """Whether a whole wheel is."""
    return wheel.name.partition("-")[0].lower() in _DISTRIBUTIONS


def trim_library(library: Path) -> None:
    """Remove what the standard library has beyond what is used."""
    _remove(library, (each for name in _STANDARD.split() for each in (name, f"{name}.py")))
    _remove(library, (f"lib-dynload/{name}.*so" for name in _EXTENSIONS.split()))
    _remove(library, ("*/test", "*/tests", "**/*.a", "**/*.exe"))


def trim_packages(packages: Path) -> None:
    """Remove what wheels have beyond what is used; licences stay, and what names the version for scanners."""
    _remove(packages, _PACKAGES)
    _remove(packages, (f"**/{pattern}" for pattern in _DECLARATIONS))
    _remove(packages, (f"*.dist-info/{name}" for name in _ABOUT_INSTALLING))
    for metadata in packages.glob("*.dist-info/METADATA"):
        fields = BytesParser().parsebytes(metadata.read_bytes(), headersonly=True)
        metadata.write_text("".join(f"{name}: {fields[name]}\n" for name in ("Metadata-Version", "Name", "Version")))


def _remove(folder: Path, patterns: Iterable[str]) -> None:
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def strip(program: bytes) -> bytes:
    """An ELF file without what only linkers and debuggers read: symbols, debug information, the table of sections.

    The kernel and the loader go by the program headers alone (System V ABI, chapter 5). What no segment covers is
    blanked rather than cut out, so that nothing moves; blanks compress to nothing.
    """
    wide = program[4] == 2
    table, entry_size, count = _program_headers(program, wide)
    kept = bytearray(max(end for _, end in _segments(program, wide)))
    for begin, end in ((0, table + entry_size * count), *_segments(program, wide)):
        kept[begin:end] = program[begin:end]
    sections, numbers = (0x28, 0x3A) if wide else (0x20, 0x2E)
    kept[sections : sections + (8 if wide else 4)] = bytes(8 if wide else 4)
    kept[numbers : numbers + 6] = bytes(6)
    return bytes(kept)


def _program_headers(program: bytes, wide: bool) -> tuple[int, int, int]:
    """Where they begin, and the size and number of them."""
    table = struct.unpack_from("<Q" if wide else "<I", program, 0x20 if wide else 0x1C)[0]
    return table, *struct.unpack_from("<HH", program, 0x36 if wide else 0x2A)


def _segments(program: bytes, wide: bool) -> Iterator[tuple[int, int]]:
    table, entry_size, count = _program_headers(program, wide)
    for place in range(table, table + entry_size * count, entry_size):
        offset = struct.unpack_from("<Q" if wide else "<I", program, place + (8 if wide else 4))[0]
        size = struct.unpack_from("<Q" if wide else "<I", program, place + (32 if wide else 16))[0]
        if size:
            yield offset, offset + size
