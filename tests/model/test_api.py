"""A module's API as lines."""

from hypothesis import given
from hypothesis import strategies as st

from spybuild.model.api import api_of
from spybuild.model.facts import ModuleFacts, VariableFacts

CALL = {
    "parameters": [
        {"name": "x", "kind": "positional-only", "annotation": {"written": "int", "resolved": "int"}},
        {"name": "y", "kind": "positional-or-keyword", "default": {"type": "str", "text": "'a'", "scalar": "a", "is_scalar": True}},
        {"name": "z", "kind": "keyword-only", "default": {"type": "list", "text": "[1]"}},
        {"name": "more", "kind": "var-keyword"},
    ],
    "returns": {"written": None, "resolved": "bool"},
}  # fmt: skip


def module(**parts: object) -> ModuleFacts:
    """The facts of a module that was imported."""
    return ModuleFacts.model_validate({"requested": "plugin.py", "outcome": "imported", **parts})


def test_a_line_has_kind_name_and_signature() -> None:
    """As Python writes it: / and * where the kinds change, the default's value where it is a scalar, else its type; imports are none."""
    facts = module(
        functions=[{"name": "run", **CALL}, {"name": "poll", "is_async": True}],
        variables=[
            {"name": "LIMIT", "value": {"type": "int", "text": "5"}},
            {"name": "os", "value": {"type": "module", "text": "<module 'os'>"}},
        ],
        classes=[
            {
                "name": "Device", "module": "m", "bases": [{"name": "Base", "module": "m"}],
                "members": [
                    {"name": "start", "kind": "method", "owner": "m.Device", "is_own": True, "is_abstract": True, "parameters": []},
                    {"name": "unit", "kind": "property", "owner": "m.Device", "is_own": True, "returns": {"written": "str"}},
                ],
                "instance_attributes": [{"name": "id", "certain": True, "owner": "m.Device", "annotation": {"written": "str"}}],
            }
        ],
    )  # fmt: skip
    assert api_of(facts) == (
        "abstract method Device.start()",
        "async function poll(…)",
        "class Device(Base)",
        "function run(x: int, /, y = 'a', *, z = <list>, **more) -> bool",
        "instance attribute Device.id: str",
        "property Device.unit: str",
        "variable LIMIT: int",
    )


def test_what_is_not_known_in_full_has_none() -> None:
    """An import that failed, a name that the source leaves open, in the module or in a class."""
    assert api_of(module(outcome="failed")) is None
    assert api_of(module(undecided=[{"name": "*", "reason": "exec"}])) is None
    open_class = {"name": "A", "module": "m", "undecided": [{"name": "x", "reason": "setattr"}]}
    assert api_of(module(classes=[open_class])) is None
    assert api_of(module()) == ()


names = st.text(max_size=400)


@given(st.lists(names, unique=True, max_size=30))
def test_whatever_things_are_called_each_is_one_short_line(called: list[str]) -> None:
    """No newline gets in, and what a file cannot hold is escaped."""
    facts = module(variables=[{"name": name, "value": {"type": "int", "text": "5"}} for name in called])
    lines = api_of(facts)
    assert lines is not None
    assert len(lines) <= len(called)
    assert all(len(line) <= 240 and len(line.splitlines()) == 1 for line in lines)
    "".join(lines).encode()


def test_what_is_cut_off_still_differs() -> None:
    """Long names and many names are told by their digest."""
    long = [api_of(module(variables=[{"name": "x" * 500 + end, "value": {"type": "int", "text": ""}}])) for end in "ab"]
    assert long[0] != long[1]

    def many(last: str) -> tuple[str, ...]:
        value = {"type": "int", "text": "1"}
        made = [VariableFacts.model_validate({"name": f"n{number:05}", "value": value}) for number in range(3000)]
        last_one = VariableFacts.model_validate({"name": last, "value": value})
        return api_of(module().model_copy(update={"variables": (*made, last_one)})) or ()

    one, other = many("z1"), many("z2")
    assert len(one) == len(other) == 1000
    assert one[:-1] == other[:-1]
    assert one[-1] != other[-1]
    assert one[-1].startswith("and 2002 more, sha256:")
