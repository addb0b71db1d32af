"""What reading may cost, counted in steps, never in seconds: an answer does not depend on how busy the machine is."""

MOST_OF_A_MODULE = 1_500_000  # with all that is read for its sake; some 30 seconds of one processor
MOST_OF_A_PLATFORM = 15_000_000
REASON = "it takes too much to follow"


class TooMuch(Exception):  # noqa: N818  # a limit, not an error
    """A module, or a call, takes more steps than it is worth."""


class Budget:
    """The steps of one platform's reading: statements, expressions, calls, and what is copied, searched or parsed.

    What a module that is asked for may cost does not depend on those asked for before it, until all is used up.
    """

    __slots__ = ("limit", "used")

    def __init__(self) -> None:
        self.used, self.limit = 0, MOST_OF_A_MODULE

    def begin(self) -> None:
        """The next module that is asked for."""
        self.limit = min(self.used + MOST_OF_A_MODULE, MOST_OF_A_PLATFORM)

    def halve(self) -> None:
        """What begins now may only take half of what is left; whoever says so sets `limit` back."""
        self.limit = self.used + max(0, self.limit - self.used) // 2

    @property
    def is_spent(self) -> bool:
        """Whether nothing more may be read for this module."""
        return self.used > self.limit

    def spend(self, steps: int) -> None:
        """Count work.

        Raises:
            TooMuch: nothing is left.
        """
        self.used += steps
        if self.used > self.limit:
            raise TooMuch
