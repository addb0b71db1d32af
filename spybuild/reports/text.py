"""The report for people: one table of modules and platforms, then every finding with where, what and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tabulate import tabulate

from spybuild.model.finding import Category, Finding
from spybuild.model.report import ModuleReport, PlatformReport, Report, Verdict
from spybuild.reports.escaping import lines, one_line

_GREEN, _RED, _YELLOW, _BOLD, _DIM = "32", "31", "33", "1", "2"
_COLOURS = {Verdict.PASS: _GREEN, Verdict.FAIL: _RED, Verdict.UNDECIDED: _YELLOW}
_OUTPUT_SHOWN = 20
_DIFFERENCES_SHOWN = 20
_NO_MODULE = "(image)"


@dataclass(frozen=True)
class _Paint:
    colour: bool

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


@dataclass
class _Group:
    """The same finding on several platforms."""

    finding: Finding
    platforms: list[str] = field(default_factory=list)


def render(report: Report, *, colour: bool = False) -> str:
    """The report as text, lines ended by newlines.

    Args:
        report: what to show.
        colour: whether to use ANSI colours; the words are the same without.
    """
    paint = _Paint(colour)
    parts = [
        *_head(report, paint),
        "",
        *_table(report, paint),
        "",
        *_problems(report, paint),
        *_findings(report, paint),
        *_differences(report, paint),
    ]
    parts += [*_tail(report, paint)]
    return "\n".join(parts) + "\n"


def _head(report: Report, paint: _Paint) -> Iterator[str]:
    subject, contract = report.subject, report.contract
    digest = f"  {subject.digest}" if subject.digest else ""
    yield paint(one_line(subject.reference), _BOLD) + paint(one_line(digest), _DIM)
    if contract:
        policy = f"  {one_line(contract.policy_id)}" if contract.policy_id else ""
        digest = f"  {contract.digest}" if contract.digest else ""
        yield f"contract {one_line(contract.path)}{policy}" + paint(digest, _DIM)
    else:
        yield "integrity only, no contract"
    for warning in report.warnings:
        yield paint(f"warning: {one_line(warning)}", _YELLOW)


def _table(report: Report, paint: _Paint) -> list[str]:
    names = dict.fromkeys(module.name for platform in report.platforms for module in platform.modules)
    rows = [
        [one_line(name), *(_cell(_module(platform, name), paint) for platform in report.platforms)] for name in names
    ]
    if any(_about_image(platform) for platform in report.platforms) or not rows:
        rows.append([_NO_MODULE, *(_image_cell(platform, paint) for platform in report.platforms)])
    headers = ["module", *(_column(platform) for platform in report.platforms)]
    return tabulate(rows, headers, tablefmt="simple", disable_numparse=True).splitlines()


def _column(platform: PlatformReport) -> str:
    interpreter = platform.interpreter
    below = f"{interpreter.implementation} {interpreter.version}" if interpreter else "-"
    return f"{one_line(platform.platform)}\n{one_line(below)}\n{' + '.join(platform.evidence) or '-'}"


def _module(platform: PlatformReport, name: str) -> ModuleReport | None:
    return next((module for module in platform.modules if module.name == name), None)


def _cell(module: ModuleReport | None, paint: _Paint) -> str:
    return _verdict(module.verdict, paint) if module else "-"


def _image_cell(platform: PlatformReport, paint: _Paint) -> str:
    if not platform.evidence:
        return _verdict(platform.verdict, paint)
    return _verdict(Verdict.of(_about_image(platform)), paint)


def _about_image(platform: PlatformReport) -> list[Finding]:
    """Findings about the place and the surroundings rather than a module."""
    return [finding for finding in platform.findings if finding.module is None]


def _verdict(verdict: Verdict, paint: _Paint) -> str:
    return paint(verdict.value if verdict is Verdict.PASS else verdict.value.upper(), _COLOURS[verdict])


def _problems(report: Report, paint: _Paint) -> Iterator[str]:
    for platform in report.platforms:
        if platform.problem:
            first, *rest = lines(platform.problem)
            what = f"{' and '.join(platform.evidence)} evidence only" if platform.evidence else "could not be checked"
            yield paint(f"{one_line(platform.platform)}: {what}: {first}", _YELLOW if platform.evidence else _RED)
            yield from rest
            yield ""


def _findings(report: Report, paint: _Paint) -> Iterator[str]:
    for group in _grouped(report.platforms):
        yield from _finding(group, len(report.platforms), paint)
        yield from _output_of(group, report)
        yield ""


def _differences(report: Report, paint: _Paint) -> Iterator[str]:
    """What is not the same on every platform, by module: a note, which changes no verdict."""
    for name in dict.fromkeys(difference.module for difference in report.differences):
        found = [difference for difference in report.differences if difference.module == name]
        yield paint(f"note: {one_line(name)} is not the same on every platform", _YELLOW)
        for difference in found[:_DIFFERENCES_SHOWN]:
            yield f"  only on {one_line(', '.join(difference.platforms))}: {one_line(difference.api)}"
        if len(found) > _DIFFERENCES_SHOWN:
            yield f"  and {len(found) - _DIFFERENCES_SHOWN} more, which -f json tells"
        yield ""


def _grouped(platforms: Iterable[PlatformReport]) -> list[_Group]:
    """Findings that are equal on several platforms, once, in the order they first appear."""
    groups: dict[str, _Group] = {}
    for platform in platforms:
        for finding in platform.findings:
            group = groups.setdefault(_sameness(finding), _Group(finding))
            if platform.platform not in group.platforms:
                group.platforms.append(platform.platform)
    return list(groups.values())


def _sameness(finding: Finding) -> str:
    """What makes two findings one: all but the path of keys, for a YAML alias gives one line several of those."""
    place = finding.contract_location
    bare = finding.model_copy(update={"contract_location": place.model_copy(update={"path": ""})}) if place else finding
    return bare.model_dump_json()


def _finding(group: _Group, of: int, paint: _Paint) -> Iterator[str]:
    finding = group.finding
    colour = _YELLOW if finding.category is Category.UNKNOWN else _RED
    where = "every platform" if len(group.platforms) == of > 1 else one_line(", ".join(group.platforms))
    yield f"{paint(f'{finding.rule} {finding.name}', colour)}  {finding.category.value}  on {where}"
    yield f"  {paint(one_line(finding.message), _BOLD)}"
    if place := finding.contract_location:
        yield f"  contract  {one_line(str(place))}" + paint(f"  {one_line(place.path)}" if place.path else "", _DIM)
    if finding.image_location:
        yield f"  image     {one_line(str(finding.image_location))}"
    yield from _labelled("expected", finding.expected)
    yield from _labelled("found", finding.found)
    yield f"  remedy    {finding.remedy}" + paint(
        f"  [{finding.importspy_code}]" if finding.importspy_code else "", _DIM
    )


def _labelled(label: str, text: str | None) -> Iterator[str]:
    if text is not None:
        first, *rest = lines(text)
        yield f"  {label:<9} {first}"
        yield from (f"  {'':<9} {line}" for line in rest)


def _output_of(group: _Group, report: Report) -> Iterator[str]:
    """The traceback and the output of a module that could not be imported, from the first platform of the group."""
    platform = next(each for each in report.platforms if each.platform == group.platforms[0])
    module = _module(platform, group.finding.module or "")
    if not module:
        return
    for frame in module.traceback:
        line = "" if frame.line is None else f":{frame.line}"
        yield f"    at {one_line(frame.path)}{line} in {one_line(frame.function)}  {one_line(frame.source)}"
    for name, text in (("stdout", module.stdout), ("stderr", module.stderr)):
        shown = lines(text.rstrip("\n"))[-_OUTPUT_SHOWN:] if text.strip() else []
        yield from (f"    {name}  {line}" for line in shown)


def _tail(report: Report, paint: _Paint) -> Iterator[str]:
    total = len(report.platforms)
    passed = sum(platform.verdict is Verdict.PASS for platform in report.platforms)
    count = len(_grouped(report.platforms))
    findings = "" if not count else f", {count} finding{'s' if count > 1 else ''}"
    platforms = f"{passed} of {total} platform{'s' if total != 1 else ''} passed"
    yield f"verdict: {_verdict(report.verdict, paint)}  ({platforms}{findings})"
