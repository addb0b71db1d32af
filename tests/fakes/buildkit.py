"""A BuildKit whose results a test lays down: what the Dockerfile frontend gives back, and what steps in it write."""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from buildkit.frontend.llb import digest_of
from buildkit.frontend.serving import outcome
from buildkit.frontend.transport import RpcError
from buildkit.frontend.wire import gateway_pb2 as wire
from tests.fakes.gateway import FakeGateway, gateway

AMD64, ARM64 = "linux/amd64", "linux/arm64"
CONTRACT = b"filename: plugin.py\nvariables:\n  - name: LIMIT\n"


def answer(*findings: dict[str, Any], code: int | None = None, said: str = "", **changes: Any) -> dict[str, Any]:
    """What a step writes: a pass without findings."""
    verdict = "fail" if findings else "pass"
    platform = {
        "platform": AMD64, "digest": None, "problem": None, "evidence": ["runtime"], "interpreter": None,
        "modules": [{"name": "plugin.py", "path": "/app/plugin.py", "version": None, "verdict": verdict}],
        "findings": list(findings), "verdict": verdict,
    }  # fmt: skip
    report = {
        "schema_version": 1, "tool": {"name": "spybuild", "version": "1"},
        "subject": {"reference": "this rootfs", "digest": None, "kind": "rootfs"},
        "contract": {"path": "spymodel.yml", "policy_id": None, "digest": f"sha256:{'0' * 64}"},
        "warnings": [], "verdict": verdict, "platforms": [platform],
    }  # fmt: skip
    made = {"code": int(bool(findings)) if code is None else code, "said": said, "report": report, "contents": {}}
    made["made_at"] = time.time() + 3600  # by this build
    return made | changes


def finding(message: str = "variable LIMIT is missing", line: int = 3) -> dict[str, Any]:
    """A finding of a report."""
    where = {"file": "spymodel.yml", "line": line, "column": 11, "path": "variables[0].name"}
    return {
        "rule": "SPY102", "name": "missing-variable", "category": "MISSING", "message": message, "module": "plugin.py",
        "expected": "variable LIMIT", "found": None, "contract_location": where, "image_location": None,
        "importspy_code": None, "remedy": "Assign it.",
    }  # fmt: skip


