"""Installed files against RECORD."""

from pathlib import Path

from tests.integrity.making import SITE, distribution, findings, put, rules, soundness

FILES = {
    "shop/__init__.py": "",
    "shop/cart.py": "RATE = 1\n",
    "shop/data.json": "{}",
    "shop/tests/test_cart.py": "x = 1\n",
}


def test_a_distribution_as_installed_has_no_finding(tmp_path: Path) -> None:
    """What installers add later is no extra file: compiled code, INSTALLER, direct_url.json."""
    distribution(tmp_path, "shop", "1.0", FILES)
    put(tmp_path, f"{SITE}/shop/__pycache__/cart.cpython-311.pyc", b"\xa7\r\r\n" + bytes(12))
    put(tmp_path, f"{SITE}/shop-1.0.dist-info/direct_url.json", "{}")
    assert findings(tmp_path) == []


def test_a_record_may_list_folders_of_compiled_code(tmp_path: Path) -> None:
    """As virtualenv does: they come and go."""
    distribution(
        tmp_path, "shop", "1.0", FILES, recorded=("shop/__pycache__/", "shop/__pycache__/cart.cpython-311.pyc")
    )
    assert findings(tmp_path) == []


def test_each_edited_file_is_told(tmp_path: Path) -> None:
    """A file of the same size counts as well; of many, one finding says how many."""
    distribution(tmp_path, "shop", "1.0", FILES)
    put(tmp_path, f"{SITE}/shop/cart.py", "RATE = 2\n")
    put(tmp_path, f"{SITE}/shop/data.json", "[]")
    found = findings(tmp_path)
    assert rules(found) == ["SPY620", "SPY620"]
    assert [str(each.image_location) for each in found] == [f"{SITE}/shop/cart.py", f"{SITE}/shop/data.json"]


def test_many_edited_files_are_one_finding(tmp_path: Path) -> None:
    """As where all libraries of a distribution were stripped."""
    distribution(tmp_path, "shop", "1.0", {f"shop/m{number}.py": "x" for number in range(20)})
    for number in range(20):
        put(tmp_path, f"{SITE}/shop/m{number}.py", "y")
    [finding] = findings(tmp_path)
    assert "20 files" in finding.message


def test_usual_slimming_is_counted_and_no_finding(tmp_path: Path) -> None:
    """Tests, stubs, headers, docs, and what lies outside of site-packages."""
    gone = {
        "shop/py.typed": "",
        "shop/cart.pyi": "",
        "shop/include/shop.h": "",
        "../../../bin/shop": "#!x",
        "shop/README.md": "",
    }
    distribution(tmp_path, "shop", "1.0", {**FILES, **gone})
    for path in (*gone, "shop/tests/test_cart.py"):
        (tmp_path / f"{SITE}/{path}".lstrip("/")).unlink()
    assert findings(tmp_path) == []
    [record] = soundness(tmp_path).records
    assert record.trimmed == 6


def test_missing_modules_and_data_are_one_finding(tmp_path: Path) -> None:
    """A distribution is told of once, whatever it lacks."""
    distribution(tmp_path, "shop", "1.0", FILES)
    for path in ("shop/cart.py", "shop/data.json"):
        (tmp_path / f"{SITE}/{path}".lstrip("/")).unlink()
    [finding] = findings(tmp_path)
    assert finding.rule == "SPY621"
    assert "2 files" in finding.message


def test_a_namespace_may_hold_modules_of_nobody(tmp_path: Path) -> None:
    """Both kinds: without `__init__.py`, and with one that extends its path (pkgutil)."""
    distribution(tmp_path, "cloud-one", "1", {"cloud/one/__init__.py": ""})
    distribution(
        tmp_path,
        "old-one",
        "1",
        {"old/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"},
    )
    put(tmp_path, f"{SITE}/cloud/own.py")
    put(tmp_path, f"{SITE}/old/own.py")
    assert findings(tmp_path) == []
    put(tmp_path, f"{SITE}/cloud/one/own.py")
    assert rules(findings(tmp_path)) == ["SPY622"]


def test_a_package_deep_inside_counts_as_extra(tmp_path: Path) -> None:
    """A new folder in an installed package is as importable as a new file."""
    distribution(tmp_path, "shop", "1.0", FILES)
    put(tmp_path, f"{SITE}/shop/vendored/evil/__init__.py")
    put(tmp_path, f"{SITE}/shop/.cache/not-importable.py")
    [finding] = findings(tmp_path)
    assert (finding.rule, str(finding.image_location)) == ("SPY622", f"{SITE}/shop/vendored/evil/__init__.py")


