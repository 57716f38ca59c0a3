"""Grade ROOT/submission and write ROOT/results/results.json: python -m homework.gradescope ROOT"""

import json
import os
import sys
import traceback
from pathlib import Path

from homework.grading import report
from homework.grading.grading import grade

ABOUT = (
    "The written parts and the plots are graded by hand. The inputs differ from those of the "
    "book's checks."
)


def results(graded, visibility="visible", hints=True):
    """Return a grade in Gradescope's format.

    Parameters
    ----------
    graded : Grade
    visibility : str
        When students see the tests, in Gradescope's words.
    hints : bool
        Whether messages and notes say what to look at; the points are always shown.
    """
    tests, above = [], set()
    for task, verdict in graded.verdicts.items():
        parts = ", ".join(
            f"{part} {earned}/{of}" for part, (earned, of, _) in verdict.parts.items()
        )
        said = (
            [*report.once(verdict.messages, above), *(f"Note: {note}" for note in verdict.notes)]
            if hints
            else []
        )
        tests.append(
            {
                "name": f"Task {task}",
                "number": task,
                "score": verdict.points,
                "max_score": verdict.out_of,
                "status": "passed" if verdict.passed else "failed",
                "output": "\n\n".join([parts, *said]),
                "output_format": "text",
                "visibility": visibility,
            }
        )
    about = [*filter(None, [graded.problem]), *graded.notes, ABOUT]
    return {
        "score": graded.points,
        "output": "\n\n".join(about),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def main(root):
    config = json.loads(Path("config.json").read_text(encoding="utf-8"))
    try:
        content = results(
            grade(Path(root, "submission"), config["seed"]), config["visibility"], config["hints"]
        )
    except Exception:
        # A fault of ours must not look like a student's: it says so, and staff see the rest.
        traceback.print_exc()
        content = {
            "score": 0,
            "output": "The autograder itself failed. Please tell the course's staff.",
            "stdout_visibility": "hidden",
        }
    target = Path(root, "results", "results.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    os.replace(part, target)


if __name__ == "__main__":
    main(sys.argv[1])
