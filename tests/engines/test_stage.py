"""The stage engine, on this machine's own rootfs."""

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from spybuild.engines.stage import StageEngine
from spybuild.errors import InterpreterNotFound, ProbeError
from spybuild.model.facts import Outcome
from spybuild.probe.limits import Limits
from spybuild.probe.request import Request


def engine() -> StageEngine:
    """The engine with this test's interpreter, as the user who runs it."""
    return StageEngine(python=sys.executable, as_nobody=False)


def run(request: Request) -> list[Outcome]:
    """The outcomes of a request."""
    used = engine()
    facts = used.run(used.open("/").platforms[0], request, lambda _what: None)
    return [module.outcome for module in facts.modules]


def test_modules_are_looked_for_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build stage's WORKDIR is where the image's modules are."""
    (tmp_path / "here.py").write_text("x = 1")
    monkeypatch.chdir(tmp_path)
    assert run(Request(("here.py", "gone.py"))) == [Outcome.IMPORTED, Outcome.MISSING]


def test_the_platform_is_this_machines() -> None:
    """A stage runs on one platform: its own."""
    (platform,) = engine().open("/").platforms
    assert platform.platform.os == "linux"
    assert platform.digest is None


def test_the_python_that_comes_first_on_path_is_the_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where SpyBuild itself runs on it: whoever installs SpyBuild into the application's venv means that venv."""
    (tmp_path / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    used = StageEngine(as_nobody=False)
    facts = used.run(used.open("/").platforms[0], Request(()), lambda _what: None)
    assert facts.interpreter.executable == str(tmp_path / "python3")


def test_an_interpreter_that_is_not_there_is_named() -> None:
    """The message says how to name another."""
    used = StageEngine(python="/nosuch/python", as_nobody=False)
    with pytest.raises(InterpreterNotFound, match="--python PATH"):
        used.run(used.open("/").platforms[0], Request(("a",)), lambda _what: None)


def test_a_command_that_is_no_python_is_undecided(tmp_path: Path) -> None:
    """What it printed helps to see what it was."""
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\necho I am no Python >&2\nexit 7\n")
    fake.chmod(0o755)
    used = StageEngine(python=str(fake), as_nobody=False)
    with pytest.raises(ProbeError, match=r"ended with status 7[\s\S]*I am no Python"):
        used.run(used.open("/").platforms[0], Request(("a",)), lambda _what: None)


def test_a_module_that_hangs_ends_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is left on the machine."""
    (tmp_path / "hangs.py").write_text(
        "import os, time\nopen('pid', 'w').write(str(os.getpid()))\nif os.fork() == 0:\n    open('child', 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    monkeypatch.chdir(tmp_path)
    assert run(Request(("hangs.py",), limits=Limits(seconds=1.0))) == [Outcome.TIMEOUT]
    deadline = time.monotonic() + 30
    while [name for name in ("pid", "child") if Path(f"/proc/{(tmp_path / name).read_text()}").exists()]:
        assert time.monotonic() < deadline, "a process of the module is still there"
        time.sleep(0.05)


def test_our_own_variables_do_not_reach_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SPYBUILD_* are the command's options, not the image's environment."""
    (tmp_path / "sees.py").write_text(
        "import os\nassert not [name for name in os.environ if name.startswith('SPYBUILD_')]"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPYBUILD_SECRET", "id=X,env=Y")
    assert run(Request(("sees.py",))) == [Outcome.IMPORTED]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
def test_root_is_given_up(tmp_path: Path) -> None:
    """Modules of a stage are imported as nobody, and no set-user-ID program makes them root again."""
    used = StageEngine(python="/usr/bin/python3")
    if not Path("/usr/bin/python3").exists():
        used = StageEngine()
    shutil.copy("/usr/bin/id", tmp_path / "root-id")
    (tmp_path / "root-id").chmod(0o4755)
    told = f"subprocess.check_output([{str(tmp_path / 'root-id')!r}, '-u'])"
    (tmp_path / "who.py").write_text(
        f"import os, subprocess\nassert os.getuid() == 65534\nassert {told} == b'65534\\n', {told}"
    )
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o055)
    facts = used.run(used.open("/").platforms[0], Request((str(tmp_path / "who.py"),)), lambda _what: None)
    assert [module.outcome for module in facts.modules] == [Outcome.IMPORTED]
