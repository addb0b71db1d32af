"""Which files' contents are evidence: what is kept when a layer passes by, and which texts may hide a secret."""

import posixpath
import re

MOST_OF_TEXT = 64 << 10
_MOST_OF_SOURCE = 8 << 20

_SOURCES = (".py", ".pyi", ".pth", ".egg-link", "._pth", "/pyvenv.cfg", ".egg-info")
_METADATA = re.compile(r"\.(?:dist-info|egg-info)/[^/]+$|/EGG-INFO/[^/]+$")
_SYSTEM = re.compile(
    r"/etc/(?:os-release|passwd|group|alpine-release|debian_version|ld\.so\.conf(?:\.d/[^/]+)?|ld-musl-[^/]+\.path)"
    r"|/usr/lib/os-release|/var/lib/dpkg/status|/(?:usr/)?lib/apk/db/installed"
)
_SETTINGS = (
    ".ini", ".cfg", ".toml", ".json", ".yaml", ".yml", ".conf", ".properties", ".sh", ".txt", ".pem", ".key", ".xml",
)  # fmt: skip
_CODE = (".py", ".pyi", ".pyc", ".js", ".ts", ".html", ".css", ".map", ".so", ".md", ".rst", ".svg")
# what is shipped by the thousand and by others, where nobody's secret is
_SHIPPED = re.compile(
    r"^/(?:usr/)?(?:share|lib\w*|include)/|^/var/lib/dpkg/|/(?:site|dist)-packages/|/lib/python\d[\d.]*/|/node_modules/"
)
_OWN = re.compile(
    r"^/(?:app|srv|opt/app|workspace|code|home|root|usr/src/app|run/secrets|var/run/secrets|config|secrets)/"
)
_RUNTIME = re.compile(
    r"(?:libc|libm|libdl|librt|libpthread|libutil|libresolv|libgcc_s|libstdc\+\+|libc\.musl-\w+|ld-musl-\w+|ld-linux[\w-]*)"
    r"(?:-\d[\d.]*)?\.so[\d.]*"
)
PACKAGES = ("/site-packages/", "/dist-packages/")
_MOST_OF_SCRIPT, _MOST_OF_DATA = 1 << 20, 256 << 10
_DATA = re.compile(r"^(?!/usr/(?:share|include)/|/etc/).*/(?:share|etc|include)/")


def is_evidence(path: str, size: int) -> bool:
    """Whether the file's whole content is kept: sources and metadata of Python, lists of the system, settings."""
    if path.endswith(_SOURCES) or ("-" in path and _METADATA.search(path)) or _SYSTEM.match(path):
        return size <= _MOST_OF_SOURCE
    return is_settings(path, size)


def is_system_library(path: str) -> bool:
    """Whether the file is a part of the C or C++ runtime, which is asked for versions that ELF facts do not tell."""
    return bool(_RUNTIME.fullmatch(posixpath.basename(path)))


def is_settings(path: str, size: int) -> bool:
    """Whether the file at this absolute path is small and may be settings, where secrets are baked in by mistake."""
    if not 0 < size <= MOST_OF_TEXT:
        return False
    name = posixpath.basename(path)
    if name.startswith(".env"):
        return True
    if _SHIPPED.search(path):
        return False
    if _OWN.match(path):
        return not name.endswith(_CODE)
    return name.endswith(_SETTINGS) or name.startswith(".") or path == "/etc/environment"


def is_text(content: bytes) -> bool:
    """Whether a content is text as far as anybody searches it."""
    return b"\0" not in content


def is_hashed(path: str, size: int) -> bool:
    """Whether a distribution's RECORD may give a hash of the file: of its packages, its scripts and data.

    It gives none of bytecode (PyPA, "Recording installed projects"). Other files are hashed when they are asked for.
    """
    if any(folder in path for folder in PACKAGES):
        return not path.endswith(".pyc")
    return (size <= _MOST_OF_SCRIPT and "/bin/" in path) or (size <= _MOST_OF_DATA and bool(_DATA.match(path)))
