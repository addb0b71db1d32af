"""Variables, functions and classes of a contract against a module's facts."""

import pytest

from spybuild.evaluation import evaluate
from tests.making import contract, facts, module, parameter, value, written

PLUGIN = module(
    version="1.4.0",
    variables=[
        {"name": "NAME", "value": value("thermostat"), "annotation": written("str"), "line": 3},
        {"name": "LIMIT", "value": value(5), "line": 4},
        {"name": "MODES", "value": {"type": "list", "text": "['heat', 'off']"}, "line": 5},
        {"name": "LONG", "value": {"type": "str", "text": "'aaa", "is_cut": True}},
        {"name": "TOKEN", "value": {"type": "str", "text": "[value of TOKEN]", "redacted": ["TOKEN"]}},
    ],
    functions=[
        {
            "name": "create",
            "parameters": [parameter("config", "dict"), parameter("room", "Optional[str]", default=None)],
            "returns": written("Thermostat"),
            "path": "/app/plugin.py",
            "line": 9,
        },
        {"name": "compiled", "parameters": None},
    ],
    classes=[
        {
            "name": "Device",
            "module": "home",
            "members": [{"name": "ping", "kind": "method", "owner": "home.Device", "is_own": True, "parameters": []}],
        },
        {
            "name": "Thermostat",
            "module": "plugin",
            "bases": [{"name": "Device", "module": "home"}],
            "line": 20,
            "members": [
                {
                    "name": "kind",
                    "kind": "attribute",
                    "owner": "plugin.Thermostat",
                    "is_own": True,
                    "value": value("heat"),
                    "line": 21,
                },
                {"name": "old", "kind": "attribute", "owner": "home.Device", "is_own": False, "value": value(1)},
                {
                    "name": "read",
                    "kind": "method",
                    "owner": "plugin.Thermostat",
                    "is_own": True,
                    "parameters": [parameter("self"), parameter("unit", "str", default="C")],
                    "returns": written("float | None"),
                    "line": 30,
                },
                {"name": "ping", "kind": "method", "owner": "home.Device", "is_own": False, "parameters": []},
                {"name": "label", "kind": "property", "owner": "plugin.Thermostat", "is_own": True},
                {"name": "make", "kind": "classmethod", "owner": "plugin.Thermostat", "is_own": True, "parameters": []},
            ],
            "instance_attributes": [
                {"name": "target", "certain": True, "owner": "plugin.Thermostat", "value": value(21.5), "line": 25},
                {"name": "mode", "certain": False, "owner": "plugin.Thermostat", "line": 27},
                {
                    "name": "room",
                    "certain": True,
                    "owner": "plugin.Thermostat",
                    "annotation": written("str"),
                    "line": 26,
                },
            ],
        },
    ],
)

FITS = [
    "version: '1.4.0'",
    "variables: [{name: NAME}]",
    "variables: [{name: NAME, value: thermostat, annotation: str}]",
    "variables: [{name: LIMIT, annotation: int, value: 5}]",
    "variables: [{name: LIMIT, annotation: 'Optional[int]', value: 5.0}]",
    "variables: [{name: MODES, value: [heat, 'off']}]",
    "functions: [{name: create}]",
    "functions: [{name: create, arguments: [{name: room, annotation: str | None, value: null}]}]",
    "functions: [{name: create, arguments: [{name: config}], return_annotation: Thermostat}]",
    "functions: [{name: compiled}]",
    "classes: [{name: Thermostat, superclasses: [{name: Device}]}]",
    "classes: [{name: Thermostat, superclasses: [{name: home.Device}]}]",
    "classes: [{name: Thermostat, superclasses: [{name: Device, methods: [{name: ping}]}]}]",
    "classes: [{name: Device, superclasses: [{name: object}]}]",
    "classes: [{name: Thermostat, methods: [{name: read, return_annotation: 'Optional[float]'}]}]",
    "classes: [{name: Thermostat, methods: [{name: read, arguments: [{name: unit, value: C}]}]}]",
    "classes: [{name: Thermostat, methods: [{name: ping}, {name: make}]}]",
    "classes: [{name: Thermostat, attributes: [{type: class, name: kind, value: heat}]}]",
    "classes: [{name: Thermostat, attributes: [{type: instance, name: target, annotation: float}]}]",
    "classes: [{name: Thermostat, attributes: [{name: kind}, {name: target}]}]",
]

