"""Merged layers as a file tree."""

import hashlib
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.errors import ImageInvalid
from spybuild.images.files import Entry, Files, Kind
from spybuild.images.layers.tree import LayeredFiles
from tests.images.elf.making import Made
from tests.images.layers.making import Spec, files_of, hard_link, member


def told(files: LayeredFiles) -> dict[str, bytes | str | None]:
    """Every path with a file's content, a link's target, or None."""

    def content(entry: Entry) -> bytes | str | None:
        return files.read(entry.path) if entry.kind is Kind.FILE else entry.target or None

    return {entry.path: content(entry) for entry in files.walk()}


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        ([("a", b"1")], [("a", b"2")], {"/a": b"2"}),
        ([("a", b"1"), ("b", b"2")], [(".wh.a", b"")], {"/b": b"2"}),
        ([("d/a", b"1"), ("d/b", b"2")], [("d/.wh.a", b"")], {"/d": None, "/d/b": b"2"}),
        ([("d/a", b"1")], [(".wh.d", b"")], {}),
        ([("d/a", b"1")], [("d/.wh..wh..opq", b""), ("d/b", b"2")], {"/d": None, "/d/b": b"2"}),
        ([("d/a", b"1")], [("d/b", b"2"), ("d/.wh..wh..opq", b"")], {"/d": None, "/d/b": b"2"}),
        ([("d/s/a", b"1")], [("d/.wh..wh..opq", b""), ("d/s/b", b"2")], {"/d": None, "/d/s": None, "/d/s/b": b"2"}),
        ([("d/a", b"1")], [(".wh..wh..opq", b""), ("e", b"2")], {"/e": b"2"}),
        ([("a", b"1")], [(".wh.a", b""), ("a", b"2")], {"/a": b"2"}),
        ([("d/a", b"1")], [(".wh.d", b""), ("d/b", b"2")], {"/d": None, "/d/b": b"2"}),
        ([("d/a", b"1")], [("d", b"2")], {"/d": b"2"}),
        ([("d", b"1")], [("d/a", b"2")], {"/d": None, "/d/a": b"2"}),
        ([("d/a", b"1")], [("d", "-> e")], {"/d": "e"}),
        ([("d", "-> e"), ("e/a", b"1")], [("d/b", b"2")], {"/d": None, "/d/b": b"2", "/e": None, "/e/a": b"1"}),
        ([("a", b"1")], [("a", b"2"), ("a", b"3")], {"/a": b"3"}),
        ([("a", b"1")], [(".wh.b", b"")], {"/a": b"1"}),
        ([("./a", b"1")], [("/a", b"2")], {"/a": b"2"}),
        ([], [], {}),
    ],
)
def test_upper_layers_over_lower_ones(lower: list[Spec], upper: list[Spec], expected: dict[str, object]) -> None:
    """The rules of OCI's layer.md, one by one."""
    assert told(files_of(lower, upper)) == expected


def test_a_whiteout_hides_once_and_not_what_comes_above() -> None:
    """Between three layers the middle one deletes; the upper one makes anew, and nothing old comes back."""
    files = files_of([("d/old", b"1")], [(".wh.d", b"")], [("d/new", b"3")])
    assert told(files) == {"/d": None, "/d/new": b"3"}


def test_metadata_of_a_folder_that_upper_layers_only_imply() -> None:
    """Mode and owner stay those of the layer that names the folder."""
    files = files_of([member("d", tarfile.DIRTYPE, mode=0o700, uid=7)], [("d/a", b"1")])
    found = files.find("/d")
    assert found is not None
    assert (found.mode, found.owner, found.layer) == (0o700, 7, 0)


