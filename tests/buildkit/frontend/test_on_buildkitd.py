"""The frontend on BuildKit's own daemon, the newest there is: what older ones cannot, and builders of two nodes."""

import json
import tarfile
import urllib.error
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.buildkit.building import BOTH, registry_of
from tests.buildkit.frontend.building import (
    BROKEN,
    CONTRACT,
    INDEX,
    MANIFEST,
    PLUGIN,
    Client,
    Docker,
    digests,
    documents,
    fetched,
    push,
    repository,
    statements,
    web,
)
from tests.stack import BuildKit, Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("buildkitd"), pytest.mark.timeout(600)]

# On one platform only: what a wheel or an `if` of the architecture's does in the world.
UNLIKE = 'import platform\nif platform.machine() == "x86_64":\n    LIMIT = 5\ndef run(x: int): ...\n'


RAN = "verdict: pass"
"""What a validation says in the client's log when it is carried out; one from a cache is silent."""


@pytest.fixture
def engine(buildkit: BuildKit) -> Mapping[str, str]:
    """All tests here are of BuildKit's own daemon."""
    return buildkit.environment()


@pytest.fixture
def two_nodes(client: Client, buildkit: BuildKit) -> Client:
    """The client on the builder whose second node builds arm64."""
    return client.on(buildkit.environment(buildkit.nodes))


def demanded(contract: str) -> str:
    """The build argument that demands a base that keeps a contract."""
    return f"--build-arg=SPYBUILD_BASE_CONTRACT=sha256:{sha256(contract.encode()).hexdigest()}"


@pytest.fixture
def base(stack: Stack, context: Path, build: Docker) -> str:
    """An image of both platforms that carries statements, and is what the context's Dockerfile begins with."""
    tag = f"{registry_of(stack)}/spybuild-test/base:{uuid4().hex[:8]}"
    done = build("--push", f"--platform={BOTH}", f"--tag={tag}")
    assert done.returncode == 0, done.stderr
    begin_with(context, tag)
    return tag


def begin_with(context: Path, reference: str) -> None:
    """Let the context's Dockerfile begin with another image."""
    line = (context / "Dockerfile").read_text().splitlines()[0]
    (context / "Dockerfile").write_text(f"{line}\nFROM {reference}\nRUN true\n")


def test_a_base_that_carries_the_statement_does(base: str, build: Docker) -> None:
    """On both platforms."""
    done = build(f"--platform={BOTH}", demanded(CONTRACT))
    assert done.returncode == 0, done.stderr


def test_a_base_held_against_another_contract_is_refused(base: str, build: Docker) -> None:
    """Told for each platform, with the base's name."""
    done = build(f"--platform={BOTH}", demanded(BROKEN))
    assert done.returncode != 0
    assert "spybuild: the base image does not do" in done.stderr
    for platform in BOTH.split(","):
        assert f"{platform}: its base {base}@sha256:" in done.stderr
    assert "carries no statement that it keeps the contract sha256:" in done.stderr


def test_a_base_that_nobody_validated_is_refused(build: Docker) -> None:
    """The plain base of the stack's carries no statement."""
    done = build(demanded(CONTRACT))
    assert done.returncode != 0
    assert "carries no statement" in done.stderr


def test_a_statement_of_another_image_does_not_do(stack: Stack, base: str, context: Path, build: Docker) -> None:
    """Attached to an image of its own that nobody validated, by who can push: the subject tells."""
    plain = f"{registry_of(stack)}/spybuild-test/base-plain:1"
    assert build("--push", f"--platform={BOTH}", f"--tag={plain}", "--file=Dockerfile.plain").returncode == 0
    (context / "Dockerfile.other").write_text("FROM scratch\nCOPY plugin.py /\n")
    forged = f"{base.rpartition(':')[0]}:forged"
    assert build("--push", f"--platform={BOTH}", f"--tag={forged}", "--file=Dockerfile.other").returncode == 0
    forge(base, forged)
    assert len(statements(forged)) == 2
    begin_with(context, forged)
    done = build(demanded(CONTRACT))
    assert done.returncode != 0
    assert "carries no statement" in done.stderr