BREACHES = [
    ("version: '1.5.0'", ["SPY016 MISMATCH c.yml:2:10"]),
    ("variables: [{name: GONE}]", ["SPY102 MISSING c.yml:2:20"]),
    ("variables: [{name: create}]", ["SPY111 MISMATCH c.yml:2:20"]),
    ("variables: [{name: NAME, value: lamp}]", ["SPY107 MISMATCH c.yml:2:33"]),
    ("variables: [{name: LIMIT, value: '5'}]", ["SPY107 MISMATCH c.yml:2:34"]),
    ("variables: [{name: NAME, annotation: int}]", ["SPY108 MISMATCH c.yml:2:38"]),
    ("variables: [{name: TOKEN, value: x}]", ["SPY113 UNKNOWN c.yml:2:34"]),
    ("variables: [{name: LONG, value: aaaa}]", ["SPY113 UNKNOWN c.yml:2:33"]),
    ("functions: [{name: gone}]", ["SPY101 MISSING c.yml:2:20"]),
    ("functions: [{name: Thermostat}]", ["SPY111 MISMATCH c.yml:2:20"]),
    ("functions: [{name: create, arguments: [{name: house}]}]", ["SPY201 MISSING c.yml:2:47"]),
    ("functions: [{name: create, arguments: [{name: config, value: 1}]}]", ["SPY202 MISMATCH c.yml:2:62"]),
    ("functions: [{name: create, arguments: [{name: config, annotation: list}]}]", ["SPY203 MISMATCH c.yml:2:67"]),
    ("functions: [{name: create, return_annotation: None}]", ["SPY204 MISMATCH c.yml:2:47"]),
    ("functions: [{name: compiled, arguments: [{name: x}]}]", ["SPY205 UNKNOWN c.yml:2:20"]),
    ("classes: [{name: Gone}]", ["SPY103 MISSING c.yml:2:18"]),
    ("classes: [{name: Thermostat, superclasses: [{name: Lamp}]}]", ["SPY106 MISSING c.yml:2:52"]),
    (
        "classes: [{name: Thermostat, superclasses: [{name: Device, methods: [{name: gone}]}]}]",
        ["SPY104 MISSING c.yml:2:77"],
    ),
    ("classes: [{name: Thermostat, methods: [{name: gone}]}]", ["SPY104 MISSING c.yml:2:47"]),
    ("classes: [{name: Thermostat, methods: [{name: label}]}]", ["SPY111 MISMATCH c.yml:2:47"]),
    ("classes: [{name: Thermostat, attributes: [{type: class, name: old}]}]", ["SPY105 MISSING c.yml:2:63"]),
    ("classes: [{name: Thermostat, attributes: [{type: class, name: target}]}]", ["SPY105 MISSING c.yml:2:63"]),
    ("classes: [{name: Thermostat, attributes: [{type: class, name: label}]}]", ["SPY105 MISSING c.yml:2:63"]),
    (
        "classes: [{name: Thermostat, attributes: [{type: class, name: kind, value: 1}]}]",
        ["SPY109 MISMATCH c.yml:2:76"],
    ),
    (
        "classes: [{name: Thermostat, attributes: [{type: class, name: kind, annotation: int}]}]",
        ["SPY110 MISMATCH c.yml:2:81"],
    ),
    ("classes: [{name: Thermostat, attributes: [{type: instance, name: mode}]}]", ["SPY112 UNKNOWN c.yml:2:66"]),
    ("classes: [{name: Thermostat, attributes: [{type: instance, name: kind}]}]", ["SPY105 MISSING c.yml:2:66"]),
    (
        "classes: [{name: Thermostat, attributes: [{type: instance, name: room, value: x}]}]",
        ["SPY113 UNKNOWN c.yml:2:79"],
    ),
]


def told(text: str) -> list[str]:
    """The findings of a contract on the module above: rule, category, place."""
    found = evaluate(contract(f"filename: plugin.py\n{text}"), facts(PLUGIN))
    return [f"{finding.rule} {finding.category} {finding.contract_location}" for finding in found]


@pytest.mark.parametrize("text", FITS)
def test_what_is_there_as_asked_is_no_finding(text: str) -> None:
    """A contract that the module fulfils has no findings."""
    assert told(text) == []


@pytest.mark.parametrize(("text", "expected"), BREACHES)
def test_each_breach_is_one_finding_at_its_own_place(text: str, expected: list[str]) -> None:
    """Every breach is found once, under its rule, at the line and column of the key that asks."""
    assert told(text) == expected


def test_all_breaches_are_reported_together() -> None:
    """Nothing stops at the first breach, and the order is the contract's."""
    text = "functions: [{name: a}, {name: b}]\nvariables: [{name: c}]\nclasses: [{name: d}]"
    assert [line.split()[0] for line in told(text)] == ["SPY102", "SPY101", "SPY101", "SPY103"]


def test_a_method_of_the_class_itself_is_shown_at_its_line() -> None:
    """A finding about an own method points at the method; about an inherited one, at the class."""
    wanted = contract(
        """
        filename: plugin.py
        classes: [{name: Thermostat, methods: [{name: read, return_annotation: str}, {name: ping, return_annotation: str}]}]
        """
    )
    places = [str(finding.image_location) for finding in evaluate(wanted, facts(PLUGIN))]
    assert places == ["/app/plugin.py:30", "/app/plugin.py:20"]


def test_details_of_a_superclass_that_the_module_does_not_bind_are_unknown() -> None:
    """What cannot be seen from here leaves the verdict undecided."""
    lonely = module(classes=[{"name": "A", "module": "plugin", "bases": [{"name": "B", "module": "far"}]}])
    wanted = contract("filename: plugin.py\nclasses: [{name: A, superclasses: [{name: B, methods: [{name: m}]}]}]")
    assert [finding.rule for finding in evaluate(wanted, facts(lonely))] == ["SPY114"]
