"""What all models share: frozen, closed, and able to say where in a file they were written."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, PrivateAttr, model_validator

Key = str | int
# file, line, column and path: a `Location` before anyone asks for it; large contracts have very many
Place = tuple[str, int, int, str]


class Model(BaseModel):
    """Immutable, with no room for keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Location(Model):
    """A place in a contract: `file:line:column`, both counted from 1, and the path of keys that leads there."""

    file: str
    line: int | None = None
    column: int | None = None
    path: str = ""

    @classmethod
    def of(cls, place: Place) -> Self:
        """The location that `place` is short for."""
        file, line, column, path = place
        return cls(file=file, line=line, column=column, path=path)

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class LocatedMapping(dict[str, Any]):
    """A mapping read from a file that remembers where it was written, and its keys, and their values.

    `places` holds the values' places; the items of a list are at `(key, index)`. `names` holds the keys' own.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        place: Place,
        places: Mapping[tuple[Key, ...], Place],
        names: Mapping[str, Place] | None = None,
    ) -> None:
        super().__init__(values)
        self.place = place
        self.places = places
        self.names = names or {}

    def where(self, *keys: Key) -> Place:
        """Where the value at `keys` was written; the nearest known place above it otherwise."""
        return _nearest(keys, self.places) or self.place


class LocatedList(list[Any]):
    """A list read from a file that remembers where it and its items were written."""

    def __init__(self, items: Iterable[Any], place: Place, places: Sequence[Place] = ()) -> None:
        super().__init__(items)
        self.place = place
        self.places = places


def _nearest(keys: tuple[Key, ...], places: Mapping[tuple[Key, ...], Place]) -> Place | None:
    known = (places[keys[:length]] for length in range(len(keys), 0, -1) if keys[:length] in places)
    return next(known, None)


class Located(Model):
    """A model that knows where it was written, when it was read from a file."""

    # what is only ever read as a part of another is not built for itself, which takes time
    model_config = ConfigDict(defer_build=True)

    _place: Place | None = PrivateAttr(default=None)
    _places: Mapping[tuple[Key, ...], Place] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_places(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        model = handler(value)
        if isinstance(value, LocatedMapping):
            model._place, model._places = value.place, value.places
        return model

    def where(self, *keys: Key) -> Location | None:
        """Where the value at `keys` below this element was written; the nearest known place above it otherwise."""
        below: Any = self
        for depth, key in enumerate(keys):
            below = _child(below, key)
            if isinstance(below, Located) and below._place:
                return below.where(*keys[depth + 1 :])
        place = _nearest(keys, self._places) or self._place
        return Location.of(place) if place else None


def _child(parent: Any, key: Key) -> Any:
    if isinstance(parent, Model):
        return getattr(parent, str(key), None)
    try:
        return parent[key]
    except (TypeError, LookupError):
        return None
