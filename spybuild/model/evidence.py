"""Which evidence there is, and which is asked for."""

from enum import StrEnum


class Demand(StrEnum):
    """What a check must rest on. Where nothing is said, both kinds are taken where both can be had."""

    RUNTIME = "runtime"
    STATIC = "static"
    BOTH = "both"

    @property
    def runs(self) -> bool:
        """Whether the image has to be run."""
        return self is not Demand.STATIC

    @property
    def reads(self) -> bool:
        """Whether the image's files have to be read."""
        return self is not Demand.RUNTIME
