"""What is scanned: images made for it, and their contracts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.integration.building import BOTH, build, image_of
from tests.stack import Stack

BASE = "3.13"
SMART_HOME = Path(__file__).parent.parent / "sample-images" / "smart-home"
_MOST_MODULES = 100
_PREFIX = "spybuild-bench"

# Modules that take their time to import, each with a name that it must have.
HEAVY = {
    "asyncio": "run",
    "concurrent.futures.process": "EXTRA_QUEUED_CALLS",
    "email.mime.multipart": "MIMEMultipart",
    "http.server": "HTTPServer",
    "logging.config": "dictConfig",
    "multiprocessing.pool": "Pool",
    "sqlite3": "connect",
    "unittest.mock": "Mock",
    "urllib.request": "urlopen",
    "xml.etree.ElementTree": "parse",
}

_MODULE = '''\
"""A meter of electricity."""

__version__ = "2.1.0"

UNIT: str = "kWh"
PHASES: int = 3


class Meter:
    """One meter."""

    kind: str = "electricity"

    def read(self, phase: int = 1) -> float:
        return 0.0

    def report(self, values: list, unit: str = "kWh") -> dict:
        return {"unit": unit, "values": values}


def create(config: dict, name: str = "main") -> Meter:
    return Meter()


def total(values: list) -> float:
    return sum(values)
'''
_MODULES_CONTRACT = """\
filename: meter.py
version: "2.1.0"
variables:
  - {name: UNIT, annotation: str, value: kWh}
  - {name: PHASES, annotation: int, value: 3}
functions:
  - name: create
    arguments: [{name: config, annotation: dict}, {name: name, annotation: str, value: main}]
    return_annotation: Meter
  - {name: total, arguments: [{name: values, annotation: list}], return_annotation: float}
classes:
  - name: Meter
    attributes: [{type: class, name: kind, annotation: str, value: electricity}]
    methods:
      - {name: read, arguments: [{name: phase, annotation: int, value: 1}], return_annotation: float}
      - {name: report, arguments: [{name: values, annotation: list}, {name: unit, annotation: str, value: kWh}]}
"""


@dataclass(frozen=True)
class Sample:
    """An image, the contract that it fits, and the modules that the contract is about."""

    image: str
    contract: Path
    modules: Sequence[str]
    flags: Sequence[str] = ()
    """What the scan needs besides."""


def thermostat(stack: Stack) -> Sample:
    """The smart home's thermostat, as it is shipped."""
    options = ("--target", "unchecked", "--file", str(SMART_HOME / "thermostat" / "Dockerfile"))
    image = build(
        stack, f"{_PREFIX}/thermostat", SMART_HOME, *options, platforms=BOTH, build_args={"BASE": stack.bases[BASE]}
    )
    contract = SMART_HOME / "thermostat" / "spymodel.yml"
    return Sample(image, contract, ("thermostat.plugin",), ("--secret", "DEVICE_TOKEN"))


def trivial(stack: Stack, folder: Path, count: int) -> Sample:
    """So many modules that take no time to import, in one image, which is the same for every count."""
    names = trivial_names(count)
    demands = {name: f"variables: [{{name: NUMBER, value: {number}}}]" for number, name in enumerate(names)}
    return Sample(_modules_image(stack, folder), _written(folder, f"trivial-{count}", demands), names)


def heavy(stack: Stack, folder: Path) -> Sample:
    """Modules of the standard library, each named by the contract."""
    demands = {name: _present(what) for name, what in HEAVY.items()}
    return Sample(_modules_image(stack, folder), _written(folder, "heavy", demands), tuple(HEAVY))


def application(stack: Stack, folder: Path) -> Sample:
    """One module that imports the same modules of the standard library, as applications do."""
    demands = {"application": "functions: [{name: main}]"}
    return Sample(_modules_image(stack, folder), _written(folder, "application", demands), ("application",))


def module(folder: Path) -> tuple[Path, Path]:
    """A source file and its contract, in the words that ImportSpy 0.5 takes; both command lines admit it."""
    file, contract = folder / "meter.py", folder / "meter.yml"
    file.write_text(_MODULE)
    contract.write_text(_MODULES_CONTRACT)
    return file, contract


def trivial_names(count: int) -> tuple[str, ...]:
    """The names of so many trivial modules."""
    return tuple(f"trivial_{number:03}" for number in range(count))


def contract_text(demands: dict[str, str]) -> str:
    """A contract about these modules, each with its demand as a line of YAML."""
    return "modules:\n" + "".join(f"  - filename: {name}\n    {demand}\n" for name, demand in demands.items())


def import_statement(modules: Sequence[str]) -> str:
    """The statement of Python that imports the same."""
    return f"import {', '.join(modules)}"


def _present(name: str) -> str:
    """The demand that a name be there: a constant, a class or a function, as its spelling says."""
    kind = "variables" if name.isupper() else "classes" if name[0].isupper() else "functions"
    return f"{kind}: [{{name: {name}}}]"


def _modules_image(stack: Stack, folder: Path) -> str:
    files = {f"{name}.py": f"NUMBER = {number}\n" for number, name in enumerate(trivial_names(_MOST_MODULES))}
    files["application.py"] = f"{import_statement(tuple(HEAVY))}\n\n\ndef main():\n    pass\n"
    return image_of(stack, f"{_PREFIX}/modules", folder, files, base=BASE, platforms=BOTH)


def _written(folder: Path, name: str, demands: dict[str, str]) -> Path:
    path = folder / f"{name}.yml"
    path.write_text(contract_text(demands))
    return path
