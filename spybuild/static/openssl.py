"""Which OpenSSL the target's `ssl` runs with, as far as the libraries that its extension asks for by name say so."""

from collections.abc import Mapping

from spybuild.interpreters.search import Search
from spybuild.static.values import Known, Some, Tuple, Value, begun

# the symbol versions that only these releases have, and what all of them say of themselves
_RELEASES: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    (".so.3", "OPENSSL_3.0.0", (3,)),
    (".so.1.1", "OPENSSL_1_1_1", (1, 1, 1)),
)
_PARTS = 5  # of `OPENSSL_VERSION_INFO`


def constants(search: Search) -> Mapping[str, Value]:
    """What `_ssl` says of OpenSSL; nothing where it is linked in, or another library takes its place."""
    found = search.module("_ssl")
    inside = found is not None and (found.path or "").startswith(f"{search.target.stdlib.rstrip('/')}/lib-dynload/")
    elf = search.files.elf(found.path or "") if found is not None and found.kind == "extension" and inside else None
    libraries = sorted(name for name in elf.needed if name.startswith(("libssl", "libcrypto"))) if elf else []
    for suffix, version, numbers in _RELEASES:
        wanted = [f"libcrypto{suffix}", f"libssl{suffix}"]
        if elf and libraries == wanted and any((name, version) in elf.versions for name in wanted):
            return _told(numbers)
    return {}


def _told(numbers: tuple[int, ...]) -> Mapping[str, Value]:
    text = ".".join(map(str, numbers)) + ("." if len(numbers) == 1 else "")
    rest = [Some("int")] * (_PARTS - len(numbers))
    return {
        "_ssl.OPENSSL_VERSION": begun(f"OpenSSL {text}"),
        "_ssl.OPENSSL_VERSION_INFO": Tuple((*map(Known, numbers), *rest)),
    }
