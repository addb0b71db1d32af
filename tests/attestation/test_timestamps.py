"""RFC 3161 timestamps: had, and verified."""

from datetime import timedelta

import pytest

from spybuild.attestation import services
from spybuild.attestation.timestamps import TimestampAuthority, request_timestamp, verified_times
from spybuild.errors import SigningUnavailable
from tests.attestation.making import MOMENT, now, root_of
from tests.fakes.sigstore import Broken, FakeSigstore
from tests.fakes.sigstore.certificates import Authority
from tests.fakes.sigstore.timestamps import TimestampAuthority as FakeAuthority

SIGNATURE = b"a signature"


def _trusted(authority: FakeAuthority, days: int = 3650, until: int | None = None) -> TimestampAuthority:
    end = MOMENT + timedelta(days=until) if until is not None else None
    return TimestampAuthority(authority.chain, MOMENT - timedelta(days=days), end)


def test_a_timestamp_is_had_and_verified(sigstore: FakeSigstore) -> None:
    """Over HTTP, against the authority of the root."""
    stamp = request_timestamp(f"{sigstore.url}/api/v1/timestamp", SIGNATURE)
    (at,) = verified_times([stamp], SIGNATURE, root_of(sigstore).authorities)
    assert abs(now() - at) < timedelta(minutes=1)


def test_only_what_verifies_gives_a_time() -> None:
    """Not another signature, another authority, another period, a chain cut short, or bytes that are none."""
    authority, other = FakeAuthority(lambda: MOMENT), FakeAuthority(lambda: MOMENT)
    stamp = authority.stamp(SIGNATURE)
    assert verified_times([stamp], SIGNATURE, [_trusted(authority)]) == (MOMENT,)
    assert verified_times([stamp], b"another", [_trusted(authority)]) == ()
    assert verified_times([stamp], SIGNATURE, [_trusted(other)]) == ()
    assert verified_times([stamp], SIGNATURE, []) == ()
    assert verified_times([stamp], SIGNATURE, [_trusted(authority, days=-1)]) == ()
    assert verified_times([stamp], SIGNATURE, [_trusted(authority, until=0)]) == ()
    assert verified_times([stamp], SIGNATURE, [TimestampAuthority(authority.chain[:1], MOMENT)]) == ()
    assert verified_times([b"", b"0", stamp[:-1], stamp[:50]], SIGNATURE, [_trusted(authority)]) == ()


def test_a_certificate_for_other_purposes_stamps_nothing() -> None:
    """The authority's certificate must be one for timestamps."""
    authority = FakeAuthority(lambda: MOMENT)
    authority.leaf = Authority.make("no-tsa", authority.root, is_leaf=True)
    assert verified_times([authority.stamp(SIGNATURE)], SIGNATURE, [_trusted(authority)]) == ()


def test_times_are_in_order() -> None:
    """The first proves the most."""
    early, late = FakeAuthority(lambda: MOMENT), FakeAuthority(lambda: MOMENT + timedelta(days=1))
    stamps = [late.stamp(SIGNATURE), early.stamp(SIGNATURE)]
    assert verified_times(stamps, SIGNATURE, [_trusted(late), _trusted(early)]) == (MOMENT, MOMENT + timedelta(days=1))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (Broken(500), "answers 500"),
        (Broken(0), "cannot be reached"),
        (Broken(200, body=b"no DER"), "something else than was asked"),
        (Broken(200, body=b"x" * 100_000), "more than 65536 bytes"),
        (Broken(200, body=FakeAuthority().stamp(SIGNATURE)), "something else than was asked"),
        (Broken(200, delay=3), "did not answer within 1 seconds"),
    ],
)
def test_an_authority_that_is_down_slow_or_wrong(
    sigstore: FakeSigstore, monkeypatch: pytest.MonkeyPatch, broken: Broken, told: str
) -> None:
    """An error, a hang-up, junk, too much, the answer to another request (no nonce), and silence: one error within the time."""
    monkeypatch.setattr(services, "_WAITS", (0.01, 0.01, 0.01))
    sigstore.broken["tsa"] = broken
    with pytest.raises(SigningUnavailable, match=told):
        request_timestamp(f"{sigstore.url}/api/v1/timestamp", SIGNATURE, 1)


def test_nobody_listening(sigstore: FakeSigstore) -> None:
    """The port of a server that has gone."""
    with pytest.raises(SigningUnavailable, match="cannot be reached"):
        request_timestamp("http://127.0.0.1:9/", SIGNATURE, 0.4)


def test_openssl_verifies_what_the_fake_stamps(sigstore: FakeSigstore) -> None:
    """The fake is a real authority: its replies are those of RFC 3161 for others, too."""
    import subprocess
    import tempfile
    from pathlib import Path

    from cryptography.hazmat.primitives.serialization import Encoding

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "reply").write_bytes(sigstore.tsa.stamp(SIGNATURE))
        (here / "data").write_bytes(SIGNATURE)
        (here / "root").write_bytes(sigstore.tsa.root.certificate.public_bytes(Encoding.PEM))
        command = ["openssl", "ts", "-verify", "-in", "reply", "-data", "data", "-CAfile", "root"]
        run = subprocess.run(command, cwd=here, capture_output=True, text=True, check=False)
    assert "Verification: OK" in run.stdout, run.stderr
