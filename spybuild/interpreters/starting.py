"""What `sys.path` is when an image's interpreter has started, as getpath and site make it (PEP 370, 405; site.py).

Distributions change site.py: Debian looks into `dist-packages`, Fedora into /usr/local as well. Which one it is stands
in the image's own site.py, which is read for its words and not executed.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from spybuild.errors import ImageInvalid
from spybuild.images.files import Files, is_file, is_folder
from spybuild.interpreters.builds import Build
from spybuild.interpreters.layout import Layout
from spybuild.interpreters.programs import working_directory
from spybuild.model.image import ImageConfig

SITE_FOLDERS = ("site-packages", "dist-packages")
_MOST_ENTRIES, _LARGEST_PTH, _LARGEST_SITE = 2000, 1 << 20, 1 << 20
_ROOT = "0"
_BREAKS = frozenset("\v\f\x1c\x1d\x1e\x85\u2028\u2029\ufeff")
_DEBIANS_WORD, _FEDORAS_WORD = '"dist-packages"', "RPM_BUILD_ROOT"


@dataclass(frozen=True)
class PthLine:
    """A line of a `.pth` file that is code, or that versions of site.py read differently: what it does is not known."""

    path: str
    number: int
    text: str


def search_path(files: Files, config: ImageConfig, layout: Layout, build: Build, entry_dir: str) -> tuple[str, ...]:
    """`sys.path` as it is when the image's program starts, its own folder first.

    Raises:
        ImageInvalid: the image's `.pth` files name more folders than anybody needs.
    """
    workdir = working_directory(config)
    given = config.variable("PYTHONPATH")
    python_path = [_absolute(workdir, entry) for entry in given.split(":")] if given else []
    path = list(dict.fromkeys([*python_path, *_initial(layout, build)]))
    for folder in _site_folders(files, config, layout, build):
        _add_site(files, folder, path)
    return (entry_dir, *path)


def pth_lines(files: Files, folder: str) -> Iterator[PthLine | str]:
    """What the `.pth` files of a site folder say: a line of code, or the path that a line names.

    Releases of site.py differ in hidden files (left out since 3.11.8, 3.12.2 and 3.13), in what ends a line and in
    byte order marks (3.13): where that matters, the line is given as one of code.
    """
    for name in sorted(files.names(folder)):
        path = posixpath.join(folder, name)
        if name.endswith(".pth") and is_file(files, path):
            content = files.read(path, _LARGEST_PTH)
            is_plain = not name.startswith(".")
            if is_plain or _is_utf8(content):  # macOS leaves hidden files that are no text
                yield from _lines_of(path, content.decode("utf-8", "backslashreplace"), is_plain)


def _lines_of(path: str, text: str, is_plain: bool) -> Iterator[PthLine | str]:
    """The lines that mean something."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        is_one = is_plain and _BREAKS.isdisjoint(line)
        if line.startswith(("import ", "import\t")) or (line.strip() and not is_one):
            yield PthLine(path, number, line)
        elif line.strip() and not line.startswith("#"):
            yield line.rstrip()


def _is_utf8(content: bytes) -> bool:
    try:
        return bool(content.decode())
    except UnicodeDecodeError:
        return False


def _initial(layout: Layout, build: Build) -> list[str]:
    """What getpath makes: the library as an archive (which is hardly ever there), as a folder, and its extensions."""
    if build.implementation == "PyPy":
        return [layout.stdlib]
    major, minor, _ = build.version or (0, 0, 0)
    archive = f"python{major}{minor}{'t' * build.free_threaded}.zip"
    return [posixpath.join(layout.base_prefix, layout.lib, archive), layout.stdlib, layout.dynload]


def _add_site(files: Files, folder: str, path: list[str]) -> None:
    """Add a site folder, and what its `.pth` files name, as `site.addsitedir` does."""
    if not is_folder(files, folder):
        return
    known = set(path)
    lines = (line for line in pth_lines(files, folder) if isinstance(line, str))
    for entry in (folder, *(_absolute(folder, line) for line in lines)):
        if entry not in known and files.find(entry):
            known.add(entry)
            path.append(entry)
        if len(path) > _MOST_ENTRIES:
            raise ImageInvalid(f"the .pth files in {folder} make sys.path longer than {_MOST_ENTRIES} entries")


def _site_folders(files: Files, config: ImageConfig, layout: Layout, build: Build) -> Iterator[str]:
    """Site folders in the order of site.py's main: the environment's own, the user's, those of the installation."""
    venv = layout.venv
    words = _site_words(files, layout)
    if venv:
        yield from _of_prefix(venv.folder, layout, build, words)
    has_users = not config.variable("PYTHONNOUSERSITE") and (venv is None or venv.has_system_sites)
    if has_users:
        yield _users_folder(files, config, build)
    if venv is None or venv.has_system_sites:
        if has_users and _FEDORAS_WORD in words:
            yield from _of_prefix("/usr/local", layout, build, words)
        yield from _of_prefix(layout.base_prefix, layout, build, words)


def is_debian(files: Files, layout: Layout) -> bool:
    """Whether this site.py is Debian's, which looks into `dist-packages`."""
    return _DEBIANS_WORD in _site_words(files, layout)


def _site_words(files: Files, layout: Layout) -> str:
    path = posixpath.join(layout.stdlib, "site.py")
    return files.read(path, _LARGEST_SITE).decode("utf-8", "replace") if is_file(files, path) else ""


def _of_prefix(prefix: str, layout: Layout, build: Build, words: str) -> Iterator[str]:
    """`site.getsitepackages` for one prefix."""
    libs = dict.fromkeys((layout.lib, "lib"))
    if _DEBIANS_WORD not in words:
        yield from (posixpath.join(prefix, lib, build.folder, "site-packages") for lib in libs)
        return
    plain = build.folder.removesuffix("t")
    if layout.venv:
        yield posixpath.join(prefix, "lib", plain, "site-packages")
    yield posixpath.join(prefix, "local/lib", plain, "dist-packages")
    yield posixpath.join(prefix, "lib/python3/dist-packages")
    if build.implementation == "CPython":
        yield from (posixpath.join(prefix, lib, build.folder, "dist-packages") for lib in libs)


def _users_folder(files: Files, config: ImageConfig, build: Build) -> str:
    base = config.variable("PYTHONUSERBASE") or posixpath.join(home_of(files, config), ".local")
    return posixpath.join(_absolute(working_directory(config), base), "lib", build.folder, "site-packages")


def home_of(files: Files, config: ImageConfig) -> str:
    """HOME of the image's own user: from its ENV, else from /etc/passwd, else `/`, as container runtimes set it."""
    if home := config.variable("HOME"):
        return home
    user = config.user.partition(":")[0] or _ROOT
    if is_file(files, "/etc/passwd"):
        for line in files.read("/etc/passwd").decode("utf-8", "replace").splitlines():
            fields = line.split(":")
            if len(fields) == 7 and user in (fields[0], fields[2]):
                return fields[5] or "/"
    return "/"


def _absolute(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))
