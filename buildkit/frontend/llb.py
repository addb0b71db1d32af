"""LLB, BuildKit's low-level builder: a graph of operations, each named by the digest of its serialised bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from buildkit.frontend.wire import gateway_pb2 as wire

IMAGE = "docker-image://"
"""Begins the address of a source that is an image."""
NO_INPUT = NO_OUTPUT = -1
_UNSET = -1
_SHOWN_AS = "llb.customname"
_OURS = "spybuild"
_DOWNLOADED = "context"
_SECRET, _TMPFS = 1, 4  # kinds of mounts


@dataclass(frozen=True)
class Edge:
    """One output of an operation: what others take as their input."""

    digest: str
    index: int = 0


class Graph:
    """A graph that grows; the same operation is in it once."""

    def __init__(self, *, ignores_cache: bool = False) -> None:
        """An empty graph.

        Args:
            ignores_cache: whether what is added is carried out whatever was cached (`--no-cache`).
        """
        self._ignores_cache = ignores_cache
        self._definition = wire.Definition()
        self._seen: set[str] = set()

    def embed(self, definition: wire.Definition) -> Edge | None:
        """Take in another graph, with what tells its lines in the Dockerfile; its head, None where it is empty."""
        if not definition.operations:
            return None
        *operations, head = definition.operations
        for each in operations:
            self._add(each)
        for digest, metadata in definition.metadata.items():
            self._definition.metadata[digest].CopyFrom(metadata)
        self._definition.source = self._definition.source or definition.source
        named = wire.Operation.FromString(head).inputs[0]
        return Edge(named.digest, named.index)

    def image(self, reference: str, platform: wire.Platform, shown: str) -> Edge:
        """An image's files."""
        source = wire.SourceOp(identifier=f"{IMAGE}{reference}")
        return self._operation(wire.Operation(source=source, platform=platform), shown)

    def files(self, contents: Mapping[str, bytes], shown: str, onto: Edge | None = None) -> Edge:
        """A folder with these files in it, by name; `onto`: beside what is there already."""
        operation = wire.Operation(inputs=[wire.Input(digest=onto.digest, index=onto.index)] if onto else ())
        before = len(operation.inputs) - 1
        for number, (name, content) in enumerate(contents.items()):
            made = wire.MakeFile(path=f"/{name}", mode=0o644, data=content, timestamp=_UNSET)
            # an action's input is what the action before it made; only the last one's output is the operation's
            action = wire.FileAction(input=before + number, secondary_input=NO_INPUT, output=NO_OUTPUT, make_file=made)
            operation.file.actions.append(action)
        operation.file.actions[-1].output = 0
        return self._operation(operation, shown)

    def download(self, url: str, shown: str) -> Edge:
        """A folder with what is at an address, as `context`.

        The same bytes as the Dockerfile frontend's own operation: what a client sends can be fetched only once.
        """
        source = wire.SourceOp(identifier=url, attributes={"http.filename": _DOWNLOADED})
        return self._operation(wire.Operation(source=source, constraints=wire.Constraints()), shown)

    def unpacked(self, archive: Edge, shown: str) -> Edge:
        """What is in the archive that was downloaded."""
        copied = wire.CopyAction(
            source=f"/{_DOWNLOADED}", destination="/", follow_symlinks=True, directory_contents=True, unpack=True
        )
        action = wire.FileAction(input=NO_INPUT, secondary_input=0, copy=copied)
        inputs = [wire.Input(digest=archive.digest, index=archive.index)]
        return self._operation(wire.Operation(inputs=inputs, file=wire.FileOp(actions=[action])), shown)

    def folder(self, name: str, mode: int, shown: str) -> Edge:
        """A folder with one folder in it, of root's."""
        made = wire.MakeFolder(path=f"/{name}", mode=mode, timestamp=_UNSET)
        action = wire.FileAction(input=NO_INPUT, secondary_input=NO_INPUT, make_folder=made)
        return self._operation(wire.Operation(file=wire.FileOp(actions=[action])), shown)

    def run(
        self,
        process: wire.Process,
        mounts: Sequence[tuple[Edge | None, wire.Mount]],
        platform: wire.Platform,
        shown: str,
    ) -> Edge:
        """A process without any network; the mounts' inputs are what they are paired with.

        Returns:
            The mount whose output is 0.
        """
        operation = wire.Operation(platform=platform, exec=wire.ExecOp(process=process, network=2))
        inputs = list(dict.fromkeys(edge for edge, _ in mounts if edge))
        operation.inputs.extend(wire.Input(digest=edge.digest, index=edge.index) for edge in inputs)
        for edge, mount in mounts:
            mount.input = inputs.index(edge) if edge else NO_INPUT
            operation.exec.mounts.append(mount)
        return self._operation(operation, shown)

    def headed(self, edge: Edge) -> wire.Definition:
        """The graph as BuildKit takes it, with this edge as its result."""
        made = wire.Definition()
        made.CopyFrom(self._definition)
        head = wire.Operation(inputs=[wire.Input(digest=edge.digest, index=edge.index)])
        made.operations.append(head.SerializeToString(deterministic=True))
        return made

    def _operation(self, operation: wire.Operation, shown: str) -> Edge:
        digest = self._add(operation.SerializeToString(deterministic=True))
        metadata = self._definition.metadata[digest]
        metadata.ignore_cache = self._ignores_cache
        metadata.description[_SHOWN_AS] = f"[{_OURS}] {shown}"
        return Edge(digest)

    def _add(self, content: bytes) -> str:
        digest = digest_of(content)
        if digest not in self._seen:
            self._seen.add(digest)
            self._definition.operations.append(content)
        return digest


def digest_of(operation: bytes) -> str:
    """What names a serialised operation."""
    return f"sha256:{sha256(operation).hexdigest()}"


def bind(destination: str, *, selector: str = "", readonly: bool = True, output: int = -1) -> wire.Mount:
    """A mount of files: those below `selector` of its input."""
    return wire.Mount(destination=destination, selector=selector, readonly=readonly, output=output)


def tmpfs(destination: str) -> wire.Mount:
    """An empty folder in memory."""
    return wire.Mount(destination=destination, kind=_TMPFS, output=-1)


def secret(name: str, destination: str) -> wire.Mount:
    """A secret of the client's (`docker build --secret id=…`) as a file that anyone may read; it may be missing."""
    options = wire.SecretOptions(id=name, mode=0o444, optional=True)
    return wire.Mount(destination=destination, kind=_SECRET, output=-1, secret=options)


def platform_of(form: dict[str, Any]) -> wire.Platform:
    """A platform as OCI's JSON has it."""
    return wire.Platform(
        os=str(form.get("os") or ""),
        architecture=str(form.get("architecture") or ""),
        variant=str(form.get("variant") or ""),
        os_version=str(form.get("os.version") or ""),
    )
