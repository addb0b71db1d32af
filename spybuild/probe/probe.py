"""The SpyBuild probe: it runs inside an image, in the image's own Python, and says what the modules there are.

This is the whole of what SpyBuild lets loose in your image, so it is written to be read. It uses the standard library
only, writes no file, opens no socket, and runs on CPython 3.6 and later, PyPy and Debian's python3-minimal.

    stdin   length, this source, length, request          (fed by the host; the nonce comes last)
              |
    main      read the request, harden, fork one child per module
              |
    child     own session, own limits, no descriptor but its own   -> site.main(), sys.path as the entrypoint has it
              |                                                     -> find the module, import it, describe it
              |  one line "outcome", one line of JSON               -> leave without running anything more
              |
    main      kill what is left of the child, keep its line as a *string*, never look into it
              |
    stdout  the answer, framed by the nonce, which is read only now that no code of the target is alive

What the target can and cannot do. A module shares its process with the code that describes it, so it can lie about
itself. It cannot speak for the parent: `requested` and `outcome` are the parent's words, and the frame needs a nonce no
child has ever seen. With `jobs` above 1, two hostile modules that run at the same time under one user could meddle with
each other; with `jobs` 1, everything a module started is dead before the next one begins.

Sections: 1 borrowed modules, 2 the parent, 3 the parent's child, 4 hiding values, 5 JSON, 6 the child's surroundings,
7 finding and importing, 8 describing a module, 9 callables, 10 classes, 11 instance attributes, 12 values,
13 annotations, 14 source text.
"""

import os
import site  # the module only: its main(), which reads site-packages, runs in the children
import sys
# Bound early: a module that patches `os` cannot keep its own answer, or its end, from happening.
from os import _exit as leave
from os import write


# ---- 1. Borrowed modules ---------------------------------------------------------------------------------------------
def borrow(name):
    """Import a stdlib module for the probe alone, or return None where there is none.

    It is taken out of sys.modules again: the target imports its own copy, so that patching it does not reach ours and
    so that "which modules did this import load" has an honest answer.
    """
    before = set(MODULES)
    try:
        return __import__(name)
    except Exception:
        return None
    finally:
        for new in set(MODULES) - before:
            del MODULES[new]


MODULES = sys.modules  # the true one: a module may put something else in its place
time = borrow("time")
select = borrow("select")
binascii = borrow("binascii")
resource = borrow("resource")

monotonic = time.monotonic
NONCE_LENGTH = 32
OUTCOMES = ("imported", "failed", "exited", "missing", "ambiguous", "unreadable")  # what a child may say of itself
PLAIN_BYTES = bytes(range(32, 127))  # what an answer in ASCII-escaped JSON consists of
SITE_FOLDERS = ("site-packages", "dist-packages")
PYCF_ONLY_AST = 0x400  # compile(..., this) parses only; it saves importing `ast`
VALUE_LIMIT, MESSAGE_LIMIT, FRAMES_LIMIT, IMPORTS_LIMIT = 1000, 4000, 40, 5000
WHOLE_LIMIT, DIGITS_LIMIT = 65536, 4000  # of a value that the contract itself holds; of an int
MEBIBYTE = 1 << 20


# ---- 2. The parent ---------------------------------------------------------------------------------------------------
def main():
    """Read a request, examine every module in a child of its own, answer."""
    if select is None or binascii is None or not hasattr(os, "fork"):
        give_up("this Python lacks select, binascii or os.fork")
    request = literal(parse(read_exactly(0, int(read_exactly(0, 17))), "<request>", "eval").body)
    stdin, stdout = os.dup(0), os.dup(1)  # private from here on: both are closed in every child
    empty = empty_input()
    for descriptor in (0, 1):
        os.dup2(empty, descriptor)
    harden()
    enter_image(request)
    HIDER.learn(os.environ, request["secrets"], request["known"])
    tasks = [lambda: surroundings(request)] + [examination(name, request) for name in request["modules"]]
    slots = run_all(tasks, request["limits"])
    end_everyone_else()
    answer = {
        "schema_version": 1,
        "interpreter": interpreter(),
        "platform": platform(),
        "environment": [ask(question) for question in request["questions"]],
        "surroundings": slots[0],
        "modules": [dict(slot, requested=name) for name, slot in zip(request["modules"], slots[1:])],
    }
    send(stdout, read_exactly(stdin, NONCE_LENGTH + 1)[:NONCE_LENGTH].decode("ascii"), to_json(answer).encode("ascii"))


def give_up(reason):
    """End the probe without an answer, saying why on stderr."""
    write(2, ("spybuild: %s\n" % reason).encode("ascii"))
    leave(3)


def read_exactly(descriptor, length):
    """Read so many bytes and not one more: what follows is for later."""
    data = b""
    while len(data) < length:
        chunk = os.read(descriptor, length - len(data))
        if not chunk:
            give_up("the request ended early")
        data += chunk
    return data


def send(descriptor, nonce, body):
    """Write the answer in its frame, and nothing of it if the nonce is none."""
    if nonce.strip("0123456789abcdef"):
        give_up("the nonce is not 32 hexadecimal digits")
    head = "\n--spybuild-%s-%012d-%08x--\n" % (nonce, len(body), binascii.crc32(body) & 0xFFFFFFFF)
    write_all(descriptor, head.encode("ascii") + body + ("\n--spybuild-%s-end--\n" % nonce).encode("ascii"))


def write_all(descriptor, data):
    """Write every byte, however many writes that takes."""
    view = memoryview(data)
    while view:
        view = view[write(descriptor, view):]


def empty_input():
    """Return a descriptor that reads as empty and swallows what is written, if there is such a thing here."""
    try:
        return os.open("/dev/null", os.O_RDWR)
    except OSError:
        reading, writing = os.pipe()
        os.close(writing)
        return reading


def load_prctl():
    """Return Linux's prctl(option, value), or a function that does nothing where ctypes or prctl is missing."""
    try:
        ctypes = borrow("ctypes")
        call, number = ctypes.CDLL(None).prctl, ctypes.c_ulong
        return lambda option, value: call(option, number(value), number(0), number(0), number(0))
    except Exception:
        return lambda option, value: None


prctl = load_prctl()
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


def harden():
    """Keep children of the same user out of our memory and descriptors; have their orphans come to us."""
    prctl(PR_SET_DUMPABLE, 0)
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def enter_image(request):
    """Go where the entrypoint would be, with the environment it would have."""
    os.environ.update(request["environment"])
    try:
        os.chdir(request["workdir"] or ".")
    except OSError:
        pass  # an image may name a WORKDIR it does not have; whatever needs it will say so


