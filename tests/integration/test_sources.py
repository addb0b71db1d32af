"""The same image from everywhere: registries, layouts, archives, daemons, a folder."""

import base64
import gzip
import json
import tarfile
from pathlib import Path

import pytest

from spybuild.daemon.address import Address
from spybuild.daemon.api import EngineApi
from spybuild.errors import SourceUnavailable
from spybuild.images.files import Entry, Files, Kind
from spybuild.images.layers.cache import LayerCache
from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source
from spybuild.images.registry.transport import Transport
from spybuild.images.source import Source
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from tests.fakes.registry import PASSWORD, USER, running
from tests.integration import registries
from tests.integration.building import docker, image_of
from tests.stack import Docker, Stack

pytestmark = pytest.mark.stack

AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
LINES = """
ENV GREETING=hello
LABEL org.example.team=shop
RUN rm -rf /usr/share/doc && mkdir -p /app/data && ln -s ../a.py /app/data/link && echo x > /app/data/x
RUN rm -r /app/data && mkdir /app/data && echo y > /app/data/y && ln /app/a.py /app/hard
USER 1234
ENTRYPOINT ["python3"]
CMD ["a.py"]
"""
OF_THE_ENGINE = ("/.dockerenv", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/dev", "/proc", "/sys")


@pytest.fixture(scope="module")
def name(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image of two platforms with whiteouts, an opaque folder and links, in the registry and in every daemon."""
    assert stack.registry is not None
    assert stack.docker is not None
    tag = f"{stack.registry.address}/spybuild-test/sources:1"
    both = ("linux/amd64", "linux/arm64")
    image_of(stack, tag, tmp_path_factory.mktemp("sources"), {"a.py": "X = 1\n"}, lines=LINES, platforms=both)
    docker(stack.docker, "push", "--quiet", tag)
    for engine in (classic(stack), podman(stack)):
        docker(engine, "pull", "--quiet", tag)
    return tag


@pytest.fixture(scope="module")
def folder(stack: Stack, name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image saved by each engine, as a layout, and as a root filesystem."""
    into = tmp_path_factory.mktemp("saved")
    assert stack.docker is not None
    for file, engine in (("new.tar", stack.docker), ("old.tar", classic(stack)), ("podman.tar", podman(stack))):
        docker(engine, "save", "-o", str(into / file), name)
    with tarfile.open(into / "new.tar") as tar:
        tar.extractall(into / "layout", filter="data")
    container = docker(stack.docker, "create", "--platform", "linux/amd64", name).strip()
    docker(stack.docker, "export", "-o", str(into / "root.tar"), container)
    docker(stack.docker, "rm", container)
    with tarfile.open(into / "root.tar") as tar:
        tar.extractall(into / "root", filter="fully_trusted")
    return into


def classic(stack: Stack) -> Docker:
    """Docker 20.10."""
    assert stack.docker_classic is not None
    return stack.docker_classic


def podman(stack: Stack) -> Docker:
    """Podman, for docker's client."""
    assert stack.podman is not None
    assert stack.docker is not None
    return Docker(stack.podman.host, stack.podman.version, "", started_by_us=True, client=stack.docker.client)


def opened(reference: str, store: LayerStore, engine: Docker | None = None) -> Source:
    """The source; `engine` for the references that need one."""
    return open_source(reference, store=store, client=lambda: EngineApi(Address(engine.host if engine else "")))


def tree(files: Files) -> dict[str, tuple[Entry, str]]:
    """Every entry, with the hash of every small file."""
    return {
        entry.path: (entry, files.sha256(entry.path) if entry.kind is Kind.FILE and entry.path.endswith(".py") else "")
        for entry in files.walk()
    }


class Told:
    """What a source tells of an image: digests by platform, one platform's config and files."""

    def __init__(self, source: Source) -> None:
        image = source.image()
        self.digest, self.kind = image.digest, image.kind
        self.digests = {each.platform: each.digest for each in image.platforms}
        amd64 = next(each for each in image.platforms if each.platform == AMD64)
        self.config: ImageConfig = source.config(amd64)
        self.tree = tree(source.files(amd64))
        source.close()


@pytest.fixture(scope="module")
def expected(name: str) -> Told:
    """What the registry tells."""
    return Told(opened(f"registry://{name}", LayerStore()))


def test_the_registry_tells_the_image(expected: Told) -> None:
    """Two platforms, no attestation; the config as the Dockerfile has it; the files as they were left."""
    assert (set(expected.digests), expected.kind) == ({AMD64, ARM64}, "index")
    assert (expected.config.user, expected.config.argv) == ("1234", ("python3", "a.py"))
    assert (expected.config.variable("GREETING"), expected.config.labels["org.example.team"]) == ("hello", "shop")
    assert any("rm -rf /usr/share/doc" in command for command in expected.config.history)
    assert [path for path in expected.tree if path.startswith("/app/")] == [
        "/app/a.py",
        "/app/data",
        "/app/data/y",
        "/app/hard",
    ]
    assert "/usr/share/doc" not in expected.tree


@pytest.mark.parametrize(
    "reference", ["oci-dir://{}/layout", "oci-archive://{}/new.tar", "docker-archive://{}/new.tar:1", "docker"]
)
def test_sources_with_an_index_tell_the_same(
    stack: Stack, name: str, folder: Path, expected: Told, reference: str
) -> None:
    """Digests, platforms, config, history, files."""
    written = f"docker://{name}" if reference == "docker" else reference.format(folder)
    told = Told(opened(written, LayerStore(), stack.docker))
    assert (told.digest, told.kind, told.digests) == (expected.digest, expected.kind, expected.digests)
    assert told.config == expected.config
    assert told.tree == expected.tree


@pytest.mark.parametrize(
    "reference", ["docker-archive://{}/old.tar", "docker-archive://{}/podman.tar", "docker", "podman"]
)
def test_sources_of_one_platform_tell_the_same_of_it(
    stack: Stack, name: str, folder: Path, expected: Told, reference: str
) -> None:
    """Archives have no digests; the classic store and Podman know at most the registry's."""
    engine = podman(stack) if reference == "podman" else classic(stack)
    written = reference.format(folder) if "{}" in reference else f"{reference}://{name}"
    told = Told(opened(written, LayerStore(), engine))
    assert (set(told.digests), told.kind) == ({AMD64}, "image")
    assert told.digest in (None, *([expected.digest] if reference == "docker" else []))
    assert told.config == expected.config
    assert told.tree == expected.tree


def test_a_root_filesystem_has_the_same_files(folder: Path, expected: Told) -> None:
    """But for what the engine puts into a container, and for who owns them if they were not unpacked by root."""
    source = opened(f"rootfs://{folder}/root", LayerStore())
    image = source.image()
    assert [each.platform for each in image.platforms] == [AMD64]

    def ours(files: dict[str, tuple[Entry, str]]) -> dict[str, tuple[object, ...]]:
        return {
            path: (entry.kind, entry.size, entry.mode, entry.target, digest)
            for path, (entry, digest) in files.items()
            if not path.startswith(OF_THE_ENGINE)
        }

    assert ours(tree(source.files(image.platforms[0]))) == ours(expected.tree)
    source.close()


def test_an_unchanged_image_costs_requests(stack: Stack, name: str, tmp_path: Path) -> None:
    """No layer is fetched or exported a second time."""
    store = LayerStore(LayerCache(tmp_path))
    for _ in range(2):
        transport = Transport()
        source = open_source(f"registry://{name}", store=store, transport=transport)
        source.files(source.image().platforms[0])
        source.close()
        store = LayerStore(LayerCache(tmp_path))
    assert transport.requests == 4
    assert transport.bytes < 20_000
    for engine in (stack.docker, classic(stack), podman(stack)):
        source = opened(f"docker://{name}", LayerStore(LayerCache(tmp_path)), engine)
        source.files(source.image().platforms[0])
        assert vars(source)["_exports"] == {}
        source.close()


@pytest.fixture
def logins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a test writes its login."""
    path = tmp_path / "auth.json"
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(path))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return path


def log_in(path: Path, address: str, password: str = PASSWORD) -> None:
    """What `docker login` writes."""
    auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
    path.write_text(json.dumps({"auths": {address: {"auth": auth}}}))


def all_bytes(reference: str) -> int:
    """Read everything of one platform; how many files it has."""
    source = open_source(reference, store=LayerStore())
    found = sum(1 for _ in source.files(source.image().platforms[0]).walk())
    source.close()
    return found


def test_basic_login(name: str, tmp_path: Path, logins: Path, expected: Told) -> None:
    """With docker-registry's htpasswd: without a login no, with a wrong one no, with ours yes."""
    (tmp_path / "htpasswd").write_text(registries.HTPASSWD)
    auth = {"htpasswd": {"realm": "tests", "path": str(tmp_path / "htpasswd")}}
    with registries.registry(tmp_path, auth=auth) as address:
        reference = f"registry://{address}/{name.partition('/')[2]}"
        with pytest.raises(SourceUnavailable, match="docker login"):
            all_bytes(reference)
        log_in(logins, address, "hunter2")
        with pytest.raises(SourceUnavailable) as caught:
            all_bytes(reference)
        assert "hunter2" not in str(caught.value)
        log_in(logins, f"{address}/spybuild-test")
        assert all_bytes(reference) == len(expected.tree)


def test_bearer_login(name: str, tmp_path: Path, logins: Path, expected: Told) -> None:
    """With tokens that docker-registry checks: they run out at once, and are renewed; our login goes to their server only."""
    key, cert = registries.certificate(tmp_path)
    with running(registries.SigningTokenServer(key, cert)) as tokens:
        token = {
            "realm": f"http://{tokens.address}/token", "service": registries.SERVICE, "issuer": registries.ISSUER,
            "rootcertbundle": str(cert),
        }  # fmt: skip
        tokens.allows = lambda asked: "authorization" in asked.headers
        with registries.registry(tmp_path, auth={"token": token}) as address:
            reference = f"registry://{address}/{name.partition('/')[2]}"
            with pytest.raises(SourceUnavailable, match="refuses readers without a login"):
                all_bytes(reference)
            log_in(logins, address)
            assert all_bytes(reference) == len(expected.tree)
            assert tokens.asked[-1].query["scope"] == ["repository:spybuild-test/sources:pull"]


def test_certificates_are_checked(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry with TLS is believed with its certificate in SSL_CERT_FILE, or where the user says --insecure."""
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    key, cert = registries.certificate(tmp_path, "IP:127.0.0.1")
    with registries.registry(tmp_path, http={"tls": {"certificate": str(cert), "key": str(key)}}) as address:
        reference = f"registry://{address}/{name.partition('/')[2]}"
        with pytest.raises(SourceUnavailable, match="SSL_CERT_FILE"):
            open_source(reference, store=LayerStore()).image()
        assert open_source(reference, store=LayerStore(), insecure=True).image().platforms
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        assert open_source(reference, store=LayerStore()).image().platforms


def test_a_compressed_archive(folder: Path, tmp_path: Path, expected: Told) -> None:
    """Docker-archive in gzip, as CI systems keep it."""
    path = tmp_path / "old.tar.gz"
    path.write_bytes(gzip.compress((folder / "old.tar").read_bytes(), compresslevel=1))
    told = Told(opened(f"docker-archive://{path}", LayerStore()))
    assert (told.config, told.tree) == (expected.config, expected.tree)
