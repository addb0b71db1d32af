"""Values of environment variables stay in the container, however a module prints them."""

import base64
import json
import urllib.parse
from pathlib import Path
from typing import Any

import pytest

from tests.probe.running import ask, one

SECRET = 'p"ss/wörd+ \\ 42\n!'
LEAKS = """
import base64, json, os, sys, urllib.parse
value = os.environ['DEVICE_KEY']
plain = value
inside = 'https://user:' + value + '@host/'
escaped = repr(value)
as_json = json.dumps(value)
quoted = urllib.parse.quote(value), urllib.parse.quote(value, safe=''), urllib.parse.quote_plus(value)
b64 = [base64.b64encode(b'x' * n + value.encode()).decode() for n in range(6)]
url64 = base64.urlsafe_b64encode(value.encode() + b'tail').decode()
hexed = value.encode().hex(), value.encode().hex().upper()
raw = value.encode()
nested = {'a': [(value,)]}
globals()['name_' + value] = 1
def f(a=value): pass
class A:
    attribute = value
    def __init__(self, x='constant'): self.x = x
print(value, escaped, b64, quoted, as_json, hexed)
sys.stderr.write(value * 3)
"""


def shapes() -> list[str]:
    """What must not be anywhere in an answer."""
    data = SECRET.encode()
    encoded = [base64.b64encode(b"x" * n + data).decode().strip("=")[3:-3] for n in range(3)]
    quoted = [urllib.parse.quote(SECRET), urllib.parse.quote(SECRET, safe=""), urllib.parse.quote_plus(SECRET)]
    return [SECRET, repr(SECRET)[1:-1], json.dumps(SECRET)[1:-1], data.hex(), data.hex().upper(), *quoted, *encoded]


def texts(thing: Any) -> list[str]:
    if isinstance(thing, dict):
        return [text for pair in thing.items() for item in pair for text in texts(item)]
    if isinstance(thing, list):
        return [text for item in thing for text in texts(item)]
    return [thing] if isinstance(thing, str) else []


def test_a_secret_is_hidden_in_every_shape(python: str, tmp_path: Path) -> None:
    """Plain, repr, JSON, URL-quoted, hexadecimal, base64 at any offset: in names, values, output and defaults."""
    facts = one(python, tmp_path, LEAKS, environment={"DEVICE_KEY": SECRET}, secrets=["DEVICE_KEY"])
    assert facts["outcome"] == "imported", facts
    everything = texts(facts)
    leaked = [(shape, text) for shape in shapes() for text in everything if shape in text]
    assert not leaked
    values = {item["name"]: item["value"] for item in facts["variables"]}
    assert values["plain"] == {
        "type": "str", "text": "'[value of DEVICE_KEY]'", "scalar": None, "is_scalar": False, "is_cut": False,
        "redacted": ["DEVICE_KEY"],
    }  # fmt: skip
    assert "name_[value of DEVICE_KEY]" in values
    assert facts["stderr"] == "[value of DEVICE_KEY]" * 3


def test_a_secret_is_hidden_in_errors(python: str, tmp_path: Path) -> None:
    """The message, and the source line it was raised from."""
    source = "import os\nraise ValueError('bad key ' + os.environ['API_TOKEN'])  # s3cr3tvalue\n"
    facts = one(python, tmp_path, source, environment={"API_TOKEN": "s3cr3tvalue"})
    assert facts["error"]["message"] == "bad key [value of API_TOKEN]"
    assert facts["error"]["traceback"][-1]["source"].endswith("# [value of API_TOKEN]")
    assert "s3cr3t" not in str(facts)


@pytest.mark.parametrize(
    "name", ["API_TOKEN", "client_secret", "DB_PASSWORD", "X_APIKEY", "MY_PRIVATE_KEY", "AWS_CREDENTIALS"]
)
def test_names_that_look_secret_are(python: str, tmp_path: Path, name: str) -> None:
    """A variable whose name says so is treated as a secret without being declared one."""
    facts = one(
        python, tmp_path, f"import os\ndef f(): pass\nf.__module__ = os.environ['{name}']", environment={name: "hush5"}
    )
    assert facts["functions"][0]["defined_in"] == f"[value of {name}]"


