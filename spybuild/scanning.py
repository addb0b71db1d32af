"""The main job: scan a built image, or validate the very rootfs we are in.

Starting interpreters in containers takes a daemon longer than anything here, so they are started first, and what is
needed only afterwards (the models of contracts and facts) is imported while they start: hence imports in functions.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from spybuild.errors import EnvironmentProblem, UsageError
from spybuild.model.digests import Reference
from spybuild.model.platforms import Platform
from spybuild.model.surroundings import Surroundings
from spybuild.probe.limits import Limits

if TYPE_CHECKING:
    from spybuild.contracts import LoadedContract
    from spybuild.engines.engine import Engine
    from spybuild.model.image import Image
    from spybuild.model.report import Report

_SCHEMES = ("", "docker", "podman")

Progress = Callable[[Platform, str], None]


def scan(
    reference: str,
    contract: str | Path | None,
    *,
    engine: "Engine | None" = None,
    platforms: Iterable[str] = (),
    surroundings: Surroundings | None = None,
    limits: Limits | None = None,
    strict: bool = False,
    python: str | None = None,
    as_nobody: bool = True,
    progress: Progress | None = None,
) -> "Report":
    """Hold an image against a contract, on every platform it has.

    Args:
        reference: the image, as docker names it; `podman://` asks Podman.
        contract: the contract's file; None for the one that the image's label names.
        engine: runs the probe, and stays open; None for the local daemon.
        platforms: only these (`linux/arm64`); none for all.
        surroundings: what the deployment will add to the environment.
        limits: what a module may use while it is imported.
        strict: refuse what ImportSpy's own model refuses.
        python: the interpreter's path in the image, if it is not to be looked for.
        as_nobody: whether modules are imported as user 65534, or as the image's own user.
        progress: told what is being done on which platform, from several threads.

    Returns:
        The report; `report.verdict` is the whole image's verdict.

    Raises:
        ContractError: the contract cannot be used. It is told before anything that is wrong with the environment.
        EnvironmentProblem: the image cannot be opened.
        UsageError: a platform or the reference is none, or there is no contract.
    """
    wanted = [Platform.parse(text) for text in platforms]
    check = _Job(contract, wanted, surroundings or Surroundings(), limits or Limits(), strict, progress)
    try:
        if engine:
            return check.on(engine, reference)
        own = _engine_for(reference, python=python, as_nobody=as_nobody)
        try:
            return check.on(own, reference)
        finally:
            own.close()
    except EnvironmentProblem:
        check.load_if_named()
        raise


def validate(
    contract: str | Path,
    *,
    surroundings: Surroundings | None = None,
    limits: Limits | None = None,
    strict: bool = False,
    python: str | None = None,
    as_nobody: bool = True,
    progress: Progress | None = None,
) -> "Report":
    """Hold this very rootfs against a contract, from inside a build stage or a container; see `scan`."""
    from spybuild.engines.stage import StageEngine

    engine = StageEngine(python=python, as_nobody=as_nobody)
    try:
        return scan(
            "this rootfs",
            contract,
            engine=engine,
            surroundings=surroundings,
            limits=limits,
            strict=strict,
            progress=progress,
        )
    finally:
        engine.close()


class _Job:
    """What to hold against an image, not loaded yet."""

    def __init__(
        self,
        contract: str | Path | None,
        wanted: Sequence[Platform],
        surroundings: Surroundings,
        limits: Limits,
        strict: bool,
        progress: Progress | None,
    ) -> None:
        self._contract, self._wanted, self._surroundings = contract, wanted, surroundings
        self._limits, self._strict, self._progress = limits, strict, progress

    def on(self, engine: "Engine", reference: str) -> "Report":
        """The report on an image of this engine."""
        image = engine.open(reference)
        engine.prepare(image.choose(self._wanted), self._limits)
        from spybuild.checking import Check, silent

        check = Check(self._load(engine, image), self._surroundings, self._limits, self._progress or silent)
        return check.image(engine, image, self._wanted)

    def load_if_named(self) -> None:
        """Load the contract for its mistakes alone."""
        from spybuild.contracts import load_contract

        if self._contract is not None:
            load_contract(self._contract, strict=self._strict)

    def _load(self, engine: "Engine", image: "Image") -> "LoadedContract":
        from spybuild.checking import contract_of_image
        from spybuild.contracts import load_contract

        if self._contract is None:
            return contract_of_image(engine, image, strict=self._strict)
        return load_contract(self._contract, strict=self._strict)


def _engine_for(reference: str, *, python: str | None, as_nobody: bool) -> "Engine":
    """The engine that a reference asks for."""
    from spybuild.engines.docker import DockerEngine, podman_url

    scheme = Reference.parse(reference).scheme
    if scheme not in _SCHEMES:
        raise UsageError(f"{scheme}:// is no source of images we know", "use a bare name, docker:// or podman://")
    return DockerEngine(podman_url() if scheme == "podman" else None, python=python, as_nobody=as_nobody)