def interpreter():
    """Say which Python this is (its prefix is only known after site has run: see surroundings)."""
    info, names = sys.version_info, {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
    stage = {"alpha": "a%d", "beta": "b%d", "candidate": "rc%d"}.get(info.releaselevel)
    return {
        "implementation": names.get(sys.implementation.name, sys.implementation.name),
        "version": "%d.%d.%d" % info[:3] + (stage % info.serial if stage else ""),
        "executable": sys.executable or "",
        "cache_tag": sys.implementation.cache_tag,
        "soabi": soabi(),
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
    }


def soabi():
    """Return the ABI tag extension modules carry here (`cpython-313-x86_64-linux-gnu`), or None."""
    suffixes = MODULES["_imp"].extension_suffixes()
    tag = suffixes[0].strip(".").rpartition(".")[0] if suffixes else ""
    return tag or None


def platform():
    """Say which machine this Python sees itself on."""
    kernel = os.uname()
    return {
        "system": kernel.sysname,
        "machine": kernel.machine,
        "bits": 64 if sys.maxsize > 1 << 32 else 32,
        "byteorder": sys.byteorder,
        "libc": libc(),
    }


def libc():
    """Name the C library: glibc says it itself, musl's version stands in its loader."""
    try:
        name = os.confstr("CS_GNU_LIBC_VERSION")
        if name:
            return name
    except (AttributeError, ValueError, OSError):
        pass
    try:
        loader = [entry for entry in os.listdir("/lib") if entry.startswith("ld-musl-")][0]
        with open("/lib/" + loader, "rb") as stream:
            words = stream.read(4 * MEBIBYTE).split(b"\0")
        versions = [word for word in words if word.count(b".") == 2 and word.replace(b".", b"").isdigit()]
        return "musl " + versions[0].decode("ascii")
    except (OSError, IndexError):
        return None


def ask(question):
    """Answer the contract's question about one variable without saying its value."""
    value = os.environ.get(question["name"])
    wanted, kind = question["equals"], question["type"]
    present = value is not None
    return {
        "name": question["name"],
        "present": present,
        "empty": value == "",
        "equals": None if wanted is None else present and value == str(wanted),
        "well_typed": well_typed(value, kind) if present else None,
    }


def well_typed(value, kind):
    """Tell whether a text reads as the type; None where the type is none we know."""
    if kind == "str":
        return True
    if kind == "bool":
        return value.strip().lower() in ("true", "false", "1", "0", "yes", "no", "on", "off")
    if kind not in ("int", "float"):
        return None
    try:
        (int if kind == "int" else float)(value)
        return True
    except ValueError:
        return False


# ---- 3. The parent's child -------------------------------------------------------------------------------------------
def run_all(tasks, limits):
    """Run every task in a child of its own, some at a time, and return their slots in order."""
    waiting, running, slots = list(range(len(tasks)))[::-1], {}, {}
    jobs = max(1, min(64, limits["jobs"]))
    while waiting or running:
        while waiting and len(running) < jobs:
            number = waiting.pop()
            try:
                running[number] = Child(tasks[number], limits)
            except OSError as problem:
                slots[number] = slot("unreadable", "cannot start a process: %s" % problem)
        watch(running.values())
        for number, child in list(running.items()):
            if child.is_over():
                del running[number]
                slots[number] = child.settle()
                if not end_strays({other.pid for other in running.values()}):
                    slots.update({later: slot("unreadable", UNENDED) for later in waiting})
                    waiting = []
    return [slots[number] for number in range(len(tasks))]


UNENDED = "not looked at: what an earlier module started could not be ended"


def slot(outcome, message=None, facts=None, **more):
    """Return what the parent says about one task; `facts` is the child's own JSON, kept shut."""
    return dict({"outcome": outcome, "message": message, "facts": facts, "exit_status": None, "signal": None,
                 "stdout": "", "stderr": "", "stdout_truncated": False, "stderr_truncated": False}, **more)


class Stream(object):
    """One pipe out of a child, of which no more than `limit` bytes are kept."""

    def __init__(self, limit):
        self.limit, self.data, self.lines, self.truncated, self.open = limit, bytearray(), 0, False, True
        self.reading, self.writing = os.pipe()

    def start(self):
        """Turn to the parent's side of it."""
        os.close(self.writing)
        os.set_blocking(self.reading, False)

    def drain(self, chunks=1):
        """Take what has come; never wait, and never follow a flood for long."""
        while self.open and chunks:
            try:
                data = os.read(self.reading, 65536)
            except BlockingIOError:
                return
            room = self.limit - len(self.data)
            self.data += data[:room]
            self.lines += data[:room].count(b"\n")  # of the chunk: counting over all of a flood takes longer than it
            self.truncated = self.truncated or len(data) > room
            self.open = bool(data)
            chunks -= 1


class Child(object):
    """One task in a process of its own: started here, watched by `run_all`, then settled into a slot."""

    def __init__(self, task, limits):
        self.limits, self.status = limits, None
        self.answer = Stream(limits["answer_bytes"])
        self.output, self.errors = Stream(limits["output_bytes"]), Stream(limits["output_bytes"])
        self.streams = (self.answer, self.output, self.errors)
        self.deadline = monotonic() + limits["module_seconds"]
        self.pid = os.fork()
        if self.pid == 0:
            live(task, limits, *[stream.writing for stream in self.streams])
        for stream in self.streams:
            stream.start()

    def is_over(self):
        """Tell whether it has answered, said too much, taken too long or ended."""
        if self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = status if ended else None
        return self.status is not None or self.has_answered() or self.answer.truncated or monotonic() > self.deadline

    def has_answered(self):
        """Tell whether its two lines, outcome and facts, are there."""
        return self.answer.lines >= 2

    def settle(self):
        """Kill it and its session, take what is still in its pipes, and put its end into words."""
        for kill in (os.killpg, os.kill):
            try:
                kill(self.pid, 9)
            except OSError:
                pass
        late = self.status is None and not self.has_answered()
        if self.status is None:
            self.status = os.waitpid(self.pid, 0)[1]
        for stream in self.streams:
            stream.drain(64)
            os.close(stream.reading)
        return dict(self.ending(late), stdout=self.text(self.output), stdout_truncated=self.output.truncated,
                    stderr=self.text(self.errors), stderr_truncated=self.errors.truncated)

    def ending(self, late):
        """Return the slot its end makes: an answer first, then the reason there is none."""
        if self.answer.truncated:
            return slot("unreadable", "its description is larger than %d bytes" % self.limits["answer_bytes"])
        outcome, _, facts = bytes(self.answer.data).partition(b"\n")
        outcome, facts = outcome.decode("ascii", "replace"), facts.partition(b"\n")[0]
        if self.has_answered() and outcome in OUTCOMES and not facts.translate(None, PLAIN_BYTES):
            return slot(outcome, facts=facts.decode("ascii"))
        if self.has_answered():
            return slot("unreadable", "its description is not what the probe writes")
        if late:
            return slot("timeout", "still running after %g seconds" % self.limits["module_seconds"])
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            hint = "; was it out of memory (limit %d bytes)?" % self.limits["memory_bytes"] if number == 9 else ""
            return slot("killed", "ended by signal %d%s" % (number, hint), signal=number)
        status = os.WEXITSTATUS(self.status)
        return slot("exited", "ended with status %d while it was imported" % status, exit_status=status)

    def text(self, stream):
        """Return what a stream kept, as text without values to hide."""
        return HIDER.free(bytes(stream.data).decode("utf-8", "replace"), stream.limit, cut=stream.truncated)[0]


def watch(children):
    """Wait a moment for something to come from any child, and take it."""
    poll, streams = select.poll(), {}
    for child in children:
        for stream in child.streams:
            if stream.open:
                streams[stream.reading] = stream
                poll.register(stream.reading, select.POLLIN)
    for descriptor, _ in poll.poll(10):  # short: a child may end while a grandchild keeps its pipes open
        streams[descriptor].drain()


def end_strays(spared, seconds=5):
    """Kill what modules left running: children of ours which are no module's own (orphans come to us).

    Return whether nothing is left. A process that forks anew all the time is killed by PID 1 at one blow, by others
    in a race.
    """
    deadline = monotonic() + seconds
    while spared or not is_childless():
        strays = own_children() - spared
        if not strays and spared:
            return True
        for pid in [-1] if os.getpid() == 1 and not spared else strays:
            try:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
            except OSError:
                pass
        if monotonic() > deadline:
            return False
    return True


def is_childless():
    """Reap whoever has ended; tell whether we have no child at all, as only the system knows for sure."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        return False
    except OSError:
        return True


def own_children():
    """Return the process ids of our children, as /proc knows them."""
    try:
        with open("/proc/self/task/%d/children" % os.getpid()) as stream:
            return set(map(int, stream.read().split()))
    except OSError:
        return set()


def end_everyone_else():
    """Before the nonce is read, no code of the target may be alive: as PID 1 we can make sure of that."""
    if os.getpid() == 1:
        try:
            os.kill(-1, 9)
        except OSError:
            pass
    if not end_strays(set()):
        give_up("what a module started could not be ended")


def live(task, limits, answer, output, errors):
    """A child's whole life. It never returns."""
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(errors, 2)
        os.closerange(3, answer)  # the parent's pipes, its stdin with the nonce, its stdout
        os.closerange(answer + 1, max(answer, 256) + 64)
        prctl(PR_SET_DUMPABLE, 1)  # or /dev/stderr and /proc/self would be closed to the target
        limit_resources(limits["memory_bytes"])
        outcome, facts = task()
    except BaseException as problem:  # the module may raise whatever it likes from wherever it is looked at
        outcome, facts = "unreadable", {"error": error_of(problem)}
    try:
        write_all(answer, ("%s\n%s\n" % (outcome, to_json(facts, HIDER.everywhere))).encode("ascii"))
    except BaseException as problem:
        write(2, ("spybuild: no answer: %s\n" % type(problem).__name__).encode("ascii", "replace"))
        leave(70)
    leave(0)  # no atexit handler, no waiting for threads


def limit_resources(memory, reserve=0):
    """Limit memory, core dumps and file sizes. The soft limits only: the reserve serves the description."""
    if resource is None:
        return
    for kind, wanted in (("RLIMIT_AS", memory + reserve), ("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", 64 * MEBIBYTE)):
        try:
            number = getattr(resource, kind)
            hard = resource.getrlimit(number)[1]
            soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(number, (soft, hard))
        except (AttributeError, ValueError, OSError):
            pass


# ---- 4. Hiding values ------------------------------------------------------------------------------------------------
ORDINARY_NAMES = frozenset((
    "PATH", "HOME", "PWD", "LANG", "LANGUAGE", "TERM", "HOSTNAME", "SHLVL", "USER", "LOGNAME", "SHELL",
    "PYTHON_VERSION", "PYTHON_SHA256", "GPG_KEY", "PYTHONPATH", "VIRTUAL_ENV"))
SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "CREDENTIAL", "PRIVATE_KEY")


class Hider(object):
    """Takes the values of environment variables out of what leaves: secrets everywhere, others out of free text."""

    def __init__(self):
        self.secrets, self.all, self.whole, self.known, self.longest, self.room = [], [], {}, frozenset(), 0, 0

    def learn(self, environ, secrets, known):
        """Learn the values to hide, every form they may be printed in, and the texts the contract itself holds."""
        found, others = [], []
        for name, value in environ.items():
            if name in secrets or any(word in name.upper() for word in SECRET_WORDS):
                if 0 < len(value) < 4:
                    self.whole[value] = name
                elif value:
                    found += [(form, name) for form in forms(value) | forms_of_lines(value)]
            elif len(value) >= 6 and not value.startswith("/") and not is_ordinary(name):
                others += [(form, name) for form in (value, repr(value)[1:-1])]
        self.secrets = sorted(set(found), key=by_length)
        self.all = sorted(set(found + others), key=by_length)
        self.longest = max([len(form) for form, _ in self.all] or [0])
        self.known = frozenset(known)
        longest_known = max([len(text) for text in known] or [0])
        self.room = max(VALUE_LIMIT + 2 * self.longest, min(WHOLE_LIMIT, longest_known))

    def everywhere(self, text):
        """Hide secrets: for every string of the answer."""
        if text in self.known:
            return text
        return replace(text, self.secrets)[0] if text not in self.whole else marker(self.whole[text])

    def free(self, text, limit, cut=False, whole=None):
        """Hide everything, cap the text, and return it with the names of what was hidden.

        `cut` says that the text was capped before: then its end may be half a value, and goes. `whole` is what the text
        is the repr of, where that is a text as well.
        """
        whole = text if whole is None else whole
        if whole in self.known or text in self.known:
            return text[:limit], []
        if whole in self.whole:
            return marker(self.whole[whole]), [self.whole[whole]]
        if len(text) > limit + 2 * self.longest:
            text, cut = text[:limit + 2 * self.longest], True
        text, names = replace(text, self.all)
        if cut and self.longest:
            text = text[:-self.longest]
        return text[:limit], names


