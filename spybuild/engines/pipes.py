"""A process fed and read through pipes, against the clock and with a limit on what is kept."""

import os
import selectors
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO

from spybuild.errors import ProbeError

_CHUNK = 1 << 16
_STDERR_KEPT = 1 << 16


def converse(process: subprocess.Popen[bytes], fed: bytes, seconds: float, most_output: int) -> tuple[bytes, str]:
    """Write `fed` to a process and read both its streams to their end.

    Args:
        process: started with pipes for all three streams.
        fed: all of its stdin.
        seconds: how long it may take.
        most_output: how many bytes of stdout are taken.

    Returns:
        Its stdout, and the last part of its stderr as text.

    Raises:
        ProbeError: it took too long or wrote too much; it may still run.
    """
    assert process.stdin
    assert process.stdout
    assert process.stderr
    threading.Thread(target=_feed, args=(process.stdin, fed), daemon=True).start()
    deadline = time.monotonic() + seconds
    kept = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    stdout, stderr = kept.values()
    with selectors.DefaultSelector() as selector:
        for descriptor in kept:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(max(0.0, deadline - time.monotonic())):
                chunk = os.read(key.fd, _CHUNK)
                kept[key.fd] += chunk
                if not chunk:
                    selector.unregister(key.fd)
            del stderr[:-_STDERR_KEPT]
            if len(stdout) > most_output:
                raise ProbeError("the probe wrote more than it may, and was killed")
            if time.monotonic() > deadline:
                raise ProbeError("the probe ran out of time and was killed")
    return bytes(stdout), stderr.decode("utf-8", "replace").strip()


def _feed(stdin: IO[bytes], fed: bytes) -> None:
    """A process that does not read its stdin to the end is no problem of ours."""
    with suppress(OSError), stdin:
        stdin.write(fed)
