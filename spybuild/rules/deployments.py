"""Deployments: several places, of which one must fit in full. Evidence never crosses from one to another."""

from collections.abc import Iterator
from dataclasses import dataclass

from spybuild.model.contract import Contract, Deployment, Python, System
from spybuild.model.facts import Facts
from spybuild.model.finding import Category, Finding
from spybuild.rules import catalogue, surroundings
from spybuild.rules.modules import check_module
from spybuild.rules.versions import is_exactly


@dataclass(frozen=True)
class _Alternative:
    """One way to fit: an architecture, a system on it, and (where the system names any) a Python on that."""

    deployment: Deployment
    system: System
    python: Python | None

    def __str__(self) -> str:
        python = self.python
        interpreter = " ".join(part for part in (python.interpreter, python.version) if part) if python else ""
        return "/".join(part for part in (self.system.os, self.deployment.arch, interpreter) if part)


def check_deployments(contract: Contract, facts: Facts) -> Iterator[Finding]:
    """Findings of the alternative that comes closest; none where one alternative fits."""
    judged = [
        (list(_where(alternative, facts)), list(_what(alternative, contract, facts)), alternative)
        for alternative in _alternatives(contract)
    ]
    if contract.deployments and not judged:
        yield _no_deployment(contract, [], facts)
    if not judged or any(not where and not what for where, what, _ in judged):
        return
    where, what, _ = min(judged, key=lambda each: _distance(each[0], each[1]))
    if where and len(judged) > 1:
        yield _no_deployment(contract, [alternative for _, _, alternative in judged], facts)
    yield from where
    yield from what


def _alternatives(contract: Contract) -> list[_Alternative]:
    return [
        _Alternative(deployment, system, python)
        for deployment in contract.deployments
        for system in deployment.systems
        for python in system.pythons or (None,)
    ]


def check_modules_of_deployments(contract: Contract, facts: Facts) -> Iterator[Finding]:
    """Findings on the modules alone of the alternative that comes closest, wherever it is to run: for source trees."""
    judged = [list(_modules(alternative, contract, facts)) for alternative in _alternatives(contract)]
    yield from min(judged, key=lambda what: _distance([], what), default=[])


def _distance(where: list[Finding], what: list[Finding]) -> tuple[int, int, int]:
    """A place that fits comes before one that does not; then the fewest breaches, then the fewest unknowns."""
    unknown = sum(finding.category is Category.UNKNOWN for finding in what)
    return (len(where), len(what) - unknown, unknown)


def _where(alternative: _Alternative, facts: Facts) -> Iterator[Finding]:
    deployment, system, python = alternative.deployment, alternative.system, alternative.python
    if not surroundings.fits_architecture(deployment.arch, facts):
        yield surroundings.wrong_architecture(deployment.arch, facts, deployment.where("arch"))
    if not surroundings.fits_system(system.os, facts):
        yield surroundings.wrong_system(system.os, facts, system.where("os"))
    if python and python.interpreter and not surroundings.fits_implementation(python.interpreter, facts):
        yield surroundings.wrong_implementation(python.interpreter, facts, python.where("interpreter"))
    if python and python.version is not None:
        fits = is_exactly(python.version, facts.interpreter.version)
        yield from surroundings.check_version(fits, python.version, facts, python.where("version"))


def _what(alternative: _Alternative, contract: Contract, facts: Facts) -> Iterator[Finding]:
    if alternative.system.environment:
        yield from surroundings.check_environment(alternative.system.environment, facts)
    yield from _modules(alternative, contract, facts)


def _modules(alternative: _Alternative, contract: Contract, facts: Facts) -> Iterator[Finding]:
    for module in alternative.python.modules if alternative.python else ():
        subject = module.filename or contract.filename
        if subject is not None:  # a module nobody names is a finding of `demands`
            yield from check_module(module, subject, facts)


def _no_deployment(contract: Contract, alternatives: list[_Alternative], facts: Facts) -> Finding:
    here = f"{facts.platform.platform}/{facts.interpreter.implementation} {facts.interpreter.version}"
    return catalogue.NO_DEPLOYMENT.breach(
        "none of the deployments is this place",
        expected=" or ".join(map(str, alternatives)) or "at least one system",
        found=here,
        contract_location=contract.where("deployments"),
    )
