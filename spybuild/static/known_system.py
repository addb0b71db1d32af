"""What reaches into namespaces and the interpreter: `globals`, `exec`, `import_module`, frames, leaving."""

import ast
import posixpath
import re
import struct

from spybuild.static.core import Arguments, Raised
from spybuild.static.knowledge import Call, knows
from spybuild.static.modules import Module
from spybuild.static.objects import Class, FrameOf, Function, Instance, Namespace, Special
from spybuild.static.values import Container, Either, Known, Some, Value, container

_MOST_CODE = 10_000
_LAYOUT = re.compile(r"[@=<>!]?(\d{0,3}[a-zA-Z?]){1,50}")


@knows("struct.calcsize", "_struct.calcsize")
def _calcsize(call: Call) -> Value | None:
    """The sizes of C types, where this machine has the same ones (LP64)."""
    layout = call.arguments.get(0)
    same = call.it.resolver.constants.bits == 64 and struct.calcsize("P") == struct.calcsize("l") == 8
    if not same or not isinstance(layout, Known) or not _LAYOUT.fullmatch(str(layout.value)):
        return Some("int")
    try:
        return Known(struct.calcsize(str(layout.value)))
    except struct.error:
        return Some("int")


def _path_function(name: str) -> None:
    @knows(f"os.path.{name}")
    def compute(call: Call) -> Value | None:
        """Paths that are constant, on systems that write them with a slash."""
        parts = [each.value for each in call.arguments.positional if isinstance(each, Known)]
        whole = len(parts) == len(call.arguments.positional) and all(isinstance(part, str) for part in parts)
        if not whole or call.it.resolver.target.platform.os == "windows":
            return Some("str")
        try:
            return Known(getattr(posixpath, name)(*parts))
        except (TypeError, ValueError):
            return Some("str")


for _name in ("join", "dirname", "basename", "normpath"):
    _path_function(_name)


@knows("builtins.globals")
def _globals(call: Call) -> Value | None:
    return Namespace(call.it.frame.module)


@knows("builtins.locals", "builtins.vars")
def _vars(call: Call) -> Value | None:
    """The namespace of the frame, or of what is given."""
    given = call.arguments.get(0)
    if isinstance(given, Instance):
        call.it.expose(given, call.line)
    if given is not None:
        told = call.it.attribute(given, "__dict__", call.line) if isinstance(given, Module | Class | Function) else None
        return told if isinstance(given, Module | Class) else container("dict", None)
    if call.it.frame.is_module:
        return Namespace(call.it.frame.module)
    if call.it.frame.is_class and call.it.frame.owner:
        return Namespace(call.it.frame.owner)
    return container("dict", None)  # a function's locals: changing them changes nothing


@knows("builtins.exec", "builtins.eval")
def _exec(call: Call) -> Value | None:
    """Code that is constant is run as if it stood here; any other may change the namespace that it runs in."""
    code, namespace = call.arguments.get(0), call.arguments.get(1, "globals")
    local = call.arguments.get(2, "locals")
    if _is_apart(namespace) and (local is None or _is_apart(local)):
        for given in (namespace, local):
            if given is not None:
                call.it.escape(given, call.line)
        return call.it.unknown("what is computed from text is not known", call.line)
    _refuse_text(call, code)
    tree = _parsed(code)
    if tree is not None and namespace is None:
        call.it.execute(tree.body)
        return call.it.unknown("what is computed from text is not known", call.line)
    for each in (namespace, local):
        if isinstance(each, Namespace):
            call.it.poison(each, "code in a text runs in its namespace", call.line)
        elif each is not None:
            call.it.escape(each, call.line)
    if not isinstance(namespace, Namespace):
        call.it.poison(Namespace(call.it.frame.module), "code in a text runs in its namespace", call.line)
        if call.it.frame.is_class and call.it.frame.owner:
            call.it.poison(Namespace(call.it.frame.owner), "code in a text runs in its namespace", call.line)
    return call.it.unknown("what is computed from text is not known", call.line)


def _is_apart(namespace: Value | None) -> bool:
    """A dict of its own, which is nobody's namespace."""
    return isinstance(namespace, Container)


def _parsed(code: Value | None) -> ast.Module | None:
    if not isinstance(code, Known) or not isinstance(code.value, str) or len(code.value) > _MOST_CODE:
        return None
    try:
        return ast.parse(code.value)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _refuse_text(call: Call, code: Value | None, mode: str = "exec") -> None:
    """Code in a text that is none."""
    if isinstance(code, Known) and isinstance(code.value, str) and len(code.value) <= _MOST_CODE:
        try:
            ast.parse(code.value.lstrip(" \t"), mode=mode)
        except (SyntaxError, ValueError):
            call.it.distrust("a text is no code", call.line)
        except (RecursionError, MemoryError):
            return


@knows("builtins.compile")
def _compile(call: Call) -> Value | None:
    mode = call.arguments.get(2, "mode")
    if isinstance(mode, Known) and mode.value in ("exec", "eval", "single"):
        _refuse_text(call, call.arguments.get(0, "source"), str(mode.value))
    return Some("code")


