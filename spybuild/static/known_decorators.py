"""Decorators of the standard library, by what they make of a function or a class."""

from typing import TYPE_CHECKING

from spybuild.static import enums, failing, making
from spybuild.static.core import Arguments
from spybuild.static.knowledge import Call, knows
from spybuild.static.modules import Module
from spybuild.static.objects import Cached, Class, Descriptor, Form, Function, Instance, Namespace, Partial, Special
from spybuild.static.scopes import opened
from spybuild.static.values import Binding, Doubt, Imported, Known, Some, Value

if TYPE_CHECKING:
    from spybuild.static.interpreter import Interpreter

_ORDERS = {  # functools._convert: for each comparison that a class has, those that are made from it
    "__lt__": (("__gt__", "_gt_from_lt"), ("__le__", "_le_from_lt"), ("__ge__", "_ge_from_lt")),
    "__le__": (("__ge__", "_ge_from_le"), ("__lt__", "_lt_from_le"), ("__gt__", "_gt_from_le")),
    "__gt__": (("__lt__", "_lt_from_gt"), ("__ge__", "_ge_from_gt"), ("__le__", "_le_from_gt")),
    "__ge__": (("__le__", "_le_from_ge"), ("__gt__", "_gt_from_ge"), ("__lt__", "_lt_from_ge")),
}


@knows("typing.final", "typing.override", "typing.runtime_checkable", "typing.no_type_check", "typing.type_check_only")
@knows("typing.runtime", "typing.no_type_check_decorator", "typing_extensions.final", "typing_extensions.override")
@knows("typing_extensions.runtime_checkable", "typing_extensions.runtime", "atexit.register")
def _same(call: Call) -> Value | None:
    """It returns what it is given, and marks it at most."""
    return call.arguments.get(0)


@knows("typing.dataclass_transform", "typing_extensions.dataclass_transform")
def _returns_same(call: Call) -> Value | None:
    """It returns a decorator that returns what it is given."""
    return Special("typing.final")


@knows("typing.overload", "typing_extensions.overload")
def _overload(call: Call) -> Value | None:
    """The implementation comes after the overloads; a name that has none is bound to a dummy."""
    return Imported("typing", "_overload_dummy", call.line)


@knows("abc.abstractmethod")
def _abstract(call: Call) -> Value | None:
    function = call.arguments.get(0)
    if isinstance(function, Function | Cached):
        call.it.journal.write(function.cells, "__isabstractmethod__", Binding(Known(True), call.line))
    elif isinstance(function, Descriptor):
        return Descriptor(function.kind, function.function, True, function.writers)
    return function


@knows("builtins.staticmethod", "abc.abstractstaticmethod")
def _static(call: Call) -> Value | None:
    function = call.arguments.get(0)
    return Descriptor("staticmethod", function, is_abstract(function))


@knows("builtins.classmethod", "abc.abstractclassmethod")
def _class(call: Call) -> Value | None:
    function = call.arguments.get(0)
    return Descriptor("classmethod", function, is_abstract(function))


def is_abstract(value: Value | None) -> bool:
    """`__isabstractmethod__` of a function or descriptor."""
    if isinstance(value, Descriptor):
        return value.is_abstract
    return isinstance(value, Function | Cached) and value.cells.get("__isabstractmethod__") is not None


@knows("functools.wraps")
def _wraps(call: Call) -> Value | None:
    wrapped = call.arguments.get(0, "wrapped")
    return Partial(Special("functools.update_wrapper"), (), {"wrapped": wrapped}) if wrapped else None


@knows("functools.update_wrapper")
def _update_wrapper(call: Call) -> Value | None:
    """The wrapper's signature is that of what it wraps from now on."""
    wrapper, wrapped = call.arguments.get(0, "wrapper"), call.arguments.get(1, "wrapped")
    if isinstance(wrapper, Function | Cached | Instance) and wrapped is not None:
        call.it.journal.write(wrapper.cells, "__wrapped__", Binding(wrapped, call.line))
        if is_abstract(wrapped):  # it is in the function's __dict__, which is copied
            call.it.journal.write(wrapper.cells, "__isabstractmethod__", Binding(Known(True), call.line))
    return wrapper


def wrapping(it: "Interpreter", function: Value, kind: str, line: int | None) -> Cached:
    """Something callable that tells the signature of `function`."""
    made = Cached(type=kind)
    made.cells.names["__wrapped__"] = Binding(function, line)
    if is_abstract(function):
        made.cells.names["__isabstractmethod__"] = Binding(Known(True), line)
    return made


@knows("functools.lru_cache")
def _lru_cache(call: Call) -> Value | None:
    function = call.arguments.get(0, "user_function")
    if isinstance(function, Known) or function is None or not call.arguments.positional or isinstance(function, Some):
        return Special("functools.cache")
    return wrapping(call.it, function, "_lru_cache_wrapper", call.line)


@knows("functools.cache")
def _cache(call: Call) -> Value | None:
    function = call.arguments.get(0)
    return wrapping(call.it, function, "_lru_cache_wrapper", call.line) if function else None


@knows("contextlib.contextmanager", "contextlib.asynccontextmanager", "functools.singledispatch")
def _wrapped(call: Call) -> Value | None:
    """A plain function that wraps the given one."""
    function = call.arguments.get(0)
    return wrapping(call.it, function, "function", call.line) if function else None


@knows("functools.singledispatchmethod")
def _dispatching_method(call: Call) -> Value | None:
    function = call.arguments.get(0)
    return Descriptor("singledispatchmethod", function, is_abstract(function))


