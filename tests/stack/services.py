"""HTTP services of ours on loopback: started unless they answer, each on a port of its own beside the registry's."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stack import loopback, processes
from tests.stack.console import StackError, say, wait
from tests.stack.home import Home

# How far each service's port is from the registry's: two stacks on one machine need ports a dozen apart.
OFFSETS = {
    "registry-referrers": 1,
    "registry-basic": 2,
    "registry-bearer": 3,
    "token-server": 4,
    "issuer": 5,
    "ctlog": 6,
    "fulcio": 7,
    "fulcio-grpc": 8,
    "rekor": 9,
    "rekor-grpc": 10,
    "timestamp": 11,
}
CHECKOUT = Path(__file__).parent.parent.parent


def port(home: Home, name: str) -> int:
    """The port of a service."""
    return home.port + OFFSETS[name]


def address(home: Home, name: str) -> str:
    """``127.0.0.1:PORT`` of a service."""
    return f"127.0.0.1:{port(home, name)}"


@dataclass(frozen=True)
class Service:
    """A program that serves HTTP, and the question that shows that it does."""

    name: str
    command: Callable[[], Sequence[str | Path]]
    """Its arguments; asked for only when it must be started."""
    path: str = "/"
    status: int = 200
    """What a service that is up answers on ``path``."""

    def up(self, home: Home) -> None:
        """Start it, unless it runs and answers."""
        if self.serves(home):
            return
        processes.stop(home, self.name)
        loopback.require_free(port(home, self.name))
        identity = processes.start(home, self.name, self.command(), {"PYTHONPATH": str(CHECKOUT)})
        if not wait(lambda: self._answers(home), 30, identity.alive):
            raise StackError(f"{self.name} does not answer on {address(home, self.name)}: see {home.log(self.name)}")
        say(f"{self.name}: up on {address(home, self.name)}")

    def serves(self, home: Home) -> bool:
        """Whether it runs, as ours, and answers."""
        return bool(processes.running(home, self.name)) and self._answers(home)

    def _answers(self, home: Home) -> bool:
        return loopback.status(address(home, self.name), self.path) == self.status


def module(name: str, *arguments: str | Path) -> list[str | Path]:
    """How to run a module of the stack as a program."""
    return [sys.executable, "-m", f"tests.stack.{name}", *arguments]
