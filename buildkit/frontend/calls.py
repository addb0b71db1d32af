"""`docker build --call=spybuild`: the table, and no image."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from buildkit.frontend.validation import Outcome
from buildkit.frontend.wire import gateway_pb2 as wire

if TYPE_CHECKING:  # the models cost time to load, which builds without such a call need not spend
    from spybuild.model.report import Report

_VERSION = b"1.0.0"  # of BuildKit's convention for the results of calls


def answer(outcomes: Sequence[Outcome]) -> wire.Result:
    """What the client prints, and the exit code it leaves with.

    On a builder of several nodes the client shows the answer of one of them alone: this is no gate.
    """
    from spybuild.reports import as_json, text

    told = "".join(f"{outcome.built.name}: {outcome.said}" for outcome in outcomes if outcome.report is None)
    report = merged(outcomes)
    result = wire.Result()
    result.metadata["result.txt"] = (text.render(report) if report else told).encode()
    result.metadata["result.json"] = as_json.render(report).encode() if report else json.dumps({"said": told}).encode()
    result.metadata["result.statuscode"] = str(max((outcome.code for outcome in outcomes), default=1)).encode()
    result.metadata["version"] = _VERSION
    return result


def merged(outcomes: Sequence[Outcome]) -> "Report | None":
    """One report on all platforms, with the problem of each that has none; None where there is none on any."""
    from spybuild.attested_report import parse_report
    from spybuild.model.differences import differences
    from spybuild.model.report import PlatformReport

    reports = [parse_report(json.dumps(each.report).encode(), each.built.name) for each in outcomes if each.report]
    without = (each for each in outcomes if not each.report)
    platforms = (
        *(platform for report in reports for platform in report.platforms),
        *(PlatformReport(platform=each.built.name, problem=each.said.strip() or "no answer") for each in without),
    )
    update = {"platforms": platforms, "differences": differences(platforms)}
    return reports[0].model_copy(update=update) if reports else None
