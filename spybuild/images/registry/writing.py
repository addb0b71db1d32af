"""One repository of a registry, written (OCI distribution-spec 1.1, `push`). Nothing is ever deleted.

Content goes by its digest, so that doing anything here twice is as doing it once; only a tag can be moved.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import BinaryIO, NoReturn

from spybuild.errors import ImageInvalid, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor, read_digest
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.credentials import Login, login_for
from spybuild.images.registry.names import RepositoryName
from spybuild.images.registry.repository import MOST_OF_ERROR, Repository, code_of, words_of
from spybuild.images.registry.transport import PASSING, Transport
from spybuild.images.registry.uploads import Sent, Upload
from spybuild.model.digests import Digest

_CREATED = (HTTPStatus.CREATED, HTTPStatus.OK, HTTPStatus.NO_CONTENT)
_IN_THE_WAY = (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.CONFLICT, *PASSING)
# said of blobs that are there: while somebody else sends the same one (distribution's filesystem driver writes its
# links in place, and reads an empty one as a wrong digest), or before all of the registry's servers know of it
_TOO_EARLY = ("DIGEST_INVALID", "MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN")


class Conflict(SourceUnavailable):
    """Somebody else writes the same tag."""


class WritableRepository(Repository):
    """Reads and writes one repository. Methods may be called from several threads at once.

    All raise `SourceUnavailable` where the registry does not answer, or refuses us.
    """

    def __init__(
        self,
        name: RepositoryName,
        transport: Transport,
        login: Callable[[RepositoryName], Login | None] = login_for,
        mount_from: RepositoryName | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            name: the repository.
            transport: asks.
            login: what the user has logged in with; asked only if the registry wants a login.
            mount_from: a repository whose blobs are wanted here; without use where it is in another registry.
        """
        self._mount_from = mount_from if mount_from and mount_from.host == name.host and mount_from != name else None
        scopes = [f"repository:{name.path}:pull,push"]
        if self._mount_from:
            scopes.append(f"repository:{self._mount_from.path}:pull")
        self._had: set[Digest] = set()
        self._sending: defaultdict[Digest, threading.Lock] = defaultdict(threading.Lock)
        super().__init__(name, transport, login, scopes)

    def has_blob(self, digest: Digest) -> bool:
        """Whether the repository has a blob."""
        return self._has(f"blobs/{digest}", {})

    def has_manifest(self, descriptor: Descriptor) -> bool:
        """Whether the repository has a manifest or index."""
        return self._has(f"manifests/{descriptor.digest}", {"Accept": descriptor.media_type})

    def push_blob(self, descriptor: Descriptor, open_blob: Callable[[], BinaryIO]) -> Sent:
        """Have a blob in the repository: it is there, or is mounted from the other one, or is sent.

        Args:
            descriptor: the blob's; what is sent is held against it.
            open_blob: opens the content, from its beginning each time; it is never held in memory.

        Raises:
            ImageInvalid: the content is not what its descriptor says.
        """
        with self._lock:
            sending = self._sending[descriptor.digest]
        with sending:
            if descriptor.digest in self._had:
                return Sent.PRESENT  # every attestation has the same empty config, and platforms share layers
            is_there = self.has_blob(descriptor.digest)
            sent = Sent.PRESENT if is_there else Upload(self, descriptor, open_blob, self._mount_from).run()
            self._had.add(descriptor.digest)
            return sent

    def push_manifest(
        self, descriptor: Descriptor, content: bytes, tag: str = "", condition: Mapping[str, str] | None = None
    ) -> bool:
        """Write a manifest or index, its bytes as they are.

        Args:
            descriptor: the document's.
            content: its bytes.
            tag: what it is to be called; by its digest alone, where there is none.
            condition: headers such as `If-Match`, or none; where it is given, even if empty, a failure is told and
                nothing is sent a second time.

        Returns:
            Whether the registry keeps a list of what refers to the document's subject (`OCI-Subject`).

        Raises:
            Conflict: the condition does not hold, or the registry is busy.
            Interrupted: with a condition, the connection broke.
        """
        what = f"{self.name}:{tag}" if tag else f"{descriptor.digest} of {self.name}"
        headers = {"Content-Type": descriptor.media_type, **(condition or {})}
        path = f"manifests/{tag or descriptor.digest}"
        response = self._put(path, headers, content, what, repeat=condition is None)
        if response.status_code not in _CREATED:
            response.close()
            raise Conflict(f"{self.name.host} answers {response.status_code} when given {what}")
        response.close()
        self.require_digest(response, descriptor.digest, what)
        return "OCI-Subject" in response.headers

    def _put(self, path: str, headers: Mapping[str, str], content: bytes, what: str, *, repeat: bool) -> Answer:
        """The answer to a manifest that is taken, or that another's is in the way of."""
        awaited = _CREATED if repeat else (*_CREATED, *_IN_THE_WAY)
        attempt = 0
        while True:
            attempt += 1
            response = self.ask("PUT", path, headers, lambda: content, repeat=repeat)
            if response.status_code in awaited:
                return response
            refusal = self.transport.read(response, MOST_OF_ERROR, what)
            if code_of(refusal) not in _TOO_EARLY or attempt == self.transport.patience.attempts:
                self._refuse_writing(response, refusal, what)
            self.transport.rest(attempt)

    def refuse_writing(self, response: Answer, what: str) -> NoReturn:
        """The error that an answer is, with the registry's own words; the answer is read to its end."""
        self._refuse_writing(response, self.transport.read(response, MOST_OF_ERROR, what), what)

    def _refuse_writing(self, response: Answer, content: bytes, what: str) -> NoReturn:
        host, status, words = self.name.host, response.status_code, words_of(content)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise SourceUnavailable(
                f"{host} does not let us write {what}{words}", f"`docker login {host}` with a login that may push"
            )
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise SourceUnavailable(f"{host} finds {what} too large{words}", "raise its limit, or that of its proxy")
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise SourceUnavailable(f"{host} is asked too often{words}", "try again later")
        if status == HTTPStatus.NOT_FOUND:
            raise SourceUnavailable(
                f"{host} has no place for {what}{words}", "some registries want a repository to be made first"
            )
        raise SourceUnavailable(f"{host} answers {status} when given {what}{words}")

    def require_digest(self, response: Answer, digest: Digest, what: str) -> None:
        """Refuse a registry that has understood something else than what it was given.

        Raises:
            ImageInvalid: it says another digest.
        """
        said = response.headers.get("Docker-Content-Digest", "")
        if said and (found := read_digest(said, what)) != digest and found.algorithm == digest.algorithm:
            raise ImageInvalid(f"{self.name.host} was given {what} and says that it has {found}")

    def _has(self, path: str, headers: Mapping[str, str]) -> bool:
        response = self.ask("HEAD", path, headers)
        response.close()
        if response.status_code == HTTPStatus.NOT_FOUND:
            return False
        self._require_ok(response, b"", f"{path} of {self.name}")
        return True
