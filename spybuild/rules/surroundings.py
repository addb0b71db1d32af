"""Where the module runs: architecture, system, interpreter and version; variables and secrets of the environment.

The environment is the image's own and what flags added. Its values are never here: the probe answers questions.
"""

from collections.abc import Iterator

from spybuild.model import platforms
from spybuild.model.base import Key, Located, Location
from spybuild.model.contract import Contract, Environment, EnvironmentVariable, Runtime
from spybuild.model.facts import EnvironmentAnswer, Facts, Question
from spybuild.model.finding import Finding, ImageLocation
from spybuild.rules import catalogue
from spybuild.rules.versions import is_in_range


def questions(contract: Contract) -> tuple[Question, ...]:
    """All the contract asks of the environment, each question once; the probe answers in this order."""
    asked: list[Question] = []
    for environment in contract.environments():
        asked += [question for variable in environment.variables for question in _of_variable(variable)]
        asked += [Question(name=name) for name in environment.secrets]
    for name, value in (contract.runtime.environment if contract.runtime else {}).items():
        asked += _asked(name, value, None)
    return tuple(dict.fromkeys(asked))


def secret_names(contract: Contract) -> tuple[str, ...]:
    """The variables whose values the contract declares secret."""
    return tuple(dict.fromkeys(name for environment in contract.environments() for name in environment.secrets))


def check_platform(platform: platforms.Platform, facts: Facts) -> Iterator[Finding]:
    """The finding that an image's interpreter is not of the platform that the image claims to be."""
    here = facts.platform.platform
    if (here.os, here.architecture) != (platform.os, platform.architecture):
        yield catalogue.FOREIGN_INTERPRETER.breach(
            f"the interpreter is of another platform than the image's {platform}",
            expected=str(platform),
            found=str(here),
            image_location=ImageLocation(path=facts.interpreter.executable),
        )


def check_runtime(runtime: Runtime, facts: Facts) -> Iterator[Finding]:
    """Findings about ImportSpy 0.5's root `runtime`: lists are alternatives, the Python version is a range."""
    if runtime.architecture and not any(fits_architecture(name, facts) for name in runtime.architecture):
        yield wrong_architecture(" or ".join(runtime.architecture), facts, runtime.where("architecture"))
    if runtime.os and not any(fits_system(name, facts) for name in runtime.os):
        yield wrong_system(" or ".join(runtime.os), facts, runtime.where("os"))
    if runtime.implementation and not any(fits_implementation(name, facts) for name in runtime.implementation):
        yield wrong_implementation(" or ".join(runtime.implementation), facts, runtime.where("implementation"))
    if runtime.python is not None:
        fits = is_in_range(runtime.python, facts.interpreter.version)
        yield from check_version(fits, runtime.python, facts, runtime.where("python"))
    for name, value in runtime.environment.items():
        yield from _check_texts(name, value, facts, runtime.where("environment", name))


def check_environment(environment: Environment, facts: Facts) -> Iterator[Finding]:
    """Findings about the variables and secrets of one deployment alternative."""
    for index, variable in enumerate(environment.variables):
        yield from _check_variable(variable, facts, variable.where("name") or environment.where("variables", index))
    for index, name in enumerate(environment.secrets):
        yield from _check_secret(name, facts, environment.where("secrets", index))


def fits_architecture(name: str, facts: Facts) -> bool:
    """Whether the interpreter runs on the architecture that `name` means; plain `arm` is any 32-bit ARM."""
    wanted, variant = platforms.normal_architecture(name)
    here = facts.platform.platform
    return here.architecture == wanted and (name.strip().lower() == "arm" or not variant or here.variant == variant)


def fits_system(name: str, facts: Facts) -> bool:
    """Whether the interpreter runs on the operating system that `name` means."""
    return facts.platform.platform.os == platforms.normal_system(name)


def fits_implementation(name: str, facts: Facts) -> bool:
    """Whether the interpreter is the implementation that `name` means."""
    return platforms.normal_implementation(facts.interpreter.implementation) == platforms.normal_implementation(name)


def wrong_architecture(expected: str, facts: Facts, where: Location | None) -> Finding:
    """The finding that this architecture is not allowed."""
    return catalogue.ARCHITECTURE.breach(
        "the contract does not allow this architecture",
        expected=expected,
        found=facts.platform.machine,
        contract_location=where,
    )


