"""Grade a whole class: `python -m homework.grade --all FOLDER --jobs N`.

Each submission's grade is a file of its own, written when it is done. A restarted run continues
where it stopped. At the end come grades.csv, statistics.html and a page for each student.
"""

import hashlib
import html
import io
import json
import os
import re
import resource
import statistics
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from homework import tasks
from homework.checks.verdict import clean
from homework.grading import report, submission
from homework.grading.by_hand import ByHand, sheet, shown, write
from homework.grading.grading import Grade, grade, nothing
from homework.grading.sandbox import Sandbox

PACKAGE = Path(__file__).parent.parent
MEMORY = 8 << 30  # bytes of address space for the grader itself, beyond what it has


def run(folder, out=None, jobs=1, seed=0, limits=None, stream=None, points=None, roster=None,
        regrade=None, book=""):  # fmt: skip
    """Grade every submission in `folder`; return the exit status.

    Parameters
    ----------
    folder : str or Path
        Of folders, zips, or loose files with names as the learning platforms give them.
    out : str or Path, optional
        Where the results go; FOLDER-grades if nothing is said.
    jobs : int
        How many at a time.
    seed, limits
        As for `grading.grade`.
    stream : file, optional
        For the progress bar; the standard error if nothing is said.
    points : str or Path, optional
        A CSV with the column submission and a column for each task that a person has graded, or
        wants to change; and a column comment, if you like. It adds to what earlier runs were given.
    roster : str or Path, optional
        A CSV with the columns submission and name: who is in the class. It is kept for later runs.
    regrade : iterable of str, optional
        Tasks to grade again, whatever is kept.
    book : str
        The book's address, for links to the page that helps.

    Returns
    -------
    int
        0 if all have all points, 1 if points are missing somewhere, 2 if some submissions could
        not be graded.

    Raises
    ------
    ValueError
        If there is no submission in the folder, or something is wrong in `points` or `roster`, or
        grades.csv was filled in and would be overwritten.
    """
    stream, folder = stream or sys.stderr, Path(folder)
    found, left = submission.of_class(folder)
    if not found:
        there = f": there is {', '.join(left[:5])}" if left else ""
        raise ValueError(f"there is no submission in {folder}{there}")
    out = Path(out) if out else folder.resolve().with_name(folder.resolve().name + "-grades")
    given = ByHand(out, points, roster, map(shown, found))
    for name in ("submissions", "feedback"):
        (out / name).mkdir(parents=True, exist_ok=True)

    version, done, waiting, before = _version(seed, limits), {}, {}, {}
    for name, (path, members) in found.items():
        key = _key(path, members, version)
        kept = _read(_file(out, name))
        before[shown(name)] = [kept] if kept else []
        if kept and kept["key"] != key:
            kept = None
        if kept is None or regrade:
            waiting[name] = (path, members, key, kept)
        else:
            done[name] = kept
    if done:
        print(f"{len(done)} of {len(found)} are graded already", file=stream)
    _bar(stream, len(done), len(found))
    try:
        for name, kept in _grade_each(waiting, jobs, seed, limits, regrade, stream):
            write(_file(out, name), json.dumps(kept, indent=1))
            done[name] = kept
            _bar(stream, len(done), len(found))
    except KeyboardInterrupt:
        print(file=stream)
        print(
            f"stopped: {len(done)} of {len(found)} are graded. The same command grades the rest.",
            file=stream,
        )
        raise
    print(file=stream)

    absent = {name: _absent(name) for name in given.names if name not in given.handed_in}
    every = done | absent
    for name, kept in every.items():
        before.setdefault(shown(name), []).append(kept)
    given.keep(before)
    for name, kept in every.items():
        given.enter(kept, name)
        stem = out / "feedback" / _slug(name)
        write(stem.with_suffix(".txt"), report.text(kept))
        write(stem.with_suffix(".html"), report.page(kept, book))
    records = [done[name] for name in sorted(done)]
    given.write_table(table([*records, *absent.values()], bool(given.names)))
    write(out / "statistics.html", page(records, book))
    print(f"wrote {out / 'grades.csv'}, {out / 'statistics.html'} and {out / 'feedback'}")
    if left:
        print(f"not graded, since it is not a submission: {', '.join(left)}")
    for line in given.said():
        print(line)
    for group in alike(records):
        print(f"the same code: {', '.join(group)}")
    problems = sum(kept["problem"] is not None for kept in records)
    if problems:
        print(f"{problems} of {len(records)} could not be graded: see the column problem")
        return 2
    return int(any(report.earned(kept) < report.out_of(kept) for kept in records))


