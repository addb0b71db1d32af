"""Installed distributions: their files, what they require, and their compiled code."""

from collections.abc import Iterator

from spybuild.model.finding import Category, Finding, ImageLocation
from spybuild.model.integrity import Bytecode, Paths, PythonRequirement, RecordFacts, Requirement, Soundness
from spybuild.rules import catalogue_integrity as catalogue
from spybuild.rules.integrity_findings import about_files, counted

_FEW = 3


def check_packages(soundness: Soundness) -> Iterator[Finding]:
    """Findings about distributions; edited files one by one where they are few, all others once a distribution."""
    for record in soundness.records:
        yield from _check_record(record)
    for shared in soundness.shared:
        yield about_files(
            catalogue.SHARED_FILE,
            f"{' and '.join(shared.distributions)} both own {counted(shared.files.count, 'file')} and differ in them",
            shared.files,
        )
    for requirement in soundness.requirements:
        yield _unmet(requirement)
    for python in soundness.python_requirements:
        yield _unfit(python)
    for bytecode in soundness.bytecode:
        yield _bytecode(bytecode)


def _check_record(record: RecordFacts) -> Iterator[Finding]:
    for files in _apart(record.edited):
        yield about_files(
            catalogue.EDITED_FILE,
            f"{record.distribution}: {counted(files.count, 'file')} not as installed",
            files,
            expected=f"the hash in {record.record}",
        )
    if record.missing.count:
        yield about_files(
            catalogue.MISSING_FILE,
            f"{record.distribution}: {counted(record.missing.count, 'file')} that {record.record} lists missing",
            record.missing,
        )
    if record.extra.count:
        yield about_files(
            catalogue.EXTRA_FILE,
            f"{record.distribution}: {counted(record.extra.count, 'module')} in its packages that nobody installed",
            record.extra,
        )


def _apart(files: Paths) -> Iterator[Paths]:
    """Each file alone where they are few."""
    if 0 < files.count <= _FEW:
        yield from (Paths(count=1, first=(path,)) for path in files.first)
    elif files.count:
        yield files


def _unmet(requirement: Requirement) -> Finding:
    rule = catalogue.MISSING_REQUIREMENT if requirement.found is None else catalogue.REQUIREMENT_VERSION
    doubt = f"; perhaps not: {requirement.doubt}" if requirement.doubt else ""
    return rule.breach(
        f"{requirement.distribution} requires {requirement.text}{doubt}",
        category=Category.UNKNOWN if requirement.doubt else None,
        expected=requirement.text,
        found=requirement.found,
        image_location=ImageLocation(path=requirement.metadata),
    )


def _unfit(python: PythonRequirement) -> Finding:
    doubt = f"; perhaps it is: {python.doubt}" if python.doubt else ""
    return catalogue.REQUIRES_PYTHON.breach(
        f"{python.distribution} is not made for {python.python}{doubt}",
        category=Category.UNKNOWN if python.doubt else None,
        expected=f"Python {python.text}",
        found=python.python,
        image_location=ImageLocation(path=python.metadata),
    )


def _bytecode(bytecode: Bytecode) -> Finding:
    rule, what = {
        "stale": (catalogue.STALE_BYTECODE, "compiled from another source than the one beside it, and never checked"),
        "dead": (catalogue.DEAD_BYTECODE, "without a source, where Python does not look for it"),
        "foreign": (catalogue.FOREIGN_BYTECODE, f"not made for {bytecode.python}, and no source"),
    }[bytecode.kind]
    files = counted(bytecode.files.count, "compiled file")
    return about_files(rule, f"{bytecode.owner}: {files} {what}", bytecode.files)
