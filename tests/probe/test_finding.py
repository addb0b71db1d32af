"""The probe finds what a contract names, and imports it as the image's own entrypoint would."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.probe.running import ask, named


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


TREE = {
    "plugin.py": "import helper\nWHO = 'top'\n",
    "helper.py": "",
    "thermostat/__init__.py": "from .plugin import WHO\n",
    "thermostat/plugin.py": "WHO = 'package'\nfrom . import other\n",
    "thermostat/other.py": "",
    "spaced/inner/only.py": "WHO = 'namespace'\n",
    "deep/a/b/unique.py": "WHO = 'deep'\n",
    "twice/one/double.py": "",
    "twice/two/double.py": "",
    "my-plugin.py": "WHO = 'dashed'\nclass A: x = 1\n",
    "odd-folder/sibling.py": "WHO = 'sibling'\n",
    "odd-folder/entry.py": "from sibling import WHO\n",
    "json.py": "WHO = 'not the library'\n",
    "os.py": "WHO = 'not the library either'\n",
    "node_modules/hidden.py": "",
    "needs.py": "import absent_dependency\n",
    "broken/__init__.py": "raise ImportError('no')\n",
    "broken/inner.py": "",
}


@pytest.mark.parametrize(
    ("requested", "name", "who"),
    [
        ("plugin.py", "plugin", "top"),
        ("plugin", "plugin", "top"),
        ("thermostat/plugin.py", "thermostat.plugin", "package"),
        ("thermostat.plugin", "thermostat.plugin", "package"),
        ("thermostat", "thermostat", "package"),
        ("thermostat/__init__.py", "thermostat", "package"),
        ("thermostat/", "thermostat", "package"),
        ("spaced/inner/only.py", "spaced.inner.only", "namespace"),
        ("unique.py", "deep.a.b.unique", "deep"),
        ("my-plugin.py", "spybuild_my_plugin", "dashed"),
        ("odd-folder/entry.py", "entry", "sibling"),
        ("json.py", "json", "not the library"),
        ("os.py", "spybuild_os", "not the library either"),
    ],
)
def test_modules_are_found_by_every_name(python: str, tmp_path: Path, requested: str, name: str, who: str) -> None:
    """A file name, a path or an import name leads to the file, and the file to its import name."""
    write(tmp_path, TREE)
    module = ask(python, [requested], workdir=str(tmp_path))["modules"][0]
    values = {item["name"]: item["value"]["scalar"] for item in module["variables"]}
    assert (module["outcome"], module["name"], values.get("WHO")) == ("imported", name, who), module
    assert Path(module["path"]).is_relative_to(tmp_path)


@pytest.mark.parametrize(
    ("requested", "outcome"),
    [
        ("nothing.py", "missing"),
        ("nothing", "missing"),
        ("thermostat.nothing", "missing"),
        ("no/such/file.py", "missing"),
        ("/no/such/file.py", "missing"),
        ("hidden.py", "missing"),
        ("needs.py", "failed"),
        ("needs", "failed"),
        ("broken.inner", "failed"),
        ("broken/inner.py", "failed"),
        ("double.py", "ambiguous"),
    ],
)
def test_what_is_not_there_is_told_from_what_does_not_work(
    python: str, tmp_path: Path, requested: str, outcome: str
) -> None:
    """Missing means that there is no such module, failed that it is there and cannot be imported."""
    write(tmp_path, TREE)
    module = ask(python, [requested], workdir=str(tmp_path))["modules"][0]
    assert module["outcome"] == outcome, module
    if outcome == "ambiguous":
        assert module["candidates"] == [str(tmp_path / f"twice/{number}/double.py") for number in ("one", "two")]


@pytest.fixture(scope="session")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of more files than a search looks at."""
    folder = tmp_path_factory.mktemp("crowded")
    write(folder, {"many/0/once.py": "", "many/1/twice.py": "", "many/2/twice.py": "", "bin/plugin.py": ""})
    for number in range(20000):
        os.close(os.open(f"{folder}/many/1/{number}", os.O_CREAT))
    return folder


def test_a_search_that_ended_early_passed_for_a_whole_one(python: str, crowded: Path) -> None:
    """Among too many files nothing is missing, unique or ambiguous: the contract must give a path."""
    names = ["never.py", "once.py", "twice.py"]
    answer = ask(python, [*names, "plugin.py", "many/0/once.py"], workdir=str(crowded), entry_dir=str(crowded / "bin"))
    for name, module in zip(names, answer["modules"], strict=False):
        assert module["outcome"] == "unreadable", module
        message = f"too many files below {crowded} to find {name}; name it by its path"
        assert module["error"] == {"type": "ProbeError", "message": message, "traceback": []}
    assert [module["outcome"] for module in answer["modules"][3:]] == ["imported", "imported"]


def test_a_module_in_a_deep_folder_was_missing(python: str, tmp_path: Path) -> None:
    """A search goes as deep as the folders do."""
    write(tmp_path, {"a/b/c/d/e/f/g/h/i/j/deepest.py": ""})
    module = ask(python, ["deepest.py"], workdir=str(tmp_path))["modules"][0]
    assert (module["outcome"], module["name"]) == ("imported", "a.b.c.d.e.f.g.h.i.j.deepest")