def test_other_values_are_hidden_in_free_text_only(python: str, tmp_path: Path) -> None:
    """An ordinary variable's value is taken out of values and output, but names stay."""
    source = (
        "import os\nwebhook = os.environ['WEBHOOK']\ndef internal(): pass\nprint(webhook)\nhome = os.environ['HOME']\n"
    )
    facts = one(python, tmp_path, source, environment={"WEBHOOK": "internal", "HOME": "/home/internals"})
    values = {item["name"]: item["value"] for item in facts["variables"]}
    assert values["webhook"]["redacted"] == ["WEBHOOK"]
    assert values["webhook"]["scalar"] is None
    assert facts["stdout"] == "[value of WEBHOOK]\n"
    assert facts["functions"][0]["name"] == "internal"
    assert values["home"]["text"] == "'/home/[value of WEBHOOK]s'"


def test_what_the_contract_says_itself_is_no_secret(python: str, tmp_path: Path) -> None:
    """A text the contract contains can be compared, though a variable has the same value."""
    source = "MODE = 'production'\nPORT = 808080\ndef production(): pass\n"
    facts = one(
        python,
        tmp_path,
        source,
        environment={"PLATFORM_TOKEN": "production", "PORT": "808080"},
        known=["production", "808080"],
    )
    assert [item["value"]["scalar"] for item in facts["variables"]] == ["production", 808080]
    assert facts["functions"][0]["name"] == "production"


def test_numbers_can_be_secrets(python: str, tmp_path: Path) -> None:
    """A scalar whose text is a secret is no scalar; a short secret hides only what equals it."""
    source = "import os\nPIN = int(os.environ['PIN'])\nCODE = os.environ['CODE']\nNEAR = 'x' + CODE\n"
    facts = one(python, tmp_path, source, environment={"PIN": "73911", "CODE": "7z"}, secrets=["PIN", "CODE"])
    values = {item["name"]: (item["value"]["text"], item["value"]["is_scalar"]) for item in facts["variables"]}
    assert values.pop("os") == ("<module os>", False)
    assert values == {
        "PIN": ("[value of PIN]", False),
        "CODE": ("[value of CODE]", False),
        "NEAR": ("'x7z'", True),
    }


def test_a_cut_never_shows_half_a_secret(python: str, tmp_path: Path) -> None:
    """Where output or a value is capped, no beginning of a secret is left at the end."""
    secret = "abcdefghijklmnopqrstuvwxyz0123456789"
    source = "import os\ns = os.environ['S_TOKEN']\nprint(('-' * 90 + s) * 20, end='')\nlong = ('+' * 500 + s) * 9\n"
    for size in (100, 110, 125, 126, 127, 300):
        facts = one(python, tmp_path, source, environment={"S_TOKEN": secret}, output_bytes=size)
        assert "abc" not in facts["stdout"]
        assert not [item for item in facts["variables"] if "abc" in item["value"]["text"]]


def test_fixed_words_stay(python: str, tmp_path: Path) -> None:
    """A secret that happens to be "method" does not break the answer."""
    source = "class A:\n    def run(self, a): pass\n"
    facts = one(python, tmp_path, source, environment={"A_TOKEN": "method", "B_TOKEN": "imported", "C_TOKEN": "name"})
    assert facts["classes"][0]["members"][0]["kind"] == "method"


def test_questions_are_answered_without_values(python: str) -> None:
    """Yes or no, in the order of the questions; the value stays where it is."""
    questions: list[dict[str, Any]] = [
        {"name": "MODE", "equals": "production", "type": None},
        {"name": "MODE", "equals": "test", "type": "str"},
        {"name": "PORT", "equals": None, "type": "int"},
        {"name": "RATE", "equals": None, "type": "int"},
        {"name": "RATE", "equals": None, "type": "float"},
        {"name": "ON", "equals": None, "type": "bool"},
        {"name": "EMPTY", "equals": None, "type": "list"},
        {"name": "ABSENT", "equals": "x", "type": "int"},
    ]
    environment = {"MODE": "production", "PORT": "80", "RATE": "1.5", "ON": "yes", "EMPTY": ""}
    answer = ask(python, [], questions=questions, environment=environment)
    assert [tuple(item.values()) for item in answer["environment"]] == [
        ("MODE", True, False, True, None),
        ("MODE", True, False, False, True),
        ("PORT", True, False, None, True),
        ("RATE", True, False, None, False),
        ("RATE", True, False, None, True),
        ("ON", True, False, None, True),
        ("EMPTY", True, True, None, None),
        ("ABSENT", False, False, False, None),
    ]
