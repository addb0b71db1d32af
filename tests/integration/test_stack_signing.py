"""The stack's own proof: each part that signing is tested with works with clients that others wrote."""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import SubjectAlternativeName, UniformResourceIdentifier
from securesystemslib.signer import HSMSigner  # type: ignore[attr-defined]  # public, by its documentation
from sigstore.dsse import DigestSet, StatementBuilder, Subject
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.oidc import IdentityToken, detect_credential
from sigstore.sign import SigningContext
from sigstore.verify import Verifier, policy

from tests.stack import RegistryWithLogin, Sigstore, SoftHsm, Stack, images

pytestmark = pytest.mark.stack

PREDICATE_TYPE = "https://example.org/checked/v1"
MAIL = "dev@example.org"

Cosign = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def sigstore(stack: Stack) -> Sigstore:
    assert stack.sigstore is not None
    return stack.sigstore


@pytest.fixture
def cosign(stack: Stack, tmp_path: Path) -> Cosign:
    """Run one major version of cosign, without the user's configuration and without the public Sigstore's."""

    def run(major: str, *arguments: str, fails: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "COSIGN_PASSWORD": "", **variables}
        done = subprocess.run([stack.cosign[major], *arguments], capture_output=True, text=True, env=environment)
        assert (done.returncode != 0) == fails, done.stderr
        return done

    return run


@pytest.fixture(params=["registry", "registry_referrers"])
def image(request: pytest.FixtureRequest, stack: Stack) -> str:
    """A new image in the registry without, then in the one with, the referrers API: its reference by digest."""
    return push(getattr(stack, request.param).address, request.node.name)


def push(address: str, content: str) -> str:
    """Push an image without layers that is like no other."""
    repository = images.Repository(address, "stack-signing/app")
    config = repository.push_json(
        {"os": "linux", "architecture": "amd64", "author": f"{content} {os.urandom(8).hex()}"}, images.CONFIG
    )
    manifest = {"schemaVersion": 2, "mediaType": images.MANIFEST, "config": config, "layers": []}
    return f"{address}/stack-signing/app@{repository.push_manifest(manifest)['digest']}"


def predicate(folder: Path) -> list[str]:
    """The flags that say what is attested."""
    path = folder / "predicate.json"
    path.write_text('{"result": "PASSED"}')
    return ["--yes", "--type", PREDICATE_TYPE, "--predicate", str(path)]


