"""Signed, verified and promoted as users do it: real registries, both cosigns, a private Sigstore, an HSM.

What must work is read from the tables of docs/signing.md.
"""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spybuild.attestation.attaching import Attaching
from spybuild.attestation.bundles import read_bundle
from spybuild.attestation.signers import Signed
from spybuild.attestation.storage import find_attachments
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.registry.copying import Copying, plan
from spybuild.images.registry.copying_attached import CopyingAttached
from spybuild.model.attested import SVR, TEST_RESULT, KeySigner
from spybuild.model.digests import Digest
from spybuild.model.wire import instant_text
from tests.attestation.making import signing_key
from tests.conftest import ROOT, Run
from tests.integration.building import docker, image_of
from tests.integration.signing import KEY_ROOT, cosign, repository
from tests.stack import Sigstore, Stack

pytestmark = pytest.mark.stack

PLUGIN = "class Thermostat:\n    def read(self) -> float:\n        return 1.0\n"
CONTRACT = "filename: thermostat.py\nclasses:\n  - name: Thermostat\n    methods:\n      - name: read\n"
BOTH = ("linux/amd64", "linux/arm64")
MAIL = "dev@example.org"
REGISTRIES = ["registry", "registry_referrers"]
INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class Bench:
    """A user's folder: keys, a contract, a policy; and an image of two platforms in a repository of its own."""

    stack: Stack
    folder: Path
    spybuild: Run
    address: str
    name: str
    image: str = field(init=False)

    def __post_init__(self) -> None:
        self.image = f"{self.address}/{self.name}:1"

    def run(self, *arguments: str | Path, code: int = 0, **variables: Any) -> str:
        """Run a verb in a process of its own; what it printed, and said on stderr."""
        environment = {**os.environ, "COSIGN_PASSWORD": "", **variables}
        done = self.spybuild(*arguments, cwd=self.folder, env=environment)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
        return str(done.stdout + done.stderr)

    def scan(self, *arguments: str, **variables: Any) -> list[dict[str, Any]]:
        """Scan the image and sign; what was attested."""
        self.run(
            "scan", f"registry://{self.image}", "-c", "spymodel.yml", "--sign", *arguments,
            "-f", "json", "-o", "report.json", **variables,
        )  # fmt: skip
        found: list[dict[str, Any]] = json.loads((self.folder / "report.json").read_text())["attestations"]
        return found

    def verify(self, *arguments: str, code: int = 0, **variables: Any) -> str:
        """Verify by the contract."""
        return self.run("verify", self.image, "-c", "spymodel.yml", *arguments, code=code, **variables)

    def accepts(self, major: str, digest: str, kind: str, *how: str) -> bool:
        """Whether `cosign verify-attestation` takes what is attested of a digest."""
        name = f"{self.address}/{self.name}@{digest}"
        done = cosign(self.stack, major, "verify-attestation", "--type", kind, *how, name, folder=self.folder)
        if done.returncode == 0:
            payload = json.loads(base64.b64decode(json.loads(done.stdout.splitlines()[-1])["payload"]))
            assert payload["subject"][0]["digest"]["sha256"] == digest.removeprefix("sha256:")
        return done.returncode == 0

    def copy_from(self, image: str) -> None:
        """Have the image here, without what is attached to it."""
        assert self.stack.crane
        subprocess.run([self.stack.crane, "copy", image, self.image], check=True, capture_output=True)


def documented(table: str) -> dict[str, list[bool]]:
    """What docs/signing.md says of each way of signing, column by column; `table` is in the line above the table."""
    text = (ROOT / "docs" / "signing.md").read_text().partition(table)[2].partition("|---|")[2]
    rows = [line.strip("|").split("|") for line in text.partition("\n\n")[0].splitlines()[1:]]
    return {first.strip(): [{"yes": True, "no": False}[each.strip()] for each in rest] for first, *rest in rows}


OURS = documented("Signed by `spybuild scan --sign`")
COSIGNS = documented("Signed by `cosign attest`")


