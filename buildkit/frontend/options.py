"""What a build asks for: the options that BuildKit hands a frontend, and those of ours among its build arguments."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PASSED = re.compile(r"BUILDKIT_FRONTEND_OPT_\d+")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PAIR = re.compile(rf"{_NAME.pattern}=.*", re.DOTALL)
_ARGUMENT = "build-arg:"
_PREFIX = f"{_ARGUMENT}SPYBUILD_"
_INNER_SYNTAX = f"{_PREFIX}INNER_SYNTAX"
_CALL = "frontend.spybuild"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


class OptionsError(Exception):
    """The build asks for something that there is not."""


@dataclass(frozen=True)
class Options:
    """The options of one build.

    Attributes:
        passed: all that BuildKit passed, as it did: `target`, `build-arg:NAME`, `context:NAME`, …
        contract: the contract's path in the context; empty: `spymodel.yml`, or what the image's label names.
        secrets: names of variables whose values are the build's secrets of the same names (`--secret id=NAME`).
        variables: variables that the deployment will set, `NAME=value`.
        arguments: what `spybuild validate` is asked besides: strict, python, user, timeout, memory.
        base: digest of the contract that the base image must have been attested to keep; empty: none.
        attaches: whether platforms that pass get a statement.
        syntax: the Dockerfile frontend to forward to; empty: BuildKit's own.
    """

    passed: Mapping[str, str]
    contract: str = ""
    secrets: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    base: str = ""
    attaches: bool = True
    syntax: str = ""

    @property
    def is_call(self) -> bool:
        """Whether the table is wanted, and no image (`docker build --call=spybuild`)."""
        return self.passed.get("requestid") == _CALL

    @property
    def is_other_call(self) -> bool:
        """Whether something is asked that only the Dockerfile frontend can answer (`--call=outline`)."""
        return "requestid" in self.passed and not self.is_call

    @property
    def ignores_cache(self) -> bool:
        """Whether everything is to be carried out anew (`--no-cache`, which is for all stages where it names none)."""
        return self.passed.get("no-cache") == ""

    @property
    def cache_imports(self) -> list[dict[str, Any]]:
        """Where results of earlier builds may be taken from (`--cache-from`)."""
        return json.loads(self.passed.get("cache-imports") or "[]")  # type: ignore[no-any-return]  # BuildKit wrote it

    @property
    def forwarded(self) -> dict[str, str]:
        """What the Dockerfile frontend is asked. That `cmdline` is among it keeps it from looking for a `# syntax`."""
        dropped = {_INNER_SYNTAX, *(_OF_CALLS if self.is_call else ())}  # else our own image would call itself for ever
        kept = {name: value for name, value in self.passed.items() if name not in dropped}
        return kept | self.named_syntax

    @property
    def named_syntax(self) -> dict[str, str]:
        """What names the Dockerfile frontend to forward to; nothing for BuildKit's own."""
        return {"source": self.syntax.split()[0], "cmdline": self.syntax} if self.syntax else {}

    @property
    def frontend(self) -> str:
        """The frontend to forward to."""
        return "gateway.v0" if self.syntax else "dockerfile.v0"


_OF_CALLS = ("requestid", "frontend.caps")
_ARGUMENTS = ("python", "user", "timeout", "memory")
_KNOWN = ("contract", "secrets", "variables", "strict", "base_contract", "statements", "inner_syntax", *_ARGUMENTS)


def passed_options(environment: Mapping[str, str]) -> dict[str, str]:
    """What BuildKit passes in variables: `BUILDKIT_FRONTEND_OPT_<n>=name=value`."""
    pairs = (value.partition("=") for name, value in environment.items() if _PASSED.fullmatch(name))
    return {name: value for name, _, value in pairs}


def read_options(passed: Mapping[str, str]) -> Options:
    """The options of a build.

    Raises:
        OptionsError: one of ours is not known, or its value cannot be.
    """
    ours = {name.removeprefix(_PREFIX).lower(): text for name, text in passed.items() if name.startswith(_PREFIX)}
    if unknown := sorted(ours.keys() - set(_KNOWN)):
        known = ", ".join(f"SPYBUILD_{name.upper()}" for name in _KNOWN)
        raise OptionsError(f"no build argument SPYBUILD_{unknown[0].upper()}; there are {known}")
    base = ours.get("base_contract", "")
    if base and not _DIGEST.fullmatch(base):
        raise OptionsError(f"SPYBUILD_BASE_CONTRACT is {base!r}, no digest of a contract (sha256:…)")
    arguments = {name: ours[name] for name in _ARGUMENTS if ours.get(name)}
    if _is_true("SPYBUILD_STRICT", ours.get("strict", "")):
        arguments["strict"] = ""
    return Options(
        passed=dict(passed),
        contract=ours.get("contract", ""),
        secrets=_listed("SPYBUILD_SECRETS", ours, _NAME, "no name of a variable"),  # they become names of files, too
        variables=_listed("SPYBUILD_VARIABLES", ours, _PAIR, "which is no NAME=value; a comma ends a value"),
        arguments=arguments,
        base=base,
        attaches=_is_true("SPYBUILD_STATEMENTS", ours.get("statements") or "1"),
        syntax=ours.get("inner_syntax", "").strip(),
    )


def _listed(argument: str, ours: Mapping[str, str], wanted: re.Pattern[str], told: str) -> tuple[str, ...]:
    """What an argument lists, with commas between; each of the wanted form, or it is `told` what it is not."""
    text = ours.get(argument.removeprefix("SPYBUILD_").lower(), "")
    parts = tuple(part.strip() for part in text.split(",") if part.strip())
    if wrong := [each for each in parts if not wanted.fullmatch(each)]:
        raise OptionsError(f"{argument} has {wrong[0]!r}, {told}")
    return parts


def _is_true(name: str, text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise OptionsError(f"{name} is {text!r}, neither true nor false")
    return text.lower() in _TRUE
