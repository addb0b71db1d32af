"""Virtual environments, scripts and the image's program: whether they can start."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spybuild.integrity.programs import _shebang
from spybuild.model.image import ImageConfig
from tests.integrity.making import findings, link, put, rules, shared_object, soundness, target

PYTHON = "/usr/local/bin/python3.11"
PATH = "PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin"
ELF = shared_object()


def _python(root: Path) -> None:
    put(root, PYTHON, ELF, 0o755)
    put(root, "/usr/local/lib/python3.11/os.py")
    put(root, "/usr/local/lib/python3.11/encodings/__init__.py")


def _venv(
    root: Path, folder: str = "/opt/venv", to: str = PYTHON, home: str = "/usr/local/bin", version: str = "3.11.4"
) -> None:
    put(root, f"{folder}/pyvenv.cfg", f"home = {home}\nversion = {version}\n")
    link(root, f"{folder}/bin/python", to)


def test_every_venv_of_the_tree_is_looked_at(tmp_path: Path) -> None:
    """Used or not; one that only lies in a package's test data is none."""
    _python(tmp_path)
    _venv(tmp_path, "/opt/one")
    _venv(tmp_path, "/opt/two", to="/gone/python3.11")
    put(tmp_path, "/usr/local/lib/python3.11/site-packages/virtualenv/data/pyvenv.cfg", "home = /gone\n")
    [finding] = findings(tmp_path)
    assert finding.rule == "SPY610"
    assert finding.expected == "/gone/python3.11"


def test_virtual_env_that_names_no_folder_is_broken(tmp_path: Path) -> None:
    """The COPY that was forgotten."""
    _python(tmp_path)
    assert rules(findings(tmp_path, ImageConfig(env=("VIRTUAL_ENV=/opt/venv",)))) == ["SPY610"]


def test_a_venv_whose_packages_are_taken_as_a_folder_needs_no_interpreter(tmp_path: Path) -> None:
    """As in distroless images: PYTHONPATH names its site-packages, the system's Python runs."""
    from dataclasses import replace

    _python(tmp_path)
    _venv(tmp_path, to="/gone/python3.11")
    site = "/opt/venv/lib/python3.11/site-packages"
    put(tmp_path, f"{site}/shop.py")
    assert rules(findings(tmp_path)) == ["SPY610"]
    assert findings(tmp_path, of=replace(target(), search_path=(*target().search_path, site))) == []