def by_key(folder: Path) -> list[str]:
    """The flags with which cosign verifies our key's bundles."""
    return [
        f"--key={folder}/cosign.pub", "--insecure-ignore-tlog", "--new-bundle-format",
        f"--trusted-root={folder}/root.json",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def built(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image, in the registry without the referrers API and in the daemon."""
    assert stack.registry
    assert stack.docker
    tag = f"{stack.registry.address}/signing/built:1"
    image_of(stack, tag, tmp_path_factory.mktemp("built"), {"thermostat.py": PLUGIN}, platforms=BOTH)
    docker(stack.docker, "push", "--quiet", tag)
    return tag


@pytest.fixture(scope="module")
def keys(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key pair as cosign makes it, with an empty password."""
    folder = tmp_path_factory.mktemp("keys")
    made = subprocess.run(
        [stack.cosign["3"], "generate-key-pair"],
        cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder), "COSIGN_PASSWORD": ""}, capture_output=True,
        check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def make(stack: Stack, spybuild: Run, built: str, keys: Path, tmp_path: Path) -> Callable[[str], Bench]:
    """Lays a bench out for one of the registries, with a repository like no other."""

    def lay_out(registry: str) -> Bench:
        bench = Bench(stack, tmp_path, spybuild, getattr(stack, registry).address, f"signing/{os.urandom(6).hex()}/app")
        for name in ("cosign.key", "cosign.pub"):
            (tmp_path / name).write_bytes((keys / name).read_bytes())
        (tmp_path / "spymodel.yml").write_text(CONTRACT)
        (tmp_path / "root.json").write_text(KEY_ROOT)
        bench.copy_from(built)
        return bench

    return lay_out


@pytest.fixture(params=REGISTRIES)
def bench(request: pytest.FixtureRequest, make: Callable[[str], Bench]) -> Bench:
    """A bench at the registry without, then at the one with, the referrers API."""
    return make(request.param)


@pytest.fixture
def real(stack: Stack) -> Sigstore:
    """The stack's Sigstore."""
    assert stack.sigstore
    return stack.sigstore


def test_a_key(bench: Bench) -> None:
    """Cosign 2 and 3 take each platform's test result and the index's summary; so do we; another key does not do."""
    *platforms, index = bench.scan("--key", "cosign.key")
    for each in platforms:
        taken = [bench.accepts(major, each["subject"], TEST_RESULT, *by_key(bench.folder)) for major in ("2", "3")]
        assert [*taken, True] == OURS["a key"]
    taken = [bench.accepts(major, index["subject"], SVR, *by_key(bench.folder)) for major in ("2", "3")]
    assert [*taken, True] == OURS["a key"]
    assert "gate: admitted" in bench.verify("--key", "cosign.pub", "--platform", ",".join(BOTH))
    (bench.folder / "cosign.pub").write_text(signing_key().public.pem)
    assert not bench.accepts("3", index["subject"], SVR, *by_key(bench.folder))
    bench.verify("--key", "cosign.pub", code=4)


def test_a_key_with_a_timestamp(bench: Bench, real: Sigstore) -> None:
    """The age is known to who trusts the authority."""
    *_, index = bench.scan("--key", "cosign.key", "--timestamp-server-url", f"{real.timestamp}/api/v1/timestamp")
    how = [f"--key={bench.folder}/cosign.pub", "--insecure-ignore-tlog", "--use-signed-timestamps"]
    how += ["--new-bundle-format", f"--trusted-root={real.trusted_root}"]
    assert [bench.accepts(major, index["subject"], SVR, *how) for major in ("2", "3")] == OURS["a key, timestamp"][:2]
    bench.verify("--key", "cosign.pub", "--max-age", "1h", "--trusted-root", real.trusted_root, "--offline")
    assert "has no authenticated time" in bench.verify("--key", "cosign.pub", "--max-age", "1h", code=5)


def test_an_identity(bench: Bench, real: Sigstore) -> None:
    """With the real Fulcio, Rekor v2 and timestamp authority; cosign 2 knows no Rekor v2."""
    token = bench.folder / "token"
    token.write_text(real.identity_token(email=MAIL))
    *_, index = bench.scan("--identity-token", str(token), "--trust-config", real.trust_config)
    who = ["--certificate-identity", MAIL, "--certificate-oidc-issuer", real.issuer]
    how = [*who, "--new-bundle-format", f"--trusted-root={real.trusted_root}"]
    assert [bench.accepts(major, index["subject"], SVR, *how) for major in ("2", "3")] == OURS["an identity, Rekor v2"][
        :2
    ]
    assert "gate: admitted" in bench.verify(*who, "--trust-config", real.trust_config, "--max-age", "1h", "--offline")
    bench.verify("--certificate-identity", "other@example.org", *who[2:], "--trust-config", real.trust_config, code=4)


def test_a_pipelines_own_identity(make: Callable[[str], Bench], real: Sigstore) -> None:
    """Found in its surroundings, as on GitHub; the certificate's claims are what a policy may ask for."""
    bench = make("registry_referrers")
    where = f"{real.pipeline_issuer}/token?repository=acme/robots&ref=refs/tags/v1"
    runner = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "any", "ACTIONS_ID_TOKEN_REQUEST_URL": where}
    bench.scan("--trust-config", real.trust_config, **runner)
    identity = r"^https://github\.com/acme/robots/\.github/workflows/release\.yml@refs/tags/v1$"
    keyless = {"identityRegexp": identity, "issuer": real.pipeline_issuer}
    source = {"sourceRepositories": ["https://github.com/acme/*"]}
    write_policy(bench, signers=[{"keyless": {**keyless, "claims": {"sourceRepositoryRef": "refs/tags/v1"}}}], **source)
    trusted = ["--policy", "gate.yml", "--trusted-root", real.trusted_root]
    assert "gate: admitted" in bench.run("verify", bench.image, *trusted)
    write_policy(bench, signers=[{"keyless": {**keyless, "claims": {"sourceRepositoryRef": "refs/tags/v2"}}}], **source)
    bench.run("verify", bench.image, *trusted, code=4)


