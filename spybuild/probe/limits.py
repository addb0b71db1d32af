"""What a module may use while it is imported."""

from dataclasses import dataclass

_MOST = 256 << 20


@dataclass(frozen=True)
class Limits:
    """Limits of one module's import, and of the container that all modules of a platform share.

    `seconds` is for one module, `memory_bytes` for the container (for one process where there is none), `pids` for the
    container; `output_bytes` of each of a module's stdout and stderr are kept, and `answer_bytes` of its facts.
    """

    seconds: float = 60.0
    memory_bytes: int = 1 << 30
    pids: int = 256
    output_bytes: int = 1 << 16
    answer_bytes: int = 8 << 20

    def total_seconds(self, modules: int) -> float:
        """How long the probe may take for so many modules: their time, and a minute to start on a slow emulator."""
        return self.seconds * max(1, modules) + 60.0

    def total_answer_bytes(self, modules: int) -> int:
        """How much the probe may answer about so many modules: their facts and output, but no more than we can hold."""
        return min((self.answer_bytes + 2 * self.output_bytes) * max(1, modules) + (1 << 20), _MOST)
