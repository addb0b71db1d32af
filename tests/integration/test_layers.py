"""The merged tree of real images is, file for file, what the engine itself exports of a container made of them."""

import hashlib
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, BinaryIO

import pytest

from spybuild.images.files import Entry, Kind
from spybuild.images.layers.layer import Layer
from spybuild.images.layers.store import LayerStore
from spybuild.images.layers.tree import LayeredFiles
from spybuild.model.digests import Digest
from tests.images.layers.making import Spec, files_of, hard_link, member, tar_of
from tests.integration.building import docker, image_of
from tests.stack import Docker, Stack

pytestmark = pytest.mark.stack

CHANGES = """
RUN mkdir -p /data/a/b /data/gone /swap/folder /opaque/deep && echo 1 >/data/a/b/one && echo 2 >/data/gone/two \\
 && echo 3 >/swap/file && echo 4 >/swap/folder/four && ln -s ../data/a /swap/link && echo 5 >/opaque/deep/five \\
 && echo 6 >/opaque/six && echo 7 >/data/hard && ln /data/hard /data/harder && mkfifo /data/pipe
RUN rm -r /data/gone /data/a/b/one && rm /data/harder && echo 8 >/data/new
RUN rm -r /opaque && mkdir /opaque && echo 9 >/opaque/nine
RUN rm -r /swap/folder && echo 10 >/swap/folder && rm /swap/file && mkdir /swap/file && echo 11 >/swap/file/eleven \\
 && rm /swap/link && mkdir /swap/link && echo 12 >/swap/link/twelve
RUN rm -r /usr/share && mkdir /usr/share && echo 13 >/usr/share/thirteen && chmod 700 /data && chown 12:34 /data/new
RUN rm -r /data/a && mkdir -p /data/a && ln /usr/share/thirteen /data/a/linked && truncate -s 3M /data/a/sparse
"""
# what an engine mounts into every container, and so puts into its export
MOUNTED = {"/.dockerenv", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab"}
MOUNTED_BELOW = ("/dev", "/proc", "/sys")


def layers_of(folder: Path) -> list[Layer]:
    """The layers of the image in an OCI layout."""
    index = json.loads((folder / "index.json").read_text())
    document = index
    while "manifests" in document:
        of_images = [each for each in document["manifests"] if each.get("platform", {}).get("os") != "unknown"]
        document = json.loads(blob(folder, of_images[0]["digest"]).read_text())
    diff_ids = json.loads(blob(folder, document["config"]["digest"]).read_text())["rootfs"]["diff_ids"]
    return [
        Layer(
            Digest.parse(diff_id), each["mediaType"], opener(blob(folder, each["digest"])),
            Digest.parse(each["digest"]), each["size"],
        )
        for diff_id, each in zip(diff_ids, document["layers"], strict=True)
    ]  # fmt: skip


def blob(folder: Path, digest: str) -> Path:
    """The file of a blob."""
    return folder / "blobs" / digest.replace(":", "/")


def opener(path: Path) -> Callable[[], BinaryIO]:
    """Opens a file."""
    return lambda: path.open("rb")


def saved(stack: Stack, image: str, folder: Path) -> list[Layer]:
    """The layers of an image of the stack's engine, by `docker save`."""
    assert stack.docker is not None
    docker(stack.docker, "save", "-o", str(folder / "image.tar"), image)
    with tarfile.open(folder / "image.tar") as archive:
        archive.extractall(folder / "layout", filter="data")
    return layers_of(folder / "layout")


def exported(engine: Docker, image: str) -> dict[str, tuple[object, ...]]:
    """What the engine exports of a container of an image: kind, mode, owner, time, link, and hash of each path."""
    container = docker(engine, "create", image, "/none").strip()
    try:
        command = [engine.client or "docker", "export", container]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, **engine.environment()}) as process:
            assert process.stdout is not None
            return read_export(process.stdout)
    finally:
        docker(engine, "rm", "-f", container)


def read_export(stream: IO[bytes]) -> dict[str, tuple[object, ...]]:
    """An exported tar by path; hard links as the files they are."""
    found: dict[str, tuple[object, ...]] = {}
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for each in archive:
            path = "/" + each.name.strip("/").removeprefix("./")
            if each.islnk():
                found[path] = found["/" + each.linkname.lstrip("/")]
            elif each.isfile():
                content = archive.extractfile(each)
                assert content is not None
                digest = hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed's protocol
                found[path] = ("file", each.mode & 0o7777, each.uid, int(each.mtime), "", digest)
            else:
                kind = "directory" if each.isdir() else "symlink" if each.issym() else "other"
                found[path] = (
                    kind,
                    each.mode & 0o7777,
                    each.uid,
                    int(each.mtime),
                    each.linkname if each.issym() else "",
                    "",
                )
    return found


def merged(files: LayeredFiles) -> dict[str, tuple[object, ...]]:
    """Our tree, in the same words."""

    def told(entry: Entry) -> tuple[object, ...]:
        digest = files.sha256(entry.path) if entry.kind is Kind.FILE else ""
        return (entry.kind.value, entry.mode, entry.owner, entry.modified, entry.target, digest)

    entries = list(files.walk())
    files.expect(entry.path for entry in entries)
    return {entry.path: told(entry) for entry in entries}


