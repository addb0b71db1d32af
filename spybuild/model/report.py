"""Verdicts and the report: what is said of an image, in the form that is published (`docs/report.schema.json`).

A report holds no time, no host path and nothing else that differs between two runs on the same input.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, computed_field

from spybuild.model.base import Model
from spybuild.model.facts import Frame
from spybuild.model.finding import Category, Finding, Told

if TYPE_CHECKING:
    from spybuild.model.contract import Contract

EvidenceKind = Literal["runtime", "static", "config"]


class Verdict(StrEnum):
    """One platform's outcome, and the whole image's. Undecided is never a pass."""

    PASS = "pass"  # noqa: S105  # a verdict, no password
    FAIL = "fail"
    UNDECIDED = "undecided"

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Verdict":
        """The verdict that findings amount to: any breach fails, any unknown leaves undecided."""
        categories = {finding.category for finding in findings}
        if categories - {Category.UNKNOWN}:
            return cls.FAIL
        return cls.UNDECIDED if categories else cls.PASS

    @classmethod
    def worst(cls, verdicts: Iterable["Verdict"]) -> "Verdict":
        """The verdict over several: one failure fails all; none at all is undecided."""
        seen = set(verdicts)
        return next((verdict for verdict in (cls.FAIL, cls.UNDECIDED, cls.PASS) if verdict in seen), cls.UNDECIDED)


class Tool(Model):
    """The program that made the report."""

    name: Literal["spybuild"] = "spybuild"
    version: str


class Subject(Model):
    """What was checked. `digest` is None where the engine knows none (an image that was never pushed)."""

    reference: Told
    digest: str | None = None
    kind: Literal["index", "image", "rootfs", "source"]


class ContractReference(Model):
    """The contract that was checked, by path as named, by content, and by the name it gives itself."""

    path: Told
    policy_id: str | None = None
    digest: str | None = None

    @classmethod
    def of(cls, contract: "Contract") -> Self:
        """The reference to a contract that was read."""
        digest = str(contract.digest) if contract.digest else None
        return cls(path=contract.path, digest=digest, policy_id=contract.policy_id)


class Interpreter(Model):
    """The interpreter the probe ran on."""

    implementation: str
    version: str
    executable: str


class ModuleReport(Model):
    """One module on one platform; what it printed is shown where its import went wrong.

    `api` is what it offers, a line each (`spybuild.model.api`); None where that is not known in full.
    """

    name: str
    path: str | None = None
    version: str | None = None
    verdict: Verdict
    traceback: tuple[Frame, ...] = ()
    stdout: str = ""
    stderr: str = ""
    api: tuple[Told, ...] | None = None


class PlatformReport(Model):
    """One platform of the image. The verdict follows from the findings; `problem` says why there could be none.

    `from_build` says that its runtime evidence is the word of the image's own build (`scan --from-build`).
    """

    platform: str
    digest: str | None = None
    problem: Told | None = None
    evidence: tuple[EvidenceKind, ...] = ()
    from_build: bool = Field(default=False, exclude_if=lambda is_it: not is_it)
    interpreter: Interpreter | None = None
    modules: tuple[ModuleReport, ...] = ()
    findings: tuple[Finding, ...] = ()

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented spelling
    @property
    def verdict(self) -> Verdict:
        """What the findings amount to; without any evidence, undecided."""
        return Verdict.of(self.findings) if self.evidence else Verdict.UNDECIDED


class Difference(Model):
    """A line of a module's API that some platforms have, and others that were asked in the same way do not."""

    module: str
    api: Told
    platforms: tuple[str, ...]


class Report(Model):
    """All platforms' verdicts on one image; `contract` is None where its integrity alone was checked.

    `differences` are told and change no verdict: the contract says what every platform must have.
    """

    schema_version: Literal[1] = 1
    tool: Tool
    subject: Subject
    contract: ContractReference | None = None
    warnings: tuple[str, ...] = ()
    platforms: tuple[PlatformReport, ...] = Field(default=())
    differences: tuple[Difference, ...] = ()

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented spelling
    @property
    def verdict(self) -> Verdict:
        """The worst of the platforms' verdicts; without a platform, undecided."""
        return Verdict.worst(platform.verdict for platform in self.platforms)
