"""One contract held against images: ask the probe on every platform, evaluate, report."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from spybuild import __version__
from spybuild.contracts import LoadedContract, parse_contract
from spybuild.engines.engine import Engine
from spybuild.errors import EnvironmentProblem, ProbeError, UsageError
from spybuild.evaluate import evaluate
from spybuild.model.contract import Contract
from spybuild.model.facts import Facts, ModuleFacts, Outcome
from spybuild.model.finding import Finding
from spybuild.model.image import Image, PlatformImage
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
from spybuild.model.surroundings import Surroundings
from spybuild.probe.limits import Limits
from spybuild.probe.request import Request
from spybuild.rules import catalogue
from spybuild.rules.demands import all_texts, requested_modules
from spybuild.rules.surroundings import check_platform, questions, secret_names

log = logging.getLogger(__name__)

_SHORTEST_SECRET = 4  # a shorter one would turn up in words that have nothing to do with it
CONTRACT_LABEL = "org.spybuild.contract"

Progress = Callable[[Platform, str], None]


def silent(platform: Platform, what: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Check:
    """One contract to hold against images, and how.

    Attributes:
        contract: the contract as loaded, warnings included.
        surroundings: what is added to each image's environment.
        limits: what a module may use.
        progress: told what is being done on which platform, from several threads.
    """

    contract: LoadedContract
    surroundings: Surroundings = field(default_factory=Surroundings)
    limits: Limits = field(default_factory=Limits)
    progress: Progress = silent

    def image(self, engine: Engine, image: Image, wanted: Sequence[Platform] = ()) -> Report:
        """The report on an image: every platform of it, or those wanted, side by side where there are cores.

        Raises:
            ImageNotFound: a wanted platform is not in the image.
        """
        chosen, request = image.choose(wanted), self.request()
        workers = min(len(chosen), max(2, os.cpu_count() or 2))
        with ThreadPoolExecutor(workers, thread_name_prefix="platform") as pool:
            try:
                reports = list(pool.map(lambda each: self.platform(engine, each, request), chosen))
            except BaseException:
                engine.close()  # ends the probes, so that the threads end and the pool can be left
                raise
        contract = self.contract.contract
        return Report(
            tool=Tool(version=__version__),
            subject=Subject(reference=image.reference, digest=_text(image.digest), kind=image.kind),
            contract=ContractReference(path=contract.path, digest=_text(contract.digest), policy_id=contract.policy_id),
            warnings=tuple(str(warning) for warning in self.contract.warnings),
            platforms=tuple(reports),
        )

    def platform(self, engine: Engine, image: PlatformImage, request: Request) -> PlatformReport:
        """The report on one platform. What keeps it from being decided is said in it, never raised."""
        base = PlatformReport(platform=str(image.platform), digest=_text(image.digest))
        contract = self.contract.contract
        try:
            facts = engine.run(image, request, lambda what: self.progress(image.platform, what))
        except EnvironmentProblem as problem:
            return base.model_copy(update={"problem": str(problem)})
        except ProbeError as error:
            log.debug("%s: %s", image.platform, error)
            finding = catalogue.NO_ANSWER.breach(error.message, found=error.hint or None)
            return base.model_copy(update={"findings": (finding,)})
        findings = (*check_platform(image.platform, facts), *evaluate(contract, facts))
        report = base.model_copy(update=_seen(facts, findings))
        return _without(report, self.surroundings.secrets)

    def request(self) -> Request:
        """What the probe is asked on every platform."""
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


def contract_of_image(engine: Engine, image: Image, *, strict: bool = False) -> LoadedContract:
    """The contract that the image itself names: the label `org.spybuild.contract` holds its path in the image.

    Raises:
        UsageError: the image names none.
        ImageNotFound: it names one that it does not have.
        ContractError: the contract cannot be used.
    """
    first = image.platforms[0]
    path = engine.label(first, CONTRACT_LABEL)
    if not path:
        raise UsageError(
            "no contract",
            f"name one with -c FILE, put spymodel.yml here, or label the image {CONTRACT_LABEL}=PATH-IN-THE-IMAGE",
        )
    return parse_contract(engine.read_file(first, path), f"{image.reference}:{path}", strict=strict)


def prefers_pypy(contract: Contract) -> bool:
    """Whether every interpreter that the contract names is PyPy."""
    deployed = [
        python.interpreter for each in contract.deployments for system in each.systems for python in system.pythons
    ]
    names = {
        name.lower() for name in (*deployed, *(contract.runtime.implementation if contract.runtime else ())) if name
    }
    return names == {"pypy"}


def _seen(facts: Facts, findings: tuple[Finding, ...]) -> dict[str, object]:
    interpreter = facts.interpreter
    return {
        "evidence": ("runtime",),
        "interpreter": Interpreter(
            implementation=interpreter.implementation, version=interpreter.version, executable=interpreter.executable
        ),
        "modules": tuple(_module(module, findings) for module in facts.modules),
        "findings": findings,
    }


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
    )


def _without(report: PlatformReport, secrets: Mapping[str, str]) -> PlatformReport:
    """The report without the values of secrets: a hostile module may have got one past the probe, which hides them."""
    hidden = {value: f"[value of {name}]" for name, value in secrets.items() if len(value) >= _SHORTEST_SECRET}
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
