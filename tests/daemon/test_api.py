"""The Engine API's client, against a server on a real socket."""

from pathlib import Path

import pytest

from spybuild.daemon.address import Address
from spybuild.daemon.api import EngineApi, NotThere, Refused, quoted
from spybuild.errors import EngineUnavailable
from tests.fakes.daemon import running


def test_a_request_is_made_in_the_version_that_both_know() -> None:
    """A daemon of the past gets its own version, one of the future the newest known here."""
    for version, spoken in (("1.41", "/v1.41/info"), ("1.99", "/v1.51/info")):
        with running({"GET /info": {"a": 1}}, version) as (daemon, address):
            assert EngineApi(address).get("/info") == {"a": 1}
            assert daemon.asked[-1][0] == f"GET {spoken}"


def test_the_version_is_asked_for_once() -> None:
    """Further requests are one request each."""
    with running({"GET /info": {}}) as (daemon, address):
        api = EngineApi(address)
        api.get("/info")
        api.get("/info", {"a": "b c"})
    assert [asked for asked, *_ in daemon.asked] == ["GET /_ping", "GET /v1.51/info", "GET /v1.51/info"]
    assert daemon.asked[-1][1] == {"a": ["b c"]}


def test_a_body_is_sent_as_json_and_an_empty_answer_is_none() -> None:
    """As creating and starting a container need it."""
    with running({"POST /x": None}) as (daemon, address):
        assert EngineApi(address).post("/x", body={"Image": "a"}) is None
    assert daemon.asked[-1][2] == {"Image": "a"}


def test_a_refusal_carries_the_status_and_the_daemons_words() -> None:
    """404 is told apart, since what is not there is the commonest."""
    with running({"POST /x": (409, "is in use"), "DELETE /x": (404, "No such container")}) as (_, address):
        api = EngineApi(address)
        with pytest.raises(Refused, match="is in use") as refused:
            api.post("/x")
        assert refused.value.status == 409
        with pytest.raises(NotThere, match="No such container"):
            api.delete("/x")


def test_a_large_answer_comes_in_chunks() -> None:
    """Archives are not held in memory."""
    with running({"GET /archive": b"0123456789"}) as (_, address):
        chunks = list(EngineApi(address).stream("/archive"))
    assert b"".join(chunks) == b"0123456789"
    assert len(chunks) == 2


def test_an_attached_stream_is_written_to_and_read_in_frames() -> None:
    """1 is stdout, 2 is stderr; a frame's end is not the end."""
    with running({}) as (_, address):
        attached = EngineApi(address).attach("c")
        attached.write(b"hello\n")
        assert list(attached.frames()) == [(1, b"he"), (2, b"6"), (1, b"llo\n")]
        attached.close()


def test_ending_an_attached_stream_ends_a_reader_in_another_thread() -> None:
    """The daemon itself may never end it."""
    with running({}) as (_, address):
        attached = EngineApi(address).attach("c")
        attached.end()
        assert list(attached.frames()) == []
        attached.close()


def test_a_socket_where_nobody_answers_says_where_and_what_to_do(tmp_path: Path) -> None:
    """The hint names the ways out."""
    api = EngineApi(Address(f"unix://{tmp_path}/none.sock"))
    with pytest.raises(EngineUnavailable, match=r"none\.sock: No such file") as unavailable:
        api.get("/info")
    assert "DOCKER_HOST" in unavailable.value.hint


@pytest.mark.parametrize("version", [None, "new"])
def test_a_server_that_is_no_daemon_is_told_so(version: str | None) -> None:
    """Whatever web server listens there, its answers are not taken for an engine's."""
    with running({}, version) as (_, address), pytest.raises(EngineUnavailable, match="no Docker daemon"):
        EngineApi(address).get("/info")


def test_an_answer_that_is_no_json_is_told_so() -> None:
    """A proxy's error page, for example."""
    with running({"GET /info": b"<html>"}) as (_, address), pytest.raises(EngineUnavailable, match="makes no sense"):
        EngineApi(address).get("/info")


def test_a_name_is_quoted_for_a_path() -> None:
    """What separates an image's name stays, what would end the path does not."""
    assert quoted("host:5000/a/b:c@sha256:d") == "host:5000/a/b:c@sha256:d"
    assert quoted("a?b#c d") == "a%3Fb%23c%20d"
