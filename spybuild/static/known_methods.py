"""Methods of lists, dicts, sets and texts, and of the dicts behind namespaces."""

from typing import TYPE_CHECKING

from spybuild.static import failing, folding
from spybuild.static.core import Arguments, Core
from spybuild.static.knowledge import Call, knows
from spybuild.static.objects import Class, Namespace, Special, either
from spybuild.static.values import CONTENT, Binding, Container, Known, Some, Tuple, Value, container

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter

_MOST = 20_000


def write(it: "Core", box: Container, items: tuple[Value, ...] | None, line: int | None) -> None:
    """Replace the content of a container."""
    it.spend(len(items or ()))
    value = Tuple(items) if items is not None and len(items) <= _MOST else it.unknown("its content is not known", line)
    it.journal.write(box.cells, CONTENT, Binding(value, line))


def extend(it: "Core", box: Container, more: Value, line: int | None) -> None:
    """Add to a list, dict or set what iterating over a value gives."""
    content = box.content
    if isinstance(more, Container) and (more.type == "dict") == (box.type == "dict"):
        added = more.content
    else:
        added = it.items_of(more) if box.type != "dict" else _pairs(it.items_of(more))
    if content is None or added is None:
        write(it, box, None, line)
        return
    joined = (*content, *added) if box.type != "dict" else _merged(content, added)
    write(it, box, joined, line)


def _pairs(items: tuple[Value, ...] | None) -> tuple[Value, ...] | None:
    if items is None or not all(isinstance(item, Tuple) and len(item.items) == 2 for item in items):
        return None
    return items


def _merged(content: tuple[Value, ...], added: tuple[Value, ...]) -> tuple[Value, ...]:
    """A dict's pairs, of which a later one with the same key takes the earlier one's place."""
    pairs: dict[object, Value] = {}
    for pair in (*content, *added):
        key = pair.items[0] if isinstance(pair, Tuple) else pair
        pairs[key if isinstance(key, Known) else id(key)] = pair
    return tuple(pairs.values())


@knows("method.append", "method.add")
def _append(call: Call) -> Value | None:
    box, item = call.arguments.get(0), call.arguments.get(1)
    if not isinstance(box, Container) or item is None:
        return None
    content = box.content
    if isinstance(item, Namespace):
        call.it.escape(item, call.line)
    write(call.it, box, None if content is None else (*content, item), call.line)
    return Known(None)


@knows("method.extend", "method.update", "method.__ior__", "method.__iadd__")
def _extend(call: Call) -> Value | None:
    box = call.arguments.get(0)
    if isinstance(box, Namespace):
        return _update_namespace(call.it, box, call.arguments, call.line)
    if not isinstance(box, Container):
        return None
    for more in call.arguments.positional[1:]:
        extend(call.it, box, more, call.line)
    if call.arguments.keywords or not call.arguments.exact:
        pairs = tuple(Tuple((Known(name), value)) for name, value in call.arguments.keywords.items())
        extend(call.it, box, container("dict", pairs if call.arguments.exact else None), call.line)
    return Known(None)


def _update_namespace(it: "Interpreter", namespace: Namespace, arguments: Arguments, line: int | None) -> Value | None:
    """`globals().update(...)`: exact where the names are constant."""
    given = arguments.get(1)
    pairs: tuple[Value, ...] | None = ()
    if isinstance(given, Container) and given.type == "dict":
        pairs = given.content
    elif given is not None:
        pairs = None
    if pairs is None or not arguments.exact:
        it.poison(namespace, "its namespace is updated with what is not known", line)
        return Known(None)
    for pair in pairs:
        if isinstance(pair, Tuple):
            it.set_name(namespace, pair.items[0], pair.items[1], line)
    for name, value in arguments.keywords.items():
        it.set_name(namespace, Known(name), value, line)
    return Known(None)


@knows("method.pop", "method.__delitem__")
def _pop(call: Call) -> Value | None:
    box, key = call.arguments.get(0), call.arguments.get(1)
    if isinstance(box, Namespace) and key is not None:
        found = call.it.item(box, key, call.line)
        call.it.set_name(box, key, None, call.line)
        return found
    if isinstance(box, Container) and box.type == "list" and box.content == ():
        call.it.fail_if(("IndexError", "pop from empty list"), call.line)
    default = call.arguments.get(2)
    if isinstance(box, Container):
        item = _under(call, box, key, default) if key is not None and box.type == "dict" else None
        write(call.it, box, None, call.line)
        return item if item is not None else call.it.unknown("an item of it is not known", call.line)
    return None


def _under(call: Call, box: Container, key: Value, default: Value | None) -> Value:
    """What is taken out of a dict; a key that is not there gives the default, where there is one."""
    if default is None:
        return call.it.item(box, key, call.line)
    return default if failing.of_item(box, key) else either(call.it.item(box, key, call.line), default, call.line)


@knows("method.setdefault", "method.__setitem__")
def _setdefault(call: Call) -> Value | None:
    box, key, value = call.arguments.get(0), call.arguments.get(1), call.arguments.get(2) or Known(None)
    if isinstance(box, Namespace) and key is not None:
        found = box.owner.cells.get(str(key.value)) if box.owner and isinstance(key, Known) else None
        if box.owner and isinstance(key, Known) and (found is None or found.doubt):
            sure = call.it.lacks(box.owner, str(key.value))
            old = found.value if found else call.it.unknown("it may have been set before", call.line)
            call.it.set_name(box, key, value if sure else either(old, value, call.line), call.line)
        elif found is None:
            call.it.set_name(box, key, value, call.line)
        return call.it.unknown("it may have been set before", call.line) if found is None else call.it.read(found)
    if isinstance(box, Container):
        if key is not None and box.type == "dict" and failing.of_item(box, key):  # it is not there
            call.it.set_item(box, key, value, call.line)
            return value
        write(call.it, box, None, call.line)
        return call.it.unknown("it may have been set before", call.line)
    return None


