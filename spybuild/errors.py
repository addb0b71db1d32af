"""Why SpyBuild could not decide. A broken rule is never an exception: it is a `Finding`.

    SpyBuildError                exit code
      UsageError                     2      the command line or the call does not fit
      ContractError                  2      the contract cannot be used; every problem with its place
        PolicyError                  2      so a policy, a case of its tests, or recorded evidence
      EnvironmentProblem             3      the world around us: what to do next is in the message
        ImageNotFound                3      no such image, or no such platform in it
        EngineUnavailable            3      no daemon, or it refused us
        PlatformNotRunnable          3      this engine cannot run that platform
        InterpreterNotFound          3      no Python in the image
        ImageInvalid                 3      its bytes break the specs, their digests, or our limits
        SourceUnavailable            3      the registry does not answer, or refuses us
        SigningUnavailable           3      Fulcio, Rekor, a timestamp authority, a KMS or an issuer does not serve us
      EvidenceProblem                4      an attestation is missing, or not verified
        EvidenceRefused              4      there is one, and it is refused: `reason` says why in one word
      ProbeError                     -      the probe's answer cannot be trusted (becomes a finding)

Each message says what was being done and what to try; errors of other libraries are wrapped where they are met.
"""

from collections.abc import Sequence
from typing import ClassVar


class SpyBuildError(Exception):
    """The root of the tree. `exit_code` is what the command line returns for it."""

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message


class UsageError(SpyBuildError):
    """The command line or the call does not fit: an option's value, a missing contract."""

    exit_code = 2


class ContractError(SpyBuildError):
    """The contract cannot be used. `problems` holds every problem, one line each, as `file:line:column: what`."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class PolicyError(ContractError):
    """A policy, a case or recorded evidence cannot be used; `problems` holds every problem, by line."""


class EnvironmentProblem(SpyBuildError):  # noqa: N818  # the design's word
    """Something outside SpyBuild keeps it from deciding."""


class ImageNotFound(EnvironmentProblem):
    """The engine has no such image, or the image has no such platform."""


class EngineUnavailable(EnvironmentProblem):
    """No engine answered, or it refused the request."""


class PlatformNotRunnable(EnvironmentProblem):
    """The engine holds the image but this machine cannot run its platform."""


class InterpreterNotFound(EnvironmentProblem):
    """No Python interpreter was found in the image."""


class ImageInvalid(EnvironmentProblem):
    """The image's bytes are damaged, do not match their digests, break the specs, or go over a limit."""


class SourceUnavailable(EnvironmentProblem):
    """The registry (or another source of images) does not answer, or refuses us."""


class SigningUnavailable(EnvironmentProblem):
    """A service that signing needs does not answer in time, or refuses us: Fulcio, Rekor, a TSA, a KMS, an issuer."""


class EvidenceProblem(SpyBuildError):  # noqa: N818  # the design's word
    """An attestation is missing, or not verified."""

    exit_code = 4


class EvidenceRefused(EvidenceProblem):
    """An attestation is there and is refused; `reason` is one of `spybuild.attestation.refusals.Reason`."""

    def __init__(self, message: str, reason: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


class ProbeError(SpyBuildError):
    """The probe's answer is missing, incomplete or forged; the platform is undecided."""
