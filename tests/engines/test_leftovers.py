"""Whose container is nobody's any more."""

import os
import subprocess
import sys
import time

from spybuild.daemon.api import EngineApi
from spybuild.engines.leftovers import EXPIRES, OWNER, SCAN, owner_labels, reap
from tests.fakes.daemon import running


def reaped(*labels: dict[str, str]) -> list[str]:
    """Which of the containers with these labels, called by their numbers, are removed."""
    alive = [{"Id": str(number), "Labels": each} for number, each in enumerate(labels)]
    answers = {f"DELETE /containers/{number}": None for number in range(len(labels))}
    with running({"GET /containers/json": alive, **answers}) as (daemon, address):
        count = reap(EngineApi(address))
    removed = [asked.rpartition("/")[2] for asked, *_ in daemon.asked if asked.startswith("DELETE")]
    assert count == len(removed)
    return removed


def labels_of_a_process_that_ended() -> dict[str, str]:
    """The labels that another process gave a container before it died."""
    code = "from spybuild.engines.leftovers import owner_labels; print(owner_labels(3600))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    labels: dict[str, str] = eval(done.stdout)
    return labels


def test_a_container_whose_maker_is_gone_is_removed() -> None:
    """The process id may be in use again: its start tells them apart."""
    dead = labels_of_a_process_that_ended()
    reused = {**owner_labels(3600), OWNER: owner_labels(3600)[OWNER] + "0"}
    assert reaped(dead, reused) == ["0", "1"]


def test_a_container_whose_maker_lives_is_left_alone() -> None:
    """Two scans at once do not disturb each other."""
    assert reaped(owner_labels(3600)) == []


def test_a_container_of_another_machine_is_left_until_its_time_is_up() -> None:
    """On a shared daemon nobody can tell whether its maker lives."""
    foreign = {SCAN: "1", OWNER: "other-boot:pid:[1]/1:1", EXPIRES: str(int(time.time()) + 60)}
    assert reaped(foreign) == []
    assert reaped({**foreign, EXPIRES: str(int(time.time()) - 60)}) == ["0"]


def test_labels_that_make_no_sense_are_left_alone() -> None:
    """Somebody else's labels are not ours to judge."""
    assert reaped({SCAN: "1"}, {SCAN: "1", OWNER: "x", EXPIRES: "soon"}) == []


def test_the_labels_name_this_process() -> None:
    """The owner is boot, namespace of process ids, process id and start."""
    assert f"/{os.getpid()}:" in owner_labels(1)[OWNER]


def test_a_container_made_in_another_namespace_of_process_ids_is_left_alone() -> None:
    """Two CI jobs in containers share the boot and one daemon; a process id of the one means nothing to the other."""
    labels = owner_labels(3600)
    boot, _, rest = labels[OWNER].partition(":")
    elsewhere = f"{boot}:pid:[1]/{rest.rpartition('/')[2]}0"
    assert reaped({**labels, OWNER: elsewhere}) == []
