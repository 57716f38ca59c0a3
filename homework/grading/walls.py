"""The walls around code that is being checked: what the kernel offers, one function each.

Linux only, except for `limit`. Every function says whether the wall stands, so that the command can
name the ones that are missing. The program that uses them is `jail`.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import sys
from pathlib import Path

LINUX = sys.platform.startswith("linux")
MACHINE = platform.machine()
libc = ctypes.CDLL(None, use_errno=True)

# ------------------------------------------------------------------------------- namespaces

NEW_USER, NEW_NET, NEW_IPC, NEW_PID, NEW_MOUNT = (1 << n for n in (28, 30, 27, 29, 17))
CLONE = {"x86_64": 56, "aarch64": 220}.get(MACHINE)


def own_namespaces():
    """Let a user without the right to make namespaces make them; return those a child can have.

    Network, shared memory, processes and mounts, as far as the kernel allows.
    """
    if not LINUX or CLONE is None:
        return 0
    kinds = possible_namespaces()
    if kinds or not is_open(os.__file__) and os.geteuid() != 0:
        return kinds  # a right to read Python would not hold in there
    # tried by a child first: who is in, and has no name there, cannot even open a file
    if not succeeds(enter_user_namespace):
        return 0
    enter_user_namespace()
    return possible_namespaces()


def enter_user_namespace():
    """Enter a user namespace, in which this process may make others; keep its user and group."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(NEW_USER) != 0:
        raise OSError("no user namespaces")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def succeeds(action):
    """Whether a child of this process can do this without an OSError."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def possible_namespaces():
    """Return the kinds of namespaces in which this process may start a child."""
    kinds = 0
    for kind in (NEW_NET, NEW_IPC, NEW_PID, NEW_MOUNT):
        try:
            child = fork(kind)
        except OSError:
            continue
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        kinds |= kind
    return kinds


def fork(namespaces=0):
    """As os.fork, with a child in namespaces of its own."""
    if not namespaces:
        return os.fork()
    api = ctypes.pythonapi  # holds the interpreter's lock, as a fork must
    call = ctypes.PyDLL(None, use_errno=True).syscall
    sys.stdout.flush()
    api.PyOS_BeforeFork()
    child = call(ctypes.c_long(CLONE), ctypes.c_ulong(namespaces | signal.SIGCHLD), 0, 0, 0, 0)
    if child == 0:
        api.PyOS_AfterFork_Child()
    else:
        api.PyOS_AfterFork_Parent()
    if child < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return child


def small_disk(folder, size, files):
    """Mount a file system of a few megabytes and files on `folder`, for this process alone."""
    private = 1 << 14 | 1 << 18  # MS_REC | MS_PRIVATE
    if libc.mount(None, b"/", None, ctypes.c_ulong(private), None) != 0:
        return False
    options = f"size={size},nr_inodes={files},mode=700".encode()
    flags = 1 << 1 | 1 << 2  # no set-uid programs, no devices
    return libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", ctypes.c_ulong(flags), options) == 0


def remove(folder):
    """Remove a folder, whatever a submission did to it: however deep it is, however closed."""
    folder = str(folder)
    removed = os.path.lexists(folder)
    while removed:
        pending, seen, removed = [folder], [], 0
        while pending:
            top = pending.pop()
            seen.append(top)
            with contextlib.suppress(OSError):
                os.chmod(top, 0o700)
                for entry in list(os.scandir(top)):
                    if not entry.is_dir(follow_symlinks=False):
                        os.unlink(entry.path)
                    elif len(entry.path) < len(folder) + 1000:
                        pending.append(entry.path)
                    else:  # up, before a path gets longer than the system takes
                        os.chmod(entry.path, 0o700)
                        os.rename(entry.path, os.path.join(folder, os.urandom(8).hex()))
        for top in reversed(seen):
            with contextlib.suppress(OSError):
                os.rmdir(top)
                removed += 1


# ----------------------------------------------------------------------------------- limits


def limit(seconds, memory, file_size, files):
    """Set the limits that a Unix has."""
    for name, value in (
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_NOFILE", files),
        ("RLIMIT_FSIZE", file_size),
        ("RLIMIT_CPU", int(seconds) + 1),
        ("RLIMIT_AS", memory),
    ):
        # macOS knows some of them by name only
        with contextlib.suppress(*([] if LINUX else [OSError, ValueError])):
            resource.setrlimit(getattr(resource, name), (value, value))


def end_with_parent():
    """Let the kernel end this process when the one that started it ends."""
    if LINUX:
        libc.prctl(1, signal.SIGKILL, 0, 0, 0)


def no_new_privileges():
    if LINUX:
        libc.prctl(38, 1, 0, 0, 0)


def become(uid, readable):
    """Go from root to another user, and keep one right at most: to read where root may.

    That is for a Python in a folder of root's own, such as /root/.pyenv. What may be read of all
    that is then for Landlock to say.
    """
    hidden = not all(is_open(each) for each in readable)
    if hidden and LINUX:
        libc.prctl(8, 1, 0, 0, 0)  # keep capabilities over setuid
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    capabilities(1 << 2 if hidden else 0)  # CAP_DAC_READ_SEARCH


def may_become(uid):
    """Whether this process may turn into another user, give files to it, and end it.

    Root may; in a container, or in a user namespace, even root need not be allowed to.
    """
    if os.geteuid() != 0:
        return False
    if LINUX:
        needed = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 7  # CAP_CHOWN, KILL, SETGID, SETUID
        status = Path("/proc/self/status").read_text()
        effective = int(status.split("CapEff:")[1].split()[0], 16)
        if effective & needed != needed:
            return False

    def become_other():
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)

    return succeeds(become_other)


def is_open(path):
    """Whether every user may go into the folders above a path."""
    return all(os.stat(each).st_mode & 1 for each in Path(path).resolve().parents)


def capabilities(wanted):
    """Keep only these of the process's capabilities."""
    if LINUX:
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        values = (ctypes.c_uint32 * 6)(wanted, wanted, 0, 0, 0, 0)
        libc.capset(header, values)