def forge(validated: str, forged: str) -> None:
    """Attach the statements of a validated image, as they are, to those of another index in the same repository."""
    index, own = documents(validated), digests(forged)
    names = {digest: name for name, digest in digests(validated).items()}
    index["manifests"] = [_attached_to_another(validated, each, names, own) for each in index["manifests"]]
    push(forged, "manifests", json.dumps(index).encode(), INDEX)


def _attached_to_another(
    validated: str, entry: dict[str, Any], names: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, Any]:
    """An entry of an index that says of another image what it said of the validated one."""
    if entry["digest"] in names:
        digest = own[names[entry["digest"]]]
        content = fetched(validated, "manifests", digest)
        return {**entry, "digest": digest, "size": len(content)}
    target = own[names[entry["annotations"]["vnd.docker.reference.digest"]]]
    manifest = json.loads(fetched(validated, "manifests", entry["digest"]))
    if "subject" in manifest:
        manifest["subject"] |= {"digest": target, "size": len(fetched(validated, "manifests", target))}
    content = json.dumps(manifest).encode()
    digest = push(validated.rpartition(":")[0] + ":attached", "manifests", content, MANIFEST)
    annotations = {**entry["annotations"], "vnd.docker.reference.digest": target}
    return {**entry, "digest": digest, "size": len(content), "annotations": annotations}


@pytest.mark.parametrize("place", ["app.git", "app.git#main:", "app.git#main:sub"])
def test_the_contract_is_found_in_a_git_repository(context: Path, build: Docker, place: str) -> None:
    """Also below a folder of it."""
    if place.endswith("sub"):
        (context / "sub").mkdir()
        for name in ("Dockerfile", "plugin.py", "spymodel.yml"):
            (context / name).rename(context / "sub" / name)
    served = context.parent / "served"
    served.mkdir()
    repository(context, served / "app.git")
    with web(served) as address:
        done = build(where=f"{address}/{place}")
    assert done.returncode == 0, done.stderr
    assert "validate spymodel.yml" in done.stderr


def test_the_contract_is_found_in_a_tar_of_the_network(context: Path, build: Docker) -> None:
    """A tar.gz behind an address, with the Dockerfile in it; a contract that it breaks is refused from there."""
    served = context.parent / "served"
    served.mkdir()
    for name, contract, code in (("good", CONTRACT, 0), ("bad", BROKEN, 1)):
        (context / "spymodel.yml").write_text(contract)
        with tarfile.open(served / f"{name}.tar.gz", "w:gz") as tar:
            tar.add(context, ".")
        with web(served) as address:
            done = build(where=f"{address}/{name}.tar.gz")
        assert done.returncode == code, done.stderr
    assert "   3 | >>>   - name: LIMITS" in done.stderr


def test_contexts_with_names_reach_the_dockerfile(stack: Stack, context: Path, build: Docker) -> None:
    """A folder, an image, and another target of the same bake file."""
    (context.parent / "lib").mkdir()
    (context.parent / "lib" / "plugin.py").write_text(PLUGIN)
    lines = (context / "Dockerfile").read_text()
    copies = "COPY --from=lib plugin.py .\nCOPY --from=base-image /etc/debian_version /etc/other\n"
    (context / "Dockerfile").write_text(lines.replace("COPY plugin.py .\n", copies))
    (context / "plugin.py").unlink()
    done = build("--build-context=lib=../lib", f"--build-context=base-image=docker-image://{stack.bases['3.11']}")
    assert done.returncode == 0, done.stderr


