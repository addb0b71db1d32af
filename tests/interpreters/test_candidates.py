"""Which commands may be an image's Python."""

import pytest

from spybuild.interpreters.candidates import candidates, entry_dir
from spybuild.model.image import ImageConfig


def first(count: int = 1, **config: object) -> list[str]:
    """The first candidates of an image with this config."""
    return list(candidates(ImageConfig(**config)))[:count]  # type: ignore[arg-type]  # fields by name


def test_an_image_that_says_nothing_has_python3_on_its_path() -> None:
    """Bare names are looked up by the engine along the image's own PATH."""
    assert first(3) == ["python3", "python", "pypy3"]


def test_the_interpreter_that_the_image_starts_comes_first() -> None:
    """Entrypoint and command together are the command line."""
    assert first(entrypoint=("/opt/python3.12/bin/python3.12", "-m", "app")) == ["/opt/python3.12/bin/python3.12"]
    assert first(entrypoint=("tini", "--"), cmd=("/usr/bin/pypy3", "app.py")) == ["/usr/bin/pypy3"]


def test_the_python_beside_a_console_script_comes_first() -> None:
    """A venv that is not on PATH is found through what it starts."""
    assert first(entrypoint=("/app/.venv/bin/gunicorn", "app:main")) == ["/app/.venv/bin/python"]


def test_what_a_shell_starts_is_looked_at_and_other_words_are_not() -> None:
    """Only the program that runs says which Python is the image's."""
    command = "exec /srv/python3 -m app"
    assert first(entrypoint=("sh", "-c", command, "/good/python3")) == ["/srv/python3"]
    assert first(entrypoint=("/usr/bin/tini", "-g", "--", "env", "A=b", "/opt/bin/python3", "x.py")) == [
        "/opt/bin/python3"
    ]
    assert first(entrypoint=("serve", "/other/python3")) == ["python3"]


@pytest.mark.parametrize("script", ["/usr/local/bin/docker-entrypoint.sh", "/bin/sh", "/start"])
def test_a_script_of_the_system_says_nothing_about_the_interpreter(script: str) -> None:
    """There is no Python beside it to be preferred."""
    assert first(entrypoint=(script,)) == ["python3"]


def test_a_venv_comes_before_the_bare_name_that_the_base_image_starts() -> None:
    """Images inherit `CMD python3` from python:*-slim."""
    assert first(env=("VIRTUAL_ENV=/venv",), cmd=("python3",)) == ["/venv/bin/python"]


def test_a_named_interpreter_is_the_only_one() -> None:
    """What the user says is not second-guessed."""
    assert candidates(ImageConfig(cmd=("python3",)), "/opt/py") == ("/opt/py",)


def test_pypy_comes_first_where_the_contract_allows_nothing_else() -> None:
    """Both may be in the image."""
    assert candidates(ImageConfig(), prefers_pypy=True)[0] == "pypy3"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (ImageConfig(workdir="/app"), "/app"),
        (ImageConfig(), "/"),
        (ImageConfig(workdir="/app", cmd=("python3", "src/main.py")), "/app/src"),
        (ImageConfig(workdir="/app", entrypoint=("python3", "-u", "/srv/main.py")), "/srv"),
        (ImageConfig(workdir="/app", entrypoint=("python3", "-m", "app")), "/app"),
        (ImageConfig(workdir="/app", entrypoint=("gunicorn", "x.py")), "/app"),
    ],
)
def test_the_first_entry_of_sys_path_is_the_scripts_folder_or_the_working_directory(
    config: ImageConfig, expected: str
) -> None:
    """As the image's own Python would have it."""
    assert entry_dir(config) == expected


def test_values_of_the_environment_are_not_in_the_repr() -> None:
    """An image's ENV may hold secrets."""
    assert "hunter2" not in repr(ImageConfig(env=("TOKEN=hunter2",)))
