"""Whatever comes back, the host reads an answer or says why there is none."""

import ast
import binascii
import json
import re
import subprocess
import sys
import tokenize
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spybuild.errors import ProbeError
from spybuild.model.facts import Annotation, ModuleFacts
from spybuild.probe import boot
from spybuild.probe.boot import BOOT, asked, probe_source
from spybuild.probe.reading import read_answer
from spybuild.rules import annotations
from tests.probe.running import ask, converse, request

NONCE = "0123456789abcdef" * 2
SLOT = {
    "requested": "x.py", "outcome": "imported", "message": None, "facts": "{}", "exit_status": None, "signal": None,
    "stdout": "", "stderr": "", "stdout_truncated": False, "stderr_truncated": False,
}  # fmt: skip
ANSWER = {
    "schema_version": 1, "interpreter": {}, "platform": {}, "environment": [], "surroundings": SLOT, "modules": [SLOT],
}  # fmt: skip


def framed(body: bytes, nonce: str = NONCE) -> bytes:
    head = f"\n--spybuild-{nonce}-{len(body):012d}-{binascii.crc32(body):08x}--\n"
    return head.encode() + body + f"\n--spybuild-{nonce}-end--\n".encode()


def answer_with(facts: str, **more: Any) -> dict[str, Any]:
    slot = {**SLOT, "facts": facts, **more}
    module: dict[str, Any] = read_answer(framed(json.dumps({**ANSWER, "modules": [slot, SLOT]}).encode()), NONCE)[
        "modules"
    ][0]
    return module


def test_stdin_is_what_the_boot_line_reads() -> None:
    """Each part is preceded by its length; the nonce comes last."""
    assert (
        boot.framed(b"abc") + asked(b"{}", NONCE)
        == b"0000000000000003\nabc0000000000000002\n{}" + NONCE.encode() + b"\n"
    )
    assert len(BOOT) < 300


def test_an_answer_is_found_among_noise() -> None:
    """What else stands on stdout does no harm, other frames included."""
    stdout = b"noise\n" + framed(b"{}", "f" * 32) + framed(json.dumps(ANSWER).encode()) + b"more"
    assert read_answer(stdout, NONCE)["modules"][0]["outcome"] == "imported"


GOOD = framed(json.dumps(ANSWER).encode())


@pytest.mark.parametrize(
    ("stdout", "why"),
    [
        (b"", "no answer"),
        (framed(b"{}", "f" * 32), "no answer"),
        (GOOD + GOOD, "more than one"),
        (GOOD[:-60], "cut short"),
        (GOOD.replace(b"imported", b"imports!"), "damaged"),
        (GOOD.replace(b"schema", b"sch"), "damaged"),
        (framed(b"nonsense"), "not JSON"),
        (framed(b"[]"), "not a JSON object"),
        (framed(b"{}"), "another shape"),
        (framed(b'{"a": NaN}'), "not JSON"),
        (framed(b"[" * 200_000), "not JSON"),
    ],
)
def test_what_is_no_answer_is_refused(stdout: bytes, why: str) -> None:
    """Absent, doubled, cut, damaged or malformed: each is an error with its reason."""
    with pytest.raises(ProbeError, match=why):
        read_answer(stdout, NONCE)


@pytest.mark.parametrize(
    "facts",
    [
        "", "nonsense", "[]", "null", "[" * 100_000, '{"functions": 5}', '{"unknown": 1}', '{"variables": [{}]}',
        '{"import_seconds": NaN}', '{"imported": [1]}', '{"exit_status": "no"}', '{"memory_bytes": 1e999}',
        '{"functions": [{"name": "x", "parameters": [{"name": "a", "kind": "sideways"}]}]}',
    ],
)  # fmt: skip
def test_a_bad_slot_spoils_itself_only(facts: str) -> None:
    """One module's nonsense is that module's "unreadable"."""
    module = answer_with(facts)
    assert module["outcome"] == ("unreadable" if facts else "imported")
    assert module["requested"] == "x.py"