def test_targets_of_a_bake_file_may_build_on_each_other(stack: Stack, context: Path, client: Client) -> None:
    """`contexts = { base = "target:base" }`: what one target makes is the input of the other."""
    line, *_ = (context / "Dockerfile").read_text().splitlines()
    (context / "Dockerfile.base").write_text(f"FROM {stack.bases['3.13']}\nWORKDIR /app\nCOPY plugin.py .\n")
    (context / "Dockerfile").write_text(f"{line}\nFROM base\nWORKDIR /app\n")
    (context / "docker-bake.hcl").write_text(
        'target "base" {\n  dockerfile = "Dockerfile.base"\n}\n'
        'target "default" {\n  contexts = { base = "target:base" }\n  output = ["type=cacheonly"]\n}\n'
    )
    done = client.run("buildx", "bake", "--progress=plain", "default")
    assert done.returncode == 0, done.stderr
    (context / "spymodel.yml").write_text(BROKEN)
    assert "variable LIMITS is missing" in client.run("buildx", "bake", "--progress=plain", "default").stderr


def test_a_validation_is_cached_like_any_other_step(
    stack: Stack, context: Path, client: Client, two_nodes: Client
) -> None:
    """On the same builder; and on another one by way of a registry."""
    (context / "plugin.py").write_text(f"{PLUGIN}# {uuid4()}\n")
    cache = f"{registry_of(stack)}/spybuild-test/cache:{uuid4().hex[:8]}"
    platform = "--platform=linux/arm64"
    first = client.build(platform, f"--cache-to=type=registry,ref={cache},mode=max")
    assert (first.returncode, RAN in first.stderr) == (0, True), first.stderr
    for again in (client.build(platform), two_nodes.build(platform, f"--cache-from=type=registry,ref={cache}")):
        assert (again.returncode, RAN in again.stderr) == (0, False), again.stderr
        assert "linux/arm64: validate spymodel.yml" in again.stderr


def test_without_the_cache_each_platform_is_validated_once(build: Docker) -> None:
    """`--no-cache` is for the step, which the statement rests on: that must not carry it out again."""
    done = build(f"--platform={BOTH}", "--no-cache")
    assert (done.returncode, done.stderr.count(RAN)) == (0, 2), done.stderr


def test_two_nodes_make_one_index(stack: Stack, two_nodes: Client) -> None:
    """Each validates its own platform; the statements of both are in the index that is pushed."""
    tag = f"{registry_of(stack)}/spybuild-test/two-nodes:{uuid4().hex[:8]}"
    done = two_nodes.build("--push", f"--platform={BOTH}", f"--tag={tag}")
    assert done.returncode == 0, done.stderr
    assert set(digests(tag)) == {*BOTH.split(",")}
    assert {each["subject"][0]["digest"]["sha256"] for each in statements(tag)} == {
        digest.removeprefix("sha256:") for digest in digests(tag).values()
    }


def test_a_platform_that_fails_on_one_of_two_nodes_leaves_no_tag(
    stack: Stack, context: Path, two_nodes: Client
) -> None:
    """The good platform is not served either."""
    (context / "plugin.py").write_text(UNLIKE)
    tag = f"{registry_of(stack)}/spybuild-test/two-nodes-broken:{uuid4().hex[:8]}"
    done = two_nodes.build("--push", f"--platform={BOTH}", f"--tag={tag}")
    assert done.returncode != 0
    assert "linux/arm64: SPY102 missing-variable: plugin.py: variable LIMIT is missing" in done.stderr
    assert "linux/amd64" not in done.stderr.partition("ERROR: failed to build")[2]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        documents(tag)


def test_nothing_is_lost_on_a_buildkit_of_today(stack: Stack, context: Path, build: Docker) -> None:
    """Statements stand beside provenance and SBOM-less, and speak of the manifests that are in the index."""
    tag = f"{registry_of(stack)}/spybuild-test/today:{uuid4().hex[:8]}"
    done = build("--push", f"--platform={BOTH}", f"--tag={tag}", "--provenance=mode=max")
    assert done.returncode == 0, done.stderr
    assert "WARN" not in done.stderr
    subjects = {each["subject"][0]["digest"]["sha256"] for each in statements(tag)}
    assert subjects == {digest.removeprefix("sha256:") for digest in digests(tag).values()}