HIDER = Hider()


def is_ordinary(name):
    """Tell whether a variable is there in every image, and its value nobody's concern."""
    return name in ORDINARY_NAMES or name.startswith("LC_")


def by_length(pair):
    """Longest first: a value may contain another."""
    return -len(pair[0]), pair


def marker(name):
    """Return what stands in a value's place."""
    return "[value of %s]" % name


def replace(text, forms_and_names):
    """Replace every form; return the text and the names of those met."""
    met = set()
    for form, name in forms_and_names:
        if form in text:
            text = text.replace(form, marker(name))
            met.add(name)
    return text, sorted(met)


def forms(value):
    """Return the ways a value is commonly printed: plain, repr, JSON, URL-quoted, hexadecimal, base64."""
    data = value.encode("utf-8", "surrogateescape")
    quoted = [url_quoted(data, safe) for safe in (b"", b"/")]
    every = {value, repr(data)[2:-1], quote(value)[1:-1], data.hex(), data.hex().upper()}
    every.update(quoted, [quoted[0].replace("%20", "+")], base64_forms(data))
    return every | {repr(form)[1:-1] for form in every} | {repr('"' + form)[2:-1] for form in every}


def forms_of_lines(value):
    """Return each line of a value that has several: a key may be printed line by line."""
    lines = [line for line in value.splitlines() if len(line) >= 8 and line != value]
    return {form for line in lines for form in (line, repr(line)[1:-1], quote(line)[1:-1])}


def url_quoted(data, safe):
    """Percent-encode all bytes but letters, digits, `_.-~` and the safe ones."""
    safe += b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
    return "".join(chr(byte) if byte in safe else "%%%02X" % byte for byte in data)


def base64_forms(data):
    """Yield the letters sure to stand in any base64 text that encodes the value, alone or within something longer."""
    for shift in range(3):
        letters = binascii.b2a_base64(b"\0" * shift + data).decode("ascii")
        whole = (shift + len(data)) * 8 // 6  # letters that depend on nothing which may follow
        core = letters[(0, 2, 3)[shift]:whole]
        if len(core) >= 4:
            yield core
            yield core.replace("+", "-").replace("/", "_")


# ---- 5. JSON ---------------------------------------------------------------------------------------------------------
def to_json(value, hide=None):
    """Write plain data as JSON in ASCII; `hide` goes over every text except the fixed words of `kind`."""
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) in (int, float):
        return repr(value)
    if type(value) in (list, tuple):
        return "[%s]" % ",".join([to_json(item, hide) for item in value])
    if type(value) is dict:
        return "{%s}" % ",".join(['"%s":%s' % (key, to_json(item, None if key == "kind" else hide))
                                  for key, item in value.items()])
    text = plain(value)
    return quote(hide(text) if hide else text)


def plain(text):
    """Return a text as exactly a str: a subclass could do anything when it is looked at. TypeError for non-texts."""
    return text if type(text) is str else str.__str__(text)


def quote(text):
    """Return a text as a JSON string of ASCII characters."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    try:
        if not text.encode("ascii").translate(None, PLAIN_BYTES):
            return '"%s"' % text
    except UnicodeEncodeError:
        pass
    return '"%s"' % "".join([char if " " <= char <= "~" else escape(ord(char)) for char in text])


SHORT_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r"}


def escape(code):
    """Return \\n and its like, or \\uXXXX, as a surrogate pair where one is needed."""
    if code in SHORT_ESCAPES:
        return SHORT_ESCAPES[code]
    if code < 0x10000:
        return "\\u%04x" % code
    return "\\u%04x\\u%04x" % (0xD800 + (code - 0x10000 >> 10), 0xDC00 + (code & 0x3FF))


# ---- 6. The child's surroundings -------------------------------------------------------------------------------------
def surroundings(request):
    """The first child's task: what an ordinary start of this Python makes of its paths."""
    become_ordinary(request)
    return "imported", {"sys_path": [path for path in sys.path if type(path) is str],
                        "prefix": sys.prefix, "base_prefix": sys.base_prefix}


def become_ordinary(request):
    """Do what `-I -S` left out: virtual environment, site-packages, .pth files, PYTHONPATH, the script's folder."""
    extra = os.environ.get("PYTHONPATH")
    if extra:
        sys.path[:0] = [os.path.abspath(entry) for entry in extra.split(os.pathsep)]
    if not os.environ.get("PYTHONNOUSERSITE") and os.geteuid() == os.getuid():
        site.ENABLE_USER_SITE = True  # main() takes it back where a virtual environment says so
    site.main()
    first = request["entry_dir"] or request["workdir"]
    if first:
        sys.path.insert(0, first)


# ---- 7. Finding and importing ----------------------------------------------------------------------------------------
def examination(requested, request):
    """Return the task that finds, imports and describes one module."""
    return lambda: examine(requested, request)


def examine(requested, request):
    """Return outcome and facts of one module."""
    become_ordinary(request)
    try:
        files = find_files(requested, request)
    except TooManyFiles as problem:
        message = HIDER.free("too many files below %s to find %s; name it by its path" % problem.args, MESSAGE_LIMIT)[0]
        return "unreadable", {"error": {"type": "ProbeError", "message": message, "traceback": []}}
    if files is not None and len(files) != 1:
        return ("ambiguous" if files else "missing"), {"candidates": sorted(files)[:10]}
    name, path = (requested, None) if files is None else place(files[0])
    sys.argv = [path or requested]
    module = failure = None
    before, began, peak = set(MODULES), time.perf_counter(), peak_memory()
    try:
        module, name = load(name, path)
    except BaseException as problem:  # SystemExit and KeyboardInterrupt are a module's way to fail, too
        failure = problem
    facts = {"name": name, "path": path, "import_seconds": time.perf_counter() - began, "memory_bytes": growth(peak)}
    calm_down(request["limits"]["memory_bytes"])
    facts["imported"] = newly(before)
    if failure is None:
        return "imported", dict(facts, **describe(module, name, path))
    return outcome_of(failure, path), dict(facts, error=error_of(failure), exit_status=exit_status(failure))


def find_files(requested, request):
    """Return the files a contract's name stands for, or None when it is an import name."""
    bases = [base for base in [request["workdir"], request["entry_dir"]] + sys.path if base]
    if os.path.isabs(requested):
        return existing([requested])
    if "/" in requested:
        return existing(os.path.join(base, requested) for base in bases)[:1]
    if not requested.endswith((".py", ".pyc", ".so")):
        return None
    direct = existing(os.path.join(base, requested) for base in bases)[:1]
    workdir = request["workdir"] or "/"
    below = direct or (walk(workdir, requested) if workdir != "/" else [])
    return below or [path for base in bases if os.path.basename(base) in SITE_FOLDERS for path in walk(base, requested)]


def existing(paths):
    """Return those that are files, a package's folder as its __init__.py, each once."""
    files = []
    for path in paths:
        path = os.path.normpath(path)
        path = os.path.join(path, "__init__.py") if os.path.isdir(path) else path
        if os.path.isfile(path) and path not in files:
            files.append(path)
    return files


class TooManyFiles(Exception):
    """A search that had to end before it saw everything: what it found may be neither all nor the right one."""


def walk(top, name, entries=20000):
    """Find files of a name below a folder, leaving out what is nobody's own code. TooManyFiles if there are more."""
    found, skipped = [], SITE_FOLDERS + ("node_modules", "__pycache__", ".git")
    for folder, folders, files in os.walk(top):
        entries -= len(folders) + len(files)
        if entries < 0:
            raise TooManyFiles(top, name)
        if name in files:
            found.append(os.path.join(folder, name))
        folders[:] = sorted(item for item in folders if item not in skipped)
    return found


def place(path):
    """Return (import name, path) of a file, with its root on sys.path; the name is None when it can have none."""
    folder, stem = os.path.split(path)
    stem = stem[:-3] if stem.endswith(".py") else stem.split(".")[0]
    parts = [] if stem == "__init__" else [stem]
    while folder != "/" and os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, last = os.path.split(folder)
        parts.insert(0, last)
    above = [entry for entry in sys.path if entry != "/" and (folder + "/").startswith(entry.rstrip("/") + "/")]
    nearest = max(above, key=len) if above else folder
    between = [part for part in folder[len(nearest):].split("/") if part]
    if not above or not all(map(str.isidentifier, between)):
        sys.path.insert(0, folder)  # as `python path/to/file.py` would do
        between = []
    names = between + parts
    return (".".join(names) if names and all(map(str.isidentifier, names)) else None), path


def load(name, path):
    """Import by name, and by path where the name would bring something else; return the module and its name."""
    if name is None or path and name in MODULES and not is_same_file(MODULES[name], path):
        return load_by_path(path)
    __import__(name)
    return (MODULES[name], name) if path is None or is_same_file(MODULES[name], path) else load_by_path(path)


def is_same_file(module, path):
    """Tell whether a module came from this file (a compiled one from its source)."""
    own = namespace_of(module).get("__file__")
    try:
        return own is None or os.path.realpath(own) == os.path.realpath(path) or not os.path.isfile(own)
    except (TypeError, ValueError, OSError):
        return True  # the module made itself a strange __file__: that is no reason to run it again


def load_by_path(path):
    """Load a file under a made-up name: its own is no import name, or is another module's."""
    before = set(MODULES)
    from importlib import util
    for borrowed in set(MODULES) - before:
        del MODULES[borrowed]
    stem = os.path.basename(path).split(".")[0]
    name = "spybuild_" + "".join(char if char.isalnum() else "_" for char in stem)
    spec = util.spec_from_file_location(name, path)
    module = util.module_from_spec(spec)
    MODULES[name] = module
    spec.loader.exec_module(module)
    return MODULES.get(name, module), name


