"""The image in stages of real builds: on every platform, on foreign Pythons, as any user, in hostile surroundings."""

import ast
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildkit.image import Build
from buildkit.sizes import in_registry
from tests.buildkit.building import BOTH, Docker, registry_of
from tests.images.layers.making import zstd_compress
from tests.stack import Stack, debs
from tests.stack.home import Home

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]

SAMPLES = Path(__file__).parents[2] / "sample-images/smart-home"
ROOT = SAMPLES.parents[1]
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7")
MOST = 15_000_000
"""Bytes that may be pulled for one platform."""

CONTRACT = "modules:\n  - filename: plugin.py\n    functions:\n      - name: run\n"
# Whatever SpyBuild's own interpreter needs must not be seen by the target's.
PLUGIN = """\
import os, sys
ours = [name for name in os.environ if name.startswith(("LD_", "PYTHON", "LC_", "SPYBUILD")) and name not in EXPECTED]
assert not ours, ours
assert not [path for path in sys.path if "/.spybuild" in path], sys.path
def run(): ...
"""


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
            "RUN --mount=type=bind,from=spybuild,source=/.spybuild,target=/.spybuild "
            '["/.spybuild/bin/spybuild", "validate"]\n'
        )
        return docker("buildx", "build", "--progress=plain", "--output=type=cacheonly", "--no-cache", tmp_path)

    return build


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_image_runs_by_itself(docker: Docker, image: str, platform: str) -> None:
    """As root and as nobody, and writes nothing."""
    for user in ("0", "65534"):
        done = docker("run", "--rm", "--platform", platform, "--user", user, "--read-only", image, "--version")
        assert done.stdout.startswith("spybuild "), done.stderr


def test_the_image_is_a_command_line(stack: Stack, docker: Docker, image: str, tmp_path: Path) -> None:
    """It shows its help, and scans an image in a registry: reads both platforms of it, and finds the breach."""
    shown = docker("run", "--rm", image, "scan", "--help")
    assert (shown.returncode, "--platform" in shown.stdout) == (0, True), shown.stderr
    (tmp_path / "plugin.py").write_text("def run(x: int) -> bool:\n    return True\n")
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    (tmp_path / "Dockerfile").write_text(f"FROM {stack.bases['3.13']}\nWORKDIR /app\nCOPY plugin.py ./\n")
    tag = f"{registry_of(stack)}/spybuild-test/scanned:1"
    built = docker("buildx", "build", "--push", f"--tag={tag}", f"--platform={BOTH}", tmp_path)
    assert built.returncode == 0, built.stderr

    def scan() -> subprocess.CompletedProcess[str]:
        contract = f"type=bind,source={tmp_path / 'spymodel.yml'},target=/spymodel.yml,readonly"
        flags = ("--rm", "--read-only", "--user=65534", "--network=host", f"--mount={contract}")
        return docker("run", *flags, image, "scan", f"registry://{tag}", "-c", "/spymodel.yml")

    good = scan()
    assert (good.returncode, "verdict: pass  (2 of 2 platforms passed)" in good.stdout) == (0, True), good.stderr
    (tmp_path / "spymodel.yml").write_text(CONTRACT.replace("run", "walk"))
    bad = scan()
    assert (bad.returncode, "SPY101 missing-function  MISSING  on every platform" in bad.stdout) == (1, True)


def test_it_holds_nothing_else(docker: Docker, image: str, tmp_path: Path) -> None:
    """One folder, in it three programs, and of modules no source but the one that is read as text."""
    made = docker("create", image).stdout.strip()
    try:
        docker("export", made, "-o", tmp_path / "image.tar")
    finally:
        docker("rm", made)
    with tarfile.open(tmp_path / "image.tar") as archive:
        names = archive.getnames()
    # Docker adds its own to every container.
    assert {name.partition("/")[0] for name in names} <= {".spybuild", ".dockerenv", "dev", "etc", "proc", "sys"}
    programs = {name for name in names if name.startswith(".spybuild/bin/")}
    assert programs == {f".spybuild/bin/{name}" for name in ("spybuild", "frontend", "step")}
    assert [name for name in names if name.endswith(".py")] == [".spybuild/packages/spybuild/probe/probe.py"]


