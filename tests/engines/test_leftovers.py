"""Whose container is nobody's any more."""

import os
import subprocess
import sys
import time

from spybuild.engines.leftovers import EXPIRES, OWNER, SCAN, owner_labels, reap


class Daemon:
    """As much of docker-py's API as reaping needs."""

    def __init__(self, *labels: dict[str, str]) -> None:
        self.alive = {str(number): labels for number, labels in enumerate(labels)}

    def containers(self, **_options: object) -> list[dict[str, object]]:
        """All containers."""
        return [{"Id": identity, "Labels": labels} for identity, labels in self.alive.items()]

    def remove_container(self, identity: str, **_options: object) -> None:
        """Remove one."""
        del self.alive[identity]


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
    daemon = Daemon(dead, reused)
    assert reap(daemon) == 2
    assert daemon.alive == {}


def test_a_container_whose_maker_lives_is_left_alone() -> None:
    """Two scans at once do not disturb each other."""
    assert reap(Daemon(owner_labels(3600))) == 0


def test_a_container_of_another_machine_is_left_until_its_time_is_up() -> None:
    """On a shared daemon nobody can tell whether its maker lives."""
    foreign = {SCAN: "1", OWNER: "other-boot:pid:[1]/1:1", EXPIRES: str(int(time.time()) + 60)}
    assert reap(Daemon(foreign)) == 0
    assert reap(Daemon({**foreign, EXPIRES: str(int(time.time()) - 60)})) == 1


def test_labels_that_make_no_sense_are_left_alone() -> None:
    """Somebody else's labels are not ours to judge."""
    assert reap(Daemon({SCAN: "1"}, {SCAN: "1", OWNER: "x", EXPIRES: "soon"})) == 0


def test_the_labels_name_this_process() -> None:
    """The owner is boot, namespace of process ids, process id and start."""
    assert f"/{os.getpid()}:" in owner_labels(1)[OWNER]


def test_a_container_made_in_another_namespace_of_process_ids_is_left_alone() -> None:
    """Two CI jobs in containers share the boot and one daemon; a process id of the one means nothing to the other."""
    labels = owner_labels(3600)
    boot, _, rest = labels[OWNER].partition(":")
    elsewhere = f"{boot}:pid:[1]/{rest.rpartition('/')[2]}0"
    assert reap(Daemon({**labels, OWNER: elsewhere})) == 0
