"""Environment variables that an image does not set."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from spybuild.interpreters.search import Search
from spybuild.model.facts import Facts, ModuleFacts, Question
from spybuild.model.image import ImageConfig
from spybuild.static.evidence import StaticRequest, static_facts
from spybuild.static.resolve import resolve
from tests.interpreters.trees import AMD64, Tree
from tests.probe.running import ENVIRONMENT, ask
from tests.static.comparing import compare
from tests.static.reading import doubted, has, here

ASKS = "import os\nlast = 3 if os.environ.get('FLAG') else len\n"
SETS = "import os\nos.environ['FLAG'] = '1'\n"
HOSTILE: dict[str, dict[str, str]] = {
    "it is set": {"plugin": SETS + ASKS},
    "it is set by what is imported": {"plugin": "import helper\n" + ASKS, "helper": SETS},
    "it is set by what a constructor imports": {
        "plugin": "from helper import T\nT()\n" + ASKS,
        "helper": "class T:\n    def __init__(self): import deeper\n",
        "deeper": SETS,
    },
    "it is set by what a package imports later": {
        "plugin": "import pk.a\n" + ASKS,
        "pk/__init__": "",
        "pk/a": "def f():\n    from . import b\n[f() for _ in (1,)]\n",
        "pk/b": "import os\ndef g(name): os.environ[name] = '1'\ng('FLAG')\n",
    },
    "it is set by an attribute that is computed": {
        "plugin": "from helper import T\nT().x\n" + ASKS,
        "helper": "class T:\n    def __getattr__(self, name):\n        import deeper\n        return deeper\n",
        "deeper": SETS,
    },
    **{
        title: {"plugin": f"import os\n{source}\n{ASKS}"}
        for title, source in {
            "update": "os.environ.update(FLAG='1')",
            "an operator": "os.environ |= {'FLAG': '1'}",
            "setdefault": "os.environ.setdefault('FLAG', '1')",
            "another name": "from os import environ as e\ne['FLAG'] = '1'",
            "a variable": "e = os.environ\ne['FLAG'] = '1'",
            "an argument": "def g(e): e['FLAG'] = '1'\ng(os.environ)",
            "a computed attribute": "getattr(os, ''.join(['env', 'iron']))['FLAG'] = '1'",
            "the object of a method": "os.environ.get.__self__['FLAG'] = '1'",
            "what a view looks at": "os.environ.items()._mapping['FLAG'] = '1'",
            "a namespace": "vars(os)['env' + 'iron']['FLAG'] = '1'",
            "another method": "os.environ.get = lambda name: '1'",
            "another base's method": "import collections.abc\ncollections.abc.Mapping.get = lambda self, name: '1'",
            "a loop's target": "for os.environ['FLAG'] in ['1']: ...",
            "a pattern": "match os:\n    case object(environ=e): e['FLAG'] = '1'",
            "a function by another name": "from builtins import getattr as g\ng(os, ''.join(['env', 'iron']))['FLAG'] = '1'",
            "a module's function": "import builtins\nbuiltins.getattr(os, ''.join(['env', 'iron']))['FLAG'] = '1'",
            "code in a text": "exec(\"import os; os.environ['FLAG'] = '1'\", {})",
            "a name that is looked for": "import pkgutil\npkgutil.resolve_name('os:envir' + 'on')['FLAG'] = '1'",
        }.items()
    },
}


def _folder(folder: Path, sources: dict[str, str]) -> None:
    for name, source in sources.items():
        path = folder / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def _read(folder: Path, variables: set[str] | None) -> ModuleFacts:
    files, target = here()
    known = None if variables is None else frozenset(variables)
    search = Search(files, replace(target, search_path=(str(folder), *target.search_path), variables=known))
    found = search.module("plugin")
    assert found is not None
    return resolve(search, search.target, found, "plugin")


@pytest.mark.parametrize(
    "source",
    [ASKS, "import os\nlast = os.getenv('FLAG', len)", "import os\nif 'FLAG' not in os.environ:\n    last = len"],
)
def test_a_variable_that_nobody_sets_is_absent(tmp_path: Path, source: str) -> None:
    """The probe says the same: it runs in the same environment."""
    _folder(tmp_path, {"plugin": source})
    static = _read(tmp_path, set(ENVIRONMENT))
    answer = ask(sys.executable, ["plugin"], workdir=str(tmp_path), entry_dir=str(tmp_path))
    tally = compare(static, ModuleFacts.model_validate(answer["modules"][0]))
    assert (tally.wrong, tally.undecided) == ([], 0)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_variable_that_code_may_set_is_in_doubt(tmp_path: Path, case: str) -> None:
    """However it is set, and whoever does it."""
    _folder(tmp_path, HOSTILE[case])
    facts = _read(tmp_path, set())
    assert not has(facts, "last")


def test_what_else_is_set_does_not_matter(tmp_path: Path) -> None:
    """A copy is not the environment, and another variable is another."""
    _folder(tmp_path, {"plugin": "import os\nd = {**os.environ}\nd['FLAG'] = os.environ['OTHER'] = '1'\n" + ASKS})
    assert has(_read(tmp_path, set()), "last")


@pytest.mark.parametrize(
    "name",
    ["FLAG", "LANG", "LC_ALL", "DB_SERVICE_HOST", "DB_PORT_5432_TCP", "PYTHONHASHSEED", "https_proxy", "container"],
)
def test_what_others_may_set_is_in_doubt(tmp_path: Path, name: str) -> None:
    """What the image sets itself, and what engines, shells and Python may set."""
    _folder(tmp_path, {"plugin": ASKS.replace("FLAG", name)})
    assert doubted(_read(tmp_path, {"FLAG"}), "last")


def test_an_environment_that_is_not_known_has_any_variable(tmp_path: Path) -> None:
    """A source tree has no environment."""
    _folder(tmp_path, {"plugin": ASKS})
    assert doubted(_read(tmp_path, None), "last")


def test_the_images_config_tells_the_environment(tmp_path: Path) -> None:
    """With what is given; what the contract asks for may be there or not, and so may anything where code runs first."""
    tree = Tree(tmp_path / "root").python().write("/app/plugin.py", ASKS)

    def facts(**more: object) -> Facts:
        config = ImageConfig(workdir="/app", env=("MODE=image",))
        return static_facts(tree.files, config, AMD64, StaticRequest(("plugin",), **more))  # type: ignore[arg-type]

    assert has(facts(is_configured=True).modules[0], "last")
    assert doubted(facts().modules[0], "last")
    assert doubted(facts(is_configured=True, environment={"FLAG": "secret"}).modules[0], "last")
    assert doubted(facts(is_configured=True, questions=(Question(name="FLAG"),)).modules[0], "last")
    tree.write("/usr/local/lib/python3.11/site-packages/a.pth", "import os; os.environ['FLAG'] = '1'\n")
    assert doubted(facts(is_configured=True).modules[0], "last")
