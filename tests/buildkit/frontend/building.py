"""What builds through the frontend need: a client on an engine of the stack, contexts of the network, and the registry."""

import json
import os
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PLUGIN = 'LIMIT = 5\ndef run(x: int, y: str = "a") -> bool:\n    return True\n'
CONTRACT = """\
filename: plugin.py
variables:
  - name: LIMIT
    value: 5
functions:
  - name: run
    arguments:
      - name: x
        annotation: int
"""
BROKEN = CONTRACT.replace("LIMIT", "LIMITS")
INDEX, MANIFEST = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
_INDEXES = f"{INDEX}, application/vnd.docker.distribution.manifest.list.v2+json, {MANIFEST}"

Done = subprocess.CompletedProcess[str]
Docker = Callable[..., Done]


@dataclass(frozen=True)
class Client:
    """The docker client in a folder, on an engine."""

    program: str
    folder: Path
    environment: Mapping[str, str]

    def on(self, environment: Mapping[str, str]) -> "Client":
        """The same on another engine."""
        return replace(self, environment={**self.environment, **environment})

    def run(self, *arguments: str, stdin: bytes = b"", **variables: str) -> Done:
        """Run the client, with further variables."""
        done = subprocess.run(
            [self.program, *arguments], input=stdin, capture_output=True, check=False, cwd=self.folder, timeout=500,
            env={**os.environ, **self.environment, **variables},
        )  # fmt: skip
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def build(self, *flags: str, where: str = ".", **more: Any) -> Done:
        """Build the context: to nowhere, for amd64, unless told otherwise."""
        told = (
            []
            if any(flag in ("--push", "--load") or flag.startswith("--output") for flag in flags)
            else ["--output=type=cacheonly"]
        )
        platform = [] if any(flag.startswith("--platform") for flag in flags) else ["--platform=linux/amd64"]
        return self.run("buildx", "build", "--progress=plain", *told, *platform, *flags, where, **more)


def fetched(reference: str, kind: str, name: str) -> bytes:
    """What the registry has of an image: `manifests` or `blobs`, by tag or digest."""
    host, _, rest = reference.partition("/")
    request = urllib.request.Request(f"http://{host}/v2/{rest.partition(':')[0]}/{kind}/{name}")
    request.add_header("Accept", _INDEXES)
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def documents(reference: str) -> dict[str, Any]:
    """The index that the registry has under a reference."""
    return dict(json.loads(fetched(reference, "manifests", reference.rpartition(":")[2])))


def digests(reference: str) -> dict[str, str]:
    """The digests of an index's images, by platform."""
    entries = documents(reference)["manifests"]
    return {
        f"{each['platform']['os']}/{each['platform']['architecture']}": each["digest"]
        for each in entries
        if each["platform"]["os"] != "unknown"
    }


def configs(reference: str) -> list[bytes]:
    """The configs of an index's images, history included."""
    manifests = (json.loads(fetched(reference, "manifests", digest)) for digest in digests(reference).values())
    return [fetched(reference, "blobs", each["config"]["digest"]) for each in manifests]


def statements(reference: str) -> list[dict[str, Any]]:
    """The in-toto statements of ours that are attached in an index."""
    entries = [each for each in documents(reference)["manifests"] if each["platform"]["os"] == "unknown"]
    manifests = (json.loads(fetched(reference, "manifests", each["digest"])) for each in entries)
    layers = [each for manifest in manifests for each in manifest["layers"]]
    found = (json.loads(fetched(reference, "blobs", each["digest"])) for each in layers)
    return [each for each in found if "test-result" in each["predicateType"]]


def push(reference: str, kind: str, content: bytes, media_type: str = "") -> str:
    """Put a manifest or a blob into the registry; its digest. A manifest goes under the reference's tag, too."""
    host, _, rest = reference.partition("/")
    name, _, tag = rest.rpartition(":")
    digest = f"sha256:{sha256(content).hexdigest()}"
    base = f"http://{host}/v2/{name}"
    if kind == "manifests":
        for target in (digest, tag):
            _sent("PUT", f"{base}/manifests/{target}", content, media_type)
        return digest
    place = _sent("POST", f"{base}/blobs/uploads/", b"")
    _sent("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content, "application/octet-stream")
    return digest


def _sent(method: str, url: str, content: bytes, media_type: str = "") -> str:
    headers = {"Content-Type": media_type} if media_type else {}
    request = urllib.request.Request(url, content, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return str(answer.headers["Location"])


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """A web server on loopback over a folder; its address. The machine's network is BuildKit's."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def repository(folder: Path, target: Path) -> Path:
    """A bare git repository with a folder's files in it, readable over plain HTTP."""
    work = folder.parent / f"{target.stem}-work"
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for command in (
        ["git", "init", "--quiet", "--initial-branch=main", str(work)],
        ["cp", "-rT", str(folder), str(work)],
        ["git", "-C", str(work), "add", "--all"],
        ["git", "-C", str(work), *identity, "commit", "--quiet", "--message=all"],
        ["git", "clone", "--quiet", "--bare", str(work), str(target)],
        ["git", "-C", str(target), "update-server-info"],
    ):
        subprocess.run(command, check=True, capture_output=True)
    return target
