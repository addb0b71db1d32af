"""A source tree held against a contract, before there is any image: read, never run."""

import os
import posixpath
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spybuild import __version__
from spybuild.contracts import LoadedContract, load_contract
from spybuild.errors import UsageError
from spybuild.images.rootfs import FolderFiles
from spybuild.model.contract import Contract
from spybuild.model.facts import Facts, InterpreterFacts, ModuleFacts
from spybuild.model.finding import Finding
from spybuild.model.image import ImageConfig
from spybuild.model.names import shown
from spybuild.model.platforms import Platform
from spybuild.model.report import (
    ContractReference,
    Interpreter,
    ModuleReport,
    PlatformReport,
    Report,
    Subject,
    Tool,
    Verdict,
)
from spybuild.rules import demands
from spybuild.rules.deployments import check_modules_of_deployments
from spybuild.rules.modules import check_module
from spybuild.static.evidence import StaticRequest, static_facts


def check_source(
    paths: Sequence[str | Path], contract: str | Path, *, python: str | None = None, strict: bool = False
) -> Report:
    """Hold source files against a contract's demands on their modules.

    Where modules run and what their environment holds is not looked at: that is the image's to show.

    Args:
        paths: the modules' files, each of which the contract must speak of.
        contract: the contract's file.
        python: the interpreter whose grammar, standard library and packages count; None for that of the active virtual
            environment, else the one that runs this.
        strict: refuse what ImportSpy's own model refuses.

    Raises:
        ContractError: the contract cannot be used.
        UsageError: a file is not there, or the contract does not speak of it.
        InterpreterNotFound: `python` is none.
    """
    loaded = load_contract(contract, strict=strict)
    named = {_subject(path, loaded.contract): Path(path) for path in paths}
    facts = _facts({subject: path.absolute() for subject, path in named.items()}, python)
    places = _Places(named.values(), facts.interpreter)
    findings = tuple(places.finding(each) for each in _findings(loaded.contract, facts))
    seen = facts.interpreter
    platform = PlatformReport(
        platform="source",
        evidence=("static",),
        interpreter=Interpreter(
            implementation=seen.implementation, version=seen.version, executable=places.text(seen.executable)
        ),
        modules=tuple(places.module(_module(each, findings)) for each in facts.modules),
        findings=findings,
    )
    return _report(loaded, ", ".join(map(str, paths)), platform)


class _Places:
    """The paths of this machine as a report tells them, which is the same on every machine.

    Files are called as the user named them, others from here; what is the interpreter's is below `<prefix>`.
    """

    def __init__(self, named: Iterable[Path], interpreter: InterpreterFacts) -> None:
        files = {path.absolute().as_posix(): path.as_posix() for path in named}
        own = {interpreter.base_prefix: "<base_prefix>", interpreter.prefix: "<prefix>"}
        folders = {f"{Path.cwd().as_posix()}/": "", **{f"{path}/": f"{name}/" for path, name in own.items() if path}}
        self._names = dict(sorted({**files, **folders}.items(), key=lambda pair: len(pair[0]), reverse=True))

    def text(self, text: str) -> str:
        """A text without this machine's paths."""
        for path, name in self._names.items():
            text = text.replace(path, name)
        return text

    def finding(self, finding: Finding) -> Finding:
        """A finding without them; what the contract says stays."""
        place = finding.image_location
        update = {
            "message": self.text(finding.message),
            "found": None if finding.found is None else self.text(finding.found),
            "image_location": place and place.model_copy(update={"path": self.text(place.path)}),
        }
        return finding.model_copy(update=update)

    def module(self, module: ModuleReport) -> ModuleReport:
        """A module's line without them."""
        return module.model_copy(update={"path": module.path and self.text(module.path)})


def _subject(path: str | Path, contract: Contract) -> str:
    """What the contract calls the module in this file: a file name, a path's end, or an import name."""
    if not Path(path).is_file():
        raise UsageError(f"there is no file {shown(str(path), 200)}")
    whole = Path(path).absolute().as_posix()
    dotted = whole.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    names = demands.requested_modules(contract)
    for name in names:
        if (
            f"/{whole}".endswith(f"/{name}")
            or f".{dotted}".endswith(f".{name}")
            or whole.endswith(f"/{name}/__init__.py")
        ):
            return name
    known = ", ".join(map(shown, names)) or "no module"
    raise UsageError(f"the contract says nothing of {shown(str(path), 200)}", f"it speaks of {known}")


def _facts(named: dict[str, Path], python: str | None) -> Facts:
    """The facts of each module under the contract's name for it, as seen from the module's own root."""
    files, platform = FolderFiles(Path("/"), with_mounts=True), Platform.of(sys.platform, os.uname().machine)
    told = [
        (subject, static_facts(files, _surroundings(path), platform, StaticRequest((str(path),), python=python)))
        for subject, path in named.items()
    ]
    modules = tuple(each.modules[0].model_copy(update={"requested": subject}) for subject, each in told)
    return told[0][1].model_copy(update={"modules": modules})


def _surroundings(path: Path) -> ImageConfig:
    """As if an image started this file's package from its root, with the Python of here."""
    root = path.parent
    while (root / "__init__.py").is_file():
        root = root.parent
    kept = [f"{name}={os.environ[name]}" for name in ("PATH", "VIRTUAL_ENV", "PYTHONPATH") if name in os.environ]
    python = () if "VIRTUAL_ENV" in os.environ else (sys.executable,)
    return ImageConfig(env=tuple(kept), entrypoint=python, workdir=posixpath.normpath(root.as_posix()))


def _findings(contract: Contract, facts: Facts) -> Iterator[Finding]:
    """The findings on the modules that were given; of the contract's other modules nothing is known here."""
    yield from demands.check(contract)
    for module in (contract, *contract.modules):
        subject = module.filename or contract.filename
        if subject is not None and facts.module(subject):
            yield from check_module(module, subject, facts)
    given = {each.requested for each in facts.modules}
    yield from (each for each in check_modules_of_deployments(contract, facts) if each.module in given)


def _module(module: ModuleFacts, findings: Sequence[Finding]) -> ModuleReport:
    return ModuleReport(
        name=module.requested,
        path=module.path,
        version=module.version,
        verdict=Verdict.of(each for each in findings if each.module == module.requested),
    )


def _report(loaded: LoadedContract, reference: str, platform: PlatformReport) -> Report:
    return Report(
        tool=Tool(version=__version__),
        subject=Subject(reference=reference, kind="source"),
        contract=ContractReference.of(loaded.contract),
        warnings=tuple(map(str, loaded.warnings)),
        platforms=(platform,),
    )