# --------------------------------------------------------------------------------- Landlock

READ_FILE, READ_DIR, WRITES = 1 << 2, 1 << 3, 0b1111111110010 & ~0b1100
ANY_FILE = 1 << 1 | 1 << 2 | 1 << 14  # rights that a rule on a single file may have


def landlock_version():
    if not LINUX:
        return 0
    return max(0, libc.syscall(444, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def landlock(readable, listed, folder):
    """Let this process read `readable`, list `listed`, and write in `folder` only."""
    version = landlock_version()
    if version < 1:
        return False
    filesystem = READ_FILE | READ_DIR | WRITES | 1 << 0  # 1 << 0: to execute
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

    rights = [(path, READ_FILE | READ_DIR) for path in readable]
    rights += [(path, READ_DIR) for path in listed]
    rights += [(folder, filesystem & ~1), (os.devnull, READ_FILE | 1 << 1)]
    for path, access in rights:
        if not os.path.isdir(path):
            access &= ANY_FILE
        with contextlib.suppress(OSError):
            handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rule = Rule(access & filesystem, handle)
            libc.syscall(445, ruleset, 1, ctypes.byref(rule), 0)
            os.close(handle)
    no_new_privileges()
    done = libc.syscall(446, ruleset, 0) == 0
    os.close(ruleset)
    return done


# ---------------------------------------------------------------------------------- seccomp

# System calls that no homework needs, by their numbers on x86-64 and on 64-bit ARM.
REFUSED = {
    "socket": (41, 198), "socketpair": (53, 199), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
    "prlimit64": (302, 261), "setrlimit": (160, 164), "setpriority": (141, 140),
    "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122), "sched_setattr": (314, 274), "ioprio_set": (251, 30),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "memfd_create": (319, 279), "fanotify_init": (300, 262), "open_by_handle_at": (304, 265),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "personality": (135, 92),
    "syslog": (103, 116), "mknodat": (259, 33), "execve": (59, 221), "execveat": (322, 281),
}  # fmt: skip
REFUSED_HERE_ONLY = {"x86_64": (57, 58, 133), "aarch64": ()}  # fork, vfork, mknod
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def seccomp():
    """Refuse the calls above, and every new process or thread, for the rest of this process."""
    if not LINUX or MACHINE not in ARCHITECTURE:
        return False
    column = list(ARCHITECTURE).index(MACHINE)
    refused = sorted({each[column] for each in REFUSED.values()} | {*REFUSED_HERE_ONLY[MACHINE]})
    answer = 0x00050000  # SECCOMP_RET_ERRNO
    allow, kill = 0x7FFF0000, 0x80000000
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    code = [
        (load, 0, 0, 4), (equal, 1, 0, ARCHITECTURE[MACHINE]), (give, 0, 0, kill),
        (load, 0, 0, 0), (at_least, 0, 1, 0x40000000), (give, 0, 0, kill),
        (equal, 0, 1, 435), (give, 0, 0, answer | errno.ENOSYS),  # clone3: libc takes clone
        (equal, 0, 1, CLONE), (give, 0, 0, answer | errno.EAGAIN),
    ]  # fmt: skip
    for number in refused:
        code += [(equal, 0, 1, number), (give, 0, 0, answer | errno.EPERM)]
    code.append((give, 0, 0, allow))

    class Step(ctypes.Structure):
        _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8),
                    ("value", ctypes.c_uint32)]  # fmt: skip

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint16), ("steps", ctypes.POINTER(Step))]

    steps = (Step * len(code))(*[Step(*each) for each in code])
    program = Program(len(code), steps)
    no_new_privileges()
    return libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0


def missing(namespaces):
    """Say in a few words which walls this machine does not have."""
    lacking = []
    if landlock_version() < 1:
        lacking.append("Landlock (other files can be read)")
    if not (LINUX and MACHINE in ARCHITECTURE):
        lacking.append("seccomp (system calls are not filtered)")
    for kind, what in (
        (NEW_NET, "a network of its own"), (NEW_IPC, "shared memory of its own"),
        (NEW_PID, "processes of its own"), (NEW_MOUNT, "a disk of its own"),
    ):  # fmt: skip
        if not namespaces & kind:
            lacking.append(what)
    return lacking