def test_the_parents_words_win() -> None:
    """A child's facts cannot say which module they are of, how it ended or what it printed."""
    told = json.dumps({"requested": "y.py", "outcome": "imported", "signal": 1, "stdout": "fake", "exit_status": 0})
    module = answer_with(told, outcome="exited", exit_status=3, stdout="true")
    kept = [module[key] for key in ("requested", "outcome", "signal", "stdout", "exit_status")]
    assert kept == ["x.py", "exited", None, "true", 3]


def test_lone_surrogates_become_escapes() -> None:
    """Every text can be encoded again."""
    assert answer_with('{"name": "a\\udc80", "imported": ["\\ud800"]}')["name"] == "a\\udc80"


@given(st.binary())
def test_any_bytes_are_an_answer_or_an_error(stdout: bytes) -> None:
    """Reading never fails in any other way."""
    for text in (stdout, framed(stdout), GOOD[:30] + stdout + GOOD[30:]):
        _read(text)


def _read(stdout: bytes) -> dict[str, Any] | None:
    try:
        return read_answer(stdout, NONCE)
    except ProbeError:
        return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*SLOT, *ANSWER, "x"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_an_answer_or_an_error(value: Any) -> None:
    """Whatever the shape of the answer."""
    _read(framed(json.dumps(value).encode()))


@given(st.dictionaries(st.sampled_from(list(SLOT)), JSON))
def test_any_slot_is_facts_or_an_error(value: dict[str, Any]) -> None:
    """Whatever the shape of a slot."""
    _read(framed(json.dumps({**ANSWER, "modules": [{**SLOT, **value}]}).encode()))


@given(st.dictionaries(st.sampled_from(list(ModuleFacts.model_fields)), JSON) | JSON)
@settings(max_examples=200)
def test_any_description_is_facts_or_unreadable(value: Any) -> None:
    """Whatever a child sends, its module has an outcome, and the facts are well formed."""
    module = answer_with(json.dumps(value))
    assert module["outcome"] in {"imported", "unreadable"}
    ModuleFacts.model_validate(module)
    json.dumps(module, ensure_ascii=False).encode("utf-8")


def test_a_request_cut_short_or_a_bad_nonce_gives_no_answer(python: str) -> None:
    """The probe ends with status 3 and one line on stderr."""
    fed = boot.framed(probe_source()) + asked(ascii(request([])).encode(), NONCE)
    for data in (fed[:-10], fed[:-60], fed.replace(NONCE.encode(), b"x" * 32)):
        ended = subprocess.run([python, "-I", "-S", "-B", "-c", BOOT], input=data, capture_output=True)
        assert ended.returncode == 3
        assert ended.stdout == b""
        assert re.fullmatch(rb"spybuild: [^\n]*\n", ended.stderr)


def test_interpreter_and_platform(python: str) -> None:
    """What the interpreter says of itself without the probe is what the answer says."""
    script = (
        "import json, platform, sys, sysconfig; print(json.dumps([platform.python_implementation(), platform.machine(),"
        "sys.prefix, sys.base_prefix, sys.implementation.cache_tag, sysconfig.get_config_var('SOABI'), list(sys.version_info)]))"
    )
    told = json.loads(subprocess.run([python, "-c", script], capture_output=True, check=True).stdout)
    answer = ask(python, [])
    found = answer["interpreter"]
    assert [found[key] for key in ("implementation", "prefix", "base_prefix", "cache_tag")] == [told[0], *told[2:5]]
    if told[0] == "CPython":
        assert found["soabi"] == told[5]
    assert found["version"].startswith(".".join(map(str, told[6][:3])))
    assert answer["platform"]["machine"] == told[1]
    assert answer["platform"]["libc"].startswith("glibc ")


def test_the_probe_is_one_file_of_the_standard_library() -> None:
    """It imports nothing but the standard library's, and nothing of ours."""
    tree = ast.parse(probe_source())
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= {"os", "site", "sys", "importlib", "inspect", "annotationlib"}


