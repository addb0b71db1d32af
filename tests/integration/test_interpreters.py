"""What is read of an image's interpreter is what the probe answers when that interpreter runs, on every platform."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from spybuild.daemon.address import Address
from spybuild.engines.docker import DockerEngine
from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.candidates import entry_dir
from spybuild.interpreters.owners import Owners
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.facts import Facts, Question
from spybuild.model.image import ImageConfig, PlatformImage
from spybuild.probe.request import Request
from spybuild.static.evidence import StaticRequest, static_facts
from tests.integration.building import docker, image_of
from tests.stack import Docker, Stack

pytestmark = pytest.mark.stack

BASES = (
    ("3.11", "linux/amd64"), ("3.11", "linux/arm64"), ("3.13", "linux/amd64"), ("3.13", "linux/arm64"),
    ("3.13", "linux/arm/v7"), ("pypy3.11", "linux/amd64"), ("pypy3.11", "linux/arm64"), ("3.11-minimal", "linux/amd64"),
)  # fmt: skip
QUESTIONS = (
    Question(name="PATH"), Question(name="HOME"), Question(name="LANG", equals="C.UTF-8"), Question(name="NOPE", type="int"),
    Question(name="GIVEN", equals="1", type="int"), Question(name="GIVEN", type="nosuch"),
    Question(name="GIVEN", type="bool"),
)  # fmt: skip
NO_GROUP = ("--no-same-owner", "--exclude=dev/*", "--exclude=proc/*")


@pytest.fixture(scope="module")
def engine(stack: Stack) -> Iterator[DockerEngine]:
    """The main engine."""
    assert stack.docker is not None
    opened = DockerEngine(Address(stack.docker.host))
    yield opened
    opened.close()


def files_of(engine: Docker, reference: str, platform: str, folder: Path) -> FolderFiles:
    """The root filesystem of a container made of an image, unpacked."""
    container = docker(engine, "create", "--platform", platform, reference, "nothing").strip()
    folder.mkdir()
    environment = {**os.environ, **engine.environment()}
    with subprocess.Popen(
        [engine.client or "docker", "export", container], stdout=subprocess.PIPE, env=environment
    ) as exported:
        subprocess.run(["tar", "-x", *NO_GROUP, "-C", str(folder)], stdin=exported.stdout, check=True)
    docker(engine, "rm", container)
    return FolderFiles(folder)


def platform_of(engine: DockerEngine, reference: str, platform: str) -> PlatformImage:
    """One platform of an image."""
    return next(each for each in engine.open(reference).platforms if str(each.platform) == platform)


def both(
    stack: Stack, engine: DockerEngine, reference: str, platform: str, folder: Path, *modules: str
) -> tuple[Facts, FolderFiles, ImageConfig, PlatformImage]:
    """The probe's facts, and what static evidence starts from."""
    assert stack.docker is not None
    image = platform_of(engine, reference, platform)
    request = Request(modules=modules, questions=QUESTIONS, environment={"GIVEN": "1"})
    facts = engine.run(image, request, lambda _: None)
    return facts, files_of(stack.docker, reference, platform, folder), engine._config(image), image


@pytest.mark.parametrize(("base", "platform"), BASES)
def test_the_bases_are_read_as_they_tell_themselves(
    stack: Stack, engine: DockerEngine, tmp_path: Path, base: str, platform: str
) -> None:
    """Interpreter, machine, `sys.path`, answers about the environment: equal, fact by fact."""
    told, files, config, image = both(stack, engine, stack.bases[base], platform, tmp_path / "root")
    read = static_facts(
        files, config, image.platform, StaticRequest((), questions=QUESTIONS, environment={"GIVEN": "1"})
    )
    assert read.interpreter == told.interpreter
    assert read.platform == told.platform.model_copy(update={"libc": None})  # glibc's version stands in no small file
    assert read.sys_path == told.sys_path
    assert read.environment == told.environment


LINES = """
USER root
RUN python3 -m venv --without-pip /venv && python3 -m venv --without-pip --system-site-packages /with \\
 && python3 -m venv --without-pip --copies /copied && mkdir -p /opt/lib /usr/local/lib/python3.13/dist-packages \\
 && echo /opt/lib > /venv/lib/python3.13/site-packages/x.pth && echo 'X = 1' > /opt/lib/reached.py \\
 && mkdir -p /venv/lib/python3.13/site-packages/dist-1.dist-info /venv/lib/python3.13/site-packages/dist \\
 && touch /venv/lib/python3.13/site-packages/dist/__init__.py \\
 && printf 'Name: dist\\nVersion: 1.5\\n' > /venv/lib/python3.13/site-packages/dist-1.dist-info/METADATA \\
 && printf 'dist/__init__.py,,\\n' > /venv/lib/python3.13/site-packages/dist-1.dist-info/RECORD
"""
MODULES = (
    "dist", "reached", "reached.py", "app.py", "twice.py", "pkg.mod", "pkg/mod.py", "nosuch", "nosuch.py", "json",
    "sys", "json.tool", "/app/app.py", "/opt/lib/reached.py", "tool.py", "ns.leaf", "select.py", "os.path",
)  # fmt: skip
FILES = {
    "app.py": "", "a/twice.py": "", "b/twice.py": "", "pkg/__init__.py": "", "pkg/mod.py": "", "deep/tool.py": "",
    "ns/leaf.py": "", "select.py": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "environment"),
    [
        ("venv", "VIRTUAL_ENV=/venv"),
        ("with", "VIRTUAL_ENV=/with PYTHONPATH=deep:/opt/lib"),
        ("copied", "PATH=/copied/bin:/usr/bin"),
        ("path", "PATH=/venv/bin:/usr/bin PYTHONNOUSERSITE=1"),
    ],
)
def test_environments_and_modules_of_an_image_are_found_as_the_probe_finds_them(
    stack: Stack, engine: DockerEngine, tmp_path: Path, tag: str, environment: str
) -> None:
    """Virtual environments of all kinds, PYTHONPATH, `.pth` files; every name stands for the same module and owner."""
    reference = image_of(
        stack, f"spybuild-test/interpreters:{tag}", tmp_path, FILES, lines=f"{LINES}ENV {environment}\n"
    )
    told, files, config, image = both(stack, engine, reference, "linux/amd64", tmp_path / "root", *MODULES)
    assert static_facts(files, config, image.platform, StaticRequest(())).interpreter == told.interpreter
    target = read_target(files, config, image.platform)
    assert target.search_path == told.sys_path
    search, owners = Search(files, target), Owners(files)
    for module in told.modules:
        asked = search.requested(module.requested, config.workdir, entry_dir(config))
        if asked.found is None:
            assert (asked.outcome, asked.candidates) == (module.outcome, module.candidates), module.requested
            continue
        name = asked.requested if asked.by_import_name else asked.found.name
        assert (name, module.outcome) == (module.name, "imported"), module.requested
        if asked.found.kind != "builtin":
            assert asked.found.path == module.path
            owner = owners.owner(name, asked.found.path, asked.search.target.search_path)
            assert owner == module.distribution, module.requested
