"""One writer at a time, as far as that can be had."""

import multiprocessing
import threading
import time
from pathlib import Path

import pytest

from spybuild.images.registry import locks
from spybuild.images.registry.locks import alone


def append(folder: Path, name: str) -> None:
    """Read, wait, write: what loses lines unless it is alone."""
    file = folder / "list"
    with alone(name, folder / "locks"):
        lines = file.read_text()
        time.sleep(0.02)
        file.write_text(f"{lines}x")


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_writers_take_turns(tmp_path: Path, kind: str) -> None:
    """Threads, and processes."""
    (tmp_path / "list").write_text("")
    maker = threading.Thread if kind == "threads" else multiprocessing.get_context("spawn").Process
    writers = [maker(target=append, args=(tmp_path, "a")) for _ in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert (tmp_path / "list").read_text() == "xxxx"


def test_another_name_is_another_lock(tmp_path: Path) -> None:
    """Nobody waits for what is not his."""
    with alone("a", tmp_path), alone("b", tmp_path):
        assert len(list(tmp_path.iterdir())) == 2


def test_lock_files_are_few(tmp_path: Path) -> None:
    """However many tags there are."""
    for number in range(600):
        with alone(f"tag {number}", tmp_path):
            pass
    assert 200 < len(list(tmp_path.iterdir())) <= 256


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is a courtesy."""
    monkeypatch.setattr(locks, "_LONGEST", 0.05)
    done = threading.Event()

    def second() -> None:
        with alone("a", tmp_path):
            done.set()

    with alone("a", tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        assert done.wait(5)
    thread.join()


@pytest.mark.parametrize("obstacle", ["file", "link", "missing"])
def test_where_there_can_be_no_lock_there_is_none(tmp_path: Path, obstacle: str) -> None:
    """A folder that is none, that leads elsewhere, or that cannot be made: the writing goes on."""
    folder = tmp_path / "locks"
    if obstacle == "file":
        folder.write_text("")
    elif obstacle == "link":
        (tmp_path / "elsewhere").mkdir()
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder = tmp_path / "no" / "such" / "folder"
    with alone("a", folder):
        pass
    assert not list(tmp_path.glob("elsewhere/*"))


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    """For the next one."""
    with pytest.raises(ValueError, match="x"), alone("a", tmp_path):
        raise ValueError("x")
    with alone("a", tmp_path):
        pass
