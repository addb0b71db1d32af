"""The resolver against the probe, on real modules: `python -m tests.static.differential PYTHON [--packages] [NAME...]`.

Both look at the same files; the probe runs in the interpreter, the resolver only reads. Each disagreement is an error of
one of the two. Without names: the whole standard library, or with `--packages` all that is installed.
"""

import argparse
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.facts import ModuleFacts
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from spybuild.static.resolve import INTERNAL, Resolver
from tests.probe.running import ask
from tests.static.comparing import Tally, compare

# what opens browsers, prints essays, or runs a program when it is imported
_LEFT_OUT = ("antigravity", "this", "__main__", "idlelib.idle", "test", "lib2to3.tests", "turtledemo")
_NAMES = """
import json, pkgutil, sys, sysconfig
which = sys.argv[1]
paths = sysconfig.get_paths()
top = paths["stdlib"] if which == "stdlib" else paths["purelib"]
names = []
def walk(path, prefix, depth):
    for info in pkgutil.iter_modules([path]):
        name = prefix + info.name
        names.append(name)
        if info.ispkg and depth < 6:
            walk(path + "/" + info.name, name + ".", depth + 1)
walk(top, "", 0)
print(json.dumps(names))
"""


def names_of(python: str, which: str) -> list[str]:
    """The modules of an interpreter's standard library, or all that is installed for it."""
    told = subprocess.run([python, "-c", _NAMES, which], capture_output=True, check=True, text=True).stdout
    return [name for name in json.loads(told) if not name.startswith(_LEFT_OUT) and ".test" not in f".{name}"[1:]]


def sampled(names: Sequence[str], most: int) -> list[str]:
    """Of each package itself and `most` of its modules, the same ones each time."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.partition(".")[0], []).append(name)
    chosen = (
        sorted(group, key=lambda name: (name.count(".") > 0, zlib.crc32(name.encode())))[: most + 1]
        for group in groups.values()
    )
    return [name for group in chosen for name in group]


def probed(python: str, names: Sequence[str]) -> dict[str, ModuleFacts]:
    """What the probe says, in batches."""
    batches = [names[index : index + 25] for index in range(0, len(names), 25)]
    found: dict[str, ModuleFacts] = {}

    def one(batch: Sequence[str]) -> None:
        answer = ask(python, list(batch), memory_bytes=4 << 30, answer_bytes=64 << 20)
        found.update({each["requested"]: ModuleFacts.model_validate(each) for each in answer["modules"]})

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, batches))
    return found


def resolver_for(python: str) -> Resolver:
    """A resolver that reads this machine as if it were an image that starts `python`."""
    files = FolderFiles(Path("/"), with_mounts=True)
    target = read_target(files, ImageConfig(), Platform.of("linux", "amd64"), python=python)
    return Resolver(Search(files, target), target)


def run(python: str, names: Iterable[str], cache: Path | None = None) -> tuple[Tally, dict[str, float]]:
    """Compare all modules; returns the sum and the seconds that the resolver took for each."""
    every = list(names)
    known: dict[str, ModuleFacts] = {}
    if cache and cache.exists():
        known = {name: ModuleFacts.model_validate(told) for name, told in json.loads(cache.read_text()).items()}
    missing = [name for name in every if name not in known]
    if missing:
        known.update(probed(python, missing))
        if cache:
            cache.write_text(json.dumps({name: facts.model_dump(mode="json") for name, facts in known.items()}))
    total, seconds = Tally(), {}
    resolver = resolver_for(python)
    read = 0
    for name in every:
        if known[name].outcome in ("timeout", "killed", "unreadable"):
            continue
        found = resolver.search.module(name)
        began = time.perf_counter()
        if found is None:
            if known[name].outcome == "imported":
                total.wrong.append(f"{name}: not found, the probe has it")
            continue
        facts = resolver.resolve(found, name)
        assert facts.error is None or INTERNAL not in facts.error.message, (name, facts.error)
        read += 1
        resolver = resolver if read % 40 else Resolver(resolver.search, resolver.target)  # trees take memory
        seconds[name] = time.perf_counter() - began
        total.add(compare(facts, known[name]))
    return total, seconds


def main() -> int:
    """Print the table; 0 where nothing was decided wrongly."""
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--packages", action="store_true")
    parser.add_argument("--sample", type=int, default=0, help="so many modules of each package")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--show", type=int, default=40)
    options = parser.parse_args()
    names = options.names or names_of(options.python, "site" if options.packages else "stdlib")
    names = sampled(names, options.sample) if options.sample else names
    total, seconds = run(options.python, names, options.cache)
    for line in [*total.wrong[: options.show], *total.soft_wrong[: options.show // 2]]:
        print(line)
    for reason, count in total.reasons.most_common(options.show):
        print(f"{count:6} {reason[:150]}")
    every = total.decided + total.undecided + len(total.wrong)
    slowest = sorted(seconds, key=lambda name: -seconds[name])[:5]
    print("slowest", [(name, round(seconds[name], 2)) for name in slowest], "sum", round(sum(seconds.values()), 1))
    print(
        f"{len(seconds)} modules, {every} declarations: decided {total.decided} ({total.decided / max(every, 1):.2%}), "
        f"undecided {total.undecided}, wrong {len(total.wrong)}; details {total.soft}, differing {len(total.soft_wrong)}"
    )
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
