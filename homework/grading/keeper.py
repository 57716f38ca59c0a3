"""The program that runs submissions: `python -I -S keeper.py`. A line is a job, or its outcomes.

It runs no student's code itself. For each task it starts a child, shuts it in, and waits for what
the child writes down. It is given the probe and the inputs, and no answer: those stay with the
grader, which started this program. It imports numpy, and whatever of the homework's packages a
submission needs, once; the children have them without importing them again.

The walls around a child, from the outside in:

- what it writes down are a function's results, not points, under a key of its own (`hmac`);
- limits of the kernel on time, memory, files and processes (it may start none, not even a thread);
- a network, shared memory, processes and a small disk of its own (namespaces);
- if the grader is root, a user of its own;
- Landlock: it reads Python, its packages and its own folder, and writes in that folder only;
- seccomp: system calls that no homework needs are refused;
- an audit hook, which refuses the same things with a sentence that says what is not allowed.
"""

import ast
import contextlib
import hmac
import itertools
import json
import os
import re
import resource
import select
import signal
import sys
import tempfile
import time
import types
from pathlib import Path

ANSWERS = ("hwlib", "homework")  # packages of the book, wherever they are installed
FIRST_UID, UIDS = 61184, 4336  # what systemd keeps for users that live as long as a process
PACKAGES = ("numpy", "scipy", "matplotlib", "PIL", "sklearn", "tqdm")  # the handout's
HERE = Path(__file__).resolve().parent
CHECKS = HERE.parent / "checks"
SOURCES = ("probe.py", "stand_ins.py", "slopes.py", "rewriting.py")  # what a child may run

sys.path.insert(0, str(HERE))
import walls  # noqa: E402 (the neighbor; a child cannot import from this folder)

sys.path.pop(0)


