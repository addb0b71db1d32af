"""The image in stages of real builds: on every platform, on foreign Pythons, as any user, in hostile surroundings."""

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from buildkit.image import Build
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]

SAMPLES = Path(__file__).parents[2] / "sample-images/smart-home"
TAG = "spybuild/spybuild:tested"
Docker = Callable[..., subprocess.CompletedProcess[str]]

CONTRACT = "modules:\n  - filename: plugin.py\n    functions:\n      - name: run\n"
# Whatever SpyBuild's own interpreter needs must not be seen by the target's.
PLUGIN = """\
import os, sys
ours = [name for name in os.environ if name.startswith(("LD_", "PYTHON", "LC_", "SPYBUILD")) and name not in EXPECTED]
assert not ours, ours
assert not [path for path in sys.path if "/opt/spybuild" in path], sys.path
def run(): ...
"""


@pytest.fixture(scope="session")
def docker(stack: Stack) -> Docker:
    """Run the docker client against the stack's engine."""
    assert stack.docker is not None
    client = stack.docker.client or "docker"
    environment = {**os.environ, **stack.docker.environment(), "DEVICE_TOKEN": "any-value"}

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [client, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=500, env=environment)

    return run


@pytest.fixture(scope="session")
def image(stack: Stack, docker: Docker) -> str:
    """The image, built from this checkout."""
    assert stack.docker is not None
    environment = stack.docker.environment()
    client = stack.docker.client or "docker"
    Build(tag=TAG, base=stack.bases["3.13"], docker=client, environment=environment).run(quiet=True)
    return TAG


@pytest.fixture
def thermostat(stack: Stack, docker: Docker, image: str) -> Docker:
    """Build the thermostat's release with its validate stage."""

    def build(*arguments: str, base: str = "3.13", platform: str = "linux/amd64") -> subprocess.CompletedProcess[str]:
        return docker(
            "buildx", "build", "--progress=plain", "--output=type=cacheonly", "--platform", platform,
            "--build-arg", f"BASE={stack.bases[base]}",
            "--build-arg", f"SPYBUILD={image}", "--secret", "id=device_token,env=DEVICE_TOKEN",
            "--no-cache-filter", "validate", "-f", SAMPLES / "thermostat/Dockerfile", *arguments, SAMPLES,
        )  # fmt: skip

    return build


@pytest.fixture
def stage(stack: Stack, docker: Docker, image: str, tmp_path: Path) -> Docker:
    """Build an image of one little plugin and validate it in a stage, with further lines in the Dockerfile."""

    def build(
        lines: str = "", *, base: str = "3.13", expected: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "plugin.py").write_text(PLUGIN.replace("EXPECTED", repr(expected)))
        (tmp_path / "spymodel.yml").write_text(CONTRACT)
        # Without a shell: the first line of a script is all that the kernel needs.
        (tmp_path / "Dockerfile").write_text(
            f"FROM {image} AS spybuild\nFROM {stack.bases.get(base, base)}\nWORKDIR /app\nCOPY . ./\n{lines}\n"
            "RUN --mount=type=bind,from=spybuild,source=/opt/spybuild,target=/opt/spybuild "
            '["/opt/spybuild/bin/spybuild", "validate"]\n'
        )
        return docker("buildx", "build", "--progress=plain", "--output=type=cacheonly", "--no-cache", tmp_path)

    return build


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_the_image_runs_by_itself(docker: Docker, image: str, platform: str) -> None:
    for user in ("0", "65534"):
        done = docker("run", "--rm", "--platform", platform, "--user", user, "--read-only", image, "--version")
        assert done.stdout.startswith("spybuild "), done.stderr


