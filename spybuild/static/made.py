"""Functions that the standard library makes for a class: there is no source of them, but what they take is known."""

from dataclasses import dataclass, field

from spybuild.static.objects import Field
from spybuild.static.values import Value


@dataclass(slots=True, eq=False)
class Made(Value):
    """A function that a dataclass, a named tuple or a protocol is given; `module` is where it says it is from."""

    name: str
    parameters: "list[MadeParameter]" = field(default_factory=list)
    module: str = ""


@dataclass(slots=True)
class MadeParameter:
    """A parameter of a made function."""

    name: str
    kind: int = 1
    field: Field | None = None
    default: Value | None = None
