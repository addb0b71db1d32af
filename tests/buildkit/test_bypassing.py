"""What can bypass the frontend (docs/buildkit.md), done on real builds: the image is there, and the gate refuses it."""

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spybuild.model.digests import Digest
from spybuild.model.from_build import TEST_RESULT
from tests.buildkit.building import Docker, registry_of
from tests.conftest import ROOT
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]

GOOD, BAD = "LIMIT = 5\n", "LIMIT = 6\n"
CONTRACT = "filename: plugin.py\nvariables:\n  - name: LIMIT\n    value: 5\n"
WEAK = "filename: plugin.py\nvariables:\n  - name: LIMIT\n"
INDEX, MANIFEST = (f"application/vnd.oci.image.{kind}.v1+json" for kind in ("index", "manifest"))
# A frontend that validates nothing: ours, without what it does.
PRETENDS = """\
import sys
sys.path.append("/.spybuild/packages")
from buildkit.frontend import __main__, serving
serving.carry_out = lambda bridge, options: bridge.build(options.frontend, options.forwarded, bridge.inputs())
__main__.main()
"""


@dataclass(frozen=True)
class Pipeline:
    """One image's way: built from a folder, pushed under a tag, signed on the strength of its build, held by a gate."""

    docker: Docker
    folder: Path
    repository: str
    frontend: str
    pretender: str
    base: str

    @property
    def tag(self) -> str:
        """What is promoted."""
        return f"{self.repository}:1.4"

    def write(self, plugin: str, *lines: str, syntax: bool = True) -> None:
        """Write the Dockerfile and what it copies."""
        (self.folder / "spymodel.yml").write_text(CONTRACT)
        (self.folder / "weak.yml").write_text(WEAK)
        (self.folder / "plugin.py").write_text(plugin)
        first = [f"# syntax={self.frontend}"] if syntax else []
        usual = [f"FROM {self.base} AS app", "WORKDIR /app", "COPY *.py *.yml ./"]
        (self.folder / "Dockerfile").write_text("\n".join([*first, *usual, *lines, ""]))

    def push(self, *flags: str, **variables: str) -> None:
        """Build and push; the build must be let through."""
        done = self.build("--push", f"--tag={self.tag}", *flags, **variables)
        assert done.returncode == 0, done.stderr

    def build(self, *flags: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Build the folder, for one platform."""
        arguments = ("buildx", "build", "--progress=plain", "--platform=linux/amd64", *flags, ".")
        return self.docker(*arguments, cwd=self.folder, **variables)

    def sign(self, contract: str = "spymodel.yml") -> int:
        """Sign what the build told, where that holds."""
        flags = ("-c", self.folder / contract, "--from-build", "--sign", "--key", self.folder.parent / "key")
        return spybuild("scan", self.tag, *flags).returncode

    def gate(self) -> int:
        """Ask the gate, which holds the contract and the public key."""
        flags = ("--key", self.folder.parent / "pub", "--contract", self.folder.parent / "gate.yml")
        return spybuild("verify", *flags, self.tag).returncode

    def ask(self, path: str, content: bytes | None = None, kind: str = f"{INDEX}, {MANIFEST}") -> bytes:
        """Read something of the repository from its registry, or write it there."""
        host, _, name = self.repository.partition("/")
        url = path if path.startswith("http") else f"http://{host}/v2/{name}/{path}"
        headers = {"Accept": kind} if content is None else {"Content-Type": kind}
        method = "GET" if content is None else "PUT"
        asked = urllib.request.Request(url, content, headers, method=method)
        with urllib.request.urlopen(asked) as answer:
            return bytes(answer.read())

    def put(self, content: bytes) -> dict[str, Any]:
        """Write a blob; its descriptor."""
        host, _, name = self.repository.partition("/")
        start = urllib.request.Request(f"http://{host}/v2/{name}/blobs/uploads/", b"", method="POST")
        with urllib.request.urlopen(start) as answer:
            place = answer.headers["Location"]
        digest = str(Digest.of(content))
        self.ask(f"{place}{'&' if '?' in place else '?'}digest={digest}", content, "application/octet-stream")
        return {"digest": digest, "size": len(content)}


@pytest.fixture(scope="module")
def pretender(stack: Stack, docker: Docker, published: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A frontend's image that lets everything pass, in the registry."""
    folder, tag = tmp_path_factory.mktemp("pretender"), f"{registry_of(stack)}/spybuild-test/pretender:1"
    (folder / "pretend.py").write_text(PRETENDS)
    command = '["/.spybuild/libexec/spybuild-python", "-ISBXutf8", "/pretend.py"]'
    (folder / "Dockerfile").write_text(f"FROM {published}\nCOPY pretend.py /\nENTRYPOINT {command}\n")
    done = docker("buildx", "build", "--push", f"--tag={tag}", "--platform=linux/amd64", folder)
    assert done.returncode == 0, done.stderr
    return tag


def spybuild(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-m", "spybuild", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, cwd=ROOT)


@pytest.fixture(scope="module")
def approved(
    stack: Stack, docker: Docker, published: str, pretender: str, tmp_path_factory: pytest.TempPathFactory
) -> Pipeline:
    """A pipeline whose gate has let the good image pass, and whose build refuses the bad one."""
    home = tmp_path_factory.mktemp("bypassing")
    new = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(home / "key")]
    public = ["openssl", "ec", "-in", str(home / "key"), "-pubout", "-out", str(home / "pub")]
    for command in (new, public):
        subprocess.run(command, check=True, capture_output=True)
    (home / "app").mkdir()
    (home / "gate.yml").write_text(CONTRACT)
    repository = f"{registry_of(stack)}/spybuild-test/bypassed"
    made = Pipeline(docker, home / "app", repository, published, pretender, stack.bases["3.13"])
    made.write(GOOD)
    made.push()
    assert made.gate() == 4
    assert (made.sign(), made.gate()) == (0, 0)
    made.write(BAD)
    refused = made.build("--output=type=cacheonly")
    assert refused.returncode != 0
    assert "spymodel.yml:4" in refused.stderr
    return made


@pytest.fixture
def pipeline(approved: Pipeline) -> Pipeline:
    """The pipeline, its folder with the bad plugin and the contract."""
    approved.write(BAD)
    return approved


def without_line_1(pipeline: Pipeline) -> None:
    pipeline.write(BAD, syntax=False)
    pipeline.push()


def with_a_builder_that_knows_no_syntax(pipeline: Pipeline) -> None:
    """Docker's own, before BuildKit: line 1 is a comment to it."""
    for command in (("build", f"--tag={pipeline.tag}", "."), ("push", pipeline.tag)):
        done = pipeline.docker(*command, cwd=pipeline.folder, DOCKER_BUILDKIT="0")
        assert done.returncode == 0, done.stderr


def with_another_syntax(pipeline: Pipeline) -> None:
    pipeline.push(f"--build-arg=BUILDKIT_SYNTAX={pipeline.pretender}")


def with_another_image_in_the_frontends_place(pipeline: Pipeline) -> None:
    pipeline.push(f"--build-context={pipeline.frontend}=docker-image://{pipeline.pretender}")


def with_an_earlier_stage(pipeline: Pipeline) -> None:
    (pipeline.folder / "Dockerfile").write_text(
        f"FROM {pipeline.base} AS app\nCOPY plugin.py /app/\nFROM app\nRUN exit 1\n"
    )
    pipeline.push("--target=app")


def with_a_mark_made_by_hand(pipeline: Pipeline) -> None:
    pipeline.write(BAD, "COPY plugin.py /usr/share/spybuild/passed", syntax=False)
    pipeline.push()


def with_another_image_under_the_tag(pipeline: Pipeline) -> None:
    assert pipeline.docker("pull", pipeline.base).returncode == 0
    assert pipeline.docker("tag", pipeline.base, pipeline.tag).returncode == 0
    assert pipeline.docker("push", pipeline.tag).returncode == 0


def with_a_statement_made_by_hand(pipeline: Pipeline) -> None:
    """The good image's own statement, on the bad one's files."""
    pipeline.write(GOOD)
    pipeline.push()
    index = json.loads(pipeline.ask("manifests/1.4"))
    pipeline.write(BAD, syntax=False)
    pipeline.push()
    bad = pipeline.ask("manifests/1.4")
    while "manifests" in json.loads(bad):
        bad = pipeline.ask(f"manifests/{json.loads(bad)['manifests'][0]['digest']}")
    image = {
        "mediaType": MANIFEST, "digest": str(Digest.of(bad)), "size": len(bad),
        "platform": {"os": "linux", "architecture": "amd64"},
    }  # fmt: skip
    attached = json.loads(pipeline.ask(f"manifests/{index['manifests'][1]['digest']}"))
    (layer,) = (each for each in attached["layers"] if TEST_RESULT in each["annotations"].values())
    text = pipeline.ask(f"blobs/{layer['digest']}").decode()
    statement = json.loads(text.replace(str(Digest.of(GOOD.encode())), str(Digest.of(BAD.encode()))))
    statement["subject"][0]["digest"] = {"sha256": Digest.of(bad).hex}
    layer |= pipeline.put(json.dumps(statement).encode())
    forged = {**attached, "layers": [layer]}
    forged.pop("subject", None)
    content = json.dumps(forged).encode()
    pipeline.ask(f"manifests/{Digest.of(content)}", content, MANIFEST)
    entry = index["manifests"][1] | {"digest": str(Digest.of(content)), "size": len(content)}
    entry["annotations"]["vnd.docker.reference.digest"] = image["digest"]
    made = json.dumps({**index, "manifests": [image, entry]}).encode()
    pipeline.ask("manifests/1.4", made, INDEX)
    assert pipeline.sign() == 1  # it is taken, and what is read from the files speaks against it


UNSIGNED = [
    without_line_1, with_a_builder_that_knows_no_syntax, with_another_syntax,
    with_another_image_in_the_frontends_place, with_an_earlier_stage,
    with_a_mark_made_by_hand, with_another_image_under_the_tag, with_a_statement_made_by_hand,
]  # fmt: skip


@pytest.mark.parametrize("bypass", UNSIGNED, ids=lambda bypass: bypass.__name__)
def test_the_gate_refuses_what_bypassed_the_frontend(pipeline: Pipeline, bypass: Callable[[Pipeline], None]) -> None:
    """It was let pass under this very tag before; nor is it signed on the strength of its build."""
    bypass(pipeline)
    assert pipeline.gate() == 4
    assert pipeline.sign() != 0
    assert pipeline.gate() == 4


def named_by_an_argument(pipeline: Pipeline) -> None:
    pipeline.push("--build-arg=SPYBUILD_CONTRACT=weak.yml")


def named_by_a_label(pipeline: Pipeline) -> None:
    pipeline.write(BAD, "LABEL org.spybuild.contract=/app/weak.yml")
    (pipeline.folder / "spymodel.yml").unlink()
    pipeline.push()


def written_over_the_contract(pipeline: Pipeline) -> None:
    (pipeline.folder / "spymodel.yml").write_text(WEAK)
    pipeline.push()


WEAKENED = [named_by_an_argument, named_by_a_label, written_over_the_contract]


@pytest.mark.parametrize("bypass", WEAKENED, ids=lambda bypass: bypass.__name__)
def test_the_gate_refuses_a_pass_on_a_contract_that_demands_less(
    pipeline: Pipeline, bypass: Callable[[Pipeline], None]
) -> None:
    """Although it is signed by the right key: the contract's digest is another one."""
    bypass(pipeline)
    assert pipeline.gate() == 4
    assert pipeline.sign("weak.yml") == 0
    assert pipeline.gate() in (4, 5)


ELSEWHERE = [
    ("int(os.environ.get('LIMIT', '6'))", "SPYBUILD_VARIABLES=LIMIT=5"),
    ("5 if 'LIES' in os.environ else 6", "SPYBUILD_PYTHON=/lying"),
    ("6 if os.getuid() else 5", "SPYBUILD_USER=image"),
]


@pytest.mark.parametrize(("value", "argument"), ELSEWHERE)
def test_the_gate_refuses_a_pass_that_was_made_elsewhere(pipeline: Pipeline, value: str, argument: str) -> None:
    """With variables that the deployment will not set, by another interpreter, as another user: nor is that signed."""
    lying = "RUN printf '#!/bin/sh\\nLIES=1 exec python3 \"$@\"\\n' > /lying && chmod 755 /lying"
    pipeline.write(f"import os\nLIMIT = {value}\n", lying)
    assert pipeline.build("--output=type=cacheonly").returncode != 0
    pipeline.push(f"--build-arg={argument}")
    assert pipeline.gate() == 4
    assert pipeline.sign() != 0


def test_the_cache_remembers_a_pass_with_other_secrets(pipeline: Pipeline) -> None:
    """A build with a secret that breaks the contract still passes; one without the cache does not; the gate is asked."""
    never_built = f"# {time.time_ns()}\n"
    pipeline.write(f"{never_built}import os\nLIMIT = 5 if os.environ.get('TOKEN') == 'right' else 6\n")
    flags = ("--secret=id=TOKEN,env=TOKEN", "--build-arg=SPYBUILD_SECRETS=TOKEN")
    pipeline.push(*flags, TOKEN="right")
    pipeline.push(*flags, TOKEN="wrong")
    assert pipeline.build("--output=type=cacheonly", *flags, "--no-cache", TOKEN="wrong").returncode != 0
    assert pipeline.gate() == 4


def test_every_way_of_the_page_is_tried() -> None:
    """What the page lists is what is done here: whoever adds a way adds a test."""
    page = (ROOT / "docs/buildkit.md").read_text().partition("## What can bypass it")[2]
    assert len(re.findall(r"^- ", page, re.MULTILINE)) == 9
