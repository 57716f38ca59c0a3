"""The program that runs one submission: `python -I -S jail.py`, a job on stdin, results on stdout.

It runs no student's code itself. For each task it starts a child, shuts it in, and waits for what
the child writes down. It is given the probe and the inputs, and no answer: those stay with the
grader, which started this program. It needs numpy and the standard library, and Linux or another
Unix; `Landlock` is there on Linux 5.13 and later.

The walls around a child, from the outside in:

- what it writes down are a function's results, not points, under a key of its own (`hmac`);
- limits of the kernel on time, memory, files and processes (it may start none, not even a thread);
- if the grader is root, a user of its own;
- Landlock: it reads Python, its packages and its own folder, and writes in that folder only;
- an audit hook, which refuses the same things with a sentence that says what is not allowed.
"""

import contextlib
import ctypes
import hmac
import json
import os
import resource
import select
import signal
import sys
import time
import types
from pathlib import Path

# Functions of the probe that know how to do a task, and the tasks that may know of them: those
# that get right nodes in any case. For all others they are taken out before a student's code runs.
HELPERS = ("stand_ins", "stand_in", "slopes", "sigmoid", "log")
HELPED = {"1h": HELPERS[:2] + HELPERS[3:], "1i": HELPERS[:2] + HELPERS[3:]}
HELPED |= {"1n": HELPED["1i"], "1m": HELPERS}

ANSWERS = ("hwlib", "homework")  # packages of the book, wherever they are installed
FIRST_UID, UIDS = 61184, 4336  # what systemd keeps for users that live as long as a process


def main():
    job = json.load(sys.stdin)
    # A user for each keeper, whose processes can then be ended all at once.
    job["uid"] = FIRST_UID + os.getpid() % UIDS if os.geteuid() == 0 else None
    sys.path += job["path"]  # the installed packages, without what their .pth files would add
    import numpy.lib.recfunctions  # noqa: F401 (all that is imported here is imported once)

    probe = compile(job["probe"], "<probe>", "exec")
    outcomes, broken = {}, set()
    for task, module, inputs in job["tasks"]:
        if module not in broken:
            outcomes[task] = outcome = run(job, probe, task, module, inputs)
            if task == f"import {module}" and "results" not in outcome:
                broken.add(module)
    json.dump(outcomes, sys.stdout)


# --------------------------------------------------------------- the side of the keeper


def run(job, probe, task, module, inputs):
    """Run one task in a child; return {"results": ...}, or {"problem": a sentence}."""
    limits, folder = job["limits"], Path(job["folder"], "work")
    furnish(folder, job["files"], job["uid"])
    key = os.urandom(16)
    receiver, sender = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        # Whatever happens, a child never gets back into the keeper's code.
        try:
            os.close(receiver)
            dumps, digest = json.dumps, hmac.digest
            payload = dumps(confined(job, probe, task, module, inputs, folder)).encode()
            send(sender, digest(key, payload, "sha256") + payload)
        finally:
            os._exit(0)
    os.close(sender)
    with contextlib.suppress(OSError):
        os.setpgid(child, child)
    data, late = receive(receiver, limits)
    status = end(child, job["uid"])
    mac, payload = data[:32], data[32:]
    if hmac.compare_digest(mac, hmac.digest(key, payload, "sha256")):
        return json.loads(payload)
    return {"problem": why(status, late, data, limits)}


def furnish(folder, files, uid):
    """Make the child's folder anew, with the submission in it."""
    remove(folder)
    folder.mkdir(mode=0o700)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode("latin-1"))
    if uid is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, uid, uid)


def remove(folder):
    """Remove a folder, whatever a submission did to it."""
    for top, names, _ in os.walk(folder):
        for name in [top, *(os.path.join(top, each) for each in names)]:
            if not os.path.islink(name):
                with contextlib.suppress(OSError):
                    os.chmod(name, 0o700)
    for top, folders, names in os.walk(folder, topdown=False):
        for name in names + [each for each in folders if os.path.islink(os.path.join(top, each))]:
            os.unlink(os.path.join(top, name))
        os.rmdir(top)


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


