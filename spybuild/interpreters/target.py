"""The interpreter that an image would start, told from its files."""

from dataclasses import replace

from spybuild.errors import ImageInvalid, InterpreterNotFound
from spybuild.images.files import Files
from spybuild.interpreters.builds import Build, read_build
from spybuild.interpreters.candidates import candidates, entry_dir
from spybuild.interpreters.layout import micro_version, read_layout
from spybuild.interpreters.programs import find_program
from spybuild.interpreters.starting import is_debian, search_path
from spybuild.interpreters.suffixes import extension_suffixes
from spybuild.interpreters.sysconfigdata import read_sysconfigdata
from spybuild.model.image import ImageConfig
from spybuild.model.names import shown
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

_NAME_IT = "name the interpreter with --python PATH"
_LONGEST_SCRIPT = 1 << 20


def read_target(
    files: Files, config: ImageConfig, platform: Platform, *, python: str | None = None, prefers_pypy: bool = False
) -> Target:
    """The interpreter that an engine would start in this image, and where it looks for modules.

    Nothing is executed: what a script that is called `python3` would start, cannot be known.

    Args:
        files: the merged tree of one platform.
        config: how the image runs.
        platform: what the image says it is built for.
        python: the interpreter that the user named; then it is the only one looked for.
        prefers_pypy: whether the contract allows PyPy only.

    Raises:
        InterpreterNotFound: there is none, or what would be started is no interpreter that can be read; the message
            says where it was looked for.
        ImageInvalid: a file that had to be read is damaged.
    """
    names = candidates(config, python, prefers_pypy)
    executable = next((path for name in names if (path := find_program(files, config, name))), None)
    if executable is None:
        raise InterpreterNotFound(
            f"the image has no Python for {platform}: looked for {', '.join(shown(name) for name in names)}", _NAME_IT
        )
    try:
        return _read(files, config, platform, executable)
    except FileNotFoundError as error:  # the tree said it was there
        raise ImageInvalid(f"a file of {shown(executable)} cannot be read: {error}") from error


def _read(files: Files, config: ImageConfig, platform: Platform, executable: str) -> Target:
    binary, build = _built(files, executable)
    found = read_layout(files, config, executable, binary, build)
    if found is None:
        raise InterpreterNotFound(
            f"{shown(executable)} has no standard library in the image: it would not start", _NAME_IT
        )
    layout, build = found
    major, minor, micro = build.version or (0, 0, -1)
    if micro < 0:
        build = replace(build, version=(major, minor, micro_version(files, config, layout, build)))
    data = read_sysconfigdata(files, layout.stdlib, build.implementation, free_threaded=build.free_threaded)
    return Target(
        implementation=build.implementation,
        version=build.version or (major, minor, micro),
        platform=platform,
        executable=executable,
        binary=binary,
        prefix=layout.prefix,
        base_prefix=layout.base_prefix,
        stdlib=layout.stdlib,
        search_path=search_path(files, config, layout, build, entry_dir(config)),
        libc=build.libc,
        suffixes=extension_suffixes(files, platform, layout, build, data, is_debian=is_debian(files, layout)),
        free_threaded=build.free_threaded,
    )


def _built(files: Files, executable: str) -> tuple[str, Build]:
    """The file that an executable is in the end, and what that is."""
    entry = files.find(executable)
    elf = files.elf(entry.path) if entry else None  # by its own name, which helps to tell its version
    if entry is None or elf is None:
        kind = "a script" if _is_script(files, executable) else "no program of Linux"
        raise InterpreterNotFound(
            f"{shown(executable)} is {kind}: which interpreter it would start cannot be known from the files", _NAME_IT
        )
    build = read_build(files, executable, entry.path, elf)
    if build.implementation == "GraalPy":
        raise InterpreterNotFound(f"{shown(executable)} is GraalPy, which is not read statically", _NAME_IT)
    if build.version and build.version[0] != 3:
        raise InterpreterNotFound(f"{shown(executable)} is Python {build.version[0]}, and only 3 is read", _NAME_IT)
    return entry.path, build


def _is_script(files: Files, path: str) -> bool:
    entry = files.find(path)
    return entry is not None and entry.size <= _LONGEST_SCRIPT and files.read(path, _LONGEST_SCRIPT)[:2] == b"#!"