def test_the_probe_has_short_lines_and_functions() -> None:
    """It is written to be audited: no line over 120 characters, no function over 50 lines, every section announced."""
    text = probe_source().decode()
    assert max(map(len, text.splitlines())) <= 120
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    assert max((node.end_lineno or 0) - node.lineno + 1 for node in functions) <= 50
    sections = re.findall(r"^# ---- (\d+)\.", text, re.MULTILINE)
    assert sections == [str(number + 1) for number in range(len(sections))]


def test_the_probe_runs_on_python_3_6(tmp_path: Path) -> None:
    """Its grammar and what it imports are those of Python 3.6: vermin finds nothing newer, but what is guarded."""
    path = tmp_path / "probe.py"
    path.write_bytes(probe_source())
    command = [
        sys.executable,
        "-c",
        "import vermin; vermin.main()",
        "-t=3.6-",
        "--no-tips",
        "--eval-annotations",
        str(path),
    ]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_the_source_is_plain_ascii() -> None:
    """No locale can misread it."""
    assert probe_source().isascii()
    with tokenize.open(str(Path(__file__).parents[2] / "spybuild" / "probe" / "probe.py")) as stream:
        assert stream.encoding == "utf-8"


def test_a_module_that_cannot_be_started_is_unreadable(tmp_path: Path) -> None:
    """A process limit of zero is told, and is no crash."""
    (tmp_path / "x.py").write_text("")
    limit = ("sh", "-c", 'ulimit -p 1 && exec "$@"', "sh")
    ended, nonce = converse(
        "/usr/bin/python3", request(["x.py"], workdir=str(tmp_path)), before=(*_as_nobody(), *limit)
    )
    module = read_answer(ended.stdout, nonce)["modules"][0]
    assert module["outcome"] == "unreadable"
    assert "cannot start a process" in module["error"]["message"]


def _as_nobody() -> tuple[str, ...]:
    if subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "/usr/bin/python3", "-c", ""]).returncode:
        pytest.skip("needs setpriv and the right to use it")
    return ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def test_a_minimal_python_is_enough(tmp_path: Path) -> None:
    """Without ctypes, resource and json (Debian's python3-minimal), facts are the same but for the memory."""
    (tmp_path / "x.py").write_text("def f(a: int = 1): pass\nclass E(Exception): pass\n")
    absent = b"import sys\nfor name in ('ctypes', 'resource', 'json', 'inspect', 'ast'): sys.modules[name] = None\n"
    fed = boot.framed(absent + probe_source()) + asked(ascii(request(["x.py"], workdir=str(tmp_path))).encode(), NONCE)
    ended = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", BOOT], input=fed, capture_output=True)
    bare = read_answer(ended.stdout, NONCE)["modules"][0]
    full = ask(sys.executable, ["x.py"], workdir=str(tmp_path))["modules"][0]
    assert bare["outcome"] == "imported", bare
    assert bare["memory_bytes"] is None
    assert [bare[key] for key in ("name", "functions", "classes")] == [
        full[key] for key in ("name", "functions", "classes")
    ]


def test_the_probe_and_the_rules_named_a_typing_alias_differently() -> None:
    """What the probe resolves an alias of typing's to is what the rules read the alias as."""
    body = ast.parse(probe_source()).body
    assigned = {node.targets[0].id: node.value for node in body if isinstance(node, ast.Assign) and _is_name(node)}  # type: ignore[attr-defined]
    names: dict[str, str] = ast.literal_eval(assigned["NAMES"])
    last = {alias: name.rpartition(".")[2] for alias, name in names.items()}
    assert last == {alias: annotations._ALIASES.get(alias, alias) for alias in names}
    assert set(annotations._ALIASES) - set(names) == {"NoneType", "Text"}  # the probe sees None and str themselves
    for alias, name in names.items():
        assert annotations.same_annotation(f"typing.{alias}", Annotation(resolved=name))


def _is_name(node: ast.Assign) -> bool:
    return isinstance(node.targets[0], ast.Name)
