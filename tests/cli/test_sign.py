"""Signing: who signs is settled before the work, secrets are never shown, and only a pass is signed."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from tests.attestation.making import IDENTITY, pem
from tests.cli.attesting import KEY, Desk
from tests.fakes.sigstore import FakeSigstore

SECRET = "correct-horse"


def keyless(desk: Desk, sigstore: FakeSigstore) -> list[str | Path]:
    """The options for signing keyless with a private Sigstore; its token is in a file."""
    (desk.folder / "private.json").write_text(json.dumps(sigstore.trust_config((1,))))
    (desk.folder / "token").write_text(sigstore.token(IDENTITY))
    return ["--trust-config", "private.json", "--identity-token", "token"]


def who(sigstore: FakeSigstore) -> list[str]:
    """The options that name the signer to the gate."""
    return ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", sigstore.url]


def test_keyless(desk: Desk, sigstore: FakeSigstore) -> None:
    """One certificate for three statements; verified from the pinned root, with an age; not for another identity."""
    assert desk.attest(*keyless(desk, sigstore)).code == 0
    assert sigstore.asked.count("fulcio") == 1
    said = desk.verify(*who(sigstore), "--trusted-root", "private.json", "--max-age", "1h")
    assert said.code == 0, said.out
    assert "trusted root private.json  sha256:" in said.out
    other = ["--certificate-identity", "other@example.org", *who(sigstore)[2:]]
    refused = desk.verify(*other, "--trusted-root", "private.json")
    assert (refused.code, "who is not trusted" in refused.out) == (4, True)


def test_a_token_may_come_from_the_environment(desk: Desk, sigstore: FakeSigstore) -> None:
    """As may every option; nothing that is said shows it."""
    token = sigstore.token(IDENTITY)
    (desk.folder / "private.json").write_text(json.dumps(sigstore.trust_config((1,))))
    variables = {"SPYBUILD_IDENTITY_TOKEN": token, "SPYBUILD_TRUST_CONFIG": "private.json"}
    said = desk.attest("-vv", **variables)
    assert said.code == 0, said.err
    assert token not in said.out + said.err


def test_a_stamped_key_has_an_age(desk: Desk, sigstore: FakeSigstore) -> None:
    """With the authority in the trusted root; without, nobody backs the signer's word."""
    (desk.folder / "root.json").write_text(json.dumps(sigstore.trusted_root()))
    stamp = ["--timestamp-server-url", f"{sigstore.url}/api/v1/timestamp"]
    assert desk.attest("--key", "cosign.key", *stamp).code == 0
    assert desk.verify("--max-age", "1h", "--trusted-root", "root.json").code == 0
    refused = desk.verify("--max-age", "1h")
    assert (refused.code, "has no authenticated time" in refused.out) == (5, True)


def test_an_authority_that_is_down_leaves_nothing_signed(desk: Desk, sigstore: FakeSigstore) -> None:
    """Everything is signed before anything is written."""
    said = desk.attest("--key", "cosign.key", "--timestamp-server-url", "http://127.0.0.1:1/")
    assert said.code == 3
    assert "the timestamp authority http://127.0.0.1:1/ cannot be reached" in said.err
    assert desk.server.written() == []


