"""`--from-build`: the reports that an image's own build attached, as far as they can be held against the image.

The frontend (docs/buildkit.md) attaches a report to each platform, with the digests of the files that it speaks of. It
is not signed. It is taken for runtime evidence where it is on this very contract, speaks of just the modules and the
interpreter that are read from the image, with these very files, and where nothing that is read speaks against it.
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
from spybuild.model.api import LONGEST_LINE, MOST_LINES
from spybuild.model.differences import differences
from spybuild.model.finding import Category, Finding
from spybuild.model.from_build import SCHEMA_VERSION, TEST_RESULT, read_statement
from spybuild.model.image import PlatformImage
from spybuild.model.names import shown
from spybuild.model.report import Interpreter, ModuleReport, PlatformReport, Report, Verdict
from spybuild.model.surroundings import Surroundings
from spybuild.rules.catalogue import UNDECIDED_VERSION, UNKNOWN_START_UP
from spybuild.rules.catalogue_integrity import INTEGRITY
from spybuild.rules.demands import requested_modules

_OF_THE_INTERPRETER = (UNDECIDED_VERSION.id, UNKNOWN_START_UP.id)  # what only running it decides, of no single module
_MOST_FILES = 10_000
_LONGEST_PATH, _LONGEST_NAME, _LONGEST_PROBLEM = 4095, 100, 600
_HINT = "let `spybuild scan` run the image itself: leave --from-build out"


class NotFromBuild(Exception):  # noqa: N818  # what is the matter, in its name
    """What a build attached does not do; the message says why."""


class _Elsewhere(NotFromBuild):
    """It speaks of something else, so it hides no statement that speaks of this."""


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
            told = self._told(image, read)
        except (NotFromBuild, ImageInvalid) as problem:
            told_enough = read.evidence if Verdict.of(read.findings) is Verdict.FAIL else ()
            words = f"its build's report cannot be used: {_short(str(problem))}\n{_HINT}"
            return read.model_copy(update={"problem": words, "evidence": told_enough})
        vouched = {module.name for module in told.modules}
        against = tuple(each for each in read.findings if not _is_decided_by_running(each, vouched))
        tells_all = len(against) == len(read.findings)  # as where both kinds of evidence are had of the image itself
        kinds = ("runtime", *(read.evidence if tells_all else ()))
        update = {"findings": against, "evidence": kinds, "from_build": True, "problem": None}
        modules = tuple(_judged(module, against) for module in told.modules)
        return read.model_copy(update=update | {"interpreter": told.interpreter, "modules": modules})

    def _told(self, image: PlatformImage, read: PlatformReport) -> PlatformReport:
        """What the build told of a platform.

        Raises:
            NotFromBuild: nothing, what does not hold, or this and that.
        """
        held, reasons = [], []
        for statement in self.source.statements(image, TEST_RESULT):
            try:
                held.append(self._checked(statement, image, read))
            except _Elsewhere as reason:
                reasons.append(str(reason))
        if not held:
            raise NotFromBuild(reasons[0] if reasons else f"none is attached to {image.digest}")
        if any(each != held[0] for each in held):
            raise NotFromBuild("there are several, and they contradict each other")
        return held[0]

    def _checked(self, content: bytes, image: PlatformImage, read: PlatformReport) -> PlatformReport:
        wanted = self.contract.contract
        told = _ours(content, image, str(wanted.digest))
        report = _report(told, image)
        if not report.contract or report.contract.digest != str(wanted.digest):
            raise NotFromBuild(f"it is on another contract than {wanted.digest}")
        self._require_same_surroundings(told.get("madeWith"))
        platform, files = report.platforms[0], self.source.files(image)
        held = platform.model_copy(
            update={
                "interpreter": _interpreter(platform, read, files),
                "modules": tuple(_modules(platform, read, requested_modules(wanted), files)),
            }
        )
        _require_same_files(_contents(told), _spoken_of(platform), files)
        return held

    def _require_same_surroundings(self, made_with: Any) -> None:
        """Refuse a verdict that was reached elsewhere than this scan asks: a build's arguments are its maker's."""
        variables = sorted(f"{name}={value}" for name, value in self.surroundings.variables.items())
        wanted = {"variables": variables, "python": self.python or "", "user": "nobody" if self.as_nobody else "image"}
        if made_with != wanted:
            raise NotFromBuild(
                "it was made with other variables, another --python or another --user than are given here"
            )


def _is_decided_by_running(finding: Finding, vouched: set[str]) -> bool:
    """Whether it is only what the source leaves open of the interpreter, or of a module that the build vouched for.

    What integrity leaves open, or the contract itself, running does not tell either.
    """
    if finding.category is not Category.UNKNOWN or finding.rule.startswith(INTEGRITY):
        return False
    return finding.module in vouched or finding.rule in _OF_THE_INTERPRETER


def _judged(module: ModuleReport, findings: tuple[Finding, ...]) -> ModuleReport:
    own = Verdict.of(finding for finding in findings if finding.module == module.name)
    return module.model_copy(update={"verdict": own})


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_PROBLEM else f"{text[: _LONGEST_PROBLEM - 1]}…"


def _ours(content: bytes, image: PlatformImage, contract: str) -> Mapping[str, Any]:
    """The frontend's part of a statement that this very manifest keeps the contract."""
    try:
        found = read_statement(strict_json.parse_object(content))
    except ValueError:
        raise _Elsewhere("it is no statement of the frontend's") from None
    if found.ours is None:
        raise _Elsewhere("it is no statement of the frontend's")
    if found.kind != TEST_RESULT or found.subjects != (str(image.digest),):
        raise _Elsewhere(f"it is not on {image.digest}")
    if found.ours.get("schemaVersion") != SCHEMA_VERSION:
        raise _Elsewhere("it is of another version of the frontend")
    if found.contracts != (contract,):
        raise _Elsewhere(f"it is on another contract than {contract}")
    if not found.is_pass:
        raise NotFromBuild("it says that the contract is not kept")
    return found.ours


