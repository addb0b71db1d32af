"""Properties: what reads, sets and deletes."""

from spybuild.static.knowledge import Call, knows
from spybuild.static.known_decorators import is_abstract
from spybuild.static.objects import Descriptor
from spybuild.static.values import Value

_MOST_WRITERS = 20


@knows("builtins.property")
def _plain_property(call: Call) -> Value | None:
    """Where it is given no more than a getter, nothing can set it, unless `property.setter` makes another."""
    getter, alone = call.arguments.get(0, "fget"), call.arguments.exact and len(call.arguments.every) == 1
    return Descriptor("property", getter, is_abstract(getter), call.arguments.every, is_read_only=alone)


@knows("functools.cached_property", "types.DynamicClassAttribute", "enum.property")
def _property(call: Call) -> Value | None:
    getter = call.arguments.get(0, "fget")
    return Descriptor("property", getter, is_abstract(getter), call.arguments.every)


@knows("abc.abstractproperty")
def _abstract_property(call: Call) -> Value | None:
    return Descriptor("property", call.arguments.get(0, "fget"), True, call.arguments.every)


@knows("property.setter", "property.deleter")
def _setter(call: Call) -> Value | None:
    """The same property with a setter; it is abstract where that is."""
    made, function = call.arguments.positional[0], call.arguments.get(1)
    if isinstance(made, Descriptor) and len(made.writers) < _MOST_WRITERS:
        writers = (*made.writers, *call.arguments.every[1:])
        return Descriptor("property", made.function, made.is_abstract or is_abstract(function), writers)
    return None


@knows("property.getter")
def _getter(call: Call) -> Value | None:
    made, function = call.arguments.positional[0], call.arguments.get(1)
    return Descriptor("property", function, is_abstract(function), getattr(made, "writers", ()))
