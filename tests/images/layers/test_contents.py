"""What of a layer's contents is at hand without reading the layer again."""

import hashlib
import tarfile

import pytest

from spybuild.errors import ImageInvalid
from spybuild.images.elf.reading import read_elf
from spybuild.images.layers import contents as contents_module
from spybuild.images.layers.contents import pack_elf, unpack_elf
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.store import LayerStore
from spybuild.images.layers.tree import LayeredFiles
from tests.images.elf.making import Made
from tests.images.layers.making import Counted, Spec, tar_of

SITE = "usr/lib/python3/site-packages"


def indexed(*specs: Spec, limits: Limits | None = None) -> tuple[Counted, LayeredFiles]:
    """A layer of these members, and its tree."""
    counted = Counted(tar_of(*specs))
    return counted, LayerStore(limits=limits).files([counted.layer])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (f"{SITE}/a/b.py", b"X = 1\n"),
        (f"{SITE}/a-1.dist-info/METADATA", b"Name: a\n"),
        ("opt/venv/pyvenv.cfg", b"home = /usr/bin\n"),
        ("usr/lib/libc.so.6", Made(soname="libc.so.6").build()),
        ("usr/lib/odd.py", Made().build()),
        ("app/.env", b"A=1\n"),
    ],
)
def test_evidence_is_at_hand(path: str, content: bytes) -> None:
    """Sources, metadata, settings, and the C library, also with its ELF facts."""
    counted, files = indexed((path, content))
    assert files.read(f"/{path}") == content
    assert files.sha256(f"/{path}") == hashlib.sha256(content).hexdigest()
    assert (files.elf(f"/{path}") is not None) == content.startswith(b"\x7fELF")
    assert counted.opened == 1


def test_heads_are_at_hand() -> None:
    """The header of bytecode, and the first line of a script that is too long to be kept."""
    tar = tar_of(("a.pyc", b"0123456789abcdef" + b"x" * 100), ("bin/tool", b"#!/usr/bin/python3\n" + b"x" * 100_000))
    at = tar.index(b"bin/tool")
    header = tarfile.TarInfo.frombuf(bytearray(tar[at : at + 512]), "utf-8", "strict")
    header.mode = 0o755
    counted = Counted(tar[:at] + header.tobuf(tarfile.GNU_FORMAT) + tar[at + 512 :])
    files = LayerStore().files([counted.layer])
    assert files.head("/a.pyc", 16) == b"0123456789abcdef"
    assert files.head("/bin/tool").startswith(b"#!/usr/bin/python3\nxxx")
    assert counted.opened == 1
    assert files.head("/a.pyc", 17) == b"0123456789abcdefx"
    assert counted.opened == 2


def test_hashes_that_a_record_may_ask_for_are_at_hand() -> None:
    """Of libraries and data in packages; not of the rest, unless it is asked for."""
    library, data = Made().build(), b"data" * 1000
    counted, files = indexed((f"{SITE}/a.so", library), (f"{SITE}/a.dat", data), ("var/b.dat", data))
    assert files.sha256(f"/{SITE}/a.so") == hashlib.sha256(library).hexdigest()
    assert files.sha256(f"/{SITE}/a.dat") == hashlib.sha256(data).hexdigest()
    assert counted.opened == 1
    assert files.sha256("/var/b.dat") == hashlib.sha256(data).hexdigest()
    assert counted.opened == 2


@pytest.mark.parametrize("bound", ["_IN_MEMORY", "_MOST_SPOOLED"])
def test_large_libraries(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """One beyond memory goes through a temporary file; one beyond that is known by what it begins with."""
    monkeypatch.setattr(contents_module, "_IN_MEMORY", 100)
    monkeypatch.setattr(contents_module, bound, 100)
    monkeypatch.setattr(contents_module, "_BEGINNING", 120)
    content = Made(soname="libbig.so").build() + bytes(5000)
    _, files = indexed((f"{SITE}/big.so", content), (f"{SITE}/other.so", Made(soname="other").build() + bytes(200)))
    big, other = files.elf(f"/{SITE}/big.so"), files.elf(f"/{SITE}/other.so")
    assert big is not None
    assert other is not None
    assert big.machine == 62
    if bound == "_IN_MEMORY":
        assert (big.soname, other.soname, big.unread) == ("libbig.so", "other", "")
    else:
        assert (big.soname, big.unread) == ("", "its program headers are cut off")
    assert files.sha256(f"/{SITE}/big.so") == hashlib.sha256(content).hexdigest()


def test_elf_facts_have_a_bound() -> None:
    """No honest layer has that many."""
    with pytest.raises(ImageInvalid, match="more ELF files"):
        indexed(("a.so", Made().build()), ("b.so", Made().build()), limits=Limits(facts=100))


def test_facts_come_back_as_they_were() -> None:
    """Through the index, unless they are damaged."""
    made = Made(runpath="/a:/b", versions=(("libc.so.6", "GLIBC_2.2"),)).build()
    elf = read_elf(lambda offset, size: made[offset : offset + size], len(made))
    assert elf is not None
    assert unpack_elf(pack_elf(elf)) == elf
    assert unpack_elf(pack_elf(elf)[:-1]) is unpack_elf(b"") is None
