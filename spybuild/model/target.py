"""The interpreter that modules are read for: what decides their grammar, their constants and where they are found."""

from dataclasses import dataclass

from spybuild.model.platforms import Platform


@dataclass(frozen=True)
class Target:
    """An interpreter of an image, as its files tell.

    Attributes:
        implementation: `CPython` or `PyPy`.
        version: major, minor and micro; micro is -1 where the files do not tell.
        platform: what the image says it is built for.
        executable: the path that starts it, as found (`/opt/venv/bin/python`).
        binary: where the links of `executable` end (`/usr/bin/python3.11`).
        prefix: `sys.prefix`; differs from `base_prefix` in a virtual environment.
        base_prefix: the installation that has the standard library.
        stdlib: the folder of the standard library.
        search_path: `sys.path` as the image would have it, the entry folder first.
        libc: `glibc`, `musl` or empty where the files do not tell.
        suffixes: what extension modules may be called, the likeliest first (`.cpython-311-x86_64-linux-gnu.so`).
        free_threaded: whether it is a build without the GIL.
        variables: the names of the environment variables that it starts with; None where that is not known.
    """

    implementation: str
    version: tuple[int, int, int]
    platform: Platform
    executable: str
    binary: str
    prefix: str
    base_prefix: str
    stdlib: str
    search_path: tuple[str, ...]
    libc: str = ""
    suffixes: tuple[str, ...] = ()
    free_threaded: bool = False
    variables: frozenset[str] | None = None

    @property
    def minor(self) -> tuple[int, int]:
        """Major and minor version, which decide the grammar."""
        return self.version[:2]
