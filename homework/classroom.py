"""Grade a whole class: `python -m homework.grade --all FOLDER --jobs N`.

Each submission's grade is a file of its own, written when it is done; who starts again goes on
with the rest. At the end come grades.csv and statistics.html.
"""

import csv
import hashlib
import html
import io
import json
import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from homework import grade, submission

CODE = (Path(__file__).parent, Path(__file__).parent / "checks")  # what a grade depends on


def run(folder, out=None, jobs=1, seed=0, limits=None, stream=None):
    """Grade every folder and zip in `folder`; return the exit status.

    Parameters
    ----------
    folder : str or Path
    out : str or Path, optional
        Where the results go; FOLDER-grades if nothing is said.
    jobs : int
        So many at a time.
    seed, limits
        As for `grade.grade`.
    stream : file, optional
        For the progress bar; the standard error if nothing is said.

    Returns
    -------
    int
        0 if all have all points, 1 if points are missing somewhere, 2 if some submissions could
        not be graded.

    Raises
    ------
    ValueError
        If there is no submission in the folder.
    """
    folder, stream = Path(folder), stream or sys.stderr
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    paths = sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and (path.is_dir() or path.suffix.lower() == ".zip")
    )
    if not paths:
        raise ValueError(f"there is no folder and no zip in {folder}")
    out = Path(out) if out else folder.resolve().with_name(folder.resolve().name + "-grades")
    (out / "submissions").mkdir(parents=True, exist_ok=True)

    done, left, version = {}, [], _version(seed, limits)
    for path in paths:
        key = _key(path, version)
        record = _read(_file(out, path), key)
        if record is None:
            left.append((path, key))
        else:
            done[path.name] = record
    if done:
        print(f"{len(done)} of {len(paths)} are graded already", file=stream)
    _bar(stream, len(done), len(paths))
    for path, record in _grade_each(left, jobs, seed, limits):
        _write(_file(out, path), json.dumps(record, ensure_ascii=False, indent=1))
        done[path.name] = record
        _bar(stream, len(done), len(paths))
    print(file=stream)

    records = [done[path.name] for path in paths]
    _write(out / "grades.csv", table(records))
    _write(out / "statistics.html", page(records))
    print(f"wrote {out / 'grades.csv'} and {out / 'statistics.html'}")
    problems = sum(record["problem"] is not None for record in records)
    if problems:
        print(f"{problems} of {len(records)} could not be graded: see the column problem")
        return 2
    return int(any(record["points"] < record["out_of"] for record in records))


def _grade_each(left, jobs, seed, limits):
    """Yield (path, record) as they get ready. A worker that dies takes nobody with it."""
    remaining = dict(left)
    while remaining:
        count = len(remaining)
        pool = ProcessPoolExecutor(jobs)
        try:
            futures = {
                pool.submit(_grade_one, path, key, seed, limits): path
                for path, key in remaining.items()
            }
            for future in as_completed(futures):
                path, record = futures[future], future.result()
                del remaining[path]
                yield path, record
        except BrokenProcessPool:
            if len(remaining) == count:  # nobody got through: the machine is at fault
                raise OSError("the processes that grade are ended by something else") from None
        finally:
            pool.shutdown(cancel_futures=True)  # at once, when it is interrupted


def _grade_one(path, key, seed, limits):
    graded = grade.grade(path, seed, limits)
    return {
        "key": key,
        "submission": path.name,
        "points": graded.points,
        "out_of": graded.out_of,
        "tasks": {task: verdict.points for task, verdict in graded.verdicts.items()},
        "messages": {task: verdict.messages for task, verdict in graded.verdicts.items()},
        "notes": graded.notes,
        "problem": graded.problem,
        "table": grade.table(graded),
    }


# ------------------------------------------------------------------------------- what is kept


def _version(seed, limits):
    """A mark that changes whenever a grade could: with the checks, the seed and the limits."""
    mark = hashlib.sha256(repr((seed, limits)).encode())
    for folder in CODE:
        for path in sorted(folder.glob("*.py")):
            mark.update(path.read_bytes())
    return mark