def test_two_owners_of_one_file_are_told_where_they_differ(tmp_path: Path) -> None:
    """Not for the same content, as in namespaces, and not for tests and licences at the top."""
    same = {"common/__init__.py": "", "tests/__init__.py": "a", "LICENSE": "a"}
    distribution(tmp_path, "one", "1", {**same, "common/core.py": "ONE = 1\n"})
    distribution(
        tmp_path, "two", "2", {**same, "tests/__init__.py": "b", "LICENSE": "b", "common/core.py": "TWO = 2\n"}
    )
    [finding] = findings(tmp_path)
    assert finding.rule == "SPY623"
    assert finding.message.startswith("one 1 and two 2 both own 1 file")


def test_packages_of_the_operating_system_are_not_held_against_record(tmp_path: Path) -> None:
    """They are stripped and patched after RECORD is made; what pip put beside them is held against it."""
    from dataclasses import replace

    from tests.integrity.making import target

    site = "/usr/lib/python3/dist-packages"
    distribution(tmp_path, "shop", "1.0", FILES, metadata="Requires-Dist: absent", site=site)
    put(tmp_path, f"{site}/shop/cart.py", "RATE = 2\n")
    debian = replace(target(), search_path=(site,))
    assert rules(findings(tmp_path, of=debian)) == ["SPY620", "SPY630"]
    (tmp_path / f"{site}/shop-1.0.dist-info/INSTALLER".lstrip("/")).unlink()
    assert findings(tmp_path, of=debian) == []


def test_files_that_conda_rewrote_are_as_conda_knows_them(tmp_path: Path) -> None:
    """Conda puts its prefix into files after RECORD is made and keeps their hashes; an edit is still found."""
    import hashlib
    import json

    distribution(tmp_path, "shop", "1.0", FILES)
    put(tmp_path, f"{SITE}/shop-1.0.dist-info/INSTALLER", "conda\n")
    content = "PREFIX = '/usr/local'\n"
    put(tmp_path, f"{SITE}/shop/cart.py", content)
    digest = hashlib.sha256(content.encode()).hexdigest()
    path = {"_path": "lib/python3.11/site-packages/shop/cart.py", "sha256": "0", "sha256_in_prefix": digest}
    put(tmp_path, "/usr/local/conda-meta/shop-1.0-py_0.json", json.dumps({"paths_data": {"paths": [path]}}))
    assert findings(tmp_path) == []
    put(tmp_path, f"{SITE}/shop/cart.py", f"{content}import evil\n")
    assert rules(findings(tmp_path)) == ["SPY620"]


def test_a_record_that_points_out_of_the_tree_ends_at_its_root(tmp_path: Path) -> None:
    """`..` at the root stays there, and hostile paths are files that are missing elsewhere, so no finding."""
    distribution(
        tmp_path, "shop", "1.0", FILES, recorded=("../" * 40 + "etc/shadow", "/etc/passwd", "a\x1fb/../../../x")
    )
    assert rules(findings(tmp_path)) in ([], ["SPY621"])


def test_hashes_that_prove_nothing_are_told(tmp_path: Path) -> None:
    """PEP 427 forbids md5 and sha1; a file that is vouched for by no better one is undecided."""
    distribution(tmp_path, "shop", "1.0", FILES)
    record = tmp_path / f"{SITE[1:]}/shop-1.0.dist-info/RECORD"
    lines = [line for line in record.read_text().splitlines() if not line.startswith("shop/cart.py")]
    record.write_text("\n".join([*lines, "shop/cart.py,md5=abc,9", ""]))
    (finding,) = findings(tmp_path)
    assert (finding.rule, "md5" in finding.message) == ("SPY600", True)


def test_a_folder_in_the_place_of_a_file_is_an_edit(tmp_path: Path) -> None:
    """Something is there, and it is not what RECORD says."""
    distribution(tmp_path, "shop", "1.0", FILES)
    (tmp_path / f"{SITE[1:]}/shop/data.json").unlink()
    (tmp_path / f"{SITE[1:]}/shop/data.json").mkdir()
    assert rules(findings(tmp_path)) == ["SPY620"]
