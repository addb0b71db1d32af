"""A root filesystem in a folder, as an image: it has no digest and no config, and its programs tell the platform."""

from pathlib import Path

from spybuild.errors import ImageInvalid, ImageNotFound
from spybuild.images.files import Elf, Files
from spybuild.images.rootfs import FolderFiles
from spybuild.model.image import Image, ImageConfig, PlatformImage
from spybuild.model.machines import Machine, architecture_of
from spybuild.model.platforms import Platform

# what every system has one of; the interpreter itself first
_PROGRAMS = ("/usr/bin/python3", "/usr/local/bin/python3", "/bin/sh", "/bin/busybox", "/usr/bin/env", "/sbin/ldconfig")
_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
_LOADER = ("ld-linux", "ld-musl", "ld.so", "ld64.so")


class RootfsSource:
    """A folder as a `Source`."""

    def __init__(self, reference: str, root: Path, platform: Platform | None = None) -> None:
        """Open the folder.

        Args:
            reference: what the user wrote.
            root: the folder.
            platform: what it is for; None looks at its programs.

        Raises:
            ImageNotFound: there is no such folder.
        """
        self._reference, self._platform = reference, platform
        self._files = FolderFiles(root)

    def image(self) -> Image:
        """See `Source.image`."""
        platform = self._platform or platform_of(self._files)
        return Image(self._reference, None, "rootfs", (PlatformImage(platform, None, self._reference),))

    def config(self, image: PlatformImage) -> ImageConfig:  # noqa: ARG002  # it has one platform
        """An empty config: a folder has none."""
        return ImageConfig()

    def files(self, image: PlatformImage) -> Files:  # noqa: ARG002
        """See `Source.files`."""
        return self._files

    def close(self) -> None:
        """Let go of the folder."""
        self._files.close()


def platform_of(files: Files) -> Platform:
    """The platform that the programs of a root filesystem are for.

    Raises:
        ImageNotFound: it is empty.
        ImageInvalid: it has no program that tells.
    """
    loaders = (f"{folder}/{name}" for folder in _LIBRARIES for name in files.names(folder) if name.startswith(_LOADER))
    for path in (*_PROGRAMS, *loaders):
        elf = files.elf(path)
        if elf and (platform := _platform(elf)):
            return platform
    if not files.names("/"):
        raise ImageNotFound("the folder is empty")
    raise ImageInvalid("nothing in the folder tells which platform it is for", "say it with --platform")


def _platform(elf: Elf) -> Platform | None:
    architecture = architecture_of(Machine(elf.machine, elf.bits, elf.little))
    if not architecture:
        return None
    variant = "v5" if architecture == "arm" and elf.float_abi == "soft" else ""
    return Platform.of("linux", architecture, variant)
