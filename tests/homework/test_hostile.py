"""Nothing that a submission does hurts the grader: each ends in a score and a clear message."""

import copy
import json
import os
import random
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
import sample_submissions as bank

from homework import grade as command
from homework import tasks
from homework.checks import inputs, run
from homework.grading import grading, report, submission, walls
from homework.grading.sandbox import Limits, Sandbox, packages
from hwlib import backprop, kmeans

RIGHT = bank.LECTURE
BEFORE_MAIN = '\nif __name__ == "__main__":'
TASKS = ("1b", "1g")  # enough to see what is lost and what is not
MEMORY = 2 << 30
QUICK = Limits(seconds=20, memory=MEMORY)
BARE = Limits(seconds=20, memory=MEMORY, hook=False)  # the kernel's walls alone
SHORT = Limits(seconds=2, memory=MEMORY)  # for code that only the clock can stop
LABELS = [task.label for task in tasks.code()]
LINUX = sys.platform.startswith("linux")


def hand_in(folder, **files):
    """Write a submission: right files, or what is given in their place."""
    folder.mkdir(parents=True, exist_ok=True)
    right = {"backprop": RIGHT["backprop.py"], "kmeans": RIGHT["kmeans.py"]}
    for name, text in {**right, **files}.items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / f"{name}.py").write_bytes(content)
    return folder


def at_import(code):
    """A right backprop.py, with code that runs when it is imported."""
    return textwrap.dedent(code) + RIGHT["backprop.py"]


def in_backward(code):
    """A right backprop.py, with code at the beginning of LogNode.backward."""
    line = "        x.grad += self.grad / x.value"
    assert RIGHT["backprop.py"].count(line) == 1
    code = "n = self.children[0]\n" + textwrap.dedent(code)
    return RIGHT["backprop.py"].replace(line, textwrap.indent(code, " " * 8) + "\n" + line)


SANDBOXES = {}


@pytest.fixture(scope="module", autouse=True)
def sandboxes():
    """Keepers that many tests share, one for each kind of limits."""
    yield
    for each in SANDBOXES.values():
        each.close()
    SANDBOXES.clear()
    assert not list(Path(tempfile.gettempdir()).glob(f"homework-{os.getpid()}-*"))


def graded(path, limits=QUICK, labels=TASKS, namespaces=True):
    """Grade, and see that nothing of the submission is left."""
    key = limits, namespaces
    box = SANDBOXES.setdefault(key, Sandbox(limits, namespaces))
    result = grading.grade(path, seed=3, labels=labels, sandbox=box)
    if box.process is not None:
        assert not [p for p in Path(box.folder, "work").glob("*")]
        assert not children(box.process.pid)
    shown = report.text(report.record(result)) + report.page(report.record(result))
    assert all(c.isprintable() or c == "\n" for c in shown)
    return result