@knows("importlib.import_module", "importlib.__import__")
def _import(call: Call) -> Value | None:
    """The module of a constant name."""
    name, package = call.arguments.get(0, "name"), call.arguments.get(1, "package")
    if not isinstance(name, Known) or not isinstance(name.value, str):
        call.it.risk("ImportError")
        call.it.doubt_if("the name of a module is no text" if isinstance(name, Known) else None, call.line)
        return call.it.unknown("it is not known which module is imported", call.line)
    absolute = name.value
    if absolute.startswith("."):
        base = str(package.value) if isinstance(package, Known) else ""
        level = len(absolute) - len(absolute.lstrip("."))
        parts = base.split(".")[: len(base.split(".")) - level + 1] if base else []
        if not parts:
            call.it.distrust("it is not told what a relative name stands in", call.line)
            return call.it.unknown("it is not known which module is imported", call.line)
        absolute = ".".join([*parts, absolute.lstrip(".")]).rstrip(".")
    return call.it.import_module(absolute, call.line)


@knows("builtins.__import__")
def _dunder_import(call: Call) -> Value | None:
    """It gives the top package where nothing is taken from the module."""
    module = _import(Call(call.it, Arguments(call.arguments.positional[:1], call.arguments.keywords), call.line))
    if isinstance(module, Module) and len(call.arguments.positional) < 4 and "fromlist" not in call.arguments.keywords:
        return call.it.resolver.module(module.name.partition(".")[0])
    is_absolute = len(call.arguments.positional) < 5
    return module if is_absolute else call.it.unknown("it is not known which module is imported", call.line)


@knows("sys._getframe", "inspect.currentframe", "sys._getframemodulename")
def _frame(call: Call) -> Value | None:
    return Special("frame")


@knows("sys._getframe")
def _frame_above(call: Call) -> Value | None:
    """The frame of a caller, where it is known who calls whom."""
    depth, frames = call.arguments.get(0) or Known(0), call.it.frames
    sure = call.it.frame is frames[-1] and call.arguments.exact and len(call.arguments.every) < 2
    number = depth.value if isinstance(depth, Known) and isinstance(depth.value, int) else -1
    if not sure or not 0 <= number < len(frames) or not all(each.is_direct for each in frames[len(frames) - number :]):
        return Special("frame")
    return FrameOf(frames[-1 - number].module)


@knows("sys.exit", "builtins.exit", "builtins.quit", "os._exit", "posix._exit", "os.abort")
def _exit(call: Call) -> Value | None:
    from spybuild.static.statements import exit_status

    status = exit_status(call.arguments.get(0, "code") or Known(None))
    raise Raised("SystemExit", "", call.it.frame.module, call.line, status)


@knows("os.environ.get", "os.getenv", "os.environ.pop")
def _getenv(call: Call) -> Value | None:
    """A text, or what is given for when there is none."""
    name, default = call.arguments.get(0, "key"), call.arguments.get(1, "default") or Known(None)
    if isinstance(name, Known) and call.arguments.exact and call.it.resolver.has_no_variable(name.value):
        return default
    return Some("str") if isinstance(default, Known | Some) and _is_text(default) else Either((Some("str"), default))


def _is_text(value: Value) -> bool:
    return (isinstance(value, Known) and isinstance(value.value, str)) or value == Some("str")


@knows("os.environ.copy")
def _environment(call: Call) -> Value | None:
    return container("dict", None)


def _view_of_environment(name: str) -> None:
    @knows(f"os.environ.{name}")
    def view(call: Call) -> Value | None:
        return Some(f"{name.capitalize()}View")


for _name in ("items", "keys", "values"):
    _view_of_environment(_name)


@knows("sys.modules.setdefault")
def _loaded_or_set(call: Call) -> Value | None:
    """The entry is replaced where there is none, and whether there is one depends on who was imported before."""
    key = call.arguments.get(0)
    if key is not None:
        call.it.set_item(Special("sys.modules"), key, call.arguments.get(1) or Known(None), call.line)
    return call.it.unknown("an entry of sys.modules", call.line)


@knows("sys.modules.get")
def _loaded(call: Call) -> Value | None:
    key = call.arguments.get(0)
    return call.it.item(Special("sys.modules"), key, call.line) if key is not None else None


def _module_change(name: str) -> None:
    @knows(f"sys.modules.{name}")
    def change(call: Call) -> Value | None:
        """Entries of sys.modules replaced; the module's own among them."""
        key, value = call.arguments.get(0), call.arguments.get(1)
        if name == "update":
            call.it.poison(Namespace(None), "sys.modules is updated", call.line)
            return Known(None)
        if key is not None:
            call.it.set_item(Special("sys.modules"), key, value if name == "__setitem__" else None, call.line)
        return call.it.unknown("a module out of sys.modules", call.line)


for _name in ("pop", "update", "__setitem__", "__delitem__"):
    _module_change(_name)
