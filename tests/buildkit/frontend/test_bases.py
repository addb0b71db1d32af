"""Tests of `buildkit.frontend.bases`: what a base image must have been held against."""

import json
from typing import Any

import pytest

from buildkit.frontend.bases import base_of
from buildkit.frontend.llb import Graph, bind, digest_of
from buildkit.frontend.wire import gateway_pb2 as wire
from tests.fakes.buildkit import FakeBuildKit

WANTED = f"sha256:{'c' * 64}"


def statement(**changes: Any) -> bytes:
    """A base's statement that it keeps the contract."""
    predicate = {"result": "PASSED", "configuration": [{"digest": {"sha256": "c" * 64}}], "failedTests": []}
    form = {
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "subject": [{"digest": {"sha256": "b" * 64}}],
        "predicate": predicate | {name: value for name, value in changes.items() if name in predicate},
    }
    return json.dumps(form | {name: value for name, value in changes.items() if name not in predicate}).encode()


def build(*statements: bytes) -> wire.Result | wire.Status:
    return FakeBuildKit(statements=statements).build(**{"build-arg:SPYBUILD_BASE_CONTRACT": WANTED})


def test_a_base_that_was_held_against_the_contract_does() -> None:
    """Beside other statements, and rubbish."""
    assert isinstance(build(b"no json", b"[]", statement(result="FAILED"), statement()), wire.Result)


@pytest.mark.parametrize(
    "told",
    [
        (),
        (statement(result="FAILED"),),
        (statement(failedTests=["plugin.py"]),),
        (statement(configuration=[{"digest": {"sha256": "d" * 64}}]),),
        (statement(configuration=[]),),
        (statement(subject=[{"digest": {"sha256": "d" * 64}}]),),
        (statement(subject=[]),),
        (statement(predicateType="https://slsa.dev/provenance/v1"),),
        (statement(predicate=None),),
    ],
)
def test_any_other_base_is_refused(told: tuple[bytes, ...]) -> None:
    """No statement, a statement of something else, or one that is no pass."""
    status = build(*told)
    assert isinstance(status, wire.Status)
    assert f"its base base carries no statement that it keeps the contract {WANTED}" in status.message


def test_a_buildkit_that_cannot_tell_is_no_reason_to_let_it_pass() -> None:
    """Before 0.28 there is no such question."""
    status = FakeBuildKit().build(**{"build-arg:SPYBUILD_BASE_CONTRACT": WANTED})
    assert isinstance(status, wire.Status)
    assert "cannot be asked for statements" in status.message


def test_a_demand_that_is_no_digest_is_refused() -> None:
    """A path would never match."""
    status = FakeBuildKit(statements=[statement()]).build(**{"build-arg:SPYBUILD_BASE_CONTRACT": "base.yml"})
    assert isinstance(status, wire.Status)
    assert "no digest of a contract" in status.message


def test_the_base_is_what_the_root_began_with() -> None:
    """Not what was copied from, nor mounted beside it."""
    graph, platform = Graph(), wire.Platform(os="linux", architecture="amd64")
    base, tools = graph.image("base@sha256:1", platform, ""), graph.image("tools", platform, "")
    ran = graph.run(wire.Process(), [(tools, bind("/tools")), (base, bind("/", output=0))], platform, "")
    base_operation = base_of(graph.headed(ran))
    assert base_operation is not None
    assert base_operation.source.identifier == "docker-image://base@sha256:1"


def linked(under: wire.Operation, over: wire.Operation) -> wire.Definition:
    """What `COPY --link` makes of two operations."""
    parts = [each.SerializeToString(deterministic=True) for each in (under, over)]
    merged = wire.Operation(inputs=[wire.Input(digest=digest_of(each)) for each in parts])
    merged.merge.inputs.extend(wire.MergeInput(input=number) for number in range(2))
    parts.append(merged.SerializeToString(deterministic=True))
    head = wire.Operation(inputs=[wire.Input(digest=digest_of(parts[-1]))])
    return wire.Definition(operations=[*parts, head.SerializeToString()])


def test_the_base_of_linked_layers_is_what_lies_lowest() -> None:
    """And it is asked about on the platform that it was taken for: `FROM --platform=linux/amd64 base`."""
    amd64 = wire.Platform(os="linux", architecture="amd64")
    under = wire.Operation(source=wire.SourceOp(identifier="docker-image://base"), platform=amd64)
    over = wire.Operation(source=wire.SourceOp(identifier="docker-image://tools"), platform=amd64)
    found = base_of(linked(under, over))
    assert found == under


def test_an_operation_that_we_do_not_know_has_no_base() -> None:
    """It may do anything with its one input."""
    source = wire.Operation(source=wire.SourceOp(identifier="docker-image://base")).SerializeToString()
    unknown = wire.Operation(inputs=[wire.Input(digest=digest_of(source))]).SerializeToString() + b"\x2a\x00"
    head = wire.Operation(inputs=[wire.Input(digest=digest_of(unknown))]).SerializeToString()
    assert base_of(wire.Definition(operations=[source, unknown, head])) is None


def test_what_began_with_nothing_has_no_base() -> None:
    """`FROM scratch`."""
    graph = Graph()
    assert base_of(graph.headed(graph.files({"a": b""}, ""))) is None
    assert base_of(wire.Definition()) is None
