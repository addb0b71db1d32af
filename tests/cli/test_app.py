"""What all verbs share: help, version, exit codes, variables of the environment."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from spybuild import __version__
from spybuild.cli import app
from tests.conftest import Run


def test_the_version_loads_nothing_heavy() -> None:
    """Neither docker, pydantic nor typer is imported to say a number."""
    code = "import sys; sys.argv = ['spybuild', '--version']; import spybuild.__main__ as m; m.main(); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"spybuild {__version__}\n")
    assert not {"'docker'", "'pydantic'", "'typer'", "'yaml'"} & set(done.stdout.replace("[", "").split(", "))


def test_importing_spybuild_is_cheap() -> None:
    """The public names are loaded when they are used."""
    code = "import sys, spybuild; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'pydantic'" not in done.stdout
    assert "'docker'" not in done.stdout


def test_a_verb_loads_no_other(tmp_path: Path) -> None:
    """Of ten only one is used, and loading takes time."""
    code = "import sys; from spybuild.cli import main; main(['explain', 'SPY101']); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'spybuild.cli.explain'" in done.stdout
    assert not [name for name in ("scan", "verify", "policy", "attest") if f"'spybuild.cli.{name}'" in done.stdout]


def test_the_help_tells_of_every_verb(spybuild: Run) -> None:
    """Also where only some are loaded otherwise."""
    words = spybuild("--help").stdout.split()
    verbs = ("scan", "validate", "check", "attest", "verify", "promote", "policy", "explain", "schema")
    assert not set(verbs) - set(words)


@pytest.mark.parametrize("path", ["./root", "/srv/root", "."])
def test_a_path_is_told_from_an_image(spybuild: Run, path: str, tmp_path: Path) -> None:
    """With what to write before it."""
    done = spybuild("scan", path, "--integrity", cwd=tmp_path)
    assert (done.returncode, f"rootfs://{path}" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(28, "No space left on device"), "the output could not be written: No space left on device"),
        (OSError(13, "Permission denied", "/some/file"), "/some/file: Permission denied"),
        (OSError(24, "Too many open files"), "the system refused: Too many open files"),
    ],
)
def test_what_the_system_refuses_is_told_as_what_it_is(
    error: OSError, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not every error of a file is one of writing the report."""

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(app, "application", refuse)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # those of the tests' own process stay
    assert app.main(["check"]) == 3
    assert capsys.readouterr().err == f"spybuild: {told}\n"


@pytest.mark.parametrize("verb", ["scan", "validate", "explain", "schema"])
def test_every_verb_has_help(spybuild: Run, verb: str) -> None:
    """Help exits with 0 and says what the verb does."""
    done = spybuild(verb, "--help")
    assert done.returncode == 0
    assert "Usage:" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("nosuch",),
        ("scan",),
        ("scan", "image", "--nosuch"),
        ("validate", "--memory", "lots"),
        ("validate", "--user", "root"),
        ("validate", "--format", "xml"),
        ("scan", "App:1"),
        ("scan", "ftp://image"),
        ("scan", "image", "--platform", "linux"),
        ("scan", "image", "--platform", ","),
        ("validate", "--timeout", "inf"),
        ("validate", "--memory", "99999999999g"),
        ("validate", "--secret", "id=T,env=hunter2"),
        ("validate", "--secret", "id=A,src=/nosuch/file"),
        ("validate", "--secret", "oops=hunter2"),
        ("validate", "-c", "/nosuch/contract.yml"),
        ("explain", "SPY999"),
        ("schema", "nosuch"),
        ("scan", "x", "--timeout", "nan"),
    ],
)
def test_usage_that_does_not_fit_exits_with_2(spybuild: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """One clear message on stderr, no traceback, and never a value of a secret."""
    done = spybuild(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("spybuild: ")
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


def test_completion_cannot_be_asked_for(spybuild: Run) -> None:
    """An image's ENV, which `validate` runs with, would have it answer in the verb's place."""
    done = spybuild("--version", env={"_SPYBUILD_COMPLETE": "complete_bash"})
    assert (done.returncode, done.stdout[:9]) == (0, "spybuild ")


def test_no_plugin_of_pydantics_sees_a_contract(spybuild: Run, tmp_path: Path) -> None:
    """One that is installed beside SpyBuild is told of every model, and may change what comes of it."""
    told = tmp_path / "evil-1.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (told / "entry_points.txt").write_text("[pydantic]\nevil = evil:plugin\n")
    (tmp_path / "evil.py").write_text("open('seen', 'w').close()\nplugin = None\n")
    (tmp_path / "m.py").write_text("x = 1\n")
    (tmp_path / "spymodel.yml").write_text("filename: m.py\nvariables:\n  - name: x\n")
    environment = {"PYTHONPATH": str(tmp_path), "PYDANTIC_DISABLE_PLUGINS": ""}
    assert spybuild("check", "m.py", cwd=tmp_path, env=environment).returncode == 0
    assert not (tmp_path / "seen").exists()


def test_a_daemon_that_does_not_answer_exits_with_3(spybuild: Run, tmp_path: Path) -> None:
    """The message says where it was looked for, and the next step."""
    (tmp_path / "spymodel.yml").write_text("filename: a.py\n")
    done = spybuild("scan", "app:1", cwd=tmp_path, env={"DOCKER_HOST": "unix:///nosuch/docker.sock"})
    assert done.returncode == 3
    assert "no Docker daemon answers at unix:///nosuch/docker.sock: No such file or directory" in done.stderr
    assert "DOCKER_HOST" in done.stderr


def test_every_option_is_also_a_variable(spybuild: Run, tmp_path: Path) -> None:
    """SPYBUILD_FORMAT is --format."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / "c.yml").write_text("filename: a.py\n")
    variables = {
        "SPYBUILD_FORMAT": "json",
        "SPYBUILD_CONTRACT": "c.yml",
        "SPYBUILD_PYTHON": sys.executable,
        "SPYBUILD_USER": "image",
    }
    done = spybuild("validate", cwd=tmp_path, env=variables)
    assert json.loads(done.stdout)["verdict"] == "pass"


def test_explain_tells_meaning_and_remedy(spybuild: Run) -> None:
    """By id or by name; without either, all rules are listed."""
    by_id, by_name = spybuild("explain", "SPY104"), spybuild("explain", "missing-method")
    assert by_id.stdout == by_name.stdout
    assert "Remedy:" in by_id.stdout
    assert "SPY104" in spybuild("explain").stdout


@pytest.mark.parametrize("document", ["contract", "report", "facts"])
def test_schemas_are_printed(spybuild: Run, document: str) -> None:
    """Each is a JSON Schema of 2020-12."""
    schema = json.loads(spybuild("schema", document).stdout)
    assert schema["$schema"].endswith("2020-12/schema")
