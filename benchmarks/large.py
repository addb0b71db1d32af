"""Images as large as services have them, in one layer: real wheels on a base image, with their bytecode."""

import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.measuring import MeasurementError
from benchmarks.samples import Sample
from tests.stack import Docker, Stack, debs
from tests.stack.home import Home

_SMART_HOME = Path(__file__).parent.parent / "sample-images" / "smart-home"
# Each with all that it requires.
_WHEELS = (
    "Django==5.2.7", "asgiref==3.10.0", "sqlparse==0.5.3", "SQLAlchemy==2.0.44", "greenlet==3.2.4", "numpy==2.3.4",
    "pydantic==2.12.3", "pydantic-core==2.41.4", "typing-extensions==4.15.0", "annotated-types==0.7.0",
    "typing-inspection==0.4.2",
)  # fmt: skip
_TAGS = ("manylinux_2_28_x86_64", "manylinux_2_24_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_MODULE = "thermostat.plugin"
_SITE = "/usr/local/lib/python3.13/dist-packages"
_DOCKERFILE = f"""\
ARG BASE
FROM ${{BASE}} AS whole
COPY site/ {_SITE}/
RUN python3 -m compileall -q {_SITE}
ARG COPIES
RUN for number in $(seq ${{COPIES}}); do mkdir -p /opt/$number/lib/python3.13 && \
    cp -a {_SITE} /opt/$number/lib/python3.13/site-packages; done
COPY lib/ /usr/lib/
COPY app/ /app/
FROM scratch
COPY --from=whole / /
ENV PATH=/usr/local/bin:/usr/bin:/bin PLATFORM_ENV=production POLL_SECONDS=30 PYTHONPATH=/app
ENTRYPOINT ["python3", "-m", "thermostat.plugin"]
"""


@dataclass(frozen=True)
class Large:
    """One such image: in the registry, and in a folder of the stack's cache."""

    reference: str
    """What the registry calls it."""
    folder: Path

    @property
    def archive(self) -> Path:
        """What `docker save` wrote of it: an OCI archive and a docker archive in one, the layer gzipped."""
        return self.folder / "image.tar"

    @property
    def layer(self) -> Path:
        """Its one layer, as it is stored."""
        return self.folder / "layer.tar.gz"

    @property
    def recorded(self) -> Path:
        """The contents of all files that a RECORD has a hash of, one after the other."""
        return self.folder / "recorded"

    @property
    def recorded_names(self) -> Path:
        """The paths in the image of those files, one a line."""
        return self.folder / "recorded.txt"

    @cached_property
    def layer_digest(self) -> str:
        """What the registry calls the layer."""
        with self.layer.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"

    @property
    def sample(self) -> Sample:
        """The thermostat in it, and its contract."""
        return Sample(self.reference, self.folder / "spymodel.yml", (_MODULE,), ("--secret", "DEVICE_TOKEN"))


def large(stack: Stack, engine: Docker, copies: int = 0) -> Large:
    """The image, built once; each copy of its packages makes it larger by some 140 MB.

    Raises:
        MeasurementError: a wheel cannot be had, or the engine refuses.
    """
    base = stack.bases["3.13"]
    recipe = hashlib.sha256(repr((_DOCKERFILE, _WHEELS, _TAGS, base)).encode()).hexdigest()[:12]
    made = Large(f"{base.partition('/')[0]}/spybuild-bench/large:{recipe}-{copies}", _folder(f"{recipe}-{copies}"))
    if not (made.folder / ".ready").exists():
        context = _folder(f"context-{recipe}")
        _prepare(context)
        _build(engine, context, made, base, copies)
        _take_apart(made, context / "site")
        (made.folder / ".ready").touch()
    return made


def _folder(name: str) -> Path:
    return Home.find().folder("bench", name)


def _prepare(context: Path) -> None:
    """The build's context: wheels unpacked as installers do, and the thermostat."""
    if (context / "Dockerfile").exists():
        return
    wheels = context / "wheels"
    tags = [word for tag in _TAGS for word in ("--platform", tag)]
    command = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--python-version", "3.13", *tags]
    done = subprocess.run(
        [sys.executable, *command, "-d", str(wheels), *_WHEELS], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MeasurementError(f"the wheels of the large image cannot be had: {done.stderr.strip()[-1500:]}")
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(context / "site")
    shutil.copytree(_SMART_HOME / "smarthome", context / "app" / "smarthome", dirs_exist_ok=True)
    shutil.copytree(_SMART_HOME / "thermostat" / "thermostat", context / "app" / "thermostat", dirs_exist_ok=True)
    library = debs.unpack(Home.find(), "libstdc++", "trixie", ["libstdc++6"])  # which numpy needs
    shutil.copytree(library / "usr" / "lib", context / "lib", symlinks=True, dirs_exist_ok=True)
    (context / ".dockerignore").write_text("wheels\n**/__pycache__\n")
    (context / "Dockerfile").write_text(_DOCKERFILE)


def _build(engine: Docker, context: Path, made: Large, base: str, copies: int) -> None:
    arguments = ("--build-arg", f"BASE={base}", "--build-arg", f"COPIES={copies}", "--platform", "linux/amd64")
    build = ("buildx", "build", "--quiet", "--load", "--provenance=false", "--tag", made.reference, *arguments)
    _docker(engine, *build, str(context))
    _docker(engine, "push", "--quiet", made.reference)
    _docker(engine, "save", "--output", str(made.archive), made.reference)


def _docker(engine: Docker, *arguments: str) -> None:
    """Run the docker client; gigabytes may take it long."""
    command, environment = [engine.client or "docker", *arguments], {**os.environ, **engine.environment()}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise MeasurementError(f"docker {' '.join(arguments)}: {done.stderr.strip()[-1500:]}")


def _take_apart(made: Large, site: Path) -> None:
    """What is measured beside: the layer alone, and the bytes that RECORDs name."""
    with tarfile.open(made.archive) as tar, made.layer.open("wb") as file:
        layer = _layer_digest(tar)
        content = tar.extractfile(f"blobs/{layer.replace(':', '/')}")
        assert content is not None
        shutil.copyfileobj(content, file, 1 << 20)
    contract = (_SMART_HOME / "thermostat" / "spymodel.yml").read_text()
    (made.folder / "spymodel.yml").write_text(contract.replace("plugin.py", _MODULE, 1))  # others have a plugin.py, too
    names = list(_recorded(site))
    made.recorded_names.write_text("".join(f"{_SITE}/{name}\n" for name in names))
    with made.recorded.open("wb") as file:
        for name in names:
            file.write((site / name).read_bytes())


def _layer_digest(tar: tarfile.TarFile) -> str:
    """The digest of the one layer of the one image."""
    document = _json(tar, "index.json")
    while "layers" not in document:
        document = _json(tar, f"blobs/{document['manifests'][0]['digest'].replace(':', '/')}")
    [layer] = document["layers"]
    return str(layer["digest"])


def _json(tar: tarfile.TarFile, name: str) -> dict[str, Any]:
    file = tar.extractfile(name)
    assert file is not None
    return dict(json.load(file))


def _recorded(site: Path) -> Iterator[str]:
    """The files of all distributions that have a hash in a RECORD."""
    for record in sorted(site.glob("*.dist-info/RECORD")):
        rows = csv.reader(io.StringIO(record.read_text()))
        yield from (name for name, digest, _ in rows if digest)