def children(pid):
    """The processes that a keeper still has."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def points(result):
    return {task: verdict.points for task, verdict in result.verdicts.items()}


def said(result, task="1b"):
    return " ".join(result.verdicts[task].messages)


WHOLE = {"1b": 3, "1g": 3}

# What backprop.py does while it is imported, and what is said. 2a, in the other file, keeps its
# points in every case.
AT_IMPORT = {
    "syntax error": ("def f(:\n", "not valid Python", "line 1"),
    "missing package": ("import torch_geometric\n", "torch_geometric", "Use numpy"),
    "infinite loop": ("while True: pass\n", "did not end within 2 seconds"),
    "memory bomb": ("x = [0]\nwhile True: x = x * 2\n", "MemoryError"),
    "numpy memory bomb": ("import numpy as np\nx = np.ones(10**10)\n", "Unable to allocate"),
    "sys.exit": ("import sys\nsys.exit(0)\n", "ends the program by itself", "__main__"),
    "os._exit": ("import os\nos._exit(0)\n", "ended before the check was done"),
    "exception": ("1 / 0\n", "ZeroDivisionError"),
    "crash": ("import ctypes\nctypes.string_at(1)\n", "SIGSEGV"),
    "recursion": ("def f(): f()\nf()\n", "RecursionError"),
    "wrong encoding": (b"x = 'na\xefve'\n", "not valid Python"),
    "null bytes": (b"x = 1\0\n", "null bytes"),
    "utf-16": ("x = 1\n".encode("utf-16"), "not valid Python"),
}


@pytest.mark.full
@pytest.mark.parametrize("case", AT_IMPORT)
def test_a_file_that_cannot_be_loaded(tmp_path, case):
    code, *words = AT_IMPORT[case]
    source = code + RIGHT["backprop.py"].encode() if isinstance(code, bytes) else at_import(code)
    limits = SHORT if case == "infinite loop" else QUICK
    result = graded(hand_in(tmp_path / "s", backprop=source), limits, ("1b", "2a"))
    assert points(result) == {"1b": 0, "2a": 10} and result.status == 1
    for word in words:
        assert word in said(result), said(result)


# What LogNode.backward does: the points of its other parts, and all other tasks, stay.
IN_BACKWARD = {
    "infinite loop": ("while True:\n    pass", 1, "does not finish"),
    "infinite loop of a single line": (
        # Python tells a trace function nothing of this one, but for the counting of its rounds
        "while True: pass", 1, "does not finish",
    ),
    "endless loop that catches": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        0, "did not end within 2 seconds",
    ),
    "loop inside numpy": (
        "import itertools, collections; collections.deque(itertools.count(), maxlen=0)",
        0, "did not end within 2 seconds",
    ),
    "memory bomb": ("x = bytearray(1 << 40)", 1, "MemoryError"),
    "endless printing": ("while True: print('x' * 1000)", 1, "does not finish"),
    "endless writing to stdout": (
        "import os\nwhile True: os.write(1, b'x' * 1000)", 1, "does not finish",
    ),
    "sys.exit": ("import sys; sys.exit(0)", 1, "SystemExit"),
    "os._exit": ("import os; os._exit(0)", 0, "ended before the check was done"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", 0, "KeyboardInterrupt"),
    "closes everything": ("import os; os.closerange(0, 99)", 0, "ended before"),
    "NaN": ("n.grad = np.float64('nan'); return", 2, "grows by nan"),
    "wrong shape": ("n.grad = np.zeros((3, 4)); return", 2, "shape (3, 4)"),
    "wrong type": ("n.grad = 'seven'; return", 2, "shape None"),
    "far too large": ("n.grad = np.zeros(10**7); return", 2, "shape (10000000,)"),
    "recursion": ("self.backward()", 1, "RecursionError"),
    "changes its inputs": ("n.value *= 2", 1, "child"),
}  # fmt: skip


@pytest.mark.full
@pytest.mark.parametrize("case", IN_BACKWARD)
def test_a_method_that_misbehaves(tmp_path, case):
    code, left, *words = IN_BACKWARD[case]
    limits = SHORT if "within 2 seconds" in words[0] else QUICK
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), limits, ("1b", "1g"))
    assert points(result) == {"1b": left, "1g": 3}, said(result)
    for word in words:
        assert word in said(result), said(result)


def test_mutating_the_inputs_of_kmeans(tmp_path):
    source = RIGHT["kmeans.py"] + textwrap.dedent("""
        right = kmeans
        def kmeans(X, k, rng=0):
            X *= 0
            return right(X, k, rng)
        """)
    result = graded(hand_in(tmp_path / "s", kmeans=source), labels=("1b", "2a"))
    assert points(result)["2a"] < 10 and points(result)["1b"] == 3
    assert "changes the X" in said(result, "2a")


# ------------------------------------------------------------------ processes, files, network

PROCESSES = {
    "fork": "import os\nos.fork()",
    "fork bomb": "import os\nwhile True: os.fork()",
    "subprocess": "import subprocess\nsubprocess.run(['true'])",
    "thread bomb": "import threading\nwhile True: threading.Thread(target=input).start()",
    "fork without audit": "import _posixsubprocess as p\n"
    "p.fork_exec([b'sh'], [b'/bin/sh'], True, (), None, None, -1, -1, -1, -1, -1, -1, -1, -1,"
    " False, False, 0, None, None, None, -1, None, False)",
}


@pytest.mark.full
@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
@pytest.mark.parametrize("case", PROCESSES)
def test_no_process_is_started(tmp_path, case, limits):
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(PROCESSES[case])), limits)
    assert points(result) == {**WHOLE, "1b": 1}, said(result)
    refused = ("may not start", "unavailable", "can't start new thread", "fork_exec")
    assert any(word in said(result) for word in refused), said(result)


@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
def test_the_grader_cannot_be_ended(tmp_path, limits):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        # to all that can be reached (the signal asks only whether one may), and to the two above
        code = f"""
            import os, signal
            for pid in (os.getppid(), {os.getpid()}, {bystander.pid}):
                try:
                    os.kill(pid, signal.SIGKILL)
                except (PermissionError, ProcessLookupError):
                    pass
            """
        result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), limits)
        assert bystander.poll() is None
        assert points(result) == WHOLE, said(result)
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
@pytest.mark.parametrize(
    "secret",
    [
        "hwlib/backprop.py",
        "homework/checks/judges/nodes.py",
        "tests/homework/test_hostile.py",
        "/etc/shadow",
        "outside",
    ],
)
def test_answers_cannot_be_read(tmp_path, secret, limits):
    path = Path(backprop.__file__).parent.parent / secret
    if secret == "outside":
        path = tmp_path / "answers.txt"
        path.write_text("n.grad += self.grad / n.value")
        os.chmod(tmp_path, 0o755)
    code = f"open({str(path)!r}).read()"
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), limits)
    assert points(result) == {**WHOLE, "1b": 1}
    assert "PermissionError" in said(result)


@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
@pytest.mark.parametrize("name", ["hwlib", "hwlib.backprop", "homework.checks"])
def test_the_book_cannot_be_imported(tmp_path, name, limits):
    folder = str(Path(backprop.__file__).parent.parent)
    code = f"import sys\nsys.path.insert(0, {folder!r})\nimport {name}\n"
    result = graded(hand_in(tmp_path / "s", backprop=at_import(code)), limits)
    assert points(result) == {"1b": 0, "1g": 0}
    assert name.split(".")[0] in said(result) or "PermissionError" in said(result)


@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
def test_nothing_is_written_outside(tmp_path, limits):
    """Such as results.json, for a platform to find."""
    target = tmp_path / "results" / "results.json"
    target.parent.mkdir(mode=0o777)
    os.chmod(target.parent, 0o777)
    os.chmod(tmp_path, 0o755)
    code = f"open({str(target)!r}, 'w').write('100')"
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), limits)
    assert points(result) == {**WHOLE, "1b": 1} and "PermissionError" in said(result)
    assert not target.exists()


@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
def test_a_file_of_2_gb_is_not_written(tmp_path, limits):
    code = """
        with open("large", "wb") as file:
            for _ in range(2048):
                file.write(bytes(1 << 20))
        """
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), limits)
    assert points(result) == {**WHOLE, "1b": 1} and "File too large" in said(result)


def test_not_many_files_are_written(tmp_path):
    code = "for i in range(10**5): open(f'f{i}', 'w').write('x')"
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)))
    assert points(result) == {**WHOLE, "1b": 1} and "may not write so many files" in said(result)


def test_not_many_files_are_opened(tmp_path):
    code = "files = [open(__file__) for _ in range(1000)]"
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)))
    assert points(result) == {**WHOLE, "1b": 1} and "Too many open files" in said(result)


@pytest.mark.parametrize("limits", [QUICK, BARE], ids=["hook", "kernel"])
def test_deleting_its_own_folder(tmp_path, limits):
    code = """
        import os, shutil
        shutil.rmtree(os.path.dirname(__file__), ignore_errors=True)
        """
    folder = hand_in(tmp_path / "s", backprop=in_backward(code))
    result = graded(folder, limits)
    assert points(result) == WHOLE  # it works on a copy, made anew for each task
    assert sorted(os.listdir(folder)) == ["backprop.py", "kmeans.py"]


def test_a_folder_that_is_hard_to_remove(tmp_path):
    code = """
        import os
        if os.access(".", os.W_OK) and not os.path.exists("a"):
            os.makedirs("a/b/c")
            os.symlink("/etc", "a/b/up")
            os.symlink("..", "a/b/c/loop")
            os.chmod("a/b/c", 0)
            os.chmod("a/b", 0)
            os.chmod(".", 0)
        """
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)))
    assert points(result) == WHOLE, said(result)
    assert os.path.exists("/etc/passwd")


@pytest.mark.parametrize("length, depth", [(1, 1500), (200, 60)])
def test_nothing_is_left_where_there_is_no_disk_of_its_own(tmp_path, length, depth):
    code = f"""
        import os
        for _ in range({depth}):
            os.mkdir("n" * {length})
            os.chdir("n" * {length})
        """
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), namespaces=False)
    assert points(result)["1g"] == 3


def test_no_network(tmp_path):
    code = "import socket; socket.create_connection(('127.0.0.1', 9), timeout=1)"
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)))
    assert points(result) == {**WHOLE, "1b": 1} and "may not use the network" in said(result)


# -------------------------------------------------------------------------------- each wall

# Each tries one thing, by the C library where Python would refuse, and says so if it was done.
WALLS = {
    "TCP": "import socket; socket.create_connection(('127.0.0.1', {tcp}), timeout=1)",
    "UDP": "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    "s.sendto(b'x', ('127.0.0.1', {udp}))",
    "Unix socket": "import socket; socket.socket(socket.AF_UNIX).connect({unix!r})",
    "Unix datagram": "import socket\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
    "s.sendto(b'x', {unix!r})",
    "socket pair": "import socket; socket.socketpair()",
    "shared memory": "c(libc.shmget(4711, 4096, 0o1666))",
    "semaphores": "c(libc.semget(4711, 1, 0o1666))",
    "message queue": "c(libc.msgget(4711, 0o1666))",
    "limits of the grader": "import resource\n"
    "resource.prlimit(os.getppid() or {pid}, resource.RLIMIT_CPU, (1, 1))",
    "own limits": "import resource\nresource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "priority": "os.setpriority(os.PRIO_PROCESS, 0, 5)",
    "affinity": "os.sched_setaffinity(0, {{0}})",
    "listing the temporary folder": "os.listdir({top!r})",
    "listing the grader": "os.listdir({grader!r})",
    "listing processes": "os.listdir('/proc')",
    "reading a process": "open('/proc/{pid}/status').read()",
    "attributes": "os.setxattr('backprop.py', 'user.x', b'1')",
    "a pipe with a name": "os.mkfifo('pipe')",
    "a link to a file outside": "os.link({outside!r}, 'own')",
    "reading through a symbolic link": "os.symlink({outside!r}, 'own')\nopen('own').read()",
    "16 megabytes": "for i in range(9): open(f'f{{i}}', 'wb').write(bytes(2 << 20))",
    "300 files": "for i in range(301): os.close(os.open(f'f{{i}}', os.O_CREAT | os.O_WRONLY))",
    "300 folders": "for i in range(301): os.mkdir(f'f{{i}}')",
    "fork": "c(libc.fork())",
    "clone": "c(libc.syscall(56 if os.uname().machine == 'x86_64' else 220, 17, 0, 0, 0, 0))",
    "thread": "import _thread; _thread.start_new_thread(print, ())",
    "program": "c(libc.execve(b'/bin/true', None, None))",
    "namespace": "c(libc.unshare(1 << 28))",
    "mount": "c(libc.mount(b'none', b'.', b'tmpfs', 0, None))",
    "ptrace": "c(libc.ptrace(16, {pid}, 0, 0))",
    "memory of the grader": "c(libc.process_vm_readv({pid}, 0, 0, 0, 0, 0))",
    "file in memory": "c(libc.memfd_create(b'x', 0))",
    "keys": "c(libc.syscall(248 if os.uname().machine == 'x86_64' else 217, 0, 0, 0, 0, 0))",
    "becoming root": "os.setuid(0)\nif os.getuid(): raise PermissionError",
}  # fmt: skip


@pytest.fixture(scope="module")
def outside():
    """What a submission would like to reach: sockets that listen, a file, this process."""
    folder = Path(tempfile.mkdtemp(prefix="outside-"))
    os.chmod(folder, 0o777)
    (folder / "secret.txt").write_text("secret")
    os.chmod(folder / "secret.txt", 0o666)
    tcp, udp = socket.create_server(("127.0.0.1", 0)), socket.socket(type=socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(folder / "socket"))
    unix.listen()
    os.chmod(folder / "socket", 0o777)
    yield {
        "tcp": tcp.getsockname()[1], "udp": udp.getsockname()[1], "unix": str(folder / "socket"),
        "outside": str(folder / "secret.txt"), "top": tempfile.gettempdir(), "pid": os.getpid(),
        "grader": str(Path(grading.__file__).parent), "datagrams": udp,
    }  # fmt: skip
    for each in (tcp, udp, unix):
        each.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("wall", WALLS)
def test_a_wall_holds_without_the_hook(tmp_path, outside, wall):
    attempt = WALLS[wall].format(**outside)
    code = (
        "import ctypes, os\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def c(result):\n"
        "    if result < 0: raise OSError(ctypes.get_errno(), 'refused')\n"
        "    if result == 0: os._exit(0)\n"
        "try:\n" + textwrap.indent(attempt, "    ") + "\n"
        "except (OSError, RuntimeError, ValueError): pass\n"
        "else: raise TypeError('it went through')\n"
    )
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), BARE)
    assert points(result) == WHOLE, said(result)
    if wall == "UDP":
        with pytest.raises(BlockingIOError):
            outside["datagrams"].recv(1)


def test_this_machine_has_all_walls():
    """Where one is missing, the command says which; the tests above would fail there."""
    with Sandbox() as box:
        box.run({"kmeans.py": b""}, {"2a": inputs("2a", 1)})
        assert box.missing == []


def test_a_missing_wall_is_named(tmp_path, capsys, monkeypatch):
    plain = Sandbox.__init__
    monkeypatch.setattr(Sandbox, "__init__", lambda self, limits: plain(self, limits, False))
    hand_in(tmp_path / "s")
    assert command.main([str(tmp_path / "s"), "--only", "1b"]) == 0
    assert "walls missing here: a network of its own, shared memory of its own" in (
        capsys.readouterr().err
    )


def test_shared_memory_carries_nothing_from_task_to_task(tmp_path):
    """What one task leaves in System V memory, another would find: an answer, say."""
    code = """
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.shmget(4712, 4096, 0o1666) >= 0:
            raise ValueError("memory")
        """
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), BARE)
    assert points(result) == WHOLE
    assert " 4712 " not in Path("/proc/sysvipc/shm").read_text()


# ----------------------------------------------------------------------- cheating and tampering

NOTHING = """
class LogNode(Node):
    def __init__(self, n):
        raise NotImplementedError

    def backward(self):
        raise NotImplementedError
