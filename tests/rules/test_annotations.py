"""Annotations compared by meaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.model.facts import Annotation
from spybuild.rules.annotations import admits, same_annotation

SAME = [
    ("int", "int"),
    ("Optional[int]", "int | None"),
    ("typing.Optional[int]", "None | int"),
    ("Union[int, str, None]", "Optional[Union[str, int]]"),
    ("Union[int, int]", "int"),
    ("List[str]", "list[str]"),
    ("Dict[str, List[int]]", "dict[str, list[int]]"),
    ("'Thermostat'", "Thermostat"),
    ("Optional['Thermostat']", "thermostat.plugin.Thermostat | None"),
    ("Device", "smarthome.base.Device"),
    ("Callable[[int], str]", "collections.abc.Callable[[int], str]"),
    ("Literal['a', 'b']", "typing.Literal['a', 'b']"),
    ("None", "NoneType"),
    ("dict", "Dict"),
    ("list[ int ]", "list[int]"),
]
OTHER = [
    ("int", "str"),
    ("int", "Optional[int]"),
    ("list", "list[int]"),
    ("list[int]", "list[str]"),
    ("Union[int, str]", "int"),
    ("Union[int, str]", "Union[int, bytes]"),
    ("Literal['a']", "Literal['b']"),
    ("Callable[[int], str]", "Callable[[str], str]"),
    ("a.Device", "b.Device"),
    ("Device", "OtherDevice"),
    ("int", "not ! an expression"),
]


@pytest.mark.parametrize(("wanted", "seen"), SAME)
def test_annotations_of_one_meaning_are_the_same(wanted: str, seen: str) -> None:
    """Spelling does not count, in either direction."""
    assert same_annotation(wanted, Annotation(written=seen))
    assert same_annotation(seen, Annotation(written=wanted))


@pytest.mark.parametrize(("wanted", "seen"), OTHER)
def test_annotations_of_other_meaning_differ(wanted: str, seen: str) -> None:
    """What means something else is never taken for the same."""
    assert not same_annotation(wanted, Annotation(written=seen))
    assert not same_annotation(seen, Annotation(written=wanted))


def test_no_annotation_is_no_match() -> None:
    """A contract that wants an annotation is not fulfilled by none."""
    assert not same_annotation("int", None)
    assert not same_annotation("None", Annotation())


def test_the_resolved_form_counts_too() -> None:
    """An alias in the source matches what it stands for."""
    assert same_annotation("dict[str, int]", Annotation(written="Settings", resolved="dict[str, int]"))


@pytest.mark.parametrize(
    ("wanted", "written", "resolved"),
    [
        ("int", "int", "str"),  # written in the branch that did not run
        ("decimal.Decimal", "Decimal", "other.Decimal"),
        ("Optional[int]", "Optional[int]", "str | None"),
    ],
)
def test_what_an_annotation_resolves_to_decides(wanted: str, written: str, resolved: str) -> None:
    """The source may name something else by the same word."""
    assert not same_annotation(wanted, Annotation(written=written, resolved=resolved))


def test_an_alias_is_known_by_its_own_name() -> None:
    """A contract may say `Settings` where the source does, whatever it stands for."""
    assert same_annotation(
        "Optional[Settings]", Annotation(written="Optional[Settings]", resolved="dict[str, int] | None")
    )


def test_a_class_called_text_is_not_taken_for_typings() -> None:
    """`rich.text.Text` is one; `typing.Text` is `str`, and no other class."""
    assert same_annotation("Text", Annotation(written="Text", resolved="rich.text.Text"))
    assert same_annotation("list[Text]", Annotation(written="List[Text]", resolved="list[rich.text.Text]"))
    assert same_annotation("Text", Annotation(written="Text", resolved="str"))
    assert same_annotation("str", Annotation(written="Text", resolved="str"))
    assert not same_annotation("str", Annotation(written="Text", resolved="rich.text.Text"))
    assert not same_annotation("Text", Annotation(written="Text", resolved="int"))


def test_what_is_said_beside_a_type_counts_as_it_is_written() -> None:
    """`Annotated` resolves to the type alone; a contract that repeats it as it stands is kept, any other is not."""
    seen = Annotation(written="Annotated[int, Ge(0)]", resolved="int")
    assert same_annotation("Annotated[int, Ge(0)]", seen)
    assert same_annotation("int", seen)
    assert not same_annotation("Annotated[int, Ge(1)]", seen)
    assert not same_annotation("Annotated[int, Ge(0)]", Annotation(written="int", resolved="int"))


def test_a_value_of_one_type_fits_a_union_of_it() -> None:
    """A variable nobody annotated fits Optional[int] with an int or None."""
    assert admits("Optional[int]", "int")
    assert admits("Optional[int]", "NoneType")
    assert not admits("Optional[int]", "str")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_compared(wanted: str, seen: str) -> None:
    """No text makes the comparison fail, and every text is the same as itself."""
    assert same_annotation(wanted, Annotation(written=wanted))
    assert isinstance(same_annotation(wanted, Annotation(written=seen)), bool)


def test_a_very_deep_annotation_is_compared_to_the_letter() -> None:
    """Hostile nesting is bounded."""
    deep = "list[" * 400 + "int" + "]" * 400
    assert same_annotation(deep, Annotation(written=deep))
    assert not same_annotation(deep, Annotation(written=deep + " "[:0] + "x"))


@pytest.mark.parametrize("resolved", ["asyncio.events.Loop", None])
def test_a_dotted_name_is_read_as_its_author_wrote_it(resolved: str | None) -> None:
    """`events.Loop` in the source and in the contract was told to be another than `asyncio.events.Loop`."""
    seen = Annotation(written="events.Loop", resolved=resolved)
    assert same_annotation("events.Loop", seen)
    assert same_annotation("Loop", seen)
    assert not same_annotation("vents.Loop", seen)
    assert not same_annotation("other.Loop", seen)


def test_a_dotted_name_of_another_module_than_it_is_written_with_counts_as_written() -> None:
    """`np.ndarray` resolves to `numpy.ndarray`."""
    assert same_annotation("np.ndarray", Annotation(written="np.ndarray", resolved="numpy.ndarray"))
    assert not same_annotation("np.ndarray", Annotation(written="np.matrix", resolved="numpy.matrix"))