def outcome_of(problem, path):
    """Tell a module that is not there from one that exits and from one that fails."""
    if is_a(problem, SystemExit):
        return "exited"
    if path is None and is_a(problem, ModuleNotFoundError) and not frames_of(problem):
        return "missing"
    return "failed"


def exit_status(problem):
    """Return the status Python would end with after a SystemExit, None after anything else."""
    if not is_a(problem, SystemExit):
        return None
    code = problem.code
    if code is None:
        return 0
    return code & 0xFF if type(code) is int else 1


def error_of(problem):
    """Describe an exception: type, message, and the frames that are not the importer's or ours."""
    kind = type(problem)
    name = name_of(kind) if module_of(kind) == "builtins" else path_of(kind)
    try:
        message = plain(str(problem))
    except BaseException:
        message = "(its __str__ failed)"
    frames = frames_of(problem)
    if is_a(problem, SyntaxError) and type(problem.filename) is str and type(problem.lineno) is int:
        frames.append((problem.filename, problem.lineno, "<module>"))
    if len(frames) > FRAMES_LIMIT:
        frames = frames[:FRAMES_LIMIT // 4] + frames[-3 * FRAMES_LIMIT // 4:]
    return {"type": name, "message": HIDER.free(message, MESSAGE_LIMIT)[0],
            "traceback": [{"path": path, "line": line, "function": function, "source": source_line(path, line)}
                          for path, line, function in frames]}


def frames_of(problem):
    """Return (path, line, function) of a traceback's frames, outermost first."""
    frames, trace = [], problem.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(("<frozen importlib", "<builtin>/frozen importlib", "<spybuild")):
            frames.append((plain(code.co_filename), trace.tb_lineno, plain(code.co_name)))
        trace = trace.tb_next
    return frames


def source_line(path, line):
    """Return one line of a file, with values hidden; empty where there is none."""
    lines = source_of(path).lines
    return HIDER.free(lines[line - 1].strip(), VALUE_LIMIT)[0] if 0 < line <= len(lines) else ""


def newly(before):
    """Return the names sys.modules has gained."""
    names = [name for name in list(MODULES) if type(name) is str and name not in before]
    return sorted(names)[:IMPORTS_LIMIT]


def peak_memory():
    """Return the largest resident size so far in bytes, or None."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 if resource else None


def growth(peak):
    """Return how much the peak has grown in bytes, or None."""
    return None if peak is None else peak_memory() - peak


def calm_down(memory):
    """After the import: the module's last words go out, then its hooks, its limits and its prints are ours no more."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except BaseException:
            pass
    sys.settrace(None)
    sys.setprofile(None)
    sys.setrecursionlimit(5000)
    getattr(sys, "set_int_max_str_digits", int)(DIGITS_LIMIT)
    limit_resources(memory, 256 * MEBIBYTE)
    silence = empty_input()
    os.dup2(silence, 1)
    os.dup2(silence, 2)


# ---- 8. Describing a module ------------------------------------------------------------------------------------------
IMPORT_DUNDERS = frozenset((  # what the import system itself puts into every module
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__file__", "__path__", "__cached__",
    "__builtins__", "__annotations__", "__annotate__", "__annotate_func__", "__conditional_annotations__",
    "__warningregistry__"))
ModuleType, FunctionType, CodeType = type(sys), type(borrow), type(borrow.__code__)
MethodType = type(HIDER.learn)


def describe(module, name, path):
    """Return the facts of a module as it stands after its import. Nothing is fetched through it: only its own names."""
    names = namespace_of(module)
    own_path = names.get("__file__")
    source = source_of(own_path if type(own_path) is str else path)
    version = names.get("__version__")
    facts = {"name": name or plain(names.get("__name__", "")), "path": source.path or path, "variables": [],
             "functions": [], "classes": [], "version": version[:VALUE_LIMIT] if type(version) is str else None,
             "distribution": distribution(name, source.path or path)}
    annotations = own_annotations(module)
    for key, value in list(names.items()):
        if type(key) is not str or key in IMPORT_DUNDERS:
            continue
        if is_a(value, type) and not is_typing_form(value):
            facts["classes"].append(describe_class(key, value, facts["name"]))
        elif callable(value) and not is_typing_form(value):
            facts["functions"].append(describe_function(key, value))
        else:
            facts["variables"].append(describe_variable(key, value, source.scope.get(key), annotations, names))
    return facts


def is_typing_form(value):
    """Tell whether a value is `List`, `Optional[int]`, a TypeVar, a NewType: callable only by accident of version."""
    if is_a(value, type) and module_of(value) != "typing":
        return False
    return module_of(type(value)) in TYPING_HOMES or "__supertype__" in instance_dict(value)


def describe_variable(name, value, place_in_source, annotations, names):
    """Return the facts of one variable; its place is (line, annotation node) or None."""
    line, node = place_in_source or (None, None)
    return {"name": name, "annotation": annotation_of(annotations.get(name), node, names), "value": value_of(value),
            "line": line}


def namespace_of(module):
    """Return a module's dict; of what a module put in its own place, the instance's."""
    try:
        if is_a(module, ModuleType):
            return ModuleType.__dict__["__dict__"].__get__(module)
        names = object.__getattribute__(module, "__dict__")
        return names if type(names) is dict else {}
    except BaseException:
        return {}


def is_a(thing, kinds):
    """isinstance by the true type: an object's __class__ may say anything."""
    return issubclass(type(thing), kinds)


def is_dunder(name):
    """Tell whether a name is of the form `__x__`."""
    return name.startswith("__") and name.endswith("__") and len(name) > 4


def distribution(name, path):
    """Return name and version of the installed distribution a file belongs to, or None."""
    top = (name or "").partition(".")[0]
    if not path:
        return None
    for entry in sys.path:
        items = [item for item in listing(entry) if item.endswith((".dist-info", ".egg-info"))]
        inside = path.startswith(entry.rstrip("/") + "/")
        for item in sorted(items, key=lambda item: not item.lower().startswith(top.lower())):
            folder = os.path.join(entry, item)
            if owns(folder, top, path[len(entry.rstrip("/")) + 1:]) if inside else is_editable(folder, top):
                return metadata(folder)
    return None


def listing(folder):
    """Return the names in a folder, none if it cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def owns(folder, top, relative):
    """Tell whether a distribution lists the file, or (older ones) the top-level name."""
    record = text_of(os.path.join(folder, "RECORD"))
    if record:
        return "\n%s," % relative in "\n" + record
    return top in text_of(os.path.join(folder, "top_level.txt")).split()


def is_editable(folder, top):
    """Tell whether a distribution is installed by reference to a source tree that holds the top-level name."""
    link = text_of(os.path.join(folder, "direct_url.json")).replace(" ", "")
    return '"editable":true' in link and top in text_of(os.path.join(folder, "top_level.txt")).split()


def metadata(folder):
    """Read name and version from the head of METADATA or PKG-INFO."""
    text = text_of(os.path.join(folder, "METADATA")) or text_of(os.path.join(folder, "PKG-INFO")) or text_of(folder)
    fields = dict(line.partition(": ")[::2] for line in text.partition("\n\n")[0].splitlines()[::-1])
    return {"name": fields["Name"], "version": fields["Version"]} if "Name" in fields and "Version" in fields else None


def text_of(path):
    """Return a file's text, empty if there is none to be had."""
    try:
        with open(path, "rb") as stream:
            return stream.read(8 * MEBIBYTE).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


# ---- 9. Callables ----------------------------------------------------------------------------------------------------
KINDS = ("positional-only", "positional-or-keyword", "var-positional", "keyword-only", "var-keyword")
CO_VARARGS, CO_VARKEYWORDS, CO_GENERATOR, CO_COROUTINE, CO_ASYNC_GENERATOR = 4, 8, 0x20, 0x80, 0x200


def describe_function(name, function):
    """Return the facts of one callable that is no class."""
    signature = Signature(function)
    inner, outer = signature.function, code_of(function)
    flags = (outer or code_of(inner) or borrow.__code__).co_flags
    return {"name": name, "parameters": signature.parameters, "returns": signature.returns,
            "is_async": bool(flags & (CO_COROUTINE | CO_ASYNC_GENERATOR)),
            "is_generator": bool(flags & (CO_GENERATOR | CO_ASYNC_GENERATOR)),
            "defined_in": attribute(function, "__module__", str) or attribute(inner, "__module__", str),
            "path": signature.path, "line": signature.line}


class Signature(object):
    """What a callable takes and returns, its file and its line; `parameters` is None where that cannot be had."""

    def __init__(self, function):
        self.parameters = self.returns = self.path = self.line = None
        self.function = unwrapped(function)
        try:
            self.read(self.function)
        except BaseException:  # a hostile __signature__, __wrapped__ or __annotations__: then there is no signature
            self.parameters = self.returns = None

    def read(self, function):
        """Choose the reading that fits the kind of callable; inspect only for what plain reading cannot do."""
        kind, call = type(function), lookup(type(function), "__call__")
        if "__signature__" in instance_dict(function) or is_named(function, "partial"):
            self.parameters = inspected(function)
        elif kind is FunctionType or kind is type(len) and hasattr(function, "__code__"):  # PyPy's have code, too
            self.read_python(function, function.__code__)
        elif kind is MethodType or code_of(call):
            self.read(unwrapped(function.__func__ if kind is MethodType else call))
            self.parameters = self.parameters and self.parameters[1:]
        else:
            self.parameters = inspected(function)

    def read_python(self, function, code):
        """Read a function with Python code, and its source if there is any."""
        source = source_of(getattr(code, "co_filename", None))
        if source.path:
            self.path, self.line = source.path, source.def_line(code.co_firstlineno)
        node = source.functions.get((code.co_name, code.co_firstlineno)) if source.path else None
        self.parameters, self.returns = python_signature(function, code, node)


def code_of(function):
    """Return the code of a Python function, None of anything else (PyPy's built-in functions among them)."""
    code = function.__code__ if type(function) is FunctionType else None
    return code if type(code) is CodeType else None


def unwrapped(function):
    """Follow __wrapped__ (functools.wraps, lru_cache) to the function that says what the arguments are."""
    for _ in range(50):
        names = instance_dict(function)
        if "__signature__" in names or "__wrapped__" not in names:
            return function
        function = names["__wrapped__"]
    return function


def instance_dict(thing):
    """Return an object's own attributes without asking the object."""
    try:
        names = object.__getattribute__(thing, "__dict__")
        return names if type(names) is dict else {}
    except BaseException:
        return {}


def attribute(thing, name, kind):
    """Return an attribute if it is of the kind, else None, whatever the object does when asked."""
    try:
        value = getattr(thing, name, None)
        return value if is_a(value, kind) else None
    except BaseException:
        return None


def is_named(thing, *names):
    """Tell whether a type of one of these names (and of the standard library) is among an object's types."""
    return any(name_of(kind) in names and module_of(kind) in ("functools", "_functools", "types", "enum")
               for kind in mro_of(type(thing)))


def python_signature(function, code, node):
    """Return parameters and return annotation of a plain function."""
    names, count, keywords = code.co_varnames, code.co_argcount, code.co_kwonlyargcount
    positional_only = getattr(code, "co_posonlyargcount", 0)
    kinds = [(name, KINDS[int(index >= positional_only)]) for index, name in enumerate(names[:count])]
    extra = count + keywords
    if code.co_flags & CO_VARARGS:
        kinds.append((names[extra], KINDS[2]))
        extra += 1
    kinds += [(name, KINDS[3]) for name in names[count:count + keywords]]
    if code.co_flags & CO_VARKEYWORDS:
        kinds.append((names[extra], KINDS[4]))
    defaults = function.__defaults__ or ()
    values = dict(zip(names[count - len(defaults):count], defaults), **(function.__kwdefaults__ or {}))
    annotations, written = own_annotations(function), argument_annotations(node)
    scope = function.__globals__
    return [{"name": name, "kind": kind, "default": value_of(values[name]) if name in values else None,
             "annotation": annotation_of(annotations.get(name), written.get(name), scope)}
            for name, kind in kinds], annotation_of(annotations.get("return"), node and node.returns, scope)


def argument_annotations(node):
    """Return the annotation nodes of a def by argument name."""
    if node is None:
        return {}
    every = node.args
    arguments = getattr(every, "posonlyargs", []) + every.args + every.kwonlyargs + [every.vararg, every.kwarg]
    return {argument.arg: argument.annotation for argument in arguments if argument and argument.annotation}


def inspected(function):
    """Ask inspect, which is imported only here and only now, after the target's own imports were counted."""
    import inspect
    empty = inspect.Parameter.empty
    return [{"name": item.name, "kind": KINDS[int(item.kind)],
             "annotation": None if item.annotation is empty else annotation_of(item.annotation, None, {}),
             "default": None if item.default is empty else value_of(item.default)}
            for item in inspect.signature(function).parameters.values()]


# ---- 10. Classes -----------------------------------------------------------------------------------------------------
# What `type` itself knows: a metaclass may answer __name__, __mro__ and __dict__ as it likes, and is not asked.
TYPE = type.__dict__
SKIPPED_OWNERS = ("builtins", "typing", "typing_extensions", "abc", "enum", "_collections_abc", "collections.abc")
SKIPPED_MEMBERS = ("_is_protocol", "_is_runtime_protocol", "_abc_impl", "_abc_cache", "_abc_registry",
                   "_abc_negative_cache", "_abc_negative_cache_version", "_abc_generic_negative_cache",
                   "_abc_generic_negative_cache_version", "_gorg")


def mro_of(kind):
    """Return a class's true MRO; a type of C that nobody has used yet (`_socket.socket`) is made ready by asking it."""
    if TYPE["__mro__"].__get__(kind) is None:
        TYPE["__getattribute__"](kind, "__mro__")
    return TYPE["__mro__"].__get__(kind)


def names_of(kind):
    """Return a copy of a class's true namespace."""
    return dict(TYPE["__dict__"].__get__(kind))


def name_of(kind):
    """Return a class's true name."""
    return TYPE["__name__"].__get__(kind)


def module_of(kind):
    """Return the name of the module a class says it was defined in."""
    module = TYPE["__module__"].__get__(kind)
    return plain(module) if is_a(module, str) else "builtins"


def path_of(kind):
    """Return module.qualname of a class."""
    return "%s.%s" % (module_of(kind), TYPE["__qualname__"].__get__(kind))


def lookup(kind, name):
    """Return what a class or its bases have under a name, untouched; None if nothing."""
    for owner in mro_of(kind):
        names = names_of(owner)
        if name in names:
            return names[name]
    return None


def describe_class(name, kind, module):
    """Return the facts of one class, its members along the MRO, first one wins."""
    mro = mro_of(kind)  # asked first: it makes the class ready for the rest
    path, line = locate_class(kind)
    parsed = [owner for owner in mro if module_of(owner) not in SKIPPED_OWNERS
              and (module_of(kind) == module or not is_stdlib(class_source(owner).path))]
    members = {}
    for owner in mro[:-1]:
        for key, raw in members_of(owner):
            if key not in members:
                members[key] = describe_member(key, raw, owner, owner is kind)
    return {"name": name, "module": module_of(kind),
            "bases": [{"name": name_of(base), "module": module_of(base)}
                      for base in TYPE["__bases__"].__get__(kind) if base is not object],
            "ancestors": [path_of(owner) for owner in mro],
            "members": list(members.values()),
            "instance_attributes": instance_attributes(kind, parsed),
            "is_abstract": bool(names_of(kind).get("__abstractmethods__")),
            "is_dataclass": lookup(kind, "__dataclass_fields__") is not None,
            "path": path, "line": line}


def locate_class(kind):
    """Return the file and the line of a class's `class`, None for what is not known."""
    source, node = class_source(kind), class_node(kind)
    return source.path, source.def_line(node.lineno) if node else None


def class_source(kind):
    """Return the source of the module a class says it comes from."""
    path = namespace_of(MODULES.get(module_of(kind))).get("__file__")
    return source_of(path if type(path) is str else None)


def class_node(kind):
    """Return the `class` statement of a class in its source, or None.

    Where several have its name (a fallback under `except ImportError`), it is the one whose methods the class has.
    """
    nodes = class_source(kind).classes.get(TYPE["__qualname__"].__get__(kind), [])
    alive = [node for node in nodes if any(is_alive(kind, item) for item in node.body)]
    return (alive or nodes or [None])[0] if len(nodes) != 1 else nodes[0]


def is_alive(kind, node):
    """Tell whether a `def` in the source is what the class has under that name after the import."""
    if type(node).__name__ not in FUNCTION_NODES:
        return False
    code = code_of(unwrapped(names_of(kind).get(mangled(node.name, name_of(kind)))))
    return code is not None and class_source(kind).functions.get((code.co_name, code.co_firstlineno)) is node


def is_stdlib(path):
    """Tell whether a file belongs to Python itself: stdlib classes that are only imported are not worth parsing."""
    return bool(path) and path.startswith(STDLIB) and not any("/%s/" % part in path for part in SITE_FOLDERS)


STDLIB = os.path.dirname(os.__file__) + "/"


def members_of(owner):
    """Yield the (name, raw object) pairs of one class that count as members."""
    names = names_of(owner) if module_of(owner) not in ("typing", "typing_extensions") else {}
    is_enum = is_a(names.get("_member_map_"), dict)
    if is_enum:
        names.update(names["_member_map_"])  # before 3.11 the members are nowhere else
    for name, raw in names.items():
        if type(name) is not str or name in SKIPPED_MEMBERS:
            continue
        if is_enum and name.startswith("_") and name.endswith("_") and not is_dunder(name):
            continue
        if not is_dunder(name) or is_python_callable(raw):
            yield name, raw


def is_python_callable(raw):
    """Tell whether a dunder was written in Python: C's own are on every class and say nothing."""
    raw = raw.__func__ if is_a(raw, (staticmethod, classmethod)) else raw
    return code_of(unwrapped(raw)) is not None


def describe_member(name, raw, owner, is_own):
    """Return the facts of one member, read as it lies in the class: no descriptor is run."""
    kind, function = classify(name, raw, owner)
    signature = Signature(function) if function is not None else None
    is_call = signature and kind != "property"
    code = code_of(function) or (code_of(signature.function) if signature else None)
    line, node = class_scope(owner).get(name, (None, None))
    annotation = annotation_of(own_annotations(owner).get(name), node, module_names(owner)) if not signature else None
    return {"name": name, "kind": kind, "owner": path_of(owner), "is_own": is_own,
            "parameters": signature.parameters if is_call else None,
            "returns": signature.returns if signature else None,
            "is_async": bool(code and code.co_flags & (CO_COROUTINE | CO_ASYNC_GENERATOR)),
            "is_abstract": attribute(raw, "__isabstractmethod__", bool) is True,
            "value": value_of(raw) if kind == "attribute" else None,
            "annotation": annotation, "line": signature.line if signature and signature.line else line}


def classify(name, raw, owner):
    """Return the kind of a member and the function that has its signature, if it has one."""
    if is_a(raw, staticmethod):
        return "staticmethod", raw.__func__
    if is_a(raw, classmethod):
        return "classmethod", raw.__func__
    if is_a(raw, property):
        return "property", raw.fget
    if is_named(raw, "cached_property", "DynamicClassAttribute"):
        return "property", attribute(raw, "func", FunctionType) or attribute(raw, "fget", FunctionType)
    if is_a(raw, type):
        return "class", None
    if name in slots_of(owner):
        return "slot", None
    if is_a(raw, DESCRIPTORS) or name_of(type(raw)) == "_tuplegetter":
        return "property", None
    if is_named(raw, "singledispatchmethod"):
        return "method", attribute(raw, "func", FunctionType)
    if callable(raw):
        return "method", raw
    if is_named(raw, "partialmethod"):
        return "method", raw.__get__(None, owner)
    return "attribute", None


DESCRIPTORS = (type(FunctionType.__dict__["__globals__"]), type(FunctionType.__dict__["__code__"]))


def slots_of(kind):
    """Return the names in a class's own __slots__, as they are stored."""
    slots = names_of(kind).get("__slots__", ())
    if type(slots) is str:
        slots = (slots,)
    every = [slot for slot in slots if type(slot) is str] if type(slots) in (tuple, list, set, frozenset, dict) else []
    return [mangled(slot, name_of(kind)) for slot in every]


def mangled(name, owner):
    """Return the name a private attribute really has: `__x` in class A is `_A__x`."""
    if not name.startswith("__") or name.endswith("__") or not owner.strip("_"):
        return name
    return "_%s%s" % (owner.lstrip("_"), name)


def class_scope(kind):
    """Return {name: (line, annotation node)} of a class's body, in a file worth parsing."""
    if module_of(kind) in SKIPPED_OWNERS or is_stdlib(class_source(kind).path):
        return {}
    node = class_node(kind)
    return {mangled(name, name_of(kind)): found for name, found in scope_of(node.body, class_source(kind)).items()} \
        if node else {}


def module_names(kind):
    """Return the names in the module that a class was defined in."""
    return namespace_of(MODULES.get(module_of(kind)))


# ---- 11. Instance attributes -----------------------------------------------------------------------------------------
FUNCTION_NODES = ("FunctionDef", "AsyncFunctionDef")
NESTED_NODES = FUNCTION_NODES + ("ClassDef", "Lambda")


def instance_attributes(kind, parsed):
    """Return what an instance has: fields by declaration, then what the source assigns to self along the MRO."""
    found = {}
    for attribute_ in declared_fields(kind):
        found.setdefault(attribute_["name"], attribute_)
    for attribute_ in SelfReader(parsed).read():
        known = found.setdefault(attribute_["name"], attribute_)
        known["certain"] = known["certain"] or attribute_["certain"]
    return list(found.values())


def declared_fields(kind):
    """Yield the fields of a dataclass and of a NamedTuple."""
    fields = lookup(kind, "__dataclass_fields__")
    for name, field in list(fields.items()) if type(fields) is dict else []:
        if type(name) is str and str(getattr(field, "_field_type", "_FIELD")) == "_FIELD":
            default = getattr(field, "default", None)
            is_missing = name_of(type(default)) == "_MISSING_TYPE"
            yield field_fact(kind, name, None if is_missing else value_of(default))
    names = lookup(kind, "_fields") if issubclass(kind, tuple) else None
    defaults = lookup(kind, "_field_defaults")
    for name in names if type(names) is tuple else ():
        if type(name) is str:
            has_default = type(defaults) is dict and name in defaults
            yield field_fact(kind, name, value_of(defaults[name]) if has_default else None)


def field_fact(kind, name, value):
    """Describe a field where the class body that declares it stands."""
    owners = [owner for owner in mro_of(kind) if name in own_annotations(owner)] or [kind]
    line, node = class_scope(owners[0]).get(name, (None, None))
    annotation = annotation_of(own_annotations(owners[0]).get(name), node, module_names(owners[0]))
    return {"name": name, "annotation": annotation, "value": value, "certain": True, "owner": path_of(owners[0]),
            "line": line}


class SelfReader(object):
    """Reads `self.x = ...` from source: what the constructor surely does is certain, all else is not."""

    def __init__(self, classes):
        self.classes = [(kind, class_node(kind)) for kind in classes]
        self.methods = {}  # name -> (class, def): the first along the MRO, as a call on self would find it
        for kind, node in self.classes:
            alive = {mangled(item.name, name_of(kind)): (kind, item)
                     for item in (node.body if node else ()) if is_alive(kind, item)}
            for name in names_of(kind):  # what was put there otherwise (a lambda, a made __init__) hides the bases' too
                self.methods.setdefault(name, alive.get(name))
        self.found, self.seen = [], set()

    def read(self):
        """Return the attributes, those of the constructor first."""
        is_reached = True
        for kind, node in self.classes:
            constructors = [item for item in (node.body if node else ())
                            if type(item).__name__ in FUNCTION_NODES and item.name in ("__init__", "__post_init__")]
            for item in constructors:
                self.read_method(kind, item, is_alive(kind, item) and self.is_run(kind, item, is_reached))
            if "__init__" in names_of(kind):
                own = [item for item in constructors if item.name == "__init__" and is_alive(kind, item)]
                is_reached = is_reached and any(calls_super(item) for item in own)
        for kind, node in self.classes:
            for item in node.body if node else ():
                if type(item).__name__ in FUNCTION_NODES:
                    self.read_method(kind, item, False)
        return self.found

    def is_run(self, kind, node, is_reached):
        """Tell whether a constructor surely runs; a dataclass's made __init__ calls the first __post_init__."""
        if node.name == "__init__":
            return is_reached
        return self.methods.get("__init__") is None and self.methods.get("__post_init__") == (kind, node)

    def read_method(self, kind, node, certain):
        """Read one method, once for each certainty."""
        arguments = getattr(node.args, "posonlyargs", []) + node.args.args
        decorators = [getattr(item, "id", None) for item in node.decorator_list]
        static = "staticmethod" in decorators or "classmethod" in decorators or node.name == "__new__"
        if (id(node), certain) in self.seen or static or not arguments or len(self.seen) > 2000:
            return
        self.seen.add((id(node), certain))
        defaults = dict(zip([argument.arg for argument in arguments][::-1], node.args.defaults[::-1]))
        defaults.update((item.arg, value) for item, value in zip(node.args.kwonlyargs, node.args.kw_defaults) if value)
        self.kind, outer = kind, getattr(self, "kind", None)
        self.block(node.body, Scope(arguments[0].arg, defaults, argument_annotations(node), kind), certain)
        self.kind = outer

    def block(self, statements, scope, certain):
        """Read statements in order; return (names surely assigned, whether the end is surely not reached)."""
        names = set()
        for statement in statements:
            kind = type(statement).__name__
            if kind in NESTED_NODES:
                continue
            assigned, returns = self.statement(statement, kind, scope, certain)
            names |= assigned
            if kind in ("Raise", "Return"):
                return names, kind
            certain = certain and not returns  # after `if ...: return`, nothing is sure any more
        return names, None

    def statement(self, node, kind, scope, certain):
        """Read one statement; return (names surely assigned, whether it may leave the method)."""
        bodies = [body for body in (getattr(node, part, None) for part in ("body", "orelse")) if body]
        if kind == "If":
            return self.branches([node.body, node.orelse], scope, certain, node.test)
        if kind in ("Try", "TryStar"):
            paths = [node.body + node.orelse] + [handler.body for handler in node.handlers]
            names, returns = self.branches(paths, scope, certain, None)
            return names | self.block(node.finalbody, scope, certain)[0], returns
        if kind in ("With", "AsyncWith"):
            certain = certain and not any("suppress" in calls_of(item.context_expr) for item in node.items)
            targets = [item.optional_vars for item in node.items if item.optional_vars]
            names = self.targets(targets, None, scope, certain)
            self.calls([item.context_expr for item in node.items], scope, certain)
            inner, end = self.block(node.body, scope, certain)
            return names | inner, end == "Return" or has_return(node)
        if kind in ("For", "AsyncFor", "While", "Match"):
            self.targets([node.target] if kind.endswith("For") else [], None, scope, False)
            for body in bodies + [case.body for case in getattr(node, "cases", ())]:
                self.block(body, scope, False)
            return set(), has_return(node)
        return self.simple(node, kind, scope, certain), False

    def branches(self, bodies, scope, certain, test):
        """Names every branch assigns are sure; a branch that raises makes no instance and so takes no part."""
        self.calls([test] if test else [], scope, certain)
        mark = len(self.found)
        results = [self.block(body, scope, False) for body in bodies]
        living = [names for names, end in results if end != "Raise"]
        sure = set.intersection(*living) if living else set()
        for fact in self.found[mark:] if certain else ():
            fact["certain"] = fact["certain"] or fact["name"] in sure
        returns = any(has_return_in(body) for body in bodies)
        return sure, returns

    def simple(self, node, kind, scope, certain):
        """Read an assignment and the calls on self in any plain statement."""
        names = set()
        if kind == "Assign":
            names = self.targets(node.targets, node.value, scope, certain)
        elif kind == "AnnAssign" and node.value is not None:
            names = self.targets([node.target], node.value, scope, certain, node.annotation)
        elif kind == "Delete":
            gone = {item.attr for item in node.targets
                    if type(item).__name__ == "Attribute" and getattr(item.value, "id", None) == scope.self_name}
            for fact in self.found:
                fact["certain"] = fact["certain"] and fact["name"] not in gone
        return names | self.calls([node], scope, certain)

    def targets(self, nodes, value, scope, certain, annotation=None):
        """Record `self.x` among assignment targets, also within tuples."""
        names = set()
        for node in nodes:
            kind = type(node).__name__
            if kind in ("Tuple", "List"):
                names |= self.targets(node.elts, None, scope, certain)
            elif kind == "Starred":
                names |= self.targets([node.value], None, scope, certain)
            elif kind == "Attribute" and getattr(node.value, "id", None) == scope.self_name:
                names.add(self.record(node.attr, node.lineno, value, scope, certain, annotation))
        return names

    def record(self, name, line, value, scope, certain, annotation):
        """Keep one assignment; a constant, or a parameter's constant default, is its value."""
        name = mangled(name, name_of(scope.kind))
        parameter = getattr(value, "id", None)
        if parameter in scope.annotations and annotation is None:
            annotation = scope.annotations[parameter]
        if parameter in scope.defaults:
            value = scope.defaults[parameter]
        self.found.append({"name": name, "annotation": written_annotation(annotation, scope.kind), "line": line,
                           "value": constant_value(value), "certain": certain, "owner": path_of(scope.kind)})
        return name

    def calls(self, nodes, scope, certain):
        """Follow `self.method()` and `setattr(self, "x", ...)` in expressions."""
        names = set()
        for node in (inner for outer in nodes for inner in expressions(outer)):
            if type(node).__name__ != "Call":
                continue
            function, arguments = node.func, node.args
            if type(function).__name__ == "Attribute" and getattr(function.value, "id", None) == scope.self_name:
                method = self.methods.get(mangled(function.attr, name_of(scope.kind)))
                if method:
                    self.read_method(*method, certain=certain)
            elif getattr(function, "id", None) == "setattr" and len(arguments) == 3:
                key = constant(arguments[1])
                if getattr(arguments[0], "id", None) == scope.self_name and type(key) is str:
                    names.add(self.record(key, node.lineno, arguments[2], scope, certain, None))
        return names


class Scope(object):
    """What a method's body knows: the name of self, its parameters' defaults and annotations, its class."""

    def __init__(self, self_name, defaults, annotations, kind):
        self.self_name, self.defaults, self.annotations, self.kind = self_name, defaults, annotations, kind


def expressions(node):
    """Yield a node and all below it, not entering functions, lambdas and classes."""
    yield node
    for field in node._fields:
        below = getattr(node, field, None)
        for item in below if type(below) is list else [below]:
            if hasattr(item, "_fields") and type(item).__name__ not in NESTED_NODES:
                for inner in expressions(item):
                    yield inner


def has_return(node):
    """Tell whether a statement may leave the method."""
    return any(type(item).__name__ == "Return" for item in expressions(node))


def has_return_in(body):
    """Tell whether any statement of a body may leave the method."""
    return any(has_return(statement) for statement in body if type(statement).__name__ not in NESTED_NODES)


def calls_of(node):
    """Return the names of the functions called in an expression."""
    called = [item.func for item in expressions(node) if type(item).__name__ == "Call"]
    return [getattr(item, "attr", None) or getattr(item, "id", None) for item in called]


def calls_super(node):
    """Tell whether a constructor hands on to a base's: super().__init__() or Base.__init__(self)."""
    return any("__init__" in calls_of(statement) for statement in node.body)


def written_annotation(node, kind):
    """Return an annotation known from its source only, resolved through the module's names."""
    return annotation_of(written(node), node, module_names(kind)) if node is not None else None


def constant_value(node):
    """Return the Value of a literal; None for everything else."""
    try:
        return value_of(literal(node)) if node is not None else None
    except (ValueError, TypeError):
        return None


# ---- 12. Values ------------------------------------------------------------------------------------------------------
SCALARS = (str, int, float, bool, type(None))


def value_of(thing):
    """Describe a value: its type, its text, and itself when it is a plain scalar that gives nothing away.

    What the contract itself holds is shown in full, so that it can be compared; `is_cut` says that something is not.
    """
    kind, text = type(thing), text_of_value(thing)
    whole = thing if kind is str else text
    is_known = whole in HIDER.known or text in HIDER.known
    limit = WHOLE_LIMIT if is_known and kind not in SCALARS else VALUE_LIMIT
    shown, names = HIDER.free(text, WHOLE_LIMIT if kind in SCALARS else limit, len(text) > HIDER.room, whole)
    scalar = kind in SCALARS and not names and is_portable(thing, WHOLE_LIMIT if is_known else VALUE_LIMIT)
    return {"type": name_of(kind), "text": shown[:limit], "scalar": thing if scalar else None, "is_scalar": scalar,
            "is_cut": not scalar and (len(text) > limit or text is UNSHOWN), "redacted": names}


def is_portable(scalar, limit):
    """Tell whether a scalar survives JSON: no nan, no infinity, no number or text beyond measure."""
    if type(scalar) is float:
        return scalar - scalar == 0
    if type(scalar) is int:
        return abs(scalar) < TOO_LARGE
    return type(scalar) is not str or len(scalar) <= limit


UNSHOWN, TOO_LARGE = "(its __repr__ failed)", 10 ** DIGITS_LIMIT


def text_of_value(thing):
    """Return repr(), of long things the beginning, of sets in order, and without addresses, which differ each time."""
    try:
        if is_a(thing, ModuleType):  # its repr names a file, which differs from one Python to the next
            return "<module %s>" % plain(namespace_of(thing).get("__name__", ""))
        if type(thing) in (str, bytes, list, tuple):
            thing = thing[:HIDER.room]
        if type(thing) in (set, frozenset) and thing:
            text = "{%s}" % ", ".join(sorted(map(text_of_value, thing)))
            return text if type(thing) is set else "frozenset(%s)" % text
        return without_addresses(plain(repr(thing)))
    except BaseException:
        return UNSHOWN


def without_addresses(text):
    """Cut ` at 0x7f...` out of a repr."""
    first, *others = text.split(" at 0x")
    return first + "".join(other.lstrip("0123456789abcdefABCDEF") for other in others)


# ---- 13. Annotations -------------------------------------------------------------------------------------------------
TYPING_HOMES = ("typing", "typing_extensions", "types", "collections.abc", "_collections_abc", "_pypy_generic_alias")
ABSTRACT = ("collections.abc", "_collections_abc")
NAMES = {  # typing's names for what has a name of its own
    "List": "list", "Dict": "dict", "Set": "set", "FrozenSet": "frozenset", "Tuple": "tuple", "Type": "type",
    "Deque": "collections.deque", "DefaultDict": "collections.defaultdict", "Counter": "collections.Counter",
    "OrderedDict": "collections.OrderedDict", "ChainMap": "collections.ChainMap",
    "Pattern": "re.Pattern", "Match": "re.Match"}
CLASS_NAMES = {"contextlib.AbstractContextManager": "ContextManager",
               "contextlib.AbstractAsyncContextManager": "AsyncContextManager"}


class Unresolved(Exception):
    """An annotation that has no one meaning here."""


def own_annotations(thing):
    """Return the annotations a function, class or module itself carries; on 3.14 they are computed only now."""
    try:
        if is_a(thing, type):
            getter = TYPE.get("__annotations__")  # since 3.10; before, they lie in the class's dict
            found = getter.__get__(thing) if getter else names_of(thing).get("__annotations__")
        else:
            found = getattr(thing, "__annotations__", None) if is_a(thing, (FunctionType, ModuleType)) else None
    except BaseException:
        found = late_annotations(thing)
    return found if type(found) is dict else {}


def late_annotations(thing):
    """On 3.14, when a name in them is not defined: the others all the same."""
    try:
        library = __import__("annotationlib")
        return library.get_annotations(thing, format=library.Format.FORWARDREF)
    except BaseException:
        return {}


def annotation_of(thing, node, names):
    """Return an annotation as written and as meant; None where there is none (None itself may be one)."""
    if thing is None and node is None:
        return None
    text = written(node) if node is not None else thing if type(thing) is str else None
    try:
        resolved = canonical(thing, names, 0)  # None itself included: it was `None`, or a name for it
    except BaseException:
        resolved = None
    return {"written": text and text[:VALUE_LIMIT], "resolved": resolved and resolved[:VALUE_LIMIT]}


def canonical(thing, names, depth):
    """Return one text for every spelling of the same annotation, on every Python."""
    if depth > 20:
        raise Unresolved(depth)
    if thing is None or thing is type(None):
        return "None"
    if thing is Ellipsis:
        return "..."
    if type(thing) is str or hasattr(type(thing), "__forward_arg__") or name_of(type(thing)) in FORWARD:
        text = thing if type(thing) is str else thing.__forward_arg__
        return canonical(eval(text, names, {}), {}, depth + 1)
    if type(thing) in (list, tuple):
        return "[%s]" % ", ".join(canonical(item, names, depth + 1) for item in thing)
    home = module_of(type(thing))
    if home in TYPING_HOMES and not is_plain_class(thing):
        return typing_form(thing, names, depth)
    if type(thing) is FunctionType and hasattr(thing, "__supertype__"):  # NewType before 3.10
        return plain(thing.__name__)
    if is_a(thing, type):
        return class_text(thing)
    raise Unresolved(type(thing))


FORWARD = ("ForwardRef", "_ForwardRef")


def is_plain_class(thing):
    """Tell a class from typing's generic forms, which on 3.6 are classes as well."""
    return is_a(thing, type) and getattr(thing, "__origin__", None) is None


def class_text(kind):
    """Return a class's name: bare for builtins and typing, module.qualname for others."""
    module, path = module_of(kind), path_of(kind)
    name = path[len(module) + 1:]
    if module == "builtins":
        return name
    if module in ABSTRACT:
        return "AbstractSet" if name == "Set" else name
    if module in ("typing", "typing_extensions"):
        return NAMES.get(name, name)
    return CLASS_NAMES.get(path, path)


def typing_form(thing, names, depth):
    """Write a form of typing's: unions, literals, callables, generics, special names."""
    arguments, origin = getattr(thing, "__args__", None), getattr(thing, "__origin__", None)
    if hasattr(thing, "__metadata__"):  # Annotated means what it annotates
        return canonical(origin if arguments is None or origin is not None and module_of(type(origin)) != "typing"
                         else arguments[0], names, depth + 1)
    if name_of(type(thing)) in ("TypeVar", "ParamSpec", "TypeVarTuple", "NewType"):
        return plain(thing.__name__)
    if name_of(type(thing)) == "TypeAliasType":
        return canonical(thing.__value__, names, depth + 1)
    name = form_name(thing, origin, names, depth)
    if getattr(thing, "_special", False) is True or arguments is None:
        arguments = getattr(thing, "__type__", None)  # 3.6: ClassVar
        return name if arguments is None else "%s[%s]" % (name, canonical(arguments, names, depth + 1))
    if name == "Literal":
        return "Literal[%s]" % ", ".join(map(literal_text, arguments))
    if arguments in ((), ((),)):
        return "tuple[()]" if name == "tuple" else name
    texts = [canonical(argument, names, depth + 1) for argument in arguments]
    if name in ("Union", "UnionType", "Optional"):
        return " | ".join(texts)
    if name == "Callable":
        return callable_text(arguments, texts)
    return "%s[%s]" % (name, ", ".join(texts))


def form_name(thing, origin, names, depth):
    """Return the name a form goes by: its origin's, or its own."""
    if is_a(origin, type) and origin is not thing:
        return class_text(origin)
    if origin is not None and origin is not thing:
        return form_name(origin, None, names, depth)
    if is_a(thing, type):
        return class_text(thing)
    name = getattr(thing, "_name", None) or getattr(thing, "__name__", None) or name_of(type(thing)).lstrip("_")
    return NAMES.get(name, plain(name))


def callable_text(arguments, texts):
    """Write Callable[[A, B], C]; an ellipsis or a ParamSpec stands without brackets."""
    first, *others = texts[:-1] or [""]
    is_open = not others and arguments and (arguments[0] is Ellipsis or name_of(type(arguments[0])) in OPEN)
    return "Callable[%s, %s]" % (first if is_open else "[%s]" % ", ".join(texts[:-1]), texts[-1])


OPEN = ("ParamSpec", "_ConcatenateGenericAlias")


def literal_text(thing):
    """Write one argument of Literal; an enum member by its path."""
    if is_named_enum(thing):
        return "%s.%s" % (path_of(type(thing)), thing._name_)
    if type(thing) not in SCALARS + (bytes,):
        raise Unresolved(type(thing))
    return repr(thing)


def is_named_enum(thing):
    """Tell whether a value is a member of an Enum."""
    return any(path_of(kind) == "enum.Enum" for kind in mro_of(type(thing)))


# ---- 14. Source text -------------------------------------------------------------------------------------------------
OPERATORS = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/", "Mod": "%", "Pow": "**", "FloorDiv": "//", "BitOr": "|",
             "BitAnd": "&", "BitXor": "^", "LShift": "<<", "RShift": ">>", "MatMult": "@",
             "USub": "-", "UAdd": "+", "Invert": "~", "Not": "not "}
