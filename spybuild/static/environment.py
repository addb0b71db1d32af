"""The environment that an image starts with, and answers to a contract's questions about it.

The image's own ENV and what was given, with the variables that every container runtime sets. Values stay here.
"""

from collections.abc import Mapping

from spybuild.interpreters.programs import RUNTIMES_PATH
from spybuild.model.facts import EnvironmentAnswer, Question
from spybuild.model.image import ImageConfig

_TRUTH_VALUES = ("true", "false", "1", "0", "yes", "no", "on", "off")


def environment_of(config: ImageConfig, given: Mapping[str, str], home: str) -> dict[str, str]:
    """The variables that a container of this image has.

    Args:
        config: the image's config.
        given: what is added to its ENV; it wins.
        home: HOME of the image's user, where ENV does not say.
    """
    own = dict(each.partition("=")[::2] for each in config.env)
    return {"PATH": RUNTIMES_PATH, "HOME": home, **own, **given}


def answer(question: Question, environment: Mapping[str, str]) -> EnvironmentAnswer:
    """The answer to a question, as the probe gives it (its `ask`)."""
    value = environment.get(question.name)
    return EnvironmentAnswer(
        question=question,
        present=value is not None,
        empty=value == "",
        equals=None if question.equals is None else value == question.equals,
        well_typed=None if value is None else is_well_typed(value, question.type),
    )


def is_well_typed(value: str, kind: str | None) -> bool | None:
    """Whether a text reads as the type `kind`; None where that is no type we know."""
    if kind == "str":
        return True
    if kind == "bool":
        return value.strip().lower() in _TRUTH_VALUES
    return _reads_as(int if kind == "int" else float, value) if kind in ("int", "float") else None


def _reads_as(kind: type[int] | type[float], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True
