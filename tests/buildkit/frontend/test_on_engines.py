"""The frontend on real BuildKits: what users type, and what they see."""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.buildkit.building import BOTH, registry_of
from tests.buildkit.frontend.building import BROKEN, CONTRACT, PLUGIN, Docker, configs, digests, documents
from tests.conftest import Run
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]

EVERYWHERE = pytest.mark.parametrize("engine", ["docker", "buildkitd"], indirect=True)


@EVERYWHERE
def test_the_image_is_the_one_that_the_dockerfile_alone_makes(stack: Stack, build: Docker) -> None:
    """The same digests on both platforms: nothing of ours is in it."""
    ours, plain = (f"{registry_of(stack)}/spybuild-test/frontend-{name}:1" for name in ("with", "without"))
    for tag, file in ((ours, "Dockerfile"), (plain, "Dockerfile.plain")):
        done = build("--push", f"--platform={BOTH}", f"--tag={tag}", f"--file={file}")
        assert done.returncode == 0, done.stderr
    assert digests(ours) == digests(plain)
    assert set(digests(ours)) == {*BOTH.split(",")}
    assert not any(b"spybuild" in config.lower() for config in configs(ours))


@EVERYWHERE
def test_a_breach_fails_the_build_at_the_contracts_line(stack: Stack, context: Path, build: Docker) -> None:
    """On both platforms, told once; and nothing is pushed."""
    (context / "spymodel.yml").write_text(BROKEN)
    tag = f"{registry_of(stack)}/spybuild-test/frontend-broken:1"
    done = build("--push", f"--platform={BOTH}", f"--tag={tag}")
    assert done.returncode != 0
    assert "   3 | >>>   - name: LIMITS" in done.stderr
    assert "linux/amd64, linux/arm64: SPY102 missing-variable: plugin.py: variable LIMITS is missing" in done.stderr
    with pytest.raises(OSError, match="404"):
        documents(tag)


@EVERYWHERE
def test_the_call_prints_the_table_and_no_image(context: Path, build: Docker) -> None:
    """With the exit code of `spybuild validate`."""
    good = build("--call=spybuild", f"--platform={BOTH}")
    assert (good.returncode, "verdict: pass  (2 of 2 platforms passed)" in good.stdout) == (0, True)
    (context / "spymodel.yml").write_text(BROKEN)
    bad = build("--call=spybuild", f"--platform={BOTH}")
    assert (bad.returncode, "verdict: FAIL" in bad.stdout) == (1, True)


@EVERYWHERE
def test_the_contract_is_found_in_every_kind_of_context(context: Path, build: Docker) -> None:
    """A Dockerfile on standard input, a tar on standard input, another name."""
    dockerfile = (context / "Dockerfile").read_bytes()
    assert build("--file=-", stdin=dockerfile).returncode == 0
    archive = context.parent / "context.tar"
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        for file in sorted(context.iterdir()):
            tar.add(file, file.name)
    done = build(where="-", stdin=archive.read_bytes())
    assert done.returncode == 0, done.stderr
    (context / "spymodel.yml").rename(context / "other.yml")
    assert build("--build-arg=SPYBUILD_CONTRACT=other.yml").returncode == 0
    missing = build()
    assert missing.returncode != 0
    assert "no contract: the build's context has no spymodel.yml" in missing.stderr


@EVERYWHERE
def test_a_dockerfile_need_not_be_edited(frontend: str, context: Path, build: Docker) -> None:
    """BUILDKIT_SYNTAX names the frontend instead of line 1."""
    (context / "spymodel.yml").write_text(BROKEN)
    assert build("--file=Dockerfile.plain").returncode == 0
    done = build("--file=Dockerfile.plain", f"--build-arg=BUILDKIT_SYNTAX={frontend}")
    assert done.returncode != 0
    assert "SPY102" in done.stderr


@EVERYWHERE
def test_errors_of_the_dockerfile_keep_their_lines(context: Path, build: Docker) -> None:
    """A RUN that fails, and an instruction that there is not."""
    lines = (context / "Dockerfile").read_text()
    (context / "Dockerfile").write_text(lines.replace("WORKDIR", "RUN false\nWORKDIR"))
    assert "   3 | >>> RUN false" in build().stderr
    (context / "Dockerfile").write_text(lines.replace("WORKDIR", "WORKDR"))
    assert "unknown instruction: WORKDR" in build().stderr


@EVERYWHERE
@pytest.mark.parametrize("base", ["scratch", "bare"])
def test_an_image_without_python_fails_and_says_so(
    stack: Stack, frontend: str, context: Path, build: Docker, base: str
) -> None:
    """Also one that has no layer, or no /etc/passwd."""
    image = stack.bare if base == "bare" else base
    (context / "Dockerfile").write_text(f"# syntax={frontend}\nFROM {image}\n")
    done = build()
    assert done.returncode != 0
    assert "it could not be decided whether the contract is kept" in done.stderr
    assert "no Python" in done.stderr


