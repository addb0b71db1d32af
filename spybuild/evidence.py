"""What is known of one platform of an image: by running it, by reading it, and what kept either from being had."""

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from spybuild.engines.engine import Engine
from spybuild.errors import EnvironmentProblem, ImageInvalid, InterpreterNotFound, PlatformNotRunnable, ProbeError
from spybuild.model.evidence import Demand
from spybuild.model.facts import Facts
from spybuild.model.finding import Finding
from spybuild.model.image import PlatformImage
from spybuild.probe.request import Request
from spybuild.rules import catalogue

if TYPE_CHECKING:
    from spybuild.images.layers.cache import LayerCache
    from spybuild.images.source import Source
    from spybuild.model.integrity import Soundness

log = logging.getLogger(__name__)

_ID = re.compile(r"sha256:[0-9a-f]{64}")  # as which engines know an image without a manifest


@dataclass(frozen=True)
class Evidence:
    """One platform's evidence.

    Attributes:
        runtime: what the probe answered; None where it was not asked, or gave no answer.
        static: what the files say of the modules; None likewise.
        soundness: what the files say of the image's state.
        problems: what in the surroundings kept evidence from being had, each a text.
        findings: what in the image did.
        cannot_run: whether the problem is that this machine cannot run the platform.
        start_up: code that runs whenever the interpreter starts, and may do anything to any module: `path:line`.
    """

    runtime: Facts | None = None
    static: Facts | None = None
    soundness: "Soundness | None" = None
    problems: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    cannot_run: bool = False
    start_up: tuple[str, ...] = ()

    @property
    def facts(self) -> Facts | None:
        """The facts that decide: those of the running modules, where they ran."""
        return self.runtime or self.static

    @property
    def problem(self) -> str | None:
        """All problems as one text, each once."""
        return "\n".join(dict.fromkeys(self.problems)) or None


@dataclass(frozen=True)
class Witnesses:
    """Who tells of an image: an engine that runs it, a source that has its files, or both.

    Attributes:
        engine: runs the probe; None where nothing is to be run.
        source: gives the image's files; it may have to wait for them, and is called from other threads. None where
            nothing is to be read.
        demand: what must be had; None where whatever can be had will do.
        python: the interpreter's path in the image, if it is not to be looked for.
        secrets: the names that the contract declares secret.
        kept: where soundness is kept between runs, if anywhere.
    """

    engine: Engine | None = None
    source: "Callable[[], Source] | None" = None
    demand: Demand | None = None
    python: str | None = None
    secrets: Sequence[str] = ()
    kept: "LayerCache | None" = None

    def testify(self, image: PlatformImage, request: Request, progress: Callable[[str], None]) -> Evidence:
        """The evidence on one platform; its files are read while its interpreter starts.

        Args:
            image: the platform.
            request: what the probe is asked, and the files.
            progress: told what is being done.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="files") as pool:
            reading = pool.submit(self._read, image, request)
            run, read = self._run(image, request, progress), reading.result()
        had = Evidence(
            runtime=run.runtime,
            static=read.static,
            soundness=read.soundness,
            problems=(*run.problems, *read.problems),
            cannot_run=run.cannot_run,
            findings=(*run.findings, *read.findings),
            start_up=read.start_up,
        )
        return replace(had, findings=(*had.findings, *self._lacking(had))) if had.facts else had

    def _lacking(self, had: Evidence) -> Iterator[Finding]:
        """The findings that evidence is missing: what was demanded, and what could have been had.

        Where nothing is demanded, a platform that this machine cannot run is left to static evidence.
        """
        runs = self.demand.runs if self.demand else bool(self.engine) and not had.cannot_run
        reads = self.demand.reads if self.demand else bool(self.source)
        for kind, wanted, facts in (("runtime", runs, had.runtime), ("static", reads, had.static)):
            answered = facts or (kind == "runtime" and had.findings)  # a probe that died is a finding already
            if wanted and not answered:
                yield catalogue.MISSING_EVIDENCE.breach(f"there is no {kind} evidence", found=had.problem)

    def _run(self, image: PlatformImage, request: Request, progress: Callable[[str], None]) -> Evidence:
        if not self.engine:
            return Evidence()
        try:
            return Evidence(runtime=self.engine.run(image, request, progress))
        except EnvironmentProblem as problem:
            return Evidence(problems=(str(problem),), cannot_run=isinstance(problem, PlatformNotRunnable))
        except ProbeError as error:
            log.debug("%s: %s", image.platform, error)
            return Evidence(findings=(catalogue.NO_ANSWER.breach(error.message, found=error.hint or None),))

    def _read(self, image: PlatformImage, request: Request) -> Evidence:
        if not self.source:
            return Evidence()
        try:
            return self._read_files(self.source(), image, request)
        except EnvironmentProblem as problem:
            return Evidence(problems=(str(problem),))

    def _read_files(self, source: "Source", image: PlatformImage, request: Request) -> Evidence:
        """Without an interpreter nothing is known of modules, and what is known of the files still stands."""
        from spybuild.integrity.keeping import soundness_of  # where nothing is read, loading these takes a scan's time
        from spybuild.interpreters.hooks import read_hooks
        from spybuild.interpreters.target import read_target
        from spybuild.static.evidence import StaticRequest, static_facts

        image = _same_platform(source, image)
        files, config = source.files(image), source.config(image)
        gather = partial(soundness_of, self.kept, image.digest, files, platform=image.platform, config=config)
        try:
            target = read_target(files, config, image.platform, python=self.python, prefers_pypy=request.prefers_pypy)
        except InterpreterNotFound as problem:
            soundness = gather(target=None, secrets=self.secrets)
            return Evidence(soundness=soundness, problems=(str(problem),))
        asked = StaticRequest(
            request.modules, request.questions, request.environment, self.python, request.prefers_pypy,
            is_configured=bool(config.env),  # an unpacked root filesystem has no config
        )  # fmt: skip
        static = static_facts(files, config, image.platform, asked)
        return Evidence(
            static=static,
            soundness=gather(target=target, secrets=self.secrets),
            start_up=read_hooks(files, replace(target, search_path=static.sys_path)).unknown,  # PYTHONPATH as given
        )


def _same_platform(source: "Source", image: PlatformImage) -> PlatformImage:
    """The platform as the source knows it; what the engine runs must be what is read."""
    for each in source.image().platforms:
        if each.platform == image.platform and _is_same(each, image):
            return each
    raise ImageInvalid(f"the image's files are not those of {image.platform} {image.digest}: it changed meanwhile")


def _is_same(one: PlatformImage, other: PlatformImage) -> bool:
    """Whether two are one by their manifests' digests; where there are none, by their configs', if both have these."""
    if one.digest and other.digest:
        return one.digest == other.digest
    has_ids = all(_ID.fullmatch(each.reference) for each in (one, other))
    return one.reference == other.reference or not has_ids
