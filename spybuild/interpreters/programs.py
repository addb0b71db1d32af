"""Which file of an image a command starts: a runtime looks along the image's own PATH, as execvp(3) does."""

import posixpath
from collections.abc import Iterator

from spybuild.images.files import Files, Kind
from spybuild.model.image import ImageConfig

RUNTIMES_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # where the config has no PATH
_ANY_EXECUTE = 0o111


def find_program(files: Files, config: ImageConfig, command: str) -> str | None:
    """The path that `command` starts, links not followed; None where there is no such program.

    Args:
        files: the image's tree.
        config: for PATH and the working directory.
        command: a bare name, or a path; a relative one is taken from the working directory.
    """
    return next((path for path in _places(config, command) if _is_program(files, path)), None)


def working_directory(config: ImageConfig) -> str:
    """Where the image starts; `/` where its config does not say."""
    return posixpath.normpath(posixpath.join("/", config.workdir))


def _places(config: ImageConfig, command: str) -> Iterator[str]:
    if "/" in command:
        yield posixpath.join(working_directory(config), command)
        return
    for folder in (config.variable("PATH") or RUNTIMES_PATH).split(":"):
        if folder.startswith("/"):  # runtimes refuse what is found relative to the working directory
            yield posixpath.join(folder, command)


def _is_program(files: Files, path: str) -> bool:
    entry = files.find(path)
    return entry is not None and entry.kind is Kind.FILE and bool(entry.mode & _ANY_EXECUTE)
