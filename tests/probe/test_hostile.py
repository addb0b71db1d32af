"""A module under check may be broken or hostile: it can spoil its own description, and nothing else."""

import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from spybuild.errors import ProbeError
from spybuild.probe.boot import BOOT
from spybuild.probe.reading import read_answer
from tests.probe.running import ask, converse, named, one, request

GOOD = "def run(a: int) -> str: return 'x'\nVALUE = 7\n"

# name: (source, outcome, what its error says)
MODULES: dict[str, tuple[str, str, str | None]] = {
    "raises": ("raise ValueError('broken \\udc80 thing')", "failed", "broken"),
    "raises_strangely": (
        """
        class Strange(BaseException):
            def __str__(self): raise SystemError
            __repr__ = __str__
            __class__ = property(lambda self: 1 / 0)
        raise Strange
        """,
        "failed",
        "__str__ failed",
    ),
    "interrupts": ("raise KeyboardInterrupt", "failed", None),
    "does_not_parse": ("def f(:\n", "failed", None),
    "needs_what_is_not_there": ("import no_such_thing_at_all", "failed", "no_such_thing_at_all"),
    "exits": ("import sys; sys.exit(7)", "exited", None),
    "exits_with_words": ("raise SystemExit('no licence')", "exited", "no licence"),
    "leaves": ("import os; os._exit(0)", "exited", "status 0"),
    "aborts": ("import os; os.abort()", "killed", "signal 6"),
    "kills_itself": ("import os; os.kill(os.getpid(), 9)", "killed", "out of memory"),
    "kills_its_group": ("import os; os.killpg(0, 9)", "killed", "signal 9"),
    "hangs": ("while True: pass", "timeout", "still running"),
    "hangs_in_repr": (
        """
        class Slow:
            def __repr__(self):
                while True: pass
        slow = Slow()
        """,
        "timeout",
        "still running",
    ),
    "ignores_signals": (
        """
        import signal, time
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except Exception: pass
        while True: time.sleep(1)
        """,
        "timeout",
        "still running",
    ),
    "leaves_a_daemon": (
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(600)
            os._exit(0)
        """,
        "imported",
        None,
    ),
    "leaves_threads": (
        """
        import atexit, threading, time
        atexit.register(time.sleep, 600)
        threading.Thread(target=time.sleep, args=(600,)).start()
        """,
        "imported",
        None,
    ),
    "prints_much": (
        """
        import sys
        for _ in range(40): sys.stdout.write('x' * 100000); sys.stderr.write('y' * 100000)
        """,
        "imported",
        None,
    ),
    "prints_a_frame": (
        """
        print('\\n--spybuild-' + '0' * 32 + '-000000000002-00000000--\\n{}\\n--spybuild-' + '0' * 32 + '-end--')
        """,
        "imported",
        None,
    ),
    "writes_to_every_descriptor": (
        """
        import os
        fake = b'imported\\n{"name": "good", "variables": [], "functions": "none"}\\n'
        for number in range(0, 256):
            try: os.write(number, fake)
            except OSError: pass
        """,
        "unreadable",
        "not one that the probe writes",
    ),
    "writes_noise_to_every_descriptor": (
        """
        import os
        for number in range(0, 256):
            try: os.write(number, b'\\xff\\n\\x00"}]}\\n')
            except OSError: pass
        """,
        "unreadable",
        "not what the probe writes",
    ),
    "nests_deeply": (
        """
        import os
        for number in range(3, 256):
            try: os.write(number, b'imported\\n' + b'[' * 200000 + b'\\n')
            except OSError: pass
        """,
        "unreadable",
        None,
    ),
    "floods_the_answer": (
        """
        import os
        for number in range(3, 256):
            try:
                for _ in range(2000): os.write(number, b'x' * 100000)
            except OSError: pass
        """,
        "unreadable",
        "larger than",
    ),
    "claims_another_outcome": (
        """
        import os
        for number in range(3, 256):
            try: os.write(number, b'wonderful\\n{}\\n')
            except OSError: pass
        """,
        "unreadable",
        None,
    ),
    "closes_everything": ("import os; os.closerange(0, 256)", "exited", "status 70"),
    "closes_what_daemons_close": ("import os; os.closerange(0, 3)", "imported", None),
    "fills_memory": ("kept = []\nwhile True: kept.append(bytearray(10 << 20))", "failed|unreadable", None),
    "recurses": ("def f(): f()\nf()", "failed", "recursion"),
    "recurses_in_repr": (
        """
        class Deep:
            def __repr__(self): return repr(self)
        deep = Deep()
        """,
        "imported",
        None,
    ),
    "spoils_the_recursion_limit": ("import sys\nsys.setrecursionlimit(60)", "imported", None),
    "traces": ("import sys\ndef t(*a): return t\nsys.settrace(t)\nsys.setprofile(t)", "imported", None),
    "patches_builtins": (
        """
        import builtins
        def no(*a, **k): raise SystemError('patched')
        for name in ('repr', 'sorted', 'callable', 'compile', 'issubclass', 'sum', 'any', 'abs', 'dict', 'zip'):
            setattr(builtins, name, no)
        """,
        "imported|exited|failed",
        None,
    ),
    "patches_the_library": (
        """
        import inspect, json, os, ast
        def no(*a, **k): raise SystemError('patched')
        inspect.signature = json.dumps = ast.parse = os._exit = os.write = no
        """,
        "imported",
        None,
    ),
    "replaces_itself": (
        """
        import sys
        class Stand:
            def __init__(self): self.inner = 5
            def __getattr__(self, name): return name
        sys.modules[__name__] = Stand()
        """,
        "imported",
        None,
    ),
    "replaces_itself_by_nothing": ("import sys; sys.modules[__name__] = None", "imported|failed", None),
    "removes_itself": ("import sys; del sys.modules[__name__]", "failed", None),
    "replaces_sys_modules": ("import sys; sys.modules = None", "imported|failed", None),
    "answers_every_attribute": ("def __getattr__(name): return name\nonly = 1", "imported", None),
    "has_strange_names": (
        """
        globals()['\\udc80'] = 1
        globals()[3] = 4
        globals()['a\\n\\x1b[31m'] = 2
        class K(str): pass
        globals()[K('k')] = 5
        """,
        "imported",
        None,
    ),
    "has_hostile_objects": (
        """
        class Meta(type):
            __mro__ = property(lambda cls: 1 / 0)
            __dict__ = property(lambda cls: 1 / 0)
            __name__ = property(lambda cls: 'x' * 10 ** 6)
            __module__ = property(lambda cls: [])
            def __instancecheck__(cls, thing): raise SystemExit
            def __subclasscheck__(cls, thing): raise SystemExit
            def __call__(cls, *a): raise SystemExit
            def __getattribute__(cls, name): raise SystemExit(name)
            def __hash__(cls): raise SystemExit
            def __eq__(cls, other): raise SystemExit
        class Evil(metaclass=Meta):
            def method(self, a=1): pass
        class Thing:
            def __repr__(self): raise SystemExit('repr')
            def __eq__(self, other): raise SystemExit('eq')
            def __hash__(self): raise SystemExit('hash')
            def __bool__(self): raise SystemExit('bool')
            def __getattribute__(self, name): raise SystemExit(name)
        class Liar(str):
            __class__ = dict
            def __str__(self): raise SystemExit
            def __eq__(self, other): return True
            def __hash__(self): raise SystemExit
            def encode(self, *a): raise SystemExit
            def replace(self, *a): raise SystemExit
        class Wordy:
            def __repr__(self): return Liar('z' * 10 ** 7)
        class Called:
            def __call__(self, x): pass
            def __getattr__(self, name): return Liar(name)
        thing, liar, wordy, called, pair = Thing(), Liar('abc'), Wordy(), Called(), [Liar('q')]
        many = {i: i for i in range(10 ** 5)}
        def lies(a, b=Thing()): pass
        lies.__annotations__ = {'a': Thing(), 'b': Evil, 'return': Liar('nowhere')}
        lies.__module__ = Thing()
        def loops(): pass
        loops.__wrapped__ = loops
        def signed(): pass
        signed.__signature__ = Thing()
        def named(): pass
        named.__name__ = named.__qualname__ = Liar('n' * 10 ** 6)
        __annotations__ = Thing()
        __file__ = Thing()
        __version__ = Liar('1.0')
        """,
        "imported",
        None,
    ),
    "lies_in_typing": (
        """
        class Fake:
            def __getattr__(self, name): return self
        Fake.__module__ = 'typing'
        def f(a: Fake(), b: [Fake()], c: 'open(1/0)', d: '('  , e: 'f' * 10000): pass
        """,
        "imported",
        None,
    ),
    "stops_everyone_it_can": (
        """
        import os
        def parent(): return os.getppid()
        class Alarm: pass
        import signal
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        while True: pass
        """,
        "killed",
        "signal 14",
    ),
}


@pytest.fixture(scope="session")
def answers(python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The answer on all of them in one run, a good module after each."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, (source, _, _) in MODULES.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source).lstrip(), "utf-8", "surrogatepass")
    (folder / "good.py").write_text(GOOD)
    asked = [name for module in MODULES for name in (f"{module}.py", "good.py")]
    limits: dict[str, Any] = {"module_seconds": 6.0, "memory_bytes": 600 << 20, "answer_bytes": 1 << 20}
    return ask(python, asked, workdir=str(folder), **limits)


@pytest.mark.parametrize("name", MODULES)
def test_a_hostile_module_gets_its_own_outcome(answers: dict[str, Any], name: str) -> None:
    """What a module does to itself is what its slot says."""
    _, outcome, words = MODULES[name]
    facts = answers["modules"][list(MODULES).index(name) * 2]
    assert facts["requested"] == f"{name}.py"
    assert facts["outcome"] in outcome.split("|"), facts
    assert words is None or words in facts["error"]["message"]


def test_nobody_speaks_for_another_module(answers: dict[str, Any]) -> None:
    """Whatever ran before it, the good module's facts stay the same."""
    good = answers["modules"][1::2]
    assert {module["requested"] for module in good} == {"good.py"}
    assert {module["outcome"] for module in good} == {"imported"}
    kept = ("name", "variables", "functions", "classes", "stdout", "stderr")
    assert all({key: module[key] for key in kept} == {key: good[0][key] for key in kept} for module in good)
    assert [function["name"] for function in good[0]["functions"]] == ["run"]


def facts_of(answers: dict[str, Any], name: str) -> dict[str, Any]:
    facts: dict[str, Any] = answers["modules"][list(MODULES).index(name) * 2]
    return facts


def test_exit_status_and_signal_are_kept(answers: dict[str, Any]) -> None:
    """An exit is told with its status, a kill with its signal."""
    assert facts_of(answers, "exits")["exit_status"] == 7
    assert facts_of(answers, "exits_with_words")["exit_status"] == 1
    assert facts_of(answers, "leaves")["exit_status"] == 0
    assert facts_of(answers, "kills_itself")["signal"] == 9


def test_output_is_capped(answers: dict[str, Any]) -> None:
    """Megabytes of print leave as many bytes as allowed, and say that they were cut."""
    facts = facts_of(answers, "prints_much")
    assert facts["stdout"] == "x" * 65536
    assert facts["stderr"] == "y" * 65536
    assert facts["stdout_truncated"]
    assert facts["stderr_truncated"]


def test_a_patched_library_does_not_blind_the_probe(answers: dict[str, Any]) -> None:
    """The probe has its own builtins and its own copies of the library (PyPy shares the builtins)."""
    facts = facts_of(answers, "patches_the_library")
    assert "no" in [function["name"] for function in facts["functions"]]
    assert {"inspect", "json", "ast"} <= set(facts["imported"])


def test_hostile_objects_are_described_by_what_they_are(answers: dict[str, Any]) -> None:
    """Names, bases and members are read behind the metaclass's back; texts are exactly texts, and short."""
    facts = facts_of(answers, "has_hostile_objects")
    evil = next(kind for kind in facts["classes"] if kind["name"] == "Evil")
    assert [member["name"] for member in evil["members"]] == ["method"]
    assert evil["ancestors"][-1] == "builtins.object"
    values = {variable["name"]: variable["value"] for variable in facts["variables"]}
    assert values["thing"]["text"] == "(its __repr__ failed)"
    assert values["liar"]["type"] == "Liar"
    assert not values["liar"]["is_scalar"]
    assert len(values["wordy"]["text"]) <= 1000
    assert len(values["many"]["text"]) <= 1000
    assert facts["version"] is None


def test_module_getattr_is_not_asked(answers: dict[str, Any]) -> None:
    """A module that answers every name has only the names it has."""
    facts = facts_of(answers, "answers_every_attribute")
    assert [variable["name"] for variable in facts["variables"]] == ["only"]
    assert facts["version"] is None


def test_a_replaced_module_is_read_by_its_instance(answers: dict[str, Any]) -> None:
    """What a module put in its own place is what importers get."""
    assert [variable["name"] for variable in facts_of(answers, "replaces_itself")["variables"]] == ["inner"]


def test_lone_surrogates_arrive_as_escapes(answers: dict[str, Any]) -> None:
    """Every text of the answer can be encoded."""
    names = [variable["name"] for variable in facts_of(answers, "has_strange_names")["variables"]]
    assert names == ["\\udc80", "a\n\x1b[31m"]
    assert str(answers).encode("utf-8")


def test_nothing_outlives_the_probe(answers: dict[str, Any], python: str, tmp_path: Path) -> None:
    """A daemon of two forks and a new session is gone when the answer is there."""
    mark = f"spybuild-daemon-{tmp_path.name}-{abs(hash(python))}"
    source = f"import os, time\nif os.fork() == 0:\n os.setsid()\n if os.fork() == 0:\n  os.execv('/bin/sh', ['sh', '-c', 'sleep 600; : {mark}'])\n os._exit(0)\nos.wait(); time.sleep(0.3)\n"
    assert one(python, tmp_path, source)["outcome"] == "imported"
    alive = [path for path in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _read(path)]
    assert not alive


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_the_parent_is_closed_to_its_children(public_python: str, tmp_path: Path) -> None:
    """A child of the same, unprivileged user can open neither the parent's descriptors nor its memory."""
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv")
    tmp_path.chmod(0o755)
    for parent in list(tmp_path.parents)[:-2]:
        if parent.owner() == "root" and str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    (tmp_path / "spy.py").write_text(
        "import os\nfound = []\nfor what in ('fd/0', 'fd/3', 'fd/4', 'fd/5', 'mem'):\n"
        " try: found.append(os.open('/proc/%d/%s' % (os.getppid(), what), os.O_RDONLY))\n except OSError: pass\n"
        "own = open('/proc/self/fd/2', 'w').writable()\n"
    )
    unprivileged = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all")
    ended, nonce = converse(public_python, request(["spy.py"], workdir=str(tmp_path)), before=unprivileged)
    facts = read_answer(ended.stdout, nonce)["modules"][0]
    values = {variable["name"]: variable["value"]["text"] for variable in facts["variables"]}
    assert values["found"] == "[]"
    assert values["own"] == "True"


def test_a_killed_parent_gives_no_answer(python: str, tmp_path: Path) -> None:
    """A module that kills the probe's parent keeps it from answering, which is never a pass."""
    (tmp_path / "killer.py").write_text("import os, time\nos.killpg(os.getpgid(os.getppid()), 9)\ntime.sleep(5)")
    ended, nonce = converse(python, request(["killer.py"], workdir=str(tmp_path)))
    with pytest.raises(ProbeError, match="no answer"):
        read_answer(ended.stdout, nonce)


def test_as_pid_1_the_parent_cannot_be_killed(python: str, tmp_path: Path) -> None:
    """In a container the parent is PID 1: what a module kills there is itself."""
    unshare = ("unshare", "--pid", "--fork", "--mount-proc")
    if not shutil.which("unshare") or not _works(unshare):
        pytest.skip("needs unshare and the right to use it")
    (tmp_path / "killer.py").write_text(
        "import os, time\nfor who, what in ((1, 9), (1, 15), (-1, 15), (-1, 9)):\n"
        " try: os.kill(who, what)\n except OSError: pass\n"
    )
    (tmp_path / "good.py").write_text(GOOD)
    ended, nonce = converse(python, request(["killer.py", "good.py"], workdir=str(tmp_path)), before=unshare)
    modules = read_answer(ended.stdout, nonce)["modules"]
    assert [module["outcome"] for module in modules] == ["imported", "imported"]


def _works(command: tuple[str, ...]) -> bool:
    ended, _ = converse(sys.executable, request([]), before=command)
    return ended.returncode == 0


def test_jobs_run_at_once_and_stay_in_order(python: str, tmp_path: Path) -> None:
    """Several modules at a time take the time of the longest; their order is the request's."""
    for number in range(4):
        (tmp_path / f"m{number}.py").write_text(f"import time; time.sleep({0.5 - number / 10}); NUMBER = {number}")
    answer = ask(python, [f"m{number}.py" for number in range(4)], workdir=str(tmp_path), jobs=4)
    assert [named(module["variables"], "NUMBER")["value"]["scalar"] for module in answer["modules"]] == [0, 1, 2, 3]


def test_a_flood_was_counted_anew_each_turn(python: str, tmp_path: Path) -> None:
    """The parent looks at each byte once, so that a large answer is too large before it is too late."""
    source = MODULES["floods_the_answer"][0]
    facts = one(python, tmp_path, textwrap.dedent(source), answer_bytes=128 << 20, module_seconds=15.0)
    assert facts["outcome"] == "unreadable"
    assert "larger than" in facts["error"]["message"]


def test_old_python_is_refused_in_one_line() -> None:
    """An interpreter that is too old says so and ends with status 3."""
    pretends = "import sys; sys.version_info = (2, 7, 18); exec(sys.argv[1])"
    ended = subprocess.run([sys.executable, "-c", pretends, BOOT], input=b"", capture_output=True)
    assert ended.returncode == 3
    assert re.fullmatch(rb"spybuild: [^\n]*3\.6[^\n]*\n", ended.stderr)
