"""A private Sigstore of the real servers: Fulcio, Rekor (version 2, on tiles) and the timestamp authority.

Beside them run an identity provider and a certificate transparency log of our own (``issuer.py``, ``servers/ctlog``): Fulcio
wants the first, and sigstore-python accepts no certificate without the second's promise. All listen on loopback; only
Fulcio's metrics, which have nothing private in them, are on every interface, at a port the kernel picks: it has no switch.
Keys, certificates and the log are kept from start to start.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.stack import golang, issuer, pki, processes, services, trust
from tests.stack.home import Home, replace_text

NAMES = ("issuer", "ctlog", "fulcio", "rekor", "timestamp")
PROGRAMS = ("ctlog", "fulcio", "rekor", "timestamp")
# What Rekor calls itself; its clients expect the host of its URL.
ORIGIN = "127.0.0.1"

# How the claims of a hosted runner's token become a certificate's name and extensions: Fulcio's own public settings.
_PIPELINE = {
    "DefaultTemplateValues": {"url": "https://github.com"},
    "ExtensionTemplates": {
        "GithubWorkflowTrigger": "event_name",
        "GithubWorkflowSHA": "sha",
        "GithubWorkflowName": "workflow",
        "GithubWorkflowRepository": "repository",
        "GithubWorkflowRef": "ref",
        "BuildSignerURI": "{{ .url }}/{{ .job_workflow_ref }}",
        "BuildSignerDigest": "job_workflow_sha",
        "RunnerEnvironment": "runner_environment",
        "SourceRepositoryURI": "{{ .url }}/{{ .repository }}",
        "SourceRepositoryDigest": "sha",
        "SourceRepositoryRef": "ref",
        "SourceRepositoryIdentifier": "repository_id",
        "SourceRepositoryOwnerURI": "{{ .url }}/{{ .repository_owner }}",
        "SourceRepositoryOwnerIdentifier": "repository_owner_id",
        "BuildConfigURI": "{{ .url }}/{{ .workflow_ref }}",
        "BuildConfigDigest": "workflow_sha",
        "BuildTrigger": "event_name",
        "RunInvocationURI": "{{ .url }}/{{ .repository }}/actions/runs/{{ .run_id }}/attempts/{{ .run_attempt }}",
        "SourceRepositoryVisibilityAtSigning": "repository_visibility",
    },
    "SubjectAlternativeNameTemplate": "{{ .url }}/{{ .job_workflow_ref }}",
}


def up(home: Home) -> dict[str, Any]:
    """Start what does not run, and say how clients come to trust it."""
    keys = pki.once(home, "sigstore", _make_keys)
    # Built together, before the first of them starts: they share most of what they are made of.
    golang.programs(home, *PROGRAMS)
    for service in _services(home, keys):
        service.up(home)
    urls = {name: f"http://{services.address(home, name)}" for name in NAMES}
    return {
        **urls,
        "pipeline_issuer": urls["issuer"] + issuer.PIPELINE,
        "rekor_public_key": str(keys / "rekor.pub"),
        "fulcio_chain": str(keys / "fulcio-chain.pem"),
        "timestamp_chain": str(keys / "timestamp-chain.pem"),
        "ctlog_public_key": str(keys / "ctlog.pub"),
        **trust.write(home.folder("trust"), keys, urls, ORIGIN),
    }


def down(home: Home) -> None:
    """Stop the servers; keys and log stay."""
    for name in reversed(NAMES):
        processes.stop(home, name)


def serves(home: Home) -> bool:
    """Whether all of them run and answer."""
    return all(service.serves(home) for service in _services(home, home.root / "keys" / "sigstore"))


def _services(home: Home, keys: Path) -> list[services.Service]:
    """The issuer first: Fulcio asks it for its keys when it starts, and once only."""

    def program(name: str) -> Path:
        return golang.programs(home, name)[name]

    def port(name: str) -> str:
        return str(services.port(home, name))

    def fulcio() -> list[str | Path]:
        return [
            program("fulcio"), "serve", "--host=127.0.0.1", f"--port={port('fulcio')}",
            "--grpc-host=127.0.0.1", f"--grpc-port={port('fulcio-grpc')}", "--metrics-port=0",
            f"--legacy-unix-domain-socket=@spybuild-fulcio-{port('fulcio')}", "--ca=fileca",
            f"--fileca-cert={keys / 'fulcio-chain.pem'}", f"--fileca-key={keys / 'fulcio-ca.key'}",
            "--fileca-key-passwd=none", "--fileca-watch=false",
            f"--ct-log-url=http://{services.address(home, 'ctlog')}", f"--config-path={_fulcio_configuration(home)}",
        ]  # fmt: skip

    def rekor() -> list[str | Path]:
        return [
            program("rekor"), "serve", f"--hostname={ORIGIN}", f"--http-port={port('rekor')}",
            f"--grpc-port={port('rekor-grpc')}", "--http-metrics-port=0", "--log-level=warn",
            f"--storage-dir={home.folder('data', 'rekor')}", f"--signer-filepath={keys / 'rekor.key'}",
            # An entry's proof needs a checkpoint over it: how long a client waits.
            "--batch-max-age=50ms", "--checkpoint-interval=100ms",
        ]  # fmt: skip

    def ctlog() -> list[str | Path]:
        return [program("ctlog"), services.address(home, "ctlog"), keys / "ctlog.key"]

    def timestamp() -> list[str | Path]:
        chain = keys / "timestamp-chain.pem"
        return [program("timestamp"), "127.0.0.1", port("timestamp"), keys / "timestamp.key", chain]

    def identities() -> list[str | Path]:
        return services.module("issuer", port("issuer"), keys / "issuer.key")

    return [
        services.Service("issuer", identities, "/.well-known/openid-configuration"),
        services.Service("ctlog", ctlog, "/ct/v1/add-chain", 405),
        services.Service("fulcio", fulcio, "/api/v1/rootCert"),
        services.Service("rekor", rekor, "/healthz"),
        services.Service("timestamp", timestamp, "/ping"),
    ]


def _fulcio_configuration(home: Home) -> Path:
    """Whose tokens Fulcio takes."""
    people = f"http://{services.address(home, 'issuer')}"
    pipelines = people + issuer.PIPELINE
    issuers = {
        people: {"IssuerURL": people, "ClientID": issuer.AUDIENCE, "Type": "email"},
        pipelines: {
            "IssuerURL": pipelines, "ClientID": issuer.AUDIENCE, "Type": "ci-provider", "CIProvider": "pipeline"
        },
    }  # fmt: skip
    path = home.folder("run") / "fulcio.json"
    replace_text(path, json.dumps({"OIDCIssuers": issuers, "CIIssuerMetadata": {"pipeline": _PIPELINE}}, indent=2))
    return path


def _make_keys(folder: Path) -> None:
    pki.key(folder / "issuer.key", pki.RSA)
    for name, kind in {"rekor": pki.ED25519, "ctlog": pki.P256}.items():
        private = pki.key(folder / f"{name}.key", kind)
        (folder / f"{name}.pub").write_bytes(pki.public(private, "PEM"))
    _make_chain(folder, "fulcio", "fulcio-ca", pki.CODE_SIGNING_CA)
    _make_chain(folder, "timestamp", "timestamp", pki.TIMESTAMPING)


def _make_chain(folder: Path, name: str, leaf: str, extensions: str) -> None:
    """A root and what it certifies: ``NAME-root.pem``, ``LEAF.pem``, and both, the root last, in ``NAME-chain.pem``."""
    root_key = pki.key(folder / f"{name}-root.key", pki.P256)
    root = pki.certificate(folder / f"{name}-root.pem", f"{name} root", root_key, pki.CA)
    key = pki.key(folder / f"{leaf}.key", pki.P256)
    certificate = pki.certificate(folder / f"{leaf}.pem", leaf, key, extensions, (root, root_key))
    with (folder / f"{name}-chain.pem").open("wb") as chain:
        for each in (certificate, root):
            with each.open("rb") as source:
                shutil.copyfileobj(source, chain)
