"""One repository of a registry, read: manifests, blobs (OCI distribution-spec 1.1, `pull`)."""

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import BinaryIO, NoReturn
from urllib.parse import urljoin, urlsplit

from spybuild.errors import ImageInvalid, ImageNotFound, SourceUnavailable
from spybuild.images.oci.descriptors import INDEXES, MANIFESTS, Descriptor, check, check_size, digest_as, read_digest
from spybuild.images.oci.documents import LARGEST_DOCUMENT, read_document
from spybuild.images.oci.manifests import media_type_of
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.auth import Authentication
from spybuild.images.registry.blobs import BlobStream
from spybuild.images.registry.credentials import Login, login_for
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.transport import Body, Transport, is_loopback, origin
from spybuild.model.digests import Digest
from spybuild.model.names import shown

_ACCEPT = ", ".join([*sorted(INDEXES), *sorted(MANIFESTS)])
MOST_OF_ERROR = 64 << 10
_MOST_LOGINS = 2
_BUFFER = 1 << 20


class Repository:
    """Reads one repository. Methods may be called from several threads at once; all raise `SourceUnavailable`."""

    def __init__(
        self,
        name: RepositoryName,
        transport: Transport,
        login: Callable[[RepositoryName], Login | None] = login_for,
        scopes: Sequence[str] = (),
    ) -> None:
        """Nothing is asked yet.

        Args:
            name: the repository.
            transport: asks.
            login: what the user has logged in with; asked only if the registry wants a login.
            scopes: what a token is to allow; to read the repository, if nothing.
        """
        self.name, self.transport = name, transport
        self._authentication = Authentication(transport, name, lambda: login(name), scopes)
        self._lock = threading.Lock()
        self._base = ""

    def manifest(self, asked: str) -> tuple[Descriptor, bytes]:
        """The manifest or index under a tag or digest, and its descriptor.

        Raises:
            ImageNotFound: there is none.
            ImageInvalid: it is not what its digest says, or not what an image is made of.
        """
        descriptor, content, _ = self.tagged(asked)
        return descriptor, content

    def tagged(self, asked: str) -> tuple[Descriptor, bytes, str]:
        """`manifest`, and the entity tag (`ETag`) by which a later write can say that it builds on this; may be empty.

        Raises as `manifest`.
        """
        what = f"{self.name}{'@' if ':' in asked else ':'}{asked}"
        response, content = self.get(f"manifests/{asked}", {"Accept": _ACCEPT}, what)
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise ImageNotFound(f"{self.name.host} has no image {what}")
        self._require_ok(response, content, what)
        digest = self._digest_of(content, asked, response.headers.get("Docker-Content-Digest", ""), what)
        media_type = media_type_of(content, response.headers.get("Content-Type", ""), what)
        return Descriptor(media_type, digest, len(content)), content, response.headers.get("ETag", "")

    def head(self, tag: str) -> Digest | None:
        """The digest that the registry says a tag has, for little: no content is sent. None where it does not say."""
        response = self.ask("HEAD", f"manifests/{tag}", {"Accept": _ACCEPT})
        response.close()
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise ImageNotFound(f"{self.name.host} has no image {self.name}:{tag}")
        self._require_ok(response, b"", f"{self.name}:{tag}")
        said = response.headers.get("Docker-Content-Digest", "")
        return read_digest(said, f"{self.name}:{tag}") if said else None

    def fetch(self, descriptor: Descriptor) -> bytes:
        """A manifest, index or config, held against its descriptor.

        Raises:
            ImageInvalid: the registry does not have it, or it is not what the descriptor says.
        """
        what = f"{descriptor.digest} of {self.name}"
        check_size(descriptor, what)
        if descriptor.media_type not in INDEXES | MANIFESTS:
            with self.open_blob(descriptor) as blob:
                return check(blob.read(), descriptor, what)
        accept = {"Accept": descriptor.media_type}
        response, content = self.get(f"manifests/{descriptor.digest}", accept, what)
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise ImageInvalid(f"{self.name.host} lacks the manifest {what}, which the index names")
        self._require_ok(response, content, what)
        media_type_of(check(content, descriptor, what), descriptor.media_type, what)
        return content

    def open_blob(self, descriptor: Descriptor) -> BinaryIO:
        """A blob's bytes as they are stored; whoever reads them holds them against the digest.

        Raises:
            ImageInvalid: the registry does not have it, or has another number of bytes.
        """
        stream = BlobStream(self.transport, descriptor, lambda start: self._blob(descriptor, start), self.name.host)
        return io.BufferedReader(stream, _BUFFER)

    def get(self, path: str, headers: Mapping[str, str], what: str) -> tuple[Answer, bytes]:
        """The answer to a GET, whatever its status; `path` is below the repository, or with a `/` first, the server."""
        attempt = 0
        while True:
            attempt += 1
            response = self.ask("GET", path, headers)
            is_ok = response.status_code == HTTPStatus.OK
            try:
                return response, self.transport.read(response, LARGEST_DOCUMENT if is_ok else MOST_OF_ERROR, what)
            except SourceUnavailable:
                if attempt == self.transport.patience.attempts:
                    raise
            self.transport.rest(attempt)

    def _blob(self, descriptor: Descriptor, start: int) -> Answer:
        headers = {"Range": f"bytes={start}-"} if start else {}
        response = self.ask("GET", f"blobs/{descriptor.digest}", headers)
        if response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            return response
        what = f"the blob {descriptor.digest} of {self.name}"
        content = self.transport.read(response, MOST_OF_ERROR, what)
        if response.status_code == HTTPStatus.NOT_FOUND:
            raise ImageInvalid(f"{self.name.host} lacks {what}, which a manifest names")
        return self._refuse(response, content, what)

    def ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Callable[[], Body] | None = None,
        *,
        repeat: bool = False,
    ) -> Answer:
        """The answer, logged in as far as the registry wants it; its body is yet to be read.

        Args:
            method: of HTTP.
            path: below the repository; with a `/` first, on the server; or an address, which gets our login only if
                it is on the registry's own server.
            headers: all but the login.
            body: makes what is sent, anew each time.
            repeat: as `Transport.ask` has it.
        """
        base = self._found_base()
        url = urljoin(f"{base}/v2/{self.name.path}/", path)
        is_ours = origin(urlsplit(url)) == origin(urlsplit(base))
        logins = 0
        while True:
            used = self._authentication.header if is_ours else None
            response = self.transport.ask(
                method,
                url,
                {**headers, **({"Authorization": used} if used else {})},
                body() if body else None,
                repeat=repeat,
            )
            if not is_ours:
                return response
            is_refused = response.status_code == HTTPStatus.UNAUTHORIZED
            if not is_refused or logins == _MOST_LOGINS or not self._authentication.renew(response, used):
                return response
            logins += 1
            response.close()

    def _found_base(self) -> str:
        """`scheme://host`, found once by asking for `/v2/`, which says how to log in, too."""
        with self._lock:
            if not self._base:
                self._base = self._find_base()
            return self._base

    def _find_base(self) -> str:
        schemes = self._schemes()
        problem: SourceUnavailable | None = None
        for scheme in schemes:
            try:
                response = self.transport.ask("GET", f"{scheme}://{self.name.server}/v2/", {})
            except SourceUnavailable as error:
                problem = error if problem is None or scheme == "https" else problem
                continue
            response.close()
            if response.status_code == HTTPStatus.BAD_REQUEST and scheme != schemes[-1]:
                continue  # what a server that speaks TLS says to plain HTTP
            if response.status_code == HTTPStatus.UNAUTHORIZED:
                self._authentication.renew(response, None)
            elif response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                self._refuse(response, b"", "/v2/")
            return f"{scheme}://{self.name.server}"
        raise problem or SourceUnavailable(f"{self.name.host} does not answer")

    def _schemes(self) -> tuple[str, ...]:
        """Plain HTTP on this machine, or where the user allows it: as docker has it."""
        if is_loopback(_hostname(self.name.server)):
            return "http", "https"
        return ("https", "http") if self.transport.insecure else ("https",)

    def _digest_of(self, content: bytes, asked: str, announced: str, what: str) -> Digest:
        """What the content hashes to, which is what was asked for, or what the registry said the tag has."""
        said = asked if ":" in asked else announced
        expected = read_digest(said, what) if said else None
        found = digest_as(expected.algorithm if expected else "sha256", content)
        if expected and found != expected:
            raise ImageInvalid(f"{what} is damaged or forged: {expected} was announced, {found} came")
        return found

    def _require_ok(self, response: Answer, content: bytes, what: str) -> None:
        if response.status_code != HTTPStatus.OK:
            self._refuse(response, content, what)

    def _refuse(self, response: Answer, content: bytes, what: str) -> NoReturn:
        """The error that an answer is, with the registry's own words."""
        host, status, words = self.name.host, response.status_code, words_of(content)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise SourceUnavailable(
                f"{host} does not let us read {what}{words}", f"`docker login {host}`, or there is no such image"
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SourceUnavailable(f"{host} is asked too often{words}", "try again later, or log in")
        raise SourceUnavailable(f"{host} answers {status} when asked for {what}{words}")


def words_of(content: bytes) -> str:
    """The first error that the registry tells, for a message of ours."""
    code, message = _first_error(content)
    return f": {shown(message or code, 200)}" if message or code else ""


def code_of(content: bytes) -> str:
    """The first error's code; empty where there is none."""
    return _first_error(content)[0]


def _first_error(content: bytes) -> tuple[str, str]:
    """Code and message (distribution-spec, "Error Codes")."""
    try:
        first = next(read_document(content, "the error").nodes("errors"), None)
        return (first.text("code"), first.text("message")) if first else ("", "")
    except ImageInvalid:
        return "", ""


def _hostname(server: str) -> str:
    """The host without its port; an IPv6 address without its brackets."""
    if server.startswith("["):
        return server[1:].partition("]")[0]
    return server.partition(":")[0]