SOURCES = {}


def source_of(path):
    """Return the Source of a file (an empty one where there is none), read once."""
    if path not in SOURCES:
        SOURCES[path] = Source(path)
    return SOURCES[path]


class Source(object):
    """A file's lines, and, once asked for, its tree with every definition by where it stands."""

    def __init__(self, path):
        self.path = path if type(path) is str and os.path.isfile(path) else None
        self.data = b""
        if self.path and path.endswith((".py", ".pyw")) and os.path.getsize(path) <= 4 * MEBIBYTE:
            with open(path, "rb") as stream:
                self.data = stream.read()
        self.lines = self.data.decode("utf-8", "replace").split("\n")
        self.indexed = None

    def index(self):
        """Parse on first use; a file that does not parse has nothing to tell."""
        if self.indexed is None:
            self.indexed = {}, {}, {}
            try:
                body = parse(self.data, self.path or "<none>", "exec").body
                collect(body, "", self.indexed[0], self.indexed[1])
                self.indexed[2].update(scope_of(body, self))
            except (SyntaxError, ValueError, MemoryError, RuntimeError):  # RuntimeError: also too deep a nesting
                pass
        return self.indexed

    @property
    def functions(self):
        """{(name, first line): def}, the first line being the first decorator's, as in code objects."""
        return self.index()[0]

    @property
    def classes(self):
        """{qualified name: [class, ...]}: several where one name is defined in several branches."""
        return self.index()[1]

    @property
    def scope(self):
        """{name: (line, annotation node)} of the module's own level."""
        return self.index()[2]

    def def_line(self, line):
        """Return the line of the `def` or `class` that the decorators from this line on belong to."""
        for number in range(line, min(line + 200, len(self.lines)) + 1):
            if self.lines[number - 1].lstrip().startswith(("def ", "async ", "class ")):
                return number
        return line