def test_an_encrypted_key_takes_cosigns_password(desk: Desk) -> None:
    """From its variable; a wrong one is told of, and not shown."""
    (desk.folder / "cosign.key").write_bytes(pem(KEY.private, encryption=BestAvailableEncryption(SECRET.encode())))
    wrong = desk.attest(COSIGN_PASSWORD="not-the-word")
    assert (wrong.code, "not-the-word" in wrong.err + wrong.out) == (2, False)
    assert "is encrypted, and there is no password" in desk.attest().err
    right = desk.attest("--key", "cosign.key", "-vv", COSIGN_PASSWORD=SECRET)
    assert (right.code, SECRET in right.err + right.out) == (0, False)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--key", "nosuch.key"], "cannot be read"),
        (["--key", "cosign.pub"], "holds no private key"),
        (["--key", ""], "--key is empty"),
        (["--key", "cosign.key", "--timestamp-server-url", ""], "--timestamp-server-url is empty"),
        (["--identity-token", "", "--trust-config", "private.json"], "--identity-token is empty"),
        (["--identity-token", "token", "--trust-config", ""], "--trust-config is empty"),
        (["--key", "cosign.key", "--identity-token", "token"], "--key excludes"),
        (["--key", "cosign.key", "--trust-config", "private.json"], "--key excludes"),
        (["--timestamp-server-url", "http://127.0.0.1:1/"], "are for signatures with a --key"),
        (["--legacy-att"], "are for signatures with a --key"),
        (["--trust-config", "spymodel.yml"], "is no trusted root"),
        (["--identity-token", "eyJnosuch", "--trust-config", "private.json"], "neither a token nor a file"),
        (["--key", "awskms://x/y"], "names no key"),
    ],
)
def test_signers_that_do_not_fit_are_refused(
    desk: Desk, sigstore: FakeSigstore, arguments: list[str], reason: str
) -> None:
    """Before the registry is asked anything."""
    (desk.folder / "private.json").write_text(json.dumps(sigstore.trust_config((1,))))
    desk.server.asked.clear()
    said = desk.attest(*arguments)
    assert (said.code, reason in said.err) == (2, True), said.err
    assert "eyJnosuch" not in said.err
    assert desk.server.asked == []


def test_nobody_to_sign_as(desk: Desk, sigstore: FakeSigstore) -> None:
    """A CI that gives no identity, and nobody to log in: exit 2, and nothing is written."""
    (desk.folder / "private.json").write_text(json.dumps(sigstore.trust_config((1,))))
    said = desk.attest("--trust-config", "private.json")
    assert (said.code, "there is no identity to sign as" in said.err) == (2, True), said.err
    assert desk.server.written() == []


def test_the_certificate_authority_is_down(desk: Desk, sigstore: FakeSigstore) -> None:
    """Exit 3, and nothing is written."""
    how = keyless(desk, sigstore)
    config = json.loads((desk.folder / "private.json").read_text())
    config["signingConfig"]["caUrls"][0]["url"] = "http://127.0.0.1:1"
    (desk.folder / "private.json").write_text(json.dumps(config))
    said = desk.attest(*how)
    assert (said.code, "the certificate authority of private.json cannot be reached" in said.err) == (3, True), said.err
    assert desk.server.written() == []


def scan(desk: Desk, *arguments: str) -> tuple[int, str, str]:
    """Scan the image, which has no Python, and sign."""
    said = desk.run("scan", f"registry://{desk.image}", "-c", "spymodel.yml", "--sign", *arguments)
    return said.code, said.out, said.err


def test_what_did_not_pass_is_not_signed(desk: Desk) -> None:
    """It is said so, and the exit code is the scan's."""
    without = desk.run("scan", f"registry://{desk.image}", "-c", "spymodel.yml")
    code, out, err = scan(desk, "--key", "cosign.key")
    assert code == without.code != 0
    assert out == without.out
    assert "nothing was signed: the image did not pass on every platform" in err
    assert desk.server.written() == []


@pytest.mark.parametrize(
    ("image", "arguments", "reason"),
    [
        ("oci-dir://.", (), "is in no registry"),
        ("rootfs://.", (), "is in no registry"),
        ("registry://localhost/app", ("--integrity",), "--integrity checks none"),
        ("sha256:" + "ab" * 32, (), "names no repository"),
        ("registry://localhost/app", ("--key", "nosuch.key"), "cannot be read"),
    ],
)
def test_what_cannot_be_signed_is_told_before_the_work(
    desk: Desk, image: str, arguments: tuple[str, ...], reason: str
) -> None:
    """Nothing is scanned first."""
    key = () if "--key" in arguments else ("--key", "cosign.key")
    said = desk.run("scan", image, "--sign", *key, *arguments)
    assert (said.code, said.out) == (2, "")
    assert reason in said.err


def test_a_key_without_sign_is_told_of(desk: Desk) -> None:
    """Who names a key thinks that the pass is signed; a variable of the environment may be meant for another verb."""
    image = f"registry://{desk.image}"
    for option in (["--key", "cosign.key"], ["--identity-token", "token"], ["--legacy-att"]):
        said = desk.run("scan", image, "-c", "spymodel.yml", *option)
        assert (said.code, "nothing is to be signed" in said.err, said.out) == (2, True, "")
    assert desk.run("scan", image, "-c", "spymodel.yml", SPYBUILD_KEY="cosign.key").code != 2
