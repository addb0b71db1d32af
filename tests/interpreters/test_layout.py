"""What a pyvenv.cfg says."""

import venv
from pathlib import Path

from spybuild.interpreters.layout import venv_settings


def test_what_venv_writes_is_read(tmp_path: Path) -> None:
    """Its keys, whatever their case and the blanks around."""
    venv.create(tmp_path / "env", with_pip=False)
    said = venv_settings((tmp_path / "env/pyvenv.cfg").read_text())
    assert said["include-system-site-packages"] == "false"
    assert Path(said["home"]).is_dir()
    assert venv_settings("HOME =  /usr/bin ") == {"home": "/usr/bin"}


def test_a_line_without_an_equals_sign_turned_the_systems_packages_off() -> None:
    """site.py passes over it, and takes the value that it takes without the line."""
    assert venv_settings("include-system-site-packages\n\nhome = /usr/bin") == {"home": "/usr/bin"}
