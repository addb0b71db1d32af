"""A contract from a file: its places, its warnings, and every problem at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spybuild.contracts import LoadedContract, load_contract, parse_contract
from spybuild.errors import ContractError
from spybuild.model.digests import Digest


def problems(text: str | bytes, *, strict: bool = False) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ContractError) as caught:
        parse_contract(content, "c.yml", strict=strict)
    return list(caught.value.problems)


def load(text: str, *, strict: bool = False) -> LoadedContract:
    return parse_contract(text.encode(), "c.yml", strict=strict)


def test_a_contract_knows_its_file_as_named_and_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path stays as given, so that reports hold no path of this machine."""
    content = b"filename: plugin.py\n"
    (tmp_path / "spymodel.yml").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    contract = load_contract("spymodel.yml").contract
    assert contract.path == "spymodel.yml"
    assert contract.digest == Digest.of(content)


def test_a_digest_is_of_the_bytes_and_not_of_what_they_mean() -> None:
    assert load("filename: a.py").contract.digest != load("filename: a.py\n").contract.digest


PLACES = """\
filename: p.py
functions:
  - name: f
    arguments:
      - name: x
        annotation:  int
classes:
  - {name: A, superclasses: [{name: B}]}
deployments:
  - arch: x86_64
    systems:
      - os: linux
        environment:
          secrets:
            - TOKEN
            - "KEY"
        pythons: [{version: "3.11", modules: []}]
runtime:
  environment: {HOME: null}
"""


@pytest.mark.parametrize(
    ("keys", "place", "path"),
    [
        ((), "c.yml:1:1", ""),
        (("filename",), "c.yml:1:11", "filename"),
        (("functions", 0), "c.yml:3:5", "functions[0]"),
        (("functions", 0, "name"), "c.yml:3:11", "functions[0].name"),
        (("functions", 0, "arguments", 0, "annotation"), "c.yml:6:22", "functions[0].arguments[0].annotation"),
        (("functions", 0, "return_annotation"), "c.yml:3:5", "functions[0]"),
        (("classes", 0, "superclasses", 0), "c.yml:8:30", "classes[0].superclasses[0]"),
        (("deployments", 0, "systems", 0, "environment", "secrets", 1), "c.yml:16:15", None),
        (("runtime", "environment", "HOME"), "c.yml:19:23", "runtime.environment.HOME"),
        (("runtime", "environment", "ABSENT"), "c.yml:19:16", "runtime.environment"),
        (("version",), "c.yml:1:1", ""),
    ],
)
def test_every_element_says_where_it_was_written(keys: tuple[str | int, ...], place: str, path: str | None) -> None:
    """An element that was not written is where its parent is."""
    where = load(PLACES, strict=True).contract.where(*keys)
    assert str(where) == place
    assert where is not None
    assert path is None or where.path == path


def test_elements_speak_for_themselves() -> None:
    contract = load(PLACES).contract
    assert str(contract.functions[0].arguments[0].where("name")) == "c.yml:5:15"
    assert [str(e.where("secrets", 0)) for e in contract.environments()] == ["c.yml:15:15"]


