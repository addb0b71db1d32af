"""Signed statements that an image passed: made, signed, wrapped in Sigstore bundles, read back and verified.

    statements   a report's pass as an in-toto statement        (pure)
    claims       what a statement says, read back               (pure)
    signers      keys, KMS and HSM, keyless: one `Signer`
    bundles      Sigstore bundles, and cosign's older forms     (pure)
    verification a bundle and what is trusted: who signed, what, and when
    storage      the attestations a registry holds for a digest; `attaching` adds one

Nothing here decides whether a verified attestation is enough: that is the gate's.
"""

from spybuild.errors import UsageError

try:
    import cryptography as _cryptography  # noqa: F401
except ImportError as _missing:
    raise UsageError("attestations need libraries that are not installed", "pip install 'spybuild[sign]'") from _missing