# A module that is left out of the image fails where it is first used, which may be in a rare case: all are looked for.
LOOK = """
import sys; sys.path.append("/.spybuild/packages")
from importlib import import_module
for name in NAMES:
    try:
        import_module(name)
    except Exception as error:
        print((getattr(error.__cause__ or error, "name", None) or repr(error)).partition(".")[0])
from google.protobuf.internal import api_implementation
print("protobuf by", api_implementation.Type())
"""
# Of the extras `sign` and `kms`, of another Python, of development; zstd's own library is there, and for ARM zlib alone.
NOT_THERE = {
    "asn1crypto", "backports", "compression", "cryptography", "grpc_tools", "isal", "nacl", "rfc3161_client", "rfc8785",
    "securesystemslib", "sigstore",
}  # fmt: skip


def imported(*folders: str) -> Iterator[str]:
    """All that SpyBuild and the frontend name in an import, and their own modules."""
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        if file.name == "probe.py" or "wire/__main__" in str(file):
            continue
        if not file.name.startswith("__"):
            yield ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module


@pytest.mark.parametrize(
    ("platform", "protobuf", "folders"),
    [
        ("linux/amd64", "upb", ("spybuild", "buildkit/frontend")),
        ("linux/arm/v7", "python", ("buildkit/frontend", "spybuild/contracts")),  # emulated, all would take minutes
    ],
)
def test_all_that_is_ever_imported_is_there(
    docker: Docker, image: str, platform: str, protobuf: str, folders: tuple[str, ...]
) -> None:
    """But for libraries of extras, which say so themselves."""
    python = "/.spybuild/libexec/spybuild-python"
    code = LOOK.replace("NAMES", repr(sorted(set(imported(*folders)))))
    done = docker("run", "--rm", "--platform", platform, "--entrypoint", python, image, "-ISBXutf8", "-c", code)
    *missing, last = done.stdout.splitlines()
    assert last == f"protobuf by {protobuf}", done.stderr
    assert set(missing) <= NOT_THERE


ZSTD = zstd_compress(b"y" * 9)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_layers_of_all_compressions_are_read(docker: Docker, image: str, platform: str) -> None:
    """Also where there is no wheel for it."""
    code = (
        "import sys, gzip; sys.path.append('/.spybuild/packages')\n"
        "from spybuild.images.layers.compression import unpacked\n"
        "t = 'application/vnd.oci.image.layer.v1.tar+'\n"
        "print(b''.join(unpacked(iter([gzip.compress(b'x' * 9)]), t + 'gzip')))\n"
        f"print(b''.join(unpacked(iter([{ZSTD!r}]), t + 'zstd')))\n"
    )
    python = "/.spybuild/libexec/spybuild-python"
    done = docker("run", "--rm", "--platform", platform, "--entrypoint", python, image, "-ISBXutf8", "-c", code)
    assert done.stdout == "b'xxxxxxxxx'\nb'yyyyyyyyy'\n", done.stderr


def test_no_platform_is_larger_than_it_may_be(build: Callable[..., Build], image: str, frontend: Build) -> None:
    """What is pulled into a build, in bytes."""
    sizes = build(tag=image).sizes()
    assert tuple(sizes) == PLATFORMS
    assert max(*sizes.values(), *frontend.sizes().values()) <= MOST, sizes


def test_buildkit_is_told_what_the_frontend_can_do(docker: Docker, frontend: Build) -> None:
    """BuildKit refuses `--call` and named contexts where the labels do not say so."""
    config = json.loads(docker("image", "inspect", frontend.tag).stdout)[0]["Config"]
    assert config["Entrypoint"] == ["/.spybuild/bin/frontend"]
    labels = config["Labels"]
    assert labels["moby.buildkit.frontend.network.none"] == "true"
    assert {each.rpartition(".")[2] for each in labels["moby.buildkit.frontend.caps"].split(",")} == {
        "inputs", "subrequests", "contexts",
    }  # fmt: skip


