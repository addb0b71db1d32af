"""Holds what the resolver says of a module against what the probe says of it, fact by fact."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from spybuild.model.facts import ClassFacts, ModuleFacts, Undecided, Value


@dataclass
class Tally:
    """How many declarations were decided, left undecided, or decided wrongly."""

    where: str = ""
    decided: int = 0
    undecided: int = 0
    soft: int = 0
    wrong: list[str] = field(default_factory=list)
    soft_wrong: list[str] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Take in what another module came to."""
        self.decided += other.decided
        self.undecided += other.undecided
        self.wrong += other.wrong
        self.soft += other.soft
        self.soft_wrong += other.soft_wrong
        self.reasons += other.reasons

    def same(self, what: str, found: object, expected: object) -> None:
        """Count a decision, right or wrong."""
        if found == expected:
            self.decided += 1
        else:
            self.wrong.append(f"{what}: static {str(found)[:150]!r}, probe {str(expected)[:150]!r}")

    def softly(self, what: str, found: object, expected: object) -> None:
        """Count a detail that decides nothing alone."""
        self.soft += 1
        if found != expected:
            self.soft_wrong.append(f"{what}: static {str(found)[:150]!r}, probe {str(expected)[:150]!r}")

    def leave(self, why: str) -> None:
        """Count what was left undecided."""
        self.undecided += 1
        self.reasons[f"{self.where}: {why}"] += 1


def compare(static: ModuleFacts, probe: ModuleFacts) -> Tally:
    """Every declaration of one module."""
    where = str(probe.name)
    tally = Tally(where)
    if static.outcome != probe.outcome:
        if static.outcome == "unreadable":
            tally.leave(static.error.message if static.error else "unreadable")
        elif any(each.name == "*" for each in static.undecided):
            tally.leave("outcome in doubt")
        else:
            tally.wrong.append(
                f"{where}: outcome {static.outcome} {static.error}, probe {probe.outcome} {probe.error and probe.error.message}"
            )
        return tally
    _names(where, static, probe, tally)
    return tally


def _kinds(facts: ModuleFacts) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for kind in ("variables", "functions", "classes"):
        found.update({each.name: (kind, each) for each in getattr(facts, kind)})
    return found


def _doubt(name: str, told: bool, undecided: tuple[Undecided, ...]) -> str | None:
    for each in undecided:
        if each.name == name or (each.name == "*" and not told):
            return each.reason
    return None


def _names(where: str, static: ModuleFacts, probe: ModuleFacts, tally: Tally) -> None:
    ours, theirs = _kinds(static), _kinds(probe)
    for name in {**theirs, **ours}:
        doubt = _doubt(name, name in ours, static.undecided)
        if doubt:
            tally.leave(doubt)
            continue
        if name not in ours or name not in theirs:
            tally.wrong.append(
                f"{where}.{name}: static {ours.get(name, ('absent',))[0]}, probe {theirs.get(name, ('absent',))[0]} {str(theirs.get(name, ('', ''))[1])[:100]}"
            )
            continue
        tally.same(f"{where}.{name} kind", ours[name][0], theirs[name][0])
        if ours[name][0] == theirs[name][0]:
            {"variables": _variable, "functions": _function, "classes": _class}[ours[name][0]](
                f"{where}.{name}", ours[name][1], theirs[name][1], tally
            )


def _variable(where: str, ours: Any, theirs: Any, tally: Tally) -> None:
    _value(where, ours.value, theirs.value, tally)
    _annotation(where, ours.annotation, theirs.annotation, tally)


def _value(where: str, ours: Value | None, theirs: Value | None, tally: Tally) -> None:
    if theirs is None or ours is None:
        tally.softly(f"{where} value", ours is None, theirs is None)
        return
    if ours.is_cut or theirs.redacted:
        if theirs.is_scalar:
            tally.leave("value")
        if ours.type != "?":
            tally.softly(f"{where} type", ours.type, theirs.type)
        return
    same = (
        (ours.type, ours.scalar) == (theirs.type, theirs.scalar)
        if theirs.is_scalar
        else ours.text == theirs.text and ours.type == theirs.type
    )
    if theirs.is_cut:
        return
    if same:
        tally.decided += 1
    else:
        tally.wrong.append(
            f"{where} value: static {ours.type} {ours.text[:100]}, probe {theirs.type} {theirs.text[:100]}"
        )


def _annotation(where: str, ours: Any, theirs: Any, tally: Tally) -> None:
    if (ours is None) != (theirs is None):
        tally.softly(f"{where} annotation", ours, theirs)
    if ours and theirs:
        if theirs.written is not None:
            tally.softly(f"{where} annotation written", ours.written, theirs.written)
        if ours.resolved is not None and theirs.resolved is not None:
            tally.softly(f"{where} annotation resolved", ours.resolved, theirs.resolved)