def end(child, uid):
    """End the child and all that it may have started; return how it ended."""
    # It has closed its pipe or used up its time. Give the first a moment to end by itself.
    status = None
    for _ in range(50):
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            status = code
            break
        time.sleep(0.001)
    for kill in (os.killpg, os.kill) if status is None else (os.killpg,):
        with contextlib.suppress(OSError):
            kill(child, signal.SIGKILL)
    if status is None:
        status = os.waitpid(child, 0)[1]
    if uid is not None:
        # Everything that runs as this user, in whatever session it hides.
        sweeper = os.fork()
        if sweeper == 0:
            with contextlib.suppress(OSError):
                os.setgid(uid)
                os.setuid(uid)
                os.kill(-1, signal.SIGKILL)
            os._exit(0)
        os.waitpid(sweeper, 0)
    return status


def why(status, late, data, limits):
    """Say in a sentence why there are no results."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in (signal.SIGKILL, signal.SIGXCPU) and (late or number == signal.SIGXCPU):
            return (
                f"It did not come to its end within {limits['seconds']:g} seconds and was stopped."
            )
        if len(data) > limits["output"]:
            return "It gives back far too much."
        return (
            f"It ended Python with the signal {signal.Signals(number).name}, so nothing that it "
            "computed could be looked at."
        )
    if data:
        return (
            "It wrote something of its own to where the checks write down what they see. Nothing "
            "written there can give points, and so nothing could be looked at."
        )
    return "It ended Python before the check was done (os._exit?), so nothing could be looked at."


# ---------------------------------------------------------------- the side of the child


def confined(job, probe, task, module, inputs, folder):
    """Shut this process in, load the submission, and run the probe on it."""
    limits, uid = job["limits"], job["uid"]
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update({"HOME": str(folder), "TMPDIR": str(folder), "MPLCONFIGDIR": str(folder)})
    os.environ.update({"MPLBACKEND": "agg", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"})
    if uid is not None:
        become(uid)
    if not landlock(allowed(job), folder):
        capabilities(0)
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_NOFILE", limits["files"]),
        ("RLIMIT_FSIZE", limits["file_size"]),
        ("RLIMIT_CPU", int(limits["seconds"]) + 1),
        ("RLIMIT_AS", limits["memory"]),
    ):
        resource.setrlimit(getattr(resource, name), (value, value))

    names = {"__name__": "probe", "__file__": "<probe>"}
    exec(probe, names)
    for name in set(HELPERS) - set(HELPED.get(task, ())):
        names.pop(name, None)
    run_probe, given = names["probe"], names["unpack"](inputs)
    describe = names["describe"]
    source = job["files"][f"{module}.py"].encode("latin-1")
    # The probe counts steps by a trace function, and so keeps the means to set one to itself. (An
    # audit hook cannot tell: Python itself resets the trace when a trace function raises.)
    names["sys"] = types.SimpleNamespace(settrace=sys.settrace, gettrace=sys.gettrace)
    sys.settrace = sys.setprofile = lambda *_: refuse("change how it is watched")
    del job, probe, names
    if limits["hook"]:
        sys.addaudithook(hook(folder))

    sys.path.insert(0, str(folder))
    sys.argv = [f"{module}.py"]
    path = str(folder / f"{module}.py")
    submission = types.ModuleType(module)
    submission.__file__ = path
    sys.modules[module] = submission
    try:
        # from what was handed in, not from the file: that may be gone, or another one
        exec(compile(source, path, "exec", dont_inherit=True), submission.__dict__)
    except BaseException as error:  # SystemExit and KeyboardInterrupt too
        seen = describe(error)
        seen["at"] = error.lineno if isinstance(error, SyntaxError) else None
        return {"exception": seen}
    if task.startswith("import "):
        return {"results": []}
    try:
        return {"results": run_probe(task, vars(submission), given)}
    except BaseException as error:  # the probe catches all but a KeyboardInterrupt
        return {"problem": f"It ended the check with {type(error).__name__}."}


def become(uid):
    """Go from root to another user, and keep one right at most: to read where root may.

    That is for a Python in a folder of root's own, such as /root/.pyenv. What may be read of all
    that is then for Landlock to say; where there is none, the right is given up too.
    """
    libc = ctypes.CDLL(None)
    hidden = not all(is_open(each) for each in (os.__file__, *sys.path))
    if hidden and sys.platform.startswith("linux"):
        libc.prctl(8, 1, 0, 0, 0)  # keep capabilities over setuid
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    capabilities(1 << 2 if hidden else 0)  # CAP_DAC_READ_SEARCH


def is_open(path):
    """Whether every user may go into the folders above a path."""
    return all(os.stat(each).st_mode & 1 for each in Path(path).resolve().parents)


def capabilities(wanted):
    """Keep only these of the process's capabilities."""
    if sys.platform.startswith("linux"):
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        values = (ctypes.c_uint32 * 6)(wanted, wanted, 0, 0, 0, 0)
        ctypes.CDLL(None).capset(header, values)


