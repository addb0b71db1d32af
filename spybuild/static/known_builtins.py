"""Builtin functions and types, called."""

from itertools import islice

from spybuild.static import failing, folding, known_methods, unsupported
from spybuild.static.knowledge import Call, knows
from spybuild.static.known_reaching import numbered
from spybuild.static.objects import Function, Namespace, type_name
from spybuild.static.values import Container, Known, Some, Tuple, Value, container

_MOST_TURNS = 512


def _collector(name: str) -> None:
    @knows(f"builtins.{name}")
    def collect(call: Call) -> Value | None:
        given = call.arguments.get(0)
        items = call.it.items_of(given) if given is not None else ()
        if isinstance(given, Container) and given.type in ("set", "frozenset") and name in ("set", "frozenset"):
            items = given.content
        if given is not None and items is None and isinstance(given, Namespace):
            return container(name, None)
        if name == "tuple":
            return Some("tuple") if items is None else Tuple(items)
        return container(name, items)


for _name in ("list", "tuple", "set", "frozenset"):
    _collector(_name)


@knows("builtins.sorted")
def _sorted(call: Call) -> Value | None:
    items = call.arguments.get(0)
    content = items.content if isinstance(items, Container) else call.it.items_of(items) if items else None
    if content is not None and not call.arguments.keywords:
        try:
            return folding.from_python(sorted(map(folding.to_python, content)))
        except Exception:
            return container("list", None)
    return container("list", None)


@knows("builtins.dict")
def _dict(call: Call) -> Value | None:
    box = container("dict", ())
    for given in call.arguments.positional[:1]:
        if isinstance(given, Namespace):
            return container("dict", None)
        known_methods.extend(call.it, box, given, call.line)
    pairs = tuple(Tuple((Known(name), value)) for name, value in call.arguments.keywords.items())
    known_methods.extend(call.it, box, container("dict", pairs if call.arguments.exact else None), call.line)
    return box


@knows("builtins.range")
def _range(call: Call) -> Value | None:
    numbers = [
        each.value for each in call.arguments.positional if isinstance(each, Known) and isinstance(each.value, int)
    ]
    if len(numbers) == len(call.arguments.positional) and 1 <= len(numbers) <= 3 and 0 not in numbers[2:]:
        made = tuple(islice(range(*numbers), _MOST_TURNS + 1))
        if len(made) <= _MOST_TURNS:
            return container("range", tuple(map(Known, made)))
    return Some("range")


@knows("builtins.map", "builtins.filter", "builtins.reversed", "builtins.iter")
def _lazy(call: Call) -> Value | None:
    for argument in call.arguments.every:
        if isinstance(argument, Function):
            call.it.escape(argument, call.line)
    return Some("iterator")


@knows("builtins.enumerate")
def _enumerate(call: Call) -> Value | None:
    given = call.arguments.get(0, "iterable") or Known(None)
    items = call.it.items_of(given)
    start = call.arguments.get(1, "start") or Known(0)
    if (finders := numbered(given)) and len(call.arguments.every) == 1 and call.arguments.exact:
        return finders
    if items is None or not isinstance(start, Known) or not isinstance(start.value, int):
        return Some("enumerate")
    return container("enumerate", tuple(Tuple((Known(start.value + index), item)) for index, item in enumerate(items)))


@knows("builtins.zip")
def _zip(call: Call) -> Value | None:
    every = [call.it.items_of(each) for each in call.arguments.positional]
    if any(items is None for items in every) or call.arguments.keywords:
        return Some("zip")
    return container("zip", tuple(Tuple(group) for group in zip(*(items or () for items in every), strict=False)))


@knows("builtins.len")
def _len(call: Call) -> Value | None:
    box = call.arguments.get(0)
    call.it.doubt_if(call.it.minds and box is not None and unsupported.of_len(call.it.resolver, box), call.line)
    if isinstance(box, Known) and not isinstance(box.value, str | bytes):
        call.it.fail_if(("TypeError", f"object of type {type_name(box)!r} has no len()"), call.line)
    content = box.content if isinstance(box, Container) else box.items if isinstance(box, Tuple) else None
    if isinstance(box, Known) and isinstance(box.value, str | bytes):
        return Known(len(box.value))
    return Some("int") if content is None else Known(len(content))


def _converter(name: str) -> None:
    @knows(f"builtins.{name}")
    def convert(call: Call) -> Value | None:
        function = {"str": str, "int": int, "float": float, "bool": bool}[name]
        given = call.arguments.get(0)
        if given is None and not call.arguments.keywords and call.arguments.exact:
            return Known(function())
        if given is not None and len(call.arguments.every) == 1 and call.arguments.exact:
            call.it.fail_if(failing.of_conversion(name, given), call.line)
        truth = call.it.truth(given) if given is not None and name == "bool" else None
        if truth is not None:
            return Known(truth)
        if isinstance(given, Known) and isinstance(given.value, str | int | float) and len(call.arguments.every) == 1:
            try:
                return Known(function(given.value))
            except (ValueError, OverflowError):  # no number, or one with too many digits
                return Some(name)
        call.it.risk()
        return Some(name)


for _name in ("str", "int", "float", "bool"):
    _converter(_name)


@knows("builtins.min", "builtins.max", "builtins.sum", "builtins.abs", "builtins.round", "builtins.pow")
def _number(call: Call) -> Value | None:
    names = {type_name(each) for each in call.arguments.positional}
    single = names.pop() if len(names) == 1 else None
    call.it.risk()
    return (
        Some(single)
        if single in ("int", "float", "str")
        else call.it.unknown("a computed value is not known", call.line)
    )


@knows("builtins.next")
def _next(call: Call) -> Value | None:
    """Without a default, there must be something."""
    given = call.arguments.get(0)
    endless = isinstance(given, Some) and given.type in ("count", "cycle", "repeat")
    if len(call.arguments.positional) == 1 and not endless:
        call.it.distrust("next() fails where nothing is left", call.line)
    call.it.risk()
    return call.it.unknown("what an iterator gives is not known", call.line)