def test_all_problems_are_told_at_once_and_by_line() -> None:
    """YAML's, the model's and the contract's own, together."""
    text = """\
version: [1]
functions:
  - name: initialize
    arguments:
      - name: self
      - nmae: config
  - name: initialize
classes: {}
environment: {}
deployments:
  - arch: amd65
    systems:
      - os: Linux
        pythons: [{version: '3.11', interpreter: cpython, modules: []}]
version: 2
"""
    assert problems(text) == [
        "c.yml:1:10: version: must be text, not a list",
        "c.yml:6:9: functions[0].arguments[1]: `name` is missing",
        "c.yml:6:9: functions[0].arguments[1].nmae: unknown key; did you mean name?",
        "c.yml:7:11: functions[1].name: 'initialize' is listed twice; the first is at c.yml:3:11",
        "c.yml:8:10: classes: must be a list (lines that begin with `- `), not a mapping",
        "c.yml:9:1: environment: unknown key; it belongs to runtime or deployments[].systems[]",
        *(line for line in problems(text) if line.startswith(("c.yml:11", "c.yml:13", "c.yml:14"))),
        "c.yml:15:1: version: this key is written twice; the first is at c.yml:1:1",
    ]
    python = "deployments[0].systems[0].pythons[0]"
    assert [line.split("(known")[0].rstrip() for line in problems(text)[6:9]] == [
        "c.yml:11:11: deployments[0].arch: 'amd65' is no architecture we know; did you mean amd64?",
        "c.yml:13:13: deployments[0].systems[0].os: 'Linux' is no operating system we know; did you mean linux?",
        f"c.yml:14:50: {python}.interpreter: 'cpython' is no interpreter we know; did you mean CPython?",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("functions: [{}]", "c.yml:1:13: functions[0]: `name` is missing"),
        ("functions: [x]", "c.yml:1:13: functions[0]: must be a mapping (`key: value`), not 'x'"),
        ("functions: 3", "c.yml:1:12: functions: must be a list (lines that begin with `- `), not 3"),
        ("functions:\n  -\n", "c.yml:2:4: functions[0]: must be a mapping (`key: value`), not empty"),
        ("functions: [{name: }]", "c.yml:1:20: functions[0].name: must be text, not empty"),
        ("functions: [{name: ''}]", "c.yml:1:20: functions[0].name: must not be empty"),
        ("functions: [{name: a-b}]", "c.yml:1:20: functions[0].name: 'a-b' is no Python name"),
        ("classes: [{name: a.B}]", "c.yml:1:18: classes[0].name: 'a.B' is no Python name"),
        (
            "classes: [{name: A, superclasses: [{name: a..b}]}]",
            "c.yml:1:43: classes[0].superclasses[0].name: 'a..b' is no Python name, dotted or not",
        ),
        (
            "functions: [{name: f, arguments: [{name: '*args'}]}]",
            "c.yml:1:42: functions[0].arguments[0].name: '*args' is no Python name; write the name without its stars",
        ),
        (
            "classes: [{name: A, attributes: [{name: x, type: clas}]}]",
            "c.yml:1:50: classes[0].attributes[0].type: must be class or instance, not 'clas'; did you mean class?",
        ),
        ("classes: [{name: A, attributes: [{name: x, type: 1}]}]", "not 1"),
        ("filename: ../x.py", "c.yml:1:11: filename: '../x.py' must not climb out of the image with .."),
        ("filename: a\\b.py", "write / between folders, whatever the system"),
        ('filename: "a\\0b"', "c.yml:1:11: filename: a file name holds no control characters"),
        ("schema_version: true", "c.yml:1:17: schema_version: must be the number 1, the only version there is"),
        ("schema_version: '1'", "c.yml:1:17: schema_version: must be the number 1, the only version there is"),
        ("schema_version: 2", "c.yml:1:17: schema_version: must be the number 1, the only version there is"),
        ("dependencies: {x: {version: 1..2}}", "dependencies.x.version: '1..2' is no version range"),
        ("dependencies: {x: {allowed: yes}}", "dependencies.x.allowed: must be true or false, not 'yes'"),
        ("dependencies: {x: {alowed: true}}", "dependencies.x.alowed: unknown key; did you mean allowed?"),
        ("dependencies: {x: {provenance: 1}}", "must be true or false, or a mapping with `required:`"),
        (
            "dependencies: {'import:os': {origin: {type: git}}}",
            'dependencies["import:os"].origin.type: must be unknown',
        ),
        ("runtime: {environment: {A B: x}}", "c.yml:1:25: runtime.environment[\"A B\"]: 'A B' cannot name an"),
        ("runtime: {python: three}", "runtime.python: 'three' is no version range; write it as PEP 440 does"),
        ("runtime: {os: linux}", "c.yml:1:15: runtime.os: must be a list"),
        ("deployments: [{arch: arm64}]", "c.yml:1:15: deployments[0]: `systems` is missing"),
        ("modules: [{filename: a.py}, {filename: a.py}]", "'a.py' is listed twice; the first is at c.yml:1:22"),
        (
            "runtime: {os: [linux, linux]}",
            "runtime.os[1]: 'linux' is listed twice; the first is at c.yml:1:16",
        ),
    ],
)
def test_problems_are_in_plain_words_at_their_place(text: str, expected: str) -> None:
    (problem,) = problems(text)
    assert expected in problem
    assert "pydantic" not in problem.lower()
    assert "http" not in problem


def environment(text: str) -> str:
    return (
        f"deployments: [{{arch: arm64, systems: [{{os: linux, environment: {{{text}}}, pythons: [{{modules: []}}]}}]}}]"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("secrets: [DEVICE TOKEN]", "'DEVICE TOKEN' cannot name an environment variable"),
        ("secrets: [$TOKEN]", "'$TOKEN' cannot name an environment variable; write the name without $"),
        ("secrets: ['']", "must not be empty"),
        ("secrets: [A, A]", "'A' is listed twice"),
        ("variables: [{name: A}], secrets: [A]", "'A' is a secret here and a variable at c.yml:1:"),
        ("variables: [{name: 1A}]", "'1A' cannot name an environment variable"),
        ("variables: [{name: A, value: []}]", "must be text, not a list"),
    ],
)
def test_environment_names_are_checked(text: str, expected: str) -> None:
    (problem,) = problems(environment(text))
    assert expected in problem


