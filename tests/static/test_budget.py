"""What reading may cost: counted in steps that follow what is read, and an end that is never a pass."""

from collections.abc import Callable
from pathlib import Path

import pytest

from spybuild.static import core
from spybuild.static.budget import MOST_OF_A_MODULE, MOST_OF_A_PLATFORM, REASON, Budget, TooMuch
from tests.static.shelves import Shelf, written

LARGER = 3  # times
SLACK = 1.25
START = 2000  # steps that a module costs whatever is in it: what it needs of the standard library

GROWING: dict[str, Callable[[int], dict[str, str]]] = {
    "assignments": lambda n: {"plugin": "".join(f"x{k} = {k}\n" for k in range(n))},
    "a dict": lambda n: {"plugin": "x = {\n" + "".join(f" 'k{k}': {k},\n" for k in range(n)) + "}\n"},
    "functions": lambda n: {"plugin": "".join(f"def f{k}(a, b={k}): return a\n" for k in range(n))},
    "a chain of classes": lambda n: {
        "plugin": "class A0: ...\n" + "".join(f"class A{k + 1}(A{k}): x = {k}\n" for k in range(n))
    },
    "star imports": lambda n: {
        "big": "".join(f"x{k} = {k}\n" for k in range(50)),
        "plugin": "from big import *\n" * n,
    },
    "cases": lambda n: {"plugin": "match z():\n" + "".join(f" case {k}: x{k} = {k}\n" for k in range(n))},
    "conditions": lambda n: {"plugin": "".join(f"if z(): x{k} = {k}\n" for k in range(n))},
    "tries": lambda n: {"plugin": "".join(f"try: x{k} = z()\nexcept E: x{k} = 1\n" for k in range(n))},
    "decorators": lambda n: {"plugin": "def d(f): return f\n" + "@d\n" * n + "def g(): ...\n"},
    "calls": lambda n: {"plugin": "def f(a): return a\n" + "".join(f"x{k} = f({k})\n" for k in range(n))},
    "modules that import each other": lambda n: {
        **{f"m{k}": f"import m{(k + 1) % (n // 10)}\nx = {k}\n" for k in range(n // 10)},
        "plugin": "".join(f"from m{k} import x as x{k}\n" for k in range(n // 10)),
    },
}


@pytest.mark.parametrize("case", GROWING)
def test_steps_grow_no_faster_than_the_source(tmp_path: Path, case: str) -> None:
    """Three times the source takes three times the steps, with a little to spare."""
    small, large = (
        Shelf(written(tmp_path / str(size), GROWING[case](size))).steps("plugin") for size in (200, 200 * LARGER)
    )
    assert small > 40
    assert large <= LARGER * SLACK * small + START


ENDLESS = {
    "nested loops": "for a in range(500):\n for b in range(500):\n  for c in range(500): x = a\n",
    "nested comprehensions": "x = [a for a in range(500) for b in range(500) for c in range(500)]\n",
    "copies of a list": "a = list(range(512))\n" + "a = a + a\n" * 5 + "x = a[:]\n" * 8000,
    "sorted copies": "a = list(range(512))\n" + "a = a + a\n" * 5 + "x = sorted(a)\n" * 8000,
    "comparisons of long tuples": "a = tuple(range(512))\n" + "a = a + a\n" * 5 + "x = a == a[:]\n" * 8000,
    "calls with many arguments": "a = list(range(512))\n" + "a = a + a\n" * 5 + "def f(*a): ...\n" + "f(*a)\n" * 8000,
    "texts that are split": "a = 'a ' * 9000\n" + "x = a.split()\n" * 8000,
    "texts that are joined": "a = 'a' * 19000\n" + "x = f'{a}{a[:9]}'\n" * 8000,
    "a number without end": "a = 0x" + "f" * 3_000_000 + "\n" + "x = -a\nx = a == 1\n" * 9,
    "a star import, again and again": "from names import *\n" * 2000,
}


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module may take a tenth of the steps that it usually may, which is reached sooner."""
    monkeypatch.setattr(core, "MOST_STEPS", core.MOST_STEPS // 10)


@pytest.mark.usefixtures("few_steps")
@pytest.mark.parametrize("case", ENDLESS)
def test_what_never_ends_is_left_undecided(tmp_path: Path, case: str) -> None:
    """The steps of one module are used up: what stands after that is neither there nor missing."""
    names = "".join(f"n{k} = {k}\n" for k in range(2000))
    shelf = Shelf(written(tmp_path, {"names": names, "plugin": f"{ENDLESS[case]}late = 1\n"}))
    told = shelf.read("plugin")
    assert "late" not in {each.name for each in told.variables}
    assert (told.undecided[-1].name, told.undecided[-1].reason) == ("*", REASON)
    assert shelf.library.budget.used < MOST_OF_A_MODULE


@pytest.mark.usefixtures("few_steps")
def test_a_module_is_left_something_by_what_it_imports(tmp_path: Path) -> None:
    """One import that takes all it may take leaves the other names of its importer decided."""
    heavy = {f"h{k}": "x = [a for a in range(900) for b in range(900)]\n" for k in range(30)}
    entry = "".join(f"from h{k} import x as x{k}\n" for k in range(30)) + "y = x0\n" + "z = 1\n"
    told = Shelf(written(tmp_path, {**heavy, "plugin": entry})).read("plugin")
    doubted = {each.name for each in told.undecided}
    assert "z" in {each.name for each in told.variables} - doubted


@pytest.mark.usefixtures("few_steps")
def test_the_answer_is_the_same_each_time(tmp_path: Path) -> None:
    """Steps are counted, not seconds: where a reading ends does not depend on the machine."""
    folder = written(tmp_path, {"plugin": ENDLESS["nested loops"]})
    one, other = Shelf(folder), Shelf(folder)
    assert one.read("plugin") == other.read("plugin")
    assert one.library.budget.used == other.library.budget.used


def test_when_the_platforms_budget_is_used_up_nothing_is_decided(tmp_path: Path) -> None:
    """Modules that come after that have no names that are told."""
    shelf = Shelf(written(tmp_path, {"plugin": "x = 1\n"}))
    shelf.library.budget.used = MOST_OF_A_PLATFORM
    told = shelf.read("plugin")
    assert (told.variables, [(each.name, each.reason) for each in told.undecided]) == ((), [("*", REASON)])


def test_each_module_has_a_budget_of_its_own_until_the_platforms_is_used_up() -> None:
    """What one module took is not taken from the next; the sum has an end."""
    budget = Budget()
    with pytest.raises(TooMuch):
        budget.spend(MOST_OF_A_MODULE + 1)
    assert budget.is_spent
    budget.begin()
    assert not budget.is_spent
    budget.used = MOST_OF_A_PLATFORM - 10
    budget.begin()
    assert budget.limit == MOST_OF_A_PLATFORM


def test_half_of_what_is_left_is_never_less_than_nothing() -> None:
    """A budget that is used up stays used up."""
    budget = Budget()
    budget.halve()
    assert budget.limit == MOST_OF_A_MODULE // 2
    budget.used = MOST_OF_A_MODULE
    budget.halve()
    assert budget.limit == MOST_OF_A_MODULE