def send(sender, data):
    while data:
        data = data[os.write(sender, data) :]


def allowed(job):
    """Return what a child may read: Python, its packages, and the system's libraries."""
    base = Path(os.__file__).resolve().parent
    paths = [base, *map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"))]
    paths += map(Path, ("/dev/null", "/dev/urandom", "/usr/share/zoneinfo", "/etc/localtime"))
    paths += map(Path, ("/etc/ld.so.cache", "/etc/fonts", "/etc/mime.types"))
    paths += [Path("/usr/share/fonts"), Path(sys.base_prefix, "lib")]
    for folder in map(Path, job["path"]):
        for path in folder.iterdir():
            if not path.name.startswith((*ANSWERS, "__editable__")):
                paths.append(path)
    # A folder that contains the answers is not allowed as a whole.
    answers = [Path(each) for each in job["answers"]]
    return [
        path
        for path in paths
        if path.exists() and not any(each.is_relative_to(path.resolve()) for each in answers)
    ]


READ_FILE, READ_DIR, WRITES = 1 << 2, 1 << 3, 0b1111111110010 & ~0b1100
ANY_FILE = 1 << 1 | 1 << 2 | 1 << 14  # rights that a rule on a single file may have


def landlock(readable, folder):
    """Let this process read `readable`, and write in `folder` only. False if the kernel cannot."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1))
    if version < 1:
        return False
    filesystem = READ_FILE | WRITES | 1 << 0  # 1 << 0: to execute
    filesystem |= (1 << 13 if version >= 2 else 0) | (1 << 14 if version >= 3 else 0)
    network = 0b11 if version >= 4 else 0  # to bind and connect TCP
    scoped = 0b11 if version >= 6 else 0  # sockets by name, signals to other processes
    fields = (ctypes.c_uint64 * 3)(filesystem, network, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = libc.syscall(444, fields, ctypes.c_size_t(size), ctypes.c_uint32(0))
    if ruleset < 0:
        return False

    class Rule(ctypes.Structure):
        _pack_ = 1
        _fields_ = [("access", ctypes.c_uint64), ("parent", ctypes.c_int32)]

    for path in (*readable, folder, os.devnull):
        access = filesystem & ~1 if path == folder else READ_FILE
        if path == os.devnull:
            access |= 1 << 1
        if not os.path.isdir(path):
            access &= ANY_FILE
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = Rule(access & filesystem, handle)
            libc.syscall(445, ruleset, 1, ctypes.byref(rule), 0)
            os.close(handle)
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges, which the next call asks for
    return libc.syscall(446, ruleset, 0) == 0


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


if __name__ == "__main__":
    main()
