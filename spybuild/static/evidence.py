"""Static evidence put together: what the probe would answer about an image, read from its files alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from spybuild.images.files import Files
from spybuild.interpreters.builds import version_text
from spybuild.interpreters.candidates import entry_dir
from spybuild.interpreters.hooks import read_hooks
from spybuild.interpreters.magic import is_foreign
from spybuild.interpreters.owners import Owners
from spybuild.interpreters.search import Found, Requested, Search
from spybuild.interpreters.starting import home_of
from spybuild.interpreters.target import read_target
from spybuild.model.facts import (
    ErrorFacts,
    Facts,
    InterpreterFacts,
    ModuleFacts,
    Outcome,
    Question,
    Undecided,
)
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from spybuild.model.target import Target
from spybuild.static.environment import answer, environment_of
from spybuild.static.library import Library
from spybuild.static.machines import machine_of
from spybuild.static.resolve import resolve

_UNTOLD = {
    "extension": "compiled, and no .pyi beside it",
    "bytecode": "compiled, and no source or .pyi beside it",
    "builtin": "built into the interpreter",
}


@dataclass(frozen=True)
class StaticRequest:
    """What is asked of one platform's files. The values of `environment` never show in a `repr`.

    Attributes:
        modules: the names that the contract uses.
        questions: what it asks of the environment.
        environment: what is added to the image's ENV.
        python: the interpreter's path in the image, if it is not to be looked for.
        prefers_pypy: whether the contract allows PyPy only.
        is_configured: whether the image's config tells of the environment that the modules run in.
    """

    modules: tuple[str, ...]
    questions: tuple[Question, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    python: str | None = None
    prefers_pypy: bool = False
    is_configured: bool = False


def static_facts(files: Files, config: ImageConfig, platform: Platform, request: StaticRequest) -> Facts:
    """The facts of one platform that its files tell; nothing of the image is executed.

    Args:
        files: the platform's merged tree.
        config: how the image runs.
        platform: what the image says it is built for.
        request: what is asked.

    Raises:
        InterpreterNotFound, ImageInvalid: as `read_target`.
    """
    environment = environment_of(config, request.environment, home_of(files, config))
    config = replace(config, env=_decisive(config, environment))
    target = read_target(files, config, platform, python=request.python, prefers_pypy=request.prefers_pypy)
    if request.is_configured and not read_hooks(files, target).unknown:
        asked = {question.name for question in request.questions}
        target = replace(target, variables=frozenset({*environment, *asked}))
    witness = _Witness(files, config, target)
    return Facts(
        interpreter=interpreter_of(files, target),
        platform=machine_of(files, target),
        sys_path=tuple(map(_text, target.search_path)),
        environment=tuple(answer(question, environment) for question in request.questions),
        modules=tuple(witness.module(name) for name in request.modules),
    )


def _decisive(config: ImageConfig, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that decide about `sys.path`; which interpreter starts is decided by the image's own ENV."""
    own = {name: config.variable(name) for name in ("PATH", "VIRTUAL_ENV")}
    return tuple(f"{name}={value}" for name, value in {**environment, **own}.items())


def interpreter_of(files: Files, target: Target) -> InterpreterFacts:
    """What the probe would say of this interpreter; the version has no micro where the files do not tell it."""
    major, minor, _ = target.version
    tag = f"{'pypy' if target.implementation == 'PyPy' else 'cpython-'}{major}{minor}"
    return InterpreterFacts(
        implementation=target.implementation,
        version=version_text(files, target),
        executable=_text(target.executable),
        cache_tag=tag,
        soabi=target.suffixes[0].strip(".").rpartition(".")[0] or None if target.suffixes else None,
        prefix=_text(target.prefix),
        base_prefix=_text(target.base_prefix),
        gil=not target.free_threaded,
    )


