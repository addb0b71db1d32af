"""The docker engine on a real daemon: hostile modules, limits, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

from spybuild.daemon.address import Address
from spybuild.engines.docker import DockerEngine
from tests.conftest import Run
from tests.integration.building import docker, image_of
from tests.integration.conftest import Scan, rules
from tests.stack import Stack

pytestmark = pytest.mark.stack

HOSTILE = {
    "raises.py": "raise ValueError('no')",
    "leaves.py": "raise SystemExit(0)",
    "vanishes.py": "import os; os._exit(0)",
    "hangs.py": "import time; time.sleep(3600)",
    "spins.py": "while True: pass",
    "crashes.py": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "grows.py": "x = []\nwhile True: x.append(bytearray(1 << 24))",
    "prints.py": "import sys\nfor _ in range(64): sys.stdout.write('x' * (1 << 20))\ndef f(): ...",
    "forks.py": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(3600)\n    os._exit(0)\ndef f(): ..."
    ),
    "forges.py": (
        "import os\n"
        "frame = b'\\n--spybuild-' + b'0' * 32 + b'-000000000002-00000000--\\n{}\\n--spybuild-' + b'0' * 32 + b'-end--\\n'\n"
        "for fd in range(256):\n    try: os.write(fd, frame)\n    except OSError: pass\n"
        "for name in ('/proc/1/fd/1', '/proc/1/fd/2', '/dev/stdout', '/dev/console'):\n"
        "    try: open(name, 'wb').write(frame)\n    except OSError: pass\n"
        "raise SystemExit(0)"
    ),
    "writes.py": "open('/app/new.py', 'w')",
    "connects.py": "import socket; socket.create_connection(('127.0.0.1', 1), 1)",
    "calls.py": "import socket; socket.create_connection(('192.0.2.1', 80), 2)",
    "good.py": "def f(): ...",
}
EXPECTED = {
    "raises.py": ["SPY012"],
    "leaves.py": ["SPY013"],
    "vanishes.py": ["SPY013"],
    "hangs.py": ["SPY014"],
    "spins.py": ["SPY014"],
    "crashes.py": ["SPY015"],
    "grows.py": [],  # killed, or MemoryError: either is a failure, see below
    "prints.py": [],
    "forks.py": [],
    "forges.py": ["SPY017"],  # it spoils its own answer, and nothing else
    "writes.py": ["SPY012"],
    "connects.py": ["SPY012"],
    "calls.py": ["SPY012"],
    "good.py": [],
}


@pytest.fixture(scope="module")
def hostile(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image full of modules that misbehave."""
    return image_of(stack, "spybuild-test/hostile:1", tmp_path_factory.mktemp("hostile"), HOSTILE)


def containers(stack: Stack) -> list[str]:
    """The containers of scans that are on the daemon, running or not."""
    assert stack.docker is not None
    return docker(stack.docker, "ps", "--all", "--quiet", "--filter", "label=org.spybuild.scan").split()


def contract_of(*names: str) -> str:
    """A contract that names these modules."""
    return "modules:\n" + "".join(f"  - filename: {name}\n" for name in names)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "grows.py"])
def test_a_module_that_misbehaves_is_a_finding(scan: Scan, hostile: str, name: str) -> None:
    """Never a crash, never a pass it does not deserve, and its good neighbour is untouched."""
    code, report = scan(hostile, contract_of(*{name, "good.py"}), "--timeout", "5")
    assert rules(report)["linux/amd64"] == EXPECTED[name]
    assert code == (1 if EXPECTED[name] else 0)


def test_a_module_that_fills_memory_is_killed_alone(scan: Scan, hostile: str) -> None:
    """Its neighbour passes; the probe survives."""
    code, report = scan(hostile, contract_of("grows.py", "good.py"), "--memory", "128m")
    verdicts = {module["name"]: module["verdict"] for module in report["platforms"][0]["modules"]}
    assert verdicts == {"grows.py": "fail", "good.py": "pass"}
    assert code == 1