def attested(answer: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The statement that `cosign verify-attestation` printed."""
    statement: dict[str, Any] = json.loads(base64.b64decode(json.loads(answer.stdout)["payload"]))
    return statement


def who(sigstore: Sigstore) -> list[str]:
    """The flags that name the person who must have signed."""
    return ["--certificate-identity", MAIL, "--certificate-oidc-issuer", sigstore.issuer]


@pytest.fixture(scope="module")
def keys(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two key pairs of cosign's own kind, `ours` and `other`, encrypted with an empty password."""
    folder = tmp_path_factory.mktemp("keys")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COSIGN_PASSWORD": ""}
    for name in ("ours", "other"):
        command = [stack.cosign["3"], "generate-key-pair", "--output-key-prefix", name]
        subprocess.run(command, capture_output=True, check=True, env=environment, cwd=folder)
    return folder


@pytest.mark.parametrize(("signs", "verifies"), [("2", "3"), ("3", "2")])
def test_cosign_with_a_key(cosign: Cosign, image: str, tmp_path: Path, keys: Path, signs: str, verifies: str) -> None:
    """Each cosign verifies, with a key and on both registries, the bundle that the other made; not with another key."""
    how = {"2": ["--new-bundle-format"], "3": ["--use-signing-config=false"]}
    cosign(signs, "attest", *predicate(tmp_path), f"--key={keys}/ours.key", "--tlog-upload=false", *how[signs], image)
    root = tmp_path / "root.json"
    root.write_text('{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}')
    check = ["verify-attestation", "--type", PREDICATE_TYPE, "--insecure-ignore-tlog", f"--trusted-root={root}"]
    check += ["--new-bundle-format", image]
    assert attested(cosign(verifies, *check, f"--key={keys}/ours.pub"))["predicate"] == {"result": "PASSED"}
    refused = cosign(verifies, *check, f"--key={keys}/other.pub", fails=True)
    assert "failed to verify signature" in refused.stderr


def test_cosign_3_keyless(cosign: Cosign, sigstore: Sigstore, image: str, tmp_path: Path) -> None:
    """With cosign 3: a certificate from Fulcio, an entry in Rekor v2, verified by the stack's trusted root alone."""
    root = f"--trusted-root={sigstore.trusted_root}"
    token = f"--identity-token={sigstore.identity_token(email=MAIL)}"
    cosign("3", "attest", *predicate(tmp_path), f"--signing-config={sigstore.signing_config}", root, token, image)
    check = ["verify-attestation", "--type", PREDICATE_TYPE, root, image]
    assert attested(cosign("3", *check, *who(sigstore)))["predicateType"] == PREDICATE_TYPE
    cosign("3", *check, "--certificate-identity=other@example.org", *who(sigstore)[2:], fails=True)


@pytest.mark.parametrize("bundle", [True, False])
def test_cosign_2_keyless(cosign: Cosign, sigstore: Sigstore, image: str, tmp_path: Path, bundle: bool) -> None:
    """With cosign 2, which knows no Rekor v2: a timestamp in place of the log's entry, in both of its formats."""
    trust = {"SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": sigstore.ctlog_public_key, "SIGSTORE_ROOT_FILE": sigstore.fulcio_chain}
    where = [f"--fulcio-url={sigstore.fulcio}", f"--timestamp-server-url={sigstore.timestamp}/api/v1/timestamp"]
    where += ["--tlog-upload=false", f"--new-bundle-format={str(bundle).lower()}"]
    token = f"--identity-token={sigstore.identity_token(email=MAIL)}"
    cosign("2", "attest", *predicate(tmp_path), *where, token, image, **trust)
    by_bundle = ["--new-bundle-format", f"--trusted-root={sigstore.trusted_root}"]
    by_chain = [f"--timestamp-certificate-chain={sigstore.timestamp_chain}"]
    check = ["verify-attestation", "--type", PREDICATE_TYPE, "--insecure-ignore-tlog", "--use-signed-timestamps"]
    check += [*(by_bundle if bundle else by_chain), image]
    assert attested(cosign("2", *check, *who(sigstore), **trust))["predicateType"] == PREDICATE_TYPE


def signed(sigstore: Sigstore, token: str, issuer: str) -> tuple[Bundle, bytes]:
    """A statement that sigstore-python signed and then, by the trusted root and the issuer, verified: bundle and payload."""
    config = ClientTrustConfig.from_json(Path(sigstore.trust_config).read_text())
    subject = Subject(name="_", digest=DigestSet({"sha256": "0" * 64}))
    statement = StatementBuilder().subjects([subject]).predicate_type(PREDICATE_TYPE).predicate({"n": 1}).build()
    with SigningContext.from_trust_config(config).signer(IdentityToken(token)) as signer:
        bundle = Bundle.from_json(signer.sign_dsse(statement).to_json())
    verifier = Verifier(trusted_root=config.trusted_root)
    return bundle, verifier.verify_dsse(bundle, policy.OIDCIssuerV2(issuer))[1]


def test_sigstore_python(sigstore: Sigstore) -> None:
    """sigstore-python signs and verifies a statement by the stack's trust configuration alone: SCT, log and timestamp."""
    bundle, payload = signed(sigstore, sigstore.identity_token(email=MAIL), sigstore.issuer)
    assert json.loads(payload)["predicate"] == {"n": 1}
    timestamps = bundle.verification_material.timestamp_verification_data
    assert timestamps is not None
    assert len(timestamps.rfc3161_timestamps) == 1


def test_sigstore_python_in_a_pipeline(sigstore: Sigstore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer for pipelines serves a runner's ambient token; the certificate has the workflow's name and repository."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "any")
    where = f"{sigstore.pipeline_issuer}/token?repository=acme/robots&ref=refs/tags/v1"
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", where)
    token = detect_credential()
    assert token is not None
    certificate = signed(sigstore, token, sigstore.pipeline_issuer)[0].signing_certificate
    name = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    workflow = "https://github.com/acme/robots/.github/workflows/release.yml@refs/tags/v1"
    assert name.get_values_for_type(UniformResourceIdentifier) == [workflow]
    policy.OIDCSourceRepositoryURI("https://github.com/acme/robots").verify(certificate)


def test_an_expired_token(sigstore: Sigstore) -> None:
    """Fulcio refuses a token of yesterday: the issuer makes such ones for tests."""
    token = sigstore.identity_token(email=MAIL, lifetime="-86400")
    body = {"credentials": {"oidcIdentityToken": token}}
    assert requests.post(f"{sigstore.fulcio}/api/v2/signingCert", json=body, timeout=10).status_code == 400


def test_who_has_the_referrers_api(stack: Stack) -> None:
    """Of the two registries without a login one answers the referrers API, the other does not know it."""
    assert stack.registry is not None
    assert stack.registry_referrers is not None
    path = f"/v2/stack-signing/app/referrers/sha256:{'0' * 64}"
    answers = [
        requests.get(f"http://{each.address}{path}", timeout=10).status_code
        for each in (stack.registry, stack.registry_referrers)
    ]
    assert answers == [404, 200]


@pytest.mark.parametrize("name", ["registry_basic", "registry_bearer"])
def test_registries_with_a_login(stack: Stack, cosign: Cosign, tmp_path: Path, keys: Path, name: str) -> None:
    """With a Docker configuration's login crane and cosign push and pull; with a wrong password, or none, they do not."""
    registry: RegistryWithLogin = getattr(stack, name)
    assert stack.registry is not None
    assert stack.crane is not None
    crane = stack.crane
    image = push(stack.registry.address, name)
    there = f"{registry.address}/private/app@{image.partition('@')[2]}"
    configuration = {"DOCKER_CONFIG": str(tmp_path)}

    def login(password: str | None) -> None:
        auth = base64.b64encode(f"{registry.username}:{password}".encode()).decode()
        auths = {registry.address: {"auth": auth}} if password else {}
        (tmp_path / "config.json").write_text(json.dumps({"auths": auths}))

    def copy() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [crane, "copy", image, there], capture_output=True, text=True, env=os.environ | configuration
        )

    for password in ("wrong", None):
        login(password)
        refused = copy()
        assert refused.returncode == 1
        assert "unauthorized" in refused.stderr.lower()
    login(registry.password)
    assert copy().returncode == 0
    by = ["--tlog-upload=false", "--use-signing-config=false", there]
    cosign("3", "attest", *predicate(tmp_path), f"--key={keys}/ours.key", *by, **configuration)
    check = ["verify-attestation", "--type", PREDICATE_TYPE, "--insecure-ignore-tlog", f"--key={keys}/ours.pub", there]
    assert attested(cosign("3", *check, **configuration))["predicate"] == {"result": "PASSED"}
    login(None)
    assert "unauthorized" in cosign("3", *check, fails=True, **configuration).stderr.lower()


def test_the_token_server(stack: Stack) -> None:
    """An identity token stands for the password; without either, images below `public/` can be pulled but not pushed."""
    registry = stack.registry_bearer
    assert registry is not None
    assert registry.token_url is not None

    def status(token: str, method: str, path: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.request(method, f"http://{registry.address}/v2/{path}", headers=headers, timeout=10).status_code

    query = {"service": "spybuild-stack", "scope": "repository:public/app:pull,push"}
    form = {**query, "grant_type": "refresh_token", "refresh_token": registry.identity_token, "client_id": "test"}
    known = requests.post(registry.token_url, data=form, timeout=10).json()["access_token"]
    nobody = requests.get(registry.token_url, params=query, timeout=10).json()["token"]
    upload = ("POST", "public/app/blobs/uploads/")
    assert [status(each, *upload) for each in (known, nobody)] == [202, 401]
    assert [status(each, "GET", "public/app/manifests/none") for each in (known, nobody)] == [404, 404]


@pytest.fixture
def softhsm(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """The token, for a PKCS #11 library in this process."""
    assert stack.softhsm is not None
    monkeypatch.setenv("SOFTHSM2_CONF", stack.softhsm.config)
    monkeypatch.setenv("PYKCS11LIB", stack.softhsm.module)
    return stack.softhsm


def test_softhsm(softhsm: SoftHsm) -> None:
    """The token signs what its public key verifies, through securesystemslib's signer for hardware modules."""
    uri, key = HSMSigner.import_(int(softhsm.key_id, 16), softhsm.token)
    signature = HSMSigner.from_priv_key_uri(uri, key, lambda _: softhsm.pin).sign(b"payload")
    public = serialization.load_pem_public_key(Path(softhsm.public_key).read_bytes())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(bytes.fromhex(signature.signature), b"payload", ec.ECDSA(hashes.SHA256()))