def test_a_secret_written_with_its_value_is_not_shown() -> None:
    (problem,) = problems(environment("secrets: ['TOKEN=hunter2']"))
    assert "hunter2" not in problem
    assert "write only the name of the variable, 'TOKEN', and not its value" in problem


def test_the_environment_is_text_as_written() -> None:
    loaded = load(environment("variables: [{name: A, value: 3.10}, {name: B, value: true}, {name: C, value: }]"))
    (surroundings,) = loaded.contract.environments()
    assert [variable.value for variable in surroundings.variables] == ["3.10", "true", None]
    assert not loaded.warnings


def test_versions_keep_their_text_and_values_their_type() -> None:
    contract = load("version: 3.10\nvariables: [{name: a, value: 3.10}, {name: b, value: '3.10'}, {name: c}]").contract
    assert contract.version == "3.10"
    assert [variable.value for variable in contract.variables] == [3.1, "3.10", None]
    assert [variable.has_value for variable in contract.variables] == [True, True, False]


def test_a_null_value_asks_for_none() -> None:
    assert load("variables: [{name: a, value: null}]").contract.variables[0].has_value


def test_an_attribute_may_be_of_the_class_and_of_the_instance() -> None:
    text = "classes: [{name: A, attributes: [{name: x, type: class}, {name: x, type: instance}]}]"
    assert len(load(text, strict=True).contract.classes[0].attributes) == 2


def test_large_values_are_not_repeated_in_a_message() -> None:
    (problem,) = problems(f"functions: [{{name: '{'x ' * 50_000}'}}]")
    assert len(problem) < 200


def test_a_message_holds_nothing_that_a_terminal_obeys() -> None:
    for problem in problems('"\\e[31m": 1\nfilename: "\\e[2J"\narch: "\\u202e"\n'):
        assert problem.isprintable()


@pytest.mark.parametrize(
    ("text", "notices"),
    [
        ("classes: [{name: A, superclasses: [B, c.D]}]", ["classes[0].superclasses[0]", "classes[0].superclasses[1]"]),
        ("version: 3.10", ["version"]),
        ("classes: [{name: A, attributes: [{name: x}]}]", ["classes[0].attributes[0]"]),
        ("variables: [{name: x, value: {}}, {name: y, value: [1]}]", ["variables[0].value", "variables[1].value"]),
        ("variables: {x: 1, y: z}", ["variables"]),
        ("deployments: [{arch: arm64, systems: [{os: macos, pythons: [{}]}]}]",
         ["deployments[0].systems[0].os", "deployments[0].systems[0].pythons[0]"]),
        ("deployments: [{arch: arm64, systems: [{os: linux, envs: {A: 1}, pythons: [{modules: []}]}]}]",
         ["deployments[0].systems[0].envs"]),
    ],
)  # fmt: skip
def test_what_importspy_refuses_is_read_with_a_warning_or_refused(text: str, notices: list[str]) -> None:
    warnings = load(text).warnings
    assert [warning.location.path for warning in warnings] == notices
    assert problems(text, strict=True) == [str(warning) for warning in warnings]


def test_old_forms_become_the_new_ones() -> None:
    contract = load("variables: {x: 1, y: '1'}\nclasses: [{name: A, superclasses: [B]}]").contract
    assert [(variable.name, variable.value) for variable in contract.variables] == [("x", 1), ("y", "1")]
    assert str(contract.variables[1].where("value")) == "c.yml:1:22"
    assert contract.classes[0].superclasses[0].name == "B"


def test_envs_become_variables() -> None:
    text = "deployments: [{arch: arm64, systems: [{os: linux, envs: {A: 1}, pythons: [{modules: []}]}]}]"
    (surroundings,) = load(text).contract.environments()
    assert [(variable.name, variable.value) for variable in surroundings.variables] == [("A", "1")]


def test_envs_and_environment_cannot_both_stand() -> None:
    text = "deployments: [{arch: arm64, systems: [{os: linux, envs: {}, environment: {}, pythons: []}]}]"
    (problem,) = problems(text)
    assert "envs: unknown key" in problem


