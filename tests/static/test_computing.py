"""Calls of the standard library that only compute are made, where what they are given is constant."""

from dataclasses import replace
from pathlib import Path

import pytest

from spybuild.model.facts import Outcome
from tests.static.reading import assert_fails_as_here, has, here, read, target_of

FAILING = {
    "a text that is no JSON": "import json\njson.loads('x')",
    "a pattern": "import re\nre.compile('(')",
    "a group that a pattern lacks": r"import re" + "\nre.sub('a', r'\\1', 'a')",
    "a call without its argument": "len()",
    "no class to be an instance of": "isinstance(1, 5)",
    "an item that a list lacks": "[].index(1)",
    "a letter that a text lacks": "'a'.index('b')",
    "the greatest of nothing": "max([])",
    "a step of nothing": "range(1, 2, 0)",
    "a number for bytes": "bytes('a')",
    "a number": "from decimal import Decimal\nDecimal('x')",
    "an identifier": "import uuid\nuuid.UUID('x')",
    "a month": "import datetime\ndatetime.date(2020, 13, 1)",
    "a time in another form": "import datetime\ndatetime.datetime.strptime('x', '%Y')",
    "an address": "import ipaddress\nipaddress.ip_address('x')",
    "hexadecimal digits": "bytes.fromhex('x')",
    "a structure": "import struct\nstruct.pack('i', 'a')",
    "a root": "import math\nmath.sqrt(-1)",
    "a factory": "import collections\ncollections.defaultdict(5)",
    "an option that there is not": "from dataclasses import dataclass\n@dataclass(nope=1)\nclass A: ...",
    "a class made of no class": "type('A', (5,), {})",
    "a negative shift": "1 << -1",
    "a zero with a negative power": "0 ** -1",
}


@pytest.mark.parametrize("case", FAILING)
def test_what_a_call_raises_the_import_raises(tmp_path: Path, case: str) -> None:
    """The exception is the one that Python itself raises."""
    assert_fails_as_here(tmp_path, FAILING[case])


WORKING = {
    "what is caught by a base": "import json\ntry: json.loads('x')\nexcept ValueError: x = 1",
    "a pattern with flags": "import re\nre.compile('a # (\\n', re.X) if 0 else re.compile('a', re.I)\nx = 1",
    "values that are not known": "import os, json\njson.loads(os.environ.get('A', '1'))\nint(os.environ.get('A', 1))\nx = 1",
    "super in a method": "class A: ...\nclass B(A):\n def __init__(self): super().__init__()\nB()\nx = 1",
    "names of a file": "import os.path\nx = os.path.join('a', 'b')",
    "a default that is a class": "import collections\nx = collections.defaultdict(list)\nx = 1",
    "a list that is not known": "import os\nmax(os.listdir('/'))\nx = 1",
}


@pytest.mark.parametrize("case", WORKING)
def test_a_call_that_works_or_is_not_known_decides_nothing_away(tmp_path: Path, case: str) -> None:
    """No failure is seen where there is none for sure."""
    facts = read(tmp_path, WORKING[case] + "\n")
    assert facts.outcome is Outcome.IMPORTED
    assert has(facts, "x"), facts.undecided


LARGE = {
    "an encoding whose cost is a square": f"x = bytes({''.join(map(chr, range(0x4E00, 0x4E00 + 4900)))!r}, 'punycode')\n"
    * 20,
    "the same, by a keyword": f"x = bytes({''.join(map(chr, range(0x4E00, 0x4E00 + 4900)))!r}, encoding='idna')\n" * 20,
    "standard input": "import shlex\nx = shlex.split(None)",
    "digits": "from fractions import Fraction\nx = Fraction('1e999999999')",
    "a power": "pow(10, 10 ** 9)",
    "a rounding": "round(5, -10 ** 9)",
    "zeros": "bytes(10 ** 10)",
    "a width": "format(1, '>9999999999')",
    "padding": "import struct\nstruct.pack('9999999999s', b'')",
    "brackets in JSON": f"import json\njson.loads('{'[' * 4000}')",
    "brackets in a pattern": f"import re\nre.compile('{'(' * 4000}a{')' * 4000}')",
    "a pattern of time": f"import datetime\ndatetime.datetime.strptime('{'1' * 500}', '{'%d' * 500}')",
}


@pytest.mark.parametrize("case", LARGE)
@pytest.mark.timeout(60)
def test_nothing_is_computed_whose_cost_has_no_bound(tmp_path: Path, case: str) -> None:
    """Hostile constants are let be: the reading ends soon, and takes no memory."""
    assert read(tmp_path, LARGE[case] + "\ny = 1\n").outcome in Outcome


def test_a_failure_here_is_a_doubt_where_the_target_is_another_version(tmp_path: Path) -> None:
    """What this Python's own library raises says nothing for sure of another's."""
    other = replace(target_of(here()[1].minor[1] + 1))
    facts = read(tmp_path, "import re\nre.compile('(')\nx = 1\n", target=other)
    assert facts.outcome is Outcome.IMPORTED
    assert not has(facts, "x")


def test_a_pattern_that_only_newer_versions_know_is_a_doubt(tmp_path: Path) -> None:
    """Possessive quantifiers came with 3.11."""
    source = "import re\nre.compile('a++')\nx = 1\n"
    assert not has(read(tmp_path, source, target=target_of(10)), "x")
    assert has(read(tmp_path, source, target=target_of(12)), "x")


DOUBTED = {
    "next of what may be empty": "next(iter([]))",
    "what is given to a parser": "import xml.etree.ElementTree as E\nE.fromstring('x')",
    "a distribution": "from importlib import metadata\nmetadata.version('nope-nope')",
    "a codec": "import codecs\ncodecs.lookup('nope')",
    "a function of the library that raises": "import fractions\nfractions.Fraction(1.5, 2)",
}


@pytest.mark.parametrize("case", DOUBTED)
def test_what_is_not_looked_into_is_in_doubt(tmp_path: Path, case: str) -> None:
    """Calls whose success depends on what they are given, and which are not made here, leave the import undecided."""
    assert not has(read(tmp_path, f"x = 1\n{DOUBTED[case]}\n"), "x")
