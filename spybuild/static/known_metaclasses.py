"""Metaclasses written in Python, followed: what `__new__` and `__init__` make of the namespace that a body leaves.

Calling a metaclass is what a `class` statement comes to. The namespace is handed over as a `Namespace` of a class that
nobody sees, `body`; where `type.__new__` is reached with it, what is in it then becomes the class's own.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from spybuild.static import making
from spybuild.static.bodies import ANNOTATIONS, implicit
from spybuild.static.core import Arguments
from spybuild.static.knowledge import Call, knows
from spybuild.static.metaclasses import MADE, Making, is_followed, is_metaclass, written
from spybuild.static.objects import Class, Descriptor, Function, Instance, Namespace
from spybuild.static.values import OPEN, Binding, Container, Doubt, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter


def make(
    it: "Interpreter",
    kind: Class,
    metaclass: Class,
    bases: Sequence[Value],
    keywords: dict[str, Value],
    names: Value | None,
) -> Value:
    """Call a metaclass with the namespace of a body that has run, or with `names`: the class, or what comes of it."""
    passed = {name: value for name, value in keywords.items() if name not in ("metaclass", "**")}
    record = _begun(it, kind, metaclass, bases)
    given = (Known(kind.name), record.bases, names or Namespace(record.body))
    it.makings.append(record)
    try:
        made = _call(it, metaclass, "__new__", Arguments((metaclass, *given), passed, "**" not in keywords), kind.line)
        flag = record.body.cells.get(MADE)
        if made is not kind or flag is None or flag.doubt:
            return made if made is not kind else it.unknown("it may not be made", kind.line)
        _call(it, metaclass, "__init__", Arguments((kind, *given), passed, "**" not in keywords), kind.line)
        _weigh_annotations(it, record)
    finally:
        it.makings.pop()
    return kind


def _call(it: "Interpreter", metaclass: Class, name: str, arguments: Arguments, line: int | None) -> Value:
    found = written(metaclass, name)
    if found is None:
        made = _new(Call(it, arguments, line)) if name == "__new__" else Known(None)
        return made or it.unknown("its metaclass", line)
    value = it.resolver.actual(found.value)
    function = value.function if isinstance(value, Descriptor) and value.kind == "staticmethod" else value
    if found.doubt or not isinstance(function, Function):
        it.poison(Namespace(it.makings[-1].kind), f"{name} of its metaclass is not known", line)
        return it.unknown(f"{name} of its metaclass is not known", line)
    return it.call(function, arguments, line)


def _begun(it: "Interpreter", kind: Class, metaclass: Class, bases: Sequence[Value]) -> Making:
    front, back = implicit(it, kind, bases)
    body = Class(name=kind.name, qualname=kind.qualname, module=kind.module, maker=kind.maker, is_body=True)
    body.mro = (body,)
    body.cells.names.update({**front, **kind.cells.names, **back})
    top = [each for each in bases if isinstance(each, Class) and each.path == "builtins.object"]
    return Making(kind, metaclass, body, front | back, Tuple((*kind.bases, *top)))


def called(it: "Interpreter", metaclass: Class, arguments: Arguments, line: int | None) -> Value | None:
    """`Meta(name, bases, namespace)`; None where it cannot be told what that makes."""
    if not arguments.exact or len(arguments.positional) != 3 or not is_followed(it, Class(), metaclass):
        return None
    name, bases, names = arguments.positional
    told = namespace_in(names, line)
    if not isinstance(name, Known) or not isinstance(name.value, str) or not isinstance(bases, Tuple) or told is None:
        return None
    if not all(isinstance(each, Class) for each in bases.items):
        return None
    if "__module__" not in told and any(map(making.is_abc, metaclass.mro)):  # it is that of ABCMeta's own code
        return None
    kind = Class(name=name.value, qualname=name.value, module=it.module_name(), home=it.frame.module, line=line)
    kind.cells.names.update(told)
    return it.make_class(kind, list(bases.items), {**arguments.keywords, "metaclass": metaclass}, True, names)


def namespace_in(names: Value, line: int | None) -> dict[str, Binding] | None:
    """The names in a dict that a class is made of; None where they are not known."""
    pairs = names.content if isinstance(names, Container) and names.type == "dict" else None
    if pairs is None:
        return None
    told = [pair.items for pair in pairs if isinstance(pair, Tuple)]
    if not all(isinstance(key, Known) and isinstance(key.value, str) and key.value[:1] != "*" for key, _ in told):
        return None
    return {str(key.value): Binding(value, line) for key, value in told if isinstance(key, Known)}


@knows("object.__new__", "builtins.object.__new__", "abc.ABCMeta.__new__", "builtins.type.__new__")
def _new(call: Call) -> Value | None:
    """`object.__new__(kind)`, and `type.__new__(metaclass, name, bases, namespace)`."""
    kind = call.arguments.get(0)
    if not isinstance(kind, Class) or kind.native:
        return None
    if not is_metaclass(kind):
        return Instance(kind=kind)
    record = call.it.makings[-1] if call.it.makings else None
    told = _told(call, record) if record else None
    if record is None or told is None or record.body.cells.get(MADE):
        return None
    call.it.journal.write(record.body.cells, MADE, Binding(Known(True)))
    record.kind.is_followed = True
    _fill(call, record, told)
    _weigh_annotations(call.it, record)
    return call.it.finish_class(record.kind, dict(call.arguments.keywords))


def _told(call: Call, record: Making) -> dict[str, Binding] | None:
    """The namespace that is passed to `type.__new__`; None where it is not asked for the class that is being made."""
    given = call.arguments.positional
    if not call.arguments.exact or len(given) != 4 or given[0] is not record.metaclass:
        return None
    same = isinstance(given[2], Tuple) and given[2].items == record.bases.items
    if given[1] != Known(record.kind.name) or not same:
        return None
    names = given[3]
    if isinstance(names, Namespace) and names.owner is record.body:
        return {name: each for name, each in record.body.cells.names.items() if name != MADE}
    if not isinstance(names, Container) or names.type != "dict" or names.content is None:
        return None
    pairs = [pair.items for pair in names.content if isinstance(pair, Tuple)]
    if not all(isinstance(key, Known) and isinstance(key.value, str) and key.value[:1] != "*" for key, _ in pairs):
        return None
    return {str(key.value): _again(record, key.value, value, call) for key, value in pairs if isinstance(key, Known)}


def _again(record: Making, name: object, value: Value, call: Call) -> Binding:
    """What a copy of the namespace holds: what stood in the body is where it was."""
    old = record.body.cells.get(str(name))
    same = old is not None and not old.doubt and call.it.resolver.actual(old.value) is value
    return old if same and old is not None else Binding(value, call.line)


def _fill(call: Call, record: Making, told: dict[str, Binding]) -> None:
    """What `type.__new__` takes over from a namespace."""
    it, kind = call.it, record.kind
    if "__classcell__" in record.implicit and "__classcell__" not in told:
        if not record.implicit["__classcell__"].doubt:
            it.fail_if(("RuntimeError", f"__class__ not set defining {kind.name!r}"), call.line)
        kind.unsure = kind.unsure or Doubt("its __classcell__ may be missing", kind.line)
    if "__qualname__" not in told and OPEN not in told:
        kind.qualname = kind.name
    if "__module__" not in told:  # it is that of the code that calls type.__new__, which ABCMeta does in its own
        is_clear = OPEN not in told and not any(map(making.is_abc, record.metaclass.mro))
        kind.module = it.module_name()
        if not is_clear:
            told["__module__"] = Binding(Unknown(Doubt("its __module__ is not known", kind.line)), kind.line)
    kept = {name: each for name, each in told.items() if each is not record.implicit.get(name)}
    for name in list(kind.cells.names):
        if name not in kept:
            it.journal.write(kind.cells, name, None)
    for name, each in kept.items():
        it.journal.write(kind.cells, name, each)
    if told.get(ANNOTATIONS) is not record.implicit.get(ANNOTATIONS):
        it.poison(Namespace(kind), "its annotations are changed", kind.line)


def _weigh_annotations(it: "Interpreter", record: Making) -> None:
    """What the annotations say is read from the text: a dict of them that is changed says something else."""
    found = record.implicit.get(ANNOTATIONS)
    box = found.value if found else None
    told = box.content if isinstance(box, Container) else ()
    if told is None or len(told) != len(record.kind.annotations if box else ()) or any(map(_is_changed, told)):
        it.poison(Namespace(record.kind), "its annotations are changed", record.kind.line)


def _is_changed(pair: Value) -> bool:
    return isinstance(pair, Tuple) and pair.items[1] != Some("?")


@knows("type.__init__")
def _init(call: Call) -> Value | None:
    """`type.__init__` does nothing with what it is given."""
    given = call.arguments
    if given.exact and len(given.positional) not in (2, 4):
        call.it.fail_if(("TypeError", "type.__init__() takes 1 or 3 arguments"), call.line)
    return Known(None)


@knows("type.__call__")
def _called(call: Call) -> Value | None:
    """Make an instance, as `type` does."""
    kind, rest = call.arguments.get(0), call.arguments.positional[1:]
    given = Arguments(rest, call.arguments.keywords, call.arguments.exact)
    return call.it.make_instance(kind, given, call.line) if isinstance(kind, Class) and not kind.native else None


@knows("abc.ABCMeta.register")
def _register(call: Call) -> Value | None:
    """A virtual subclass is only noted."""
    given = call.arguments.get(1)
    return given if isinstance(given, Class) and len(call.arguments.every) == 2 else None
