"""What is not the same on every platform."""

from spybuild.model.differences import differences
from spybuild.model.report import Difference, EvidenceKind, ModuleReport, PlatformReport, Verdict


def platform(name: str, *api: str, kind: EvidenceKind = "runtime", known: bool = True) -> PlatformReport:
    """A platform whose plugin.py has this API."""
    module = ModuleReport(name="plugin.py", verdict=Verdict.PASS, api=api if known else None)
    return PlatformReport(platform=name, evidence=(kind,), modules=(module,))


def test_each_line_names_the_platforms_that_have_it() -> None:
    """What all have is not told."""
    told = differences([platform("a", "f()", "g()"), platform("b", "f()", "g(x)"), platform("c", "f()", "g(x)", "h()")])
    assert told == (
        Difference(module="plugin.py", api="g()", platforms=("a",)),
        Difference(module="plugin.py", api="g(x)", platforms=("b", "c")),
        Difference(module="plugin.py", api="h()", platforms=("c",)),
    )


def test_like_is_held_against_like() -> None:
    """What ran against what ran; what is not known in full, and one platform alone, against nothing."""
    assert differences([platform("a", "f()"), platform("b", "g()", kind="static")]) == ()
    assert differences([platform("a", "f()"), platform("b", known=False)]) == ()
    assert differences([platform("a", "f()")]) == differences([]) == ()
    read = [platform(name, line, kind="static") for name, line in (("a", "f()"), ("b", "g()"))]
    assert [each.platforms for each in differences(read)] == [("a",), ("b",)]
