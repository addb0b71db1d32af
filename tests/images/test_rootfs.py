"""The file tree of a folder."""

import hashlib
import os
import socket
import sys
from pathlib import Path

import pytest

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.files import Files, Kind
from spybuild.images.rootfs import FolderFiles


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A small root filesystem, with a secret beside it."""
    (tmp_path / "secret").write_text("outside")
    root = tmp_path / "root"
    (root / "usr" / "bin").mkdir(parents=True)
    (root / "usr" / "bin" / "tool").write_bytes(b"#!/bin/sh\n")
    (root / "bin").symlink_to("usr/bin")
    (root / "etc").symlink_to("/usr")
    (root / "escape").symlink_to("../secret")
    (root / "host").symlink_to("/" + str(tmp_path / "secret").lstrip("/"))
    (root / "round").symlink_to("round")
    (root / "app").mkdir()
    (root / "app" / ".env").write_text("TOKEN=1")
    (root / "app" / "image.json").write_bytes(b"\0binary")
    os.mkfifo(root / "pipe")
    return root


def test_links_stay_inside(root: Path) -> None:
    """A link that leaves the folder on the host leads to nothing, or to what has that path inside."""
    files: Files = FolderFiles(root)
    assert files.find("/escape") is None
    assert files.find("/host") is None
    assert files.find("/round") is None
    assert files.read("/bin/tool") == files.read("/etc/bin/../bin/tool") == b"#!/bin/sh\n"
    with pytest.raises(FileNotFoundError):
        files.read("/escape")


def test_entries_have_their_real_path(root: Path) -> None:
    """`find` follows every link, `find_link` all but the last."""
    files = FolderFiles(root)
    found = files.find("/etc/bin")
    assert found is not None
    assert (found.path, found.kind) == ("/usr/bin", Kind.DIRECTORY)
    link = files.find_link("/etc")
    assert link is not None
    assert (link.path, link.kind, link.target, link.size) == ("/etc", Kind.SYMLINK, "/usr", 0)
    below = files.find_link("/etc/bin/tool")
    assert below is not None
    assert below.path == "/usr/bin/tool"


def test_everything_is_walked_once_and_in_order(root: Path) -> None:
    """A walk lists folders before what they hold, sorted, and does not follow links."""
    paths = [entry.path for entry in FolderFiles(root).walk()]
    assert paths == [
        "/app", "/app/.env", "/app/image.json", "/bin", "/escape", "/etc", "/host", "/pipe", "/round", "/usr",
        "/usr/bin", "/usr/bin/tool",
    ]  # fmt: skip
    assert [entry.path for entry in FolderFiles(root).walk("/etc")] == ["/usr/bin", "/usr/bin/tool"]
    assert FolderFiles(root).names("/etc/bin") == ("tool",)
    assert FolderFiles(root).names("/etc/bin/tool") == ()


def test_pipes_and_sockets_are_listed_and_never_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a pipe would wait for a writer for ever."""
    monkeypatch.chdir(root)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        files = FolderFiles(root)
        kinds = {entry.path: entry.kind for entry in files.walk()}
        assert kinds["/pipe"] is kinds["/socket"] is Kind.OTHER
        for path in ("/pipe", "/socket", "/bin", "/nothing"):
            assert files.elf(path) is None
            with pytest.raises(FileNotFoundError):
                files.sha256(path)


def test_contents(root: Path) -> None:
    """Content, head and hash are the file's; a size over what is asked for is refused."""
    files = FolderFiles(root)
    assert files.head("/bin/tool", 2) == b"#!"
    assert files.sha256("/bin/tool") == hashlib.sha256(b"#!/bin/sh\n").hexdigest()
    with pytest.raises(ImageInvalid, match="more than 9 bytes"):
        files.read("/bin/tool", 9)


def test_settings_are_covered(root: Path) -> None:
    """Small text files are told, binary ones are not."""
    assert [(entry.path, content) for entry, content in FolderFiles(root).covered()] == [("/app/.env", b"TOKEN=1")]


def test_elf_facts_of_this_interpreter() -> None:
    """The running interpreter is an ELF file of this machine's class and byte order."""
    elf = FolderFiles(Path("/"), with_mounts=True).elf(os.path.realpath(sys.executable))
    assert elf is not None
    assert (elf.bits, elf.little, elf.unread) == (64 if sys.maxsize > 2**32 else 32, sys.byteorder == "little", "")


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A file name of any bytes can be listed and read back."""
    (tmp_path / os.fsdecode(b"caf\xe9")).write_bytes(b"x")
    files = FolderFiles(tmp_path)
    (entry,) = files.walk()
    assert files.read(entry.path) == b"x"


@pytest.mark.parametrize("path", ["/nul\0byte", "/" + "x" * 300, "/" + "x/" * 3000, "", "relative"])
def test_paths_that_no_system_takes_lead_nowhere(root: Path, path: str) -> None:
    """They are no errors: hostile files name such paths."""
    files = FolderFiles(root)
    assert files.find(path) is None or path == ""
    assert files.names("/" + path) == () or path == ""


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It is said at once."""
    with pytest.raises(ImageNotFound, match="no root filesystem"):
        FolderFiles(tmp_path / "missing")


class Elsewhere(FolderFiles):
    """As if what is below one name were another file system."""

    def _is_mount(self, found: os.stat_result) -> bool:
        return found.st_ino == self.mounted

    mounted = -1


def test_other_file_systems_are_left_alone(root: Path) -> None:
    """An image has an empty folder where /proc or a volume is mounted; nothing leads through it."""
    (root / "proc" / "1").mkdir(parents=True)
    (root / "proc" / "1" / "environ").write_text("TOKEN=1")
    files = Elsewhere(root)
    files.mounted = (root / "proc").stat().st_ino
    assert [entry.path for entry in files.walk() if entry.path.startswith("/proc")] == ["/proc"]
    assert files.names("/proc") == ()
    assert files.find("/proc") is not None
    assert files.find("/proc/1/environ") is None
    with pytest.raises(FileNotFoundError):
        files.read("/proc/1/environ")


@pytest.mark.skipif(not Path("/proc/self/mounts").exists(), reason="needs a /proc")
def test_proc_is_another_file_system() -> None:
    """A scan of the whole system ended never, once, for what it found there."""
    assert FolderFiles(Path("/")).names("/proc") == ()
    assert "self" in FolderFiles(Path("/"), with_mounts=True).names("/proc")


def test_a_folder_that_becomes_a_link_is_not_followed_out(tmp_path: Path) -> None:
    """Folders that were seen are taken to stay; one that does not leads nowhere, least of all out of the root."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "app", outside):
        folder.mkdir(parents=True)
        (folder / "file").write_text(folder.name)
    files = FolderFiles(root)
    assert files.read("/app/file") == b"app"
    (root / "app").rename(root / "old")
    (root / "app").symlink_to(outside)
    with pytest.raises((FileNotFoundError, ImageInvalid)):
        files.read("/app/file")
    assert files.names("/app") == ()
