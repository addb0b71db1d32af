"""A module that has been read, put into the probe's words (`spybuild/probe/probe.py`, sections 8 to 13)."""

from typing import TYPE_CHECKING

from spybuild.model.facts import (
    ClassFacts,
    ErrorFacts,
    Frame,
    FunctionFacts,
    ModuleFacts,
    Outcome,
    Undecided,
    VariableFacts,
)  # fmt: skip
from spybuild.static import annotations, classes, patches, submodules, texts
from spybuild.static.forms import TYPING_HOMES
from spybuild.static.made import Made
from spybuild.static.modules import Module, parents_of
from spybuild.static.objects import Bound, Cached, Class, Descriptor, Form, Function, Instance, Native, Partial, Special
from spybuild.static.signatures import function_facts
from spybuild.static.values import OPEN, Binding, Container, Doubt, Either, Imported, Known, Some, Tuple, Unknown, Value

if TYPE_CHECKING:
    from spybuild.static.resolve import Resolver

_IMPORT_DUNDERS = frozenset(
    (
        "__name__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__file__",
        "__path__",
        "__cached__",
        "__builtins__",
        "__annotations__",
        "__annotate__",
        "__annotate_func__",
        "__conditional_annotations__",
        "__warningregistry__",
    )
)
_MOST_VERSION = 1000
_MOST_MEMBERS = 100_000  # of all classes of a module together, inherited ones included


class Description:
    """What is said of one module."""

    def __init__(self, resolver: "Resolver", module: Module) -> None:
        self.resolver, self.module = resolver, module
        self.variables: list[VariableFacts] = []
        self.functions: list[FunctionFacts] = []
        self.classes: list[ClassFacts] = []
        self.undecided: list[Undecided] = []
        self.missing: Imported | None = None
        self.room = _MOST_MEMBERS
        self.exposure = resolver.exposure(module)

    def add(self, name: str, binding: Binding) -> None:
        """Say what a name is bound to."""
        found = self.look(name, binding)
        if found is None:
            return
        if found.doubt:
            self.doubt(name, found.doubt, found.line)
        self._say(name, found)

    def look(self, name: str, binding: Binding) -> Binding | None:
        """What a name is bound to; None where that is not told of, or missing for sure."""
        if name in _IMPORT_DUNDERS:
            return None
        changed = patches.doubt_of(self.resolver.patched, self.module.name, name)
        binding = Binding(binding.value, binding.line, binding.doubt or changed)
        found = self._behind(binding)
        if found is None:
            self.missing = self.missing or (binding.value if isinstance(binding.value, Imported) else None)
        return found

    def _behind(self, binding: Binding) -> Binding | None:
        """The binding that an import leads to; its line stays the import's."""
        value, doubt = binding.value, binding.doubt
        for _ in range(50):
            if not isinstance(value, Imported | Special):
                break
            found = self._look_up(value)
            if found is None:
                return None
            value, doubt = found.value, doubt or found.doubt
        return Binding(value, binding.line, doubt)

    def _look_up(self, value: Imported | Special) -> Binding | None:
        if isinstance(value, Imported):
            return self.resolver.imported(value)
        real = self.resolver.real(value.key)
        constant = self.resolver.constants.at(value.key)
        if real is None or isinstance(real, Special):
            known = Some("?") if constant is not None else Unknown(Doubt(f"what {value.key} is, is not known"))
            return Binding(known)
        return Binding(real)

    def doubt(self, name: str, doubt: Doubt, line: int | None) -> None:
        """Say that a name is in doubt."""
        self.undecided.append(Undecided(name=name, reason=doubt.reason[:300], line=doubt.line or line))

    def _say(self, name: str, binding: Binding) -> None:
        match binding.value:
            case Unknown(doubt=doubt):
                if not binding.doubt:
                    self.doubt(name, doubt, binding.line)
            case Module() as module if module.found.kind == "unknown":
                self.doubt(name, Doubt(module.found.doubt or "it is not known what is imported"), binding.line)
            case Class() as kind if kind.module != "typing" or not kind.metaclass:
                self._say_class(name, kind)
            case Either(options=choices):
                self._say_either(name, choices, binding)
            case value if self.is_function(value) is None:
                doubt = Doubt("whether it can be called is not known")
                if not binding.doubt:
                    self.doubt(name, doubt, binding.line)
            case value if self.is_function(value):
                self.functions.append(function_facts(self.resolver, name, value))
            case value:
                self._say_variable(name, value, binding.line)

    def _say_class(self, name: str, kind: Class) -> None:
        """Describe a class; together, classes may only take so much."""
        self.room -= len(kind.mro) + sum(len(owner.cells.names) for owner in kind.mro)
        if self.room < 0:
            self.doubt(name, Doubt("its module has too many classes to tell of all"), kind.line)
            return
        self.classes.append(classes.describe(self.resolver, name, kind, self.module.name))

    def _say_variable(self, name: str, value: Value, line: int | None) -> None:
        if isinstance(value, Module) and value.name == "_collections_abc":  # which calls itself otherwise
            self.resolver.load(value)
        if name in self.exposure.rebound or (isinstance(value, Container | Tuple) and name in self.exposure.handed):
            value = Some(texts.type_of(value))  # it may be another by now, or hold other things
        node = self.module.annotations.get(name)
        annotation = annotations.annotation(self.resolver, node, annotations.Place(self.module)) if node else None
        self.variables.append(
            VariableFacts(
                name=name, annotation=annotation, value=texts.value_facts(value, self.module.line(line)), line=line
            )
        )

    def is_function(self, value: Value) -> bool | None:
        """Whether a value that is no class is callable, and no form of typing; None where that is not known."""
        match value:
            case Function() | Native() | Cached() | Partial() | Bound() | Made():
                return True
            case Descriptor(kind="staticmethod"):
                return self.resolver.target.minor >= (3, 10)
            case Instance(kind=kind):
                return False if kind.module in TYPING_HOMES else classes.is_callable(kind)
            case Known() | Tuple() | Container() | Form() | Descriptor() | Module() | Some() | Class():
                return False
            case _:
                return None

    def _say_either(self, name: str, choices: tuple[Value, ...], binding: Binding) -> None:
        """One of several: what they have in common is told, what differs is in doubt."""
        found = [self._behind(Binding(choice, binding.line)) for choice in choices]
        behind = [each.value for each in found if each]
        doubt = Doubt("it differs from one way through the code to another")
        if len(behind) < len(choices) or any(
            isinstance(each, Unknown | Either) or (at and at.doubt) for each, at in zip(behind, found, strict=False)
        ):
            self.doubt(name, doubt, binding.line)
            return
        kinds = {self._kind(each) for each in behind}
        if kinds == {"variable"}:
            names = {texts.type_of(each) for each in behind}
            shown = names.pop() if len(names) == 1 else "?"
            self._say_variable(name, Some(shown), binding.line)
        elif kinds == {"function"}:
            self._say_functions(name, [function_facts(self.resolver, name, each) for each in behind], binding)
        else:
            self.doubt(name, doubt, binding.line)
            if kinds == {"class"} and isinstance(behind[-1], Class):
                self._say_class(name, behind[-1])

    def _kind(self, value: Value) -> str | None:
        if isinstance(value, Class):
            return "class"
        return {True: "function", False: "variable", None: None}[self.is_function(value)]

    def _say_functions(self, name: str, facts: list[FunctionFacts], binding: Binding) -> None:
        """Functions that differ in more than their place are in doubt; one is told of."""
        plain = [each.model_copy(update={"line": None, "path": None, "defined_in": None}) for each in facts]
        if any(each != plain[0] for each in plain):
            self.doubt(name, Doubt("its signature differs from one way through the code to another"), binding.line)
        self.functions.append(facts[-1])

    def version(self) -> str | None:
        """`__version__`, where it is a constant text."""
        found = self.module.cells.get("__version__")
        value = self.resolver.actual(found.value) if found and not found.doubt else None
        return value.value[:_MOST_VERSION] if isinstance(value, Known) and isinstance(value.value, str) else None


