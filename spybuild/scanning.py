"""The main job: scan a built image, or validate the very rootfs we are in.

Starting interpreters in containers takes a daemon longer than anything here, so they are started first, and what is
needed only afterwards (the models of contracts and facts) is imported while they start: hence imports in functions.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from spybuild.errors import EngineUnavailable, EnvironmentProblem, ImageNotFound, UsageError
from spybuild.images.schemes import PLACES, split_scheme
from spybuild.model.digests import Reference
from spybuild.model.evidence import Demand
from spybuild.model.names import shown
from spybuild.model.platforms import Platform
from spybuild.model.surroundings import Surroundings
from spybuild.probe.limits import Limits

if TYPE_CHECKING:
    from spybuild.engines.engine import Engine
    from spybuild.images.layers.cache import LayerCache
    from spybuild.images.source import Source
    from spybuild.model.image import Image
    from spybuild.model.report import Report

Progress = Callable[[Platform, str], None]


def scan(
    reference: str,
    contract: str | Path | None,
    *,
    engine: "Engine | None" = None,
    source: "Source | None" = None,
    evidence: Demand | None = None,
    integrity: bool = False,
    platforms: Iterable[str] = (),
    surroundings: Surroundings | None = None,
    limits: Limits | None = None,
    strict: bool = False,
    python: str | None = None,
    as_nobody: bool = True,
    insecure: bool = False,
    from_build: bool = False,
    progress: Progress | None = None,
) -> "Report":
    """Hold an image against a contract, on every platform it has.

    Args:
        reference: the image: as docker names it, or `registry://`, `oci-dir://`, `oci-archive://`, `docker-archive://`,
            `rootfs://`, `docker://` or `podman://` and where it is. A bare name is the daemon's, else a registry's.
        contract: the contract's file; None for the one that the image's label names.
        engine: runs the probe, and stays open; None for the one that the reference asks for.
        source: has the image's files, and stays open; None for the one that the reference asks for.
        evidence: what the verdict must rest on; None for all that can be had.
        integrity: check the image's own soundness alone, without any contract; nothing is run.
        platforms: only these (`linux/arm64`); none for all.
        surroundings: what the deployment will add to the environment.
        limits: what a module may use while it is imported.
        strict: refuse what ImportSpy's own model refuses.
        python: the interpreter's path in the image, if it is not to be looked for.
        as_nobody: whether modules are imported as user 65534, or as the image's own user.
        insecure: whether a registry beyond this machine may be asked over plain HTTP or without a proven certificate.
        from_build: take the report that the image's own build attached for runtime evidence (`from_build`).
        progress: told what is being done on which platform, from several threads.

    Returns:
        The report; `report.verdict` is the whole image's verdict.

    Raises:
        ContractError: the contract cannot be used. It is told before anything that is wrong with the environment.
        EnvironmentProblem: the image cannot be opened.
        UsageError: a platform or the reference is none, there is no contract, or integrity alone is to rest on running.
    """
    if integrity and evidence in (Demand.RUNTIME, Demand.BOTH):
        raise UsageError(
            "integrity is read from the image's files: there is no runtime evidence of it",
            "leave --evidence out (and SPYBUILD_EVIDENCE), or hold the image against a contract",
        )
    if from_build and (integrity or evidence):
        raise UsageError("--from-build says itself what the verdict rests on: it takes no --evidence, no --integrity")
    job = _Job(
        reference=reference,
        contract=contract,
        evidence=Demand.STATIC if integrity else evidence,
        integrity=integrity,
        wanted=tuple(Platform.parse(text) for text in platforms),
        surroundings=surroundings or Surroundings(),
        limits=limits or Limits(),
        strict=strict,
        python=python,
        as_nobody=as_nobody,
        insecure=insecure,
        from_build=from_build,
        progress=progress,
    )
    try:
        return job.with_given(engine, source) if engine or source else job.run()
    except EnvironmentProblem:
        job.load_if_named()
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


@dataclass(frozen=True)
class _Job:
    """What to hold against an image, nothing of it opened or loaded yet; the fields are `scan`'s arguments."""

    reference: str
    contract: str | Path | None
    evidence: Demand | None
    integrity: bool
    wanted: Sequence[Platform]
    surroundings: Surroundings
    limits: Limits
    strict: bool
    python: str | None
    as_nobody: bool
    insecure: bool
    from_build: bool
    progress: Progress | None

    @property
    def scheme(self) -> str:
        """What stands before `://`; empty for a bare name."""
        return split_scheme(self.reference)[0]

    @property
    def _is_image_id(self) -> bool:
        """Whether the image is named by its id alone, which registries do not know."""
        return not Reference.parse(self.reference).name

    def run(self) -> "Report":
        """The report, from wherever the reference says the image is.

        A bare name that no daemon has is looked for in its registry, as `docker run` would.
        """
        if self.from_build:
            return self._with_source(self.reference if self.scheme else f"registry://{self.reference}")
        if self.scheme in PLACES:
            return self._read_only()
        if self.reference.startswith((".", "/")):  # as no image's name does
            raise UsageError(
                f"{shown(self.reference, 200)} is a path, and no image reference",
                f"say what is there: rootfs://{self.reference}, oci-dir://…, oci-archive://… or docker-archive://…",
            )
        try:
            return self._with_source(self.reference) if self.evidence is Demand.STATIC else self._with_engine()
        except (EngineUnavailable, ImageNotFound) as problem:
            if self.scheme or self.evidence in (Demand.RUNTIME, Demand.BOTH) or self._is_image_id:
                raise
            return self._from_registry(problem)

    def with_given(self, engine: "Engine | None", source: "Source | None") -> "Report":
        """The report on an image of a given engine or source, which stay open."""
        if not engine:
            assert source
            return self._report(source.image(), None, lambda: source)
        image = engine.open(self.reference)
        engine.prepare(image.choose(self.wanted), self.limits)
        return self._report(image, engine, (lambda: source) if source else None)

    def load_if_named(self) -> None:
        """Load the contract for its mistakes alone."""
        from spybuild.contracts import load_contract

        if self.contract is not None:
            load_contract(self.contract, strict=self.strict)

    def _with_engine(self) -> "Report":
        """The report of a daemon's image; its files are fetched while its interpreters start."""
        engine = self._engine()
        with ExitStack() as opened:
            opened.callback(engine.close)
            image = engine.open(self.reference)
            engine.prepare(image.choose(self.wanted), self.limits)
            if self.evidence is Demand.RUNTIME:
                return self._report(image, engine, None)
            kept = self._cache()
            pool = opened.enter_context(ThreadPoolExecutor(1, thread_name_prefix="source"))
            source = pool.submit(lambda: opened.enter_context(closing(self._open(self.reference, kept))))
            return self._report(image, engine, source.result, kept)

    def _read_only(self) -> "Report":
        """The report of an image that nothing here can run."""
        if self.evidence in (Demand.RUNTIME, Demand.BOTH):
            raise UsageError(
                f"an image at {self.scheme}:// can be read, not run",
                "load it into the engine, or use --evidence static",
            )
        return self._with_source(self.reference)

    def _with_source(self, reference: str) -> "Report":
        kept = self._cache()
        with closing(self._open(reference, kept)) as source:
            return self._report(source.image(), None, lambda: source, kept)

    def _from_registry(self, problem: EnvironmentProblem) -> "Report":
        try:
            return replace(self, evidence=Demand.STATIC)._with_source(f"registry://{self.reference}")
        except EnvironmentProblem as second:
            raise type(problem)(
                problem.message, f"{problem.hint}\n  nor from its registry: {second.message}"
            ) from second

    def _open(self, reference: str, kept: "LayerCache | None") -> "Source":
        from spybuild.images.layers.store import LayerStore
        from spybuild.images.opening import open_source

        return open_source(
            reference if "://" in reference else f"docker://{reference}",
            store=LayerStore(kept),
            insecure=self.insecure,
            platform=self.wanted[0] if self.wanted else None,
        )

    @staticmethod
    def _cache() -> "LayerCache | None":
        from spybuild.images.layers.cache import LayerCache

        return LayerCache.usual()

    def _engine(self) -> "Engine":
        from spybuild.daemon.address import address_of
        from spybuild.engines.docker import DockerEngine

        return DockerEngine(address_of(self.scheme), python=self.python, as_nobody=self.as_nobody)

    def _report(
        self,
        image: "Image",
        engine: "Engine | None",
        source: "Callable[[], Source] | None",
        kept: "LayerCache | None" = None,
    ) -> "Report":
        """The report on an opened image; what a source that was given says is not kept."""
        from spybuild.checking import Check, contract_of_image, silent
        from spybuild.contracts import load_contract

        contract = None
        if self.contract is not None:
            contract = load_contract(self.contract, strict=self.strict)
        elif not self.integrity:
            contract = contract_of_image(image, engine, source, strict=self.strict)
        check = Check(
            contract,
            self.surroundings,
            self.limits,
            self.evidence,
            self.python,
            self.progress or silent,
            kept,
        )
        report = check.image(image, engine, source, self.wanted)
        if not self.from_build:
            return report
        from spybuild.from_build import FromBuild
        from spybuild.images.oci_source import OciSource

        opened = source() if source else None
        if not contract or not isinstance(opened, OciSource):
            raise UsageError(
                f"--from-build: nothing that a build attaches is kept at {self.scheme}://",
                "name the image in its registry, or an OCI layout or archive of it",
            )
        return FromBuild(contract, opened, self.surroundings, self.python, self.as_nobody).report(report)
