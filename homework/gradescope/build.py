"""Write dist/autograder.zip, for Gradescope.

    python -m homework.gradescope.build [FILE] [--seed N] [--visibility WHEN] [--no-hints]

The seed is that of the hidden inputs. Without one it is drawn, so that nobody can look it up.
"""

import argparse
import json
import secrets
from pathlib import Path

from homework import data
from homework.starter import write_zip
from hwlib.commands import run_command

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
# All that grading needs; the book's solutions are needed by the notebooks' checks only.
SOURCES = (
    "homework/__init__.py", "homework/tasks.py", "homework/data.py", "homework/checks/*.py",
    "homework/checks/judges/*.py", "homework/grading/*.py", "homework/gradescope/__init__.py",
    "homework/gradescope/__main__.py",
)  # fmt: skip
# What the handout's requirements name: a submission may import any of it.
REQUIREMENTS = "numpy>=2\nmatplotlib>=3.9\npillow>=11\nscikit-learn>=1.5\nscipy>=1.13\ntqdm>=4\n"
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")


def files(seed, visibility="visible", hints=True):
    """Return the zip's files: a dict of path to bytes."""
    contents = {name: (HERE / name).read_bytes() for name in ("setup.sh", "run_autograder")}
    contents["requirements.txt"] = REQUIREMENTS.encode()
    contents["config.json"] = json.dumps(
        {"seed": seed, "visibility": visibility, "hints": hints}
    ).encode()
    for name in data.NAMES:
        contents[f"homework/data/{name}"] = data.content(name)
    for pattern in SOURCES:
        for path in sorted(REPOSITORY.glob(pattern)):
            contents[path.relative_to(REPOSITORY).as_posix()] = path.read_bytes()
    return contents


def main(argv=None):
    parser = argparse.ArgumentParser(
        prog="homework.gradescope.build", description="Write the autograder for Gradescope."
    )
    parser.add_argument("file", nargs="?", default="dist/autograder.zip")
    parser.add_argument("--seed", type=int, help="seed of the hidden inputs (random)")
    parser.add_argument(
        "--visibility", choices=VISIBILITIES, default=VISIBILITIES[0],
        help="when students see the tests (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--no-hints", action="store_true", help="show points, but not what to look at"
    )
    options = parser.parse_args(argv)
    seed = 1 + secrets.randbelow(2**32 - 1) if options.seed is None else options.seed
    write_zip(options.file, files(seed, options.visibility, not options.no_hints))
    print(f"wrote {options.file} (the hidden inputs' seed is {seed})")
    return 0


if __name__ == "__main__":
    run_command(main)