def _absent(name):
    """The record of one who is in the class and handed in no code."""
    problem = "No code was handed in."
    verdicts = {task.label: nothing(task.label, problem) for task in tasks.code()}
    return report.record(Grade(name, verdicts, problem=problem))


def _address_space():
    """Return how many bytes of addresses this process has; 0 where no kernel tells."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def _grade_each(waiting, jobs, seed, limits, regrade, stream):
    """Yield (name, record) as they get ready. No submission keeps the others from that."""
    own, sandboxes, said = threading.local(), [], set()
    # The grader reads what a submission sends; this much is far more than it needs.
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        # beyond what this process has: where there is none left, a thread would begin and never run
        resource.setrlimit(resource.RLIMIT_AS, (_address_space() + MEMORY, hard))

    def one(name, path, members, key, kept):
        if not hasattr(own, "sandbox"):
            own.sandbox = Sandbox(limits)
            sandboxes.append(own.sandbox)
        labels = [task.label for task in tasks.code()]
        if kept is not None:
            labels = [label for label in labels if label in regrade]
        try:
            graded = grade(path, seed, limits, labels, own.sandbox, members)
        except Exception as error:  # ours or theirs: it is this submission's line
            problem = f"It could not be graded ({type(error).__name__}: {clean(error, 200)})."
            graded = Grade(name, {label: nothing(label, problem) for label in labels})
            graded.problem = problem
        new = {**report.record(graded), "key": key, "same": _hash(graded.same)}
        if kept is not None:
            new["tasks"] = dict(sorted({**kept["tasks"], **new["tasks"]}.items()))
            new["notes"] = list(dict.fromkeys([*kept["notes"], *new["notes"]]))
        return new

    pool = ThreadPoolExecutor(jobs)
    try:
        futures = {pool.submit(one, name, *job): name for name, job in waiting.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()
            for each in sandboxes[:1]:
                if each.missing and not said:
                    said.add(True)
                    print(f"walls missing here: {', '.join(each.missing)}", file=stream)
    finally:  # at once, when it is interrupted
        pool.shutdown(wait=False, cancel_futures=True)
        for each in sandboxes:
            each.close()
        pool.shutdown(wait=True)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


# ----------------------------------------------------------------------------- what is kept


def _version(seed, limits):
    """A mark that changes whenever a grade could: with the checks, the seed and the limits."""
    mark = hashlib.sha256(repr((seed, limits)).encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        mark.update(path.read_bytes())
    return mark


def _key(path, members, version):
    """A mark of a submission's content, so that a new version of it is graded anew."""
    mark = version.copy()
    try:
        handed_in = submission.collect(path, members)
        mark.update(repr((sorted(handed_in.files.items()), handed_in.notes)).encode())
    except Exception as error:  # it is graded then, and says so in its own line
        mark.update(type(error).__name__.encode())
    return mark.hexdigest()


def _hash(text):
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest() if text else ""


def _file(out, name):
    # by a hash: a name may be as long as the system allows, and of any bytes
    return out / "submissions" / f"{hashlib.sha256(os.fsencode(name)).hexdigest()[:24]}.json"


def _slug(name):
    words = re.sub(r"[^\w-]+", "-", clean(name, 60)).strip("-") or "submission"
    return f"{words}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"