def _function(where: str, ours: Any, theirs: Any, tally: Tally) -> None:
    if _parameters(where, ours, theirs, tally):
        tally.same(f"{where} async", ours.is_async, theirs.is_async)
    tally.softly(f"{where} generator", ours.is_generator, theirs.is_generator)
    tally.softly(f"{where} defined_in", ours.defined_in, theirs.defined_in)
    _path(where, ours, theirs, tally)
    if ours.line and theirs.line and "lambda" not in str(ours):
        tally.softly(f"{where} line", ours.line, theirs.line)


def _path(where: str, ours: Any, theirs: Any, tally: Tally) -> None:
    """Frozen modules do not tell their files."""
    if theirs.path:
        tally.softly(f"{where} path", ours.path, theirs.path)


def _parameters(where: str, ours: Any, theirs: Any, tally: Tally) -> bool:
    if ours.parameters is None:
        if theirs.parameters is not None:
            tally.leave("signature")
            return False
        return True
    if theirs.parameters is None:
        tally.wrong.append(f"{where}: static has a signature, the probe none")
        return False
    shape = [(each.name, each.kind, each.default is not None) for each in ours.parameters]
    tally.same(
        f"{where} parameters", shape, [(each.name, each.kind, each.default is not None) for each in theirs.parameters]
    )
    for one, other in zip(ours.parameters, theirs.parameters, strict=False):
        if one.default and other.default:
            _value(f"{where}({one.name})", one.default, other.default, tally)
        _annotation(f"{where}({one.name})", one.annotation, other.annotation, tally)
    _annotation(f"{where} returns", ours.returns, theirs.returns, tally)
    return True


def _class(where: str, ours: ClassFacts, theirs: ClassFacts, tally: Tally) -> None:
    if ours.undecided_bases:
        tally.leave(ours.undecided_bases.reason)
    else:
        tally.same(f"{where} bases", ours.bases, theirs.bases)
        tally.same(f"{where} ancestors", ours.ancestors, theirs.ancestors)
    tally.same(f"{where} module", ours.module, theirs.module)
    if not ours.undecided:
        tally.same(f"{where} abstract", ours.is_abstract, theirs.is_abstract)
    tally.softly(f"{where} dataclass", ours.is_dataclass, theirs.is_dataclass)
    if ours.line is not None:  # of a class in C, the probe finds the Python class that it has replaced
        tally.softly(f"{where} line", ours.line, theirs.line)
    _path(where, ours, theirs, tally)
    _members(where, ours, theirs, tally)
    _instances(where, ours, theirs, tally)


def _members(where: str, ours: ClassFacts, theirs: ClassFacts, tally: Tally) -> None:
    mine, other = {each.name: each for each in ours.members}, {each.name: each for each in theirs.members}
    for name in {**other, **mine}:
        doubt = _doubt(name, name in mine, ours.undecided)
        if doubt:
            tally.leave(doubt)
        elif name not in mine or name not in other:
            tally.wrong.append(
                f"{where}.{name}: static {mine[name].kind if name in mine else 'absent'}, probe {other[name].kind + ' of ' + other[name].owner if name in other else 'absent'}"
            )
        else:
            one, two = mine[name], other[name]
            tally.same(
                f"{where}.{name} member",
                (one.kind, one.owner, one.is_own, one.is_abstract),
                (two.kind, two.owner, two.is_own, two.is_abstract),
            )
            if one.kind in ("method", "classmethod", "staticmethod") and one.kind == two.kind:
                _function_like(f"{where}.{name}", one, two, tally)
            elif one.kind == "attribute":
                _value(f"{where}.{name}", one.value, two.value, tally)
                _annotation(f"{where}.{name}", one.annotation, two.annotation, tally)


def _function_like(where: str, one: Any, two: Any, tally: Tally) -> None:
    if _parameters(where, one, two, tally):
        tally.same(f"{where} async", one.is_async, two.is_async)
        if one.line and two.line:
            tally.softly(f"{where} line", one.line, two.line)


def _instances(where: str, ours: ClassFacts, theirs: ClassFacts, tally: Tally) -> None:
    if ours.undecided_bases or ours.undecided:
        return
    mine, other = (
        {each.name: each for each in ours.instance_attributes},
        {each.name: each for each in theirs.instance_attributes},
    )
    for name in {**other, **mine}:
        if name not in mine and ours.line is None and not other[name].certain:
            continue  # the probe reads Python code that the C class of the same name has replaced
        if name in mine and name in other and other[name].certain and not mine[name].certain:
            tally.leave("whether it is certain")  # as the rules have it: SPY112 is no pass
        elif name in mine and name in other:
            tally.same(
                f"{where} instance {name}",
                (mine[name].certain, mine[name].owner),
                (other[name].certain, other[name].owner),
            )
            _annotation(f"{where} instance {name}", mine[name].annotation, other[name].annotation, tally)
        else:
            tally.wrong.append(f"{where} instance {name}: static {name in mine}, probe {name in other}")