def test_entries_say_where_they_are_from() -> None:
    """Path, kind, size, mode, owner, time, target and layer."""
    files: Files = files_of(
        [("usr/bin/", None), ("bin", "-> usr/bin"), member("pipe", tarfile.FIFOTYPE, mode=0o600)],
        [member("usr/bin/x", size=0, mode=0o4755, uid=3, mtime=99)],
    )
    assert files.find("/bin/x") == Entry("/usr/bin/x", Kind.FILE, 0, 0o4755, 3, 99, "", 1)
    assert files.find_link("/bin") == Entry("/bin", Kind.SYMLINK, 0, 0o777, 0, 0, "usr/bin", 0)
    assert files.find_link("/bin/x") == files.find("/bin/../bin/./x")
    assert files.find("/pipe") == Entry("/pipe", Kind.OTHER, 0, 0o600)
    assert files.find("/") == files.find("/..") == files.find_link("/")
    assert [files.find(path) for path in ("/none", "/bin/x/y", "/pipe/..", "/bin/x/")] == [
        None,
        None,
        None,
        files.find("/bin/x"),
    ]
    assert files.names("/bin") == ("x",)
    assert files.names("/bin/x") == files.names("/none") == ()


def test_hard_links() -> None:
    """To files of the same layer and of lower ones, through other links, and to symbolic links."""
    files = files_of(
        [("a", b"lower"), ("s", "-> a")],
        [hard_link("b", "a"), hard_link("c", "./b"), ("new", b"upper"), hard_link("d", "/new"), hard_link("t", "s")],
        [("a", b"changed")],
    )
    assert told(files) == {
        "/a": b"changed", "/b": b"lower", "/c": b"lower", "/d": b"upper", "/new": b"upper", "/s": "a", "/t": "a",
    }  # fmt: skip
    found = files.find("/c")
    assert found is not None
    assert (found.path, found.kind, found.size, found.layer) == ("/c", Kind.FILE, 5, 1)


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([[hard_link("a", "none")]], "no file that was there before"),
        ([[("a", b"1")], [(".wh.x", b""), hard_link("b", "x")]], "no file that was there before"),
        ([[hard_link("a", "a")]], "no file that was there before"),
        ([[hard_link("a", "b"), hard_link("b", "a")]], "no file that was there before"),
        ([[("a", b"1"), hard_link("b", "a"), ("a", b"2")]], "no file that was there before"),
        ([[("d/x", b"1"), hard_link("b", "d")]], "no file that was there before"),
        ([[("d/x", b"1")], [hard_link("b", "d")]], "no file that was there before"),
        ([[hard_link("b", "../a")]], "`..`"),
        ([[("d", "-> e"), ("d/x", b"1")]], "as a directory and as something else"),
        ([[("d", b"1"), ("d/x", b"1")]], "as a directory and as something else"),
        ([[("d/x", b"1"), ("d", b"1")]], "as a directory and as something else"),
        ([[("d/x", b"1"), ("d", b"1"), ("d/", None)]], "as a directory and as something else"),
        ([[("./", b"1")]], "root is no directory"),
        ([[("a", "-> " + "x" * 5000)]], "says too much"),
    ],
)
def test_what_engines_would_understand_differently(layers: list[list[Spec]], why: str) -> None:
    """Links to nothing, to what came later, entries below what is no directory: refused, and the layer is named."""
    with pytest.raises(ImageInvalid, match=why):
        files_of(*layers)


def test_links_that_go_round_lead_nowhere() -> None:
    """Neither find nor read loops."""
    files = files_of([("a", "-> b"), ("b", "-> a"), ("deep", "-> deep/x")])
    assert files.find("/a") is files.find("/deep") is None
    with pytest.raises(FileNotFoundError):
        files.read("/a")


def test_contents_kept_and_not_kept() -> None:
    """Both are read, hashed and cut as they are in the layer."""
    kept, big = b"X = 1\n", bytes(range(256)) * 1000
    files = files_of([("app/a.py", kept), ("data/big.bin", big), ("data/empty", b"")])
    for path, content in (("/app/a.py", kept), ("/data/big.bin", big), ("/data/empty", b"")):
        assert files.read(path) == content
        assert files.head(path, 3) == content[:3]
        assert files.sha256(path) == hashlib.sha256(content).hexdigest()
    with pytest.raises(ImageInvalid, match="more than 9 bytes"):
        files.read("/data/big.bin", 9)
    for path in ("/data", "/none"):
        with pytest.raises(FileNotFoundError):
            files.sha256(path)