def test_building_it_again_without_a_cache_makes_the_same_image(
    docker: Docker, build: Callable[..., Build], image: str
) -> None:
    """The index's digest, and so every byte of every platform."""
    identity = ("image", "inspect", "-f", "{{.Id}}")
    build(tag=image).run(quiet=True)  # the checkout may have changed since
    again = build(tag="spybuild/spybuild:again", cached=False)
    done = docker(*again.command()[1:], cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert docker(*identity, again.tag).stdout == docker(*identity, image).stdout != ""
    docker("image", "rm", again.tag)


def test_bake_publishes_both(stack: Stack, docker: Docker, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a registry, compressed as the command line does it."""
    assert stack.registry is not None
    for name, value in (("REGISTRY", f"{stack.registry.address}/"), ("TAG", "baked"), ("BASE", stack.bases["3.13"])):
        monkeypatch.setenv(name, value)
    done = docker("buildx", "bake", "-f", ROOT / "buildkit/docker-bake.hcl", "--push", cwd=ROOT)
    assert done.returncode == 0, done.stderr
    for name in ("spybuild", "frontend"):
        reference = f"{stack.registry.address}/spybuild/{name}:baked"
        sizes = in_registry(reference, lambda each: docker("buildx", "imagetools", "inspect", "--raw", each).stdout)
        assert set(sizes) == set(PLATFORMS)
        assert max(sizes.values()) <= MOST


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
    done = stage("ENV PATH=/.spybuild/bin:/.spybuild/libexec:/bin", base=stack.bare)
    assert done.returncode != 0
    assert "no Python for linux/amd64" in done.stderr


def test_nothing_of_ours_is_on_the_targets_path(stage: Docker) -> None:
    """Not even where the target's PATH and PYTHONPATH are full of it: PLUGIN looks."""
    done = stage("ENV PATH=/.spybuild/bin:$PATH PYTHONPATH=/nothing:", expected=("PYTHONPATH",))
    assert done.returncode == 0, done.stderr


ELSEWHERE = """\
FROM {image} AS spybuild
FROM {base} AS tools
{rootfs}
FROM tools
RUN --mount=type=bind,from=rootfs,target=/rootfs,rw --mount=type=bind,from=spybuild,source=/.spybuild,target=/rootfs/.spybuild \
    for user in 0 65534; do chroot --userspec=$user:$user /rootfs /.spybuild/bin/spybuild {arguments} || exit; done
"""


@pytest.fixture
def rooted(stack: Stack, docker: Docker, image: str, tmp_path: Path) -> Docker:
    """Run SpyBuild in a root filesystem that has no /proc, /sys and /dev, as root and as nobody."""

    def build(rootfs: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        filled = ELSEWHERE.format(image=image, base=stack.bases["3.13"], rootfs=rootfs, arguments=" ".join(arguments))
        (tmp_path / "Dockerfile").write_text(filled)
        return docker("buildx", "build", "--progress=plain", "--output=type=cacheonly", "--no-cache", tmp_path)

    return build


def test_an_empty_rootfs_is_enough(rooted: Docker, tmp_path: Path) -> None:
    """No library, no /proc, no /tmp: nothing but a contract."""
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    rootfs = "FROM scratch AS rootfs\nCOPY spymodel.yml /app/"
    assert "spybuild " in rooted(rootfs, "--version").stderr
    done = rooted(rootfs, "validate", "-c", "/app/spymodel.yml")
    assert done.returncode != 0
    assert "no Python for linux/amd64" in done.stderr


def test_a_rootfs_of_musl_is_as_good(rooted: Docker, tmp_path: Path) -> None:
    """Another C library is there, under the names that its programs ask for."""
    musl = debs.unpack(Home.find(), "musl", "trixie", ["musl"])
    with tarfile.open(tmp_path / "musl.tar", "w") as tar:
        tar.add(musl, arcname=".")
    assert "spybuild " in rooted("FROM scratch AS rootfs\nADD musl.tar /", "--version").stderr


def test_the_target_is_asked_without_proc_and_tmp(rooted: Docker, stack: Stack, tmp_path: Path) -> None:
    """Neither our interpreter nor the probe in the target's looks for them."""
    (tmp_path / "plugin.py").write_text(PLUGIN.replace("EXPECTED", "()"))
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    rootfs = f"FROM {stack.bases['3.13']} AS rootfs\nCOPY plugin.py spymodel.yml /\nRUN rm -rf /tmp /var/tmp"
    done = rooted(rootfs, "validate", "-c", "/spymodel.yml")
    assert done.stderr.count("verdict: pass") >= 2, done.stderr
