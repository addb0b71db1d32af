"""`--from-build`: the reports that an image's own build attached, as far as they can be held against the image.

The frontend (docs/buildkit.md) attaches a report to each platform, with the digests of the files that it speaks of. It
is not signed. It is taken for runtime evidence where the image in its registry has those very files, where it is on
this very contract, and where nothing that is read from the image speaks against it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spybuild.attested_report import parse_report
from spybuild.contracts import LoadedContract
from spybuild.errors import ImageInvalid, UsageError
from spybuild.images.files import Files
from spybuild.images.oci_source import OciSource
from spybuild.model import strict_json
from spybuild.model.differences import differences
from spybuild.model.finding import Category, Finding
from spybuild.model.from_build import EXTENSION, SCHEMA_VERSION, TEST_RESULT
from spybuild.model.image import PlatformImage
from spybuild.model.report import PlatformReport, Report, Verdict
from spybuild.model.surroundings import Surroundings
from spybuild.rules.catalogue_integrity import INTEGRITY

_MOST_FILES = 10_000
_HINT = "let `spybuild scan` run the image itself: leave --from-build out"


class NotFromBuild(Exception):  # noqa: N818  # what is the matter, in its name
    """What a build attached does not do; the message says why."""


@dataclass(frozen=True)
class FromBuild:
    """Takes the build's reports for one image.

    Attributes:
        contract: what they must be on.
        source: the image where it was pushed.
        surroundings: whose variables they must have been made with.
        python: the interpreter that was named, if one was.
        as_nobody: whether modules were to be imported as user 65534.
    """

    contract: LoadedContract
    source: OciSource
    surroundings: Surroundings = field(default_factory=Surroundings)
    python: str | None = None
    as_nobody: bool = True

    def report(self, read: Report) -> Report:
        """The report on an image, of what its build told and what was read from it.

        Args:
            read: the report on the image's files alone, static and integrity.

        Returns:
            The same, with runtime evidence where the build's report holds. What only running could decide is decided by
            that report; a platform without one is undecided, and its `problem` says why.
        """
        images = {(str(each.platform), str(each.digest)): each for each in self.source.image().platforms}
        platforms = [self._platform(each, images[each.platform, str(each.digest)]) for each in read.platforms]
        return read.model_copy(update={"platforms": tuple(platforms), "differences": differences(platforms)})

    def _platform(self, read: PlatformReport, image: PlatformImage) -> PlatformReport:
        try:
            told = self._told(image)
        except (NotFromBuild, ImageInvalid) as problem:
            told_enough = read.evidence if Verdict.of(read.findings) is Verdict.FAIL else ()
            words = f"its build's report cannot be used: {problem}\n{_HINT}"
            return read.model_copy(update={"problem": words, "evidence": told_enough})
        against = tuple(each for each in read.findings if not _is_decided_by_running(each))
        tells_all = len(against) == len(read.findings)  # as where both kinds of evidence are had of the image itself
        kinds = ("runtime", *(read.evidence if tells_all else ()))
        update = {"findings": against, "evidence": kinds, "problem": None}
        return read.model_copy(update=update | {"interpreter": told.interpreter, "modules": told.modules})

    def _told(self, image: PlatformImage) -> PlatformReport:
        """What the build told of a platform.

        Raises:
            NotFromBuild: nothing, or what does not hold.
        """
        statements = self.source.statements(image, TEST_RESULT)
        reasons = []
        for statement in statements:
            try:
                return self._checked(statement, image)
            except NotFromBuild as reason:
                reasons.append(str(reason))
        raise NotFromBuild(reasons[0] if reasons else f"none is attached to {image.digest}")

    def _checked(self, content: bytes, image: PlatformImage) -> PlatformReport:
        told = _predicate(content, image)
        report = _report(told, image)
        wanted = self.contract.contract.digest
        if not report.contract or report.contract.digest != str(wanted):
            raise NotFromBuild(f"it is on another contract than {wanted}")
        self._require_same_surroundings(told.get("madeWith"))
        platform = report.platforms[0]
        _require_same_files(_contents(told), platform, self.source.files(image))
        return platform

    def _require_same_surroundings(self, made_with: Any) -> None:
        """Refuse a verdict that was reached elsewhere than this scan asks: a build's arguments are its maker's."""
        variables = sorted(f"{name}={value}" for name, value in self.surroundings.variables.items())
        wanted = {"variables": variables, "python": self.python or "", "user": "nobody" if self.as_nobody else "image"}
        if made_with != wanted:
            raise NotFromBuild(
                "it was made with other variables, another --python or another --user than are given here"
            )


def _is_decided_by_running(finding: Finding) -> bool:
    """Whether it is only what the source leaves open; what integrity leaves open, running does not tell either."""
    return finding.category is Category.UNKNOWN and not finding.rule.startswith(INTEGRITY)


def _predicate(content: bytes, image: PlatformImage) -> Mapping[str, Any]:
    """Our part of a statement on this very manifest."""
    try:
        statement = strict_json.parse_object(content)
        subjects = [f"sha256:{each['digest']['sha256']}" for each in statement["subject"]]
        kind, told = statement["predicateType"], statement["predicate"][EXTENSION]
        version = told["schemaVersion"]
    except (ValueError, KeyError, TypeError):
        raise NotFromBuild("it is no statement of the frontend's") from None
    if kind != TEST_RESULT or subjects != [str(image.digest)]:
        raise NotFromBuild(f"it is not on {image.digest}")
    if version != SCHEMA_VERSION:
        raise NotFromBuild("it is of another version of the frontend")
    return told  # type: ignore[no-any-return]  # an object: it has been indexed


def _report(told: Mapping[str, Any], image: PlatformImage) -> Report:
    """The report in it: of one platform, this one, and a pass that rests on running it."""
    try:
        report = parse_report(json.dumps(told.get("report")).encode(), "its report")
    except (UsageError, ValueError) as error:
        raise NotFromBuild(str(error)) from None
    if [each.platform for each in report.platforms] != [str(image.platform)]:
        raise NotFromBuild(f"it is not on {image.platform}")
    if report.verdict is not Verdict.PASS or "runtime" not in report.platforms[0].evidence:
        raise NotFromBuild("it is no pass that rests on running the image")
    return report


def _contents(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    contents = told.get("contents")
    if not isinstance(contents, list) or len(contents) > _MOST_FILES:
        raise NotFromBuild("it does not say which files it is on")
    for each in contents:
        try:
            yield str(each["path"]), str(each["digest"])
        except (KeyError, TypeError):
            raise NotFromBuild("it does not say which files it is on") from None


def _require_same_files(contents: Iterator[tuple[str, str]], platform: PlatformReport, files: Files) -> None:
    """Refuse a report on other files than the image has, or one that leaves out what it is about."""
    digests = dict(contents)
    spoken_of = [module.path for module in platform.modules]
    spoken_of += [platform.interpreter.executable if platform.interpreter else None]
    if missing := [str(path) for path in spoken_of if path not in digests]:
        raise NotFromBuild(f"it does not vouch for {missing[0]}")
    files.expect(digests)
    for path, digest in digests.items():
        try:
            found = f"sha256:{files.sha256(path)}"
        except FileNotFoundError:
            raise NotFromBuild(f"the image has no {path}") from None
        if found != digest:
            raise NotFromBuild(f"{path} is not what was validated: {found} instead of {digest}")
