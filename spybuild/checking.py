"""One contract held against images: ask the probe on every platform, evaluate, report."""

import logging
import os
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from spybuild import __version__
from spybuild.contracts import LoadedContract, parse_contract
from spybuild.engines.engine import Engine
from spybuild.errors import ImageNotFound, UsageError
from spybuild.evaluation import evaluate
from spybuild.evidence import Evidence, Witnesses
from spybuild.model.api import api_of
from spybuild.model.contract import Contract
from spybuild.model.differences import differences
from spybuild.model.evidence import Demand
from spybuild.model.facts import Facts, ModuleFacts, Outcome
from spybuild.model.finding import Category, Finding, ImageLocation
from spybuild.model.from_build import CONTRACT_LABEL
from spybuild.model.image import Image, PlatformImage
from spybuild.model.platforms import Platform
from spybuild.model.report import (
    ContractReference,
    EvidenceKind,
    Interpreter,
    ModuleReport,
    PlatformReport,
    Report,
    Subject,
    Tool,
    Verdict,
)
from spybuild.model.surroundings import Surroundings
from spybuild.probe.limits import Limits
from spybuild.probe.request import Request
from spybuild.rules import catalogue
from spybuild.rules.demands import all_texts, requested_modules
from spybuild.rules.surroundings import check_platform, questions, secret_names

if TYPE_CHECKING:
    from spybuild.images.layers.cache import LayerCache
    from spybuild.images.source import Source

log = logging.getLogger(__name__)

_LARGEST_CONTRACT = 4 << 20
_MOST_HOOKS, _LINE_OF_PTH = 5, re.compile(r"(.*\.pth):(\d+)")
_SHORTEST_SECRET, _SHORTEST_LINE = 4, 8  # shorter ones turn up in words that have nothing to do with them

Progress = Callable[[Platform, str], None]


