"""`spybuild policy test POLICY CASES...`: a policy held against recorded evidence, offline."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spybuild.cli import gate_options, options
from spybuild.cli.progress import start_logging

if TYPE_CHECKING:
    from spybuild.gate.testing import CaseResult

policy = typer.Typer(no_args_is_help=True, help="Work on a gate's policy.")


@policy.callback()
def _policy() -> None:
    """Work on a gate's policy."""


@policy.command("test")
def decide_cases(
    file: Annotated[Path, typer.Argument(help="The policy.", metavar="POLICY", show_default=False)],
    cases: Annotated[
        list[Path], typer.Argument(help="Cases, or folders of them.", metavar="CASES...", show_default=False)
    ],
    format_: options.Formats = options.Format.TEXT,
    output: options.Output = None,
    verbose: options.Verbose = 0,
) -> int:
    """Decide recorded cases by a policy, offline and by each case's own clock, and tell which end as they should not.

    Exit codes: 0 all are as expected, 1 some are not, 2 the policy or a case cannot be read.
    """
    start_logging(verbose)
    destination = options.destinations(format_, output, None)[0]
    demanded = gate_options.read_policy(file)
    from spybuild.cli.writing import write
    from spybuild.gate.testing import Outcome, run_cases
    from spybuild.gate.text import render_results

    results = run_cases(demanded, cases)
    is_text = destination.format is options.Format.TEXT
    write(render_results(results) if is_text else _dumped(results), destination.path)
    outcomes = {each.outcome for each in results}
    return 2 if Outcome.ERROR in outcomes else int(Outcome.FAILED in outcomes)


def _dumped(results: "Sequence[CaseResult]") -> str:
    from spybuild.cli.decisions import decision_form

    cases = [
        {
            "path": each.path,
            "name": each.name,
            "outcome": each.outcome.value,
            "complaints": list(each.complaints),
            "decision": decision_form(each.decision) if each.decision else None,
        }
        for each in results
    ]
    return json.dumps({"schemaVersion": 1, "cases": cases}, indent=2) + "\n"
