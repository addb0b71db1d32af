"""A whole build: forward it, validate every platform of the result, hand it back."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from buildkit.frontend.bases import objection
from buildkit.frontend.bridge import Bridge
from buildkit.frontend.contract import Contract, ContractMissing, contract_of_context, contracts_of
from buildkit.frontend.errors import broken, status
from buildkit.frontend.llb import IMAGE, Graph
from buildkit.frontend.options import Options
from buildkit.frontend.results import Built, platforms_of
from buildkit.frontend.statements import FILE, attestation, predicate
from buildkit.frontend.transport import RpcError
from buildkit.frontend.validation import Outcome, Validator
from buildkit.frontend.wire import gateway_pb2 as wire
from spybuild.reports.escaping import one_line

_OWN_DEFINITION = Path("/run/config/buildkit/metadata/frontend.bin")
_ATTESTATIONS = "reference.attestations"
_MOST_AT_ONCE = 8
_DIED = re.compile(r"exit code: \d+")  # all that BuildKit tells of a frontend that ends without a word
_SYNTAX_ADVICE = "  name another in SPYBUILD_INNER_SYNTAX; without it BuildKit's own is used"


class Refused(Exception):  # noqa: N818  # a verdict, not a failure
    """The build is refused; `status` is what the client is told."""

    def __init__(self, reason: wire.Status) -> None:
        super().__init__(reason.message)
        self.status = reason


def carry_out(bridge: Bridge, options: Options) -> wire.Result:
    """The result of a build whose every platform keeps its contract.

    Args:
        bridge: BuildKit.
        options: what the build asks for.

    Returns:
        What the Dockerfile frontend gave back, its files untouched; with a statement per platform where BuildKit takes
        any. For `--call=spybuild`, the table instead.

    Raises:
        Refused: a platform does not keep its contract, there is none, or it could not be decided.
        RpcError: the build itself fails, or BuildKit does.
    """
    able = bridge.ping()
    inputs = bridge.inputs()
    if options.is_other_call:
        return _forward(bridge, options, inputs)
    with ThreadPoolExecutor(1, thread_name_prefix="contract") as beside:  # neither needs the other
        looked = beside.submit(contract_of_context, bridge, options, inputs)
        result = _forward(bridge, options, inputs)
    platforms = [*platforms_of(result)]
    _require_base(bridge, options, platforms)
    try:
        contracts = contracts_of(bridge, options, platforms, looked.result)
    except ContractMissing as missing:
        raise Refused(status(f"spybuild: {missing}")) from missing
    validator = Validator(bridge, options, own_image(options), able.workers[0].platforms[0])
    outcomes = _validated(validator, platforms, contracts)
    if options.is_call:
        from buildkit.frontend.calls import answer

        return answer(outcomes)
    if refused := [each for each in outcomes if not each.is_pass]:
        raise Refused(broken(refused, contracts))
    _warn(bridge, outcomes, contracts)
    if options.attaches and _ATTESTATIONS in {each.id for each in able.frontend_capabilities}:
        _attach(bridge, result, outcomes, options)
    return result


def own_image(options: Options) -> str:
    """The reference of the image we run from: by digest where BuildKit tells it (0.10), else as it was named."""
    try:
        definition = wire.Definition.FromString(_OWN_DEFINITION.read_bytes())
    except FileNotFoundError:
        return options.passed["source"]
    operations = map(wire.Operation.FromString, definition.operations)
    return next(each.source.identifier.removeprefix(IMAGE) for each in operations if each.HasField("source"))


def _forward(bridge: Bridge, options: Options, inputs: Mapping[str, wire.Definition]) -> wire.Result:
    """What the Dockerfile frontend makes of the build."""
    try:
        return bridge.build(options.frontend, options.forwarded, inputs)
    except RpcError as error:
        if options.syntax and _DIED.fullmatch(error.message):
            told = (
                f"spybuild: {options.syntax} gave no answer ({error.message}): it is no Dockerfile frontend, or broken"
            )
            raise Refused(status(f"{told}\n{_SYNTAX_ADVICE}")) from error
        raise


def _require_base(bridge: Bridge, options: Options, platforms: Sequence[Built]) -> None:
    """Refuse a build on a base image that was not held against the contract that the build demands."""
    if options.base:
        told = {built.name: objection(bridge, built, options.base) for built in platforms}
        if lines := [f"  {name}: {reason}" for name, reason in told.items() if reason]:
            raise Refused(status("\n".join(["spybuild: the base image does not do", *lines])))


def _validated(validator: Validator, platforms: Sequence[Built], contracts: Mapping[str, Contract]) -> list[Outcome]:
    """The outcomes of all platforms, side by side; BuildKit decides how much it does at once."""
    if not platforms:
        raise Refused(status("spybuild: the build has no platform, so nothing was validated"))
    with ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="platform") as pool:
        return list(pool.map(lambda built: validator.validate(built, contracts[built.name]), platforms))


def _warn(bridge: Bridge, outcomes: Sequence[Outcome], contracts: Mapping[str, Contract]) -> None:
    """Show the contract's warnings among the client's own, each once; the step's output has them in any case."""
    warnings = {told: each.step for each in outcomes if each.report for told in each.report["warnings"]}
    for outcome in outcomes:
        if (contract := contracts[outcome.built.name]).is_of_image:
            warnings[f"the contract is the image's own {contract.name}: the context has none"] = outcome.step
    with suppress(RpcError):  # BuildKit before 0.10 shows none
        for told, step in warnings.items():
            bridge.warn(wire.WarnRequest(digest=step, level=1, short=one_line(f"SpyBuild: {told}").encode()))


def _attach(bridge: Bridge, result: wire.Result, outcomes: Sequence[Outcome], options: Options) -> None:
    """Give the result a statement per platform.

    It rests on the step that validated, which is in the result thereby: `--cache-to` exports nothing else.
    """
    for outcome in outcomes:
        graph = Graph()
        validated = graph.embed(outcome.answer.definition)
        made = graph.files({FILE: predicate(outcome, options)}, f"{outcome.built.name}: statement", validated)
        ref = bridge.solve(graph.headed(made))
        result.attestations[outcome.built.name].attestation.append(attestation(ref))
