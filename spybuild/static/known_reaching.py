"""What gives hold of any object of the program: frames, `gc`, `sys.modules` as a whole, pickles, mocks; and `sys.path`.

Such a value is `ANYTHING`: so are its attributes and items; whatever is changed through it may be a namespace.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spybuild.static import patches
from spybuild.static.knowledge import Call, knows
from spybuild.static.objects import Class, Namespace, Special
from spybuild.static.values import OPEN, Binding, Doubt, Either, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.core import Core

ANYTHING = Special("anything")
_FINDERS, _NUMBERED = "sys.meta_path", "enumerate(sys.meta_path)"
_WATCHERS = ("sys.settrace", "sys.setprofile", "threading.settrace", "threading.setprofile", "sys.addaudithook")


@knows("inspect.stack", "inspect.trace", "inspect.getouterframes", "inspect.getinnerframes", "inspect.getmodule")
@knows("gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames", "sys._current_exceptions")
@knows("traceback.walk_stack", "traceback.walk_tb", "sys.modules.values", "sys.modules.items", "sys.modules.copy")
def _any(call: Call) -> Value | None:
    return ANYTHING


@knows("class.__subclasses__")
def _subclasses(call: Call) -> Value | None:
    """The classes of others, the module's own among them."""
    return ANYTHING


@knows("pickle.loads", "pickle.load", "_pickle.loads", "_pickle.load", "marshal.load", "runpy.run_path")
@knows("runpy.run_module", "pickle.Unpickler.load", "shelve.open", "code.interact", "timeit.timeit", "timeit.repeat")
@knows("code.InteractiveInterpreter", "cProfile.run", "profile.run", "pdb.run", "trace.Trace", "doctest.testmod")
@knows("importlib.reload", "imp.reload", "imp.load_source")
@knows("anything")
def _run(call: Call) -> Value | None:
    """Code that is not known runs: it may do anything."""
    call.it.reach_out("what is called may be anything, and may change it", call.line)
    call.it.unfollowed(call.arguments, call.line)
    return ANYTHING


@knows("perhaps.globals")
def _globals(call: Call) -> Value | None:
    """What an object that is not known calls `globals` may be the builtin function."""
    call.it.poison(Namespace(call.it.frame.module), "what is called may be globals(), and change it", call.line)
    return ANYTHING


@knows("unittest.mock.patch", "unittest.mock.patch.object", "unittest.mock.patch.dict", "unittest.mock.patch.multiple")
def _patcher(call: Call) -> Value | None:
    """What it returns replaces something when it is started, entered, or used as a decorator."""
    return ANYTHING


def _watcher(key: str) -> None:
    @knows(key)
    def watch(call: Call) -> Value | None:
        function = call.arguments.get(0)
        if function != Known(None):
            call.it.reach_out(f"{key}() has everything that runs seen, and perhaps changed", call.line)
        return Known(None)


for _key in _WATCHERS:
    _watcher(_key)


@knows("ctypes.cast", "ctypes.from_address", "ctypes.memmove", "ctypes.memset", "ctypes.string_at")
def _memory(call: Call) -> Value | None:
    """It writes to memory, or lets others do so."""
    return ANYTHING


# ---- sys.meta_path ----
@dataclass(frozen=True, slots=True)
class OfOther(Value):
    """The place in `sys.meta_path` of a finder that is none of the standard ones, until one of them is deleted."""

    deleted: int


def turns_over(it: "Core", source: Value, line: int | None) -> tuple[Value, ...]:
    """What a loop over `sys.meta_path` gives in one turn, or in another; nothing for a loop over anything else.

    The standard finders are classes. What is known of others is that no module is found by them here.
    """
    if not isinstance(source, Special) or source.key not in (_FINDERS, _NUMBERED):
        return ()
    standard = Class(name="PathFinder", qualname="PathFinder", module="_frozen_importlib_external", native=True)
    standard.mro = (standard,)
    why = Doubt("it is not known which finders there are", line)
    standard.cells.names[OPEN] = Binding(Unknown(why), line, why)
    if source.key == _FINDERS:
        return standard, Unknown(why)
    return Tuple((Some("int"), standard)), Tuple((OfOther(it.resolver.finders_deleted), Unknown(why)))