def parse(text, path, mode):
    """Parse Python source into the tree that `ast` would return."""
    return compile(text, path, mode, PYCF_ONLY_AST, True)


def collect(body, prefix, functions, classes):
    """Index the definitions in a body, whatever they stand in."""
    for node in body:
        kind = type(node).__name__
        if kind in FUNCTION_NODES:
            first = min([node.lineno] + [decorator.lineno for decorator in node.decorator_list])
            functions[node.name, first] = node
            collect(node.body, "%s%s.<locals>." % (prefix, node.name), functions, classes)
        elif kind == "ClassDef":
            classes.setdefault(prefix + node.name, []).append(node)
            collect(node.body, "%s%s." % (prefix, node.name), functions, classes)
        else:
            for part in blocks(node):
                collect(part, prefix, functions, classes)


def blocks(node):
    """Yield the statement lists a compound statement holds."""
    for part in ("body", "orelse", "finalbody"):
        if type(getattr(node, part, None)) is list:
            yield getattr(node, part)
    for inner in getattr(node, "handlers", []) + getattr(node, "cases", []):
        yield inner.body


def scope_of(body, source):
    """Return {name: (line, annotation node)} of what a body binds; the last binding wins, an annotation stays."""
    found = {}
    for node in body:
        kind = type(node).__name__
        if kind in FUNCTION_NODES or kind == "ClassDef":
            found[node.name] = source.def_line(node.lineno), None
            continue
        for target in targets_of(node, kind):
            note = node.annotation if kind == "AnnAssign" else found.get(target, (0, None))[1]
            found[target] = node.lineno, note
        for part in blocks(node):
            found.update(scope_of(part, source))
    return found


