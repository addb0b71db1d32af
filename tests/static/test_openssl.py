"""What the target's `ssl` says of OpenSSL."""

import ssl
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spybuild.images.files import Elf
from spybuild.interpreters.found import Found
from spybuild.interpreters.search import Search
from spybuild.static.openssl import constants
from spybuild.static.values import Begun, Known, begun
from tests.static.reading import here

PLACE = "/usr/lib/python3.11"
SSL = Elf(
    64, True, 62, 3, needed=("libssl.so.3", "libcrypto.so.3", "libc.so.6"),
    versions=(("libcrypto.so.3", "OPENSSL_3.0.0"), ("libc.so.6", "GLIBC_2.34")),
)  # fmt: skip


@dataclass
class Image:
    """As much of an image's search as is asked."""

    elf: Elf | None = SSL
    path: str = f"{PLACE}/lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so"
    kind: str = "extension"

    def told(self) -> Any:
        """What is said of OpenSSL."""
        found = Found("_ssl", self.path, cast("Any", self.kind))
        files = SimpleNamespace(elf=lambda path: self.elf if path == self.path else None)
        target = SimpleNamespace(stdlib=PLACE)
        return constants(cast("Any", SimpleNamespace(module=lambda name: found, files=files, target=target)))


def test_the_library_that_is_asked_for_says_the_release() -> None:
    """The number in the library's name is the release's, where it has the release's symbol versions."""
    told = Image().told()
    assert told["_ssl.OPENSSL_VERSION_INFO"].items[0] == Known(3)
    assert told["_ssl.OPENSSL_VERSION"].start == "OpenSSL 3."


def test_an_older_library_says_all_of_its_release() -> None:
    """1.1.1 has symbols that 1.1.0 has not."""
    needed = ("libssl.so.1.1", "libcrypto.so.1.1")
    elf = replace(SSL, needed=needed, versions=(("libssl.so.1.1", "OPENSSL_1_1_1"),))
    assert Image(elf).told()["_ssl.OPENSSL_VERSION_INFO"].items[:3] == (Known(1), Known(1), Known(1))


UNCLEAR = {
    "linked in": Image(replace(SSL, needed=("libc.so.6",), versions=())),
    "no symbol versions": Image(replace(SSL, versions=())),
    "an older 1.1": Image(replace(SSL, needed=("libssl.so.1.1", "libcrypto.so.1.1"), versions=())),
    "two releases": Image(replace(SSL, needed=("libssl.so.3", "libcrypto.so.1.1"))),
    "one library of two": Image(replace(SSL, needed=("libcrypto.so.3",))),
    "another library as well": Image(replace(SSL, needed=(*SSL.needed, "libcrypto-awslc.so"))),
    "LibreSSL": Image(replace(SSL, needed=("libssl.so.53", "libcrypto.so.50"))),
    "no ELF file": Image(None),
    "in another place": Image(path="/app/_ssl.cpython-311-x86_64-linux-gnu.so"),
    "a source": Image(kind="source"),
    "built in": Image(kind="builtin"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_is_unclear_is_not_said(case: str) -> None:
    """Nothing is said of any other library."""
    assert UNCLEAR[case].told() == {}


def test_the_python_here_agrees() -> None:
    """What is said of this machine's library, if anything is, holds."""
    told = constants(Search(*here())).get("_ssl.OPENSSL_VERSION", begun("OpenSSL "))
    assert isinstance(told, Begun)
    assert ssl.OPENSSL_VERSION.startswith(told.start)
