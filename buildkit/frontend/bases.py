"""The statements that a base image carries, where a build demands that it was held against a contract itself."""

from collections.abc import Iterator
from contextlib import suppress

from buildkit.frontend.bridge import Bridge
from buildkit.frontend.llb import IMAGE, digest_of
from buildkit.frontend.results import Built
from buildkit.frontend.transport import RpcError
from buildkit.frontend.wire import gateway_pb2 as wire
from spybuild.model import strict_json
from spybuild.model.from_build import TEST_RESULT, Told, read_statement

_STATEMENT = "application/vnd.in-toto+json"


def objection(bridge: Bridge, built: Built, contract: str) -> str:
    """Why a platform's base image does not do; empty where a statement says that it keeps the contract.

    The statement is what the base's own build attached. It is not signed: whoever can push the base can write one.

    Args:
        bridge: BuildKit, 0.28 or newer.
        built: the platform.
        contract: the digest that the contract must have.
    """
    base = base_of(built.ref.definition)
    if base is None:
        return "its base image cannot be told"
    identifier = base.source.identifier
    image = wire.ResolveImageRequest(no_config=True, attestation_chain=True, predicate_types=[TEST_RESULT])
    request = wire.ResolveSourceRequest(
        source=wire.SourceOp(identifier=identifier),
        platform=base.platform,
        log_name=f"[spybuild] {built.name}: statements of the base",
        image=image,
    )
    name = identifier.removeprefix(IMAGE)
    try:
        chain = bridge.resolve(request).image.attestation_chain
    except RpcError as error:
        return f"its base {name} cannot be asked for statements: {error.message}"
    if any(_passes(statement, chain.image_manifest, contract) for statement in _statements(chain)):
        return ""
    return f"its base {name} carries no statement that it keeps the contract {contract}"


def base_of(definition: wire.Definition) -> wire.Operation | None:
    """The operation that fetches the image a graph's root begins with: its reference, and the platform it is taken for.

    None where the root begins with nothing, or cannot be followed.
    """
    if not definition.operations:
        return None
    operations = {digest_of(each): wire.Operation.FromString(each) for each in definition.operations}
    (head,) = wire.Operation.FromString(definition.operations[-1]).inputs
    operation = operations[head.digest]  # a graph names its parts by their content, so there is no way round in it
    while not operation.HasField("source"):
        index = _root(operation)
        if not 0 <= index < len(operation.inputs):
            return None
        operation = operations[operation.inputs[index].digest]
    return operation if operation.source.identifier.startswith(IMAGE) else None


def _root(operation: wire.Operation) -> int:
    """Which of its inputs an operation changes; -1 for none of them, and for an operation that we do not know."""
    match operation.WhichOneof("kind"):
        case "exec":
            return next((mount.input for mount in operation.exec.mounts if mount.destination == "/"), -1)
        case "file":
            return operation.file.actions[0].input
        case "merge":  # `COPY --link`: what is copied lies over the first one
            return operation.merge.inputs[0].input
    return -1


def _statements(chain: wire.AttestationChain) -> Iterator[Told]:
    for blob in chain.blobs.values():
        if blob.descriptor.media_type == _STATEMENT:
            with suppress(ValueError):
                yield read_statement(strict_json.parse_object(blob.data))


def _passes(told: Told, manifest: str, contract: str) -> bool:
    """Whether a statement says of this very manifest that it keeps the contract."""
    is_on_this = (told.kind, told.subjects, told.contracts) == (TEST_RESULT, (manifest,), (contract,))
    return told.is_pass and is_on_this
