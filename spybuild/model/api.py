"""A module's API as text, a line each: what can be held against the same module of another platform.

A line is the kind of thing, its qualified name, and its signature or type: `method Thermostat.read(self) -> float`.
Values are left out, for they may differ between platforms with good reason; defaults of parameters that are plain
scalars are part of a signature.
"""

import hashlib
from collections.abc import Iterable, Iterator

from spybuild.model.facts import Annotation, ClassFacts, MemberFacts, ModuleFacts, Outcome, Parameter, Value
from spybuild.model.names import encodable

MOST_LINES, LONGEST_LINE = 1000, 240  # of one module; what goes beyond is told by its digest


def api_of(module: ModuleFacts) -> tuple[str, ...] | None:
    """The API of a module: sorted lines, at most 1000 of at most 240 characters.

    Args:
        module: as it stands after its import, or as its source tells.

    Returns:
        None where it is not known in full: the import failed, or the source leaves a name undecided.
    """
    classes = module.classes
    if module.outcome is not Outcome.IMPORTED or module.undecided or any(map(_is_undecided, classes)):
        return None
    found = sorted({_short(line) for line in _lines(module)})
    if len(found) <= MOST_LINES:
        return tuple(found)
    kept, rest = found[: MOST_LINES - 1], found[MOST_LINES - 1 :]
    return (*kept, f"and {len(rest)} more, {_digest(rest)}")


def _is_undecided(facts: ClassFacts) -> bool:
    return bool(facts.undecided or facts.undecided_bases)


def _lines(module: ModuleFacts) -> Iterator[str]:
    for variable in (each for each in module.variables if each.value.type != "module"):  # imported, and not offered
        yield f"variable {variable.name}{_typed(variable.annotation, variable.value)}"
    for function in module.functions:
        kind = "async function" if function.is_async else "function"
        yield f"{kind} {function.name}{_signature(function.parameters, function.returns)}"
    for facts in module.classes:
        bases = f"({', '.join(base.name for base in facts.bases)})" if facts.bases else ""
        yield f"class {facts.name}{bases}"
        yield from (_member(facts.name, member) for member in facts.members)
        for attribute in facts.instance_attributes:
            yield f"instance attribute {facts.name}.{attribute.name}{_typed(attribute.annotation, attribute.value)}"


def _member(owner: str, member: MemberFacts) -> str:
    marks = ("abstract " if member.is_abstract else "") + ("async " if member.is_async else "")
    if member.kind in ("method", "classmethod", "staticmethod"):
        told = _signature(member.parameters, member.returns)
    else:
        told = _typed(member.annotation or member.returns, member.value)
    return f"{marks}{member.kind} {owner}.{member.name}{told}"


def _typed(annotation: Annotation | None, value: Value | None) -> str:
    """The type that is declared, else the one that the value has."""
    told = _text(annotation) or (value.type if value else "")
    return f": {told}" if told else ""


def _signature(parameters: tuple[Parameter, ...] | None, returns: Annotation | None) -> str:
    told = "(…)" if parameters is None else f"({', '.join(_parameters(parameters))})"
    return f"{told} -> {_text(returns)}" if _text(returns) else told


def _parameters(parameters: tuple[Parameter, ...]) -> Iterator[str]:
    """As `inspect.Signature` writes them: `/` ends those by position alone, `*` begins those by name alone."""
    before = ""
    for parameter in parameters:
        kind = parameter.kind
        if before == "positional-only" != kind:
            yield "/"
        if kind == "keyword-only" and before not in ("keyword-only", "var-positional"):
            yield "*"
        yield _parameter(parameter)
        before = kind
    if before == "positional-only":
        yield "/"


def _parameter(parameter: Parameter) -> str:
    stars = {"var-positional": "*", "var-keyword": "**"}.get(parameter.kind, "")
    annotation = _text(parameter.annotation)
    told = f"{stars}{parameter.name}" + (f": {annotation}" if annotation else "")
    return f"{told} = {_default(parameter.default)}" if parameter.default else told


def _default(value: Value) -> str:
    return value.text if value.is_scalar and not value.is_cut else f"<{value.type}>"


def _text(annotation: Annotation | None) -> str:
    return (annotation.written or annotation.resolved or "") if annotation else ""


def _short(line: str) -> str:
    """One line, whatever an image calls its things, and not too long; two that differ stay different."""
    flat = encodable(" ".join(line.split()))
    return flat if len(flat) <= LONGEST_LINE else f"{flat[: LONGEST_LINE - 30]}… {_digest([flat])}"


def _digest(lines: Iterable[str]) -> str:
    content = "\n".join(lines).encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(content).hexdigest()[:16]}"