def test_scripts_that_name_no_python_are_grouped_by_what_they_name(tmp_path: Path) -> None:
    """Also behind `env`, and in the long form that installers write."""
    _python(tmp_path)
    for name in "abc":
        put(tmp_path, f"/usr/local/bin/{name}", "#!/build/venv/bin/python\n", 0o755)
    put(
        tmp_path,
        "/usr/local/bin/long",
        "#!/bin/sh\n'''exec' '/build/a very long one/bin/python3' \"$0\" \"$@\"\n' '''\n",
        0o755,
    )
    put(tmp_path, "/usr/local/bin/env", "#!/usr/bin/env python3.9\n", 0o755)
    put(tmp_path, "/usr/local/bin/fine", "#!/usr/bin/env -S python3.11 -I\n", 0o755)
    put(tmp_path, "/usr/local/bin/shell", "#!/gone/bash\n", 0o755)
    put(tmp_path, "/usr/bin/env", ELF, 0o755)
    found = findings(tmp_path)
    assert rules(found) == ["SPY612"] * 3
    assert {each.expected for each in found} == {
        "/build/venv/bin/python",
        "/build/a very long one/bin/python3",
        "python3.9",
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"entrypoint": ("/bin/tool",)}, []),
        ({"cmd": ("tool", "serve")}, []),
        ({"cmd": ("./run.sh",), "workdir": "/app"}, []),
        ({"cmd": ("./run.sh",)}, ["SPY613"]),
        ({"cmd": ("absent",)}, ["SPY613"]),
        ({"cmd": ("/app",)}, ["SPY613"]),
        ({"cmd": ("/app/plain.txt",)}, ["SPY613"]),
        ({"cmd": ("/app/no-shebang",)}, ["SPY613"]),
        ({"cmd": ("/app/bash-script",)}, ["SPY613"]),
        ({"cmd": ("/app/musl-program",)}, ["SPY613"]),
        ({"entrypoint": ("tini", "--"), "cmd": ("absent",)}, ["SPY613"]),
        ({"entrypoint": ("tini", "-g", "-e", "143", "--", "tool")}, []),
        ({"entrypoint": ("tini", "-e", "143", "tool")}, []),
        ({"cmd": ("python3.11", "-u", "absent.py"), "workdir": "/app"}, ["SPY613"]),
        ({"cmd": ("python3.11", "-m", "absent.py"), "workdir": "/app"}, []),
        ({"cmd": ("python3.11", "-W", "ignore", "absent.py")}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_the_program_of_the_image(settings: dict[str, tuple[str, ...]], expected: list[str], tmp_path: Path) -> None:
    """By path, along PATH, from WORKDIR, behind an init program; a script with its interpreter."""
    _python(tmp_path)
    for path in ("/bin/tool", "/bin/tini", "/bin/sh"):
        put(tmp_path, path, ELF, 0o755)
    put(tmp_path, "/app/run.sh", "#!/bin/sh -e\n", 0o755)
    put(tmp_path, "/app/plain.txt", "#!/bin/sh\n", 0o644)
    put(tmp_path, "/app/no-shebang", "echo\n", 0o755)
    put(tmp_path, "/app/bash-script", "#!/bin/bash\n", 0o755)
    put(tmp_path, "/app/musl-program", shared_object(interpreter="/lib/ld-musl-x86_64.so.1"), 0o755)
    config = ImageConfig(**{"env": (PATH,), **settings})  # type: ignore[arg-type]  # a table of settings
    assert rules(findings(tmp_path, config)) == expected


def test_a_broken_venv_is_told_once(tmp_path: Path) -> None:
    """Not again for each script in it, nor for the program that is one of them."""
    _python(tmp_path)
    _venv(tmp_path, to="/gone/python3.11")
    put(tmp_path, "/opt/venv/bin/gunicorn", "#!/opt/venv/bin/python\n", 0o755)
    assert rules(findings(tmp_path, ImageConfig(env=(PATH,), cmd=("gunicorn",)))) == ["SPY610"]


def test_an_image_without_python_is_undecided(tmp_path: Path) -> None:
    """Nothing was checked, so it is no pass."""
    from spybuild.images.rootfs import FolderFiles
    from spybuild.integrity.gathering import gather
    from spybuild.rules.integrity import check_soundness
    from tests.integrity.making import AMD64

    facts = gather(FolderFiles(tmp_path), None, AMD64, ImageConfig())
    assert rules(list(check_soundness(facts, AMD64))) == ["SPY600"]


def test_the_config_is_evidence_without_values(tmp_path: Path) -> None:
    """Names of variables; what is assigned in commands and what a secret is set to are left out everywhere."""
    config = ImageConfig(
        env=("LANG=C.UTF-8", "TOKEN=hunter2hunter2"), user="app", workdir="/srv", cmd=("run", "--token=hunter2hunter2"),
        labels={"built": "with hunter2hunter2", "TOKEN": "other-value"},
        history=("ENV TOKEN=hunter2hunter2 MODE='a b'", "RUN |1 KEY=abcdef make"),
    )  # fmt: skip
    facts = soundness(tmp_path, config, secrets=("TOKEN",)).config
    assert facts.environment == ("LANG", "TOKEN")
    assert (facts.user, facts.workdir) == ("app", "/srv")
    shown = facts.model_dump_json()
    assert not any(value in shown for value in ("hunter2", "C.UTF-8", "a b", "abcdef", "other-value"))


@given(st.binary(max_size=300))
def test_any_first_line_is_read(start: bytes) -> None:
    """Words, or nothing; never an error."""
    words = _shebang(start)
    assert all(words)
    assert bool(words) <= start.startswith(b"#!")
