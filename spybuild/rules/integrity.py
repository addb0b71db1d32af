"""Integrity: whether a Python image is sound on its platform, whatever a contract says of it."""

from collections.abc import Iterator

from spybuild.model.finding import Finding, ImageLocation
from spybuild.model.integrity import Soundness
from spybuild.model.platforms import Platform
from spybuild.rules import catalogue_integrity as catalogue
from spybuild.rules.integrity_binaries import check_binaries
from spybuild.rules.integrity_packages import check_packages
from spybuild.rules.integrity_starting import check_starting


def check_soundness(soundness: Soundness, platform: Platform) -> Iterator[Finding]:
    """Every integrity finding of one platform; none means that it is sound.

    Args:
        soundness: what its files and config say (`spybuild.integrity.gather`).
        platform: what the image says it is built for.

    Returns:
        The findings, each with its place in the image, where there is one, and none in a contract.
    """
    yield from check_binaries(soundness, platform)
    yield from check_starting(soundness)
    yield from check_packages(soundness)
    yield from _check_leaks(soundness)
    yield from _check_undecided(soundness)


def _check_leaks(soundness: Soundness) -> Iterator[Finding]:
    places = {"env": "ENV of the image's config", "label": "a label", "history": "the history of the image's config"}
    for leak in soundness.leaks:
        where = places.get(leak.place, f"a file of layer {leak.layer}")
        hidden = ", deleted or overwritten by a later layer" if leak.is_hidden else ""
        yield catalogue.BAKED_SECRET.breach(
            f"secret {leak.name} has a value in {where}{hidden}",
            expected="given at run time",
            found="(values are not shown)",
            image_location=ImageLocation(path=leak.path, line=leak.line) if leak.path else None,
        )


def _check_undecided(soundness: Soundness) -> Iterator[Finding]:
    for each in soundness.undecided:
        yield catalogue.UNDECIDED_INTEGRITY.breach(
            f"{each.subject}: {each.reason}", image_location=ImageLocation(path=each.subject)
        )
    if not soundness.checked.interpreters:
        yield catalogue.UNDECIDED_INTEGRITY.breach(
            "no Python was found in the image, so its packages and binaries were not checked"
        )
