"""A layer as a manifest and a config name it, and where its bytes are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from spybuild.model.digests import Digest


@dataclass(frozen=True)
class Layer:
    """One layer of a platform's image.

    Attributes:
        diff_id: the digest of its uncompressed tar, from the config's `rootfs.diff_ids`.
        media_type: from the manifest (or what an archive without one implies: `LAYER_TAR`); says how it is compressed.
        open: gives its bytes as stored, from the start; may be called again, from any thread. What it and the file's
            `read` raise as `SpyBuildError` is passed on, an `OSError` is wrapped.
        digest: of the bytes as stored, from the manifest; None where the source has none (old archives).
        size: of the bytes as stored; None where the source does not say.
    """

    diff_id: Digest
    media_type: str
    open: Callable[[], IO[bytes]]
    digest: Digest | None = None
    size: int | None = None

    def __str__(self) -> str:
        return f"layer {self.digest or self.diff_id}"


LAYER_TAR = "application/vnd.oci.image.layer.v1.tar"
