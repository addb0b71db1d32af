"""What an interpreter in an image is started with, and what it is fed on stdin: the probe, the request, the nonce.

The command reads no more than the probe's source, so that the request and the nonce stay where the probe can read them.
The source can be fed before the request is known: the interpreter compiles it meanwhile.
"""

import pkgutil

BOOT = """import os,sys
if sys.version_info<(3,6):sys.stderr.write("spybuild: needs Python 3.6+\\n");sys.exit(3)
def r(n,b=b""):
 while len(b)<n:b+=os.read(0,n-len(b))or sys.exit(3)
 return b
exec(compile(r(int(r(17))),"<spybuild probe>","exec"),{"__name__":"<probe>","__builtins__":dict(vars(__builtins__))})
"""


def probe_source() -> bytes:
    """The probe's source text."""
    source = pkgutil.get_data(__package__, "probe.py")  # importlib.resources takes longer to load than all else here
    assert source, "it lies beside this file"
    return source


def framed(content: bytes) -> bytes:
    """`content` as the probe's side reads it: its length in 16 digits, a newline, and itself."""
    return b"%016d\n%b" % (len(content), content)


def asked(request: bytes, nonce: str) -> bytes:
    """What follows the framed source.

    Args:
        request: the request, a Python literal.
        nonce: 32 hexadecimal digits that nobody can guess; the answer is framed by them.
    """
    return framed(request) + nonce.encode("ascii") + b"\n"


def end_of_answer(nonce: str) -> bytes:
    """What the probe writes last."""
    return b"\n--spybuild-%b-end--\n" % nonce.encode("ascii")
