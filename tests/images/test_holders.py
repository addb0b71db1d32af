"""Folders of the host that hold a layout."""

import os
from pathlib import Path

import pytest

from spybuild.errors import ImageInvalid
from spybuild.images.holders import Folder


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """A folder with a file, beside another one."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "layout" / "blobs").mkdir(parents=True)
    (tmp_path / "layout" / "index.json").write_text("{}")
    return tmp_path / "layout"


def read(root: Path, path: str) -> bytes | None:
    """A file's content."""
    file = Folder(root).open(path)
    if file is None:
        return None
    with file:
        return file.read()


def test_files_are_read_by_name(layout: Path) -> None:
    """What is not there has no content and no size."""
    assert (read(layout, "index.json"), Folder(layout).size("index.json")) == (b"{}", 2)
    for missing in ("nothing", "blobs/nothing", "index.json/nothing"):
        assert (read(layout, missing), Folder(layout).size(missing)) == (None, None)


@pytest.mark.parametrize("target", ["../secret", "../../../../../../etc/passwd", "/etc/passwd", "/dev/zero"])
def test_a_link_that_leads_out_is_not_followed(layout: Path, target: str) -> None:
    """Of index.json no digest is known: a link could show us any file."""
    (layout / "link").symlink_to(target)
    with pytest.raises(ImageInvalid, match="leads out"):
        read(layout, "link")


def test_a_folder_that_is_a_link_out_is_not_followed(layout: Path) -> None:
    """Neither on the way."""
    (layout / "out").symlink_to("..")
    with pytest.raises(ImageInvalid, match="leads out"):
        read(layout, "out/secret")


def test_links_inside_are_followed(layout: Path) -> None:
    """Bazel makes layouts of links; the layout's own path may be one, too."""
    (layout / "blobs" / "a").symlink_to("../index.json")
    assert read(layout, "blobs/a") == b"{}"
    other = layout.parent / "other"
    other.symlink_to(layout)
    assert read(other, "blobs/a") == b"{}"


def test_links_that_go_round_are_refused(layout: Path) -> None:
    """With one clear error."""
    (layout / "round").symlink_to("round")
    with pytest.raises(ImageInvalid):
        read(layout, "round")


def test_only_regular_files_are_read(layout: Path) -> None:
    """A pipe would keep us waiting for ever."""
    os.mkfifo(layout / "pipe")
    for path in ("pipe", "blobs"):
        with pytest.raises(ImageInvalid, match="no regular file"):
            read(layout, path)
