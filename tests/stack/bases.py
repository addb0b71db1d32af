"""The base images: stand-ins for the published python images, and one image without Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.stack import binfmt, debs, images, layers, registry, rootfs
from tests.stack.bytecode import Bytecode, compile_tree
from tests.stack.console import StackError, step
from tests.stack.home import Home
from tests.stack.layers import Layer

# Count up to have every base built again.
REVISION = 2

DEBIAN = {"linux/amd64": "amd64", "linux/arm64": "arm64", "linux/arm/v7": "armhf"}
BOTH = ("linux/amd64", "linux/arm64")
ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
# A shell, its tools, and the users and release files every published image has.
_SYSTEM = ("base-files", "base-passwd", "libc-bin", "dash", "coreutils", "grep", "sed", "findutils")


def _python(interpreter: str) -> dict[str, str]:
    return {"usr/local/bin/python3": interpreter, "usr/local/bin/python": "python3"}


@dataclass(frozen=True)
class Base:
    """One base image: which packages of which release, for which platforms."""

    name: str
    repository: str
    tag: str
    release: str
    packages: tuple[str, ...]
    links: Mapping[str, str] = field(default_factory=lambda: _python("/usr/bin/python3"))
    platforms: tuple[str, ...] = BOTH
    command: str = "python3"
    bytecode: bool = True
    """Whether the interpreter can compile its library (the minimal one lacks the module for it)."""

    def reference(self, home: Home) -> str:
        """How engines call the image."""
        return f"{home.registry}/{self.repository}:{self.tag}"


BARE = Base("bare", "library/bare", "latest", "bookworm", ("busybox-static",), {"bin/sh": "busybox"}, command="/bin/sh")
BASES = (
    BARE,
    Base("3.11", "library/python", "3.11", "bookworm", ("python3", *_SYSTEM)),
    Base("3.13", "library/python", "3.13", "trixie", ("python3", *_SYSTEM), platforms=(*BOTH, "linux/arm/v7")),
    Base("pypy3.11", "library/pypy", "3.11", "trixie", ("pypy3", *_SYSTEM), _python("/usr/bin/pypy3")),
    Base("3.11-minimal", "library/python", "3.11-minimal", "bookworm", ("python3-minimal", *_SYSTEM),
         platforms=("linux/amd64",), bytecode=False),
)  # fmt: skip


def up(home: Home, names: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Bring base images, all or those named, into the registry; yields what is there at first and after each one."""
    wanted = [base for base in BASES if names is None or base.name in names]
    if not registry.answers(home):
        raise StackError("the base images need the registry, which is not up")
    there = [base for base in BASES if _repository(home, base).digest(base.tag)]
    yield _document(home, there)
    if not present(home, wanted):
        debs.require_root("building base images")
    failures = []
    for base in wanted:
        try:
            _push(home, base)
        except StackError as error:
            failures.append(f"{base.name}: {error}")
            continue
        there = [each for each in BASES if each in there or each is base]
        yield _document(home, there)
    if failures:
        raise StackError("; ".join(failures))


def _document(home: Home, there: Sequence[Base]) -> dict[str, Any]:
    references = {base.name: base.reference(home) for base in there}
    return {
        "bare": references.pop(BARE.name, None),
        "bases": references,
        "base_platforms": {base.name: list(base.platforms) for base in there},
    }


def present(home: Home, wanted: Sequence[Base] = BASES) -> bool:
    """Whether the registry has these base images, as of this recipe."""
    return all(_is_current(_repository(home, base), base, _stamp(home, base)) for base in wanted)


def _repository(home: Home, base: Base) -> images.Repository:
    return images.Repository(home.registry, base.repository)


def _stamp(home: Home, base: Base) -> Path:
    return home.folder("bases") / f"{base.name}.json"


def _push(home: Home, base: Base) -> None:
    repository, stamp = _repository(home, base), _stamp(home, base)
    if _is_current(repository, base, stamp):
        return
    with step(f"base image {base.name}"):
        entries = [
            images.push_platform(repository, platform, layer, {"Env": ENVIRONMENT, "Cmd": [base.command]})
            for platform, layer in _layers(home, base).items()
        ]
        digest = images.push_index(repository, base.tag, entries)
        stamp.write_text(json.dumps([repr(base), REVISION, digest]))


def _is_current(repository: images.Repository, base: Base, stamp: Path) -> bool:
    """Whether the registry still has the very index that was pushed for this recipe."""
    digest = repository.digest(base.tag)
    try:
        return digest is not None and json.loads(stamp.read_text()) == [repr(base), REVISION, digest]
    except (FileNotFoundError, ValueError):
        return False


def _layers(home: Home, base: Base) -> dict[str, Layer]:
    """Each platform's layer, from the cache or built."""
    names = {platform: _layer_name(base, platform) for platform in base.platforms}
    found = {platform: layers.cached(home, name) for platform, name in names.items()}
    ready = {platform: layer for platform, layer in found.items() if layer}
    return ready if len(ready) == len(names) else _build(home, base, names)


def _layer_name(base: Base, platform: str) -> str:
    recipe = json.dumps([base.release, base.packages, dict(base.links), platform, REVISION])
    return f"{base.name}-{DEBIAN[platform]}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def _build(home: Home, base: Base, names: Mapping[str, str]) -> dict[str, Layer]:
    debs.install(home, "mmdebstrap")
    # Two at a time: one platform's downloads overlap with the other's unpacking.
    with home.scratch() as scratch, ThreadPoolExecutor(2) as pool:

        def extract(platform: str) -> Path:
            return rootfs.extract(home, scratch, base.release, DEBIAN[platform], base.packages)

        trees = dict(zip(names, pool.map(extract, names), strict=True))
        compiled = _compile(home, base, trees)
        built = pool.map(lambda each: layers.build(home, names[each], trees[each], base.links, compiled), names)
        return dict(zip(names, built, strict=True))


def _compile(home: Home, base: Base, trees: Mapping[str, Path]) -> Bytecode:
    native = trees.get(binfmt.platforms()[0])
    interpreter = base.links.get("usr/local/bin/python3")
    if native is None or interpreter is None or not base.bytecode:
        return Bytecode()
    return compile_tree(native, interpreter, home.log(f"bytecode-{base.name}"))
