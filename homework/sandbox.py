"""Run a submission's code where it can do no harm, and bring back what it did.

    outcomes = run({"backprop.py": source}, {"1b": inputs("1b", seed=3)})

The process that runs it is `homework.jail`, which says how it is shut in. This side starts it,
bounds its time, and removes what it leaves.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from homework import jail
from homework.checks.probe import pack

HERE = Path(__file__).resolve().parent
PROBE = HERE / "checks" / "probe.py"


@dataclass(frozen=True)
class Limits:
    """What the code of one task may use.

    Attributes
    ----------
    seconds : float
        Of the clock; and of the processor, a second more. The checks have their own, shorter
        limits, so this is for code that they cannot interrupt.
    memory, file_size, output : int
        Bytes: of address space, of each file written, of results.
    files : int
        Open at a time.
    hook : bool
        Whether the audit hook explains what is refused; the kernel's limits hold without it.
    """

    seconds: float = 30.0
    memory: int = 2 << 30
    file_size: int = 4 << 20
    output: int = 32 << 20
    files: int = 128
    hook: bool = True


def run(files, tasks, limits=None):
    """Run the probes of several tasks on a submission.

    Parameters
    ----------
    files : dict of str to bytes
        The submission: "backprop.py" or "kmeans.py" or both, and files that they import.
    tasks : dict of str to inputs
        From `homework.checks.inputs`.
    limits : Limits, optional

    Returns
    -------
    dict of str to dict
        For each task, and for "import backprop" and "import kmeans", which come first: "results",
        to be judged; or "exception", raised while the file was loaded; or "problem", a sentence.
        A task whose file does not load is missing.
    """
    limits = limits or Limits()
    modules = [name for name in ("backprop", "kmeans") if f"{name}.py" in files]
    of_task = {task: "kmeans" if task.startswith("2") else "backprop" for task in tasks}
    plan = [(f"import {module}", module, None) for module in modules]
    plan += [
        (task, of_task[task], pack(given))
        for task, given in tasks.items()
        if of_task[task] in modules
    ]
    with tempfile.TemporaryDirectory(
        prefix=f"homework-{os.getpid()}-", ignore_cleanup_errors=True
    ) as folder:
        # The child's own folder is one below, and only that is given to its user.
        os.chmod(folder, 0o711)
        try:
            return _start(
                {
                    "folder": os.path.realpath(folder),
                    "files": {name: content.decode("latin-1") for name, content in files.items()},
                    "tasks": plan,
                    "limits": asdict(limits),
                    "probe": PROBE.read_text(encoding="utf-8"),
                    "path": _packages(),
                    "answers": [str(HERE), str(HERE.parent / "hwlib")],
                },
                limits.seconds * len(plan) + 30,
            )
        finally:
            jail.remove(os.path.join(folder, "work"))


def _packages():
    """Return the folders of installed packages: numpy's, and any others on the path."""
    found = {str(Path(np.__file__).resolve().parent.parent)}
    found.update(each for each in sys.path if each.endswith(("site-packages", "dist-packages")))
    return sorted(each for each in found if os.path.isdir(each))


def _start(job, seconds):
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-B", "-X", "utf8", str(HERE / "jail.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True, cwd=job["folder"],
        env={"PATH": os.defpath, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    try:
        output, _ = process.communicate(json.dumps(job).encode(), timeout=seconds)
    except (subprocess.TimeoutExpired, BrokenPipeError):
        output = b""
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass
        process.kill()
        process.wait()
    try:
        return json.loads(output)
    except ValueError:
        problem = {"problem": "The process that ran it was ended, so nothing could be looked at."}
        return {task: problem for task, _, _ in job["tasks"]}
