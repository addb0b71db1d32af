"""SpyBuild: the contract gate for Python container images.

A contract (`spymodel.yml`) says what the modules of an image must be and where they may run. SpyBuild checks it on
every platform of a multi-arch image, in that platform's own rootfs and interpreter:

    >>> import spybuild
    >>> report = spybuild.scan("smart-home/thermostat:1.4", contract="spymodel.yml")  # doctest: +SKIP
    >>> report.verdict  # doctest: +SKIP
    <Verdict.PASS: 'pass'>

Importing this package is cheap: the public names below are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spybuild.contracts import load_contract as load_contract
    from spybuild.evaluation import evaluate as evaluate
    from spybuild.gate.loading import load_policy as load_policy
    from spybuild.scanning import scan as scan
    from spybuild.scanning import validate as validate
    from spybuild.signing import attest as attest
    from spybuild.verifying import promote as promote
    from spybuild.verifying import verify as verify

__version__ = "0.1.0"

_PUBLIC = {
    "attest": "spybuild.signing",
    "evaluate": "spybuild.evaluation",
    "load_contract": "spybuild.contracts",
    "load_policy": "spybuild.gate.loading",
    "promote": "spybuild.verifying",
    "scan": "spybuild.scanning",
    "validate": "spybuild.scanning",
    "verify": "spybuild.verifying",
}

__all__ = [
    "__version__", "attest", "evaluate", "load_contract", "load_policy", "promote", "scan", "validate", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'spybuild' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
