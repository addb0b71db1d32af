"""The members of a tar, held against the standard library's reader and against what GNU tar writes."""

import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.errors import ImageInvalid
from spybuild.images.layers.limits import Limits
from spybuild.images.layers.stream import Stream
from spybuild.images.layers.tar import DIRECTORY, FILE, Member, Tar
from tests.images.layers.making import member, tar_of

FORMATS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]


def chunked(data: bytes, size: int = 1000) -> Iterator[bytes]:
    """Pieces of a size that fits no block."""
    return (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes, limits: Limits | None = None) -> list[tuple[Member, bytes]]:
    """Every member with its content."""
    tar = Tar(Stream(chunked(data)), limits or Limits())
    return [(each, b"".join(tar.pieces())) for each in tar]


def attempt(data: bytes) -> list[tuple[Member, bytes]] | str:
    """Every member with its content, or why it is refused."""
    try:
        return read(data)
    except ImageInvalid as error:
        return error.message


def names(data: bytes) -> list[bytes]:
    """Every member's name, no content taken."""
    return [each.name for each in Tar(Stream(chunked(data)), Limits())]


def block(info: tarfile.TarInfo, format: Literal[0, 1, 2] = tarfile.GNU_FORMAT) -> bytes:  # noqa: A002
    """A member's header as the standard library writes it."""
    return info.tobuf(format)


def with_checksum(header: bytearray) -> bytes:
    """A header with its checksum made right again."""
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


part = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60).filter(
    lambda text: text not in (".", "..")
)
path = st.lists(part, min_size=1, max_size=6).map("/".join)


@st.composite
def infos(draw: st.DrawFn) -> tuple[tarfile.TarInfo, bytes]:
    """A member of any type, with fields from all over their ranges."""
    kind = draw(st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]))
    content = draw(st.binary(max_size=1500)) if kind == tarfile.REGTYPE else b""
    info = member(
        draw(path), kind, size=len(content), mode=draw(st.integers(0, 0o7777)), uid=draw(st.integers(0, 2**21 - 1)),
        mtime=draw(st.integers(0, 2**33 - 1)),
    )  # fmt: skip
    if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info.linkname = draw(path)
    return info, content


@given(st.lists(infos(), max_size=6), st.sampled_from(FORMATS))
@settings(max_examples=60, deadline=None)
def test_members_are_those_that_the_standard_library_reads(
    made: list[tuple[tarfile.TarInfo, bytes]],
    format: int,  # noqa: A002
) -> None:
    """Names, types, sizes, modes, owners, times, links and contents, in each format, whatever the names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for info, content in made:
            try:
                archive.addfile(info, io.BytesIO(content))
            except ValueError:  # ustar holds no name of this length
                return
    found = [
        (
            each.name.rstrip(b"/").decode(),
            each.type,
            each.size,
            each.mode,
            each.owner,
            each.modified,
            each.link.decode(),
            content,
        )
        for each, content in read(out.getvalue())
    ]
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        wanted = [
            (
                each.name.rstrip("/"), each.type, each.size, each.mode, each.uid, int(each.mtime), each.linkname,
                archive.extractfile(each).read() if each.isreg() else b"",  # type: ignore[union-attr]
            )
            for each in archive
        ]  # fmt: skip
    assert found == wanted


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_tars_are_refused_or_read(data: st.DataObject) -> None:
    """Any bytes anywhere give members or one clear error, in each format."""
    tar = bytearray(
        tar_of(
            ("a" * 120, b"1" * 600), ("é", "-> " + "b" * 120), member("h", tarfile.LNKTYPE, linkname="x"),
            format=data.draw(st.sampled_from(FORMATS[1:])),
        )
    )  # fmt: skip
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(tar) - 1))
        tar[at : at + 1] = data.draw(st.binary(min_size=0, max_size=3))
    found = attempt(bytes(tar))
    assert found if isinstance(found, str) else all(len(content) == each.size for each, content in found)


@given(st.binary(max_size=3000))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    """Nothing is a tar by chance, but for what begins with zeros."""
    found = attempt(data)
    assert found == [] or "tar" in found


@given(st.integers(1, 3000))
def test_every_cut_is_noticed(cut: int) -> None:
    """A tar that ends anywhere but at its end, or between members, is cut off."""
    tar = tar_of(("a", b"1" * 700), ("b" * 200, b"2"))
    kept = len(tar.rstrip(b"\0")) // 512 * 512 + 512
    at = max(0, kept - cut)
    found = attempt(tar[:at])
    if isinstance(found, str):
        assert "cut off" in found or "belongs to nothing" in found
    else:
        assert len(found) == {0: 0, 512 + 1024: 1}.get(at, 2 if at >= kept else -1)


@pytest.mark.parametrize("options", [
    ("--format=gnu",), ("--format=posix", "--sparse-version=0.0"), ("--format=posix", "--sparse-version=0.1"),
    ("--format=posix", "--sparse-version=1.0"),
])  # fmt: skip
def test_sparse_files_of_gnu_tar(tmp_path: Path, options: tuple[str, ...]) -> None:
    """In each of the four formats a sparse file has its own name, its real size and its real content."""
    with (tmp_path / "sparse").open("wb") as file:
        for number in range(40):  # more areas than a header has room for
            file.seek(number * 100_000)
            file.write(b"data" * 1024)
        file.truncate(5_000_000)
    (tmp_path / "after").write_bytes(b"after")
    tar = subprocess.run(
        ["tar", "-c", "--sparse", *options, "-C", str(tmp_path), "sparse", "after"], capture_output=True, check=True
    ).stdout
    assert len(tar) < 1_000_000
    (sparse, content), (after, rest) = read(tar)
    assert (sparse.name, sparse.type, sparse.size) == (b"sparse", FILE, 5_000_000)
    assert content == (tmp_path / "sparse").read_bytes()
    assert (after.name, rest) == (b"after", b"after")


@pytest.mark.parametrize("format_name", ["v7", "oldgnu", "gnu", "ustar", "posix"])
def test_what_gnu_tar_writes(tmp_path: Path, format_name: str) -> None:
    """Every dialect of GNU tar gives the same members."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"content")
    (tmp_path / "folder" / "link").symlink_to("file")
    (tmp_path / "folder" / "hard").hardlink_to(tmp_path / "folder" / "file")
    command = ["tar", "-c", "--sort=name", f"--format={format_name}", "-C", str(tmp_path), "folder"]
    found = read(subprocess.run(command, capture_output=True, check=True).stdout)
    assert [(each.name, each.type, each.link, content) for each, content in found] == [
        (b"folder/", b"5", b"", b""),
        (b"folder/file", b"0", b"", b"content"),
        (b"folder/hard", b"1", b"folder/file", b""),
        (b"folder/link", b"2", b"file", b""),
    ]


