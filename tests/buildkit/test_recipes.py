"""The recipes of docs/buildkit.md as they are typed, on real builds: stages, bake, and what each way leaves behind."""

import io
import json
import re
import shlex
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.buildkit.building import BOTH, Docker, registry_of
from tests.conftest import Run
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("image"), pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/buildkit.md").read_text()
PLUGIN = "LIMIT = 5\ndef run(x: int) -> bool:\n    return True\n"
CONTRACT = "filename: plugin.py\nvariables:\n  - name: LIMIT\n    value: 5\nfunctions:\n  - name: run\n"
Typed = Callable[..., subprocess.CompletedProcess[str]]


def blocks(heading: str, kind: str = "") -> list[str]:
    """The code blocks below a heading of the page."""
    section = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^```(\w*)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return [text for named, text in found if named == kind]


def commands(heading: str) -> list[str]:
    """The command lines below a heading."""
    return [line for block in blocks(heading) for line in block.splitlines() if line.startswith("docker ")]


@pytest.fixture
def context(tmp_path: Path, stack: Stack) -> Path:
    """A folder with a plugin and its contract."""
    (tmp_path / "plugin.py").write_text(PLUGIN)
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    return tmp_path


@pytest.fixture
def as_here(stack: Stack) -> Callable[[str], str]:
    """What a page says, with the names that things have on this machine's stack."""
    names = {
        "python:3.13-slim": stack.bases["3.13"],
        "registry/app": f"{registry_of(stack)}/spybuild-test/recipe",
    }

    def named(text: str) -> str:
        for name, here in names.items():
            text = text.replace(name, here)
        return text

    return named


@pytest.fixture
def typed(docker: Docker, context: Path, as_here: Callable[[str], str]) -> Typed:
    """Run a command line of the page in the folder."""

    def run(line: str, *more: str, **variables: str) -> subprocess.CompletedProcess[str]:
        _, *arguments = shlex.split(as_here(line))
        return docker(*arguments, *more, cwd=context, **variables)

    return run


@pytest.fixture
def dockerfile(image: str, context: Path, as_here: Callable[[str], str]) -> Path:
    """The Dockerfile of the page's stage."""
    (text,) = blocks("## A stage", "dockerfile")
    path = context / "Dockerfile"
    path.write_text(as_here(text).replace("spybuild/spybuild AS", f"{image} AS"))
    return path


BUILD, REPORT = commands("## A stage")


@pytest.mark.parametrize("shell", [True, False])
def test_the_stage_lets_a_good_image_pass_and_keeps_its_report(
    typed: Typed, dockerfile: Path, context: Path, shell: bool
) -> None:
    """On both platforms, whether the image has a shell or none."""
    if not shell:
        lines = dockerfile.read_text()
        dockerfile.write_text(lines.replace("WORKDIR", "RUN rm -f /bin/sh /bin/bash /bin/dash\nWORKDIR"))
    done = typed(BUILD)
    assert done.returncode == 0, done.stderr
    done = typed(REPORT)
    assert done.returncode == 0, done.stderr
    for folder in ("linux_amd64", "linux_arm64"):
        report = json.loads((context / "out" / folder / "report.json").read_text())
        assert report["verdict"] == "pass"
        assert [each["platform"] for each in report["platforms"]] == [folder.replace("_", "/")]
    assert sorted(path.name for path in (context / "out").rglob("*") if path.is_file()) == ["report.json"] * 2


def test_the_report_of_a_build_that_failed_is_there_all_the_same(typed: Typed, dockerfile: Path, context: Path) -> None:
    """One platform breaks the contract: no image, and a report on each."""
    (context / "plugin.py").write_text(f"import platform\n{PLUGIN}if platform.machine() == 'aarch64':\n    LIMIT = 6\n")
    done = typed(BUILD, "--progress=plain")
    assert done.returncode != 0
    assert "/spymodel.yml:4:12" in done.stderr
    assert typed(REPORT).returncode == 0
    verdicts = {
        folder: json.loads((context / "out" / folder / "report.json").read_text())["verdict"]
        for folder in ("linux_amd64", "linux_arm64")
    }
    assert verdicts == {"linux_amd64": "pass", "linux_arm64": "fail"}


def test_the_stage_cannot_be_skipped(typed: Typed, dockerfile: Path, context: Path) -> None:
    """A mark of the image's own does not count, nor what a hostile module writes, nor an option in its ENV."""
    hostile = "from contextlib import suppress\nwith suppress(OSError):\n    open('/passed', 'w').write('passed')\n"
    (context / "plugin.py").write_text(f"{hostile}{PLUGIN.replace('5', '6')}")
    lines = dockerfile.read_text().replace(
        "COPY plugin.py .",
        "COPY plugin.py .\nCOPY plugin.py /passed\nENV SPYBUILD_EXIT_ZERO=1 SPYBUILD_CONTRACT=/nothing SPYBUILD_USER=image SPYBUILD_MARK=/app/plugin.py",
    )
    dockerfile.write_text(lines)
    done = typed("docker buildx build --output=type=cacheonly --progress=plain .")
    assert done.returncode != 0
    assert "SPY107 variable-value" in done.stderr


def image_in(archive: Path) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    """The config of the one image in an OCI archive, and its layers by digest."""
    with tarfile.open(archive) as tar:
        contents = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        found = {name: file.read() for name, file in contents.items() if file}
    document = json.loads(found["index.json"])

    def blob(descriptor: Any) -> bytes:
        return found[f"blobs/sha256/{descriptor['digest'].partition(':')[2]}"]

    while "manifests" in document:
        document = json.loads(blob(document["manifests"][0]))
    return json.loads(blob(document["config"])), [(each["digest"], blob(each)) for each in document["layers"]]


def left_by(build: Typed, context: Path, *flags: str) -> tuple[list[str], list[str], bool]:
    """What a way leaves in the image beyond the stage `app`: its files, its lines of history, whether its config."""
    for name, chosen in (("plain", ("--target=app", "--file=Dockerfile.plain")), ("other", flags)):
        done = build("docker buildx build --provenance=false .", *chosen, f"--output=type=oci,dest={name}.tar")
        assert done.returncode == 0, done.stderr
    (config, layers), (other, more) = image_in(context / "plain.tar"), image_in(context / "other.tar")
    new = [content for digest, content in more if digest not in dict(layers)]
    assert len(new) == len(more) - len(layers)
    files = []
    for content in new:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            files += [f"{member.name} {member.size}" for member in tar if not member.isdir()]
    lines = [each["created_by"].partition(" ")[0] for each in other["history"][len(config["history"]) :]]
    return files, lines, config["config"] != other["config"]


FINAL = "\n# What ships."


def test_what_each_way_leaves_in_the_image(typed: Typed, dockerfile: Path, context: Path, published: str) -> None:
    """The rows of the table: files, layers, history, config."""
    lines = dockerfile.read_text()
    (context / "Dockerfile.plain").write_text(lines)
    (context / "Dockerfile.frontend").write_text(f"# syntax={published}\n{lines.partition('# validate')[0]}")
    final = lines[lines.index(FINAL) :]
    untaken = "\n".join(line for line in final.splitlines() if not line.startswith("COPY"))
    (context / "Dockerfile.untaken").write_text(lines.replace(final, untaken))
    inside = lines[lines.index("RUN --mount") : lines.index("\n# reporting")].replace(', "--mark", "/passed"', "")
    (context / "Dockerfile.inside").write_text(f"{lines.partition('# validate')[0]}{inside}")
    assert left_by(typed, context, "--file=Dockerfile.frontend") == ([], [], False)
    assert left_by(typed, context) == (["usr/share/spybuild/passed 7"], ["COPY"], False)
    assert left_by(typed, context, "--file=Dockerfile.inside") == ([], ["RUN"], False)
    (context / "plugin.py").write_text(PLUGIN.replace("5", "6"))
    assert left_by(typed, context, "--file=Dockerfile.untaken") == ([], [], False)
    assert typed("docker buildx build --output=type=cacheonly .", "--file=Dockerfile.frontend").returncode != 0


DIFFERING = """\
import platform
if platform.machine() == "aarch64":
    def run(x: int) -> bool: ...
else:
    def run(x: int, fast: bool = True) -> bool: ...
"""


def test_what_differs_between_platforms_is_told_from_what_the_build_attached(
    typed: Typed, context: Path, published: str, spybuild: Run, stack: Stack, as_here: Callable[[str], str]
) -> None:
    """Each platform keeps the contract, and their APIs are not the same: a note in the build's call, and afterwards."""
    (context / "plugin.py").write_text(DIFFERING)
    (context / "spymodel.yml").write_text("filename: plugin.py\nfunctions:\n  - name: run\n")
    base = stack.bases["3.13"]
    (context / "Dockerfile").write_text(f"# syntax={published}\nFROM {base}\nWORKDIR /app\nCOPY plugin.py .\n")
    assert typed(BUILD).returncode == 0
    (note,) = blocks("## Differences between platforms")
    told = typed(f"docker buildx build --call=spybuild --platform={BOTH} .")
    assert (told.returncode, note in told.stdout) == (0, True), told.stdout
    image = as_here("registry/app:1.4")
    done = spybuild(
        "scan", image, "-c", context / "spymodel.yml", "--from-build", "--report", f"json={context / 'r.json'}"
    )
    assert (done.returncode, note in done.stdout) == (0, True), done.stdout
    report = json.loads((context / "r.json").read_text())
    assert report["verdict"] == "pass"
    assert {(each["module"], each["api"], *each["platforms"]) for each in report["differences"]} == {
        ("plugin.py", "function run(x: int) -> bool", "linux/arm64"),
        ("plugin.py", "function run(x: int, fast: bool = True) -> bool", "linux/amd64"),
    }
    assert all(len(each["modules"][0]["api"]) == 1 for each in report["platforms"])


BAKEFILE = """\
target "app" {
  name      = "app-${replace(python, ".", "")}"
  matrix    = { python = ["3.11", "3.13"] }
  args      = { BASE = "REGISTRY/library/python:${python}" }
  platforms = ["linux/amd64", "linux/arm64"]
  output    = ["type=cacheonly"]
}
"""


@pytest.fixture
def baked(stack: Stack, context: Path, published: str, typed: Typed) -> Typed:
    """Bake a matrix of Pythons on both platforms; the first argument is a command of the page."""
    (context / "spybuild").mkdir()
    (context / "spybuild/bake.hcl").write_text((ROOT / "spybuild/bake.hcl").read_text())
    (context / "docker-bake.hcl").write_text(BAKEFILE.replace("REGISTRY", registry_of(stack)))
    (context / "Dockerfile").write_text("ARG BASE=scratch\nFROM ${BASE}\nWORKDIR /app\nCOPY plugin.py .\n")

    def run(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
        named = line.replace("spybuild/frontend", published)
        return typed(named, "--progress=plain", **{"SPYBUILD_FRONTEND": published, **variables})

    return run


OVERLAY, SET = commands("## Bake")


@pytest.mark.parametrize("line", [OVERLAY, SET])
def test_bake_validates_a_matrix_of_pythons_and_platforms(baked: Typed, context: Path, line: str) -> None:
    """Four validations, each in its own interpreter; one that breaks the contract fails the bake."""
    targets = {"SPYBUILD_TARGETS": "app-311,app-313"}
    done = baked(line, **targets)
    assert done.returncode == 0, done.stderr
    for target in ("app-311", "app-313"):
        for platform in BOTH.split(","):
            assert f"[{target} spybuild] {platform}: validate spymodel.yml" in done.stderr
    (context / "plugin.py").write_text(f"import sys\n{PLUGIN}if sys.version_info < (3, 12):\n    LIMIT = 6\n")
    broken = baked(line, **targets)
    assert broken.returncode != 0
    assert "spymodel.yml:4" in broken.stderr


def test_the_overlay_without_targets_builds_nothing_and_says_why(baked: Typed) -> None:
    """Nothing is built that was to be validated."""
    done = baked(OVERLAY)
    assert done.returncode != 0
    assert "SPYBUILD_TARGETS must list the targets" in done.stderr
    one = baked(f"{OVERLAY} --print", SPYBUILD_TARGETS="app-313", SPYBUILD_CONTRACT="other.yml")
    args = {name: target["args"] for name, target in json.loads(one.stdout)["target"].items()}
    assert {name for name, each in args.items() if "BUILDKIT_SYNTAX" in each} == {"app-313"}
    assert args["app-313"]["SPYBUILD_CONTRACT"] == "other.yml"