def wrong_system(expected: str, facts: Facts, where: Location | None) -> Finding:
    """The finding that this operating system is not allowed."""
    return catalogue.OPERATING_SYSTEM.breach(
        "the contract does not allow this operating system",
        expected=expected,
        found=facts.platform.system,
        contract_location=where,
    )


def wrong_implementation(expected: str, facts: Facts, where: Location | None) -> Finding:
    """The finding that this implementation of Python is not allowed."""
    return catalogue.INTERPRETER.breach(
        "the contract does not allow this interpreter",
        expected=expected,
        found=facts.interpreter.implementation,
        contract_location=where,
    )


def check_version(fits: bool | None, expected: str, facts: Facts, where: Location | None) -> Iterator[Finding]:
    """The finding that this version of Python is not allowed, or (`fits` None) that it is not known well enough."""
    if not fits:
        unknown = fits is None
        yield (catalogue.UNDECIDED_VERSION if unknown else catalogue.PYTHON_VERSION).breach(
            "the files do not tell the micro version" if unknown else "the contract does not allow this Python version",
            expected=expected,
            found=facts.interpreter.version,
            contract_location=where,
        )


def _of_variable(variable: EnvironmentVariable) -> list[Question]:
    return _asked(variable.name, variable.value, variable.annotation)


def _asked(name: str, value: str | None, type_: str | None) -> list[Question]:
    """One question; two for a truth value, since ImportSpy wants `True` where people write `true`."""
    texts = (value, value.capitalize()) if value in ("true", "false") else (value,)
    return [Question(name=name, equals=text, type=type_) for text in texts]


def _check_variable(variable: EnvironmentVariable, facts: Facts, where: Location | None) -> Iterator[Finding]:
    answers = [facts.answer(question) for question in _of_variable(variable)]
    known = [answer for answer in answers if answer is not None]
    yield from _judge(variable.name, variable.value, known, where, variable)
    if known and known[0].present and variable.annotation is not None:
        yield from _judge_type(variable, known[0])


def _judge_type(variable: EnvironmentVariable, answer: EnvironmentAnswer) -> Iterator[Finding]:
    if answer.well_typed:
        return
    unknown = answer.well_typed is None  # the probe does not know the type
    rule = catalogue.UNKNOWN_TYPE if unknown else catalogue.MALFORMED_ENVIRONMENT
    yield rule.breach(
        f"environment variable {variable.name} {'cannot be' if unknown else 'is not'} read as {variable.annotation}",
        expected=f"a text that reads as {variable.annotation}",
        found="(values are not shown)",
        contract_location=variable.where("annotation"),
    )


def _check_texts(name: str, value: str | None, facts: Facts, where: Location | None) -> Iterator[Finding]:
    answers = [facts.answer(question) for question in _asked(name, value, None)]
    yield from _judge(name, value, [answer for answer in answers if answer is not None], where)


def _judge(
    name: str,
    value: str | None,
    answers: list[EnvironmentAnswer],
    where: Location | None,
    element: Located | None = None,
) -> Iterator[Finding]:
    """Not answered, not there, or not the text that is wanted."""
    if not answers:
        yield catalogue.NO_ANSWER.breach(f"the probe did not answer for {name}", contract_location=where)
    elif not answers[0].present:
        yield catalogue.MISSING_ENVIRONMENT.breach(
            f"environment variable {name} is not set", expected=name, contract_location=where
        )
    elif value is not None and not any(answer.equals for answer in answers):
        yield catalogue.ENVIRONMENT_VALUE.breach(
            f"environment variable {name} has another value",
            expected=repr(value),
            found="(values are not shown)",
            contract_location=_narrowed(element, "value") or where,
        )


def _narrowed(element: Located | None, *keys: Key) -> Location | None:
    return element.where(*keys) if element else None


def _check_secret(name: str, facts: Facts, where: Location | None) -> Iterator[Finding]:
    answer = facts.answer(Question(name=name))
    if answer is None:
        yield catalogue.NO_ANSWER.breach(f"the probe did not answer for {name}", contract_location=where)
    elif not answer.present:
        yield catalogue.MISSING_SECRET.breach(f"secret {name} is not provided", expected=name, contract_location=where)
    elif answer.empty:
        yield catalogue.EMPTY_SECRET.breach(
            f"secret {name} is empty", expected="a value", found="nothing", contract_location=where
        )
