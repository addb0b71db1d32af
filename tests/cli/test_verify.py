"""`spybuild verify`: the gate's decision, by a policy or by options, and nobody asked who need not be."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from spybuild.cli.decisions import decision_form
from spybuild.contracts import load_contract
from spybuild.gate.decision import decide
from spybuild.gate.recording import load_evidence
from tests.attestation.making import pem, signing_key
from tests.cli.attesting import Desk
from tests.cli.test_sign import keyless, who
from tests.conftest import ROOT
from tests.fakes.registry import Fault
from tests.fakes.sigstore import FakeSigstore
from tests.gate.making import AMD64, ARM64, NOW, child, image, passed, policy


def test_an_attested_image_is_admitted(attested: Desk) -> None:
    """By options and by a policy alike; people read which attestation it rests on."""
    said = attested.verify()
    assert said.code == 0
    assert said.out.splitlines()[-1] == "gate: admitted"
    assert said.out.startswith(f"{attested.server.address}/shop/api@sha256:")
    assert attested.verify("--policy", attested.policy()).out == said.out


def test_nothing_attested_is_exit_4(desk: Desk) -> None:
    """Every platform and the index are named."""
    said = desk.verify()
    assert said.code == 4
    assert said.out.count("has no attestation") == 3
    assert "gate: REFUSED" in said.out


def test_another_key_is_exit_4(attested: Desk) -> None:
    """A signature by somebody who is not named verifies nothing."""
    (attested.folder / "other.pub").write_text(signing_key().public.pem)
    said = attested.verify("--key", "other.pub")
    assert (said.code, "it is not signed with a key that is trusted" in said.out) == (4, True)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--contract", "sha256:" + "ab" * 32], "is a pass of another contract"),
        (["--platform", "linux/s390x"], "the image has no platform linux/s390x"),
        (["--repository", "**/elsewhere"], "which the policy does not name"),
        (["--max-age", "1d"], "has no authenticated time"),
    ],
)
def test_good_evidence_that_is_not_enough_is_exit_5(attested: Desk, options: list[str], reason: str) -> None:
    """The policy says no, and why."""
    said = attested.verify(*options)
    assert (said.code, reason in said.out) == (5, True), said.out


def test_evidence_of_one_kind_only(desk: Desk) -> None:
    """Where both were asked for."""
    desk.report(platforms=tuple(desk.platforms(evidence=("static",))))
    desk.attest()
    said = desk.verify("--evidence", "both")
    assert (said.code, "rests on static evidence only" in said.out) == (5, True)
    assert desk.verify("--evidence", "static").code == 0


def test_machines_read_the_whole_decision(attested: Desk) -> None:
    """With every attestation, and what is said against it."""
    said = attested.verify("--contract", "sha256:" + "ab" * 32, "-f", "json", "-o", "decision.json")
    assert said.out == ""
    found = json.loads((attested.folder / "decision.json").read_text())
    assert (found["admitted"], found["exitCode"], found["trustedRoot"]) == (False, 5, None)
    platform = found["platforms"][0]
    assert (platform["platform"], platform["admitted"], platform["attestation"]) == ("linux/amd64", False, None)
    (attestation,) = platform["attestations"]
    assert (attestation["verified"], attestation["counts"]) == (True, False)
    assert "is a pass of another contract" in attestation["reasons"][0]


def test_what_was_found_is_recorded(attested: Desk) -> None:
    """For `policy test`: the same decision, offline; also where the gate refuses."""
    assert attested.verify("--record", "found.json").code == 0
    evidence = load_evidence(attested.folder / "found.json")
    assert (len(evidence.children), len(evidence.attestations)) == (2, 1)
    assert attested.verify("--contract", "sha256:" + "ab" * 32, "--record", "again.json").code == 5
    assert load_evidence(attested.folder / "again.json") == evidence


def test_options_come_from_the_environment(attested: Desk) -> None:
    """Lists with one a line."""
    (attested.folder / "other.pub").write_text(signing_key().public.pem)
    variables = {
        "SPYBUILD_KEY": "other.pub\ncosign.pub",
        "SPYBUILD_CONTRACT": "spymodel.yml",
        "SPYBUILD_FORMAT": "json",
    }
    said = attested.run("verify", attested.image, **variables)
    assert (said.code, said.json["admitted"]) == (0, True)
    assert attested.run("verify", attested.image, **{**variables, "SPYBUILD_MAX_AGE": "1d"}).code == 5
    policy = {"SPYBUILD_POLICY": str(attested.policy())}
    assert attested.run("verify", attested.image, **policy).code == 0


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ([], "no signer is named"),
        (["--key", "cosign.pub"], "no contract is named"),
        (["--key", "cosign.key", "-c", "spymodel.yml"], "holds a private key"),
        (["--key", "cosign.pub", "-c", "nosuch.yml"], "nosuch.yml"),
        (["--certificate-identity", "a@b", "-c", "spymodel.yml"], "--certificate-oidc-issuer"),
        (["--policy", "gate.yml", "--max-age", "1d"], "excludes the options that say the same"),
        (["--policy", "nosuch.yml"], "nosuch.yml"),
        (["--policy", "spymodel.yml"], "unknown key"),
        (["--key", "cosign.pub", "-c", "spymodel.yml", "--max-age", "soon"], "is no length of time"),
        (["--key", "cosign.pub", "-c", "spymodel.yml", "--max-age", ""], "is no length of time"),
        (["--key", "cosign.pub", "-c", "spymodel.yml", "--fetch-trusted-root", "--offline"], "--offline forbids"),
        (["--key", "awskms:///x", "-c", "spymodel.yml", "--offline"], "--offline forbids asking for the key awskms"),
        (
            ["--key", "cosign.pub", "-c", "spymodel.yml", "--fetch-trusted-root", "--trusted-root", "x"],
            "exclude each other",
        ),
    ],
)
def test_what_does_not_fit_is_exit_2(desk: Desk, options: list[str], reason: str) -> None:
    """Before the registry is asked anything."""
    desk.policy()
    desk.server.asked.clear()
    said = desk.run("verify", desk.image, *options)
    assert (said.code, reason in said.err, said.out) == (2, True, ""), said.err
    assert desk.server.asked == []


def test_identities_need_a_trusted_root(desk: Desk) -> None:
    """None is fetched unless somebody asks for it."""
    said = desk.verify("--certificate-identity", "a@b", "--certificate-oidc-issuer", "https://c")
    assert (said.code, "--fetch-trusted-root" in said.err) == (2, True)


def test_several_images_are_each_decided_on(attested: Desk) -> None:
    """The highest exit code is that of all; what cannot be decided hides nothing and is no pass."""
    missing = f"{attested.server.address}/shop/api:2"
    demanded = ("--key", "cosign.pub", "--contract", "spymodel.yml")
    both = attested.run("verify", attested.image, attested.image, *demanded)
    assert (both.code, both.out) == (0, "\n".join([attested.verify().out] * 2))
    said = attested.run("verify", missing, attested.image, *demanded, "-f", "json")
    first, second = said.json["images"]
    assert (said.code, said.json["exitCode"]) == (3, 3)
    assert (first["image"], first["admitted"], first["exitCode"]) == (missing, False, 3)
    assert "has no image" in first["reasons"][0]
    assert second == attested.verify("-f", "json").json
    worse = attested.run("verify", attested.image, missing, *demanded[:2], "--contract", "sha256:" + "ab" * 32)
    assert worse.code == 5
    assert worse.out.splitlines()[-3:] == [missing, worse.out.splitlines()[-2], "gate: REFUSED"]
    assert worse.out.splitlines()[-2].startswith("refused: ")


def test_a_recording_is_of_one_image(attested: Desk) -> None:
    """Nothing is asked for several."""
    attested.server.asked.clear()
    said = attested.run("verify", attested.image, attested.image, "--policy", attested.policy(), "--record", "x.json")
    assert (said.code, "name one image" in said.err, attested.server.asked) == (2, True, [])


def test_images_that_are_in_no_registry(desk: Desk) -> None:
    """Have no attestations."""
    said = desk.verify(image="oci-dir://.")
    assert (said.code, "is in no registry" in said.err) == (2, True)


def test_a_registry_that_is_not_there_is_exit_3(desk: Desk) -> None:
    """Nothing is known then, and nothing decided."""
    said = desk.verify(image="127.0.0.1:1/shop/api:1")
    assert (said.code, said.out) == (3, "")
    assert "Traceback" not in said.err


def test_an_image_that_is_not_there_is_exit_3(desk: Desk) -> None:
    """It is named."""
    said = desk.verify(image=f"{desk.server.address}/shop/api:2")
    assert (said.code, "has no image" in said.err) == (3, True)


def test_offline_asks_nobody_but_the_registry(
    desk: Desk, sigstore: FakeSigstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates, log entries and timestamps included: the pinned root is all it takes."""
    assert desk.attest(*keyless(desk, sigstore)).code == 0
    asked: set[Any] = set()
    connect = socket.socket.connect

    def watched(self: socket.socket, address: Any) -> None:
        asked.add(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    monkeypatch.setattr(socket, "getaddrinfo", _only_numbers(socket.getaddrinfo))
    said = desk.verify(*who(sigstore), "--trusted-root", "private.json", "--max-age", "1h", "--offline")
    assert said.code == 0, said.out + said.err
    host, port = desk.server.address.split(":")
    assert asked == {(host, int(port))}


def _only_numbers(usual: Any) -> Any:
    """No name is looked up."""

    def look_up(host: str, *rest: Any, **more: Any) -> Any:
        assert host == "127.0.0.1"
        return usual(host, *rest, **more)

    return look_up


def test_a_tag_is_resolved_once(attested: Desk) -> None:
    """Everything else is fetched by digest, so that a tag that moves meanwhile changes nothing."""
    attested.server.asked.clear()
    assert attested.verify().code == 0
    assert len(attested.server.paths("manifests/1")) == 1


SIGSTORES = {"sigstore", "rfc3161_client", "cryptography.x509", "tuf", "rfc8785", "spybuild.attestation.roots"}
OF_FILES = {
    "yaml",
    "spybuild.contracts.loading",
    "spybuild.model.contract",
    "spybuild.gate.grammar",
    "spybuild.gate.testing",
}


def loaded(desk: Desk, *arguments: str) -> set[str]:
    """The modules that verifying by a key has loaded in the end, in a process of its own without proxies."""
    code = "import sys; from spybuild.cli import main; code = main(sys.argv[1:]); print(code, *sys.modules)"
    command = [sys.executable, "-c", code, "verify", desk.image, "--key", "cosign.pub", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(command, cwd=desk.folder, env=environment, capture_output=True, text=True, check=True)
    exit_code, *modules = done.stdout.splitlines()[-1].split()
    assert exit_code == "0"
    return set(modules)


def test_keys_need_no_libraries_of_sigstores(attested: Desk) -> None:
    """They take longer to load than verifying does; and so does requests."""
    assert loaded(attested, "-c", "spymodel.yml") & (SIGSTORES | {"requests"}) == set()


def test_what_reads_files_is_loaded_for_files_only(attested: Desk) -> None:
    """A contract named by its digest needs neither YAML nor the contract's model, and no policy its grammar."""
    digest = str(load_contract(attested.folder / "spymodel.yml").contract.digest)
    assert loaded(attested, "-c", digest) & OF_FILES == set()


def test_a_private_key_is_never_shown(desk: Desk) -> None:
    """Not where it was named by mistake either."""
    secret = pem(signing_key().private).decode()
    (desk.folder / "cosign.key").write_text(secret)
    said = desk.verify("--key", "cosign.key")
    assert secret.splitlines()[1] not in said.err


def test_a_second_interrupt_does_not_wait_for_the_registry(attested: Desk) -> None:
    """The first lets go of what is held, and may wait for a registry that does not answer; who says it twice is heard."""
    attested.server.faults = [("/blobs/", Fault(delay=30, method="GET"))] * 9
    attested.server.asked.clear()
    command = [sys.executable, "-m", "spybuild", "verify", attested.image, "--key", "cosign.pub", "-c", "spymodel.yml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=attested.folder, env=environment, stderr=subprocess.PIPE) as process:
        begun = time.monotonic()
        while not attested.server.paths("/blobs/") and time.monotonic() - begun < 20:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        assert process.wait(20) != 0
        assert time.monotonic() - asked < 10


def test_json_says_where_runtime_evidence_is_the_builds_word() -> None:
    """Of each attestation, as it says itself."""
    told = passed(AMD64)
    told = told.model_copy(update={"attested": told.attested.model_copy(update={"from_build": True})})
    form = decision_form(decide(policy(), image(child(AMD64, told), child(ARM64)), NOW))
    assert [each["attestations"][0]["fromBuild"] for each in form["platforms"]] == [True, False]
