"""Where a layout or an archive keeps its files: in a folder, or in a tar that is read in place."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Protocol

from spybuild.errors import ImageInvalid

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Holder(Protocol):
    """Holds files by name. May be used from several threads at once; what is given out is the caller's to close."""

    def open(self, path: str) -> BinaryIO | None:
        """The content of the regular file at a relative path, from its start; None where there is no such file.

        Raises:
            ImageInvalid: there is something else, or a link that leads out.
        """

    def size(self, path: str) -> int | None:
        """How many bytes that file has; None where there is none. Raises as `open`."""

    def close(self) -> None:
        """Let go of it all."""


class Folder:
    """A folder of the host. Links in it may point to other places in it, as Bazel makes them, and nowhere else."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def open(self, path: str) -> BinaryIO | None:
        """See `Holder.open`."""
        real = Path(os.path.realpath(self._root / path))  # Path.resolve raises, of each Python something else
        if not real.is_relative_to(self._root):
            raise ImageInvalid(f"{path} of the layout is a link that leads out of it")
        try:
            file = os.open(real, _FLAGS)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ImageInvalid(f"{path} of the layout cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise ImageInvalid(f"{path} of the layout is no regular file")
        return os.fdopen(file, "rb")

    def size(self, path: str) -> int | None:
        """See `Holder.size`."""
        file = self.open(path)
        if file is None:
            return None
        with file:
            return os.fstat(file.fileno()).st_size

    def close(self) -> None:
        """Nothing is held open."""