def test_an_absolute_path_outside_the_workdir(python: str, tmp_path: Path) -> None:
    """Its folder comes first on the path, as it does for `python path/to/file.py`."""
    write(tmp_path / "app", {"x.py": ""})
    write(
        tmp_path / "else",
        {"entry.py": "import sys, beside\nFIRST, ARGUMENT = sys.path[0], sys.argv\n", "beside.py": ""},
    )
    requested = str(tmp_path / "else" / "entry.py")
    module = ask(python, [requested], workdir=str(tmp_path / "app"))["modules"][0]
    values = {item["name"]: item["value"]["text"] for item in module["variables"]}
    assert (values["FIRST"], values["ARGUMENT"]) == (repr(str(tmp_path / "else")), repr([requested]))


def test_entry_dir_and_pythonpath_are_on_the_path(python: str, tmp_path: Path) -> None:
    """The script's folder first, then PYTHONPATH, then the rest; the workdir is where the process is."""
    write(
        tmp_path, {"work/data.txt": "", "bin/tool.py": "import extra, os\nHERE = os.listdir('.')\n", "lib/extra.py": ""}
    )
    answer = ask(
        python,
        ["tool"],
        workdir=str(tmp_path / "work"),
        entry_dir=str(tmp_path / "bin"),
        environment={"PYTHONPATH": str(tmp_path / "lib")},
    )
    module = answer["modules"][0]
    assert named(module["variables"], "HERE")["value"]["text"] == "['data.txt']"
    assert answer["sys_path"][:2] == [str(tmp_path / "bin"), str(tmp_path / "lib")]


def test_user_site_is_honoured_unless_told_otherwise(python: str, tmp_path: Path) -> None:
    """The user's site-packages count as they would without -I."""
    found = subprocess.run(
        [python, "-c", "import site; print(site.getusersitepackages())"],
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    write(Path(found.stdout.strip()), {"of_the_user.py": ""})
    home = {"HOME": str(tmp_path)}
    is_venv = "venv" in python
    outcome = ask(python, ["of_the_user"], environment=home)["modules"][0]["outcome"]
    assert outcome == ("missing" if is_venv else "imported")
    without = ask(python, ["of_the_user"], environment={**home, "PYTHONNOUSERSITE": "1"})
    assert without["modules"][0]["outcome"] == "missing"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with a distribution, an editable one, and a .pth file."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    site = next((folder / "venv").glob("lib/python3*/site-packages"))
    write(
        site,
        {
            "lamps/__init__.py": "__version__ = '9'\n",
            "lamps/inner.py": "",
            "lamps-1.4.dist-info/METADATA": "Metadata-Version: 2.1\nName: Lamps\nVersion: 1.4\n\nVersion: 7\n",
            "lamps-1.4.dist-info/RECORD": "lamps/__init__.py,sha256=x,1\nlamps/inner.py,,\n",
            "other-2.dist-info/METADATA": "Name: other\nVersion: 2\n",
            "other-2.dist-info/RECORD": "differently_named.py,,\n",
            "differently_named.py": "",
            "edited-3.dist-info/METADATA": "Name: edited\nVersion: 3\n",
            "edited-3.dist-info/direct_url.json": '{"dir_info": {"editable": true}, "url": "file:///x"}',
            "edited-3.dist-info/top_level.txt": "edited\n",
            "edited-3.dist-info/RECORD": "edited.pth,,\n",
            "edited.pth": str(folder / "src") + "\n",
            "nobodys.py": "",
        },
    )
    write(folder / "src", {"edited.py": ""})
    return folder / "venv"


@pytest.mark.parametrize(
    ("requested", "distribution"),
    [
        ("lamps", ("Lamps", "1.4")),
        ("lamps.inner", ("Lamps", "1.4")),
        ("lamps/inner.py", ("Lamps", "1.4")),
        ("inner.py", ("Lamps", "1.4")),
        ("differently_named", ("other", "2")),
        ("edited", ("edited", "3")),
        ("nobodys", None),
    ],
)
def test_the_owning_distribution(environment: Path, requested: str, distribution: tuple[str, str] | None) -> None:
    """Which distribution a module came with is read from RECORD, and from direct_url.json for editable ones."""
    module: dict[str, Any] = ask(str(environment / "bin" / "python"), [requested])["modules"][0]
    assert module["outcome"] == "imported", module
    found = module["distribution"] and tuple(module["distribution"].values())
    assert found == distribution


def test_a_virtual_environment_is_entered(environment: Path) -> None:
    """Its prefix is told, and its site-packages are on the path, without its being activated."""
    answer = ask(str(environment / "bin" / "python"), [])
    assert answer["interpreter"]["prefix"] == str(environment)
    assert answer["interpreter"]["base_prefix"] != str(environment)
    assert any(Path(path).is_relative_to(environment) for path in answer["sys_path"])


def test_nothing_is_written(python: str, tmp_path: Path) -> None:
    """No bytecode, no trace."""
    write(tmp_path, TREE)
    ask(python, ["plugin", "thermostat.plugin"], workdir=str(tmp_path))
    assert not list(tmp_path.rglob("__pycache__"))
