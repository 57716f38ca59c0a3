"""Grade the homework's coding tasks.

    python -m homework.grade FOLDER                          one submission, a folder or a zip
    python -m homework.grade --all FOLDER --jobs 2           a class: folders, zips or loose files

The first prints a table. Exit status: 0 if all points are earned, 1 if some are missing, 2 if
something cannot be graded, 130 if it is interrupted.
"""

import argparse
import sys

from homework import tasks
from homework.grading import report
from homework.grading.grading import grade
from homework.grading.sandbox import Limits, Sandbox
from hwlib.commands import run_command


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def parser():
    """Return the command's parser."""
    parser = _Parser(prog="homework.grade", description="Grade the homework's coding tasks.")
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="the submission, a folder or a zip")
    add("--all", action="store_true", help="grade a class: FOLDER holds all submissions")
    add("--seed", type=int, default=0, help="seed of the inputs (0, as in the notebooks)")
    add("--seconds", type=float, default=30.0, help="time limit for each task (%(default)g)")
    add("--only", metavar="TASKS", help="grade only these, such as 1h,2a; with --all: again")
    add("--jobs", type=int, default=1, metavar="N", help="with --all: grade N at a time (1)")
    add("--out", metavar="FOLDER", help="with --all: where results go (FOLDER-grades)")
    add("--points", metavar="CSV", help="with --all: points by hand; kept for later runs")
    add("--roster", metavar="CSV", help="with --all: who is in the class; kept, too")
    add("--book", metavar="URL", default="", help="with --all: address of the book, for links")
    return parser


def main(argv=None):
    """Run the command; return its exit status."""
    command = parser()
    options = command.parse_args(argv)
    if not 0 < options.seconds < 1e6 or options.jobs < 1 or not 0 <= options.seed < 2**32:
        command.error("--seconds and --jobs must be positive, --seed from 0 to 4294967295")
    labels = [task.label for task in tasks.code()]
    only = [each for each in (options.only or "").split(",") if each]
    unknown = [each for each in only if each not in labels]
    if unknown:
        command.error(f"--only takes tasks out of {', '.join(labels)}, got {', '.join(unknown)}")
    limits = Limits(seconds=options.seconds)
    try:
        if options.all:
            from homework.grading import classroom

            return classroom.run(
                options.folder, options.out, options.jobs, options.seed, limits,
                points=options.points, roster=options.roster, regrade=only, book=options.book,
            )  # fmt: skip
        with Sandbox(limits) as sandbox:
            result = grade(options.folder, options.seed, limits, only or None, sandbox)
            if sandbox.missing:
                print(f"walls missing here: {', '.join(sandbox.missing)}", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(f"{command.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if result.problem:
        print(f"{command.prog}: {result.problem}", file=sys.stderr)
    else:
        print(report.text(report.record(result)), end="")
    return result.status


if __name__ == "__main__":
    run_command(main)