@knows("function.register")
def _register(call: Call) -> Value | None:
    """`@f.register` and `@f.register(type)` return the function that is registered."""
    owner, given = call.arguments.positional[0], call.arguments.get(1)
    if not isinstance(owner, Cached) or owner.type != "function":
        return None
    if isinstance(given, Function) and len(call.arguments.positional) == 2:
        return given
    return call.arguments.get(2) or Special("typing.final")


@knows("functools.partial")
def _partial(call: Call) -> Value | None:
    if not call.arguments.exact:
        return None
    called = call.arguments.get(0) or Known(None)
    call.it.fail_if(failing.of_callee(called), call.line)
    return Partial(call.arguments.positional[0], call.arguments.positional[1:], dict(call.arguments.keywords))


@knows("functools.partialmethod")
def _partial_method(call: Call) -> Value | None:
    if not call.arguments.positional or not call.arguments.exact:
        return None
    return Partial(
        call.arguments.positional[0], call.arguments.positional[1:], dict(call.arguments.keywords), is_method=True
    )


@knows("functools.total_ordering")
def _total_ordering(call: Call) -> Value | None:
    """The comparisons that a class lacks are made from one that it has, the greatest by name."""
    kind = call.arguments.get(0)
    if not isinstance(kind, Class) or kind.unknown():
        return None
    has = [name for name in _ORDERS if (found := kind.find(name)) and not found[0].native]
    has += [name for name in _ORDERS if any(owner.native and name in owner.hidden for owner in kind.mro)]
    if not has:
        call.it.fail_if(("ValueError", "must define at least one ordering operation: < > <= >="), call.line)
    if not has:
        return None
    for name, made in _ORDERS[max(has)]:
        if name not in has:
            call.it.journal.write(kind.cells, name, Binding(Imported("functools", made, call.line), call.line))
    return kind


@knows("enum._simple_enum")
def _simple_enum(call: Call) -> Value | None:
    """A decorator that makes an enum of a plain class."""
    base = call.arguments.get(0, "etype") or Special("enum.Enum")
    return Partial(Special("enum._converted"), (base,), {})


@knows("enum._converted")
def _converted(call: Call) -> Value | None:
    base, kind = making.base_of(call.it.resolver, call.arguments.positional[0]), call.arguments.get(1)
    if not isinstance(base, Class) or not isinstance(kind, Class) or kind.bases:
        return None
    making.set_bases(kind, [base])
    kind.metaclass = base.metaclass
    enums.finish(call.it, kind)
    return kind


@knows("enum.global_enum")
def _global_enum(call: Call) -> Value | None:
    """An enum's members become names of its module."""
    kind = call.arguments.get(0)
    if not isinstance(kind, Class) or kind.home is None or kind.unknown():
        call.it.poison(
            Namespace(call.it.frame.module), "members of an enum that is not known become its names", call.line
        )
        return None
    is_flag = any(owner.path == "enum.Flag" for owner in kind.mro)
    shown = Imported("enum", "global_flag_repr" if is_flag else "global_enum_repr", call.line)
    call.it.journal.write(kind.cells, "__repr__", Binding(shown, call.line))
    if not any(owner.path == "enum.ReprEnum" for owner in kind.mro) or call.arguments.get(1, "update_str"):
        call.it.journal.write(kind.cells, "__str__", Binding(Imported("enum", "global_str", call.line), call.line))
    for name, binding in list(kind.cells.told()):
        if call.it.is_member(binding.value):
            call.it.journal.write(kind.home.cells, name, binding)
    return kind


@knows("enum._convert_")
def _convert(call: Call) -> Value | None:
    """Constants of a module become an enum and names of the module: those whose name fits."""
    cells = call.it.frame.module.cells
    why = Doubt("constants are converted into an enum", call.line)
    name, fits = call.arguments.get(0, "name"), call.arguments.get(2, "filter")
    if isinstance(name, Known) and fits is not None:
        call.it.bind(str(name.value), call.it.unknown(why.reason, call.line), call.line)
    else:
        opened(call.it.journal, cells, why, rebinds=False)
    source = call.arguments.get(3, "source")
    told = list((call.it.names_of(source) if isinstance(source, Module) else cells).told())
    if source is not None and (not isinstance(source, Module) or call.it.names_of(source).open):
        opened(call.it.journal, cells, why, rebinds=False)
    for each, binding in told:
        if fits is None or call.it.truth(call.it.call(fits, Arguments((Known(each),)), call.line)) is not False:
            call.it.journal.write(cells, each, Binding(binding.value, binding.line, why))
    return call.it.unknown(why.reason, call.line)


@knows("typing.NewType", "typing_extensions.NewType")
def _new_type(call: Call) -> Value | None:
    return _named(call.arguments, "NewType")


@knows("typing.TypeVar", "typing_extensions.TypeVar")
def _type_var(call: Call) -> Value | None:
    if len(call.arguments.positional) == 2 and call.arguments.exact:
        call.it.fail_if(("TypeError", "A single constraint is not allowed"), call.line)
    return _named(call.arguments, "TypeVar")


@knows("typing.ParamSpec", "typing_extensions.ParamSpec")
def _param_spec(call: Call) -> Value | None:
    return _named(call.arguments, "ParamSpec")


@knows("typing.TypeVarTuple", "typing_extensions.TypeVarTuple")
def _type_var_tuple(call: Call) -> Value | None:
    return _named(call.arguments, "TypeVarTuple")


def _named(arguments: Arguments, kind: str) -> Value:
    name = arguments.get(0, "name")
    return Form(str(name.value) if isinstance(name, Known) else "?", None, kind)


@knows("typing.cast", "typing.assert_type", "typing_extensions.cast")
def _cast(call: Call) -> Value | None:
    return call.arguments.get(1, "val")