@knows("method.get")
def _get(call: Call) -> Value | None:
    """Reading does nothing; what is found is only told where it is known."""
    box, key, default = call.arguments.get(0), call.arguments.get(1), call.arguments.get(2) or Known(None)
    if isinstance(box, Namespace) and box.owner and isinstance(key, Known):
        cells = call.it.names_of(box.owner)
        found = call.it.found_in(cells, str(key.value))
        return call.it.read(found) if found else default if call.it.lacks(box.owner, str(key.value)) else None
    if isinstance(box, Container) and box.content is not None and key is not None:
        keys = [pair.items[0] for pair in box.content if isinstance(pair, Tuple)]
        if isinstance(key, Known) and key not in keys and all(isinstance(each, Known) for each in keys):
            return default
        return call.it.item(box, key, call.line)
    return (
        call.it.unknown("what is under a key is not known", call.line)
        if isinstance(box, Container | Namespace)
        else None
    )


def _snapshot(it: "Interpreter", namespace: Namespace) -> Container:
    """The content of a namespace as it stands."""
    owner = namespace.owner
    if isinstance(owner, Class) and not owner.is_body:
        return container("dict", None)  # what Python adds to every class is not told of
    if owner is None or it.names_of(owner).open or any(binding.doubt for _, binding in owner.cells.told()):
        return container("dict", None)
    pairs = ((Known(name), it.resolver.actual(binding.value)) for name, binding in owner.cells.told())
    return container("dict", tuple(Tuple(pair) for pair in pairs))


def _viewed(name: str) -> None:
    @knows(f"method.{name}")
    def look(call: Call) -> Value | None:
        box = call.arguments.get(0)
        if isinstance(box, Namespace):
            box = _snapshot(call.it, box)
            if box.content is None and name != "keys":
                return Special("anything")
        if not isinstance(box, Container):
            return None
        content = box.content
        if name == "copy" or box.type != "dict":
            return container(box.type, content) if name == "copy" else None
        if content is None:
            return container(f"dict_{name}", None)
        pairs = [pair.items for pair in content if isinstance(pair, Tuple)]
        if name == "items":
            return container("dict_items", tuple(Tuple(pair) for pair in pairs))
        return container(f"dict_{name}", tuple(pair[0] if name == "keys" else pair[1] for pair in pairs))


for _name in ("items", "keys", "values", "copy"):
    _viewed(_name)


@knows("method.remove", "method.discard")
def _remove(call: Call) -> Value | None:
    box, item = call.arguments.get(0), call.arguments.get(1)
    if not isinstance(box, Container) or item is None:
        return None
    content = box.content
    exact = content is not None and isinstance(item, Known) and all(isinstance(each, Known) for each in content)
    kept = list(content) if exact and content else []
    if item in kept:
        kept.remove(item)
    elif exact and call.arguments.exact and box.type == "list":
        call.it.fail_if(("ValueError", "list.remove(x): x not in list"), call.line)
    write(call.it, box, tuple(kept) if exact else None, call.line)
    return Known(None)


@knows("method.popitem")
def _pop_item(call: Call) -> Value | None:
    box = call.arguments.get(0)
    if not isinstance(box, Container):
        return None
    write(call.it, box, None, call.line)
    return Tuple(tuple(call.it.unknown(f"the {each} of an item is not known", call.line) for each in ("key", "value")))


@knows("method.insert", "method.sort", "method.reverse", "method.clear", "method.__setstate__")
def _shuffle(call: Call) -> Value | None:
    box = call.arguments.get(0)
    if not isinstance(box, Container):
        return None
    write(call.it, box, None, call.line)
    return Known(None)


@knows("method.index")
def _index(call: Call) -> Value | None:
    """The place of an item, which must be there."""
    box, item = call.arguments.get(0), call.arguments.get(1)
    content = box.items if isinstance(box, Tuple) else box.content if isinstance(box, Container) else None
    plain = content is not None and len(call.arguments.every) == 2 and call.arguments.exact
    if plain and isinstance(item, Known) and all(isinstance(each, Known) for each in content or ()):
        there = any(isinstance(each, Known) and each.value == item.value for each in content or ())
        call.it.fail_if(None if there else ("ValueError", f"{item.value!r} is not in it"[:80]), call.line)
    return _count(call)


@knows("method.count", "method.__len__")
def _count(call: Call) -> Value | None:
    box = call.arguments.get(0)
    return Some("int") if isinstance(box, Container | Tuple) else None


@knows("method.union", "method.intersection", "method.difference", "method.symmetric_difference")
def _combined(call: Call) -> Value | None:
    box = call.arguments.get(0)
    return container(box.type, None) if isinstance(box, Container) else None


@knows("method.fromkeys", "builtins.dict.fromkeys")
def _fromkeys(call: Call) -> Value | None:
    keys = call.it.items_of(call.arguments.get(1) or Known(None))
    value = call.arguments.get(2) or Known(None)
    return container("dict", None if keys is None else tuple(Tuple((key, value)) for key in keys))


def _of_text(name: str, arguments: Arguments) -> Value | None:
    return folding.method(arguments.positional[0], name, arguments.positional[1:], arguments.keywords)


def text_method(it: "Interpreter", name: str, arguments: Arguments, line: int | None) -> Value | None:
    """A method of a text, of bytes or of a number."""
    receiver = arguments.positional[0]
    if isinstance(receiver, Known) and arguments.exact:
        it.fail_if(failing.of_method(receiver, name, arguments), line)
    if isinstance(receiver, Known | Some):
        return _of_text(name, arguments)
    return None