def is_mounted(path: str) -> bool:
    """Whether the engine itself puts a path into containers, or its parent's time changes by that."""
    return path in MOUNTED or path in ("/", "/etc") or path.startswith(MOUNTED_BELOW)


@pytest.mark.parametrize("base", ["3.13", "3.11"])
def test_the_merge_equals_the_engines_own_export(stack: Stack, tmp_path: Path, base: str) -> None:
    """Whiteouts, opaque directories, files replaced by directories and the reverse, links: all as in the export."""
    assert stack.docker is not None
    image = image_of(stack, f"spybuild-test/layers:{base}", tmp_path, {"a.py": "X = 1\n"}, base=base, lines=CHANGES)
    files = LayerStore().files(saved(stack, image, tmp_path))
    ours = {path: told for path, told in merged(files).items() if not is_mounted(path)}
    theirs = {path: told for path, told in exported(stack.docker, image).items() if not is_mounted(path)}
    assert len(theirs) > 1000
    assert {path: (ours.get(path), theirs.get(path)) for path in ours.keys() ^ theirs.keys()} == {}
    for path, told in ours.items():
        if told[0] == "directory" and told[3] == 0:  # no layer names it: it has the time of the engine's unpacking
            ours[path] = told = (*told[:3], theirs[path][3], *told[4:])
    assert {path: (ours[path], theirs[path]) for path in ours if ours[path] != theirs[path]} == {}


def test_contents_equal_the_engines_own(stack: Stack, tmp_path: Path) -> None:
    """What is read from the merged tree, kept or fetched, hashes to what the engine exports."""
    assert stack.docker is not None
    image = image_of(stack, "spybuild-test/layers:content", tmp_path, {"a.py": "X = 1\n"}, lines=CHANGES)
    files = LayerStore(hashes=False).files(saved(stack, image, tmp_path))
    theirs = exported(stack.docker, image)
    some = [path for path, told in theirs.items() if told[0] == "file" and not is_mounted(path)][::7]
    files.expect(some)
    for path in some:
        assert hashlib.sha256(files.read(path, 1 << 30)).hexdigest() == theirs[path][5], path


BY_HAND: list[list[Spec]] = [
    [
        ("a/", None), ("a/x", b"1"), ("a/sub/", None), ("a/sub/z", b"2"), ("b/", None), ("b/file", b"3"),
        ("c", "-> a"), ("d/", None), ("d/keep", b"4"), ("e/", None), ("e/one", b"5"), ("f", b"6"),
        ("implied/q/r", b"7"), ("g/", None), ("g/h", b"8"), ("i/", None), ("i/j/", None), ("i/j/k", b"9"),
        ("same/", None), ("same/old", b"10"), ("upper/", None), ("upper/one", b"11"),
    ],
    [
        ("a/", None), ("a/.wh..wh..opq", b""), ("a/new", b"20"), (".wh.b", b""), ("c/", None), ("c/inside", b"21"),
        ("d/.wh.keep", b""), ("e/.wh..wh..opq", b""), ("e/two", b"22"), ("f/", None), ("f/inside", b"23"),
        ("g", b"24"), hard_link("linked", "g"), ("i/.wh.j", b""), ("same/", None), ("same/mine", b"25"),
        ("same/.wh..wh..opq", b""), ("./dotted/./x", b"26"), ("/absolute", b"27"),
        ("late/y", b"30"), member("late/", tarfile.DIRTYPE, mode=0o700),
    ],
    [
        ("b/", None), ("b/again", b"40"), ("implied/q/.wh.r", b""), ("implied/q/s", b"41"), ("i/j/", None),
        ("i/j/l", b"42"), ("upper/.wh.one", b""), ("upper/one/", None), ("g", "-> a"),
    ],
]  # fmt: skip


def archive_of(layers: Sequence[Sequence[Spec]], folder: Path, tag: str) -> Path:
    """A `docker load` archive of hand-made layers."""
    tars = [tar_of(*specs) for specs in layers]
    config = {
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [str(Digest.of(tar)) for tar in tars]},
    }  # fmt: skip
    names = [f"{number}/layer.tar" for number in range(len(tars))]
    manifest = [{"Config": "config.json", "RepoTags": [tag], "Layers": names}]
    contents = {"config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    contents |= dict(zip(names, tars, strict=True))
    (folder / "archive.tar").write_bytes(tar_of(*contents.items()))
    return folder / "archive.tar"


@pytest.mark.parametrize("name", ["docker", "docker_classic"])
def test_layers_made_by_hand(stack: Stack, tmp_path: Path, name: str) -> None:
    """Opaque directories, directories that are only implied, entries that others replace: as both of the stores do."""
    engine = getattr(stack, name)
    tag = "spybuild-test/layers:by-hand"
    twice: list[Spec] = [("twice", b"50"), ("twice", b"51")]
    layers = BY_HAND if name == "docker_classic" else [*BY_HAND, twice]  # which refuses a name that comes twice
    docker(engine, "load", "-i", str(archive_of(layers, tmp_path, tag)))
    theirs = {path: told for path, told in exported(engine, tag).items() if not is_mounted(path)}
    ours = {path: told for path, told in merged(files_of(*layers)).items() if not is_mounted(path)}
    for path, told in ours.items():
        if told[0] == "directory" and path in theirs:
            theirs[path] = (*theirs[path][:3], told[3], *theirs[path][4:])
    assert ours == theirs
