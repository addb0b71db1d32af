"""Frames above, and the namespaces that they lead to."""

from pathlib import Path

import pytest

from tests.static.reading import against_probe, has, read

BIND = "f_globals['made'] = 1"
KNOWN = {
    "the caller's": f"import sys\ndef f(): sys._getframe(1).{BIND}\nf()\n",
    "its own": f"import sys\ndef f(): sys._getframe().{BIND}\nf()\n",
    "another module's caller": "import helper\nhelper.fix()\n",
    "through two": f"import sys\ndef f(): sys._getframe(2).{BIND}\ndef g(): f()\ng()\n",
}


@pytest.mark.parametrize("case", KNOWN)
def test_the_namespace_of_a_caller_is_known(tmp_path: Path, case: str) -> None:
    """Where every call between is seen, so is whose frame is meant."""
    (tmp_path / "helper.py").write_text(f"import sys\ndef fix(): sys._getframe(1).{BIND}\n")
    assert not against_probe(tmp_path, KNOWN[case]).wrong
    assert has(read(tmp_path, KNOWN[case]), "made")


UNKNOWN = {
    "a callback's": f"import sys, helper\ndef f(*a): sys._getframe(1).{BIND}\nhelper.call(f)\n",
    "a sorting key's": f"import sys\ndef f(x):\n sys._getframe(1).{BIND}\n return x\nsorted([2, 1], key=f)\n",
    "a dispatcher's": f"import sys, functools\ndef f(*a): sys._getframe(1).{BIND}\nfunctools.singledispatch(f)(1)\n",
    "a comprehension's": f"import sys\ndef f(): sys._getframe(1).{BIND}\n[f() for _ in (1,)]\n",
    "a generator's": f"import sys\ndef f():\n sys._getframe(1).{BIND}\n yield\nfor _ in f(): pass\n",
    "a wrapper's": f"import sys, helper\n@helper.wrap\ndef f(): sys._getframe(1).{BIND}\nf()\nk = 'made' in vars(helper)\n",
    "beyond the module": f"import sys\ndef f(): sys._getframe(2).{BIND}\nf()\n",
    "of a depth": f"import os, sys\ndef f(): sys._getframe(len(os.environ) * 0 + 1).{BIND}\nf()\n",
    "an attribute's": f"import sys\nclass K:\n def __getattr__(self, n): sys._getframe(1).{BIND}\nK().x\n",
    "back from it": f"import sys\ndef f(): sys._getframe().f_back.{BIND}\nf()\n",
    "a class's": "import sys\ndef f(): sys._getframe(1).f_locals['made'] = 1\nclass K: f()\n",
    "values": (
        "import os\nif os.environ.get('NOT_SET'): maybe = 1\nclass K: ...\nfor v in list(globals().values()):\n"
        " if isinstance(v, type): v.extra = 1\n"
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_other_frames_are_never_mistaken(tmp_path: Path, case: str) -> None:
    """What is bound through a frame is where Python binds it, or in doubt."""
    helper = "def call(f): f()\ndef wrap(f):\n def w(*a): return f(*a)\n return w\n"
    (tmp_path / "helper.py").write_text(helper)
    assert not against_probe(tmp_path, UNKNOWN[case]).wrong
