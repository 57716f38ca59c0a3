"""How times and memory are taken: side by side, and in processes of their own."""

import gc
import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNS = 7  # of each contender, at least
SECONDS = 8  # for all runs of one piece of work, unless RUNS take longer
PAUSE = 0.02  # until the threads of the one before have gone to sleep


def clock(run):
    """Return the seconds that one call takes, and what it returns."""
    began = time.perf_counter()
    output = run()
    return time.perf_counter() - began, output


def interleave(runs, least=RUNS, seconds=SECONDS):
    """Time several functions in turns, so that a busy moment of the machine hits all alike.

    Parameters
    ----------
    runs : dict
        Functions without arguments, by name.
    least : int
        Rounds, at least. The first, which loads and warms up, is not counted.
    seconds : float
        More rounds are made while they fit into this time, up to three times as many.

    Returns
    -------
    dict
        By name: (list of seconds, what the first call returned).
    """
    first = {name: clock(run) for name, run in runs.items()}
    once = sum(spent for spent, _ in first.values())
    rounds = min(max(least, int(seconds / once)), 3 * least)
    times = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            gc.collect()
            time.sleep(PAUSE)
            times[name].append(clock(run)[0])
    return {name: (times[name], output) for name, (_, output) in first.items()}


def fastest(run, seconds=0.5, least=3):
    """Return the fewest seconds that a call took, of at least `least` and about `seconds` worth."""
    run()
    times = []
    while len(times) < least or (sum(times) < seconds and len(times) < 1000):
        times.append(clock(run)[0])
    return min(times)


def peak_memory(run):
    """Return by how many bytes the process grew at most while `run` was called for the first time.

    Call it in a fresh process: memory that was freed before can be used again without growing.
    """
    before = _high_water(reset=True)
    run()
    return _high_water() - before


def _high_water(reset=False):
    try:
        if reset:  # the most so far may lie in the past, in the making of the data
            Path("/proc/self/clear_refs").write_text("5")
        [line] = [
            line
            for line in Path("/proc/self/status").read_text().splitlines()
            if line.startswith("VmHWM")
        ]
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):  # not Linux
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def in_child(*command):
    """Run one of these programs in a fresh process and return what it wrote as JSON."""
    command = [sys.executable, *map(str, command)]
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    child = subprocess.run(command, capture_output=True, text=True, env=environment)
    if child.returncode:
        sys.exit(f"failed: {' '.join(command)}\n{child.stderr}")
    return json.loads(child.stdout.splitlines()[-1])
