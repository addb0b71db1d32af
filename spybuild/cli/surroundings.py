"""--env, --env-file and --secret, read as docker reads them. Values go nowhere but into the container."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from spybuild.cli.options import from_lines
from spybuild.errors import UsageError
from spybuild.model.surroundings import Surroundings

_LARGEST_SECRET = 500 << 10  # BuildKit's own limit


def surroundings(
    env: Iterable[str] | None, env_files: Iterable[Path] | None, secrets: Iterable[str] | None
) -> Surroundings:
    """What the flags add to the image's environment; later flags win, and --env over --env-file.

    Raises:
        UsageError: a flag cannot be read, or a file or variable that it names is not there.
    """
    variables: dict[str, str] = {}
    for path in env_files or ():
        variables.update(_env_file(path))
    for flag in from_lines(env, "SPYBUILD_ENV"):
        variables.update([_variable(flag, "--env")] if "=" in flag else _from_here(flag, "--env"))
    return Surroundings(variables, dict(_secret(flag) for flag in from_lines(secrets, "SPYBUILD_SECRET")))


def _env_file(path: Path) -> Iterator[tuple[str, str]]:
    """`NAME=VALUE` or `NAME` a line; blank lines and those that begin with # are left out."""
    try:
        text = _read(path, "--env-file").decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"--env-file: {path} is no UTF-8 text: {error.reason} at byte {error.start}") from None
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        where = f"{path}:{number}"
        if "=" in stripped:
            yield _variable(stripped, where)
        elif _name(stripped.rstrip(), where) in os.environ:
            yield stripped.rstrip(), os.environ[stripped.rstrip()]


def _variable(text: str, where: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return _name(name, where), value


def _from_here(name: str, where: str) -> list[tuple[str, str]]:
    if _name(name, where) not in os.environ:
        raise UsageError(f"{where} {name}: no such variable is set here", f"write {name}=VALUE")
    return [(name, os.environ[name])]


def _secret(flag: str) -> tuple[str, str]:
    """`id=NAME[,src=FILE|,env=VARIABLE]`, or `NAME`."""
    fields = dict(part.partition("=")[::2] for part in flag.split(",")) if "=" in flag else {"id": flag}
    fields = {{"source": "src"}.get(key.strip(), key.strip()): value for key, value in fields.items()}
    unknown = sorted(fields.keys() - {"id", "src", "env", "type"})
    if unknown or not fields.get("id"):
        raise UsageError("--secret: it takes id=NAME[,src=FILE|,env=VARIABLE]")  # the flag may hold a value: not shown
    name = _name(fields["id"], "--secret")
    if "src" in fields:
        content = _read(Path(fields["src"]), f"--secret id={name}")
        return name, content.decode("utf-8", "surrogateescape").rstrip("\r\n")
    variable = fields.get("env") or name
    if variable not in os.environ:
        raise UsageError(  # without the names: whoever mistakes one for the value would read it in a log
            "--secret: the variable that it names is not set here", "it takes id=NAME, and src=FILE or env=VARIABLE"
        )
    return name, os.environ[variable]


def _name(name: str, where: str) -> str:
    if not name or not name.isprintable() or any(character in name for character in "= "):
        raise UsageError(f"{where}: a variable needs a name, without blanks")
    return name


def _read(path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET + 1)
    except OSError as error:
        raise UsageError(f"{where}: {path} cannot be read: {error.strerror}") from error
    if len(content) > _LARGEST_SECRET or b"\0" in content:
        raise UsageError(f"{where}: {path} is larger than 500 KiB, or no text")
    return content