def test_elf_facts_go_with_the_file() -> None:
    """Also through links; what has no header has none."""
    library = Made(soname="libx.so.1").build()
    files = files_of([("lib/libx.so.1.2", library), ("lib/bad.so", b"\x7fELF?")], [("lib/libx.so", "-> libx.so.1.2")])
    found = files.elf("/lib/libx.so")
    assert found is not None
    assert (found.soname, found.needed) == ("libx.so.1", ("libc.so.6",))
    assert files.elf("/lib/bad.so") is files.elf("/lib") is files.elf("/none") is None
    assert files.read("/lib/libx.so") == library


def test_covered_settings_of_every_layer() -> None:
    """Those that an upper layer deletes, hides or replaces, and those that their own layer replaces."""
    files = files_of(
        [("app/.env", b"A=1"), ("app/.env", b"A=2"), ("conf/x.ini", b"B=1"), ("conf/bin.json", b"\0")],
        [("app/.wh..env", b""), ("conf", b"")],
        [("app/.env", b"A=3")],
    )
    found = [(entry.path, entry.layer, content) for entry, content in files.covered()]
    assert found == [
        ("/app/.env", 0, b"A=2"), ("/conf/x.ini", 0, b"B=1"), ("/app/.env", 0, b"A=1"), ("/app/.env", 2, b"A=3"),
    ]  # fmt: skip


def test_names_that_are_no_text() -> None:
    """Any bytes can be listed, found and read."""
    name = b"caf\xe9.py".decode(errors="surrogateescape")
    files = files_of([(f"app/{name}", b"1")], [("app/other", b"2")])
    assert files.names("/app") == (name, "other")
    assert files.read(f"/app/{name}") == b"1"


def test_deep_paths_do_not_recurse() -> None:
    """2000 directories in each other are walked and found."""
    deep = "d/" * 2000 + "f"
    files = files_of([(deep, b"x")])
    assert sum(1 for _ in files.walk()) == 2001
    assert files.read("/" + deep) == b"x"


names = st.sampled_from("abc")
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
changes = st.lists(
    st.tuples(st.sampled_from(["file", "folder", "link", "hide", "opaque"]), paths, st.binary(min_size=1, max_size=3)),
    max_size=7,
)


def applied(tree: dict[str, object], layer: list[tuple[str, str, bytes]]) -> list[Spec] | None:
    """Apply a layer to a tree as an engine does, marks first; the layer's members, or None where it is ambiguous."""
    own: dict[str, object] = {}
    specs: list[Spec] = []
    for kind, path, _ in layer:
        folder, _, name = path.rpartition("/")
        if kind == "hide":
            specs.append((f"{folder}/.wh.{name}".lstrip("/"), b""))
            drop(tree, path)
        elif kind == "opaque":
            specs.append((f"{path}/.wh..wh..opq", b""))
            drop(tree, path, below=True)
    for kind, path, content in layer:
        if kind in ("hide", "opaque"):
            implied = path if kind == "opaque" else path.rpartition("/")[0]
        else:
            implied = path.rpartition("/")[0]
            value: object = {"file": content, "link": "-> " + path, "folder": None}[kind]
            if path in own and (own[path] is None) != (value is None):
                return None
            own[path] = value
            specs.append((path, value))  # type: ignore[arg-type]
        while implied:
            if own.setdefault(implied, None) is not None:
                return None
            implied = implied.rpartition("/")[0]
    for path, value in sorted(own.items()):
        if value is not None or tree.get(path) is not None:
            drop(tree, path)
        tree[path] = value
    return specs


def drop(tree: dict[str, object], path: str, below: bool = False) -> None:
    """Remove a path and what lies in it, or only that."""
    for each in [each for each in tree if each.startswith(path + "/") or (each == path and not below)]:
        del tree[each]


@given(st.lists(changes, max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_layers_merge_as_if_they_were_applied(layers: list[list[tuple[str, str, bytes]]]) -> None:
    """A plain model of unpacking, layer after layer, ends with the same files."""
    tree: dict[str, object] = {}
    made = []
    for layer in layers:
        specs = applied(tree, layer)
        if specs is None:
            return
        made.append(specs)
    expected = {f"/{path}": value[3:] if isinstance(value, str) else value for path, value in tree.items()}
    files = files_of(*made)
    assert told(files) == expected
    for path in expected:
        assert files.find_link(path) is not None
        assert files.names(path.rpartition("/")[0] or "/").count(path.rpartition("/")[2]) == 1