class _Witness:
    """Tells of one image's modules."""

    def __init__(self, files: Files, config: ImageConfig, target: Target) -> None:
        self._files, self._config, self._target = files, config, target
        self._search, self._owners = Search(files, target), Owners(files)
        self._library = Library(files, target)
        self._packages: dict[tuple[tuple[str, ...], str], ModuleFacts] = {}

    def module(self, requested: str) -> ModuleFacts:
        """The facts of the module that a contract calls `requested`."""
        asked = self._search.requested(requested, self._config.workdir or "/", entry_dir(self._config))
        if asked.found is None:
            return _absent(asked)
        if asked.found.kind == "unknown":
            return _unreadable(requested, asked.found.doubt)
        if asked.found.path is not None and _text(asked.found.path) != asked.found.path:
            return _unreadable(requested, "its path is no UTF-8")
        broken = self._broken_package(asked, asked.found)
        if broken is not None:
            update = {"requested": requested, "name": asked.found.name, "path": asked.found.path}
            return broken.model_copy(update=update)
        return self._owned(self._named(self._read(asked, asked.found), asked), asked)

    def _broken_package(self, asked: Requested, found: Found) -> ModuleFacts | None:
        """The outermost package of a module that cannot be imported: then the module cannot either."""
        parts = found.name.split(".")
        for count in range(1, len(parts)):
            package = asked.search.module(".".join(parts[:count]))
            if package is not None and package.kind == "source":
                facts = self._package(asked.search, package)
                if facts.outcome is not Outcome.IMPORTED:
                    return facts
        return None

    def _package(self, search: Search, package: Found) -> ModuleFacts:
        """How the import of a package on the way to a module ends, kept: many modules have the same."""
        key = (search.target.search_path, package.name)
        if key not in self._packages:
            self._packages[key] = resolve(search, search.target, package, package.name, self._library, whole=False)
        return self._packages[key]

    def _read(self, asked: Requested, found: Found) -> ModuleFacts:
        if found.kind == "namespace":
            return ModuleFacts(requested=asked.requested, name=found.name, outcome=Outcome.IMPORTED)
        if error := self._unloadable(found):
            return _failed(asked, error)
        if found.kind != "source" and found.stub is None:
            undecided = Undecided(name="*", reason=_UNTOLD[found.kind])
            return ModuleFacts(
                requested=asked.requested, name=found.name, path=found.path, outcome=Outcome.IMPORTED,
                undecided=(undecided,),
            )  # fmt: skip
        return resolve(asked.search, asked.search.target, found, asked.requested, self._library)

    def _unloadable(self, found: Found) -> ErrorFacts | None:
        """What the loader says of a module that is compiled for another machine or version than the interpreter's."""
        if found.path is None or found.kind not in ("extension", "bytecode"):
            return None
        if found.kind == "bytecode":
            return self._refused(found.path, found.name)
        own, wanted = self._files.elf(found.path), self._files.elf(self._target.binary)
        if own is None:
            return ErrorFacts(type="ImportError", message=f"{found.path}: invalid ELF header")
        if wanted is None or (own.machine, own.bits, own.little) == (wanted.machine, wanted.bits, wanted.little):
            return None
        return ErrorFacts(type="ImportError", message=f"{found.path}: made for another machine than the interpreter")

    def _refused(self, path: str, name: str) -> ErrorFacts | None:
        """What importlib says of bytecode of another version; PyPy's numbers are not known."""
        head = self._files.head(path, 16)
        if self._target.implementation != "CPython" or not is_foreign(head, self._target.minor):
            return None
        return ErrorFacts(type="ImportError", message=f"bad magic number in {name!r}: {head[:4]!r}")

    def _named(self, module: ModuleFacts, asked: Requested) -> ModuleFacts:
        """The module by the name it was imported by, which need not be its own (`os.path`)."""
        return module.model_copy(update={"name": asked.requested}) if asked.by_import_name else module

    def _owned(self, module: ModuleFacts, asked: Requested) -> ModuleFacts:
        if module.outcome is not Outcome.IMPORTED or module.name is None:
            return module
        owner = self._owners.owner(module.name, module.path, asked.search.target.search_path)
        return module.model_copy(update={"distribution": owner})


def _absent(asked: Requested) -> ModuleFacts:
    error = ErrorFacts(type=asked.error[0], message=_text(asked.error[1])) if asked.error else None
    return ModuleFacts(
        requested=asked.requested,
        name=asked.requested if asked.by_import_name else None,
        outcome=asked.outcome or Outcome.MISSING,
        candidates=tuple(map(_text, asked.candidates)),
        error=error,
    )


def _failed(asked: Requested, error: ErrorFacts) -> ModuleFacts:
    found = asked.found
    return ModuleFacts(
        requested=asked.requested, name=found and found.name, path=found and found.path, outcome=Outcome.FAILED,
        error=error,
    )  # fmt: skip


def _unreadable(requested: str, reason: str) -> ModuleFacts:
    error = ErrorFacts(type="Undecided", message=_text(reason))
    return ModuleFacts(requested=requested, outcome=Outcome.UNREADABLE, error=error)


def _text(text: str) -> str:
    """A text that can be encoded: bytes of names that are no UTF-8 as the escapes they are written with."""
    return text.encode("utf-8", "backslashreplace").decode()