def test_what_a_module_prints_is_capped(scan: Scan, hostile: str) -> None:
    """64 MiB of output stay a report of some kilobytes."""
    code, report = scan(hostile, contract_of("prints.py"))
    assert code == 0
    assert len(json.dumps(report)) < 1 << 20


def started(stack: Stack, image: str, folder: Path) -> subprocess.Popen[bytes]:
    """A scan of a module that hangs, with its container running."""
    assert stack.docker is not None
    (folder / "c.yml").write_text("filename: hangs.py\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "spybuild", "scan", image, "-c", str(folder / "c.yml")],
        env={**os.environ, **stack.docker.environment()},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (running := owned_by(stack, process.pid)):
        assert time.monotonic() < deadline, "the scan never started its container"
        time.sleep(0.1)
    assert running
    return process


CONFINED = """
import os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert os.getuid() == 65534, os.getuid()
assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0, status["CapEff"]
assert status["NoNewPrivs"].strip() == "1"
assert [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]] == ["lo"]
mounts = {line.split()[1]: line.split()[3].split(",") for line in open("/proc/mounts")}
assert "ro" in mounts["/"], mounts["/"]
assert {"nosuid", "nodev"} <= set(mounts["/tmp"]), mounts["/tmp"]
"""


def test_modules_are_confined(stack: Stack, scan: Scan, tmp_path: Path) -> None:
    """No capability, no new privilege, no network, nothing to write to: the module itself sees it."""
    tag = image_of(stack, "spybuild-test/confined:1", tmp_path, {"confined.py": CONFINED})
    code, report = scan(tag, "filename: confined.py\n")
    assert (code, report["platforms"][0]["modules"][0]["traceback"]) == (0, [])


def test_the_containers_limits_are_set(stack: Stack, hostile: str, tmp_path: Path) -> None:
    """What a module cannot see of its limits, the daemon tells."""
    assert stack.docker is not None
    process = started(stack, hostile, tmp_path)
    try:
        (container,) = owned_by(stack, process.pid)
        (seen,) = json.loads(docker(stack.docker, "inspect", container))
        host = seen["HostConfig"]
        assert (host["NetworkMode"], host["ReadonlyRootfs"], host["AutoRemove"]) == ("none", True, True)
        assert (host["Memory"], host["MemorySwap"], host["PidsLimit"]) == (1 << 30, 1 << 30, 256)
        assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges"])
        assert not host["Privileged"]
        assert not host["Binds"]
    finally:
        process.terminate()
        process.wait(90)


def test_modules_may_be_imported_as_the_images_own_user(stack: Stack, scan: Scan, tmp_path: Path) -> None:
    """--user image, for images whose files are their user's alone."""
    files = {"who.py": "import os\nassert os.getuid() == 1234, os.getuid()"}
    tag = image_of(stack, "spybuild-test/user:1", tmp_path, files, lines="USER 1234")
    assert scan(tag, "filename: who.py\n", "--user", "image")[0] == 0
    assert scan(tag, "filename: who.py\n")[0] == 1


def owned_by(stack: Stack, pid: int) -> list[str]:
    """The containers that the scan with this process id made."""
    assert stack.docker is not None
    found = docker(
        stack.docker,
        "ps",
        "-a",
        "--filter",
        "label=org.spybuild.scan",
        "--format",
        '{{.ID}} {{.Label "org.spybuild.owner"}}',
    )
    return [line.split()[0] for line in found.splitlines() if f"/{pid}:" in line]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_scan_removes_its_container(
    stack: Stack, hostile: str, tmp_path: Path, number: signal.Signals
) -> None:
    """Ctrl-C and a polite kill end with 130, quickly, and leave nothing."""
    process = started(stack, hostile, tmp_path)
    process.send_signal(number)
    assert process.wait(90) == 130  # at once, but for a busy daemon
    assert owned_by(stack, process.pid) == []


def test_what_a_killed_scan_leaves_is_removed_by_the_next(
    stack: Stack, scan: Scan, hostile: str, tmp_path: Path
) -> None:
    """SIGKILL gives no chance to clean up; the next scan does it."""
    process = started(stack, hostile, tmp_path)
    process.kill()  # its container was seen running, and would for a minute; any scan beside this test may remove it too
    process.wait()
    scan(hostile, contract_of("good.py"))
    assert owned_by(stack, process.pid) == []


def test_an_image_without_python_exits_with_3(stack: Stack, scan: Scan) -> None:
    """The message says how to name an interpreter."""
    assert stack.bare is not None
    assert stack.docker is not None
    docker(stack.docker, "pull", "--quiet", stack.bare)
    code, report = scan(stack.bare, "filename: x.py\n", "--platform", "linux/amd64")
    assert code == 3
    assert "--python PATH" in report["platforms"][0]["problem"]


def test_an_image_that_is_not_there_exits_with_3(stack: Stack, spybuild: Run, tmp_path: Path) -> None:
    """The next step is in the message."""
    assert stack.docker is not None
    (tmp_path / "spymodel.yml").write_text("filename: x.py\n")
    done = spybuild("scan", "nosuch/image:1", cwd=tmp_path, env={**os.environ, **stack.docker.environment()})
    assert (done.returncode, done.stdout) == (3, "")
    assert "docker pull nosuch/image:1" in done.stderr


def test_a_platform_that_this_machine_cannot_run_says_what_to_install(stack: Stack, scan: Scan, tmp_path: Path) -> None:
    """Exit 3, with the command that installs emulators."""
    elf = (
        bytes.fromhex("7f454c4602010100")
        + bytes(8)
        + (2).to_bytes(2, "little")
        + (0x1234).to_bytes(2, "little")
        + bytes(200)
    )
    context = tmp_path / "loong"
    context.mkdir()
    (context / "python3").write_bytes(elf)
    (context / "python3").chmod(0o755)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY python3 /usr/bin/python3\nENV PATH=/usr/bin\n")
    assert stack.docker is not None
    docker(
        stack.docker,
        "buildx",
        "build",
        "-q",
        "--load",
        "--platform",
        "linux/loong64",
        "-t",
        "spybuild-test/loong:1",
        str(context),
    )
    code, report = scan("spybuild-test/loong:1", "filename: x.py\n")
    assert code == 3
    assert "this machine cannot run linux/loong64" in report["platforms"][0]["problem"]
    assert "binfmt" in report["platforms"][0]["problem"]


def test_the_digests_of_the_report_are_those_of_the_image(stack: Stack, scan: Scan, tmp_path: Path) -> None:
    """Index and manifests, as the daemon's own client shows them."""
    assert stack.docker is not None
    tag = image_of(stack, "spybuild-test/digests:1", tmp_path, {"a.py": ""}, platforms=("linux/amd64", "linux/arm64"))
    _, report = scan(tag, "filename: a.py\n")
    (seen,) = json.loads(docker(stack.docker, "image", "inspect", tag))
    assert report["subject"]["digest"] == seen["Id"]
    assert report["subject"]["kind"] == "index"
    digests = {each["digest"] for each in report["platforms"]}
    saved = subprocess.run(
        [stack.docker.client or "docker", "image", "save", tag],
        env={**os.environ, **stack.docker.environment()},
        capture_output=True,
        check=True,
    )
    with tarfile.open(fileobj=BytesIO(saved.stdout)) as archive:
        blob = archive.extractfile(f"blobs/sha256/{report['subject']['digest'].removeprefix('sha256:')}")
        assert blob is not None
        index = json.load(blob)
    runnable = [each for each in index["manifests"] if each["platform"]["os"] != "unknown"]
    assert digests == {each["digest"] for each in runnable}
    assert len(digests) == 2


def test_an_export_says_of_an_image_what_the_daemon_says(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker 26 and 27 hide the platforms of the containerd store; `docker save` shows them."""
    assert stack.docker is not None
    tag = image_of(
        stack,
        "spybuild-test/export:1",
        tmp_path,
        {"a.py": ""},
        lines="ENV A=b",
        platforms=("linux/amd64", "linux/arm64"),
    )
    with monkeypatch.context() as patch:
        patch.setattr("spybuild.daemon.api._NEWEST", (1, 45))  # as Docker 26 has it
        with closing(DockerEngine(Address(stack.docker.host))) as engine:
            exported = engine.open(tag)
            assert [engine.label(each, "none") for each in exported.platforms] == [None, None]
            assert all("A=b" in engine._config(each).env for each in exported.platforms)
    with closing(DockerEngine(Address(stack.docker.host))) as engine:
        assert engine.open(tag) == exported


def test_the_environment_is_the_images_and_never_the_builders(stack: Stack, scan: Scan, tmp_path: Path) -> None:
    """A variable set here only is missing; ENV and --env count, and --env wins."""
    tag = image_of(stack, "spybuild-test/env:1", tmp_path, {"a.py": ""}, lines="ENV MODE=dev")
    wants = "runtime: {environment: {HERE: null}}\n"
    assert rules(scan(tag, wants, HERE="set")[1])["linux/amd64"] == ["SPY401"]
    assert scan(tag, wants, "--env", "HERE", HERE="set")[0] == 0
    assert scan(tag, "runtime: {environment: {MODE: dev}}\n")[0] == 0
    assert scan(tag, "runtime: {environment: {MODE: prod}}\n", "--env", "MODE=prod")[0] == 0


def test_pythonpath_and_a_venv_of_the_image_are_honoured(stack: Stack, scan: Scan, tmp_path: Path) -> None:
    """Modules are found where the image itself would find them."""
    files = {
        "lib/helper.py": "def f(): ...",
        "venv/pyvenv.cfg": "home = /usr/bin\n",
        "venv/lib/python3.13/site-packages/inside.py": "",
    }
    lines = (
        "ENV PYTHONPATH=/app/lib VIRTUAL_ENV=/app/venv\nRUN mkdir venv/bin && ln -s /usr/bin/python3 venv/bin/python\n"
    )
    tag = image_of(stack, "spybuild-test/venv:1", tmp_path, files, lines=lines)
    code, report = scan(tag, "modules: [{filename: helper}, {filename: inside}]\n")
    assert (code, report["platforms"][0]["interpreter"]["executable"]) == (0, "/app/venv/bin/python")


def test_the_contract_may_be_in_the_image(stack: Stack, spybuild: Run, tmp_path: Path) -> None:
    """The label says where; the file is read without running anything."""
    assert stack.docker is not None
    files = {"a.py": "def f(): ...", "spymodel.yml": "filename: a.py\nfunctions: [{name: f}, {name: g}]\n"}
    tag = image_of(
        stack, "spybuild-test/label:1", tmp_path, files, lines="LABEL org.spybuild.contract=/app/spymodel.yml"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    done = spybuild("scan", tag, cwd=empty, env={**os.environ, **stack.docker.environment()})
    assert done.returncode == 1
    assert "spybuild-test/label:1:/app/spymodel.yml:2:" in done.stdout


def test_a_planted_secret_is_found_nowhere(stack: Stack, spybuild: Run, tmp_path: Path) -> None:
    """A module that prints, raises and keeps the secret gives none of it away, even with -vv."""
    assert stack.docker is not None
    leak = "import os, sys\nTOKEN = os.environ['TOKEN']\nprint(TOKEN); print(TOKEN, file=sys.stderr)\nraise ValueError(TOKEN)"
    tag = image_of(stack, "spybuild-test/secret:1", tmp_path, {"leak.py": leak})
    (tmp_path / "c.yml").write_text("filename: leak.py\n")
    planted = "planted-4f9a-secret"
    done = spybuild(
        "scan", tag, "-c", tmp_path / "c.yml", "--secret", "id=TOKEN,env=PLANTED", "--report", f"json={tmp_path}/r.json", "-vv",
        env={**os.environ, **stack.docker.environment(), "PLANTED": planted},
    )  # fmt: skip
    assert done.returncode == 1
    assert "[value of TOKEN]" in done.stdout
    assert planted not in done.stdout + done.stderr + (tmp_path / "r.json").read_text()
