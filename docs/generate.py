"""Writes the pages that are made from the code: `python -m docs.generate`; `--check` fails where one is out of date."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from spybuild.rules.catalogue import all_rules
from spybuild.rules.rule import Rule
from spybuild.schemas import DOCUMENTS, schema_of

HERE = Path(__file__).parent

_RULES_HEAD = """# The rules

Made from `spybuild/rules/catalogue.py` by `make docs`. Ids are stable. `UNKNOWN` leaves a verdict undecided, every
other category fails it. The code in brackets is ImportSpy's, where it has one.
"""


def pages() -> dict[str, str]:
    """The content of every generated page, by file name."""
    schemas = {f"{name}.schema.json": json.dumps(schema_of(name), indent=2) + "\n" for name in DOCUMENTS}
    return {"rules.md": "\n".join([_RULES_HEAD, *(line for rule in all_rules() for line in _rule(rule))]), **schemas}


def _rule(rule: Rule) -> Iterator[str]:
    code = f" [{rule.importspy_code}]" if rule.importspy_code else ""
    yield f"## {rule.id} {rule.name}\n"
    yield f"{rule.category.value}{code}. {rule.meaning}\n"
    yield f"*Remedy:* {rule.remedy}\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` tell which are out of date (exit code 1)."""
    stale = [name for name, content in pages().items() if not _is(HERE / name, content)]
    if "--check" in arguments:
        sys.stderr.writelines(f"docs/{name} is out of date: run `make docs`\n" for name in stale)
        return 1 if stale else 0
    for name in stale:
        (HERE / name).write_text(pages()[name])
    return 0


def _is(path: Path, content: str) -> bool:
    return path.exists() and path.read_text() == content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