def test_a_key_in_an_hsm(make: Callable[[str], Bench], stack: Stack) -> None:
    """By its PKCS #11 URI, which also verifies; the PIN is shown nowhere, and the public half is all that is needed."""
    bench, hsm = make("registry_referrers"), stack.softhsm
    assert hsm
    uri = f"pkcs11:token={hsm.token};id=%{hsm.key_id}?module-path={hsm.module}&pin-value={hsm.pin}"
    said = bench.run(
        "scan", f"registry://{bench.image}", "-c", "spymodel.yml", "--sign", "--key", uri, "-vv",
        SOFTHSM2_CONF=hsm.config,
    )  # fmt: skip
    assert f"pin-value={hsm.pin}" not in said
    (bench.folder / "cosign.pub").write_bytes(Path(hsm.public_key).read_bytes())
    assert "gate: admitted" in bench.verify("--key", "cosign.pub")
    verified = bench.verify("--key", uri, "-vv", SOFTHSM2_CONF=hsm.config)
    assert ("gate: admitted" in verified, f"pin-value={hsm.pin}" in verified) == (True, False)
    index = next(line.split()[2] for line in said.splitlines() if line.startswith("attested index"))
    taken = [bench.accepts(major, index, SVR, *by_key(bench.folder)) for major in ("2", "3")]
    assert [*taken, True] == OURS["a key in an HSM"]


def test_the_older_form(bench: Bench) -> None:
    """Cosign 2 without `--new-bundle-format` looks for it alone."""
    *_, index = bench.scan("--key", "cosign.key", "--legacy-att")
    plain = [f"--key={bench.folder}/cosign.pub", "--insecure-ignore-tlog"]
    taken = [bench.accepts("2", index["subject"], SVR, *plain)]
    taken += [bench.accepts("3", index["subject"], SVR, *by_key(bench.folder))]
    assert [*taken, True] == OURS["a key, `--legacy-att`"]
    assert "gate: admitted" in bench.verify("--key", "cosign.pub")


@pytest.mark.parametrize("how", COSIGNS)
def test_cosign_signs_what_we_verify(bench: Bench, stack: Stack, how: str) -> None:
    """Our predicates in cosign's statements (v0.1), on each platform and the index: the gate takes them as ours."""
    major, flags = how.split()[1].rstrip(","), [flag.strip("`") for flag in how.split() if flag.startswith("`--")]
    flags += ["--use-signing-config=false"] if major == "3" else []
    ours = Bench(stack, bench.folder, bench.spybuild, bench.address, f"{bench.name}-ours")
    ours.copy_from(bench.image)
    made: dict[str, str] = {}
    for each in ours.scan("--key", "cosign.key"):
        (found,) = find_attachments(repository(ours.address, ours.name), Digest.parse(each["subject"])).found
        statement = read_bundle(found.content).payload.decode()
        for old, new in {ours.name: bench.name, **made}.items():
            statement = statement.replace(old, new)
        (bench.folder / "predicate.json").write_text(json.dumps(json.loads(statement)["predicate"]))
        signed = cosign(
            stack, major, "attest", "--yes", "--key", f"{bench.folder}/cosign.key", "--tlog-upload=false", *flags,
            "--type", json.loads(statement)["predicateType"], "--predicate", f"{bench.folder}/predicate.json",
            f"{bench.address}/{bench.name}@{each['subject']}", folder=bench.folder,
        )  # fmt: skip
        assert signed.returncode == 0, signed.stderr
        (theirs,) = find_attachments(repository(bench.address, bench.name), Digest.parse(each["subject"])).found
        assert (theirs.annotations is not None) == (".att" in how)
        made[each["attestation"]] = str(theirs.digest)
    assert COSIGNS[how] == [True]
    assert "gate: admitted" in bench.verify("--key", "cosign.pub")


