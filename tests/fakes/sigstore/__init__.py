"""A private Sigstore in this process: Fulcio, a CT log's signature, Rekor v1 and v2, a timestamp authority.

Real protocols over HTTP on loopback, real signatures, keys made anew for each instance: sigstore-python and cosign
both sign and verify with it. Not a certificate authority for anything real.
"""

from tests.fakes.sigstore.server import Broken, FakeSigstore

__all__ = ["Broken", "FakeSigstore"]
