"""What is attached to an image: the referrers API, and the tag that stands in for it (distribution-spec 1.1).

Both are read and merged: registries exist that have the API and do not tell writers so, who then write the tag.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from spybuild.errors import ImageInvalid, ImageNotFound, SourceUnavailable
from spybuild.images.oci.descriptors import INDEXES, OCI_INDEX, Descriptor, read_descriptor
from spybuild.images.oci.documents import Node, read_document
from spybuild.images.registry.answers import Answer
from spybuild.images.registry.repository import Repository
from spybuild.model.digests import Digest

log = logging.getLogger(__name__)

MOST_REFERRERS = 1000
_MOST_PAGES = 100
_MOST_PROBLEMS = 50
_NEXT = re.compile(r'<(?P<address>[^<>]*)>\s*;[^,]*\brel="?next"?')
# types that say nothing: left out, or copied from the config where an artifact has none of its own, as
# go-containerregistry's server does in the API and cosign does in the tag
_UNDECIDED = frozenset(
    {"", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json", "application/json"}
)


@dataclass(frozen=True)
class Referrers:
    """The manifests that refer to one manifest.

    Attributes:
        found: each once, as far as they could be read.
        problems: what could not be read, or is too much, one sentence each.
        has_api: whether the registry keeps the list itself.
    """

    found: tuple[Descriptor, ...]
    problems: tuple[str, ...] = ()
    has_api: bool = False


def find_referrers(repository: Repository, subject: Digest) -> Referrers:
    """What refers to a manifest. One bad entry hides no other.

    Args:
        repository: where the subject is.
        subject: the digest of the manifest or index that is referred to.

    Returns:
        At most 1000 referrers. What an entry says of itself is a stranger's word.

    Raises:
        SourceUnavailable: the registry does not answer, or refuses us.
    """
    problems: list[str] = []
    by_api = _from_api(repository, subject, problems)
    found: dict[Digest, Descriptor] = {}
    for each in (*(by_api or ()), *_from_tag(repository, subject, problems)):
        known = found.setdefault(each.digest, each)
        if known.artifact_type in _UNDECIDED and each.artifact_type not in _UNDECIDED:
            found[each.digest] = replace(known, artifact_type=each.artifact_type)
    if len(found) > MOST_REFERRERS:
        problems.append(f"{subject} has {len(found)} referrers; no more than {MOST_REFERRERS} are looked at")
    for problem in problems:
        log.warning("%s: %s", repository.name, problem)
    return Referrers(tuple(found.values())[:MOST_REFERRERS], tuple(problems), by_api is not None)


def listed_by_api(repository: Repository, subject: Digest) -> tuple[Descriptor, ...] | None:
    """What the registry itself lists as referring to a manifest; None where it keeps no such list."""
    found = _from_api(repository, subject, [])
    return None if found is None else tuple(found)


def may_be(referrer: Descriptor, prefix: str) -> bool:
    """Whether a referrer's artifact type begins so, or is not told and has to be looked for in the manifest."""
    return referrer.artifact_type.startswith(prefix) or referrer.artifact_type in _UNDECIDED


def tag_of(subject: Digest, suffix: str = "") -> str:
    """The tag that lists what refers to a manifest; with a suffix, cosign's (`.att`, `.sig`, `.sbom`)."""
    return f"{subject.algorithm}-{subject.hex[:64]}{suffix}"  # a tag has 128 characters at most (distribution-spec)


def read_entries(document: Node, key: str, problems: list[str]) -> Iterator[tuple[Node, Descriptor]]:
    """The descriptors in a list of a document, each with its JSON; those that are none go to `problems`."""
    listed = document.value.get(key)
    for number, each in enumerate(listed if isinstance(listed, list) else ()):
        what = f"{key}[{number}] of {document.what}"
        try:
            if not isinstance(each, dict):
                raise ImageInvalid(f"{what} is not an object")
            node = Node(each, what).unambiguous()
            yield node, read_descriptor(node)
        except ImageInvalid as error:
            if len(problems) < _MOST_PROBLEMS:
                problems.append(error.message)


def _from_api(repository: Repository, subject: Digest, problems: list[str]) -> list[Descriptor] | None:
    """What the API lists; None where there is none. A page that cannot be read ends the list."""
    path, what, found = f"referrers/{subject}", f"the referrers of {subject}", list[Descriptor]()
    for page in range(_MOST_PAGES):
        response, content = repository.get(path, {"Accept": OCI_INDEX}, what)
        if not _is_index(response):
            return found if page else None
        try:
            found.extend(each for _, each in read_entries(read_document(content, what), "manifests", problems))
            path = _next_page(response)
        except ImageInvalid as error:
            problems.append(error.message)
            return found
        if not path or len(found) > MOST_REFERRERS:
            return found
    problems.append(f"{what} fill more than {_MOST_PAGES} pages")
    return found


def _is_index(response: Answer) -> bool:
    """Whether the registry has the API: those that do not answer 404 or another no, or a page for people."""
    if response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE):
        return False
    if response.status_code in (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED):
        return False
    if response.status_code != HTTPStatus.OK:
        raise SourceUnavailable(f"the registry answers {response.status_code} when asked for referrers")
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() in INDEXES


def _next_page(response: Answer) -> str:
    """The next page's path; only on the same server, for our login goes along."""
    match = _NEXT.search(response.headers.get("Link", ""))
    if not match:
        return ""
    here = response.url
    try:
        there = urlsplit(urljoin(here, match["address"]))
    except ValueError:
        return ""
    if there[:2] != urlsplit(here)[:2]:
        raise ImageInvalid("the registry continues its referrers on another server")
    return f"{there.path}?{there.query}" if there.query else there.path


def _from_tag(repository: Repository, subject: Digest, problems: list[str]) -> list[Descriptor]:
    tag = tag_of(subject)
    try:
        index, content = repository.manifest(tag)
        document = read_document(content, f"the tag {tag}")
    except ImageNotFound:
        return []
    except ImageInvalid as error:
        problems.append(error.message)
        return []
    if index.media_type not in INDEXES:
        return []
    return [each for _, each in read_entries(document, "manifests", problems)]
