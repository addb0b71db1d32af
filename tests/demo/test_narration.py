"""How the demo talks."""

import io
import sys

import pytest

from demo.narration import DemoError, Narrator, wrap


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It says so."""
        return True


def test_a_log_has_no_colours() -> None:
    stream = io.StringIO()
    narrator = Narrator(stream)
    narrator.heading("One")
    narrator.quote(["verdict: FAIL"])
    narrator.bad("refused")
    assert "\x1b" not in stream.getvalue()


def test_a_terminal_has_colours_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Narrator(Terminal()).colourful
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Narrator(Terminal()).colourful


def test_a_command_is_shown_run_and_timed() -> None:
    stream = io.StringIO()
    narrator = Narrator(stream, environment={"WORD": "hello"})
    outcome = narrator.run(
        [sys.executable, "-c", "import os, sys; print(os.environ['WORD']); sys.exit(3)"], "say hello"
    )
    assert (outcome.code, outcome.text) == (3, "hello\n")
    assert outcome.seconds > 0
    assert stream.getvalue() == "      $ say hello\n"


def test_a_missing_program_is_told() -> None:
    with pytest.raises(DemoError, match="no-such-program cannot be run"):
        Narrator(io.StringIO()).run(["no-such-program"])


def test_long_commands_are_broken_before_options_and_can_be_pasted() -> None:
    command = "docker build --platform linux/amd64,linux/arm64 --build-arg BASE=python -t thermostat -f Dockerfile ."
    lines = wrap(command, 40)
    assert all(len(line) <= 42 for line in lines)
    assert [line.endswith(" \\") for line in lines] == [True] * (len(lines) - 1) + [False]
    assert " ".join(line.removesuffix(" \\") for line in lines) == command
