"""A contract written from what a module's source says, held against that source: `python -m tests.static.self_check PYTHON`.

Everything that is decided goes into the contract. A module passes where the contract loads and nothing is found; one whose
facts decide nothing is counted as failed, since its contract would be empty.
"""

import argparse
import gc
import subprocess
import sys
import zlib
from collections import Counter
from typing import Any

import yaml

from spybuild.__main__ import BETWEEN_COLLECTIONS
from spybuild.contracts import parse_contract
from spybuild.errors import ContractError
from spybuild.evaluation import evaluate
from spybuild.model.facts import ClassFacts, Facts, FunctionFacts, MemberFacts, ModuleFacts, Outcome, Undecided, Value
from spybuild.static.budget import Budget
from spybuild.static.evidence import interpreter_of
from spybuild.static.library import Library
from spybuild.static.resolve import resolve
from tests.static.differential import names_of, resolver_for

_METHODS = ("method", "classmethod", "staticmethod")
_MACHINE = {"system": "Linux", "machine": "x86_64", "bits": 64, "byteorder": "little"}


def contract_of(facts: ModuleFacts) -> dict[str, Any]:
    """A contract that asks for all that the facts tell for sure."""
    doubted = _names(facts.undecided)
    return {
        "filename": facts.requested,
        "variables": [
            {"name": each.name, **_valued(each.value)} for each in facts.variables if each.name not in doubted
        ],
        "functions": [_function(each) for each in facts.functions if each.name not in doubted],
        "classes": [_class(each) for each in facts.classes if each.name not in doubted],
    }


def broken(facts: ModuleFacts, interpreter: Any) -> list[str]:
    """What is wrong with the contract of a module: the problems of loading it, or the findings."""
    if facts.outcome is not Outcome.IMPORTED:
        return [f"{facts.outcome}: {facts.error.message if facts.error else ''}"]
    try:
        text = yaml.safe_dump(contract_of(facts), allow_unicode=True, sort_keys=False)
        contract = parse_contract(text.encode(), "self.yml").contract
    except ContractError as error:
        return list(error.problems)
    seen = Facts.model_validate({"interpreter": interpreter, "platform": _MACHINE, "modules": [facts]})
    return [f"{each.rule} {each.message}" for each in evaluate(contract, seen)]


def cannot_be_imported(python: str, name: str) -> bool:
    """Whether that interpreter cannot import it either, for want of a package or on this system: there is nothing to check."""
    command = [python, "-c", f"import {name}"]
    try:
        return bool(subprocess.run(command, capture_output=True, check=False, timeout=60, input=b"").returncode)
    except subprocess.TimeoutExpired:
        return False


def run(python: str, which: str, most: int) -> tuple[int, dict[str, list[str]]]:
    """How many modules pass, and what is wrong with the others; in an order that mixes packages, and is always the same."""
    search = resolver_for(python).search
    interpreter = interpreter_of(search.files, search.target)
    library = Library(search.files, search.target)
    passed, failed = 0, {}
    for name in sorted(names_of(python, which), key=lambda name: zlib.crc32(name.encode())):
        found = search.module(name)
        if found is None or found.kind != "source":
            continue
        library.budget = Budget()
        facts = resolve(search, search.target, found, name, library)
        wrong = broken(facts, interpreter)
        if wrong and facts.outcome is Outcome.FAILED and cannot_be_imported(python, name):
            continue
        passed += not wrong
        if wrong:
            failed[name] = wrong
            sys.stdout.write(f"{name}: {wrong[0][:300]}\n")
            sys.stdout.flush()
        if passed + len(failed) == most:
            break
    return passed, failed


def _names(undecided: tuple[Undecided, ...]) -> set[str]:
    return {each.name for each in undecided}


def _valued(value: Value | None) -> dict[str, Any]:
    return {"value": value.scalar} if value and value.is_scalar else {}


def _function(facts: FunctionFacts | MemberFacts) -> dict[str, Any]:
    arguments = [
        {"name": each.name, **_valued(each.default), **_annotated(each.annotation.written if each.annotation else None)}
        for each in facts.parameters or ()
    ]
    returns = facts.returns.written if facts.returns and facts.parameters is not None else None
    return {"name": facts.name, "arguments": arguments, **({"return_annotation": returns} if returns else {})}


def _annotated(text: str | None) -> dict[str, str]:
    return {"annotation": text} if text else {}


def _class(facts: ClassFacts) -> dict[str, Any]:
    doubted = _names(facts.undecided)
    sure = [each for each in facts.members if each.name not in doubted]
    made = [each for each in facts.instance_attributes if each.certain and each.name not in doubted]
    own = [each for each in sure if each.is_own and each.kind == "attribute"]
    return {
        "name": facts.name,
        "attributes": [
            *({"name": each.name, "type": "class", **_valued(each.value)} for each in own),
            *({"name": each.name, "type": "instance", **_valued(each.value)} for each in made),
        ],
        "methods": [_function(each) for each in sure if each.kind in _METHODS],
        "superclasses": [{"name": each.name} for each in facts.bases],
    }


def main() -> int:
    """Print how many pass, and why the others do not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("--packages", action="store_true", help="what is installed, not the standard library")
    parser.add_argument("--most", type=int, default=100_000, help="so many modules at most")
    given = parser.parse_args()
    gc.set_threshold(BETWEEN_COLLECTIONS)  # as the command line does
    passed, failed = run(given.python, "site" if given.packages else "stdlib", given.most)
    counts = Counter(problem.split()[0] for problems in failed.values() for problem in problems)
    total = passed + len(failed)
    sys.stdout.write(f"{passed} of {total} pass ({passed / max(total, 1):.1%}); {dict(counts)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