def _read(path):
    """The record, if it is whole; None if not."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return kept if kept["key"] and kept["tasks"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _bar(stream, done, of):
    width = 40
    filled = "#" * (width * done // of)
    end = "" if stream.isatty() else "\n"
    if stream.isatty() or done in (0, of) or done * 10 // of > (done - 1) * 10 // of:
        start = "\r" if stream.isatty() else ""
        print(f"{start}[{filled:<{width}}] {done} of {of}", end=end, file=stream, flush=True)


# ------------------------------------------------------------------------------- what is shown


def table(records, named=False):
    """Return grades.csv: a row for each submission, and columns for a person to fill in."""
    code = [task.label for task in tasks.code()]
    written = [task.label for task in tasks.written()]
    head = ["submission", *(["name"] if named else []), *code, "points", "out of", *written]
    lines = [[*head, "total", "comment", "problem", "messages"]]
    for kept in records:
        labels = {}
        for task in code if not kept["problem"] else ():
            for message in kept["tasks"][task]["messages"]:
                labels.setdefault(message, []).append(task)
        said = [f"{', '.join(named)}: {message}" for message, named in labels.items()]
        cells = [kept["submission"], *([kept["name"]] if named else [])]
        cells += [report.earned(kept, [task]) for task in code]
        cells += [report.earned(kept), report.out_of(kept)]
        cells += [kept["by_hand"].get(task, "") for task in written]
        cells += [f"{report.total(kept):g}", kept["comment"]]
        lines.append([*cells, kept["problem"] or "", " / ".join(said)])
    return sheet(lines)


def alike(records):
    """Return the groups of submissions whose code is the same, however it is formatted."""
    groups = {}
    for kept in records:
        if kept.get("same"):
            groups.setdefault(kept["same"], []).append(kept["submission"])
    return [group for group in groups.values() if len(group) > 1]


def page(records, book=""):
    """Return statistics.html: what was hard, each task's mean and faults, and a plot."""
    rows, lost = [], {}
    for task in tasks.code():
        points = [report.earned(kept, [task.label]) for kept in records]
        out_of = task.out_of
        full = sum(each == out_of for each in points)
        said = {}
        for kept in records:
            for message in dict.fromkeys(kept["tasks"][task.label]["messages"]):
                said[message] = said.get(message, 0) + 1
        common = sorted(said.items(), key=lambda item: (-item[1], item[0]))[:3]
        faults = "".join(f"<li>{count} × {html.escape(text)}</li>" for text, count in common)
        lost[task.label] = 1 - statistics.mean(points) / out_of
        mean, median = f"{statistics.mean(points):.2f}", f"{statistics.median(points):g}"
        share = f"{full} ({100 * full / len(points):.0f}%)"
        rows.append(([task.label, out_of, mean, median, share], faults))
    totals = [report.earned(kept) for kept in records]
    mean, median = statistics.mean(totals), statistics.median(totals)
    out_of = report.out_of(records[0])
    body = [
        f"<p>{len(records)} submissions; of {out_of} points for code, the mean is {mean:.1f}, the "
        f"median {median:g}.</p>",
        plot(totals, out_of),
    ]
    hardest = sorted(lost, key=lambda label: -lost[label])[:3]
    listed = "".join(
        f"<li>Task {label}: {100 * lost[label]:.0f}% of the points were lost. "
        f"{report.link(label, book, 'The chapter that helps')}</li>"
        for label in hardest
        if lost[label] > 0
    )
    body.append(f"<h2>Where the class had most trouble</h2><ol>{listed}</ol>" if listed else "")
    groups = "".join(f"<li>{html.escape(', '.join(group))}</li>" for group in alike(records))
    body.append(f"<h2>The same code</h2><ul>{groups}</ul>" if groups else "")
    body.append("<h2>Tasks</h2><p>Below each task: what was said most often.</p>")
    body.append(report.table(["Task", "Points", "Mean", "Median", "All points"], rows))
    return report.PAGE.format(title="Grades of the class", body="\n".join(body))


def plot(totals, out_of):
    """Return a histogram of the points as SVG."""
    import matplotlib
    from matplotlib.figure import Figure  # takes a while, and only this page needs it

    with matplotlib.rc_context({"svg.hashsalt": "grades", "font.size": 11}):
        figure = Figure(figsize=(5.5, 2.6), layout="constrained")
        axes = figure.add_subplot(xlabel="points", ylabel="submissions")
        axes.hist(totals, bins=[x - 0.5 for x in range(out_of + 2)], color="#3b6ea5")
        axes.set_xlim(-1, out_of + 1)
        axes.yaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    label = f'<svg role="img" aria-label="How many submissions have how many of {out_of} points" '
    return svg[svg.index("<svg") :].replace("<svg ", label, 1)