@dataclass
class FakeBuildKit:
    """What this BuildKit builds.

    Attributes:
        configs: the images' configs, by platform.
        answers: what the step writes in each platform, by platform, or a list of it for each time; a missing one is a
            pass.
        context: the files of the build's context; with `label` those of the image.
        failure: what the forwarded build fails with.
        capabilities: of its gateway.
        native: the platform it runs on.
        is_old: it gives one platform, as before 0.11.
        foreign_failure: what a step fails with whose runtime is of another platform than its own.
        step_failure: what a step fails with.
        pipes: paths at which there is a named pipe.
        shows_warnings: it takes warnings.
        lazy_failure: what carrying out the images fails with.
        statements: what base images carry; None: this BuildKit cannot tell.
    """

    configs: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {AMD64: {}})
    answers: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, bytes] = field(default_factory=lambda: {"spymodel.yml": CONTRACT})
    failure: RpcError | None = None
    capabilities: Iterable[str] = ("reference.attestations",)
    native: str = AMD64
    is_old: bool = False
    foreign_failure: str = ""
    step_failure: str = ""
    pipes: frozenset[str] = frozenset()
    shows_warnings: bool = True
    lazy_failure: RpcError | None = None
    statements: Sequence[bytes] | None = None

    served: FakeGateway = field(init=False)

    def build(self, **options: str) -> wire.Result | wire.Status:
        """Let the frontend carry out a build with these options, beside those that every build has."""
        passed = {"cmdline": "spybuild/frontend", "source": "spybuild/frontend:tag", "filename": "Dockerfile"} | options
        environment = {f"BUILDKIT_FRONTEND_OPT_{n}": f"{k}={v}" for n, (k, v) in enumerate(passed.items())}
        with self._serving() as connection:
            return outcome(connection, environment)

    def solved(self) -> list[wire.SolveRequest]:
        """The requests to solve, in order."""
        return [wire.SolveRequest.FromString(each) for each in self.served.of("Solve")]

    def steps(self) -> list[wire.Operation]:
        """The processes whose results were asked for."""
        heads = (head_of(request.definition) for request in self.solved() if request.definition.operations)
        return [each for each in heads if each.HasField("exec")]

    @contextmanager
    def _serving(self) -> Iterator[Any]:
        methods = {
            "Ping": self._ping, "Inputs": lambda _: wire.InputsResponse(), "Solve": self._solve,
            "ReadFile": self._read_file, "StatFile": self._stat_file, "ResolveSourceMeta": self._resolve,
        } | ({"Warn": lambda _: wire.WarnResponse()} if self.shows_warnings else {})  # fmt: skip
        with gateway(methods) as (self.served, connection):
            yield connection

    def _resolve(self, _: bytes) -> Message:
        if self.statements is None:
            raise RpcError(12, "unknown method ResolveSourceMeta")
        chain = wire.AttestationChain(image_manifest=f"sha256:{'b' * 64}")
        for number, statement in enumerate(self.statements):
            blob = chain.blobs[f"sha256:{number:064}"]
            blob.descriptor.media_type, blob.data = "application/vnd.in-toto+json", statement
        return wire.ResolveSourceResponse(image=wire.ResolveImageResponse(attestation_chain=chain))

    def _ping(self, _: bytes) -> Message:
        worker = wire.Worker(platforms=[_platform(self.native)])
        return wire.PongResponse(
            frontend_capabilities=[wire.Capability(id=each) for each in self.capabilities], workers=[worker]
        )

    def _solve(self, content: bytes) -> Message:
        request = wire.SolveRequest.FromString(content)
        if request.frontend:
            return wire.SolveResponse(result=self._forwarded(request))
        operations = [wire.Operation.FromString(each) for each in request.definition.operations]
        step = head_of(request.definition)
        if step.HasField("source") and self.lazy_failure:
            raise self.lazy_failure
        if not step.HasField("exec"):
            return wire.SolveResponse(result=wire.Result(ref=wire.Ref(id="made", definition=request.definition)))
        runtime = next(each for each in operations if each.HasField("source") and "frontend" in each.source.identifier)
        if self.foreign_failure and runtime.platform != step.platform:
            raise RpcError(2, self.foreign_failure)
        if self.step_failure:
            raise RpcError(2, self.step_failure)
        ref = wire.Ref(id=f"step {_name(step.platform)}", definition=request.definition)
        return wire.SolveResponse(result=wire.Result(ref=ref))

    def _forwarded(self, request: wire.SolveRequest) -> wire.Result:
        if request.frontend_options.get("cmdline") == "spybuild" or "dockerfile" in request.frontend_inputs:
            return wire.Result(ref=wire.Ref(id="context"))
        if self.failure:
            raise self.failure
        result = wire.Result()
        for name, config in self.configs.items():
            form = {"os": "linux", "architecture": name.partition("/")[2], "config": config}
            ref = wire.Ref(id=name, definition=_definition(name))
            if self.is_old:
                result.metadata["containerimage.config"] = json.dumps(form).encode()
                result.ref.CopyFrom(ref)
                continue
            result.metadata[f"containerimage.config/{name}"] = json.dumps(form).encode()
            result.refs.refs[name].CopyFrom(ref)
        if not self.is_old:
            entries = [{"ID": name, "Platform": _form(name)} for name in self.configs]
            result.metadata["refs.platforms"] = json.dumps({"Platforms": entries}).encode()
        return result

    def _stat_file(self, content: bytes) -> Message:
        request = wire.StatFileRequest.FromString(content)
        is_pipe = request.path in self.pipes
        return wire.StatFileResponse(status=wire.FileStatus(mode=0o644 | (1 << 25 if is_pipe else 0)))

    def _read_file(self, content: bytes) -> Message:
        request = wire.ReadFileRequest.FromString(content)
        if request.ref.startswith("step "):
            told = self.answers.get(request.ref.removeprefix("step "), answer())
            told = told.pop(0) if isinstance(told, list) else told
            return wire.ReadFileResponse(data=told if isinstance(told, bytes) else json.dumps(told).encode())
        name = self._asked_name() if request.ref == "context" else request.path
        if name not in self.context:
            raise RpcError(5, f'failed to compute cache key: "/{name}": not found')
        return wire.ReadFileResponse(data=self.context[name])

    def _asked_name(self) -> str:
        """What the Dockerfile that looks for the contract copies."""
        request = next(each for each in reversed(self.solved()) if "dockerfile" in each.frontend_inputs)
        operation = wire.Operation.FromString(request.frontend_inputs["dockerfile"].operations[0])
        copied = operation.file.actions[0].make_file.data.decode().splitlines()[1]
        pattern = str(json.loads(copied[copied.index("[") :])[0])
        return re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)\[(.)\]", r"\1", pattern))


def head_of(definition: wire.Definition) -> wire.Operation:
    """The operation that a graph's result comes from."""
    *operations, head = definition.operations
    named = wire.Operation.FromString(head).inputs[0].digest
    return next(wire.Operation.FromString(each) for each in operations if digest_of(each) == named)


def _form(name: str) -> dict[str, str]:
    os, architecture, *variant = name.split("/")
    return {"os": os, "architecture": architecture} | ({"variant": variant[0]} if variant else {})


def _platform(name: str) -> wire.Platform:
    return wire.Platform(**_form(name))


def _name(platform: wire.Platform) -> str:
    return "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))


def _definition(name: str) -> wire.Definition:
    """The graph of one image: a base, and the head that names it."""
    base = wire.Operation(source=wire.SourceOp(identifier="docker-image://base"), platform=_platform(name))
    content = base.SerializeToString(deterministic=True)
    head = wire.Operation(inputs=[wire.Input(digest=digest_of(content))])
    return wire.Definition(operations=[content, head.SerializeToString()], source=b"\x0a\x00")