def test_contents_that_nobody_takes_are_passed() -> None:
    """Names come out right without reading contents, across pieces of any size."""
    assert names(tar_of(("a", b"1" * 5000), ("b", b"2" * 513), ("c", b""))) == [b"a", b"b", b"c"]


def test_a_folder_of_version_seven() -> None:
    """An old header's plain file with a slash at its end is a directory."""
    info = member("old/")
    info.type = tarfile.AREGTYPE
    header = bytearray(block(info))
    header[:5] = b"old/\0"
    ((found, _),) = read(with_checksum(header) + bytes(1024))
    assert found.type == DIRECTORY


def test_large_numbers_are_in_base_256() -> None:
    """Sizes and owners beyond octal's room, and times before 1970."""
    info = member("big", uid=2**40, mtime=-5)
    ((found, _),) = read(block(info) + bytes(1024))
    assert (found.owner, found.modified) == (2**40, -5)


def test_a_prefix_counts_in_ustar_only() -> None:
    """GNU headers have times where ustar has a prefix; what an early Go wrote there is a prefix again, as Go reads it."""
    header = bytearray(block(member("name"), tarfile.USTAR_FORMAT))
    header[345:348] = b"pre"
    assert names(with_checksum(header) + bytes(1024)) == [b"pre/name"]
    header = bytearray(block(member("name")))
    header[345:357] = b"00000000001\0"
    assert names(with_checksum(header) + bytes(1024)) == [b"name"]
    header[345:357] = b"folder\0\0\0\0\0\0"
    assert names(with_checksum(header) + bytes(1024)) == [b"folder/name"]


def pax(records: bytes, kind: bytes = b"x") -> bytes:
    """An extended header."""
    return block(member("pax", kind, size=len(records))) + records + bytes(-len(records) % 512)


def record(key: str, value: bytes) -> bytes:
    """A pax record."""
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body) + len(str(len(body) + 2))
    return str(length).encode() + body


def test_gnu_long_names_win_over_pax() -> None:
    """As in Go's reader."""
    tar = block(member("@", tarfile.GNUTYPE_LONGNAME, size=5)) + b"long\0" + bytes(507)
    tar += pax(record("path", b"pax") + record("mtime", b"-1.5")) + block(member("short")) + bytes(1024)
    ((found, _),) = read(tar)
    assert (found.name, found.modified) == (b"long", -2)


def test_an_empty_record_counts_for_nothing() -> None:
    """It leaves the header's value, as in Go's reader."""
    assert names(pax(record("path", b"")) + block(member("header")) + bytes(1024)) == [b"header"]


