"""Small root filesystems with interpreters in them: real ELF headers, real landmarks, and nothing that could run."""

import struct
from pathlib import Path

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.target import read_target
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

AMD64 = Platform("linux", "amd64")
GLIBC, MUSL = "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"
STANDARD_SITE = "libdirs = [sys.platlibdir]"
DEBIANS_SITE = 'sitepackages.append(os.path.join(prefix, "local/lib", "python%d.%d", "dist-packages"))'
FEDORAS_SITE = "if ENABLE_USER_SITE and 'RPM_BUILD_ROOT' not in os.environ: PREFIXES.insert(0, '/usr/local')"


def elf(text: str = "3.11.2", *, loader: str = GLIBC, machine: int = 62) -> bytes:
    """A 64-bit little-endian program with a PT_INTERP and a version text inside."""
    name = loader.encode() + b"\0"
    head = (
        b"\x7fELF\x02\x01\x01"
        + bytes(9)
        + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    )
    segment = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(name), len(name), 1)
    return head + segment + name + b"\0" + text.encode() + b"\0"


class Tree:
    """A root filesystem in the making, below a folder of this machine."""

    def __init__(self, root: Path) -> None:
        root.mkdir(exist_ok=True)
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def write(self, path: str, content: str | bytes = "", mode: int = 0o644) -> "Tree":
        """A file, and the folders above it."""
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        target.chmod(mode)
        return self

    def link(self, path: str, to: str) -> "Tree":
        """A symbolic link that says `to`."""
        target = self._at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(to)
        return self

    def folder(self, path: str) -> "Tree":
        """An empty folder."""
        self._at(path).mkdir(parents=True, exist_ok=True)
        return self

    def python(
        self, prefix: str = "/usr/local", version: str = "3.11.2", *, site: str = STANDARD_SITE, lib: str = "lib"
    ) -> "Tree":
        """A CPython with its landmarks, and `python3` linked to it."""
        minor = ".".join(version.split(".")[:2])
        self.write(f"{prefix}/bin/python{minor}", elf(version), 0o755)
        self.link(f"{prefix}/bin/python3", f"python{minor}")
        library = f"{prefix}/{lib}/python{minor}"
        self.write(f"{library}/os.py").write(f"{library}/site.py", site).folder(f"{library}/lib-dynload")
        return self.folder(f"{prefix}/lib/python{minor}/site-packages")

    def venv(self, folder: str, home: str, python: str, *, system: bool = False, minor: str = "3.11") -> "Tree":
        """A virtual environment whose `python` links to an interpreter."""
        config = f"home = {home}\ninclude-system-site-packages = {str(system).lower()}\nversion = {minor}.9\n"
        self.write(f"{folder}/pyvenv.cfg", config).link(f"{folder}/bin/python", python)
        self.link(f"{folder}/bin/python3", "python")
        return self.folder(f"{folder}/lib/python{minor}/site-packages")

    @property
    def files(self) -> FolderFiles:
        """The tree as an image's files."""
        return FolderFiles(self.root)

    def target(self, *env: str, python: str | None = None, platform: Platform = AMD64, **config: object) -> Target:
        """The interpreter that an image with this tree and config starts."""
        image = ImageConfig(env=env, **config)  # type: ignore[arg-type]  # fields by name
        return read_target(self.files, image, platform, python=python)

    def _at(self, path: str) -> Path:
        return self.root / path.lstrip("/")
