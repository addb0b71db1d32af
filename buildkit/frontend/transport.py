"""gRPC over a pair of pipes: BuildKit serves it on its frontend's stdin and stdout.

HTTP/2 is hyper-h2's, which does no I/O; one thread reads, callers write. gRPC's own part (five bytes before each
message, the status in trailers) is small: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

import base64
import binascii
import os
import struct
import threading
from dataclasses import dataclass, field
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, StreamReset, TrailersReceived
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

UNKNOWN, UNAVAILABLE = 2, 14
_CHUNK = 1 << 16
_STREAM_WINDOW, _WINDOW = 1 << 24, 1 << 26
_LARGEST_MESSAGE = 1 << 28  # a contract is read whole; what is larger is no answer of BuildKit's
# an error comes in trailers, with the whole Dockerfile in it; as much as BuildKit's own client takes
_LARGEST_HEADERS = 1 << 24
_PREFIX = struct.Struct(">BI")


class RpcError(Exception):
    """A call that failed.

    Attributes:
        code: gRPC's status code.
        message: for people.
        status: a serialised google.rpc.Status with details (source locations), to be handed on as it is; may be empty.
    """

    def __init__(self, code: int, message: str, status: bytes = b"") -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class _Stream:
    """One call under way."""

    received: bytearray = field(default_factory=bytearray)
    headers: dict[str, str] = field(default_factory=dict)
    broken: str = ""
    is_over: bool = False


class Connection:
    """A client's end; calls may be made from several threads."""

    def __init__(self, reader: int, writer: int, *, greeted: bool = False) -> None:
        """Begin to speak.

        Args:
            reader: the file descriptor to read from.
            writer: the file descriptor to write to.
            greeted: whether HTTP/2's preface and first SETTINGS have been written there already.
        """
        self._reader, self._writer = reader, writer
        self._http = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._changed, self._writing = threading.Condition(), threading.Lock()
        self._streams: dict[int, _Stream] = {}
        self._dead = ""
        self._http.initiate_connection()
        if greeted:
            self._http.clear_outbound_data_buffer()
        self._http.update_settings(
            {
                SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.MAX_HEADER_LIST_SIZE: _LARGEST_HEADERS,
            }
        )
        self._http.increment_flow_control_window(_WINDOW)
        self._flush()
        threading.Thread(target=self._read, name="gateway", daemon=True).start()

    def call(self, path: str, message: bytes) -> bytes:
        """One unary call.

        Args:
            path: `/service/method`.
            message: the serialised request.

        Returns:
            The serialised response.

        Raises:
            RpcError: the other side refused, or has gone.
        """
        try:
            number, stream = self._open(path)
            self._send(number, stream, _PREFIX.pack(0, len(message)) + message)
        except (OSError, ProtocolError) as error:
            raise RpcError(UNAVAILABLE, f"the connection to BuildKit broke: {error}") from error
        with self._changed:
            self._changed.wait_for(lambda: stream.is_over or self._dead)
            del self._streams[number]
            return _answer(stream, self._dead)

    def _open(self, path: str) -> tuple[int, _Stream]:
        headers = {
            ":method": "POST", ":scheme": "http", ":path": path, ":authority": "localhost",
            "te": "trailers", "content-type": "application/grpc+proto", "user-agent": "spybuild-frontend",
        }  # fmt: skip
        with self._changed:
            if self._dead:
                raise RpcError(UNAVAILABLE, self._dead)
            number = self._http.get_next_available_stream_id()
            stream = self._streams[number] = _Stream()
            self._http.send_headers(number, list(headers.items()))
        self._flush()
        return number, stream

    def _send(self, number: int, stream: _Stream, data: bytes) -> None:
        """Send a message, as fast as the other side takes it; what is left when the call is over, it does not want."""
        while data:
            with self._changed:
                self._changed.wait_for(lambda: stream.is_over or self._dead or self._room(number))
                if stream.is_over or self._dead:
                    return
                size = min(len(data), self._room(number))
                self._http.send_data(number, data[:size], end_stream=size == len(data))
            self._flush()
            data = data[size:]

    def _room(self, number: int) -> int:
        """How many bytes of a message may be sent now."""
        return min(self._http.local_flow_control_window(number), self._http.max_outbound_frame_size)

    def _flush(self) -> None:
        """Write what there is to be written, in order; never while the state is locked, or nobody could read."""
        with self._writing:
            with self._changed:
                data = self._http.data_to_send()
            while data:
                data = data[os.write(self._writer, data) :]

    def _read(self) -> None:
        """Take in what comes, to the end of the connection."""
        reason = "BuildKit has hung up"
        try:
            while data := os.read(self._reader, _CHUNK):
                with self._changed:
                    for event in self._http.receive_data(data):
                        self._take(event)
                    self._changed.notify_all()
                self._flush()
        except Exception as error:  # whatever it is: who waits for an answer must not wait forever
            reason = f"the connection to BuildKit broke: {error}"
        with self._changed:
            self._dead = reason
            self._changed.notify_all()

    def _take(self, event: Event) -> None:
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        match event:
            case DataReceived(data=data, flow_controlled_length=length, stream_id=number):
                self._http.acknowledge_received_data(length or 0, number or 0)
                if stream and len(stream.received) <= _LARGEST_MESSAGE:
                    stream.received += data or b""
            case ResponseReceived(headers=headers) | TrailersReceived(headers=headers) if stream:
                stream.headers.update((_text(name), _text(value)) for name, value in headers or ())
            case StreamEnded() if stream:
                stream.is_over = True
            case StreamReset(error_code=code) if stream:
                stream.is_over, stream.broken = True, f"BuildKit broke off the call ({code})"


def _answer(stream: _Stream, dead: str) -> bytes:
    """The message that a call that is over brought, or why there is none."""
    if stream.broken or not stream.is_over:
        raise RpcError(UNAVAILABLE, stream.broken or dead)
    code = stream.headers.get("grpc-status", "")
    if code != "0":
        message = unquote(stream.headers.get("grpc-message", "")) or "BuildKit gave no reason"
        status = _decoded(stream.headers.get("grpc-status-details-bin", ""))
        raise RpcError(int(code) if code.isdecimal() else UNKNOWN, message, status)
    if len(stream.received) < _PREFIX.size:
        raise RpcError(UNKNOWN, "BuildKit answered with nothing")
    compressed, length = _PREFIX.unpack_from(stream.received)
    message_ = bytes(stream.received[_PREFIX.size :])
    if compressed or length != len(message_):
        raise RpcError(UNKNOWN, "BuildKit's answer is no single, plain message")
    return message_


def _text(header: str | bytes) -> str:
    return header if isinstance(header, str) else header.decode(errors="replace")


def _decoded(text: str) -> bytes:
    """What a binary header holds: base64, whose padding may be left out."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""
