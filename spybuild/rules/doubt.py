"""Names that static evidence left undecided: no rule says yes or no to them."""

from collections.abc import Sequence

from spybuild.model.base import Location
from spybuild.model.facts import Undecided
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.rule import Place

_ANY = "*"


def doubt(name: str, undecided: Sequence[Undecided], *, is_told: bool) -> Undecided | None:
    """Why `name` is in doubt; None where it is not.

    Args:
        name: the name of a binding or a member.
        undecided: what the evidence could not decide; `*` is every name that the facts do not tell of.
        is_told: whether the facts tell of the name.
    """
    own = next((each for each in undecided if each.name == name), None)
    return own or (None if is_told else next((each for each in undecided if each.name == _ANY), None))


def undecided_name(place: Place, why: Undecided, contract: Location | None) -> Finding:
    """The finding that `place` could not be judged; `place.label` says what was wanted there."""
    path = place.image.path if place.image else None
    there = ImageLocation(path=path, line=why.line) if path else None
    return Place(place.module, place.label, there).breach(
        catalogue.UNDECIDED_NAME, f"{place.label} cannot be decided from the source", contract, place.label, why.reason
    )
