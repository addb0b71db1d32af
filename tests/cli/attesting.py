"""A desk for tests of the verbs that attest and verify: a registry with an image, keys, a contract, reports."""

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from spybuild.cli import main
from spybuild.contracts import load_contract
from spybuild.images.oci.indexes import platforms_of
from spybuild.model.report import ContractReference, PlatformReport, Report, Subject
from spybuild.reports import as_json
from tests.attestation.making import pem, platform_report, report, signing_key
from tests.fakes.registry_writes import FakeWritableRegistry
from tests.images.registry.asking import writable

CONTRACT = "filename: plugin.py\nfunctions:\n  - name: run\n"
KEY = signing_key("cosign.key")


@dataclass(frozen=True)
class Said:
    """How a verb ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """A folder with `cosign.key`, `cosign.pub` and `spymodel.yml`, and a registry with an image of two platforms."""

    folder: Path
    server: FakeWritableRegistry
    capsys: pytest.CaptureFixture[str]

    @property
    def image(self) -> str:
        """The image."""
        return f"{self.server.address}/shop/api:1"

    def run(self, *arguments: str | Path, **variables: str) -> Said:
        """Run the command line in this process, in the folder, with only these variables of ours."""
        self.capsys.readouterr()
        with _surroundings(self.folder, variables):
            code = main([str(each) for each in arguments])
        said = self.capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        return Said(code, said.out, said.err)

    def attest(self, *arguments: str | Path, **variables: str) -> Said:
        """Attest the report in `report.json`; with the key, where nothing else is said."""
        how = arguments or ("--key", "cosign.key")
        return self.run("attest", self.image, "--report", "report.json", *how, **variables)

    def verify(self, *arguments: str | Path, image: str = "", **variables: str) -> Said:
        """Verify by the key and the contract, where nothing else is said of them."""
        signer = () if {"--key", "--certificate-identity", "--policy"} & set(arguments) else ("--key", "cosign.pub")
        contract = () if {"--contract", "--policy"} & set(arguments) else ("--contract", "spymodel.yml")
        return self.run("verify", image or self.image, *signer, *contract, *arguments, **variables)

    def report(self, **changes: Any) -> Report:
        """A report on the image as the registry has it; it is written to `report.json`."""
        made = report(*self.platforms(), **{**self._usual(), **changes})
        (self.folder / "report.json").write_text(as_json.render(made))
        return made

    def platforms(self, **changes: Any) -> list[PlatformReport]:
        """A pass of each platform, with these changes."""
        root, content = self._root()
        found = platforms_of("it", root, content, writable(self.server).fetch)
        return [platform_report(str(each.platform), **{"digest": str(each.digest), **changes}) for each in found]

    def _usual(self) -> dict[str, Any]:
        contract = load_contract(self.folder / "spymodel.yml").contract
        return {
            "subject": Subject(reference=self.image, digest=str(self._root()[0].digest), kind="index"),
            "contract": ContractReference(path="spymodel.yml", digest=str(contract.digest)),
        }

    def _root(self) -> Any:
        return writable(self.server).manifest("1")

    def policy(self, name: str = "gate.yml", **changes: Any) -> Path:
        """A policy that the image fulfils, with these changes; its file."""
        usual = {
            "schemaVersion": 1,
            "signers": [{"key": {"file": "cosign.pub"}}],
            "contracts": [{"file": "spymodel.yml"}],
            "maxAge": "30d",
            "unauthenticatedTime": "accept",
            "platforms": {"required": ["linux/amd64", "linux/arm64"]},
            "repositories": {"attestedFor": ["**/shop/api"]},
        }
        (self.folder / name).write_text(json.dumps({**usual, **changes}))
        return self.folder / name


def desk_in(folder: Path, server: FakeWritableRegistry, capsys: pytest.CaptureFixture[str]) -> Desk:
    """The desk, laid out."""
    (folder / "cosign.key").write_bytes(pem(KEY.private))
    (folder / "cosign.pub").write_text(KEY.public.pem)
    (folder / "spymodel.yml").write_text(CONTRACT)
    return Desk(folder, server, capsys)


@contextmanager
def _surroundings(folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """A user's shell in the folder; the handlers of signals are as before, afterwards."""
    before, here = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}, Path.cwd()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("SPYBUILD_", "COSIGN_"))}
    os.chdir(folder)
    try:
        with mock.patch.dict(os.environ, {**kept, "CI": "true", **variables}, clear=True):
            yield
    finally:
        os.chdir(here)
        for number, handler in before.items():
            signal.signal(number, handler)
