"""How the demo talks: steps, the commands it runs, what they said, and whether that was as announced."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
_MARGIN = "      "
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36"}
_WIDTH = 104
_CLEAR = "\r\x1b[2K"


class DemoError(Exception):
    """Something did not behave as announced."""


@dataclass(frozen=True)
class Outcome:
    """A command that has ended."""

    code: int
    text: str
    """What it said, on stdout and stderr."""
    seconds: float


@dataclass
class Narrator:
    """Tells what is done, and does it."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    environment: Mapping[str, str] = field(default_factory=dict)
    """What commands get besides this process's own environment."""
    step: int = 0

    @property
    def colourful(self) -> bool:
        """Whether the stream takes colours (https://no-color.org)."""
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return self.stream.isatty() and not plain

    def heading(self, text: str) -> None:
        """Begin the next step."""
        self.step += 1
        self._write(f"\n{self._styled(f'[{self.step}]', 'cyan')}   {self._styled(text, 'bold')}")

    def say(self, text: str) -> None:
        """Explain something, a line of the stream for each line."""
        for line in text.splitlines():
            self._write(f"{_MARGIN}{line}".rstrip())

    def show_command(self, command: str) -> None:
        """Show a command as one can paste it, in the root of the checkout."""
        first, *others = wrap(command, _WIDTH)
        for line in (f"$ {first}", *(f"    {other}" for other in others)):
            self._write(_MARGIN + self._styled(line, "bold"))

    def quote(self, lines: Iterable[str]) -> None:
        """Show what a command said."""
        for line in lines:
            style = "red" if "FAIL" in line else "green" if "verdict: pass" in line else ""
            self._write(f"{_MARGIN}{self._styled('|', 'dim')} {self._styled(line, style)}".rstrip())

    def good(self, text: str) -> None:
        """Something was as announced."""
        self._write(_MARGIN + self._styled(f"=> {text}", "green"))

    def bad(self, text: str) -> None:
        """Something was not."""
        self._write(_MARGIN + self._styled(f"=> {text}", "red"))

    def run(self, argv: Sequence[str], shown: str = "", cwd: Path = ROOT) -> Outcome:
        """Show a command and run it; a terminal sees its last line meanwhile.

        Args:
            argv: the command.
            shown: what is shown instead, where that is shorter and means the same.
            cwd: where it runs.

        Raises:
            DemoError: there is no such program.
        """
        self.show_command(shown or shlex.join(argv))
        started = time.monotonic()
        try:
            process = subprocess.Popen(
                list(argv), cwd=cwd, env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise DemoError(f"{argv[0]} cannot be run: {error.strerror}") from error
        with process:
            text = self._follow(process)
        return Outcome(process.returncode, text, time.monotonic() - started)

    def _follow(self, process: "subprocess.Popen[str]") -> str:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if self.colourful and line.strip():
                self.stream.write(_CLEAR + _MARGIN + self._styled(line.strip()[:90], "dim"))
                self.stream.flush()
        if self.colourful:
            self.stream.write(_CLEAR)
        return "".join(lines)

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if style and self.colourful else text

    def _write(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


def wrap(command: str, width: int) -> list[str]:
    """A command in lines that can be pasted together, broken before its options."""
    lines = [""]
    for part in re.split(r" (?=-|&&)", command):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += f" {part}" if lines[-1] else part
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
