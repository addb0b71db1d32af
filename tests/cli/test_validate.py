"""`spybuild validate`, in real processes on this machine's own rootfs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run

SECRET = "hunter2-planted-secret"

PLUGIN = """
import os, sys
__version__ = "1.0"
TOKEN = os.environ.get("DEVICE_TOKEN")
print("out", TOKEN)
print("err", TOKEN, file=sys.stderr)
def greet(name: str, times: int = 1) -> "str | None": ...
"""
CONTRACT = """
filename: plugin.py
version: "1.0"
functions:
  - name: greet
    arguments: [{name: times, annotation: int, value: 1}]
    return_annotation: Optional[str]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a plugin and its contract, the working directory of the command."""
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    return tmp_path


def here(*more: str) -> tuple[str, ...]:
    """Validate with this test's own interpreter, as the user who runs it."""
    return ("validate", "--python", sys.executable, "--user", "image", *more)


def test_a_module_that_fits_exits_with_0(spybuild: Run, home: Path) -> None:
    """The contract in ./spymodel.yml is found, and the verdict is a pass."""
    done = spybuild(*here(), cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "plugin.py  pass" in done.stdout


def test_a_breach_exits_with_1_and_names_its_place(spybuild: Run, home: Path) -> None:
    """The finding has file, line and column of the contract, and the line in the module."""
    (home / "plugin.py").write_text(PLUGIN.replace("times", "count"))
    done = spybuild(*here(), cwd=home)
    assert done.returncode == 1
    assert "SPY201 missing-argument" in done.stdout
    assert "spymodel.yml:6:24" in done.stdout
    assert "plugin.py:7" in done.stdout


def test_no_contract_exits_with_2(spybuild: Run, tmp_path: Path) -> None:
    """Without a contract nothing was checked."""
    done = spybuild(*here(), cwd=tmp_path)
    assert done.returncode == 2
    assert "no contract" in done.stderr


def test_every_problem_of_a_contract_is_told_with_its_place_and_exits_with_2(spybuild: Run, home: Path) -> None:
    """Two mistakes, two lines, no traceback."""
    (home / "spymodel.yml").write_text("filename: plugin.py\nfunctons: []\nclasses: [{nmae: A}]\n")
    done = spybuild(*here(), cwd=home)
    assert done.returncode == 2
    assert "spymodel.yml:2:1: functons: unknown key; did you mean functions?" in done.stderr
    assert "spymodel.yml:3:12: " in done.stderr
    assert "Traceback" not in done.stderr


def test_no_interpreter_exits_with_3(spybuild: Run, home: Path) -> None:
    """The message says what to do next."""
    done = spybuild("validate", "--python", "/nosuch/python", cwd=home)
    assert done.returncode == 3
    assert "--python PATH" in done.stdout


@pytest.mark.parametrize("verbosity", ["-v", "-vv"])
@pytest.mark.parametrize(
    "body",
    ["", "raise ValueError(TOKEN)", "import base64; raise SystemExit(base64.b64encode(TOKEN.encode()).decode())"],
)
def test_a_secret_is_found_nowhere(spybuild: Run, home: Path, verbosity: str, body: str) -> None:
    """Neither text, JSON nor logs hold it, whatever the module prints or raises."""
    (home / "plugin.py").write_text(f"{PLUGIN}\n{body}\n")
    (home / "spymodel.yml").write_text(CONTRACT + "variables: [{name: TOKEN, value: other}]\n")
    done = spybuild(
        *here("--secret", "id=DEVICE_TOKEN,env=PLANTED", "--report", "json=r.json", verbosity),
        cwd=home,
        env={"PLANTED": SECRET},
    )
    assert done.returncode == 1
    everything = done.stdout + done.stderr + (home / "r.json").read_text()
    assert SECRET not in everything
    assert "aHVudGVyMi1wbGFudGVkLXNlY3JldA" not in everything  # in base64


def test_no_line_of_a_secret_with_several_is_shown(spybuild: Run, home: Path) -> None:
    """A module may print a key line by line, or have one as a default."""
    value = 'first-line-4711\nsecond-"line"-4711\nx'
    body = "def late(a=TOKEN.splitlines()[1]): ...\nprint(TOKEN)\nraise ValueError(TOKEN.splitlines())"
    (home / "plugin.py").write_text(f"{PLUGIN}\n{body}\n")
    done = spybuild(
        *here("--secret", "id=DEVICE_TOKEN,env=PLANTED", "--report", "json=r.json", "-v"),
        cwd=home,
        env={"PLANTED": value},
    )
    assert done.returncode == 1
    everything = done.stdout + done.stderr + (home / "r.json").read_text()
    assert "-4711" not in everything


def test_a_crash_of_spybuild_itself_shows_no_secret(spybuild: Run, home: Path) -> None:
    """Even a traceback of ours has no local variables in it."""
    (home / "sitecustomize.py").write_text(
        "import spybuild.evaluation\ndef broken(contract, facts):\n    raise RuntimeError('bug')\nspybuild.evaluation.evaluate = broken\n"
    )
    path = os.pathsep.join([str(home), str(Path(__file__).parents[2])])
    done = spybuild(*here("--secret", "DEVICE_TOKEN"), cwd=home, env={"DEVICE_TOKEN": SECRET, "PYTHONPATH": path})
    assert done.returncode == 3
    assert "RuntimeError: bug" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_json_report_is_the_same_twice(spybuild: Run, home: Path) -> None:
    """Byte for byte, and without a path of this machine outside the image's own."""
    first, second = (spybuild(*here("-f", "json"), cwd=home).stdout for _ in range(2))
    assert first == second
    assert json.loads(first)["contract"]["path"] == "spymodel.yml"


def test_the_report_goes_to_a_file(spybuild: Run, home: Path) -> None:
    """-o writes the file whole, and nothing to stdout."""
    done = spybuild(*here("-f", "json", "-o", "report.json"), cwd=home)
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads((home / "report.json").read_text())["verdict"] == "pass"
    assert sorted(path.name for path in home.iterdir()) == ["plugin.py", "report.json", "spymodel.yml"]


def test_a_sidecar_is_found_beside_the_module(spybuild: Run, home: Path) -> None:
    """plugin.importspy.yml is ImportSpy's name for it."""
    (home / "spymodel.yml").rename(home / "plugin.importspy.yml")
    assert spybuild(*here("plugin.py"), cwd=home).returncode == 0


def test_a_module_without_a_sidecar_is_no_contract(spybuild: Run, home: Path) -> None:
    """It does not fall back to another contract in silence; nor are two named at once."""
    done = spybuild(*here("nothere.py"), cwd=home)
    assert (done.returncode, "nothere.importspy.yml" in done.stderr) == (2, True)
    assert spybuild(*here("plugin.py", "-c", "spymodel.yml"), cwd=home).returncode == 2


def test_the_mark_is_there_after_a_pass_and_after_nothing_else(spybuild: Run, home: Path) -> None:
    """One that was there before, or is a link, does not count."""
    mark = home / "passed"
    mark.symlink_to(home / "plugin.py")
    assert spybuild(*here("--mark", "passed"), cwd=home).returncode == 0
    assert (mark.is_symlink(), mark.read_text(), (home / "plugin.py").read_text()) == (False, "passed\n", PLUGIN)
    (home / "plugin.py").write_text(PLUGIN.replace("times", "count"))
    assert spybuild(*here("--mark", "passed"), cwd=home).returncode == 1
    assert not mark.exists()
    for nowhere in ("nosuch/passed", "."):
        assert spybuild(*here("--mark", nowhere), cwd=home).returncode == 2


def test_a_report_alone_may_end_with_0_and_leaves_no_mark(spybuild: Run, home: Path) -> None:
    """Whatever the verdict; a contract that cannot be used makes no report. An image's ENV cannot ask for it."""
    (home / "plugin.py").write_text(PLUGIN.replace("times", "count"))
    flags = ("--exit-zero", "-o", "report.json", "-f", "json", "--mark", "passed")
    for more in ((), ("--python", "/nosuch/python")):
        assert spybuild(*here(*flags, *more), cwd=home).returncode == 0
        assert json.loads((home / "report.json").read_text())["verdict"] != "pass"
        assert not (home / "passed").exists()
    assert spybuild(*here(), cwd=home, env={"SPYBUILD_EXIT_ZERO": "1"}).returncode == 1
    (home / "spymodel.yml").write_text("nothing: to use")
    assert spybuild(*here(*flags), cwd=home).returncode == 2


def test_a_report_that_cannot_be_written_is_told_before_the_work(spybuild: Run, home: Path) -> None:
    """The module is not imported for nothing."""
    (home / "plugin.py").write_text("open('was-imported', 'w')")
    for flags in (("-o", "nosuch/report.json"), ("-o", "."), ("--report", "xml=x"), ("--report", "json=/nosuch/x")):
        assert spybuild(*here(*flags), cwd=home).returncode == 2
    assert not (home / "was-imported").exists()


def test_a_report_is_written_through_links_and_into_pipes(spybuild: Run, home: Path) -> None:
    """-o never puts a file where something else was: a link stays one, and /dev/stdout is what it is."""
    (home / "real.json").write_text("old")
    (home / "link.json").symlink_to("real.json")
    assert spybuild(*here("-f", "json", "-o", "link.json"), cwd=home).returncode == 0
    assert (home / "link.json").is_symlink()
    assert json.loads((home / "real.json").read_text())["verdict"] == "pass"
    os.mkfifo(home / "pipe")
    reader = subprocess.Popen(["cat", home / "pipe"], stdout=subprocess.PIPE, text=True)
    assert spybuild(*here("-f", "json", "-o", "pipe"), cwd=home).returncode == 0
    assert json.loads(reader.communicate(timeout=60)[0])["verdict"] == "pass"
    assert (home / "pipe").is_fifo()


def test_output_that_nobody_reads_is_no_verdict(spybuild: Run, home: Path) -> None:
    """A pipe whose reader left, or a closed stdout, is neither a pass nor a violation."""
    command = f"{sys.executable} -m spybuild {' '.join(here())}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for shell in (f"set -o pipefail; {command} | true", f"{command} > /dev/full"):
        done = subprocess.run(["bash", "-c", shell], cwd=home, env=environment, capture_output=True, text=True)
        assert done.returncode not in (0, 1, 2)
        assert "Traceback" not in done.stderr


def test_variables_that_hold_blanks_come_in_by_the_environment_too(spybuild: Run, home: Path) -> None:
    """SPYBUILD_ENV is --env, one a line."""
    (home / "spymodel.yml").write_text("filename: plugin.py\nruntime: {environment: {GREETING: hello world, B: c}}\n")
    assert spybuild(*here(), cwd=home, env={"SPYBUILD_ENV": "GREETING=hello world\nB=c"}).returncode == 0


def test_the_builders_variables_come_in_by_name_only(spybuild: Run, home: Path) -> None:
    """--env NAME takes the value from here; --env-file and --env NAME=VALUE give it."""
    contract = "filename: plugin.py\nruntime: {environment: {MODE: prod, PORT: '80'}}\n"
    (home / "spymodel.yml").write_text(contract)
    (home / "vars.env").write_text("# comment\n\nMODE=dev\nPORT=80\n")
    flags = ("--env-file", "vars.env", "--env", "MODE=prod")
    assert spybuild(*here(*flags), cwd=home).returncode == 0
    assert spybuild(*here("--env-file", "vars.env"), cwd=home).returncode == 1


def test_strict_refuses_what_importspy_refuses(spybuild: Run, home: Path) -> None:
    """Lenient, an unquoted version is a warning in the report; strict, exit 2."""
    (home / "spymodel.yml").write_text("filename: plugin.py\nversion: 1.0\n")
    lenient = spybuild(*here(), cwd=home)
    assert lenient.returncode == 0
    assert "warning: spymodel.yml:2:10" in lenient.stdout
    assert spybuild(*here("--strict"), cwd=home).returncode == 2
