"""Run a submission's code where it can do no harm, and bring back what it did.

    with Sandbox() as sandbox:
        outcomes = sandbox.run({"backprop.py": source}, {"1b": inputs("1b", seed=3)})

The process that runs it is `homework.grading.keeper`, which says how it is shut in. This side
starts it, bounds its time, reads what it says without trusting it, and removes what it leaves.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from homework import tasks as table
from homework.checks.probe import pack
from homework.checks.verdict import clean
from homework.grading import walls

HERE = Path(__file__).resolve().parent
KEEPER = HERE / "keeper.py"
BRACKETS = 100_000  # lists and dicts in one outcome: each takes memory to read


@dataclass(frozen=True)
class Limits:
    """What the code of one task may use.

    Attributes
    ----------
    seconds : float
        Of the clock; and of the processor, a second more. The checks have their own, shorter
        limits, so this is for code that they cannot interrupt.
    memory, file_size, output, disk : int
        Bytes: of address space, of each file written, of results, and of all files.
    files, made : int
        Files that are open at a time, and that there may be.
    hook : bool
        Whether the audit hook explains what is refused; the kernel's limits hold without it.
    """

    seconds: float = 30.0
    memory: int = 3 << 30
    file_size: int = 4 << 20
    output: int = 4 << 20
    disk: int = 16 << 20
    files: int = 128
    made: int = 300
    hook: bool = True


class Sandbox:
    """A keeper process, started when it is needed, and started again if it ends.

    Parameters
    ----------
    limits : Limits, optional
    namespaces : bool
        False leaves that wall out, as on a kernel without it.

    Attributes
    ----------
    missing : list of str
        The walls that this machine does not have; known after the first run.
    """

    def __init__(self, limits=None, namespaces=True):
        self.limits, self.namespaces = limits or Limits(), namespaces
        self.process, self.folder, self.missing = None, None, []
        self.closed = False
        self.lock = threading.Lock()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End the keeper and what it runs, and remove its folder."""
        with self.lock:
            self.closed = True
            self._end()

    def run(self, files, given):
        """Run the probes of several tasks on a submission.

        Parameters
        ----------
        files : dict of str to bytes
            The submission: "backprop.py" or "kmeans.py" or both, and files that they need.
        given : dict of str to inputs
            For each task's label, what to run it on.

        Returns
        -------
        dict of str to dict
            For each task, and for "import backprop" and "import kmeans", which come first:
            "results", to be judged; or "exception", raised while the file was loaded; or
            "problem", a sentence. There may be "notes". A task whose file does not load is
            missing.
        """
        rows = {label: table.TASKS[label] for label in given}
        modules = dict.fromkeys(row.module for row in rows.values() if row.file in files)
        plan = [
            {"label": f"import {module}", "module": module, "probe": None, "inputs": None,
             "helpers": ()}
            for module in modules
        ]  # fmt: skip
        plan += [
            {"label": label, "module": row.module, "probe": row.probe, "helpers": row.helpers,
             "inputs": pack(given[label])}
            for label, row in rows.items() if row.module in modules
        ]  # fmt: skip
        job = {
            "files": {name: content.decode("latin-1") for name, content in files.items()},
            "tasks": plan,
        }
        answer = self._ask(job, self.limits.seconds * len(plan) + 30)
        labels = [task["label"] for task in plan]
        if not isinstance(answer, dict):
            problem = {"problem": "The process that ran it was ended, so nothing could be seen."}
            return dict.fromkeys(labels, problem)
        return {label: read(answer[label]) for label in labels if label in answer}

    def _ask(self, job, seconds):
        try:
            if self.process is None:
                self._start()
            self.process.stdin.write(json.dumps(job).encode() + b"\n")
            self.process.stdin.flush()
            line = self._line(seconds, self.limits.output * (len(job["tasks"]) + 1))
            return json.loads(line)
        except (OSError, ValueError, RecursionError, AttributeError):
            with self.lock:
                self._end()
            return None

    def _line(self, seconds, most):
        """Read a line from the keeper; b"" if it takes too long or is too long."""
        pieces, size, latest = [], 0, time.monotonic() + seconds
        descriptor = self.process.stdout.fileno()
        while size <= most:
            left = latest - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                return b""
            piece = os.read(descriptor, 1 << 16)
            pieces.append(piece)
            size += len(piece)
            if not piece or piece.endswith(b"\n"):
                return b"".join(pieces)
        return b""

    def _start(self):
        with self.lock:
            if self.closed:
                raise OSError("closed")
            remove_left()
            self.folder = tempfile.mkdtemp(prefix=f"homework-{os.getpid()}-")
            os.chmod(self.folder, 0o711)
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(KEEPER)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                start_new_session=True, cwd=self.folder,
                env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
                     **{k: v for k, v in os.environ.items() if k == "OPENBLAS_CORETYPE"}},
            )  # fmt: skip
        config = {
            "limits": asdict(self.limits),
            "namespaces": self.namespaces,
            "folder": self.folder,
            "path": packages(),
            "answers": [str(HERE.parent), str(HERE.parent.parent / "hwlib")],
        }
        self.process.stdin.write(json.dumps(config).encode() + b"\n")
        self.process.stdin.flush()
        self.missing = json.loads(self._line(60, 1 << 16))["missing"]

    def _end(self):
        process, self.process = self.process, None
        if process is not None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    stream.close()
        if self.folder:
            walls.remove(self.folder)
            self.folder = None


def read(outcome):
    """Return one task's outcome as `Sandbox.run` describes it, whatever a submission has sent."""
    changed = {"problem": "What the checks wrote down was changed, and cannot be judged."}
    try:
        if "payload" not in outcome:
            return {"problem": clean(outcome["problem"])}
        payload = outcome["payload"]
        if payload.count("[") + payload.count("{") > BRACKETS:
            return {"problem": "It returns far too much."}
        outcome = json.loads(payload)
        notes = [clean(note, 300) for note in list(outcome.get("notes", ()))[:5]]
        if "exception" in outcome:
            seen = outcome["exception"]
            texts = ("type", "text", "line", "function", "raised_in")
            exception = {key: clean(seen.get(key, ""), 300) for key in texts}
            at = seen.get("at")
            exception["at"] = at if type(at) is int else None
            return {"exception": exception, "notes": notes}
        if "results" in outcome:
            return {"results": outcome["results"], "notes": notes}
        return {"problem": clean(outcome["problem"])}
    except Exception:  # of any kind: it is made by whoever wants to do harm
        return changed


def remove_left():
    """Remove the folders of graders that were killed, and so could not."""
    for folder in Path(tempfile.gettempdir()).glob("homework-*-*"):
        pid = folder.name.split("-")[1]
        try:
            if pid.isdigit() and folder.stat().st_uid == os.geteuid():
                os.kill(int(pid), 0)
        except ProcessLookupError:
            walls.remove(folder)
        except (OSError, OverflowError):
            pass  # it lives and is another user's, or somebody else has just removed it


def packages():
    """Return the folders of installed packages: numpy's, and any others on the path."""
    found = {str(Path(np.__file__).resolve().parent.parent)}
    found.update(each for each in sys.path if each.endswith(("site-packages", "dist-packages")))
    return sorted(each for each in found if os.path.isdir(each))
