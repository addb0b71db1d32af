"""Attributes that are set and deleted."""

from spybuild.static import failing, metaclasses, refusals, unsupported
from spybuild.static.attributes import Attributes
from spybuild.static.core import ANYTHING, Arguments
from spybuild.static.modules import Module
from spybuild.static.objects import (
    SIGNATURE,
    Bound,
    Cached,
    Class,
    FrameOf,
    Function,
    Instance,
    Namespace,
    Native,
    Special,
    options,
)
from spybuild.static.scopes import opened
from spybuild.static.values import Binding, Doubt, Either, Known, Object, Unknown, Value


class Setting(Attributes):
    """Writes attributes."""

    def set_attribute(self, target: Value, name: str, value: Value | None, line: int | None) -> None:
        """Do `target.name = value`, or delete it where `value` is None."""
        for each in options(target):
            self._set_one(each, name, value, line, certain=not isinstance(target, Either))

    def _set_one(self, target: Value, name: str, value: Value | None, line: int | None, *, certain: bool) -> None:
        binding = None if value is None else Binding(value, line)
        if certain:
            self.fail_if(failing.of_setting(target, name), line)
            self.fail_if(refusals.of_deleting(target, name) if value is None else None, line)
            reason = self.minds and unsupported.of_setting(self.resolver, target, name, deletes=value is None)
            self.doubt_if(reason, line)
        if value is None:
            self.risk("AttributeError")
        if isinstance(target, Instance):
            self.lend_for(target, name, "__setattr__", "__delattr__")
        elif not isinstance(target, Function | Module):
            self.lend(target, line)
        match target:
            case Class() | Module() | Instance():
                self._set_cell(target, name, binding, certain, line)
            case Function() | Cached() | Native():
                if name in SIGNATURE:
                    binding = Binding(self.unknown(f"its {name} is replaced", line), line)
                self.journal.write(target.cells, name, binding)
            case Special(key="anything" | "frame") | FrameOf():
                self.reach_out("it may be changed through what may be any object", line)
            case Unknown() | Namespace() | Bound() | Special():
                self.risk(ANYTHING)
                self.doubt_makings("an attribute of what is not known is set, which may be it", line)
        if value is not None and not isinstance(target, Class | Module | Function):
            self.keep_watch(value, line)
            if self.is_in_the_making(value):
                self.escape(value, line)

    def _replace_bases(self, kind: Class, why: Doubt) -> None:
        """Another's class is left as it is, for whoever else asks for it; only this module knows better."""
        self.poison(Namespace(kind), why.reason, why.line)
        if kind.maker in (None, self.module):
            kind.unsure = kind.unsure or why

    def _set_cell(self, target: Object, name: str, binding: Binding | None, certain: bool, line: int | None) -> None:
        if isinstance(target, Instance) and (found := target.kind.find(name)):
            self.escape(found[1].value, line)
            held = found[1].value
            own = held.kind.find("__set__") if isinstance(held, Instance) and binding else None
            if own and binding:
                self.try_out(own[1].value, Arguments((held, target, binding.value)), line)
        if isinstance(target, Instance) and binding and (setter := target.kind.find("__setattr__")):
            self.try_out(setter[1].value, Arguments((target, Known(name), binding.value)), line)
        if not certain:
            why = Doubt("it may be set from outside", line)
            old = target.cells.get(name)
            binding = Binding(old.value if old else self.unknown(why.reason, line), line, why)
        if isinstance(target, Class) and name == "_fields_":
            why = Doubt("its metaclass is written in C, and may add to it", line)
            opened(self.journal, target.cells, why, rebinds=False)
        if isinstance(target, Class) and metaclasses.intercepts(target, name):
            self.poison(Namespace(target), f"its metaclass may see to it that {name} is set", line)
            return
        if name == "__class__" and binding and metaclasses.take_metaclass(self.as_interpreter(), target, binding.value):
            return
        if isinstance(target, Instance) and name == "__class__":
            self.poison(Namespace(self.module), "the class of an object is replaced", line)
        if isinstance(target, Class) and name in ("__bases__", "__class__", "__abstractmethods__"):
            self._replace_bases(target, Doubt(f"its {name} is replaced", line))
        self.put(target if isinstance(target, Module | Class) else None, target.cells, name, binding)