def test_it_holds_nothing_else(docker: Docker, image: str, tmp_path: Path) -> None:
    made = docker("create", image).stdout.strip()
    try:
        docker("export", made, "-o", tmp_path / "image.tar")
    finally:
        docker("rm", made)
    with tarfile.open(tmp_path / "image.tar") as archive:
        names = archive.getnames()
    # Docker adds its own to every container.
    assert {name.partition("/")[0] for name in names} <= {"opt", ".dockerenv", "dev", "etc", "proc", "sys"}
    assert not [name for name in names if name.startswith("opt/") and not name.startswith("opt/spybuild")]
    assert [name for name in names if name.startswith("opt/spybuild/bin/")] == ["opt/spybuild/bin/spybuild"]


def test_building_it_again_makes_the_same_image(stack: Stack, docker: Docker, image: str) -> None:
    before = docker("image", "inspect", "-f", "{{.Id}}", image).stdout
    assert stack.docker is not None
    client, environment = stack.docker.client or "docker", stack.docker.environment()
    Build(tag=TAG, base=stack.bases["3.13"], docker=client, environment=environment).run(quiet=True)
    assert docker("image", "inspect", "-f", "{{.Id}}", image).stdout == before


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_the_good_thermostat_is_built(thermostat: Docker, platform: str) -> None:
    done = thermostat(platform=platform)
    assert done.returncode == 0, done.stderr
    assert "verdict: pass  (1 of 1 platform passed)" in done.stderr
    assert f"module     {platform}" in done.stderr


@pytest.mark.parametrize("platform", ["linux/amd64", "linux/arm64"])
def test_a_broken_one_is_refused_at_the_contracts_line(thermostat: Docker, platform: str) -> None:
    done = thermostat("--build-arg", "VARIANT=missing-method", platform=platform)
    assert done.returncode != 0
    assert f"SPY104 missing-method  MISSING  on {platform}" in done.stderr
    assert "/spymodel.yml:53:15" in done.stderr
    assert "/app/thermostat/plugin.py:24" in done.stderr


@pytest.mark.parametrize(
    ("base", "found"), [("3.11", "CPython 3.11"), ("3.11-minimal", "CPython 3.11"), ("pypy3.11", "PyPy 3.11")]
)
def test_the_targets_own_interpreter_answers(thermostat: Docker, base: str, found: str) -> None:
    done = thermostat(base=base)
    assert done.returncode != 0
    assert found in done.stderr
    assert "SPY304 python-version" in done.stderr


@pytest.mark.parametrize("base", ["3.13", "3.11", "3.11-minimal", "pypy3.11"])
@pytest.mark.parametrize("user", ["root", "65534"])
def test_any_user_and_any_python_and_no_shell(stage: Docker, base: str, user: str) -> None:
    done = stage(f"USER {user}", base=base)
    assert done.returncode == 0, done.stderr


def test_nothing_of_the_targets_surroundings_is_used(stage: Docker) -> None:
    """An older C library in LD_LIBRARY_PATH and in ld.so.preload, another home for Python: ours takes no notice."""
    hostile = (
        "RUN mkdir /hostile && echo 'raise SystemExit(9)' > /hostile/typing.py && cp /hostile/typing.py /hostile/site.py"
        " && echo /hostile/none.so > /etc/ld.so.preload\n"
        "ENV LD_LIBRARY_PATH=/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu PYTHONPATH=/hostile PYTHONHOME=/hostile "
        "PYTHONSTARTUP=/hostile/site.py LANG=xx_XX.ISO-8859-1\n"
    )
    # With such a LANG the target's own Python sets LC_CTYPE for itself (PEP 538).
    expected = ("LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "LC_CTYPE")
    done = stage(hostile, base="3.11", expected=expected)
    assert done.returncode == 0, done.stderr
    assert "cannot be preloaded" not in done.stderr


def test_our_interpreter_is_not_taken_for_the_targets(stage: Docker, stack: Stack) -> None:
    assert stack.bare is not None
    done = stage("ENV PATH=/opt/spybuild/bin:/opt/spybuild/libexec:/bin", base=stack.bare)
    assert done.returncode != 0
    assert "no Python for linux/amd64" in done.stderr
