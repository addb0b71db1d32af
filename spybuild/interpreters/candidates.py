"""Which commands may be the image's Python, the likeliest first, and where its modules are looked for.

Nothing is executed or read to find out: the candidates are tried in turn, since most images have no shell to ask. Bare
names are looked up along the image's own PATH by the engine.
"""

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence

from spybuild.model.image import ImageConfig

PYTHON = re.compile(r"(python|pypy)[0-9.]*(-?nogil|t|d)?")
_SYSTEM_DIRS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
_SHELLS = ("sh", "bash", "dash", "ash")
INIT_PROGRAMS = ("tini", "tini-static", "dumb-init", "catatonit", "docker-init")
_LAUNCHERS = (*INIT_PROGRAMS, "env", "exec", "nice")
_USUAL = (
    "/usr/local/bin/python3", "/usr/bin/python3", "/opt/venv/bin/python", "/venv/bin/python", "/app/.venv/bin/python",
    "/opt/conda/bin/python", "/usr/local/bin/pypy3", "/opt/pypy/bin/pypy3",
)  # fmt: skip


def candidates(config: ImageConfig, wanted: str | None = None, prefers_pypy: bool = False) -> tuple[str, ...]:
    """Commands that may be the interpreter of an image, in the order to try them.

    Args:
        config: the image's config.
        wanted: the interpreter that the user named; then it is the only one.
        prefers_pypy: whether the contract allows PyPy only.
    """
    if wanted:
        return (wanted,)
    names = ("pypy3", "python3", "python") if prefers_pypy else ("python3", "python", "pypy3")
    started = tuple(_from_entrypoint(config))
    paths = (word for word in started if "/" in word)
    bare = (word for word in started if "/" not in word)  # mostly the CMD of the base image, so a venv comes before it
    return tuple(dict.fromkeys((*paths, *_from_venv(config), *bare, *names, *_USUAL)))


def entry_dir(config: ImageConfig) -> str:
    """What the first entry of `sys.path` is when the image runs: the script's folder, or the working directory."""
    workdir = config.workdir or "/"
    words = iter(config.argv)
    for word in words:
        if PYTHON.fullmatch(posixpath.basename(word)):
            script = next((argument for argument in words if not argument.startswith("-")), "")
            if script.endswith(".py") and "-m" not in config.argv and "-c" not in config.argv:
                return posixpath.dirname(posixpath.join(workdir, script))
    return workdir


def _from_entrypoint(config: ImageConfig) -> Iterator[str]:
    """The Python that the image starts, or the one beside the console script it starts."""
    started = _started(config.argv)
    folder, name = posixpath.split(started)
    if PYTHON.fullmatch(name):
        yield started
    elif folder.startswith("/") and folder.endswith("/bin") and folder not in _SYSTEM_DIRS:
        yield posixpath.join(folder, "python")


def _started(argv: Sequence[str]) -> str:
    """The program that a command line is about: behind init programs, `env` and a shell's `-c`."""
    for index, word in enumerate(argv):
        name = posixpath.basename(word)
        if name in _SHELLS and "-c" in argv[index + 1 : index + 2]:
            return _started(_words("".join(argv[index + 2 : index + 3])))
        if name not in _LAUNCHERS and not word.startswith("-") and "=" not in word:
            return word
    return ""


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an unclosed quote: no shell would run it
        return []


def _from_venv(config: ImageConfig) -> Iterator[str]:
    if venv := config.variable("VIRTUAL_ENV"):
        yield posixpath.join(venv, "bin", "python")
