"""The same scan on the engines that keep one platform for a tag, and on Pythons of other kinds."""

import pytest

from tests.integration.building import docker, image_of
from tests.integration.conftest import Scan, rules
from tests.stack import Docker, Podman, Stack

pytestmark = pytest.mark.stack

# Modules that every CPython has, and things in them that hold on all of them
STDLIB = """
modules:
  - filename: string
    variables: [{name: digits, value: '0123456789', annotation: str}]
    functions: [{name: capwords, arguments: [{name: s}, {name: sep, value: null}]}]
    classes: [{name: Template, methods: [{name: substitute}], attributes: [{type: class, name: delimiter, value: $}]}]
  - filename: textwrap
    classes: [{name: TextWrapper, superclasses: [{name: object}], attributes: [{type: instance, name: width, value: 70}]}]
"""


def engine_of(stack: Stack, name: str) -> Docker | Podman:
    """The engine of this name; the stack must have it."""
    engine = getattr(stack, name)
    assert isinstance(engine, Docker | Podman), f"the stack has no {name}"
    return engine


@pytest.mark.parametrize("name", ["docker_classic", "podman"])
def test_an_engine_with_one_platform_a_tag(stack: Stack, scan: Scan, name: str) -> None:
    """Docker 20.10's classic store and Podman's Docker-compatible socket give the same verdict."""
    engine = engine_of(stack, name)
    assert stack.docker is not None
    client = (
        engine
        if isinstance(engine, Docker)
        else Docker(engine.host, engine.version, "", started_by_us=True, client=stack.docker.client)
    )
    docker(client, "pull", "--quiet", stack.bases["3.13"])
    code, report = scan(stack.bases["3.13"], STDLIB, on=engine)
    assert (code, rules(report)) == (0, {"linux/amd64": []})
    assert report["subject"]["kind"] == "image"
    code, report = scan(stack.bases["3.13"], STDLIB.replace("capwords", "gone"), on=engine)
    assert (code, rules(report)) == (1, {"linux/amd64": ["SPY101"]})


def test_a_python_without_json_and_importlib_metadata(stack: Stack, scan: Scan) -> None:
    """Debian's python3-minimal is enough for the probe."""
    assert stack.docker is not None
    docker(stack.docker, "pull", "--quiet", stack.bases["3.11-minimal"])
    code, report = scan(stack.bases["3.11-minimal"], STDLIB)
    assert (code, rules(report)) == (0, {"linux/amd64": []})


def test_32_bit_arm(stack: Stack, scan: Scan, tmp_path_factory: pytest.TempPathFactory) -> None:
    """linux/arm/v7 is a platform like any other, and ImportSpy's `arm` means it."""
    files = {"a.py": "def f(x: int) -> None: ..."}
    tag = image_of(stack, "spybuild-test/arm:1", tmp_path_factory.mktemp("arm"), files, platforms=("linux/arm/v7",))
    wants = "filename: a.py\nfunctions: [{name: f, arguments: [{name: x, annotation: int}], return_annotation: None}]\n"
    deployed = "deployments: [{arch: arm, systems: [{os: linux, pythons: [{interpreter: CPython, modules: []}]}]}]\n"
    code, report = scan(tag, wants + deployed)
    assert (code, rules(report)) == (0, {"linux/arm/v7": []})


def test_pypy(stack: Stack, scan: Scan, tmp_path_factory: pytest.TempPathFactory) -> None:
    """PyPy is found, and facts are the same as CPython's."""
    files = {"a.py": "from typing import Optional\nX: int = 5\ndef f(x: Optional[int] = None) -> 'dict[str, int]': ..."}
    tag = image_of(stack, "spybuild-test/pypy:1", tmp_path_factory.mktemp("pypy"), files, base="pypy3.11")
    wants = (
        "filename: a.py\nruntime: {implementation: [PyPy], python: '==3.11.*'}\nvariables: [{name: X, annotation: int, value: 5}]\n"
        "functions: [{name: f, arguments: [{name: x, annotation: int | None, value: null}], return_annotation: 'dict[str, int]'}]\n"
    )
    code, report = scan(tag, wants)
    assert (code, rules(report)) == (0, {"linux/amd64": []})
