"""Tests of `buildkit.frontend.transport`."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from buildkit.frontend.transport import UNAVAILABLE, UNKNOWN, Connection, RpcError
from tests.fakes.gateway import gateway

PATH = "/moby.buildkit.v1.frontend.LLBBridge/"


def refuse(error: RpcError) -> bytes:
    raise error


def test_a_call_brings_the_answer() -> None:
    """The message goes and comes unchanged."""
    with gateway({"Echo": lambda request: request[::-1]}) as (_, connection):
        assert connection.call(f"{PATH}Echo", b"abc") == b"cba"


@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 70_000, 5_000_000])
def test_a_message_of_any_size_goes_through(size: int) -> None:
    """Frames and windows of HTTP/2 are smaller than messages may be."""
    content = os.urandom(size)
    with gateway({"Echo": lambda request: request}) as (_, connection):
        assert connection.call(f"{PATH}Echo", content) == content


def test_calls_of_several_threads_are_kept_apart() -> None:
    """Each gets the answer to its own question, in whatever order they come."""
    with gateway({"Echo": lambda request: request}) as (_, connection), ThreadPoolExecutor(8) as pool:
        questions = [str(number).encode() * 1000 for number in range(50)]
        assert list(pool.map(lambda each: connection.call(f"{PATH}Echo", each), questions)) == questions


def test_a_refusal_brings_code_message_and_status() -> None:
    """The message is percent-encoded on the way, the status is base64 without padding."""
    error = RpcError(5, "kein „contract“ 100%", b"\x01\x02\x03\x04")
    with gateway({"Solve": lambda _: refuse(error)}) as (_, connection), pytest.raises(RpcError) as caught:
        connection.call(f"{PATH}Solve", b"")
    assert (caught.value.code, caught.value.status) == (5, b"\x01\x02\x03\x04")
    assert caught.value.message == "kein „contract“ 100%"


@pytest.mark.parametrize("size", [20_000, 60_000, 150_000])
def test_an_error_with_a_large_dockerfile_comes_whole(size: int) -> None:
    """BuildKit sends the file with the error, in the headers at the end; h2 takes 64 KiB unless told."""
    error = RpcError(2, "RUN failed", os.urandom(size))
    with gateway({"Solve": lambda _: refuse(error)}) as (_, connection), pytest.raises(RpcError) as caught:
        connection.call(f"{PATH}Solve", b"")
    assert caught.value.status == error.status


def test_a_header_that_is_no_utf8_ends_no_connection() -> None:
    """Every later call would wait for ever."""
    answers = {"Solve": lambda _: refuse(RpcError(5, "\udcff")), "Echo": lambda request: request}
    with gateway(answers) as (_, connection):
        with pytest.raises(RpcError, match="\ufffd"):
            connection.call(f"{PATH}Solve", b"")
        assert connection.call(f"{PATH}Echo", b"abc") == b"abc"


def test_a_method_that_buildkit_does_not_have_is_refused() -> None:
    """Older BuildKits know fewer."""
    with gateway({}) as (_, connection), pytest.raises(RpcError, match="unknown method Warn"):
        connection.call(f"{PATH}Warn", b"")


def test_a_connection_that_ends_ends_all_calls() -> None:
    """None waits for an answer that will not come, and none begins."""
    held = threading.Event()
    with gateway({"Solve": lambda _: bytes(held.wait(5))}) as (served, connection):
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(connection.call, f"{PATH}Solve", b"")
            while not served.asked:
                pass
            served._end.shutdown(2)
            held.set()
            with pytest.raises(RpcError) as caught:
                waiting.result(10)
        assert caught.value.code == UNAVAILABLE
        with pytest.raises(RpcError, match=r"hung up|broke"):
            connection.call(f"{PATH}Solve", b"")


def test_what_is_no_http2_is_told() -> None:
    """A frame that breaks the protocol (DATA of no stream) ends the connection, with a reason."""
    reader, garbage = os.pipe()
    _, writer = os.pipe()
    os.write(garbage, b"\0\0\1\0\0\0\0\0\0x")
    connection = Connection(reader, writer)
    with pytest.raises(RpcError, match="the connection to BuildKit broke"):
        connection.call(f"{PATH}Ping", b"")


@pytest.mark.parametrize("code", [UNKNOWN, UNAVAILABLE])
def test_an_error_without_a_reason_says_so(code: int) -> None:
    """An empty message would look like none."""
    with (
        gateway({"Solve": lambda _: refuse(RpcError(code, ""))}) as (_, connection),
        pytest.raises(RpcError, match="gave no reason"),
    ):
        connection.call(f"{PATH}Solve", b"")