class Keeper:
    """What stays the same from job to job."""

    def __init__(self, config):
        self.config, self.limits = config, config["limits"]
        walls.end_with_parent()
        self.namespaces = walls.own_namespaces() if config["namespaces"] else 0
        # A user for each keeper, whose processes can then be ended all at once.
        uid = FIRST_UID + os.getpid() % UIDS
        self.uid = uid if walls.may_become(uid) else None
        # The child's own folder is one below, and only that is given to its user.
        self.top = os.path.realpath(config["folder"])
        self.folder = Path(self.top, "work")
        sys.path += config["path"]  # the packages, without what their .pth files would add
        os.environ.update({"MPLBACKEND": "agg", "MPLCONFIGDIR": self.top, "HOME": self.top})
        import numpy.lib.recfunctions  # noqa: F401 (all that is imported here is imported once)

        self.codes = {
            name: compile((CHECKS / name).read_bytes(), "<probe>", "exec") for name in SOURCES
        }
        self.readable = readable(config)
        # A pipe that nobody writes to: its reader sees that the keeper has ended.
        self.lifeline = os.pipe()

    # ----------------------------------------------------------- the side of the keeper

    def do(self, job):
        """Return what became of each task of a job."""
        for name in wanted(job["files"]):
            with contextlib.suppress(Exception):
                __import__(name)
        if parallel := sys.modules.get("sklearn.utils.parallel"):
            # It looks for libraries in /proc, and for functions in them: a child may do neither.
            # What it has found, and used once, it keeps.
            with (
                contextlib.suppress(Exception),
                parallel._get_threadpool_controller().limit(limits=1),
            ):
                pass
        outcomes, broken = {}, set()
        for task in job["tasks"]:
            if task["module"] not in broken:
                outcomes[task["label"]] = outcome = self.run(job, task)
                if task["probe"] is None and '"results"' not in outcome.get("payload", "")[:12]:
                    broken.add(task["module"])
        walls.remove(self.folder)
        return outcomes

    def run(self, job, task):
        """Run one task in a child; return its "payload", or a "problem" in a sentence."""
        limits = self.limits
        self.furnish(job["files"])
        key = os.urandom(16)
        receiver, sender = os.pipe()
        start = time.monotonic()
        child = walls.fork(self.namespaces)
        if child == 0:
            # Whatever happens, a child never gets back into the keeper's code.
            try:
                os.close(receiver)
                dumps, digest = json.dumps, hmac.digest
                payload = dumps(self.confined(job, task)).encode()
                send(sender, digest(key, payload, "sha256") + payload)
            finally:
                os._exit(0)
        os.close(sender)
        if not self.namespaces & walls.NEW_PID:
            with contextlib.suppress(OSError):
                os.setpgid(child, child)
        data, late = receive(receiver, limits)
        status, used = self.end(child)
        late = late or used > limits["seconds"] or time.monotonic() - start > limits["seconds"]
        mac, payload = data[:32], data[32:]
        if hmac.compare_digest(mac, hmac.digest(key, payload, "sha256")):
            return {"payload": payload.decode(errors="replace")}
        return {"problem": why(status, late, data, limits)}

    def furnish(self, files):
        """Make the child's folder anew; with no disk of its own, put the submission in it."""
        if self.namespaces & walls.NEW_MOUNT:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            return
        walls.remove(self.folder)
        self.folder.mkdir(mode=0o700)
        self.write(files)

    def write(self, files):
        for name, text in files.items():
            (self.folder / name).write_bytes(text.encode("latin-1"))
        if self.uid is not None:
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, self.uid, self.uid)

    def end(self, child):
        """End the child and all that it may have started; return how it ended, and its time."""
        # It has closed its pipe or used up its time. Give the first a moment to end by itself.
        done = None
        for _ in range(50):
            number, status, usage = os.wait4(child, os.WNOHANG)
            if number:
                done = status, usage
                break
            time.sleep(0.001)
        for kill in (os.killpg, os.kill) if done is None else (os.killpg,):
            with contextlib.suppress(OSError):
                kill(child, signal.SIGKILL)
        if done is None:
            done = os.wait4(child, 0)[1:]
        if self.uid is not None and not self.namespaces & walls.NEW_PID:
            # Everything that runs as this user, in whatever session it hides.
            sweeper = os.fork()
            if sweeper == 0:
                with contextlib.suppress(OSError):
                    os.setgid(self.uid)
                    os.setuid(self.uid)
                    os.kill(-1, signal.SIGKILL)
                os._exit(0)
            os.waitpid(sweeper, 0)
        status, usage = done
        return status, usage.ru_utime + usage.ru_stime

    # ------------------------------------------------------------ the side of the child

    def confined(self, job, task):
        """Shut this process in, load the submission, and run the probe on it."""
        limits, folder = self.limits, self.folder
        if not self.namespaces & walls.NEW_PID:
            with contextlib.suppress(OSError):
                os.setpgid(0, 0)
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        if self.namespaces & walls.NEW_MOUNT:
            if not walls.small_disk(folder, limits["disk"], limits["made"]):
                return {"problem": "The grader could not give it a disk of its own."}
            self.write(job["files"])
        os.chdir(folder)
        os.environ.clear()
        os.environ.update({"HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C.UTF-8"})
        os.environ.update({"MPLBACKEND": "agg", "MPLCONFIGDIR": str(folder)})
        os.environ.update({"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"})
        tempfile.tempdir = str(folder)
        if self.uid is not None:
            walls.become(self.uid, [os.__file__, *sys.path])
        walls.end_with_parent()
        reader, writer = self.lifeline
        os.close(writer)
        if select.select([reader], [], [], 0)[0]:
            os._exit(0)  # the keeper ended before its end could reach this process
        os.close(reader)
        if not walls.landlock(*self.readable, folder) or self.namespaces and self.uid is None:
            walls.capabilities(0)
        walls.limit(limits["seconds"], limits["memory"], limits["file_size"], limits["files"])
        walls.seccomp()

        names = {"__name__": "probe", "__file__": "<probe>"}
        exec(self.codes["probe.py"], names)
        helpers = {"__name__": "helpers"}
        for name in task["helpers"]:
            exec(self.codes[name], helpers)
        rewriting = {"__name__": "rewriting"}
        exec(self.codes["rewriting.py"], rewriting)
        run_probe, describe = names["probe"], names["describe"]
        given = None if task["probe"] is None else names["unpack"](task["inputs"])
        module, hooked, spec = task["module"], limits["hook"], task["probe"]
        source = job["files"][f"{module}.py"].encode("latin-1")
        # The probe counts steps by a trace function, and so keeps the means to set one to itself.
        # (An audit hook cannot tell: Python itself resets the trace when a trace function raises.)
        names["sys"] = types.SimpleNamespace(settrace=sys.settrace, gettrace=sys.gettrace)
        sys.settrace = sys.setprofile = lambda *_: refuse("change how it is watched")
        del job, task, names, self
        if hooked:
            sys.addaudithook(hook(folder))

        sys.path.insert(0, str(folder))
        sys.argv = [f"{module}.py"]
        path = str(folder / f"{module}.py")
        submission = types.ModuleType(module)
        submission.__file__ = path
        sys.modules[module] = submission
        notes = []
        try:
            # from what was handed in, not from the file: that may be gone, or another one
            tree, notes, extra = rewriting["rewrite"](source, path)
            loops = itertools.count()
            extra["__loops__"], extra["__round__"] = loops, loops.__next__
            submission.__dict__.update(extra)
            exec(compile(tree, path, "exec", dont_inherit=True), submission.__dict__)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            seen = describe(error)
            seen["at"] = error.lineno if isinstance(error, SyntaxError) else None
            return {"exception": seen}
        if spec is None:
            return {"results": [], "notes": notes}
        try:
            results = run_probe(spec, vars(submission), given, (), helpers)
            return {"results": results, "notes": notes}
        except BaseException as error:  # the probe catches all but a KeyboardInterrupt
            return {"problem": f"It ended the check with {type(error).__name__}."}