def silent(platform: Platform, what: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Check:
    """One contract to hold against images, and how.

    Attributes:
        contract: the contract as loaded, warnings included; None for the image's integrity alone.
        surroundings: what is added to each image's environment.
        limits: what a module may use.
        evidence: what the verdict must rest on; None for all that can be had.
        python: the interpreter's path in the image, if it is not to be looked for.
        progress: told what is being done on which platform, from several threads.
        kept: where what is known of images is kept between runs, if anywhere.
    """

    contract: LoadedContract | None
    surroundings: Surroundings = field(default_factory=Surroundings)
    limits: Limits = field(default_factory=Limits)
    evidence: Demand | None = None
    python: str | None = None
    progress: Progress = silent
    kept: "LayerCache | None" = None

    def image(
        self,
        image: Image,
        engine: Engine | None,
        source: "Callable[[], Source] | None",
        wanted: Sequence[Platform] = (),
    ) -> Report:
        """The report on an image: every platform of it, or those wanted, side by side where there are cores.

        Args:
            image: what to check.
            engine: runs it; None where it is only to be read.
            source: gives its files; see `Witnesses`.
            wanted: the platforms to check; none for all.

        Raises:
            ImageNotFound: a wanted platform is not in the image.
        """
        names = secret_names(self.contract.contract) if self.contract else ()
        witnesses = Witnesses(engine, source, self.evidence, self.python, names, self.kept)
        chosen, request = image.choose(wanted), self.request()
        workers = min(len(chosen), max(2, os.cpu_count() or 2))
        with ThreadPoolExecutor(workers, thread_name_prefix="platform") as pool:
            try:
                reports = list(pool.map(lambda each: self.platform(witnesses, each, request), chosen))
            except BaseException:
                if engine:
                    engine.close()  # ends the probes, so that the threads end and the pool can be left
                raise
        return Report(
            tool=Tool(version=__version__),
            subject=Subject(reference=image.reference, digest=_text(image.digest), kind=image.kind),
            contract=ContractReference.of(self.contract.contract) if self.contract else None,
            warnings=tuple(str(warning) for warning in self.contract.warnings) if self.contract else (),
            platforms=tuple(reports),
            differences=differences(reports),
        )

    def platform(self, witnesses: Witnesses, image: PlatformImage, request: Request) -> PlatformReport:
        """The report on one platform. What keeps it from being decided is said in it, never raised."""
        evidence = witnesses.testify(image, request, lambda what: self.progress(image.platform, what))
        open_ = self._left_open(evidence)
        findings = (*evidence.findings, *self._findings(image.platform, evidence, open_))
        report = PlatformReport(
            platform=str(image.platform),
            digest=_text(image.digest),
            problem=_problem(evidence, open_),
            evidence=self._kinds(evidence, open_),
            interpreter=_interpreter(evidence.facts),
            modules=tuple(_module(each, findings) for each in (evidence.facts.modules if evidence.facts else ())),
            findings=findings,
        )
        return _without(report, self.surroundings.secrets)

    def _left_open(self, evidence: Evidence) -> tuple[Finding, ...]:
        """What the source does not tell of the modules that the contract speaks of."""
        if not self.contract or not evidence.static:
            return ()
        told = evaluate(self.contract.contract, evidence.static)
        unknown = (each for each in told if each.module and each.category is Category.UNKNOWN)
        return (*unknown, *_start_up(evidence.start_up))

    def _findings(self, platform: Platform, evidence: Evidence, open_: Sequence[Finding]) -> Iterator[Finding]:
        """What the rules say of the evidence; without any of it, nothing."""
        about_place = tuple(check_platform(platform, evidence.facts)) if self.contract and evidence.facts else ()
        yield from about_place
        if self.contract and evidence.facts:
            contract = self.contract.contract
            yield from evaluate(contract, evidence.facts)
            if evidence.runtime and evidence.static:
                from spybuild.agreement import disagreements  # what only reading needs is loaded for it alone

                yield from disagreements(contract, evidence.static, evidence.runtime)
                yield from open_ if self.evidence is Demand.BOTH else ()
            else:
                yield from _start_up(evidence.start_up)
        if evidence.soundness:
            from spybuild.rules.integrity import check_soundness

            told = {each.rule for each in about_place}  # a foreign interpreter need not be told twice
            yield from (each for each in check_soundness(evidence.soundness, platform) if each.rule not in told)

    def _kinds(self, evidence: Evidence, open_: Sequence[Finding]) -> tuple[EvidenceKind, ...]:
        """Which kinds of evidence the verdict rests on; for a contract, those that tell all it asks of its modules."""
        read = evidence.static if self.contract else evidence.soundness
        if evidence.runtime and open_:
            read = None
        kinds: tuple[tuple[EvidenceKind, object], ...] = (("runtime", evidence.runtime), ("static", read))
        return tuple(kind for kind, had in kinds if had)

    def request(self) -> Request:
        """What the probe is asked on every platform."""
        if not self.contract:
            return Request(modules=())
        contract, given = self.contract.contract, self.surroundings
        return Request(
            modules=requested_modules(contract),
            questions=questions(contract),
            secrets=tuple(dict.fromkeys((*secret_names(contract), *given.secrets))),
            known=all_texts(contract),
            environment={**given.variables, **given.secrets},
            limits=self.limits,
            prefers_pypy=prefers_pypy(contract),
        )


def contract_of_image(
    image: Image, engine: Engine | None, source: "Callable[[], Source] | None", *, strict: bool = False
) -> LoadedContract:
    """The contract that the image itself names: the label `org.spybuild.contract` holds its path in the image.

    Raises:
        UsageError: the image names none.
        ImageNotFound: it names one that it does not have.
        ContractError: the contract cannot be used.
    """
    first = image.platforms[0]
    path = engine.label(first, CONTRACT_LABEL) if engine else _opened(source).config(first).labels.get(CONTRACT_LABEL)
    if not path:
        raise UsageError(
            "no contract",
            f"name one with -c FILE, put spymodel.yml here, or label the image {CONTRACT_LABEL}=PATH-IN-THE-IMAGE",
        )
    content = engine.read_file(first, path) if engine else _file(_opened(source), first, path)
    return parse_contract(content, f"{image.reference}:{path}", strict=strict)


def _opened(source: "Callable[[], Source] | None") -> "Source":
    assert source, "an image is run or read"
    return source()


def _file(source: "Source", image: PlatformImage, path: str) -> bytes:
    try:
        return source.files(image).read(posixpath.join("/", path), _LARGEST_CONTRACT)
    except FileNotFoundError as error:
        raise ImageNotFound(f"the image has no file {path}") from error


def prefers_pypy(contract: Contract) -> bool:
    """Whether every interpreter that the contract names is PyPy."""
    deployed = [
        python.interpreter for each in contract.deployments for system in each.systems for python in system.pythons
    ]
    names = {
        name.lower() for name in (*deployed, *(contract.runtime.implementation if contract.runtime else ())) if name
    }
    return names == {"pypy"}


def _start_up(hooks: Sequence[str]) -> Iterator[Finding]:
    """The finding that code of the start may do anything, at the first place of it."""
    if hooks:
        from spybuild.rules.integrity_findings import counted

        line = _LINE_OF_PTH.fullmatch(hooks[0])
        yield catalogue.UNKNOWN_START_UP.breach(
            f"{counted(len(hooks), 'hook')} may change any module when the interpreter starts",
            found=", ".join(hooks[:_MOST_HOOKS]),
            image_location=ImageLocation(path=line[1], line=int(line[2])) if line else ImageLocation(path=hooks[0]),
        )


def _problem(evidence: Evidence, open_: Sequence[Finding]) -> str | None:
    """What kept evidence from being had; also where the source could be read, and tells too little."""
    if not evidence.runtime or not open_:
        return evidence.problem
    more = f", and {len(open_) - 1} more" if len(open_) > 1 else ""
    left = f"static evidence leaves open what the contract asks: {open_[0].message}{more}"
    return "\n".join(filter(None, (evidence.problem, left)))


def _interpreter(facts: Facts | None) -> Interpreter | None:
    if not facts:
        return None
    seen = facts.interpreter
    return Interpreter(implementation=seen.implementation, version=seen.version, executable=seen.executable)


def _module(module: ModuleFacts, findings: tuple[Finding, ...]) -> ModuleReport:
    """A module's line in the report; what it printed and raised is kept where its import went wrong."""
    broken = module.outcome is not Outcome.IMPORTED
    return ModuleReport(
        name=module.requested,
        path=module.path,
        version=module.version,
        verdict=Verdict.of(finding for finding in findings if finding.module == module.requested),
        traceback=module.error.traceback if module.error else (),
        stdout=module.stdout if broken else "",
        stderr=module.stderr if broken else "",
        api=api_of(module),
    )


def _without(report: PlatformReport, secrets: Mapping[str, str]) -> PlatformReport:
    """The report without the values of secrets: a hostile module may have got one past the probe, which hides them."""
    hidden = {value: f"[value of {name}]" for name, value in secrets.items() if len(value) >= _SHORTEST_SECRET}
    for name, value in secrets.items():  # a key may be printed line by line
        hidden |= {line: f"[value of {name}]" for line in value.splitlines() if len(line) >= _SHORTEST_LINE}
    if not hidden:
        return report
    values = sorted(hidden, key=len, reverse=True)

    def clean(item: Any) -> Any:
        if isinstance(item, str):
            for value in values:
                item = item.replace(value, hidden[value])
            return item
        if isinstance(item, dict):
            return {key: clean(each) for key, each in item.items()}
        return [clean(each) for each in item] if isinstance(item, list) else item

    return PlatformReport.model_validate(clean(report.model_dump(mode="json", exclude={"verdict"})))


def _text(digest: object | None) -> str | None:
    return None if digest is None else str(digest)
