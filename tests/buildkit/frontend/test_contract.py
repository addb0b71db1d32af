"""Tests of `buildkit.frontend.contract`: how the Dockerfile frontend is asked for a file of the context."""

import pytest

from buildkit.frontend.wire import gateway_pb2 as wire
from tests.fakes.buildkit import CONTRACT, FakeBuildKit


def looked(buildkit: FakeBuildKit) -> wire.SolveRequest:
    """The build that looks for the contract."""
    return next(each for each in buildkit.solved() if "dockerfile" in each.frontend_inputs)


def test_only_what_names_the_context_is_asked_again() -> None:
    """No target, no build arguments: they are the build's own."""
    buildkit = FakeBuildKit()
    buildkit.build(
        **{
            "target": "app", "build-arg:A": "1", "contextkey": "ctx", "local-sessionid:ctx": "s",
            "context:other": "docker-image://x",
        }
    )  # fmt: skip
    assert dict(looked(buildkit).frontend_options) == {
        "contextkey": "ctx", "local-sessionid:ctx": "s", "context:other": "docker-image://x",
        "filename": "Dockerfile", "cmdline": "spybuild", "build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=all",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url", ["https://github.com/o/r.git#main:sub", "git://127.0.0.1/r", "git@host:o/r", "ssh://git@host/o/r"]
)
def test_a_git_context_is_copied_from_by_name(url: str) -> None:
    """Else BuildKit would look for our Dockerfile in it."""
    buildkit = FakeBuildKit()
    buildkit.build(context=url)
    asked = looked(buildkit)
    assert asked.frontend_options["context:spybuild-context"] == url
    assert "context" not in asked.frontend_options
    made = wire.Operation.FromString(asked.frontend_inputs["dockerfile"].operations[0])
    assert b'COPY --from=spybuild-context ["spymodel.ym[l]", "/found/"]' in made.file.actions[0].make_file.data


@pytest.mark.parametrize("url", ["http://buildkit-session/abc", "https://host/context.tar.gz"])
def test_a_tar_is_unpacked(url: str) -> None:
    """As `docker build - < context.tar` sends it."""
    buildkit = FakeBuildKit(context={"/spymodel.yml": CONTRACT})
    assert isinstance(buildkit.build(context=url), wire.Result)
    made = next(each.definition.operations for each in buildkit.solved() if each.definition.operations)
    download, unpack = (wire.Operation.FromString(each) for each in made[:2])
    assert (download.source.identifier, dict(download.source.attributes)) == (url, {"http.filename": "context"})
    assert unpack.file.actions[0].copy.unpack


@pytest.mark.parametrize("name", ['a "b"\\ c.yml', "dir/[a]*?.yml", "[a]", "x"])
def test_a_name_with_quotes_is_a_name(name: str) -> None:
    """It is no code of a Dockerfile's, and no pattern of several files."""
    buildkit = FakeBuildKit(context={name: CONTRACT})
    assert isinstance(buildkit.build(**{"build-arg:SPYBUILD_CONTRACT": name}), wire.Result)
