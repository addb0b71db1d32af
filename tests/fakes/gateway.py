"""BuildKit's end of the gateway: gRPC over HTTP/2 on a socket pair, with answers that a test gives."""

import base64
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import quote

from google.protobuf.message import Message
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from buildkit.frontend.transport import Connection, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire

Answer = Callable[[bytes], Message | bytes]
_SERVICE = "/moby.buildkit.v1.frontend.LLBBridge/"


@dataclass
class _Call:
    method: str
    content: bytearray = field(default_factory=bytearray)


class FakeGateway:
    """Answers calls of the service by method; a method without an answer is UNIMPLEMENTED, an RpcError is sent as one."""

    def __init__(self, answers: Mapping[str, Answer], end: socket.socket) -> None:
        """Serve on one end of a socket pair, in a thread."""
        self.answers = dict(answers)
        self.asked: list[tuple[str, bytes]] = []
        self._end = end
        self._http = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._calls: dict[int, _Call] = {}
        self._waiting: dict[int, bytes] = {}
        self._trailers: dict[int, list[tuple[str, str]]] = {}
        threading.Thread(target=self._serve, daemon=True).start()

    def of(self, method: str) -> list[bytes]:
        """The requests of one method, in order."""
        return [content for each, content in self.asked if each == method]

    def _serve(self) -> None:
        self._http.initiate_connection()
        self._flush()
        while data := self._receive():
            for event in self._http.receive_data(data):
                match event:
                    case RequestReceived(stream_id=number, headers=headers):
                        told = {str(name): str(value) for name, value in headers or ()}
                        self._calls[number or 0] = _Call(told[":path"].removeprefix(_SERVICE))
                    case DataReceived(stream_id=number, data=content, flow_controlled_length=length):
                        self._http.acknowledge_received_data(length or 0, number or 0)
                        self._calls[number or 0].content += content or b""
                    case StreamEnded(stream_id=number):
                        self._answer(number or 0)
            for number in [*self._waiting]:
                self._send(number)
            self._flush()

    def _receive(self) -> bytes:
        try:
            return self._end.recv(1 << 16)
        except OSError:
            return b""

    def _flush(self) -> None:
        with suppress(OSError):  # the client has gone
            self._end.sendall(self._http.data_to_send())

    def _answer(self, number: int) -> None:
        call = self._calls.pop(number)
        request = bytes(call.content[5:])
        self.asked.append((call.method, request))
        head = [(b":status", b"200"), (b"content-type", b"application/grpc")]
        try:
            if call.method not in self.answers:
                raise RpcError(12, f"unknown method {call.method}")
            given = self.answers[call.method](request)
        except RpcError as error:
            details = base64.b64encode(error.status).rstrip(b"=")
            tail = {b"grpc-status": b"%d" % error.code, b"grpc-message": _escaped(error.message)}
            tail |= {b"grpc-status-details-bin": details} if details else {}
            self._http.send_headers(number, [*head, *tail.items()], end_stream=True)
            return
        content = given if isinstance(given, bytes) else given.SerializeToString()
        self._http.send_headers(number, head)
        self._waiting[number] = struct.pack(">BI", 0, len(content)) + content

    def _send(self, number: int) -> None:
        """Send as much as the client takes; the rest when it takes more."""
        data = self._waiting.pop(number)
        while data:
            size = min(len(data), self._http.local_flow_control_window(number), self._http.max_outbound_frame_size)
            if not size:
                self._waiting[number] = data
                return
            self._http.send_data(number, data[:size])
            data = data[size:]
        self._http.send_headers(number, [("grpc-status", "0")], end_stream=True)


def _escaped(text: str) -> bytes:
    """As gRPC has it: UTF-8, percent-encoded; a lone surrogate is a byte that is sent raw, as it must not be."""
    kept = (
        each if (" " <= each <= "~" and each != "%") or "\udc80" <= each <= "\udcff" else quote(each) for each in text
    )
    return "".join(kept).encode(errors="surrogateescape")


@contextmanager
def gateway(answers: Mapping[str, Answer]) -> Iterator[tuple[FakeGateway, Connection]]:
    """A gateway, and a client's connection to it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        served = FakeGateway(answers, theirs)
        # its thread may read when ours are closed: descriptors of its own keep it from reading what others then open
        yield served, Connection(os.dup(ours.fileno()), os.dup(ours.fileno()))
        with suppress(OSError):
            theirs.shutdown(socket.SHUT_RDWR)


def returned(served: FakeGateway) -> wire.ReturnRequest:
    """What the frontend ended the build with."""
    (request,) = served.of("Return")
    return wire.ReturnRequest.FromString(request)