def _key(path, version):
    """A mark of a submission's content, so that a new version of it is graded anew."""
    mark = version.copy()
    handed_in = submission.collect(path)
    mark.update(repr((sorted(handed_in.files.items()), handed_in.notes)).encode())
    return mark.hexdigest()


def _file(out, path):
    return out / "submissions" / f"{path.name}.json"


def _read(path, key):
    """The record, if it is whole and of this very content; None if not."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return record if record["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path, text):
    part = path.with_name(f".{os.getpid()}.part")  # under its own name a file is always whole
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def _bar(stream, done, of):
    width = 40
    filled = "#" * (width * done // of)
    end = "" if stream.isatty() else "\n"
    if stream.isatty() or done in (0, of) or done * 10 // of > (done - 1) * 10 // of:
        start = "\r" if stream.isatty() else ""
        print(f"{start}[{filled:<{width}}] {done} of {of}", end=end, file=stream, flush=True)


# ------------------------------------------------------------------------------- what is shown


def table(records):
    """Return grades.csv: a row for each submission. Spreadsheets take it as it is."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["submission", *grade.TASKS, "points", "out of", "problem", "messages"])
    for record in records:
        said = [f"{task}: {each}" for task in grade.TASKS for each in record["messages"][task]]
        said = [] if record["problem"] else list(dict.fromkeys(said))
        cells = [record["submission"], *(record["tasks"][task] for task in grade.TASKS)]
        cells += [record["points"], record["out_of"], record["problem"] or "", " / ".join(said)]
        # what a spreadsheet would take for a formula is made text
        writer.writerow(
            ["'" + c if isinstance(c, str) and c[:1] in tuple("=+-@\t") else c for c in cells]
        )
    return "\ufeff" + text.getvalue()  # the mark tells a spreadsheet that it is UTF-8


def page(records):
    """Return statistics.html: for each task its mean and its commonest faults, and a plot."""
    rows = []
    for task in grade.TASKS:
        points = [record["tasks"][task] for record in records]
        out_of = sum(grade.PARTS[task].values())
        full = sum(each == out_of for each in points)
        said = {}
        for record in records:
            for message in dict.fromkeys(record["messages"][task]):
                said[message] = said.get(message, 0) + 1
        common = sorted(said.items(), key=lambda item: (-item[1], item[0]))[:3]
        faults = "".join(f"<li>{count} × {html.escape(text)}</li>" for text, count in common)
        rows.append(
            f"<tr><th scope=row>{task}</th><td>{out_of}</td>"
            f"<td>{statistics.mean(points):.2f}</td><td>{statistics.median(points):g}</td>"
            f"<td>{full} ({100 * full / len(points):.0f} %)</td><td><ul>{faults}</ul></td></tr>"
        )
    totals = [record["points"] for record in records]
    mean, median = statistics.mean(totals), statistics.median(totals)
    head = (
        f"{len(records)} submissions; of {records[0]['out_of']} points for code, the mean is "
        f"{mean:.1f}, the median {median:g}."
    )
    return PAGE.format(head=head, plot=plot(totals, records[0]["out_of"]), rows="\n".join(rows))


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Grades of the class</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 1rem }}
table {{ border-collapse: collapse }} ul {{ margin: 0; padding-left: 1.2em }}
th, td {{ border-top: 1px solid #bbb; padding: .3rem .6rem; vertical-align: top; text-align: left }}
svg {{ max-width: 100%; height: auto }}
</style>
<h1>Grades of the class</h1>
<p>{head}</p>
{plot}
<table>
<thead>
<tr><th>Task<th>Points<th>Mean<th>Median<th>All points<th>What was most often said</tr>
</thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""


def plot(totals, out_of):
    """Return a histogram of the points as SVG."""
    import matplotlib
    from matplotlib.figure import Figure  # takes a while, and only this page needs it

    with matplotlib.rc_context({"svg.hashsalt": "grades", "font.size": 11}):
        figure = Figure(figsize=(8, 3.2), layout="constrained")
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