def describe(resolver: "Resolver", module: Module, requested: str, *, whole: bool = True) -> ModuleFacts:
    """The facts of a module that has been read; if not `whole`, only how its import ends, and nothing of its names."""
    start = {"requested": requested, "name": module.name, "path": module.found.path}
    if module.outcome is not Outcome.IMPORTED:
        return ModuleFacts(**start, outcome=module.outcome, error=module.error, exit_status=module.exit_status)
    said = Description(resolver, module)
    take = said.add if whole else said.look
    for name, binding in list(module.cells.told()):
        take(name, binding)
    if said.missing:
        return _failed(module, said.missing, start)
    if not whole:
        return ModuleFacts(**start, outcome=Outcome.IMPORTED)
    _add_submodules(said, module)
    _settle(said, module)
    return ModuleFacts(
        **start, outcome=Outcome.IMPORTED, version=said.version(), variables=tuple(said.variables),
        functions=tuple(said.functions), classes=tuple(said.classes), undecided=tuple(said.undecided),
    )  # fmt: skip


def _add_submodules(said: Description, module: Module) -> None:
    """A submodule that is loaded is bound in its package, and takes the place of what was bound before."""
    for name, (submodule, doubt) in submodules.loaded_submodules(said.resolver, module).items():
        own = module.cells.get(name)
        if own is None:
            said.add(name, Binding(submodule, None, doubt))
        elif not _is_later(own, submodule):
            said.doubt(name, Doubt("a submodule of that name may take its place", own.line), own.line)


def _is_later(own: Binding, submodule: Module) -> bool:
    """Whether a name was bound when its submodule had been loaded: it comes from there, or is the submodule."""
    value = own.value
    return value is submodule or (isinstance(value, Imported) and f"{value.module}.".startswith(f"{submodule.name}."))


def _settle(said: Description, module: Module) -> None:
    """What is in doubt as a whole: further names, or the import itself and so every name."""
    doubt = module.cells.open or patches.doubt_of(said.resolver.patched, module.name, OPEN)
    parents = (said.resolver.module(name) for name in parents_of(module.name))
    may_fail = next((each.may_fail for each in (module, *parents) if each and each.may_fail), None)
    if may_fail:
        told = {each.name for each in said.undecided}
        names = [each.name for each in said.variables] + [each.name for each in said.functions]
        for name in [*names, *(each.name for each in said.classes)]:
            if name not in told:
                said.doubt(name, may_fail, None)
        doubt = doubt or may_fail
    if doubt:
        said.undecided.append(Undecided(name=OPEN, reason=doubt.reason[:300], line=doubt.line))


def _failed(module: Module, missing: Imported, start: dict[str, str | None]) -> ModuleFacts:
    """`from a import b` of what is not there for sure: the import fails."""
    message = f"cannot import name {missing.name!r} from {missing.module!r}"
    frame = Frame(
        path=module.found.path or "", line=missing.line, function="<module>", source=module.line(missing.line)
    )
    error = ErrorFacts(type="ImportError", message=message, traceback=(frame,))
    return ModuleFacts(**start, outcome=Outcome.FAILED, error=error)