@EVERYWHERE
def test_variables_of_the_image_do_not_reach_what_validates(context: Path, build: Docker) -> None:
    """Neither our interpreter's loader nor our options; the image's modules see them all the same."""
    lines = "ENV LD_PRELOAD=/nowhere.so PYTHONHOME=/nowhere SPYBUILD_PYTHON=/nowhere\n"
    (context / "Dockerfile").write_text((context / "Dockerfile").read_text().replace("CMD", f"{lines}CMD"))
    done = build()
    assert "PYTHONHOME" not in done.stderr
    assert done.returncode == 0, done.stderr


@EVERYWHERE
def test_secrets_of_the_build_are_the_deployments(context: Path, build: Docker) -> None:
    """By name; their values are in no log and in no statement."""
    (context / "spymodel.yml").write_text(
        CONTRACT
        + "deployments:\n  - arch: x86_64\n    systems:\n      - os: linux\n        environment: {secrets: [DEVICE_TOKEN]}\n        pythons: [{interpreter: CPython}]\n"
    )
    assert build().returncode != 0
    flags = ("--secret=id=DEVICE_TOKEN,env=DEVICE_TOKEN", "--build-arg=SPYBUILD_SECRETS=DEVICE_TOKEN", "--no-cache")
    done = build(*flags, DEVICE_TOKEN="s3cr3t-of-the-build")
    assert done.returncode == 0, done.stderr
    assert "s3cr3t-of-the-build" not in done.stderr + done.stdout


def test_an_engine_that_knows_less_enforces_the_contract_all_the_same(
    stack: Stack, frontend: str, context: Path, docker: Docker
) -> None:
    """Docker 20.10: BuildKit 0.8, which takes no statements and tells no frontend its own digest."""
    assert stack.docker_classic is not None
    saved = context.parent / "frontend.tar"
    assert docker("pull", "--quiet", frontend).returncode == 0
    assert docker("save", "--output", str(saved), frontend).returncode == 0
    classic = {**stack.docker_classic.environment(), "DOCKER_BUILDKIT": "1"}
    client = stack.docker_classic.client or "docker"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **classic}
        return subprocess.run(
            [client, *arguments], capture_output=True, text=True, check=False, cwd=context, env=environment, timeout=300
        )

    assert run("load", "--input", str(saved)).returncode == 0
    assert run("tag", frontend, "spybuild-test/frontend:1").returncode == 0
    lines = (context / "Dockerfile").read_text().replace(frontend, "spybuild-test/frontend:1")
    (context / "Dockerfile").write_text(lines)
    done = run("build", "--tag", "spybuild-test/from-frontend:1", ".")
    assert done.returncode == 0, done.stderr
    (context / "spymodel.yml").write_text(BROKEN)
    broken = run("build", ".")
    assert broken.returncode != 0
    assert "variable LIMITS is missing" in broken.stderr


@EVERYWHERE
def test_the_builds_own_report_is_signed_only_for_the_very_files(
    stack: Stack, context: Path, build: Docker, spybuild: Run, tmp_path: Path
) -> None:
    """`--from-build` runs nothing; an image whose files were changed afterwards is undecided; the gate asks for more."""
    tag = f"{registry_of(stack)}/spybuild-test/from-build:1"
    assert build("--push", f"--platform={BOTH}", f"--tag={tag}").returncode == 0
    contract = context / "spymodel.yml"
    done = spybuild("scan", f"registry://{tag}", "-c", contract, "--from-build", "-f", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert [each["evidence"] for each in report["platforms"]] == [["runtime", "static"]] * 2

    plain = f"{registry_of(stack)}/spybuild-test/not-from-build:1"
    assert build("--push", f"--platform={BOTH}", f"--tag={plain}", "--file=Dockerfile.plain").returncode == 0
    undecided = spybuild("scan", f"registry://{plain}", "-c", contract, "--from-build")
    assert undecided.returncode == 3
    assert "none is attached" in undecided.stdout


def test_what_a_build_attaches_does_not_satisfy_the_gate(
    stack: Stack, context: Path, build: Docker, spybuild: Run, tmp_path: Path
) -> None:
    """It is not signed. A signature made on the strength of it does, and of nothing that bypassed the frontend."""
    keys = tmp_path / "keys"
    keys.mkdir()
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", keys / "key"], check=True)
    subprocess.run(
        ["openssl", "ec", "-in", keys / "key", "-pubout", "-out", keys / "pub"], check=True, capture_output=True
    )
    contract = context / "spymodel.yml"
    verify = ("verify", "--key", keys / "pub", "--contract", contract)

    through = f"{registry_of(stack)}/spybuild-test/gated:1"
    assert build("--push", f"--platform={BOTH}", f"--tag={through}").returncode == 0
    assert spybuild(*verify, through).returncode == 4
    signed = spybuild("scan", through, "-c", contract, "--from-build", "--sign", "--key", keys / "key")
    assert signed.returncode == 0, signed.stderr + signed.stdout
    assert spybuild(*verify, through).returncode == 0

    (context / "plugin.py").write_text(PLUGIN.replace("5", "6"))
    bypassed = f"{registry_of(stack)}/spybuild-test/gated:2"
    assert build("--push", f"--platform={BOTH}", f"--tag={bypassed}", "--file=Dockerfile.plain").returncode == 0
    assert spybuild(*verify, bypassed).returncode == 4
    refused = spybuild("scan", bypassed, "-c", contract, "--from-build", "--sign", "--key", keys / "key")
    assert refused.returncode == 1, refused.stdout
