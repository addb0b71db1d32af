"""Trusted roots: from Sigstore, from cosign, or refused."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spybuild.attestation.roots import load_trusted_root, parse_trusted_root
from spybuild.attestation.trust import Trust
from spybuild.attestation.verification import authenticate
from spybuild.errors import UsageError
from tests.attestation.making import keyless, now, statement, trust_in
from tests.fakes.sigstore import FakeSigstore


def test_a_root_is_read(sigstore: FakeSigstore, tmp_path: Path) -> None:
    """Its authorities, its logs that make promises, and its digest for the report (threat 17)."""
    content = json.dumps(sigstore.trusted_root()).encode()
    (tmp_path / "root.json").write_bytes(content)
    root = load_trusted_root(tmp_path / "root.json")
    assert root.digest == hashlib.sha256(content).hexdigest()
    assert [len(each.chain) for each in root.authorities] == [2]
    assert [each.id for each in root.logs] == [log.id for log in sigstore.logs.values()]
    assert root.origin == str(tmp_path / "root.json")


def _without(found: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in keys}


@pytest.mark.parametrize("rekor", [1, 2])
def test_a_root_as_cosign_writes_it_serves(sigstore: FakeSigstore, rekor: int) -> None:
    """Cosign 2.5 leaves out a log's `baseUrl` and whatever is empty, which sigstore-python does not load."""
    found = sigstore.trusted_root(tsa=rekor == 2)
    found["tlogs"] = [_without(each, "baseUrl") for each in found["tlogs"]]
    found["ctlogs"] = [_without(each, "baseUrl") for each in found["ctlogs"]]
    found["certificateAuthorities"] = [_without(each, "subject") for each in found["certificateAuthorities"]]
    if not found["timestampAuthorities"]:
        del found["timestampAuthorities"]
    found["unknown"] = {"since": "yesterday"}
    trust = Trust(identities=trust_in(sigstore).identities, root=parse_trusted_root(json.dumps(found).encode(), "it"))
    bundle = keyless(sigstore, (rekor,), tsa=rekor == 2).sign(statement()).bundle
    assert authenticate(bundle, trust, now()).payload == statement()


def test_the_configuration_to_sign_with_serves_as_well(sigstore: FakeSigstore) -> None:
    """One file for signer and verifier."""
    root = parse_trusted_root(json.dumps(sigstore.trust_config()).encode(), "it")
    trust = Trust(identities=trust_in(sigstore).identities, root=root)
    assert authenticate(keyless(sigstore).sign(statement()).bundle, trust, now()).payload == statement()


def test_the_smallest_root_serves_for_keys() -> None:
    """What cosign 2.5 needs to verify with a key."""
    root = parse_trusted_root(b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}', "it")
    assert (root.authorities, root.logs) == ((), ())
    with pytest.raises(UsageError, match="cannot verify keyless"):
        _ = root.verifier


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.update(mediaType="application/vnd.dev.sigstore.trustedroot.v9+json"),
        lambda it: it.pop("mediaType"),
        lambda it: it.update(tlogs={}),
        lambda it: it["tlogs"][0].pop("logId"),
        lambda it: it["tlogs"][0]["publicKey"].update(rawBytes="AAAA"),
        lambda it: it["tlogs"][0]["publicKey"]["validFor"].update(start="2020-01-01T00:00:00"),
        lambda it: it["timestampAuthorities"][0]["certChain"].update(certificates=[]),
        lambda it: it["timestampAuthorities"][0]["certChain"]["certificates"][0].update(rawBytes="AAAA"),
        lambda it: it["timestampAuthorities"][0]["certChain"]["certificates"][0].update(rawBytes="?"),
        lambda it: it.update(padding="x" * (1 << 20)),
    ],
)
def test_what_is_no_root_is_refused(sigstore: FakeSigstore, change: Callable[[dict[str, Any]], object]) -> None:
    """A wrong file is a wrong command line, exit code 2."""
    found = sigstore.trusted_root()
    change(found)
    with pytest.raises(UsageError, match="it is no trusted root"):
        parse_trusted_root(json.dumps(found).encode(), "it")


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    """Missing, a folder, too large."""
    (tmp_path / "large").write_bytes(b" " * ((1 << 20) + 1))
    for name in ("none", ".", "large"):
        with pytest.raises(UsageError):
            load_trusted_root(tmp_path / name)
