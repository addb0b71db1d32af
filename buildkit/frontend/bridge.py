"""The calls of BuildKit's gateway, `moby.buildkit.v1.frontend.LLBBridge`."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from buildkit.frontend.transport import UNKNOWN, Connection, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire

_SERVICE = "/moby.buildkit.v1.frontend.LLBBridge/"
_LARGEST_FILE = 16 << 20
# of Go's fs.FileMode: a folder, a link, a device, a pipe, a socket, a character device, something else
_SPECIAL = sum(1 << bit for bit in (31, 27, 26, 25, 24, 21, 19))

_Response = TypeVar("_Response", bound=Message)


class Bridge:
    """BuildKit, as a frontend sees it. Every call raises RpcError where BuildKit refuses."""

    def __init__(self, connection: Connection, cache_imports: Iterable[Mapping[str, Any]] = ()) -> None:
        """Speak over a connection.

        Args:
            connection: to BuildKit.
            cache_imports: where results of earlier builds may be taken from (`--cache-from`): `Type` and `Attrs`.
        """
        self._connection = connection
        self._caches = [_cache(each) for each in cache_imports]

    def ping(self) -> wire.PongResponse:
        """What this BuildKit can do, and on which platforms."""
        return self._call("Ping", wire.PingRequest(), wire.PongResponse)

    def inputs(self) -> Mapping[str, wire.Definition]:
        """The contexts that were given as definitions (`--build-context target:…`, bake)."""
        return self._call("Inputs", wire.InputsRequest(), wire.InputsResponse).definitions

    def build(self, frontend: str, options: Mapping[str, str], inputs: Mapping[str, wire.Definition]) -> wire.Result:
        """The result of another frontend. Nothing need have run yet: BuildKit's results are lazy."""
        request = self._request()
        request.frontend = frontend
        request.frontend_options.update(options)
        for name, definition in inputs.items():
            request.frontend_inputs[name].CopyFrom(definition)
        return self._solve(request)

    def solve(self, definition: wire.Definition, *, now: bool = False) -> wire.Ref:
        """The result of a graph of operations; `now`: carried out before this returns."""
        request = self._request()
        request.cache_imports.extend(self._caches)
        request.definition.CopyFrom(definition)
        request.evaluate = now
        return self._solve(request).ref

    def read_file(self, ref: wire.Ref, path: str) -> bytes:
        """A regular file of a result, which is carried out for it; one of more than 16 MiB is refused.

        Asked for a pipe, BuildKit would wait for somebody to write to it.
        """
        asked = wire.StatFileRequest(ref=ref.id, path=path)
        if self._call("StatFile", asked, wire.StatFileResponse).status.mode & _SPECIAL:
            raise RpcError(UNKNOWN, f"{path} is no regular file")
        request = wire.ReadFileRequest(ref=ref.id, path=path, range=wire.FileRange(length=_LARGEST_FILE + 1))
        content = self._call("ReadFile", request, wire.ReadFileResponse).data
        if len(content) > _LARGEST_FILE:
            raise RpcError(UNKNOWN, f"{path} is larger than {_LARGEST_FILE >> 20} MiB")
        return content

    def resolve(self, request: wire.ResolveSourceRequest) -> wire.ResolveSourceResponse:
        """What is known of a source: an image's digest; since BuildKit 0.28 its attestations."""
        return self._call("ResolveSourceMeta", request, wire.ResolveSourceResponse)

    def warn(self, warning: wire.WarnRequest) -> None:
        """Show a warning among the client's own."""
        self._call("Warn", warning, wire.WarnResponse)

    def give_back(self, result: wire.Result | wire.Status) -> None:
        """End the build, with a result or with an error."""
        request = wire.ReturnRequest()
        if isinstance(result, wire.Status):
            request.error.CopyFrom(result)
        else:
            request.result.CopyFrom(result)
        self._call("Return", request, wire.ReturnResponse)

    def _request(self) -> wire.SolveRequest:
        return wire.SolveRequest(allow_result_return=True, allow_result_array_ref=True)

    def _solve(self, request: wire.SolveRequest) -> wire.Result:
        response = self._call("Solve", request, wire.SolveResponse)
        if not response.HasField("result"):
            raise RpcError(UNKNOWN, "this BuildKit is older than 0.8, and not supported")
        return response.result

    def _call(self, method: str, request: Message, kind: type[_Response]) -> _Response:
        answer = self._connection.call(_SERVICE + method, request.SerializeToString())
        try:
            return kind.FromString(answer)
        except DecodeError as error:
            raise RpcError(UNKNOWN, f"BuildKit's answer to {method} cannot be read: {error}") from error


def _cache(entry: Mapping[str, Any]) -> wire.CacheOptions:
    return wire.CacheOptions(type=entry.get("Type"), attributes=entry.get("Attrs"))
