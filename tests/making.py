"""Short ways to make contracts and facts in tests."""

import textwrap
from typing import Any

from spybuild.contracts import parse_contract
from spybuild.model.contract import Contract
from spybuild.model.facts import Annotation, EnvironmentAnswer, Facts, ModuleFacts, Parameter, Question, Value


def contract(text: str) -> Contract:
    """The contract in an indented snippet of YAML, called c.yml."""
    return parse_contract(textwrap.dedent(text).encode(), "c.yml").contract


def facts(*modules: ModuleFacts, **changes: Any) -> Facts:
    """Facts of a CPython 3.13.5 on linux/amd64 with these modules; `changes` are other fields of Facts."""
    base = {
        "interpreter": {"implementation": "CPython", "version": "3.13.5", "executable": "/usr/bin/python3"},
        "platform": {"system": "Linux", "machine": "x86_64", "bits": 64, "byteorder": "little"},
        "modules": modules,
    }
    return Facts.model_validate({**base, **changes})


def module(**fields: Any) -> ModuleFacts:
    """A module plugin.py that was imported, with these facts."""
    base = {"requested": "plugin.py", "name": "plugin", "path": "/app/plugin.py", "outcome": "imported"}
    return ModuleFacts.model_validate({**base, **fields})


def value(thing: Any) -> Value:
    """The facts of a value."""
    scalar = isinstance(thing, bool | int | float | str) or thing is None
    return Value(type=type(thing).__name__, text=repr(thing), scalar=thing if scalar else None, is_scalar=scalar)


def written(text: str) -> Annotation:
    """An annotation as the source has it."""
    return Annotation(written=text)


def parameter(name: str, annotation: str | None = None, **more: Any) -> Parameter:
    """A parameter; `default=…` gives it a default."""
    default = value(more["default"]) if "default" in more else None
    note = written(annotation) if annotation else None
    return Parameter(name=name, kind="positional-or-keyword", annotation=note, default=default)


def answered(name: str, *, equals: str | None = None, type_: str | None = None, **answer: Any) -> EnvironmentAnswer:
    """An answer to the question whether `name` is set (and equals, and reads as a type)."""
    question = Question(name=name, equals=equals, type=type_)
    return EnvironmentAnswer(question=question, **{"present": True, **answer})
