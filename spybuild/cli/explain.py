"""`spybuild explain [RULE]`: what a rule means and what mends a breach of it."""

from typing import TYPE_CHECKING, Annotated

import typer

from spybuild.errors import UsageError
from spybuild.model.names import nearest

if TYPE_CHECKING:
    from spybuild.rules.rule import Rule


def explain(
    rule: Annotated[
        str | None, typer.Argument(help="A rule's id (SPY104) or name (missing-method).", show_default=False)
    ] = None,
) -> int:
    """Explain a rule, or list all of them."""
    from spybuild.rules.catalogue import all_rules, find_rule

    if rule is None:
        typer.echo("\n".join(f"{each.id}  {each.category.value:<8}  {each.name}" for each in all_rules()))
        return 0
    found = find_rule(rule)
    if not found:
        names = [name for each in all_rules() for name in (each.id, each.name)]
        raise UsageError(f"there is no rule {rule}{nearest(rule, names)}", "`spybuild explain` lists all rules")
    typer.echo(_explained(found))
    return 0


def _explained(rule: "Rule") -> str:
    importspy = f"  (ImportSpy: {rule.importspy_code})" if rule.importspy_code else ""
    return f"{rule.id} {rule.name}  {rule.category.value}{importspy}\n\n  {rule.meaning}\n\n  Remedy: {rule.remedy}"