def _report(told: Mapping[str, Any], image: PlatformImage) -> Report:
    """The report in it: of one platform, this one, and a pass that rests on running it."""
    try:
        report = parse_report(json.dumps(told.get("report")).encode(), "its report")
    except (UsageError, ValueError) as error:
        raise NotFromBuild(str(error)) from None
    if [each.platform for each in report.platforms] != [str(image.platform)]:
        raise NotFromBuild(f"it is not on {image.platform}")
    (platform,) = report.platforms
    if platform.verdict is not Verdict.PASS or platform.problem or "runtime" not in platform.evidence:
        raise NotFromBuild("it is no pass that rests on running the image")
    return report


def _interpreter(told: PlatformReport, read: PlatformReport, files: Files) -> Interpreter:
    """The interpreter that it speaks of, if it is the one that the image's files tell."""
    seen, own = told.interpreter, read.interpreter
    if own is None:
        raise NotFromBuild(f"the image's interpreter cannot be told from its files: {read.problem or 'there is none'}")
    if seen is None or not _is_same(files, seen.executable, own.executable):
        told_of = shown(seen.executable) if seen else "nothing"
        raise NotFromBuild(f"its interpreter is {told_of}, and the image's {shown(own.executable)}")
    if not (_is_name(seen.implementation) and _is_name(seen.version)):
        raise NotFromBuild("its interpreter has no version that any interpreter has")
    if (seen.implementation, _minor(seen.version)) != (own.implementation, _minor(own.version)):
        one = f"{own.implementation} {own.version}"
        raise NotFromBuild(f"it is on {seen.implementation} {seen.version}, and the image has {one}")
    return seen.model_copy(update={"executable": own.executable})


def _modules(
    told: PlatformReport, read: PlatformReport, requested: tuple[str, ...], files: Files
) -> Iterator[ModuleReport]:
    """The modules that it speaks of, if they are those of the contract, and just what is read under these names."""
    if sorted(each.name for each in told.modules) != sorted(requested):
        raise NotFromBuild("it speaks of other modules than the contract does")
    own = {each.name: each for each in read.modules}
    for seen in told.modules:
        found = own.get(seen.name)
        if found is None or found.path is None:
            raise NotFromBuild(f"which file {shown(seen.name)} is cannot be told by reading the image")
        if seen.path is None or not _is_same(files, seen.path, found.path):
            raise NotFromBuild(f"{shown(seen.name)} is {shown(found.path)} in the image, not {shown(str(seen.path))}")
        if len(seen.version or "") > LONGEST_LINE or not _is_api(seen.api):
            raise NotFromBuild(f"what it tells of {shown(seen.name)} is out of all proportion")
        shown_of_it = {"path": found.path, "traceback": (), "stdout": "", "stderr": ""}  # no pass prints or raises
        yield seen.model_copy(update=shown_of_it)


def _is_same(files: Files, told: str, read: str) -> bool:
    """Whether two paths lead to one file of the image, as the interpreter and the reader name one in two ways."""
    if len(told) > _LONGEST_PATH or not told.startswith("/"):
        return False
    seen, own = files.find(told), files.find(read)
    return seen is not None and own is not None and seen.path == own.path


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def _is_api(lines: tuple[str, ...] | None) -> bool:
    return lines is None or (len(lines) <= MOST_LINES and all(len(line) <= LONGEST_LINE for line in lines))


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def _spoken_of(platform: PlatformReport) -> set[str]:
    paths = [module.path for module in platform.modules]
    paths += [platform.interpreter.executable if platform.interpreter else None]
    return {path for path in paths if path is not None}


def _contents(told: Mapping[str, Any]) -> dict[str, str]:
    """The digests that it vouches for, by path."""
    contents = told.get("contents")
    if not isinstance(contents, list) or len(contents) > _MOST_FILES:
        raise NotFromBuild("it does not say which files it is on")
    try:
        digests = {str(each["path"]): str(each["digest"]) for each in contents}
    except (KeyError, TypeError):
        raise NotFromBuild("it does not say which files it is on") from None
    if len(digests) != len(contents):
        raise NotFromBuild("it names a file twice")
    return digests


def _require_same_files(digests: Mapping[str, str], spoken_of: set[str], files: Files) -> None:
    """Refuse a report on other files than the image has, or one that leaves out what it is about."""
    if missing := sorted(spoken_of - digests.keys()):
        raise NotFromBuild(f"it does not vouch for {shown(missing[0])}")
    if strange := sorted(digests.keys() - spoken_of):
        raise NotFromBuild(f"it vouches for {shown(strange[0])}, and does not say what that is")
    files.expect(digests)
    for path, digest in digests.items():
        try:
            found = f"sha256:{files.sha256(path)}"
        except FileNotFoundError:
            raise NotFromBuild(f"the image has no file {shown(path)}") from None
        if found != digest:
            raise NotFromBuild(f"{shown(path)} is not what was validated: {found} instead of {shown(digest, 80)}")