"""


def cheating(code):
    """A right backprop.py without a LogNode, and something that is to help instead."""
    return RIGHT["backprop.py"].replace(BEFORE_MAIN, NOTHING + textwrap.dedent(code) + BEFORE_MAIN)


FAKES = {
    "prints results": """
        print('{"1b": {"results": [], "points": 3}}', flush=True)
        print("1b: all 3 checks passed, 3 of 3 points", flush=True)
        """,
    "writes to every descriptor": """
        import os
        for fd in range(3, 99):
            try:
                os.write(fd, b'{"results": [], "points": 3}')
            except OSError:
                pass
        """,
    "replaces numpy's comparisons": """
        np.allclose = np.array_equal = np.isclose = np.all = lambda *a, **k: True
        """,
    "replaces json": """
        import json
        json.dumps = lambda *a, **k: '{"results": []}'
        """,
    "replaces the grader's modules": """
        import sys, types
        for name in list(sys.modules):
            if "probe" in name or "keeper" in name or name == "__main__":
                sys.modules[name] = types.ModuleType(name)
        """,
    "looks for the probe": """
        import sys
        frame = sys._getframe()
        while frame:
            names = frame.f_globals
            if "stand_ins" in names:
                LogNode = names["stand_ins"]({"Node": Node})["LogNode"]
            frame = frame.f_back
        import gc
        try:
            for each in gc.get_objects():
                if isinstance(each, dict) and "stand_ins" in each:
                    LogNode = each["stand_ins"]({"Node": Node})["LogNode"]
        except PermissionError:
            pass
        """,
    "forges an outcome with the key": """
        import sys, os, json, hmac
        frame = sys._getframe()
        while frame:
            if "key" in frame.f_locals and "sender" in frame.f_locals:
                key, sender = frame.f_locals["key"], frame.f_locals["sender"]
                if frame.f_locals["task"] == "1b":
                    fake = {"results": [{"forward": {"result": 1}, "points": 3}], "points": 3}
                    data = json.dumps(fake).encode()
                    os.write(sender, hmac.digest(key, data, "sha256") + data)
                    os._exit(0)
            frame = frame.f_back
        """,
    "a float that equals everything": """
        class Same(np.ndarray):
            __eq__ = __le__ = __ge__ = lambda self, other: np.True_
        class LogNode(Node):
            def forward(self, x):
                return np.zeros(()).view(Same)
            def backward(self):
                pass
        """,
}


@pytest.mark.full
@pytest.mark.parametrize("case", FAKES)
def test_faking_gains_nothing(tmp_path, case):
    result = graded(hand_in(tmp_path / "s", backprop=cheating(FAKES[case])), BARE, ("1b",))
    # a node that does nothing at all, in the right place, has one point in any case
    assert points(result)["1b"] == (1 if "equals everything" in case else 0), said(result)
    assert said(result)


@pytest.mark.full
@pytest.mark.parametrize("task", LABELS)
def test_no_forged_results_earn_points(task):
    """Whatever is put in the place of any piece of what the probe writes down of no work at all."""
    names = vars(backprop) | vars(kmeans)
    stubs = {name: unwritten for name in tasks.TASKS[task].names}
    stubs["numerical_gradient"] = unwritten
    given = inputs(task, 3)
    results = json.loads(json.dumps(run(task, {**names, **stubs}, given)))
    places = list(pieces(results))
    rng = random.Random(0)
    forgeries = [[place] for place in places] + [rng.sample(places, 2) for _ in range(300)]
    everywhere = ("exception", "skipped", "result", "changed", "steps", "warnings")
    forgeries += [[p for p in places if p[-1:] == (key,)] for key in everywhere]
    values = (None, [], {}, 0, True, float("nan"), [0.0])
    for forgery in forgeries[:: max(1, len(forgeries) // 100)]:
        for value in values:
            forged = copy.deepcopy(results)
            for place in forgery:
                put(forged, place, value)
            handed_in = submission.Submission("s", {tasks.TASKS[task].file: b""})
            verdict = grading.verdict(task, given, handed_in, {task: {"results": forged}})
            assert verdict.points == 0, (forgery, value, verdict)


@pytest.mark.parametrize("key", ["cases", "blank", "numerical"])
def test_results_for_fewer_inputs_are_not_judged(key):
    given = inputs("1h", 3)
    names = {**vars(backprop), "numerical_gradient": unwritten}
    results = run("1h", names, given, patch=["numerical_gradient"])
    handed_in = submission.Submission("s", {"backprop.py": b""})
    for points in (3, 0):  # all but the part numerical; and with an input left out
        verdict = grading.verdict("1h", given, handed_in, {"1h": {"results": results}})
        assert verdict.points == points
        results["stand_ins"][key].pop()
    assert "was changed" in verdict.messages[0]


def unwritten(*arguments, **options):
    raise NotImplementedError


def pieces(results, place=()):
    """Every place in nested dicts and lists."""
    yield place
    keys = results if isinstance(results, dict) else range(len(results))
    for key in keys if isinstance(results, (dict, list)) else ():
        if isinstance(results[key], (dict, list)):
            yield from pieces(results[key], (*place, key))
        else:
            yield (*place, key)


def put(results, place, value):
    for key in place[:-1]:
        try:
            results = results[key]
        except (KeyError, IndexError, TypeError):
            return
    if place and isinstance(results, (dict, list)):
        try:
            results[place[-1]] = value
        except (IndexError, TypeError):
            pass


def test_a_loop_cannot_be_hidden(tmp_path):
    source = RIGHT["kmeans.py"] + textwrap.dedent("""
        import sys
        right = kmeans
        def kmeans(X, k, rng=0):
            sys.settrace(None)
            for x in X:
                pass
            return right(X, k, rng)
        """)
    result = graded(hand_in(tmp_path / "s", kmeans=source), labels=("1b", "2a"))
    assert points(result)["2a"] == 0
    assert "may not change how it is watched" in said(result, "2a")


def test_a_task_gets_no_helper_that_knows_its_answer(tmp_path):
    """What a submission can find in its process: frames, and all that they see."""
    code = """
        import sys
        frame, seen = sys._getframe(), set()
        while frame:
            seen |= set(frame.f_globals) | set(frame.f_locals)
            frame = frame.f_back
        raise ValueError(" ".join(sorted(seen & {"stand_ins", "slopes", "judge_1b", "run_probe"})))
        """
    result = graded(hand_in(tmp_path / "s", backprop=in_backward(code)), labels=("1b",))
    assert "ValueError: run_probe " in said(result)
    assert not tasks.TASKS["1b"].helpers and "slopes.py" not in tasks.TASKS["1h"].helpers


def test_expected_answers_are_not_sent(monkeypatch):
    """What goes to the other process is the submission and inputs, nothing else."""
    jobs = []
    monkeypatch.setattr(Sandbox, "_ask", lambda self, job, seconds: jobs.append(job) or {})
    Sandbox().run({"backprop.py": b""}, {"1b": inputs("1b", 1)})
    assert set(jobs[0]) == {"files", "tasks"}
    assert set(jobs[0]["tasks"][1]) == {"label", "module", "probe", "helpers", "inputs"}


# ------------------------------------------------------------------- what is handed in, and how


def test_empty_folder(tmp_path):
    result = graded(tmp_path)
    assert result.points == 0 and result.status == 2
    assert "There is no backprop.py and no kmeans.py" in result.problem
    assert "empty" in result.problem


def test_other_files_only(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    assert "there is notes.txt" in graded(tmp_path).problem


def test_one_file_only(tmp_path):
    hand_in(tmp_path / "s")
    (tmp_path / "s" / "kmeans.py").unlink()
    result = graded(tmp_path / "s", labels=("1b", "2a"))
    assert points(result) == {"1b": 3, "2a": 0}
    assert "There is no kmeans.py" in said(result, "2a")


@pytest.mark.full
@pytest.mark.parametrize("name", ["Ölçüm ödevi, 第三次 (final) v2", "a 'quoted' \"name\"", "-rf"])
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_name_with_spaces_and_letters_of_any_kind(tmp_path, name, packed):
    path = hand_in(tmp_path / name / "q1 — свойства" if packed else tmp_path / name)
    if packed:
        path = zipped(tmp_path / f"{name}.zip", tmp_path / name)
    result = graded(path)
    assert points(result) == WHOLE and result.name == name


def zipped(path, folder):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.py")):
            archive.write(file, file.relative_to(folder))
    return path


FORMS = {
    "windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "old mac line ends": lambda text: text.replace("\n", "\r").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "both": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "latin-1, declared": lambda text: (
        b"# -*- coding: latin-1 -*-\n" + text.encode("ascii", "replace")
    ),
    "no line end": lambda text: text.rstrip("\n").encode(),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
}


@pytest.mark.full
@pytest.mark.parametrize("form", FORMS)
def test_a_file_in_another_form(tmp_path, form):
    source = FORMS[form](RIGHT["backprop.py"])
    assert points(graded(hand_in(tmp_path / "s", backprop=source))) == WHOLE


def test_tabs_and_spaces_mixed(tmp_path):
    line = "        x.grad += self.grad / x.value"
    source = RIGHT["backprop.py"].replace(line, "\tx.grad += self.grad / x.value")
    result = graded(hand_in(tmp_path / "s", backprop=source))
    assert points(result) == {"1b": 0, "1g": 0}
    assert "tabs and spaces are mixed" in said(result) and "line" in said(result)


def test_a_zip_that_points_outside(tmp_path):
    path = tmp_path / "in" / "evil.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../kmeans.py", RIGHT["kmeans.py"])
        archive.writestr("/tmp/homework-evil.py", "x = 1")
        archive.writestr("..\\..\\other.py", "x = 1")
        archive.writestr("backprop.py", RIGHT["backprop.py"])
    result = graded(path, labels=("1b", "2a"))
    assert points(result) == {"1b": 3, "2a": 0}
    assert "../kmeans.py is left out: it points outside of the zip." in result.notes
    assert [each.name for each in tmp_path.rglob("*.py")] == []
    assert not Path("/tmp/homework-evil.py").exists()


def test_a_zip_with_a_link(tmp_path):
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("backprop.py")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, backprop.__file__)
        archive.writestr("kmeans.py", RIGHT["kmeans.py"])
    result = graded(path)
    assert points(result) == {"1b": 0, "1g": 0}
    assert "backprop.py is left out: it is a link." in result.notes


def test_a_folder_with_links_and_pipes(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "backprop.py").symlink_to(backprop.__file__)
    (folder / "around").symlink_to(folder)
    os.mkfifo(folder / "kmeans.py")
    result = graded(folder)
    assert result.points == 0 and result.status == 2
    assert "backprop.py is left out: it is a link." in result.notes
    assert "kmeans.py is left out: it is not an ordinary file." in result.notes


def test_a_file_of_2_gb(tmp_path):
    folder = hand_in(tmp_path / "s")
    with open(folder / "backprop.py", "r+b") as file:
        file.truncate(2 << 30)  # takes no space on the disk
    result = graded(folder)
    assert points(result) == {"1b": 0, "1g": 0}
    assert any("backprop.py is left out: it has 2,147 MB" in note for note in result.notes)


def test_a_zip_that_unpacks_to_2_gb(tmp_path, monkeypatch):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("backprop.py", "w") as file:
            for _ in range(64):
                file.write(bytes(1 << 20))
        archive.writestr("kmeans.py", RIGHT["kmeans.py"])
    # a size in the directory that lies
    handed_in = submission.collect(path)
    assert "backprop.py" not in handed_in.files and "67 MB" in handed_in.notes[0]
    monkeypatch.setattr(
        zipfile.ZipFile, "infolist", lambda self, real=zipfile.ZipFile.infolist: [
            setattr(info, "file_size", 100) or info for info in real(self)
        ],
    )  # fmt: skip
    handed_in = submission.collect(path)
    assert len(handed_in.files.get("backprop.py", b"")) <= submission.LARGEST


@pytest.mark.parametrize(
    "name, content",
    [("broken.zip", b"PK\x03\x04nonsense"), ("empty.zip", b""), ("notes.txt", b"hello")],
)
def test_what_is_no_submission(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    result = graded(tmp_path / name)
    assert result.points == 0 and result.status == 2 and name in result.problem


def test_what_is_not_there(tmp_path):
    assert "does not exist" in graded(tmp_path / "nobody").problem
    assert "does not exist" in graded(tmp_path / "nobody.zip").problem


def test_files_beside_are_there_too(tmp_path):
    folder = hand_in(tmp_path / "s", backprop="from my_helpers import *\n" + RIGHT["backprop.py"])
    (folder / "my_helpers.py").write_text("x = 1\n")
    assert points(graded(folder)) == WHOLE


# ------------------------------------------------------------------------------ who runs it


def test_the_keeper_may_be_ended(tmp_path):
    """Then this submission cannot be graded; the next one can."""
    box = Sandbox(QUICK)
    with box:
        folder = hand_in(tmp_path / "s")
        assert points(grading.grade(folder, 3, labels=("1b",), sandbox=box)) == {"1b": 3}
        box.process.kill()
        result = grading.grade(folder, 3, labels=("1b",), sandbox=box)
        assert result.points == 0 and "process that ran it was ended" in said(result)
        assert points(grading.grade(folder, 3, labels=("1b",), sandbox=box)) == {"1b": 3}


def test_time_is_bounded(tmp_path):
    start = time.monotonic()
    source = "while True: pass\n"
    result = graded(hand_in(tmp_path / "s", kmeans=source), Limits(seconds=1), ("2a",))
    assert result.points == 0 and "within 1 seconds" in said(result, "2a")
    assert time.monotonic() - start < 20  # not for ever


@pytest.mark.full
@pytest.mark.skipif(not LINUX or os.geteuid() != 0, reason="only root can become another user")
def test_as_an_ordinary_user():
    """Some of the cases again, started by a user who is not root: the kernel's walls alone."""
    setpriv = shutil.which("setpriv")
    assert setpriv, "setpriv, a part of util-linux, is needed"
    root = Path(backprop.__file__).parent.parent
    # a Python that every user can run, with the packages of this one
    system = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    python = sys.executable if walls.is_open(os.__file__) else system
    assert os.path.exists(python), f"{sys.executable} is root's own, and there is no {system}"
    # pytest's own folder is closed to others, and again whenever another run begins
    where = Path(tempfile.mkdtemp(prefix="user-"))
    os.chown(where, 61000, 61000)
    keyword = "kernel and (fork or outside or grader_cannot) or hard_to_remove or test_a_wall"
    command = [
        setpriv, "--reuid=61000", "--regid=61000", "--clear-groups",
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", keyword,
        f"--basetemp={where}/t", str(Path(__file__).relative_to(root)),
    ]  # fmt: skip
    paths = [str(root), *packages()]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "HOME": str(where)}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=300
    )
    walls.remove(where)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert " passed" in done.stdout and "skipped" not in done.stdout


RIGHTS = ["-all", "-sys_admin", "-sys_admin,-setfcap", "-kill,-setuid,-chown"]


@pytest.mark.full
@pytest.mark.skipif(not LINUX or os.geteuid() != 0, reason="only root can give rights up")
@pytest.mark.parametrize("rights", RIGHTS)
def test_root_with_fewer_rights_grades_as_well(tmp_path, rights):
    # as in a container: root there may not make namespaces, or not become another user
    folder = hand_in(tmp_path / "s")
    done = subprocess.run(
        ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", sys.executable, "-m",
         "homework.grade", str(folder), "--only", "1b"],
        cwd=Path(backprop.__file__).parent.parent, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "3 of 3 points" in done.stdout, done.stdout + done.stderr
