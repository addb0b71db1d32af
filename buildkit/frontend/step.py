"""What is run in each platform's rootfs: `spybuild validate` there, and what it said as one file for the frontend.

It ends with 0 whatever it found, for BuildKits before 0.17 keep nothing of a step that fails. The image's variables
come in a file: in this process's own environment they would reach our interpreter and its loader (LD_PRELOAD).
"""

import gc
import io
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from hashlib import file_digest
from pathlib import Path
from typing import Any

from buildkit.frontend.paths import ANSWER, ASKED, CONTRACT, INNER, OUTCOME, PATH, REQUEST, SECRETS
from spybuild.__main__ import BETWEEN_COLLECTIONS

_LARGEST = 1 << 30
_OCTAL = re.compile(r"\\([0-7]{3})")
_OURS = "SPYBUILD_"  # options of the command line: the image must not set them


def main() -> None:
    """Answer what the frontend asked."""
    gc.set_threshold(BETWEEN_COLLECTIONS)
    asked = json.loads(Path(ASKED, REQUEST).read_bytes())
    os.environ.clear()
    os.environ.update(environment(asked["environment"], asked["platform"]))
    report = Path(ANSWER, INNER, "report.json")
    from spybuild.cli import main as run

    with redirect_stdout(_captured()) as table, redirect_stderr(_captured()) as said:
        code = run(arguments(asked, report))
    found = json.loads(report.read_bytes()) if report.exists() else None
    outcome = {"code": code, "said": _words(said), "report": found, "contents": dict(contents(found, mount_points()))}
    outcome["made_at"] = time.time()
    place, name = f"{ASKED}/{CONTRACT}", asked["contract"]
    told = json.dumps(outcome, sort_keys=True).replace(place, json.dumps(name)[1:-1])
    Path(ANSWER, INNER, OUTCOME).write_text(told)
    sys.stdout.write(f"{_words(table)}{_words(said)}".replace(place, name))


def _captured() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _words(captured: io.TextIOWrapper) -> str:
    captured.seek(0)
    return captured.read()


def environment(variables: Iterable[str], platform: str) -> dict[str, str]:
    """The image's own variables, without those that would be options of ours.

    Args:
        variables: `NAME=value`, as the image's config has them.
        platform: what is validated: this process may be of another one, beside an interpreter that is emulated.
    """
    pairs = (variable.partition("=")[::2] for variable in variables if "\0" not in variable)  # none can have such a one
    own = {name: value for name, value in pairs if name and not name.lstrip("_").startswith(_OURS)}
    return {"PATH": PATH} | own | {"TARGETPLATFORM": platform}


def arguments(asked: Mapping[str, Any], report: Path) -> list[str]:
    """The command line that answers a request."""
    flags = [f"--{name}={value}" if value else f"--{name}" for name, value in asked["arguments"].items()]
    flags += [f"--env={variable}" for variable in asked["variables"]]
    flags += [f"--secret=id={name},src={SECRETS}/{name}" for name in asked["secrets"] if Path(SECRETS, name).is_file()]
    return ["validate", f"--contract={Path(ASKED, CONTRACT)}", *flags, f"--report=json={report}"]


def contents(report: Mapping[str, Any] | None, mounted: frozenset[Path]) -> Iterator[tuple[str, str]]:
    """The files that a report speaks of, and their digests: the modules, and the interpreter that ran them.

    Args:
        report: the report, if there is one.
        mounted: where something lies over the image, and vouches for nothing in it.
    """
    for platform in report["platforms"] if report else ():
        interpreter = platform["interpreter"] or {}
        for path in (*(module["path"] for module in platform["modules"]), interpreter.get("executable")):
            if path and (found := digest(path, mounted)):  # what cannot be read is not vouched for
                yield path, found


def mount_points() -> frozenset[Path]:
    """Where something lies over the image: secrets, what is asked, our runtime, /proc (proc(5), `mountinfo`)."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    escaped = (line.split()[4] for line in lines)
    return frozenset(Path(_OCTAL.sub(lambda found: chr(int(found[1], 8)), each)) for each in escaped) - {Path("/")}


def digest(path: str, mounted: frozenset[Path]) -> str | None:
    """The digest of the content of a regular file of the image.

    Args:
        path: the image's word; it may name a device, a pipe, or a secret.
        mounted: what does not belong to the image.
    """
    try:
        real = Path(path).resolve(strict=True)
        if mounted & {real, *real.parents}:
            return None
        with os.fdopen(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            status = os.fstat(file.fileno())
            is_sound = stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST
            return f"sha256:{file_digest(file, 'sha256').hexdigest()}" if is_sound else None
    except (OSError, ValueError, RuntimeError):  # RuntimeError: links in a circle
        return None


if __name__ == "__main__":
    main()
