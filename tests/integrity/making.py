"""Small made-up trees, for what real wheels do not show."""

import base64
import hashlib
import struct
from pathlib import Path

from spybuild.images.rootfs import FolderFiles
from spybuild.integrity.gathering import gather
from spybuild.model.finding import Finding
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import Soundness
from spybuild.model.platforms import Platform
from spybuild.model.target import Target
from spybuild.rules.integrity import check_soundness

AMD64 = Platform("linux", "amd64")
SITE = "/usr/local/lib/python3.11/site-packages"


def target(
    platform: Platform = AMD64, version: tuple[int, int, int] = (3, 11, 4), implementation: str = "CPython"
) -> Target:
    """An interpreter as the official images have it."""
    lib = "/usr/local/lib/python3.11"
    return Target(
        implementation, version, platform, "/usr/local/bin/python3.11", "/usr/local/bin/python3.11", "/usr/local",
        "/usr/local", lib, ("/app", lib, f"{lib}/lib-dynload", SITE), "glibc",
        (".cpython-311-x86_64-linux-gnu.so", ".abi3.so", ".so"),
    )  # fmt: skip


def put(root: Path, path: str, content: str | bytes = "", mode: int = 0o644) -> Path:
    """Write a file of the tree."""
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content.encode() if isinstance(content, str) else content)
    place.chmod(mode)
    return place


def link(root: Path, path: str, to: str) -> None:
    """Make a symbolic link in the tree."""
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(to)


def distribution(
    root: Path,
    name: str,
    version: str,
    files: dict[str, str],
    *,
    metadata: str = "",
    recorded: tuple[str, ...] = (),
    site: str = SITE,
) -> None:
    """Install a distribution with METADATA and a RECORD that fits; `recorded` are more files, without a hash."""
    folder = f"{name}-{version}.dist-info"
    all_files = {
        **files,
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}\n",
        f"{folder}/INSTALLER": "pip\n",
    }
    lines = [f"{path},sha256={_hash(content)},{len(content)}" for path, content in all_files.items()]
    lines += [f"{path},," for path in recorded]
    for path, content in {**all_files, f"{folder}/RECORD": "\n".join([*lines, f"{folder}/RECORD,,", ""])}.items():
        put(root, f"{site}/{path}", content)


def soundness(
    root: Path, config: ImageConfig | None = None, *, secrets: tuple[str, ...] = (), of: Target | None = None
) -> Soundness:
    """What is gathered of a made-up tree, for a made-up interpreter."""
    return gather(FolderFiles(root), of or target(), AMD64, config or ImageConfig(), secrets=secrets)


def findings(
    root: Path, config: ImageConfig | None = None, *, secrets: tuple[str, ...] = (), of: Target | None = None
) -> list[Finding]:
    """The findings on a made-up tree."""
    return list(check_soundness(soundness(root, config, secrets=secrets, of=of), AMD64))


def rules(found: list[Finding]) -> list[str]:
    """The ids of findings."""
    return [finding.rule for finding in found]


def shared_object(
    *needed: str, machine: int = 62, runpath: str = "", soname: str = "", interpreter: str = "", extra: bytes = b""
) -> bytes:
    """A 64-bit shared library of one segment, with the dynamic section that these names ask for."""
    strings = b"\0"
    entries: list[tuple[int, int]] = []
    for tag, text in [*((1, each) for each in needed), (29, runpath), (14, soname)]:
        if text:
            entries.append((tag, len(strings)))
            strings += text.encode() + b"\0"
    named = len(strings)
    strings += interpreter.encode() + b"\0" + extra + b"\0"
    at = 64 + 3 * 56
    dynamic = at + len(strings) + -(at + len(strings)) % 8
    entries += [(5, at), (10, len(strings)), (0, 0)]
    table = b"".join(struct.pack("<QQ", *entry) for entry in entries)
    size = dynamic + len(table)
    header = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
    )
    load = struct.pack("<IIQQQQQQ", 1, 4, 0, 0, 0, size, size, 4096)
    section = struct.pack("<IIQQQQQQ", 2, 4, dynamic, dynamic, dynamic, len(table), len(table), 8)
    loader = struct.pack("<IIQQQQQQ", 3 if interpreter else 0, 4, *[at + named] * 3, *[len(interpreter) + 1] * 2, 1)
    return (header + load + section + loader + strings).ljust(dynamic, b"\0") + table


def _hash(content: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