def test_a_daemons_image(stack: Stack, built: str, spybuild: Run, keys: Path, tmp_path: Path) -> None:
    """Run and read here, attested in the registry of its name: what the daemon has must be there."""
    assert stack.docker
    (tmp_path / "spymodel.yml").write_text(CONTRACT)
    environment = {**os.environ, **stack.docker.environment(), "COSIGN_PASSWORD": ""}
    sign = ["--sign", "--key", keys / "cosign.key", "-f", "json"]
    image = f"{built.rpartition('/')[0]}/{os.urandom(6).hex()}:1"  # with no attestations of earlier runs
    docker(stack.docker, "tag", built, image)
    docker(stack.docker, "push", "--quiet", image)
    done = spybuild("scan", image, *sign, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    assert {tuple(each["evidence"]) for each in json.loads(done.stdout)["platforms"]} == {("runtime", "static")}
    assert len(json.loads(done.stdout)["attestations"]) == 3
    verified = spybuild(
        "verify", image, "--key", keys / "cosign.pub", "-c", "spymodel.yml", "--evidence", "both", cwd=tmp_path
    )
    assert verified.returncode == 0, verified.stdout
    elsewhere = f"{image.rpartition(':')[0]}-elsewhere:1"
    docker(stack.docker, "tag", built, elsewhere)
    refused = spybuild("scan", elsewhere, *sign, cwd=tmp_path, env=environment)
    docker(stack.docker, "rmi", image, elsewhere)
    assert (refused.returncode, "has no image" in refused.stderr) == (3, True)
    assert json.loads(refused.stdout)["attestations"] == []


def write_policy(bench: Bench, **changes: Any) -> None:
    """Write `gate.yml`: what the honest image fulfils, in any repository, with these changes."""
    usual = {
        "schemaVersion": 1,
        "signers": [{"key": {"file": "cosign.pub"}}],
        "contracts": [{"file": "spymodel.yml"}],
        "maxAge": "30d",
        "unauthenticatedTime": "accept",
        "platforms": {"required": list(BOTH)},
        "repositories": {"attestedFor": [f"{bench.address}/{bench.name}"]},
    }
    (bench.folder / "gate.yml").write_text(json.dumps({**usual, **changes}))


class Tampering:
    """The honest image, attested, and what may be done to it; each method gives the reason it must be refused for."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.client = repository(bench.address, bench.name)
        self.root, content = self.client.manifest("1")
        self.index: dict[str, Any] = json.loads(content)
        self.image = bench.image

    def honest(self) -> str:
        """As it was attested."""
        self._attest()
        return ""

    def swapped(self) -> str:
        """One platform is another image now, and the index's old attestation is brought along."""
        self._attest()
        arm64 = self._entry("arm64")
        new = self._retag([self._other(arm64) if each is arm64 else each for each in self.index["manifests"]])
        for each in find_attachments(self.client, self.root.digest).found:
            signed = Signed(each.content, KeySigner(fingerprint=self.root.digest))
            Attaching(self.client).attach(new, signed, datetime.now(UTC))
        return f"is about {self.root.digest}, another image"

    def added(self) -> str:
        """There is a third platform."""
        self._attest()
        third = self._other(self._entry("amd64"))
        third["platform"] = {"os": "linux", "architecture": "s390x"}
        self._retag([*self.index["manifests"], third])
        return "linux/s390x ("

    def removed(self) -> str:
        """One platform is no longer there."""
        self._attest()
        self._retag([each for each in self.index["manifests"] if each is not self._entry("arm64")])
        return "the image has no platform linux/arm64"

    def unattested(self) -> str:
        """A platform's attestation could not be written, or was taken away: all but one are copied."""
        return self._attested_elsewhere(lambda digest: digest != self._entry("arm64")["digest"], "linux/arm64 (")

    def of_another_contract(self) -> str:
        """It passed an easier one."""
        (self.bench.folder / "easy.yml").write_text("filename: thermostat.py\n")
        self._attest("easy.yml")
        return "is a pass of another contract"

    def of_another_repository(self) -> str:
        """Image and evidence were copied from where anybody may push."""
        return self._attested_elsewhere(lambda digest: True, "was made for the repository")

    def too_long_ago(self) -> str:
        """It was validated before the policy's age."""
        self._report()
        then = (datetime.now(UTC) - timedelta(days=31)).timestamp()
        os.utime(self.bench.folder / "report.json", (then, then))
        self.bench.run("attest", self.image, "--report", "report.json", "--key", "cosign.key")
        return "was validated too long ago"

    def _attest(self, contract: str = "spymodel.yml") -> None:
        self._report(contract)
        self.bench.run("attest", self.image, "--report", "report.json", "--key", "cosign.key")

    def _report(self, contract: str = "spymodel.yml") -> None:
        self.bench.run("scan", f"registry://{self.image}", "-c", contract, "-f", "json", "-o", "report.json")

    def _entry(self, architecture: str) -> dict[str, Any]:
        return next(each for each in self.index["manifests"] if each["platform"]["architecture"] == architecture)

    def _other(self, entry: dict[str, Any]) -> dict[str, Any]:
        """An entry for an image that differs by an annotation, which is enough to be another one."""
        _, content = self.client.manifest(entry["digest"])
        pushed = self._push({**json.loads(content), "annotations": {"changed": "yes"}})
        return {**entry, "digest": str(pushed.digest), "size": pushed.size}

    def _push(self, document: dict[str, Any], tag: str = "") -> Descriptor:
        content = json.dumps(document).encode()
        described = Descriptor(document["mediaType"], Digest.of(content), len(content))
        self.client.push_manifest(described, content, tag)
        return described

    def _retag(self, entries: list[dict[str, Any]]) -> Descriptor:
        return self._push({**self.index, "mediaType": INDEX, "manifests": entries}, "1")

    def _attested_elsewhere(self, wanted: Callable[[str], bool], reason: str) -> str:
        """Attested under another name, then copied here with the attestations on the digests that are wanted."""
        here, there = self.image, f"{self.bench.name}-elsewhere"
        self.image = f"{self.bench.address}/{there}:1"
        source = repository(self.bench.address, there, mount_from=self.bench.name)
        documents = plan(self.client, self.root, self.client.manifest("1")[1])
        Copying(self.client, source).copy(documents)
        source.push_manifest(self.root, self.client.manifest("1")[1], "1")
        self._attest()
        back = CopyingAttached(Copying(source, self.client))
        back.copy([each.descriptor.digest for each in documents if wanted(str(each.descriptor.digest))])
        self.image = here
        if reason == "linux/arm64 (":  # the only thing that is wrong is what is missing
            write_policy(self.bench, repositories={"attestedFor": [f"{self.bench.address}/signing/**"]})
        return reason


CASES = [name for name in vars(Tampering) if not name.startswith("_")]


@pytest.mark.parametrize("name", CASES)
def test_every_gate_says_the_same(bench: Bench, name: str) -> None:
    """Verify, promote, and the recording under `policy test`: only the honest image passes, others are told why not."""
    write_policy(bench)
    tampering = Tampering(bench)
    reason = getattr(tampering, name)()
    code = {"honest": 0, "of_another_contract": 5, "of_another_repository": 5, "too_long_ago": 5}.get(name, 4)
    said = bench.run("verify", bench.image, "--policy", "gate.yml", "--record", "found.json", code=code)
    assert reason in said
    to = f"{bench.address}/{bench.name}-prod:1"
    said = bench.run("promote", bench.image, to, "--policy", "gate.yml", code=code)
    assert reason in said
    if code:
        assert f"tag {to} is as it was: not there" in said
    else:
        assert repository(bench.address, f"{bench.name}-prod").manifest("1")[0].digest == tampering.root.digest
    (bench.folder / "cases").mkdir()
    expected = {"admitted": not code, **({"reasons": [reason]} if code else {})}
    case = {
        "schemaVersion": 1, "now": instant_text(datetime.now(UTC)), "evidence": "../found.json", "expect": expected,
    }  # fmt: skip
    (bench.folder / "cases" / "case.yml").write_text(json.dumps(case))
    assert "1 passed" in bench.run("policy", "test", "gate.yml", "cases")
