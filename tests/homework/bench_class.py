"""How long a class takes: python tests/homework/bench_class.py [NUMBER]

Grades a class of NUMBER (300) submissions on two workers, half of them on the book's starter and
half on one like the course's, right and with a mistake each. Prints the time of the clock, and
the processor time of a submission on each starter.
"""

import io
import itertools
import resource
import sys
import tempfile
import time
from pathlib import Path

import course_starter
import sample_submissions as samples
import test_kinds

from homework.grading import classroom


def processor():
    """Processor time so far, of this process and of all that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure(works, number):
    """Grade a class made of the works in turn; return its times a submission."""
    with tempfile.TemporaryDirectory() as folder:
        for i, files in zip(range(number), itertools.cycle(works)):
            own = Path(folder, "class", f"student {i:03}")
            own.mkdir(parents=True)
            for name, text in files.items():
                (own / name).write_text(text + f"\n# {i}\n")
        clock, used = time.perf_counter(), processor()
        classroom.run(Path(folder, "class"), jobs=2, stream=io.StringIO())
        return time.perf_counter() - clock, (processor() - used) / number


def main(number=300):
    book = [*samples.RIGHT.values(), *(files for _, _, files in samples.MISTAKES)]
    kinds = [files for files, *_ in {**test_kinds.RIGHT, **test_kinds.WRONG}.values()]
    course = [course_starter.FILES] * len(kinds) + kinds
    total = 0.0
    for name, works in (("the book's starter", book), ("the course's starter", course)):
        clock, each = measure(works, number // 2)
        total += clock
        print(f"{number // 2} on {name}: {clock:.0f} s, {each:.2f} s of processor a submission")
    print(f"{number} in all: {total:.0f} s with two workers")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