def test_a_global_header_of_no_weight_is_passed_over() -> None:
    """Archives of Git have one, with the commit in it."""
    assert names(pax(record("comment", b"0" * 40), b"g") + block(member("a")) + bytes(1024)) == [b"a"]


REFUSED = [
    (b"x" * 512 + bytes(1024), "damaged"),
    (bytes(512) + block(member("a")) + bytes(1024), "block of zeros"),
    (pax(record("path", b"x"), b"g") + block(member("a")), "names files"),
    (pax(record("path", b"x")) + pax(record("comment", b"x"), b"g") + block(member("a")), "names files"),
    (pax(b"12 path=x\n"), "pax header is damaged"),
    (pax(b"99999999999999999999 path=x\n"), "pax header is damaged"),
    (pax(b"path=x\n"), "pax header is damaged"),
    (pax(record("path", b"a\0b")) + block(member("a")), "pax header is damaged"),
    (pax(record("size", b"-1")) + block(member("a")), "no number"),
    (pax(record("size", b"1_0")) + block(member("a")), "no number"),
    (pax(record("mtime", b"soon")) + block(member("a")), "no time"),
    (pax(record("path", b"x")) + bytes(1024), "belongs to nothing"),
    (block(member("v", b"V")) + bytes(1024), "type that no layer has"),
    (block(member("big", b"x", size=(1 << 20) + 1)), "more than 1048576 bytes"),
    (pax(record("SCHILY.xattr.trusted.overlay.opaque", b"y")) + block(member("a")), "overlay"),
    (pax(record("GNU.sparse.major", b"2")) + block(member("a")), "format we do not know"),
    (pax(record("GNU.sparse.map", b"0,9") + record("GNU.sparse.size", b"5")) + block(member("a")), "do not fit"),
    (pax(record("GNU.sparse.map", b"5,0,4,0") + record("GNU.sparse.size", b"9")) + block(member("a")), "overlap"),
    (pax(record("GNU.sparse.map", b"5,0,x") + record("GNU.sparse.size", b"9")) + block(member("a")), "areas"),
    (pax(record("GNU.sparse.major", b"1") + record("GNU.sparse.minor", b"0")) + block(member("a")), "cut off"),
]  # fmt: skip


@pytest.mark.parametrize(("tar", "why"), REFUSED, ids=[why + str(number) for number, (_, why) in enumerate(REFUSED)])
def test_what_no_honest_tar_has_is_refused(tar: bytes, why: str) -> None:
    """Each with its reason, and nothing else happens."""
    with pytest.raises(ImageInvalid, match=why):
        read(tar)


@pytest.mark.parametrize("field", [(100, b"0000_64\0"), (124, b"-0000000001\0"), (124, b"\xff" * 12), (136, b"8\0")])
def test_numbers_that_python_reads_and_tar_does_not_have(field: tuple[int, bytes]) -> None:
    """Underscores, signs and digits beyond seven are no octal numbers."""
    at, value = field
    header = bytearray(block(member("a")))
    header[at : at + len(value)] = value
    with pytest.raises(ImageInvalid, match="number"):
        read(with_checksum(header) + bytes(1024))


def test_a_checksum_of_signed_bytes_is_one() -> None:
    """Some old tools summed up bytes with a sign."""
    header = bytearray(block(member("é")))
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % (sum(header) - 256 * sum(byte > 127 for byte in header))
    assert len(read(bytes(header) + bytes(1024))) == 1


def test_a_sparse_file_of_any_size_costs_nothing_until_it_is_read() -> None:
    """An exabyte of holes is listed; asked for, it is refused."""
    tar = pax(record("GNU.sparse.map", b"0,0") + record("GNU.sparse.size", b"%d" % (1 << 60))) + block(member("a"))
    (found,) = Tar(Stream(chunked(tar + bytes(1024))), Limits())
    assert found.size == 1 << 60
    with pytest.raises(ImageInvalid, match="sparse file has more than"):
        read(tar + bytes(1024))


def test_the_head_of_a_sparse_file() -> None:
    """What a sparse file begins with is peeked at only as far as it is stored."""
    records = record("GNU.sparse.map", b"0,4,100,4") + record("GNU.sparse.size", b"104")
    tar = Tar(Stream(chunked(pax(records) + block(member("a", size=8)) + b"headtail" + bytes(504 + 1024))), Limits())
    for _ in tar:
        assert tar.peek(16) == b"head"
        assert tar.content() == b"head" + bytes(96) + b"tail"


def test_memory_does_not_grow_with_contents() -> None:
    """A large member passes in pieces."""
    zeros = bytes(1 << 20)
    stream = Stream(iter([block(member("a", size=1 << 30)), *[zeros] * 1024, bytes(1024)]))
    tar = Tar(stream, Limits())
    assert [max(map(len, tar.pieces())) for _ in tar] == [1 << 20]
