"""Contract x facts -> findings. Pure: no I/O, no clock, no global; the same arguments always give the same findings."""

from collections.abc import Iterator

from spybuild.model.contract import Contract
from spybuild.model.facts import Facts
from spybuild.model.finding import Finding
from spybuild.rules import demands
from spybuild.rules.deployments import check_deployments
from spybuild.rules.modules import check_module
from spybuild.rules.surroundings import check_runtime


def evaluate(contract: Contract, facts: Facts) -> Iterator[Finding]:
    """Every finding of `contract` on one platform, in the contract's order; none means that the platform passes.

    Args:
        contract: what is demanded.
        facts: what one platform's evidence says, the answers to `rules.surroundings.questions(contract)` included.

    Returns:
        The findings, lazily. `Verdict.of` turns them into a verdict.
    """
    yield from demands.check(contract)
    for module in (contract, *contract.modules):
        subject = module.filename or contract.filename
        if subject is not None:
            yield from check_module(module, subject, facts)
    if contract.runtime:
        yield from check_runtime(contract.runtime, facts)
    yield from check_deployments(contract, facts)