def numbered(source: Value) -> Value | None:
    """What `enumerate` makes of `sys.meta_path`; None of anything else."""
    return Special(_NUMBERED) if isinstance(source, Special) and source.key == _FINDERS else None


def deletes_other(it: "Core", index: Value) -> bool:
    """Whether `del sys.meta_path[index]` deletes a finder that is no standard one; its place is then used up."""
    is_other = isinstance(index, OfOther) and index.deleted == it.resolver.finders_deleted
    it.resolver.finders_deleted += 1
    return is_other


# ---- sys.path and its like ----
def _added(call: Call, index: int, *, first: bool) -> Value | None:
    """A folder is added to `sys.path`: what is found there from now on may be another."""
    folder = call.arguments.get(index)
    told = isinstance(folder, Known) and isinstance(folder.value, str) and folder.value.startswith("/")
    name = str(folder.value) if told and isinstance(folder, Known) else OPEN
    if not (call.it.frame.module.is_installed and name == OPEN and not first):
        doubt = Doubt("sys.path is changed", call.line)
        patches.note(call.it.module, (patches.SEARCH_PATH, name), doubt)
    return Known(None)


@knows("sys.path.insert")
def _insert(call: Call) -> Value | None:
    return _added(call, 1, first=True)


@knows("sys.path.append", "site.addsitedir")
def _append(call: Call) -> Value | None:
    return _added(call, 0, first=False)


@knows("sys.path.extend", "sys.path.__setitem__", "sys.path.reverse", "sys.path.sort", "sys.path.clear")
@knows("sys.meta_path.insert", "sys.path_hooks.insert", "sys.meta_path.extend", "sys.path_hooks.append")
@knows("sys.path.remove", "sys.path.pop", "sys.meta_path.pop", "sys.meta_path.remove", "sys.meta_path.clear")
@knows("sys.path_hooks.clear", "sys.path_hooks.remove", "sys.path_hooks.pop", "sys.path_hooks.extend")
@knows("sys.meta_path.reverse", "sys.meta_path.sort", "sys.path_hooks.reverse", "sys.path_hooks.sort")
def _changed(call: Call) -> Value | None:
    """What is imported from now on may be another."""
    change_search(call, call.line)
    return Some("str")


@knows("sys.meta_path.append")
def _finder(call: Call) -> Value | None:
    """A finder after all others brings what nobody else finds; of installed ones, that is what is theirs."""
    if not call.it.frame.module.is_installed:
        change_search(call, call.line)
    return Known(None)


@knows("sys.path.index", "sys.path.count")
def _counted(call: Call) -> Value | None:
    return Some("int")


@knows("sys.path.copy")
def _copied(call: Call) -> Value | None:
    return Some("list")


def change_search(call: Call, line: int | None) -> None:
    """Where modules are found is changed in a way that is not known."""
    patches.note(call.it.module, (patches.SEARCH_PATH, OPEN), Doubt("where modules are found is changed", line))


def is_anything(value: Value | None) -> bool:
    """Whether a value may be any object of the program."""
    return isinstance(value, Special) and value.key == "anything"


def attribute_of(value: Value, name: str) -> Value | None:
    """What leads from any object to frames and namespaces, by its name alone; None where it is nothing of the kind."""
    if isinstance(value, Unknown) and name in ("exec", "eval", "globals"):
        return Either((Special("perhaps.globals" if name == "globals" else f"builtins.{name}"), value))
    if isinstance(value, Unknown | Some):
        if name in ("tb_frame", "gi_frame", "cr_frame", "ag_frame", "f_back"):
            return Special("frame")
        if name in ("f_globals", "f_locals", "f_builtins"):
            return Namespace(None)
        if name in ("__globals__", "__subclasses__", "__builtins__", "tb_next"):
            return ANYTHING if name != "tb_next" else value
    return None
