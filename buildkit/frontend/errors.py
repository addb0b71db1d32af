"""Errors as BuildKit's clients show them: with the lines of the contract, as they show those of a Dockerfile.

A google.rpc.Status may carry places in a file (BuildKit's `errdefs.Source`); buildx prints their lines.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from buildkit.frontend.contract import Contract
from buildkit.frontend.transport import UNKNOWN
from buildkit.frontend.validation import Outcome
from buildkit.frontend.wire import gateway_pb2 as wire
from spybuild.reports.escaping import lines

_SOURCE = "github.com/moby/buildkit/errdefs.Source+json"
_MOST_SNIPPETS = 10
_MOST_TOLD = 100
_INVALID = 2  # exit code of `spybuild validate`
_FAIL = "fail"

Finding = Mapping[str, Any]


def status(message: str, details: Iterable[wire.Detail] = ()) -> wire.Status:
    """An error for the client; what is not harmless on a terminal is escaped.

    UNKNOWN is the one code that clients put nothing in front of.
    """
    return wire.Status(code=UNKNOWN, message="\n".join(lines(message)), details=list(details))


def broken(outcomes: Sequence[Outcome], contracts: Mapping[str, Contract]) -> wire.Status:
    """Why a build is refused: every finding, platforms joined where they share it, and the contract's lines.

    Args:
        outcomes: those that are no pass.
        contracts: the contract of each platform, by the platform's name.
    """
    invalid = next((each for each in outcomes if each.code == _INVALID), None)
    if invalid:  # the same on all platforms
        said = invalid.said.strip().removeprefix("spybuild: ")
        places = islice(_named(said, contracts[invalid.built.name]), _MOST_SNIPPETS)
        return status(f"spybuild: the contract, or an option, cannot be used\n{_indented(said)}", places)
    undecided = not any(each.report and each.report["verdict"] == _FAIL for each in outcomes)
    head = "it could not be decided whether the contract is kept" if undecided else "the contract is not kept"
    told = [*_told(outcomes)]
    more = [f"  … and {len(told) - _MOST_TOLD} more: --call=spybuild shows all"] if len(told) > _MOST_TOLD else []
    lines = [f"spybuild: {head}", *told[:_MOST_TOLD], *more]
    return status("\n".join(lines), islice(_details(outcomes, contracts), _MOST_SNIPPETS))


def _told(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """The lines of the message."""
    shared: dict[str, list[str]] = {}
    for outcome in outcomes:
        for finding in findings_of(outcome):
            shared.setdefault(_line(finding), []).append(outcome.built.name)
        for problem in _problems(outcome):
            shared.setdefault(problem, []).append(outcome.built.name)
    for told, names in shared.items():  # a module's words never begin a line: CI services read commands there
        yield f"  {', '.join(names)}: {told}".replace("\n", "\n      ")


def _problems(outcome: Outcome) -> Iterator[str]:
    """What kept a platform from being decided."""
    if outcome.report is None:
        yield outcome.said.strip().removeprefix("spybuild: ") or f"spybuild validate ended with {outcome.code}"
        return
    yield from (platform["problem"] for platform in outcome.report["platforms"] if platform["problem"])


def findings_of(outcome: Outcome) -> Iterator[Finding]:
    """The findings on a platform."""
    for platform in outcome.report["platforms"] if outcome.report else ():
        yield from platform["findings"]


def _line(finding: Finding) -> str:
    where = finding.get("contract_location")
    module = f"{finding['module']}: " if finding.get("module") else ""
    place = f" ({where['file']}:{where['line']}:{where['column']})" if where else ""
    expected, found = finding.get("expected"), finding.get("found")
    sides = [f"{side} {text}" for side, text in (("expected", expected), ("found", found)) if text is not None]
    return "\n".join([f"{finding['rule']} {finding['name']}: {module}{finding['message']}{place}", *sides])


def _details(outcomes: Iterable[Outcome], contracts: Mapping[str, Contract]) -> Iterator[wire.Detail]:
    """The places in the contract that findings speak of, each once."""
    seen: set[tuple[str, int]] = set()
    for outcome in outcomes:
        contract = contracts[outcome.built.name]
        for finding in findings_of(outcome):
            where = finding.get("contract_location")
            if where and (contract.name, where["line"]) not in seen:
                seen.add((contract.name, where["line"]))
                yield _place(contract, where["line"])


def _named(said: str, contract: Contract) -> Iterator[wire.Detail]:
    """The lines of the contract that messages begin with, each once."""
    found = re.findall(rf"^ *{re.escape(contract.name)}:(\d{{1,9}}):\d+:", said, re.MULTILINE)
    yield from (_place(contract, int(line)) for line in dict.fromkeys(found))


def _place(contract: Contract, line: int) -> wire.Detail:
    at = {"start": {"line": line}, "end": {"line": line}}
    data = base64.b64encode(contract.content).decode()
    form = {"info": {"filename": contract.name, "data": data, "language": "YAML"}, "ranges": [at]}
    return wire.Detail(type_url=_SOURCE, value=json.dumps(form).encode())


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())
