"""Verifying makes no call and loads no more than it takes (threat 17)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spybuild.attestation.roots import TrustedRoot
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from tests.attestation.making import (
    key_bundle,
    keyless,
    now,
    root_of,
    signing_key,
    statement,
    trust_in,
)
from tests.fakes.sigstore import FakeSigstore

KEY = signing_key()


OFFLINE = """
import socket, sys, json
from pathlib import Path
def forbidden(*_, **__): raise SystemExit("a call over the network")
for name in ("connect", "connect_ex", "sendto"): setattr(socket.socket, name, forbidden)
socket.getaddrinfo = socket.create_connection = forbidden
from datetime import UTC, datetime
from spybuild.attestation.roots import load_trusted_root
from spybuild.attestation.keys import load_public_key
from spybuild.attestation.trust import Trust, TrustedIdentity
from spybuild.attestation.verification import authenticate
from spybuild.model.matching import Exactly
here, issuer = Path(sys.argv[1]), sys.argv[2]
trust = Trust((load_public_key(here / "a.pub"),), (TrustedIdentity(Exactly("ci@example.org"), Exactly(issuer)),), load_trusted_root(here / "root.json"))
for name in ("key", "v1", "v2"):
    print(authenticate((here / name).read_bytes(), trust, datetime.now(UTC)).signed_at.source)
"""


def test_verifying_makes_no_call(sigstore: FakeSigstore, tmp_path: Path) -> None:
    """Threat 17: a process of its own, whose sockets do not work, verifies keys, timestamps and identities; HOME is empty."""
    (tmp_path / "root.json").write_text(json.dumps(sigstore.trusted_root()))
    (tmp_path / "a.pub").write_text(KEY.public.pem)
    (tmp_path / "key").write_bytes(key_bundle(KEY, timestamp_url=f"{sigstore.url}/api/v1/timestamp"))
    for rekor in (1, 2):
        (tmp_path / f"v{rekor}").write_bytes(keyless(sigstore, (rekor,)).sign(statement()).bundle)
    asked = len(sigstore.asked)
    run = subprocess.run(
        [sys.executable, "-c", OFFLINE, tmp_path, sigstore.url],
        capture_output=True, text=True, check=False, env={"HOME": str(tmp_path / "home"), "PATH": ""},
    )  # fmt: skip
    assert (run.stdout.split(), run.returncode) == (["timestamp", "certificate", "certificate"], 0), run.stderr
    assert len(sigstore.asked) == asked
    assert not (tmp_path / "home").exists()


def test_a_key_alone_takes_no_sigstore() -> None:
    """sigstore-python and requests take most of a second to load; who verifies with a key does not wait for them."""
    code = (
        "import sys; import spybuild.attestation.verification;"
        "print({'sigstore', 'requests', 'rfc3161_client', 'nacl', 'securesystemslib', 'rfc8785'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


def test_a_root_that_was_not_made_for_it_says_what_is_missing(sigstore: FakeSigstore) -> None:
    """Keyless verification takes a log and a CT log: a wrong configuration, not wrong evidence."""
    bundle = keyless(sigstore).sign(statement()).bundle
    root: TrustedRoot = root_of(sigstore, logs=False)
    with pytest.raises(Exception, match="transparency log"):
        authenticate(bundle, Trust(identities=trust_in(sigstore).identities, root=root), now())
