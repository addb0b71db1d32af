"""Tars read in place."""

import gzip
import io
import os
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.archives import Archive, open_archive, spooled
from spybuild.images.layers.limits import Limits
from tests.images.small import tar_of

_opened: list[Archive] = []


@pytest.fixture(autouse=True)
def closing() -> Iterator[None]:
    """Archives are closed after each test."""
    yield
    while _opened:
        _opened.pop().close()


def kept(one: Archive) -> Archive:
    """An archive that is closed after the test."""
    _opened.append(one)
    return one


def archive(tmp_path: Path, content: bytes) -> Archive:
    """An archive with these bytes."""
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    return kept(open_archive(path))


def read(of: Archive, path: str) -> bytes | None:
    """A file's content."""
    file = of.open(path)
    if file is None:
        return None
    with file:
        return file.read()


def made(add: Callable[[tarfile.TarFile], None], kind: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar that was made by hand."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        add(tar)
    return buffer.getvalue()


def linked(tar: tarfile.TarFile, name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> None:
    """Add a link."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    tar.addfile(member)


def file(tar: tarfile.TarFile, name: str, content: bytes = b"content") -> None:
    """Add a file."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def test_files_are_found_by_name(tmp_path: Path) -> None:
    """With `./` before it or not; folders are none."""
    one = archive(tmp_path, tar_of({"./index.json": b"{}", "a/b/c": b"deep", "empty": b""}))
    assert (read(one, "index.json"), read(one, "a/b/c"), read(one, "empty")) == (b"{}", b"deep", b"")
    assert (read(one, "a"), read(one, "nothing"), one.size("a/b/c"), one.size("nothing")) == (None, None, 4, None)


@given(
    st.dictionaries(
        st.text("abc/é", min_size=1, max_size=150).map(lambda x: "n" + x.replace("//", "/").strip("/")),
        st.binary(max_size=2000),
        max_size=8,
    ),
    st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
@settings(max_examples=50, deadline=None)
def test_every_format_is_read_as_tarfile_wrote_it(files: dict[str, bytes], kind: int) -> None:
    """Long names, GNU's and POSIX's; what the format cannot hold is left out."""

    def add(tar: tarfile.TarFile) -> None:
        for name, content in files.items():
            file(tar, name, content)

    try:
        content = made(add, kind)
    except ValueError:
        return
    spool = spooled(iter([content]), "it", 1 << 30)
    one = Archive(spool, "it")
    assert {name: read(one, name) for name in files} == files
    one.close()


def test_links_are_followed_inside(tmp_path: Path) -> None:
    """As in old archives of `docker save`, and never to the host."""

    def add(tar: tarfile.TarFile) -> None:
        file(tar, "one/layer.tar")
        linked(tar, "two/layer.tar", "../one/layer.tar")
        linked(tar, "three", "one/layer.tar", tarfile.LNKTYPE)
        linked(tar, "out", "/etc/passwd")
        linked(tar, "up", "../../../../etc/passwd")
        linked(tar, "round", "round")

    one = archive(tmp_path, made(add))
    assert [read(one, name) for name in ("two/layer.tar", "three")] == [b"content", b"content"]
    assert [read(one, name) for name in ("out", "up", "round")] == [None, None, None]


def test_a_name_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """`docker load` takes the last, other tools the first; blobs are held against their digests anyway."""

    def add(name: str) -> bytes:
        def twice(tar: tarfile.TarFile) -> None:
            file(tar, name)
            file(tar, f"./{name}")

        return made(twice)

    with pytest.raises(ImageInvalid, match="there twice"):
        archive(tmp_path, add("manifest.json"))
    assert read(archive(tmp_path, add("blobs/sha256/aa")), "blobs/sha256/aa") == b"content"


@pytest.mark.parametrize("size", [100, 511, 700, 1100])
def test_a_truncated_archive_is_refused(tmp_path: Path, size: int) -> None:
    """In a header, in a content; the message names the file."""
    with pytest.raises(ImageInvalid, match=r"a\.tar: .*cut off"):
        archive(tmp_path, tar_of({"a": b"x" * 600, "b": b"y" * 600})[:size])


def test_a_damaged_header_is_refused(tmp_path: Path) -> None:
    """Its checksum tells."""
    content = bytearray(tar_of({"a": b"x"}))
    content[0] ^= 1
    with pytest.raises(ImageInvalid, match="checksum"):
        archive(tmp_path, bytes(content))


@pytest.mark.parametrize("content", [b"no tar at all" * 100, b"PK\x03\x04" + bytes(600), bytes(100) + b"x" * 1000])
def test_what_is_no_tar_is_refused(tmp_path: Path, content: bytes) -> None:
    """Clearly."""
    with pytest.raises(ImageInvalid, match=r"a\.tar"):
        archive(tmp_path, content)


@given(st.binary(max_size=3000), st.integers(0, 3000), st.binary(min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_an_archive_or_refused(noise: bytes, at: int, patch: bytes) -> None:
    """There is no third outcome, for noise and for sound archives with noise in them."""
    sound = tar_of({"a": b"x" * 600, "b/c": b"y"})
    for content in (noise, sound[:at] + patch + sound[at + len(patch) :]):
        try:
            one = Archive(spooled(iter([content]), "it", 1 << 30), "it")
        except ImageInvalid:
            continue
        for name in ("a", "b/c"):
            read(one, name)
        one.close()


def test_a_sparse_file_is_refused(tmp_path: Path) -> None:
    """Its bytes do not lie in one place; images have none."""
    path = tmp_path / "sparse"
    with path.open("wb") as sparse:
        sparse.truncate(10 << 20)
    os.system(f"tar -C {tmp_path} --sparse -cf {tmp_path}/s.tar sparse")
    with pytest.raises(ImageInvalid, match="sparse"):
        open_archive(tmp_path / "s.tar")


def test_a_million_members_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image has some hundreds."""
    monkeypatch.setattr("spybuild.images.archives._MOST_MEMBERS", 50)
    with pytest.raises(ImageInvalid, match="more than 50 members"):
        archive(tmp_path, tar_of({str(number): b"" for number in range(51)}))


def test_a_huge_pax_header_is_refused(tmp_path: Path) -> None:
    """Before it is read: a gigabyte of name."""
    header = bytearray(made(lambda tar: file(tar, "a"))[:512])
    header[156:157] = b"x"
    header[124:136] = b"10000000000\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(ImageInvalid, match="header"):
        archive(tmp_path, bytes(header) + bytes(2000))


@pytest.mark.parametrize("suffix", ["tar.gz", "tar", "bin"])
def test_a_compressed_archive_is_unpacked_first(tmp_path: Path, suffix: str) -> None:
    """By its bytes, not by its name."""
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(gzip.compress(tar_of({"a": b"x" * 1000})))
    assert read(kept(open_archive(path)), "a") == b"x" * 1000


def test_a_damaged_compressed_archive_is_refused(tmp_path: Path) -> None:
    """Cut off, or overwritten."""
    content = gzip.compress(tar_of({"a": os.urandom(5000)}))
    path = tmp_path / "a.tar.gz"
    for damaged in (content[:-20], content[:2000] + b"xxxx" + content[2004:]):
        path.write_bytes(damaged)
        with pytest.raises(ImageInvalid, match=r"a\.tar\.gz"):
            open_archive(path)


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    """What unpacks to more than is allowed for its size stops there."""
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(bytes(20 << 20)))
    with pytest.raises(ImageInvalid, match="more than 1048576 bytes"):
        open_archive(path, Limits(unsuspicious=1 << 20, ratio=10))


def test_no_such_archive(tmp_path: Path) -> None:
    """Missing, or a folder, or a pipe, which is not waited for."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("nothing", ".", "pipe"):
        with pytest.raises(ImageNotFound):
            open_archive(tmp_path / name)


def test_threads_may_read_at_once(tmp_path: Path) -> None:
    """Each has its own place in the file."""
    files = {str(number): bytes([number]) * 300_000 for number in range(20)}
    one = archive(tmp_path, tar_of(files))
    with ThreadPoolExecutor(8) as pool:
        assert dict(zip(files, pool.map(lambda name: read(one, name), files), strict=True)) == files


def test_a_spool_is_bounded_and_gone() -> None:
    """It has no name, and nothing of it stays."""
    with pytest.raises(ImageInvalid, match="more than 10 bytes"):
        spooled(iter([b"x" * 6] * 2), "it", 10)
    with spooled(iter([b"ab", b"c"]), "it", 10) as spool:
        assert spool.read() == b"abc"
