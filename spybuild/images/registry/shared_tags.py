"""Tags that several writers add to: the list of referrers where a registry keeps none, cosign's `.att`.

A registry can only replace what is under a tag, so that whoever read it before another's write and writes after it
takes the other's entry away. Three things together keep entries: a condition (`If-Match`), which some registries
honour; one writer at a time on this machine; and looking again a while after writing. What a writer has seen on its way
it puts back, too, if it is gone: entries are only ever added here.
"""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spybuild.errors import ImageInvalid, ImageNotFound, SourceUnavailable
from spybuild.images.oci.descriptors import Descriptor
from spybuild.images.oci.documents import LARGEST_DOCUMENT, read_document
from spybuild.images.registry.failures import Interrupted
from spybuild.images.registry.locks import alone
from spybuild.images.registry.referrers import MOST_REFERRERS
from spybuild.images.registry.writing import Conflict, WritableRepository
from spybuild.model.digests import Digest

SETTLE = 0.25
_LONGEST_SETTLE = 5.0
_LONGEST_PAUSE = 1.0

Json = dict[str, Any]
Build = Callable[[Json, list[Any]], bytes]


@dataclass(frozen=True)
class Form:
    """What is under a tag.

    Attributes:
        media_type: of the document.
        key: where its list is.
        build: makes the document anew from what was there (empty, if nothing was) and the list.
    """

    media_type: str
    key: str
    build: Build


@dataclass(frozen=True)
class _State:
    """What a tag has at one moment; `tag` is the HTTP entity tag that a condition may name."""

    document: Json
    listed: tuple[Any, ...]
    digest: Digest | None
    tag: str

    @property
    def entries(self) -> dict[str, Json]:
        """What is listed and has a digest, by that."""
        return {str(each["digest"]): each for each in self.listed if isinstance(each, dict) and "digest" in each}

    @property
    def condition(self) -> dict[str, str]:
        """That it still is so. A weak entity tag never matches (RFC 9110, 13.1.1)."""
        if self.digest is None:
            return {"If-None-Match": "*"}
        return {"If-Match": self.tag} if self.tag.startswith('"') else {}


@dataclass
class SharedTag:
    """One tag and its list. `add` may be called from several threads at once.

    Attributes:
        repository: where it is.
        tag: its name.
        form: what is under it.
        settle: seconds after which it is looked at again. Another machine's writer must have read the tag and replaced
            it in that time for nothing to be lost; it becomes longer where the registry is slow.
        locks: where lock files are; None: the usual folder.
    """

    repository: WritableRepository
    tag: str
    form: Form
    settle: float = SETTLE
    locks: Path | None = None
    _slowest: float = field(default=0.0, init=False)

    def add(self, entries: Iterable[Json]) -> int:
        """Have these entries in the list, each once by its digest; what else is there stays.

        Returns:
            How often the tag was written; 0 where everything was there.

        Raises:
            ImageInvalid: there is something else under the tag, or the list would become too long.
            SourceUnavailable: the registry does not answer, or refuses us; or others keep taking our entries away.
        """
        known = {str(each["digest"]): each for each in entries}
        patience, writes = self.repository.transport.patience, 0
        deadline, is_conditional = time.monotonic() + patience.total, True
        while time.monotonic() < deadline:
            with alone(f"{self.repository.name}:{self.tag}", self.locks):
                state = self._read()
                known = {**state.entries, **known}
                missing = [entry for digest, entry in known.items() if digest not in state.entries]
                if not missing:
                    return writes
                outcome = self._write(state, missing, is_conditional)
            writes += 1
            if outcome is None:
                self._rest_until_settled()
                continue
            is_conditional = is_conditional and outcome
            ceiling = min(_LONGEST_PAUSE, 0.02 * 2 ** min(writes, 10))
            self.repository.transport.pause(random.uniform(0, ceiling))  # noqa: S311  # no secret
        raise SourceUnavailable(
            f"{self.repository.name.host} does not keep what is added to {self.repository.name}:{self.tag}",
            "other writers take it away; try again later",
        )

    def _rest_until_settled(self) -> None:
        """Give another's write the time to arrive that began before ours."""
        settle = min(max(self.settle, 4 * self._slowest), _LONGEST_SETTLE)
        self.repository.transport.pause(settle * random.uniform(1, 1.3))  # noqa: S311  # no secret

    def _write(self, state: _State, missing: list[Json], is_conditional: bool) -> bool | None:
        """Add to the list. None: it was taken; else whether a condition is still worth making."""
        listed = [*state.listed, *missing]
        if len(listed) > MOST_REFERRERS:
            raise ImageInvalid(f"{self.repository.name}:{self.tag} would list more than {MOST_REFERRERS} manifests")
        content = self.form.build(state.document, listed)
        if len(content) > LARGEST_DOCUMENT:
            raise ImageInvalid(f"{self.repository.name}:{self.tag} would be larger than {LARGEST_DOCUMENT >> 20} MiB")
        descriptor = Descriptor(self.form.media_type, Digest.of(content), len(content))
        begun = time.monotonic()
        try:
            self.repository.push_manifest(descriptor, content, self.tag, state.condition if is_conditional else {})
        except (Conflict, Interrupted):
            return self._has_moved(state)
        finally:
            self._slowest = max(self._slowest, time.monotonic() - begun)
        return None

    def _has_moved(self, state: _State) -> bool:
        """Whether the tag is another one now; where it is not, the condition is what the registry cannot take."""
        try:
            return self.repository.head(self.tag) != state.digest
        except ImageNotFound:
            return state.digest is not None

    def _read(self) -> _State:
        what = f"{self.repository.name}:{self.tag}"
        try:
            found, content, entity_tag = self.repository.tagged(self.tag)
        except ImageNotFound:
            return _State({}, (), None, "")
        document = read_document(content, what)
        listed = document.value.get(self.form.key)
        if found.media_type != self.form.media_type or not isinstance(listed, list):
            raise ImageInvalid(f"{what} is not what attestations are listed in, so nothing is added to it")
        return _State(document.value, tuple(listed), found.digest, entity_tag)