def test_keys_without_anything_behind_them_ask_nothing() -> None:
    keys = ["filename", "version", "variables", "functions", "classes", "deployments", "modules", "runtime"]
    text = "".join(f"{key}:\n" for key in [*keys, "dependencies", "evidence_requirements", "policy_id"])
    assert not load(text, strict=True).contract.demands_structure()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "c.yml: is empty"),
        (b"# only a comment\n", "c.yml: is empty"),
        (b"- a\n", "c.yml:1:1: a contract is a mapping at its root (`filename: plugin.py`), not a list"),
        (b"plugin\n", "not a single value"),
        (b"filename: \xff\n", "c.yml:1:11: this is not UTF-8; save the file as UTF-8"),
        ("filename: a.py".encode("utf-16"), "c.yml: written in UTF-16; save it as UTF-8"),
        (b"filename: a\0b\n", "c.yml:1:12: a NUL byte cannot stand in YAML"),
        (b"filename: a\x1bb\n", "c.yml:1:12: the control character U+001B cannot stand in YAML"),
        (b"functions:\n\t- name: f\n", "c.yml:2:1: a tab indents this line; YAML wants spaces"),
        (b"a: b: c\n", "c.yml:1:5: not YAML: mapping values are not allowed in this context"),
        (b"a: [1\n", "not YAML"),
        (b"a: 1\n---\nb: 2\n", "c.yml:2:1: a second document begins here; there may be one only"),
        (b"a: !foo 1\n", "c.yml:1:4: the tag '!foo' is not allowed; plain values are"),
        (b"a: !!python/object:os.system {}\n", "is not allowed"),
        (b"filename: !!map a\n", "is not what its tag !!map says"),
        (b"functions: !!map []\n", "does not fit here"),
        (b"filename: !!int a\n", "c.yml:1:11: filename: 'a' is not what its tag !!int says"),
        (b"filename: *a\n", "c.yml:1:11: not YAML: found undefined alias"),
        (b"functions: &a [*a]\n", "c.yml:1:16: the alias *a stands inside what it names"),
        (b"<<: 3\n", "c.yml:1:5: << takes an alias of a mapping, or a list of them"),
        (b"[a]: 3\n", "c.yml:1:1: a key must be text"),
        (b"1: 3\n", "c.yml:1:1: a key must be text; put it in quotes if it is meant as text"),
        (b"x" * (4 * 1024 * 1024 + 1), "c.yml: larger than 4 MiB; that is too large"),
    ],
)  # fmt: skip
def test_what_is_no_contract_is_refused_with_one_clear_message(content: bytes, expected: str) -> None:
    found = problems(content)
    if expected == "c.yml:1:11: not YAML: found undefined alias":
        expected = "c.yml:1:11: the alias *a names no anchor that is written above it"
    assert len(found) == 1
    assert expected in found[0]


def test_a_byte_order_mark_and_windows_lines_are_fine() -> None:
    contract = parse_contract("\ufefffilename: a.py\r\nversion: '1'\r\n".encode(), "c.yml").contract
    assert str(contract.where("filename")) == "c.yml:1:11"
    assert contract.version == "1"


def test_files_that_cannot_be_read_say_so(tmp_path: Path) -> None:
    for path, expected in [
        (tmp_path, "is a directory, not a file"),
        (tmp_path / "absent.yml", "no such file"),
        (tmp_path / "a" / "absent.yml", "no such file"),
        (Path("a\0b"), "is no file name"),
        (tmp_path / ("x" * 300), "cannot be read: file name too long"),
    ]:
        with pytest.raises(ContractError, match=expected) as caught:
            load_contract(path)
        assert len(caught.value.problems) == 1
        assert expected in caught.value.problems[0]
        assert caught.value.problems[0].isprintable()


@pytest.mark.skipif(os.geteuid() != 0, reason="drops root's rights to be refused")
def test_a_file_that_is_not_ours_to_read(tmp_path: Path) -> None:
    """Root may read everything, so a child without its rights tries."""
    path = Path("/tmp") / f"spybuild-unreadable-{os.getpid()}.yml"
    path.write_text("filename: a.py")
    path.chmod(0o600)
    code = (
        "import os, sys; from spybuild.contracts import load_contract; from spybuild.errors import ContractError\n"
        "os.setuid(65534)\n"
        "try: load_contract(sys.argv[1])\n"
        "except ContractError as error: print(error)"
    )
    try:
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    finally:
        path.unlink()
    assert "permission denied; make it readable" in done.stdout


def test_an_endless_file_is_not_read_to_its_end() -> None:
    with pytest.raises(ContractError, match="larger than 4 MiB"):
        load_contract("/dev/zero")


def test_importing_pulls_in_no_engine() -> None:
    code = "import sys, spybuild.contracts; print({'docker', 'requests', 'typer', 'packaging'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
