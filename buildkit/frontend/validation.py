"""One platform validated: a step of the build that runs `spybuild validate` in that platform's own result.

As a step of the graph (and not as a container of the gateway's) it is cached like any other, its output is shown, and
foreign platforms are emulated as for RUN.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from buildkit.frontend import paths
from buildkit.frontend.bridge import Bridge
from buildkit.frontend.contract import Contract
from buildkit.frontend.llb import Edge, Graph, bind, secret, tmpfs
from buildkit.frontend.options import Options
from buildkit.frontend.results import Built
from buildkit.frontend.transport import UNKNOWN, RpcError
from buildkit.frontend.wire import gateway_pb2 as wire

_PASS = "pass"  # noqa: S105  # a verdict
_FOREIGN = ("exec format error", f"exec {paths.STEP}")  # what runc says of a program that this machine cannot start


@dataclass(frozen=True)
class Outcome:
    """What validating one platform came to.

    Attributes:
        built: the platform.
        step: digest of the operation, to hang warnings on.
        answer: what the operation wrote.
        code: the exit code of `spybuild validate`: 0 is a pass.
        said: what it wrote on stderr: why there is no report.
        report: the report, as `docs/report.schema.json` has it; None where there was none.
        contents: digests of the files that the report speaks of, by path.
        made_at: when it was written, in seconds since 1970; long ago where BuildKit had it in its cache.
    """

    built: Built
    step: str
    answer: wire.Ref
    code: int
    said: str
    report: Mapping[str, Any] | None
    contents: Mapping[str, str]
    made_at: float

    @property
    def is_pass(self) -> bool:
        """Whether everything says so: the exit code, the report, and its one platform."""
        if self.code != 0 or self.report is None or self.report["verdict"] != _PASS:
            return False
        return [platform["verdict"] for platform in self.report["platforms"]] == [_PASS]


@dataclass(frozen=True)
class Validator:
    """Validates the platforms of one build.

    Attributes:
        bridge: BuildKit.
        options: what the build asks for.
        runtime: our own image, pinned by digest where BuildKit tells it.
        native: the platform that builds.
        started: when this build began, in seconds since 1970.
    """

    bridge: Bridge
    options: Options
    runtime: str
    native: wire.Platform
    started: float = field(default_factory=time.time)

    def validate(self, built: Built, contract: Contract) -> Outcome:
        """Validate one platform.

        SpyBuild itself runs on the platform that builds, beside the target's interpreter, which alone is emulated. A
        BuildKit that brings its own emulators would hand them ours as well: then all of it is the target's.

        What did not pass in an earlier build is tried again: the cache knows nothing of secrets, nor of a busy machine.

        Raises:
            RpcError: the platform cannot be built, or the step cannot be run.
        """
        found = self._on_some_runtime(built, contract, anew=self.options.ignores_cache)
        if found.is_pass or found.made_at >= self.started:
            return found
        return self._on_some_runtime(built, contract, anew=True)

    def _on_some_runtime(self, built: Built, contract: Contract, *, anew: bool) -> Outcome:
        try:
            return self._validate(built, contract, self.native, anew=anew)
        except RpcError as error:
            if built.platform == self.native or not any(words in error.message for words in _FOREIGN):
                raise
            return self._validate(built, contract, built.platform, anew=anew)

    def _validate(self, built: Built, contract: Contract, runtime: wire.Platform, *, anew: bool) -> Outcome:
        graph = Graph(ignores_cache=anew)
        step = self._step(graph, built, contract, runtime)
        ref = self._solved(graph.headed(step), built)
        content = self.bridge.read_file(ref, f"/{paths.INNER}/{paths.OUTCOME}")
        return read_outcome(built, step.digest, ref, content)

    def _solved(self, definition: wire.Definition, built: Built) -> wire.Ref:
        try:
            return self.bridge.solve(definition, now=True)
        except RpcError as error:
            if f'"{paths.STEP}" did not complete' not in error.message:
                raise
            told = "SpyBuild could not be run in this image: something of it may lie where SpyBuild is mounted"
            raise RpcError(UNKNOWN, f"spybuild: {built.name}: {told} ({paths.RUNTIME}…)\n  {error.message}") from error

    def _step(self, graph: Graph, built: Built, contract: Contract, runtime: wire.Platform) -> Edge:
        settings, asks_user = built.settings, self.options.arguments.get("user") == "image"
        # an image without any layer: a step needs a root to mount things in
        rootfs = graph.embed(built.ref.definition) or graph.folder("tmp", 0o755, f"{built.name}: nothing")
        ours = graph.image(self.runtime, runtime, f"{built.name}: SpyBuild")
        asked = graph.files(_asked(self.options, built, contract), f"{built.name}: what is asked")
        answer = graph.folder(paths.INNER, 0o777 if asks_user else 0o700, f"{built.name}: the answer")
        process = wire.Process(
            arguments=[paths.STEP],
            environment=[f"PATH={paths.PATH}"],
            working_directory=settings.get("WorkingDir") or "/",
            user=(settings.get("User") or "") if asks_user else "",  # empty is root: a name needs /etc/passwd
            remove_mount_stubs=True,
        )
        mounts = [
            (rootfs, bind("/")),
            (ours, bind(paths.RUNTIME, selector=paths.RUNTIME)),
            (asked, bind(paths.ASKED)),
            (answer, bind(paths.ANSWER, readonly=False, output=0)),
            (None, tmpfs("/tmp")),  # noqa: S108  # in the container
            *((None, secret(name, f"{paths.SECRETS}/{name}")) for name in self.options.secrets),
        ]
        return graph.run(process, mounts, built.platform, f"{built.name}: validate {contract.name}")


def _asked(options: Options, built: Built, contract: Contract) -> dict[str, bytes]:
    """The files that tell the step what to do."""
    request = {
        "arguments": dict(options.arguments),
        "contract": contract.name,
        "environment": built.settings.get("Env") or [],
        "platform": built.name,
        "secrets": list(options.secrets),
        "variables": list(options.variables),
    }
    return {paths.REQUEST: json.dumps(request, sort_keys=True).encode(), paths.CONTRACT: contract.content}


def read_outcome(built: Built, step: str, answer: wire.Ref, content: bytes) -> Outcome:
    """What a step wrote.

    Raises:
        RpcError: it is not what a step writes.
    """
    try:
        found = json.loads(content)
        return Outcome(
            built, step, answer, int(found["code"]), str(found["said"]), found["report"], dict(found["contents"]),
            float(found["made_at"]),
        )  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise RpcError(UNKNOWN, f"{built.name}: the validation gave no answer") from error
