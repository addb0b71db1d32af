"""Tests of `buildkit.frontend.errors` and `serving`: what is told of builds that end without a verdict."""

import json

from buildkit.frontend.transport import RpcError
from tests.buildkit.frontend.test_build import BOTH, refused
from tests.fakes.buildkit import AMD64, ARM64, FakeBuildKit, answer


def test_an_inner_syntax_that_dies_is_named() -> None:
    """Else the user is told `exit code: 1`, and line 1 of the Dockerfile, which is ours."""
    buildkit = FakeBuildKit(failure=RpcError(2, "exit code: 1"))
    status = refused(buildkit.build(**{"build-arg:SPYBUILD_INNER_SYNTAX": "library/bare:1"}))
    assert "library/bare:1 gave no answer (exit code: 1): it is no Dockerfile frontend, or broken" in status.message
    assert "SPYBUILD_INNER_SYNTAX" in status.message
    assert refused(buildkit.build()).message == "exit code: 1"


def test_the_lines_of_a_contract_that_cannot_be_read_are_shown() -> None:
    """Each once, on whichever platform they were read first."""
    said = "spybuild: spymodel.yml:2:1: unknown key\n  spymodel.yml:3:5: no name\n  spymodel.yml:3:9: nor this\n"
    told = answer(code=2, said=said, report=None)
    status = refused(FakeBuildKit(configs=BOTH, answers={AMD64: told, ARM64: told}).build())
    assert status.message.splitlines()[1] == "  spymodel.yml:2:1: unknown key"
    assert [json.loads(each.value)["ranges"][0]["start"]["line"] for each in status.details] == [2, 3]


def test_a_bug_of_ours_is_told_as_one() -> None:
    """In one message without a traceback, and what to do."""
    status = refused(FakeBuildKit().build(**{"cache-imports": "{"}))
    first, *more = status.message.splitlines()
    assert first == "spybuild: this is a bug in SpyBuild's frontend; nothing was decided"
    assert "spybuild scan" in more[-1]
    assert "Traceback" not in status.message
