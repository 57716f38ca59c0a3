"""Say what a submission earned: a table for a terminal, and a page for the student."""

import html
import textwrap

from homework import tasks

WIDTH = 96


def record(grade):
    """Return a grade as plain data: what is kept, and what all reports are made of."""
    return {
        "submission": grade.name,
        "notes": grade.notes,
        "problem": grade.problem,
        "tasks": {
            label: {
                "points": verdict.points,
                "out_of": verdict.out_of,
                "parts": {part: [got, of] for part, (got, of, _) in verdict.parts.items()},
                "messages": verdict.messages,
                "notes": verdict.notes,
            }
            for label, verdict in grade.verdicts.items()
        },
        "by_hand": {},
        "changed": {},
        "comment": "",
    }


def earned(kept, labels=None):
    """Return the points of a record: for code, with what a person has changed."""
    chosen = kept["tasks"] if labels is None else labels
    return sum(kept["changed"].get(label, kept["tasks"][label]["points"]) for label in chosen)


def total(kept):
    """Return the points of a record, those given by hand too."""
    return earned(kept) + sum(kept["by_hand"].values())


def out_of(kept):
    return sum(task["out_of"] for task in kept["tasks"].values())


def rows(kept):
    """Yield label, points, out of, what was checked, messages and notes of each task."""
    said = set()
    for label, row in sorted(tasks.TASKS.items()):
        if label not in kept["tasks"]:
            if not row.is_code:
                yield label, kept["by_hand"].get(label), row.out_of, "graded by hand", [], []
            continue
        task = kept["tasks"][label]
        points = kept["changed"].get(label, task["points"])
        parts = ", ".join(f"{part} {got}/{of}" for part, (got, of) in task["parts"].items())
        if label in kept["changed"]:
            parts += f"; changed from {task['points']} by hand"
        messages = once(task["messages"], said)
        if kept["problem"]:  # it stands above all tasks
            messages = []
        yield label, points, task["out_of"], parts, messages, task["notes"]


def once(messages, said):
    """Return a task's messages, without what was said of the whole file above; `said` grows."""
    new = [text for text in messages if text not in said]
    said.update(text for text in messages if len(messages) == 1)
    return new if new or not messages else ["As above."]


def text(kept):
    """Return a record as text: for each task its points, what was checked, what to look at."""
    lines = [f"{kept['submission']}: {earned(kept):g} of {out_of(kept)} points for code", ""]
    if kept["by_hand"]:
        every = sum(task.out_of for task in tasks.TASKS.values())
        lines[0] += f", {total(kept):g} of {every} in all"
    lines += _wrap("", [*filter(None, [kept["problem"]]), *kept["notes"], kept["comment"]])
    if kept["problem"] and not kept["by_hand"] and not kept["changed"]:
        return "\n".join(lines) + "\n"
    lines.append(f"{'task':<6}{'points':<9}checked")
    for label, points, most, parts, messages, notes in rows(kept):
        shown = "-" if points is None else f"{points:g}"
        lines.append(f"{label:<6}{f'{shown} of {most}':<9}{parts}")
        lines += _wrap("- ", messages) + _wrap("Note: ", notes)
    return "\n".join(lines) + "\n"


def _wrap(mark, texts):
    indent = " " * 6 if mark else ""
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            mark + text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  " * bool(mark)
        )
    ]


PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 1rem }}
table {{ border-collapse: collapse }} ul {{ margin: 0; padding-left: 1.2em }}
thead, tbody {{ border-top: 1px solid #888 }} td[colspan] {{ padding-top: 0 }}
th, td {{ padding: .3rem .5rem; vertical-align: top; text-align: left }}
h1, li, p {{ overflow-wrap: anywhere }} svg {{ max-width: 100%; height: auto; background: #fff }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def page(kept, book=""):
    """Return a record as a page to hand back; `book` is the address of the book, if there is one.

    Whatever a submission has brought into it is escaped.
    """
    every = sum(task.out_of for task in tasks.TASKS.values())
    body = [f"<p>{earned(kept):g} of {out_of(kept)} points for code.</p>"]
    if kept["by_hand"]:
        body = [f"<p>{total(kept):g} of {every} points, {earned(kept):g} of them for code.</p>"]
    said = [*filter(None, [kept["problem"], kept["comment"]]), *kept["notes"]]
    body += [f"<p>{html.escape(each)}</p>" for each in said]
    lines = []
    for label, points, most, parts, messages, notes in rows(kept):
        shown = "–" if points is None else f"{points:g}"
        items = [*messages, *(f"Note: {note}" for note in notes)]
        listed = "".join(f"<li>{html.escape(each)}</li>" for each in items)
        if messages and book:
            listed += f"<li>{link(label, book, 'The chapter that helps')}</li>"
        lines.append(([label, f"{shown} of {most}", html.escape(parts)], listed))
    body.append(table(["Task", "Points", "Checked"], lines))
    return PAGE.format(title=html.escape(kept["submission"]), body="\n".join(body))


def table(head, lines):
    """Return a table of tasks as HTML. Below each task, over the whole width, is what was said.

    Parameters
    ----------
    head : list of str
    lines : list of (cells, items)
        The cells of a task's row, its label first; and list items as one text, or an empty one.
    """
    rows = [f"<table><thead><tr>{''.join(f'<th>{each}' for each in head)}</tr></thead>"]
    for (label, *cells), items in lines:
        # a row of its own, since a column of sentences has no room on a phone
        said = f"<tr><td colspan={len(head)}><ul>{items}</ul></td></tr>" if items else ""
        cells = "".join(f"<td>{each}</td>" for each in cells)
        rows.append(f"<tbody><tr><th scope=row>{label}</th>{cells}</tr>{said}</tbody>")
    return "\n".join([*rows, "</table>"])


def link(label, book, words):
    """Return a link to the page of the book that helps with a task, or only its name."""
    if not book:
        return f"{html.escape(words)}: {tasks.TASKS[label].page}"
    address = html.escape(f"{book.rstrip('/')}/{tasks.TASKS[label].page}", quote=True)
    return f'<a href="{address}">{html.escape(words)}</a>'
