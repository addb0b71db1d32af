"""The layout that the demo writes is one."""

import json
import os
from pathlib import Path

from demo.layout import LayoutWriter
from spybuild.images.layers.store import LayerStore
from spybuild.images.opening import open_source


def written(folder: Path) -> Path:
    program, twin = folder / "program", folder / "twin"
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o700)
    os.link(program, twin)
    writer = LayoutWriter(folder / "layout")
    layers = [writer.layer({"bin/program": program, "bin/twin": twin}), writer.layer({"app/plugin.py": program})]
    config = {"Env": ["A=b"], "Entrypoint": ["/bin/program"]}
    writer.finish([writer.platform(each, layers, config) for each in ("linux/amd64", "linux/arm/v7")])
    return folder / "layout"


def test_it_is_read_as_an_image_of_its_platforms(tmp_path: Path) -> None:
    """Both platforms, their config and files; a file with two names here is two files there."""
    source = open_source(f"oci-dir://{written(tmp_path)}", store=LayerStore())
    image = source.image()
    assert [str(each.platform) for each in image.platforms] == ["linux/amd64", "linux/arm/v7"]
    for each in image.platforms:
        assert source.config(each).entrypoint == ("/bin/program",)
        files = source.files(each)
        found = files.find("/bin/twin")
        assert found is not None
        assert (found.mode, found.owner, found.layer) == (0o755, 0, 0)
        assert files.read("/app/plugin.py") == files.read("/bin/twin") == b"#!/bin/sh\n"
    source.close()


def test_layers_of_several_platforms_are_there_once(tmp_path: Path) -> None:
    """Two layers, two configs, two manifests and an index are all its blobs."""
    folder = written(tmp_path)
    assert len(list((folder / "blobs" / "sha256").iterdir())) == 7
    assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}


def test_it_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    """What an earlier demo left is gone."""
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "old").write_text("old")
    assert not (written(tmp_path) / "old").exists()
