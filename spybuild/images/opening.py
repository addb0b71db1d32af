"""From what a user calls an image to the image: one function, whatever the source."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from spybuild.errors import EngineUnavailable, ImageInvalid, ImageNotFound, SourceUnavailable, UsageError
from spybuild.images.archives import Archive, open_archive
from spybuild.images.docker_archive import DockerArchiveSource, require_one_story
from spybuild.images.holders import Folder, Holder
from spybuild.images.layered_source import Store
from spybuild.images.layout import Layout, is_layout
from spybuild.images.oci.descriptors import read_digest
from spybuild.images.oci_source import OciSource
from spybuild.images.schemes import ENGINES, split_scheme
from spybuild.images.source import Source
from spybuild.model.digests import Digest, Reference
from spybuild.model.names import shown
from spybuild.model.platforms import Platform

if TYPE_CHECKING:  # each way to an image is loaded when it is gone: HTTP and TLS take a third of a short scan
    from spybuild.daemon.api import EngineApi
    from spybuild.images.daemon import DaemonSource
    from spybuild.images.registry.transport import Transport

_ENDS_IN_DIGEST = re.compile(r"(?P<path>.+)@(?P<digest>sha(?:256|512):[^@/]*)")
_TAG = re.compile(r"[\w./:@-]{1,300}")

Connect = Callable[[], "EngineApi"]


def open_source(
    reference: str,
    *,
    store: Store,
    client: Connect | None = None,
    insecure: bool = False,
    platform: Platform | None = None,
    transport: "Transport | None" = None,
) -> Source:
    """Open an image where it is.

    Args:
        reference: one of
            `NAME` (the daemon's image; where there is no daemon or no such image, the registry's),
            `docker://NAME`, `podman://NAME` (that daemon's), `registry://[HOST/]NAME[:TAG][@DIGEST]`,
            `oci-dir://PATH[:TAG][@DIGEST]`, `oci-archive://FILE[:TAG][@DIGEST]` (tar, or tar.gz or tar.zst, which is
            unpacked to a temporary file first), `docker-archive://FILE[:TAG]` (`docker save`, `podman save`),
            `rootfs://PATH` (an unpacked root filesystem).
            In a layout or archive, TAG may be the image's name or its tag; with one image there it may be left out.
        store: indexes layers, and remembers them.
        client: connects to the daemon; None goes where DOCKER_HOST and the docker context point, and for `podman://`
            where CONTAINER_HOST does.
        insecure: whether a registry beyond this machine may be asked over plain HTTP or without a proven certificate.
        platform: what a root filesystem is for; other sources tell it themselves.
        transport: asks registries; None makes one.

    Returns:
        The source. All but a bare name's is opened without asking a daemon or a registry; `image()` does that.

    Raises:
        UsageError: the reference is none.
        ImageNotFound: there is no such file or folder, or image in it.
        ImageInvalid: it is no layout or archive, or is damaged.
        EngineUnavailable, SourceUnavailable: neither daemon nor registry has a bare name's image, and one of them did
            not answer.
    """
    scheme, rest = split_scheme(reference)
    if not scheme:
        return _bare(reference, store, client or _client("docker"), insecure, transport)
    if not rest or "\0" in rest:
        raise UsageError(f"{shown(reference)} names no image")
    if scheme in ENGINES:
        return _of_daemon(str(Reference.parse(rest)), client or _client(scheme), store)
    if scheme == "registry":
        return _registry(reference, rest, store, insecure, transport)
    if scheme == "rootfs":
        from spybuild.images.rootfs_source import RootfsSource

        return RootfsSource(reference, Path(rest), platform)
    return _held(scheme, reference, rest, store)


def _client(engine: str) -> Connect:
    """Connects to the usual daemon of `docker` or `podman`."""

    def connect() -> "EngineApi":
        from spybuild.daemon.address import address_of
        from spybuild.daemon.api import EngineApi

        return EngineApi(address_of(engine))

    return connect


def _of_daemon(name: str, client: Connect, store: Store) -> "DaemonSource":
    from spybuild.images.daemon import DaemonSource

    return DaemonSource(name, client(), store)


def _bare(reference: str, store: Store, client: Connect, insecure: bool, transport: "Transport | None") -> Source:
    name = str(Reference.parse(reference))
    try:
        daemon = _of_daemon(name, client, store)
        daemon.image()
    except (EngineUnavailable, ImageNotFound) as error:
        problem = error
    else:
        return daemon
    if not Reference.parse(reference).name:
        raise problem  # an image id, which registries do not know
    source = _registry(reference, reference, store, insecure, transport)
    try:
        source.image()
    except (ImageNotFound, SourceUnavailable) as error:
        source.close()
        raise type(error)(f"{problem.message}; and {error.message}", error.hint) from error
    return source


def _registry(reference: str, name: str, store: Store, insecure: bool, transport: "Transport | None") -> Source:
    from spybuild.images.registry.names import RemoteImage
    from spybuild.images.registry.repository import Repository
    from spybuild.images.registry.transport import Transport

    transport = transport or Transport(insecure=insecure)
    wanted = RemoteImage.parse(name)
    _require_sound(wanted.digest)
    repository = Repository(wanted.repository, transport)
    return OciSource(
        reference,
        lambda: repository.manifest(wanted.asked),
        repository,
        store,
        name=str(wanted.repository),
        hang_up=transport.close,
    )


def _held(scheme: str, reference: str, rest: str, store: Store) -> Source:
    """An image in a folder or an archive."""
    path, tag, digest = split_path(rest)
    holder: Holder = Folder(path) if scheme == "oci-dir" else open_archive(path)
    try:
        if scheme == "docker-archive" and not is_layout(holder):
            if digest:
                raise ImageNotFound("an archive of this kind keeps no digests", "name its image by :TAG")
            return DockerArchiveSource(reference, tag, holder, store)
        layout = Layout(holder)
        root, content = layout.choose(tag, digest)
        if isinstance(holder, Archive):
            require_one_story(holder, layout, root, content)
    except BaseException:
        holder.close()
        raise
    return OciSource(reference, lambda: (root, content), layout, store, hang_up=holder.close)


def split_path(text: str) -> tuple[Path, str, Digest | None]:
    """A path, and the tag and digest behind it; a path may hold colons, so the longest one that exists is taken.

    Raises:
        UsageError: the digest is none.
        ImageNotFound: there is no such file or folder.
    """
    if os.path.exists(text):  # noqa: PTH110  # Path.exists raises where a name is too long, or a folder closed to us
        return Path(text), "", None
    match = _ENDS_IN_DIGEST.fullmatch(text)
    digest = Digest.parse(match["digest"]) if match else None
    _require_sound(digest)
    path, tag = match["path"] if match else text, ""
    while not os.path.exists(path):  # noqa: PTH110
        path, separator, tail = path.rpartition(":")
        tag = f"{tail}:{tag}" if tag else tail
        if not separator or not _TAG.fullmatch(tag):
            raise ImageNotFound(f"there is no file or folder {shown(match['path'] if match else text, 200)}")
    return Path(path), tag, digest


def _require_sound(digest: Digest | None) -> None:
    if digest is None:
        return
    try:
        read_digest(str(digest), "the reference")
    except ImageInvalid as error:
        raise UsageError(error.message) from None
