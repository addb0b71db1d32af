"""Metaclasses written in Python: which of them can be followed, and what they answer for the classes that they made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spybuild.static import making
from spybuild.static.objects import Bound, Class, Function, Special
from spybuild.static.values import Binding, Container, Doubt, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter

MADE = "*made"  # the slot of a body of which a class has been made
OF_TYPE = ("__call__", "__init__", "__setattr__", "__delattr__")  # methods that the tables do not tell of
_UNFOLLOWED = ("__prepare__", "mro", "__setattr__", "__delattr__")
_FOLLOWED = ("__new__", "__init__")


@dataclass(frozen=True, slots=True, eq=False)
class Making:
    """A class that a metaclass is asked to make.

    Attributes:
        kind: the class, its bases settled; metaclass: who makes it.
        body: holds the namespace that the body has left; implicit: what the compiler has put there.
        bases: what the metaclass is told of them.
    """

    kind: Class
    metaclass: Class
    body: Class
    implicit: dict[str, Binding]
    bases: Tuple


def is_metaclass(kind: Class) -> bool:
    """Whether what it makes are classes."""
    return any(owner.path == "builtins.type" for owner in kind.mro)


def winner(it: "Interpreter", asked: Value | None, bases: Sequence[Class]) -> Value | None:
    """The metaclass that is called: of the one asked for and those of the bases, the one that derives from all."""
    best = asked
    for each in (base.metaclass for base in bases if base.metaclass is not None):
        mine, other = making.base_of(it.resolver, best) if best else None, making.base_of(it.resolver, each)
        derives = isinstance(other, Class) and isinstance(mine, Class) and mine is not other and mine in other.mro
        best = each if best is None or derives else best
    return best


def makes_classes(metaclass: Class) -> bool:
    """Whether what a metaclass makes is a class of that module: it leaves `__new__` and the body's namespace alone."""
    special = any(written(metaclass, name) for name in ("__new__", "__prepare__"))
    return making.is_plain(metaclass.metaclass) and not special


def is_followed(it: "Interpreter", kind: Class, metaclass: Value) -> bool:
    """Whether all that a metaclass does when it is called can be told: who it is, and that it is called as usual."""
    if not isinstance(metaclass, Class) or kind.unsure or not _is_told(it, metaclass):
        return False
    every = [making.base_of(it.resolver, base.metaclass) for base in kind.mro[1:] if base.metaclass is not None]
    if not all(isinstance(each, Class) and (each in metaclass.mro or each.path == "builtins.type") for each in every):
        return False
    is_enum = kind.is_enum or any(owner.path in ("enum.EnumMeta", "enum.EnumType") for owner in metaclass.mro)
    return not any(written(metaclass, name) for name in (*_UNFOLLOWED, *(_FOLLOWED if is_enum else ())))


def _is_told(it: "Interpreter", metaclass: Class) -> bool:
    plain = making.is_plain(metaclass.metaclass) and all(map(_is_known, metaclass.mro))
    if not plain or metaclass.unknown() or not is_metaclass(metaclass):
        return False
    return not any(owner.cells is cells for owner in metaclass.mro for cells, _ in it.stale)


def _is_known(owner: Class) -> bool:
    """Whether nothing of a metaclass is hidden in C, or peculiar to the standard library."""
    return owner.path == "builtins.type" if owner.native else not is_stdlib(owner) or making.is_plain(owner)


def prepares(it: "Interpreter", asked: Value | None, bases: Sequence[Value]) -> bool:
    """Whether the namespace of a body may have names, and ways, of its own: `__prepare__` of a metaclass."""
    inherited = [each.metaclass for each in bases if isinstance(each, Class)]
    every = [making.base_of(it.resolver, each) for each in (asked, *inherited) if each is not None]
    return any(isinstance(each, Class) and written(each, "__prepare__") is not None for each in every)


def is_stdlib(owner: Class) -> bool:
    """Whether a class is the target's own."""
    return owner.native or (owner.home is not None and owner.home.is_stdlib)


def written(metaclass: Class, name: str) -> Binding | None:
    """A method of a metaclass that is written in Python, and not in the standard library."""
    found = metaclass.find(name)
    return None if found is None or is_stdlib(found[0]) else found[1]