def targets_of(node, kind):
    """Return the names a statement binds."""
    if kind in ("Import", "ImportFrom"):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    nodes = getattr(node, "targets", []) if kind == "Assign" else [getattr(node, "target", None)]
    nodes += [item.optional_vars for item in getattr(node, "items", ())] if kind in ("With", "AsyncWith") else []
    return [name for item in nodes if item is not None for name in target_names(item)]


def target_names(node):
    """Return the names in an assignment's target, also within tuples."""
    kind = type(node).__name__
    if kind == "Name":
        return [node.id]
    inner = node.elts if kind in ("Tuple", "List") else [node.value] if kind == "Starred" else []
    return [name for item in inner for name in target_names(item)]


def written(node):
    """Return an annotation's source text, a quoted one's own; None for what no annotation consists of."""
    try:
        value = constant(node)
        return value if type(value) is str else unparse(node)
    except (ValueError, KeyError, AttributeError, RuntimeError):
        return None


def unparse(node):
    """Write an expression the same way on every Python."""
    kind = type(node).__name__
    if kind == "Name":
        return node.id
    if kind == "Attribute":
        return "%s.%s" % (unparse(node.value), node.attr)
    if kind == "Subscript":
        return "%s[%s]" % (unparse(node.value), unparse(node.slice).strip("()") if is_tuple(node.slice) else
                           unparse(node.slice))
    if kind == "Index":  # before 3.9
        return unparse(node.value)
    if kind == "Tuple":
        return "(%s%s)" % (", ".join(map(unparse, node.elts)), "," if len(node.elts) == 1 else "")
    if kind == "List":
        return "[%s]" % ", ".join(map(unparse, node.elts))
    if kind == "BinOp":
        return "%s %s %s" % (unparse(node.left), OPERATORS[type(node.op).__name__], unparse(node.right))
    if kind == "UnaryOp":
        return OPERATORS[type(node.op).__name__] + unparse(node.operand)
    if kind == "Starred":
        return "*" + unparse(node.value)
    if kind == "Call":
        arguments = [unparse(item) for item in node.args]
        arguments += ["%s=%s" % (item.arg, unparse(item.value)) for item in node.keywords]
        return "%s(%s)" % (unparse(node.func), ", ".join(arguments))
    value = constant(node)
    if value is NOT_CONSTANT:
        raise ValueError(kind)
    return "..." if value is Ellipsis else repr(value)


