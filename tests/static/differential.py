"""The resolver against the probe, on real modules: `python -m tests.static.differential PYTHON [NAME...] [--packages [PACKAGE...]]`.

Both look at the same files; the probe runs in the interpreter, the resolver only reads. Each disagreement is an error of
one of the two. Without names: the whole standard library, or with `--packages` what is installed.
"""

import argparse
import gc
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from spybuild.__main__ import BETWEEN_COLLECTIONS
from spybuild.images.rootfs import FolderFiles
from spybuild.interpreters.search import Search
from spybuild.interpreters.target import read_target
from spybuild.model.facts import ModuleFacts
from spybuild.model.image import ImageConfig
from spybuild.model.platforms import Platform
from spybuild.static.library import Library
from spybuild.static.resolve import INTERNAL, Resolver, resolve
from tests.probe.running import ENVIRONMENT, ask
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
    target = replace(target, variables=frozenset(ENVIRONMENT))
    return Resolver(Search(files, target), target)


@dataclass
class Row:
    """What one package came to."""

    modules: int = 0
    seconds: float = 0.0
    tally: Tally = field(default_factory=Tally)

    @property
    def declarations(self) -> int:
        """All that both were asked about."""
        return self.tally.decided + self.tally.undecided + len(self.tally.wrong)

    @property
    def share(self) -> float:
        """How much of it was decided."""
        return self.tally.decided / max(self.declarations, 1)


def answers(python: str, names: Sequence[str], cache: Path | None) -> dict[str, ModuleFacts]:
    """What the probe says of each; kept in a file, since nothing that is compared changes it."""
    told = json.loads(cache.read_text()) if cache and cache.exists() else {}
    known = {name: ModuleFacts.model_validate(told[name]) for name in names if name in told}
    missing = [name for name in names if name not in known]
    if missing:
        known.update(probed(python, missing))
        if cache:
            cache.write_text(json.dumps({name: facts.model_dump(mode="json") for name, facts in known.items()}))
    return known


def run(python: str, names: Iterable[str], known: Mapping[str, ModuleFacts]) -> Iterator[tuple[str, Row]]:
    """Compare all modules, a package at a time; each is read as the product reads it, and parsed sources are shared."""
    search = resolver_for(python).search
    for package, group in groupby(names, key=lambda name: name.partition(".")[0]):
        library, row = Library(search.files, search.target), Row()
        for name in group:
            if known[name].outcome in ("timeout", "killed", "unreadable"):
                continue
            found = search.module(name)
            if found is None:
                if known[name].outcome == "imported":
                    row.tally.wrong.append(f"{name}: not found, the probe has it")
                continue
            began = time.process_time()
            facts = resolve(search, search.target, found, name, library)
            row.seconds += time.process_time() - began
            assert facts.error is None or INTERNAL not in facts.error.message, (name, facts.error)
            row.tally.add(compare(facts, known[name]))
            row.modules += 1
        yield package, row


def _shown(package: str, row: Row) -> str:
    wrong = len(row.tally.wrong)
    return f"| {package} | {row.modules} | {row.declarations} | {row.share:.2%} | {wrong} | {row.seconds:.1f} s |"


def main() -> int:
    """Print a table by package, what was decided wrongly, and why names were left; 0 where nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--packages", nargs="*", help="what is installed, or these of it; not the standard library")
    parser.add_argument("--sample", type=int, default=0, help="so many modules of each package")
    parser.add_argument("--cache", type=Path, help="a file that keeps the probe's answers")
    parser.add_argument("--show", type=int, default=40, help="so many reasons and wrong decisions")
    options = parser.parse_args()
    gc.set_threshold(BETWEEN_COLLECTIONS)  # as the command line does
    names = options.names or names_of(options.python, "stdlib" if options.packages is None else "site")
    if options.packages:
        names = [name for name in names if name.partition(".")[0] in options.packages]
    names = sampled(names, options.sample - 1) if options.sample else sorted(names)
    total = Row()
    for package, row in run(options.python, names, answers(options.python, names, options.cache)):
        if row.declarations:
            print(_shown(package, row), flush=True)
        total.tally.add(row.tally)
        total.modules, total.seconds = total.modules + row.modules, total.seconds + row.seconds
    tally = total.tally
    for line in [*tally.wrong[: options.show], *tally.soft_wrong[: options.show // 2]]:
        print(line)
    for reason, count in tally.reasons.most_common(options.show):
        print(f"{count:6} {reason[:150]}")
    print(_shown("all", total), f"details {tally.soft}, differing {len(tally.soft_wrong)}")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