def wanted(files):
    """Return the modules of the handout's packages that a submission imports."""
    found = set()
    for name, text in files.items():
        if name.endswith(".py"):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                for node in ast.walk(ast.parse(text.encode("latin-1"))):
                    if isinstance(node, ast.Import):
                        found.update(each.name for each in node.names)
                    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                        found.add(node.module)
    own = re.compile(rf"({'|'.join(PACKAGES)})(\.[a-z]\w*)*")
    return sorted(name for name in found if own.fullmatch(name))[:50]


def receive(receiver, limits):
    """Read from the child until it ends or the time is up; return the bytes, and whether it was."""
    data, latest = b"", time.monotonic() + limits["seconds"]
    with os.fdopen(receiver, "rb", buffering=0) as pipe:
        while len(data) <= limits["output"]:
            left = latest - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                return data, True
            piece = pipe.read(1 << 16)
            if not piece:
                break
            data += piece
    return data, False


def send(sender, data):
    while data:
        data = data[os.write(sender, data) :]


def why(status, late, data, limits):
    """Say in a sentence why there are no results."""
    if len(data) > limits["output"]:
        return "It returns far too much."
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGKILL, signal.SIGXCPU) and late:
            return f"It did not end within {limits['seconds']:g} seconds and was stopped."
        return (
            f"It ended Python with the signal {signal.Signals(number).name}, so nothing that it "
            "computed could be looked at."
        )
    if data:
        return (
            "It wrote something of its own to where the checks write down what they see. Nothing "
            "written there can give points, and so nothing could be looked at."
        )
    return (
        "Python ended before the check was done, so nothing could be looked at. (It was closed by "
        "the code itself, or a result could not be written down.)"
    )


def readable(config):
    """Return what a child may read, and the folders that it may list."""
    base = Path(os.__file__).resolve().parent
    paths = [base, *map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"))]
    paths += map(Path, ("/dev/null", "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime"))
    paths += map(Path, ("/etc/ld.so.cache", "/etc/fonts", "/etc/mime.types"))
    paths += [Path("/usr/share/fonts"), Path(sys.base_prefix, "lib")]
    listed = []
    for folder in map(Path, config["path"]):
        listed.append(folder)
        for path in folder.iterdir():
            if not path.name.startswith((*ANSWERS, "__editable__")):
                paths.append(path)
    # A folder that contains the answers is not allowed as a whole.
    answers = [Path(each) for each in config["answers"]]
    return [
        path
        for path in paths
        if path.exists() and not any(each.is_relative_to(path.resolve()) for each in answers)
    ], listed


NO = {
    "os.fork": "start a process",
    "os.forkpty": "start a process",
    "os.exec": "start a program",
    "os.posix_spawn": "start a program",
    "os.system": "start a program",
    "subprocess.Popen": "start a program",
    "os.kill": "end a process",
    "os.killpg": "end a process",
    "signal.pthread_kill": "end a process",
    "socket.connect": "use the network",
    "socket.bind": "use the network",
    "socket.getaddrinfo": "use the network",
    "socket.__new__": "use the network",
    "ctypes.dlopen": "load a library",
    "ctypes.dlsym": "load a library",
    "sys.addaudithook": "change how it is watched",
    "gc.get_objects": "look into the checks",
    "gc.get_referrers": "look into the checks",
}


def refuse(what):
    raise PermissionError(f"code that is being checked may not {what}")


MOST_FILES = 100  # that are opened to write


def hook(folder):
    """Return the audit hook. It stays for as long as the process lives."""
    folder, opened = str(folder), [0]
    own_file, normal = folder + os.sep, os.path.realpath

    def watch(event, arguments):
        if event in NO:
            refuse(NO[event])
        if event == "import":
            if arguments[0].split(".")[0] in ANSWERS:
                raise ImportError(f"{arguments[0]} is not there while code is being checked")
        elif event == "open" and isinstance(arguments[0], str):
            _, mode, flags = arguments
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or set(mode or "") & set("wax+"):
                path = normal(arguments[0])
                if not (path + os.sep).startswith(own_file) and path != os.devnull:
                    refuse("write outside of its own folder")
                opened[0] += 1
                if opened[0] > MOST_FILES:
                    refuse("write so many files")

    return watch


def main():
    config = json.loads(sys.stdin.readline())
    # What a submission makes Python remember stays in a child; this is for the keeper's own lists.
    memory = config["limits"]["memory"] + (1 << 30)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
    keeper = Keeper(config)
    print(json.dumps({"missing": walls.missing(keeper.namespaces)}), flush=True)
    for line in sys.stdin:
        print(json.dumps(keeper.do(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