def is_tuple(node):
    """Tell whether a subscript is a tuple."""
    return type(getattr(node, "value", node) if type(node).__name__ == "Index" else node).__name__ == "Tuple"


NOT_CONSTANT = object()


def constant(node):
    """Return a constant node's value; its node classes before 3.8 were several."""
    kind = type(node).__name__
    if kind in ("Constant", "NameConstant"):
        return node.value
    if kind in ("Str", "Bytes"):
        return node.s
    if kind == "Num":
        return node.n
    return Ellipsis if kind == "Ellipsis" else NOT_CONSTANT


def literal(node):
    """Evaluate a literal (constants, containers, signs) and nothing else: ValueError for all that would compute."""
    kind, value = type(node).__name__, constant(node)
    if value is not NOT_CONSTANT:
        return value
    if kind == "Dict":
        return dict(zip(map(literal, node.keys), map(literal, node.values)))
    if kind in ("List", "Tuple", "Set"):
        return {"List": list, "Tuple": tuple, "Set": set}[kind](map(literal, node.elts))
    if kind == "UnaryOp" and type(node.op).__name__ in ("USub", "UAdd"):
        number = literal(node.operand)
        return -number if type(node.op).__name__ == "USub" else +number
    raise ValueError("not a literal: " + kind)


if __name__ == "<probe>":  # as BOOT runs it; importing or reading this file does nothing
    main()
