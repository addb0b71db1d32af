"""Keys and certificates, by openssl: made at the first start and kept, so that what was signed yesterday verifies today."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.stack import debs
from tests.stack.console import StackError
from tests.stack.home import Home

P256 = ("EC", "-pkeyopt", "ec_paramgen_curve:P-256")
ED25519 = ("ED25519",)
RSA = ("RSA", "-pkeyopt", "rsa_keygen_bits:2048")

# The extensions of X.509 certificates, as openssl spells them.
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
CODE_SIGNING_CA = (
    "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nextendedKeyUsage=codeSigning\n"
)
TIMESTAMPING = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n"
)
_IDS = "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"


def once(home: Home, name: str, make: Callable[[Path], None]) -> Path:
    """A folder of keys and certificates: ``make`` fills it the first time, in one step."""
    target = home.folder("keys") / name
    if not target.is_dir():
        debs.install(home, "openssl")
        with home.scratch() as scratch:
            made = scratch / name
            made.mkdir(mode=0o700)
            make(made)
            made.rename(target)
    return target


def openssl(arguments: Sequence[str | Path], data: bytes | None = None) -> bytes:
    """What openssl answers."""
    done = subprocess.run(["openssl", *arguments], input=data or b"", capture_output=True)
    if done.returncode:
        raise StackError(f"openssl {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def key(path: Path, kind: Sequence[str]) -> Path:
    """A new private key, PKCS #8 in PEM."""
    openssl(["genpkey", "-algorithm", *kind, "-out", path])
    return path


def public(private: Path, form: str = "DER") -> bytes:
    """The public half of a key: SubjectPublicKeyInfo, in DER or PEM."""
    return openssl(["pkey", "-in", private, "-pubout", "-outform", form])


def certificate(path: Path, name: str, private: Path, extensions: str, issuer: tuple[Path, Path] | None = None) -> Path:
    """A certificate for a key, ten years long; by an issuer (certificate, key), or by itself."""
    request = openssl(["req", "-new", "-key", private, "-subj", f"/O=spybuild-stack/CN={name}"])
    settings = path.with_suffix(".ext")
    settings.write_text(extensions + _IDS)
    by: list[str | Path] = ["-CA", issuer[0], "-CAkey", issuer[1]] if issuer else ["-signkey", private]
    serial = f"0x{openssl(['rand', '-hex', '16']).decode().strip()[1:]}"
    openssl(
        ["x509", "-req", "-sha256", "-days", "3650", "-set_serial", serial, "-extfile", settings, *by, "-out", path],
        request,
    )
    settings.unlink()
    return path


def der(certificate: Path) -> bytes:
    """A certificate's bytes."""
    return openssl(["x509", "-in", certificate, "-outform", "DER"])
