"""Models are frozen, closed, and know where they were written."""

import pytest
from pydantic import ValidationError

from spybuild.model.base import LocatedList, LocatedMapping, Location, Place
from spybuild.model.contract import Class, Contract, Function, Module, Variable


def place(line: int, path: str = "") -> Place:
    return "c.yml", line, 1, path


def located() -> Contract:
    function = LocatedMapping({"name": "f"}, place(3, "functions[0]"), {("name",): place(4, "functions[0].name")})
    return Contract.model_validate(
        LocatedMapping(
            {"filename": "a.py", "functions": LocatedList([function], place(2), [place(3)])},
            place(1),
            {("functions",): place(2, "functions"), ("functions", 0): place(3, "functions[0]")},
        )
    )


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), 1),
        (("functions",), 2),
        (("functions", 0), 3),
        (("functions", 0, "name"), 4),
        (("functions", 0, "x", 5), 3),
        (("functions", 7), 2),
        (("classes", 0, "name"), 1),
        (("filename",), 1),
    ],
)
def test_where_is_the_nearest_known_place(keys: tuple[str | int, ...], line: int) -> None:
    where = located().where(*keys)
    assert where is not None
    assert where.line == line


def test_what_was_not_read_from_a_file_is_nowhere() -> None:
    contract = Contract(functions=(Function(name="f"),))
    assert contract.where() is None
    assert contract.where("functions", 0, "name") is None
    assert contract.path == ""
    assert contract.digest is None


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (Location(file="a", line=1, column=2, path="x"), "a:1:2"),
        (Location(file="a", line=1), "a:1"),
        (Location(file="a"), "a"),
    ],
)
def test_a_location_is_written_as_compilers_do(location: Location, text: str) -> None:
    assert str(location) == text


def test_models_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(Module(), "filename", "a.py")  # noqa: B010 (mypy knows as well)
    with pytest.raises(ValidationError, match="Extra inputs"):
        Module.model_validate({"filname": "a.py"})


def test_an_error_does_not_show_what_was_given() -> None:
    with pytest.raises(ValidationError) as caught:
        Module.model_validate({"filename": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


def test_a_contract_can_be_made_in_python() -> None:
    contract = Contract.model_validate(
        {"classes": [{"name": "A", "superclasses": ["B"], "attributes": [{"name": "x", "value": None}]}]}
    )
    (class_,) = contract.classes
    assert class_.superclasses[0].name == "B"
    assert isinstance(class_.superclasses[0], Class)
    assert class_.attributes[0].has_value
    assert not Variable(name="x").has_value
