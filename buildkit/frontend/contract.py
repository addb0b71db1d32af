"""Finding the contract of a build, whatever kind of context it has: a folder, git, a tar, standard input."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from buildkit.frontend.bridge import Bridge
from buildkit.frontend.llb import Graph
from buildkit.frontend.options import Options
from buildkit.frontend.results import Built
from buildkit.frontend.transport import RpcError
from buildkit.frontend.wire import gateway_pb2 as wire
from spybuild.model.from_build import CONTRACT_LABEL

USUAL = "spymodel.yml"
_CONTEXT, _NAMED = "context", "spybuild-context"
_OF_CONTEXTS = ("contextkey", "context", "contextsubdir")
_OF_CONTEXTS_PREFIXES = ("local-sessionid:", "context:", "input-metadata:")
_FOUND = "/found/"
_LAST_LETTER = re.compile(r"(.*)([A-Za-z0-9])(.*)", re.DOTALL)
_SPECIAL = re.compile(r"[\\*?\[]")  # in patterns of Go's filepath.Match
_MISSING = ("not found", "no such file", "not exist")


class ContractMissing(Exception):  # noqa: N818  # what is the matter, in its name
    """There is no contract where one is looked for; the message says where that was, and how to name one."""


@dataclass(frozen=True)
class Contract:
    """A contract as it was found: the name it has there, its bytes, and whether the image itself brought it.

    Raises:
        ContractMissing: the name is none that a person gives a file; a base's label may be anything.
    """

    name: str
    content: bytes
    is_of_image: bool = False

    def __post_init__(self) -> None:
        if not self.name.isprintable():
            raise ContractMissing(f"no contract: {self.name!r} is no file's name")


def contracts_of(
    bridge: Bridge, options: Options, platforms: Iterable[Built], of_context: Callable[[], Contract]
) -> dict[str, Contract]:
    """The contract that each platform is held against, by the platform's name.

    The one that the build names, else `spymodel.yml` in the context, else the one that the image's label names: images
    inherit the label of their base, which must not put another in the place of the build's own.

    Args:
        bridge: BuildKit.
        options: what the build asks for.
        platforms: what it made.
        of_context: gives what `contract_of_context` found, or raises what it raised.

    Raises:
        ContractMissing: it is not there.
        RpcError: the context, or the image that holds it, cannot be had.
    """
    platforms = list(platforms)
    try:
        found = of_context()
    except ContractMissing:
        if options.contract or not all(built.label for built in platforms):
            raise
        return {built.name: _of_image(bridge, built) for built in platforms}
    return {built.name: found for built in platforms}


def _of_image(bridge: Bridge, built: Built) -> Contract:
    made = bridge.solve(built.ref.definition, now=True)  # what fails in the Dockerfile is not told as a missing file
    with _missing(f"no contract: {built.name} has no {built.label}, which its label {CONTRACT_LABEL} names"):
        return Contract(built.label, bridge.read_file(made, built.label), is_of_image=True)


def contract_of_context(bridge: Bridge, options: Options, inputs: Mapping[str, wire.Definition]) -> Contract:
    """The contract in the build's context: the one that the build names, else `spymodel.yml`.

    Raises:
        ContractMissing: it is not there.
        RpcError: the context cannot be had.
    """
    name = (options.contract or USUAL).lstrip("/")
    told = (
        f"no contract: the build's context has no {name}, or its .dockerignore leaves it out\n"
        f"  put {USUAL} there, name one with --build-arg SPYBUILD_CONTRACT=FILE, "
        f"or label the image {CONTRACT_LABEL}=PATH"
    )
    with _missing(told):
        return Contract(name, _file_of_context(bridge, options, inputs, name))


@contextmanager
def _missing(told: str) -> Iterator[None]:
    """Say `told` where BuildKit says that there is no such file."""
    try:
        yield
    except RpcError as error:
        if not any(words in error.message.lower() for words in _MISSING):
            raise
        raise ContractMissing(told) from error


def _file_of_context(bridge: Bridge, options: Options, inputs: Mapping[str, wire.Definition], name: str) -> bytes:
    url = options.passed.get(_CONTEXT, "")
    if url.startswith(("http://", "https://")) and not _is_git(url):
        return bridge.read_file(bridge.solve(_unpacked(url)), f"/{name}")
    result = bridge.build(options.frontend, _asked(options, url), {**inputs, **_dockerfile(name, is_named=bool(url))})
    return bridge.read_file(result.ref, f"{_FOUND}{name.rpartition('/')[2]}")


def _is_git(url: str) -> bool:
    """Whether BuildKit takes an address of the web for a git repository (its `gitutil.ParseGitRef`)."""
    return urlsplit(url).path.endswith(".git")


def _unpacked(url: str) -> wire.Definition:
    """What is in the tar at an address: of the network, or of the client's session (`docker build - < context.tar`)."""
    graph = Graph()
    return graph.headed(graph.unpacked(graph.download(url, "load the context"), "unpack the context"))


def _asked(options: Options, url: str) -> dict[str, str]:
    """The options of a build that only copies the contract; a Dockerfile frontend knows every kind of context."""
    kept = {
        name: value
        for name, value in options.passed.items()
        if name in _OF_CONTEXTS or name.startswith(_OF_CONTEXTS_PREFIXES)
    }
    if url:  # the Dockerfile would be looked for there: as a named context it is only copied from
        del kept[_CONTEXT]
        kept[f"context:{_NAMED}"] = url
    said = {"filename": "Dockerfile", "cmdline": "spybuild", "build-arg:BUILDKIT_DOCKERFILE_CHECK": "skip=all"}
    return kept | said | options.named_syntax


def _pattern(name: str) -> str:
    """A pattern that only this name matches: what matches nothing is no error, which clients would show in red."""
    found = _LAST_LETTER.fullmatch(name)
    if found is None:  # a name without a letter is looked for as it is
        return name
    before, letter, after = (_SPECIAL.sub(r"\\\g<0>", part) for part in found.groups())
    return f"{before}[{letter}]{after}"


def _dockerfile(name: str, *, is_named: bool) -> dict[str, wire.Definition]:
    copy = f"COPY {f'--from={_NAMED} ' if is_named else ''}{json.dumps([_pattern(name), _FOUND])}"
    graph = Graph()
    made = graph.files({"Dockerfile": f"FROM scratch\n{copy}\n".encode()}, f"look for {name}")
    return {"dockerfile": graph.headed(made)}
