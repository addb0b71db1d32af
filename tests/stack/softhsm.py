"""A hardware security module in software: SoftHSM 2 with one token, in the stack's directory, that holds a P-256 key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.stack import debs, pki
from tests.stack.console import StackError, run
from tests.stack.home import Home

PIN = "1234"
TOKEN = "spybuild"
LABEL, KEY_ID = "signing", "02"
_MODULES = ("usr/lib/softhsm/libsofthsm2.so", "usr/lib/*/softhsm/libsofthsm2.so")


def up(home: Home) -> dict[str, Any]:
    """Have the token; the module is loaded by whoever uses it, no service runs."""
    debs.install(home, "softhsm2", "openssl")
    folder = pki.once(home, "softhsm", lambda made: _initialise(home, made))
    return {
        "module": str(_module()),
        "config": str(folder / "softhsm2.conf"),
        "token": TOKEN,
        "pin": PIN,
        "label": LABEL,
        "key_id": KEY_ID,
        "public_key": str(folder / "key.pub"),
    }


def present(document: dict[str, Any]) -> bool:
    """Whether the module and the token that a stack's document names are there."""
    found = document.get("softhsm", {})
    return bool(found) and all(Path(found[name]).is_file() for name in ("module", "config", "public_key"))


def _module() -> Path:
    for pattern in _MODULES:
        for found in Path("/").glob(pattern):
            return found
    raise StackError("softhsm2 is installed, but its module is not where Debian puts it")


def _initialise(home: Home, made: Path) -> None:
    """Make the token and import the key; what is written names the folder this one is renamed to afterwards."""
    tokens = made / "tokens"
    tokens.mkdir()
    key = pki.key(made / "key.pem", pki.P256)
    (made / "key.pub").write_bytes(pki.public(key, "PEM"))
    env = {**os.environ, "SOFTHSM2_CONF": str(_configuration(made / "making.conf", tokens))}
    log = home.log("softhsm")
    secrets = ["--token", TOKEN, "--pin", PIN]
    run(["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", PIN, "--pin", PIN], log, env)
    run(["softhsm2-util", "--import", key, "--label", LABEL, "--id", KEY_ID, *secrets], log, env)
    key.unlink()  # from here on only the token has it
    _configuration(made / "softhsm2.conf", home.folder("keys") / "softhsm" / "tokens")


def _configuration(path: Path, tokens: Path) -> Path:
    path.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    return path
