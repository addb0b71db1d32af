"""Soundness kept between runs, beside the layers' indexes: the same manifest has the same files, and so the same facts.

What is kept depends on nothing but the manifest's digest, the interpreter that was found, the names that are secret (no
values), and the code that found out. Only what is wholly decided is kept: a doubt may be the surroundings' own.
"""

import hashlib
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import packaging
from pydantic import ValidationError

from spybuild.images.files import Files
from spybuild.images.layers.cache import LayerCache
from spybuild.model.digests import Digest
from spybuild.model.image import ImageConfig
from spybuild.model.integrity import Soundness
from spybuild.model.platforms import Platform
from spybuild.model.target import Target

_FORMAT = 1  # to be raised when something else is asked, or understood otherwise
_LARGEST = 4 << 20
_CODE = ("images", "integrity", "interpreters", "model")


def soundness_of(
    kept: LayerCache | None,
    manifest: Digest | None,
    files: Files,
    target: Target | None,
    platform: Platform,
    config: ImageConfig,
    *,
    secrets: Sequence[str] = (),
) -> Soundness:
    """As `gather`, but what is known of the same image is not gathered again.

    Args:
        kept: where it is kept; None to gather always.
        manifest: the digest of the platform's manifest, which decides about all files and the config; None where there
            is none, and nothing is kept.
        files: the merged tree.
        target: the interpreter that the image starts; None where none was found.
        platform: what the image says it is built for.
        config: how the image runs.
        secrets: the names that the contract declares secret.

    Raises:
        ImageInvalid: the tree itself cannot be read.
    """
    name = _name(manifest, target, platform, secrets) if kept and manifest and _code() else ""
    known = _read(kept.recall(name)) if kept and name else None
    if known is not None:
        return known
    from spybuild.integrity.gathering import gather  # what only gathering needs takes time to load

    found = gather(files, target, platform, config, secrets=secrets)
    if kept and name and not found.undecided:
        content = found.model_dump_json().encode()
        if len(content) <= _LARGEST:
            kept.remember(name, content)
    return found


def _read(content: bytes | None) -> Soundness | None:
    """What was kept; None where that is nothing this version understands."""
    try:
        return Soundness.model_validate_json(content) if content else None
    except ValidationError:
        return None


def _name(manifest: Digest, target: Target | None, platform: Platform, secrets: Sequence[str]) -> str:
    asked = (_FORMAT, sys.version, packaging.__version__, _code(), str(manifest), platform, target)
    return hashlib.sha256(repr((*asked, sorted(set(secrets)))).encode(errors="backslashreplace")).hexdigest()


@cache
def _code() -> str:
    """What changes when this program's own files do, under one version too; empty where they are no files."""
    root = Path(__file__).parent.parent
    files = sorted(path for folder in _CODE for path in (root / folder).rglob("*.py"))
    told = [(str(path.relative_to(root)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr(told).encode()).hexdigest() if told else ""
