"""Does the contract ask anything at all, and anything that is read but not enforced yet?"""

from collections.abc import Iterator

from spybuild.model.contract import Contract, Module
from spybuild.model.finding import Finding
from spybuild.rules import catalogue

_NOT_ENFORCED_YET = ("dependencies", "dependency_options", "evidence_requirements")


def check(contract: Contract) -> Iterator[Finding]:
    """Findings about the contract itself, whatever the image is."""
    if not _demands_anything(contract):
        yield catalogue.EMPTY_CONTRACT.breach("the contract demands nothing", contract_location=contract.where())
    for key in _NOT_ENFORCED_YET:
        if getattr(contract, key):
            yield catalogue.NOT_ENFORCED.breach(f"`{key}` is not enforced yet", contract_location=contract.where(key))
    if contract.filename is None and contract.demands_structure():
        yield catalogue.UNNAMED_MODULE.breach(
            "the contract does not name its module", contract_location=contract.where()
        )
    for module in (*contract.modules, *contract.nested_modules()):
        if module.filename is None and contract.filename is None:
            yield catalogue.UNNAMED_MODULE.breach("this entry names no module", contract_location=module.where())


def requested_modules(contract: Contract) -> tuple[str, ...]:
    """The names of the modules the contract speaks of, in the order written, each once."""
    modules: tuple[Module, ...] = (contract, *contract.modules, *contract.nested_modules())
    return tuple(dict.fromkeys(module.filename for module in modules if module.filename is not None))


def _demands_anything(contract: Contract) -> bool:
    runtime = contract.runtime
    places = runtime and (
        runtime.python or runtime.os or runtime.architecture or runtime.implementation or runtime.environment
    )
    return bool(
        requested_modules(contract)
        or contract.demands_structure()
        or contract.modules
        or contract.deployments
        or places
        or any(getattr(contract, key) for key in _NOT_ENFORCED_YET)
    )


def all_texts(contract: Contract) -> tuple[str, ...]:
    """Every text the contract contains: what is published there is no secret, and may be shown when it is found."""
    texts: list[str] = []
    _collect(contract.model_dump(exclude_unset=True), texts)
    return tuple(dict.fromkeys(texts))


def _collect(value: object, texts: list[str]) -> None:
    if isinstance(value, dict):
        if isinstance(value.get("value"), list | dict):  # containers are compared by their repr
            texts.append(repr(value["value"]))
        for item in value.values():
            _collect(item, texts)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, texts)
    elif value is not None:
        texts.append(str(value))
