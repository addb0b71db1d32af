"""Tests of interrupts: Ctrl-C is never lost."""

import subprocess
import sys

LOST = """
import gc, os, signal, sys, time
from spybuild.cli import app

class Dropped:
    def __del__(self):  # what is raised here, Python drops
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000): pass

def application(arguments):
    def run(*_, **__):
        Dropped()
        gc.collect()
        time.sleep(20)
        return 0
    return run

app.application = application
sys.exit(app.main([]))
"""


def test_an_interrupt_that_python_drops_comes_again() -> None:
    """The handler's exception went into a callback of the importer's, and the scan ran on to its end."""
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, timeout=15, check=False)
    assert (done.returncode, done.stderr) == (130, "spybuild: interrupted\n")
