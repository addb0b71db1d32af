"""Containers of scans that were killed: found by their labels, and removed by the next scan.

A label names the process that made the container: the machine's boot, the namespace of its process ids, the id and the
process's start. Where that process is gone the container is nobody's. On a daemon that several machines or CI jobs in
containers share, only a container whose time is long up is taken for one.
"""

import json
import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from spybuild.daemon.api import EngineApi, Refused

log = logging.getLogger(__name__)

SCAN, OWNER, EXPIRES = "org.spybuild.scan", "org.spybuild.owner", "org.spybuild.expires"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")
_UNKNOWN = "unknown"


def owner_labels(seconds: float) -> dict[str, str]:
    """The labels of a container made now by this process, which may live for so many seconds."""
    return {SCAN: "1", OWNER: _owner(os.getpid()), EXPIRES: str(int(time.time() + seconds))}


def reap(api: EngineApi) -> int:
    """Remove the containers whose makers are gone, and return how many there were."""
    reaped = 0
    for container in api.get("/containers/json", {"all": 1, "filters": json.dumps({"label": [SCAN]})}):
        if _is_abandoned(container.get("Labels") or {}):
            with suppress(Refused):
                api.delete(f"/containers/{container['Id']}", {"force": 1, "v": 1})
                reaped += 1
    if reaped:
        log.info("removed %d containers that killed scans had left", reaped)
    return reaped


def _is_abandoned(labels: dict[str, str]) -> bool:
    owner, expires = labels.get(OWNER, ""), labels.get(EXPIRES, "")
    if expires.isdigit() and int(expires) < time.time():
        return True
    here, _, process = owner.partition("/")
    pid = process.partition(":")[0]
    return here == _here() != _UNKNOWN and pid.isdigit() and _owner(int(pid)) != owner


def _owner(pid: int) -> str:
    return f"{_here()}/{pid}:{_start_of(pid)}"


def _here() -> str:
    """Where process ids mean what they mean here; what is unknown is no place."""
    try:
        return f"{_BOOT.read_text().strip()}:{_NAMESPACE.readlink()}"
    except OSError:
        return _UNKNOWN


def _start_of(pid: int) -> str:
    """When the process started, in clock ticks since the boot (field 22 of /proc/PID/stat, proc(5)); empty if gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