def already_made(kind: Class) -> Making:
    """A class that is handed to its metaclass's methods, after it has been made."""
    body = Class(is_body=True)
    body.cells.names[MADE] = Binding(Known(True))
    return Making(kind, kind, body, {}, Tuple(()))


def has_own(metaclass: Value | None, name: str) -> bool:
    """Whether a metaclass has a method of the image's own, or may have one."""
    if making.is_plain(metaclass):
        return False
    return not isinstance(metaclass, Class) or metaclass.unknown() is not None or written(metaclass, name) is not None


def caller_of(kind: Class) -> Value | None:
    """The `__call__` of a class's metaclass, where that is written in Python."""
    metaclass = kind.metaclass
    if making.is_plain(metaclass) or (isinstance(metaclass, Class) and is_stdlib(metaclass)):
        return None
    if not isinstance(metaclass, Class) or metaclass.unknown():
        return Unknown(Doubt("its metaclass is not known", kind.line))
    found = written(metaclass, "__call__")
    if found is None:
        return None
    return Unknown(found.doubt) if found.doubt else found.value


def asks(kind: Class, name: str, *, is_there: bool) -> bool:
    """Whether a metaclass's code runs when a class is asked for an attribute."""
    metaclass = kind.metaclass
    if not isinstance(metaclass, Class) or is_stdlib(metaclass):
        return False
    asked = "__getattribute__" if is_there else "__getattr__"
    found = written(metaclass, name)
    return written(metaclass, asked) is not None or (found is not None and not isinstance(found.value, Function))


def hides(kind: Class, name: str) -> bool:
    """Whether a metaclass may answer for a class that has a name itself: `__getattribute__`, properties."""
    metaclass = kind.metaclass
    if making.is_plain(metaclass) or (isinstance(metaclass, Class) and is_stdlib(metaclass)):
        return False
    if not isinstance(metaclass, Class) or metaclass.unknown():
        return True
    return not _is_harmless(written(metaclass, name)) or written(metaclass, "__getattribute__") is not None


def _is_harmless(found: Binding | None) -> bool:
    """Whether what a metaclass has under a name leaves the class's own alone: it is no descriptor that comes first."""
    plain = Function | Known | Some | Tuple | Container
    return found is None or (not found.doubt and isinstance(found.value, plain))


def intercepts(kind: Class, name: str) -> bool:
    """Whether a metaclass decides what comes of it when an attribute of a class is set."""
    metaclass = kind.metaclass
    if making.is_plain(metaclass) or (isinstance(metaclass, Class) and metaclass.native):
        return False
    if not isinstance(metaclass, Class) or metaclass.unknown():
        return True
    changes = any(written(metaclass, each) for each in ("__setattr__", "__delattr__"))
    return changes or not _is_harmless(written(metaclass, name))


def attribute_of(kind: Class, name: str) -> Value | None:
    """What a class has from its metaclass."""
    metaclass = kind.metaclass
    if name == "register" and metaclass is not None and making.is_abc(metaclass):
        return Bound(Special("abc.ABCMeta.register"), kind)
    if not isinstance(metaclass, Class) or metaclass.unknown() or kind.unknown():
        return None
    found = written(metaclass, name)
    if found is None:
        is_abc = name == "register" and any(making.is_abc(owner) for owner in metaclass.mro)
        return Bound(Special("abc.ABCMeta.register"), kind) if is_abc else None
    return None if found.doubt or not isinstance(found.value, Function) else Bound(found.value, kind)


def take_metaclass(it: "Interpreter", kind: Value, metaclass: Value) -> bool:
    """Do `kind.__class__ = metaclass`, and tell whether that is all that changes: what makes it has been called."""
    if it.uncertain or not isinstance(kind, Class) or not isinstance(metaclass, Class) or metaclass.unknown():
        return False
    old = kind.metaclass
    if kind.maker is not it.module or not isinstance(old, Class) or old not in metaclass.mro or kind.unsure:
        return False
    between = metaclass.mro[: metaclass.mro.index(old)]
    if any(owner.native or owner.cells.get("__slots__") or is_stdlib(owner) for owner in between):
        return False
    kind.metaclass = metaclass
    return True
