"""One writer at a time among the threads and processes of this machine, as far as that can be had.

A lock only spares writers the trouble of getting into each other's way. What they do has to be right without it too:
there are other machines.
"""

import contextlib
import hashlib
import os
import random
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_LONGEST = 30.0
_threads: dict[str, threading.Lock] = {}
_guard = threading.Lock()


@contextlib.contextmanager
def alone(name: str, folder: Path | None = None) -> Iterator[None]:
    """Hold the lock `name`; without it, if it cannot be had in half a minute. Not to be nested.

    There are 256 locks, so that lock files are few; two names may share one.

    Args:
        name: what is written.
        folder: where lock files are; None: a folder of this user's below the one for temporary files.
    """
    number = hashlib.sha256(name.encode()).hexdigest()[:2]
    with _guard:
        lock = _threads.setdefault(number, threading.Lock())
    deadline = time.monotonic() + _LONGEST
    is_held = lock.acquire(timeout=_LONGEST)
    try:
        with _file_lock((folder or _usual_folder()) / f"{number}.lock", deadline):
            yield
    finally:
        if is_held:
            lock.release()


def _usual_folder() -> Path:
    return Path(tempfile.gettempdir(), f"spybuild-locks-{os.getuid() if hasattr(os, 'getuid') else ''}")


@contextlib.contextmanager
def _file_lock(path: Path, deadline: float) -> Iterator[None]:
    """Hold a lock on a file, which stays: another may be waiting for it."""
    descriptor = _open(path)
    try:
        while descriptor is not None and not _is_locked(descriptor) and time.monotonic() < deadline:
            time.sleep(random.uniform(0.002, 0.02))  # noqa: S311  # no secret
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _open(path: Path) -> int | None:
    """A descriptor of the file; None where there can be none, or the folder is not ours alone."""
    if fcntl is None:
        return None
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        found = path.parent.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return None
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
