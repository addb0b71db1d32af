"""Values as the probe shows them: type, text, and the scalar itself."""

from spybuild.model.facts import Value as ValueFacts
from spybuild.static.modules import Module
from spybuild.static.objects import Class, Descriptor, Form, Function, type_name
from spybuild.static.values import Container, Known, Tuple, Value

_MOST_TEXT = 1000
_MOST_ITEMS = 3000  # of all that is within a value
_SCALARS = (str, int, float, bool, type(None))
_TOO_LARGE = 10**4000


class Unshown(Exception):  # noqa: N818  # an answer, not an error
    """The text of a value is not known."""


def value_facts(value: Value, source: str) -> ValueFacts:
    """The facts of a value; what is not known whole shows the line of its source instead."""
    if isinstance(value, Known) and isinstance(value.value, _SCALARS):
        return _scalar(value.value)
    try:
        text = text_of(value)
    except Unshown:
        return ValueFacts(type=type_of(value), text=source[:_MOST_TEXT], is_cut=True)
    return ValueFacts(type=type_of(value), text=text[:_MOST_TEXT], is_cut=len(text) > _MOST_TEXT)


def _scalar(scalar: str | float | None) -> ValueFacts:
    portable = not isinstance(scalar, float) or scalar - scalar == 0
    if isinstance(scalar, int):
        portable = abs(scalar) < _TOO_LARGE
    if isinstance(scalar, str):
        portable = (len(scalar) <= _MOST_TEXT and scalar.isprintable()) or (
            _is_encodable(scalar) and len(scalar) <= _MOST_TEXT
        )
    try:
        text = repr(scalar[: _MOST_TEXT + 1] if isinstance(scalar, str) else scalar)
    except ValueError:  # Python refuses to write numbers beyond measure
        return ValueFacts(type="int", text="(its digits are too many to be written)", is_cut=True)
    return ValueFacts(
        type=type(scalar).__name__, text=text[:_MOST_TEXT], scalar=scalar if portable else None,
        is_scalar=portable, is_cut=not portable and len(text) > _MOST_TEXT,
    )  # fmt: skip


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def type_of(value: Value) -> str:
    """The name of a value's type; `?` where it is not known."""
    match value:
        case Module():
            return "module"
        case Form(type=kind):
            return kind
        case Function():
            return "function"
        case Class(metaclass=None):
            return "type"
        case Descriptor(kind=kind):
            return kind if kind != "tuplegetter" else "_tuplegetter"
        case _:
            return type_name(value) or "?"


def text_of(value: Value) -> str:
    """What `repr` says, of sets in order.

    Raises:
        Unshown: it is not known, or too long to be shown.
    """
    return _Text().of(value, 0)


class _Text:
    """One text: values may share their parts, so that they are far larger than they look."""

    def __init__(self) -> None:
        self._room = _MOST_ITEMS

    def of(self, value: Value, depth: int) -> str:
        self._room -= 1
        if depth > 30 or self._room < 0:
            raise Unshown
        match value:
            case Known(value=constant):
                return _repr(constant)
            case Module() if not value.name.startswith("_frozen_importlib"):  # they are called otherwise
                named = value.cells.get("__name__")
                return f"<module {named.value.value if named and isinstance(named.value, Known) else value.name}>"
            case Tuple(items=items) if not value.names:
                inner = ", ".join(self.all(items, depth))
                return f"({inner},)" if len(items) == 1 else f"({inner})"
            case Container() if value.content is not None:
                return self._container(value.type, value.content, depth)
            case Class() if not value.unsure and value.metaclass is None:
                path = value.qualname if value.module == "builtins" else value.path
                return f"<class {path!r}>"
            case _:
                raise Unshown

    def all(self, items: tuple[Value, ...], depth: int) -> list[str]:
        return [self.of(item, depth + 1) for item in items]

    def _container(self, kind: str, items: tuple[Value, ...], depth: int) -> str:
        if kind == "dict":
            return f"{{{', '.join(self._pairs(items, depth))}}}"
        if kind in ("set", "frozenset"):
            text = f"{{{', '.join(sorted(set(self.all(items, depth))))}}}" if items else "set()"
            return text if kind == "set" else f"frozenset({text if items else ''})"
        if kind == "list":
            return f"[{', '.join(self.all(items, depth))}]"
        raise Unshown

    def _pairs(self, items: tuple[Value, ...], depth: int) -> list[str]:
        pairs = [pair.items for pair in items if isinstance(pair, Tuple)]
        keys = [self.of(key, depth + 1) for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise Unshown
        return [f"{key}: {self.of(item, depth + 1)}" for key, (_, item) in zip(keys, pairs, strict=True)]


def _repr(constant: object) -> str:
    """A constant's text; Python refuses to write numbers beyond measure."""
    try:
        return repr(constant)
    except ValueError:
        raise Unshown from None
