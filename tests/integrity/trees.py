"""Small root file systems of real things: the stack's base images and wheels from the index, linked together quickly.

What is downloaded and unpacked is kept in the stack's folder; a tree is hard links to it, so changing a file of a tree
takes the link away first.
"""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from tests.stack import debs
from tests.stack.home import Home

PLATFORMS = {"linux/amd64": "amd64", "linux/arm64": "arm64", "linux/arm/v7": "armhf"}


# what no rule asks for is most of the files, and trees of few files are made quickly
_LEFT_OUT = re.compile(
    r"(.*/)?__pycache__(/.*)?|(usr/share|var|opt|srv|home)/.*|usr/lib/(python|pypy)3[^/]*/(?!encodings|lib-dynload|collections)[^/]+/.*"
)


def unpacked_base(home: Home, base: str, platform: str) -> Path:
    """What matters of the root file system of a base image of the stack, unpacked once."""
    architecture = PLATFORMS[platform]
    target = home.folder("integrity", "bases") / f"{base}-{architecture}"
    with home.lock():
        if not target.is_dir():
            _unpack_base(home, base, architecture, target)
    return target


def _unpack_base(home: Home, base: str, architecture: str, target: Path) -> None:
    [layer] = home.folder("layers").glob(f"{base}-{architecture}-*.tar.gz")
    with home.scratch() as scratch, tarfile.open(layer) as packed:
        packed.extractall(scratch / "root", (member for member in packed if _matters(member.name)), filter="tar")
        (scratch / "root").rename(target)


@dataclass(frozen=True)
class Wheel:
    """One wheel of the index: what, for which platform tag, for which Python."""

    requirement: str
    tag: str = "any"
    python: str = "3.11"
    abi: str = ""

    def unpacked(self, home: Home) -> Path:
        """The wheel's files, downloaded and unpacked once."""
        name = "-".join(part for part in (self.requirement.replace("==", "-"), self.tag, self.python, self.abi) if part)
        target = home.folder("integrity", "wheels") / name
        with home.lock():
            if not target.is_dir():
                self._unpack(home, target)
        return target

    def _unpack(self, home: Home, target: Path) -> None:
        with home.scratch() as scratch:
            self._download(scratch)
            [wheel] = scratch.glob("*.whl")
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(scratch / "files")
            (scratch / "files").rename(target)

    def _download(self, folder: Path) -> None:
        abi = ["--implementation", "cp", "--abi", self.abi] if self.abi else []
        command = [
            sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--platform", self.tag,
            "--python-version", self.python, *abi, "-d", str(folder), self.requirement,
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=240)


class Tree:
    """One root file system under construction."""

    def __init__(self, home: Home, root: Path) -> None:
        """Build below `root`, which must not exist yet."""
        self.home, self.root = home, root

    def base(self, base: str, platform: str) -> None:
        """Start from a base image."""
        shutil.copytree(unpacked_base(self.home, base, platform), self.root, symlinks=True, copy_function=_link)

    def wheel(self, wheel: Wheel, site: str) -> Path:
        """Install a wheel as installers do; gives its folder of metadata."""
        source, target = wheel.unpacked(self.home), self.path(site)
        shutil.copytree(source, target, symlinks=True, copy_function=_link, dirs_exist_ok=True)
        [metadata] = [target / each.name for each in source.iterdir() if each.name.endswith(".dist-info")]
        (metadata / "INSTALLER").write_text("pip\n")
        return metadata

    def debs(self, name: str, release: str, *packages: str) -> None:
        """Lay Debian packages of this machine's architecture over the tree; their scripts do not run."""
        with self.home.lock():
            source = debs.unpack(self.home, name, release, packages)
        subprocess.run(["cp", "-a", f"{source}/.", str(self.root)], check=True)

    def path(self, path: str) -> Path:
        """Where a path of the tree is."""
        return self.root / path.lstrip("/")

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> Path:
        """Put a file there, in place of what is there."""
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        place.chmod(mode)
        return place

    def copy(self, source: str | Path, path: str) -> Path:
        """Copy a file to a path of the tree."""
        found = self.path(source) if isinstance(source, str) else source
        return self.write(path, found.read_bytes(), found.stat().st_mode & 0o777)

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link there."""
        place = self.path(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    def remove(self, path: str) -> None:
        """Take away a file or a whole folder."""
        place = self.path(path)
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()

    def one(self, pattern: str) -> str:
        """The only path that fits a pattern."""
        [found] = self.root.glob(pattern.lstrip("/"))
        return f"/{found.relative_to(self.root)}"

    def patch(self, path: str, old: bytes, new: bytes) -> None:
        """Replace bytes of a file by as many others, and what a RECORD says of the file."""
        place = self.path(path)
        content, mode = place.read_bytes(), place.stat().st_mode & 0o777
        assert old in content
        assert len(old) == len(new)
        before, after = _hash(content), _hash(content.replace(old, new))
        self.write(path, content.replace(old, new), mode)
        for record in place.parent.parent.glob("*.dist-info/RECORD"):
            text = record.read_text()
            if before in text:
                self.write(f"/{record.relative_to(self.root)}", text.replace(before, after))

    def venv(self, folder: str, *, version: str, home: str = "/usr/bin", python: str = "/usr/bin/python3") -> str:
        """Make a virtual environment as `python -m venv` does; gives its site-packages."""
        self.write(
            f"{folder}/pyvenv.cfg", f"home = {home}\ninclude-system-site-packages = false\nversion = {version}\n"
        )
        self.link(f"{folder}/bin/python3", python)
        self.link(f"{folder}/bin/python", "python3")
        minor = ".".join(version.split(".")[:2])
        site = f"{folder}/lib/python{minor}/site-packages"
        self.path(site).mkdir(parents=True)
        self.link(f"{folder}/lib64", "lib")
        return site

    def script(self, path: str, shebang: str) -> None:
        """Put a console script there."""
        self.write(path, f"#!{shebang}\nimport sys\nsys.exit(0)\n", 0o755)


def _matters(name: str) -> bool:
    return not _LEFT_OUT.fullmatch(name.removeprefix("./"))


def _link(source: str, target: str) -> str:
    if Path(source).is_symlink():
        Path(target).symlink_to(Path(source).readlink())
    else:
        Path(target).unlink(missing_ok=True)
        os.link(source, target)
    return target


def _hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
