"""Exercises that are done in the page: the starter's stub, its check, and the files to hand in."""

import ast
import re
import subprocess
import sys
import warnings
import zipfile

import nbformat
import notebook_outputs
import numpy as np
import pytest
from bs4 import BeautifulSoup
from built_site import CHAPTERS, SITE
from test_live import cell, edit, finished, written

sys.path.append(str(notebook_outputs.ROOT / "tests" / "homework"))  # for a file of this name alone
import sample_submissions

from book_extensions import stubs
from book_extensions.page import live_runner
from homework import starter, tasks

CHECKED = {
    page: stubs.exercises(
        nbformat.read(notebook_outputs.ROOT / page.replace("html", "ipynb"), 4).cells
    )
    for page in CHAPTERS
}
MISTAKES = [(name, tasks.TASKS[label], files) for name, label, files in sample_submissions.MISTAKES]
# A page counts lines where the grader counts rounds of loops: other numbers, in another sentence.
LOOP = "there is a loop over the examples"


def solution(task):
    """The book's own code for a task."""
    text = starter.solution(task.module)
    found = starter.defined(text)
    lines = [starter.lines_of(found[name]) for name in task.removed or task.names]
    return "\n\n\n".join("\n".join(text.splitlines()[a:b]) for a, b in sorted(lines)) + "\n"


def sentences():
    """{mistake: what a student reads of it first}, as the grader's tests compare it."""
    table = (notebook_outputs.ROOT / "homework" / "mistakes.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {cells[0].strip(): cells[-1].strip(" |") for cells in rows}


def same(said, expected):
    """Whether two sentences differ in nothing but their numbers, which come from other inputs."""
    if LOOP in expected:
        return LOOP in said
    said, expected = (
        re.sub(r"-?\d[\d.,]*", "#", " ".join(text.split())) for text in (said, expected)
    )
    return expected in said


# ---- as the page is built ----------------------------------------------------------------------


def test_a_check_is_found_and_its_answer_stays_for_other_cells():
    source = "f = g  # yours\ncheck(\n    '3c', m_step=f,\n)"
    assert stubs.task_of(source) is tasks.TASKS["3c"]
    assert stubs.without_check(source) == "f = g  # yours"
    assert stubs.task_of("check('9z')") is None and stubs.task_of("%matplotlib inline") is None


def test_every_task_of_code_is_an_exercise_of_a_page():
    found = [about["task"] for page in CHECKED.values() for about in page.values()]
    assert sorted(found) == sorted(task.label for task in tasks.checked())


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_cell_starts_as_the_starter_and_nothing_has_passed(page):
    soup = BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")
    with zipfile.ZipFile(SITE / "book" / "hw3.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".py")]
        handed_out = {name.split("/")[-1]: archive.read(name).decode() for name in names}
    for identity, about in CHECKED[page].items():
        place = soup.find(attrs={"data-cell": identity})
        shown = place.find("pre").get_text().strip()
        assert shown == about["text"].strip()
        if tasks.TASKS[about["task"]].is_code:
            for part in re.split(r"\n\n\n(?=\S)", shown):
                assert part in handed_out[about["file"]]
        assert place.find(class_="cell_output") is None
    assert "checks passed" not in soup.get_text()


def test_the_starter_in_pieces_is_the_starter():
    for name in starter.FILES:
        texts = [piece.get("text") or starter.stub(tasks.TASKS[piece["task"]])
                 for piece in starter.pieces(name) if piece != {"text": ""}]  # fmt: skip
        whole = starter.unfinished(starter.solution(name), name)
        # functions of one task stand together, so lines may have moved
        assert sorted("".join(texts).split("\n")) == sorted(whole.split("\n"))
        ast.parse("".join(texts))


# ---- the check, as the page's Python runs it -----------------------------------------------------


def checked(task, source):
    """The verdict on a cell, or the message about what went wrong."""
    shown = []
    wrong = live_runner.check("c", source, task.label, lambda kind, data: shown.append(data))
    return wrong["message"] if wrong else shown[0]


@pytest.mark.parametrize("task", tasks.checked(), ids=lambda task: task.label)
def test_a_solution_passes_and_a_stub_does_not(task):
    assert checked(task, solution(task))["passed"]
    verdict = checked(task, starter.stub(task))
    assert not verdict["passed"]
    assert "is not written yet" in verdict["parts"][0]["messages"][0]


def test_what_is_not_in_the_cell_is_not_there(monkeypatch):
    monkeypatch.setitem(live_runner.NAMES, "LogNode", object)
    task = tasks.TASKS["1b"]
    assert checked(task, "x = 1") == "NameError: this cell defines no LogNode"
    assert checked(task, "x = LogNode") == "NameError: name 'LogNode' is not defined"
    assert "x" not in live_runner.NAMES


def test_each_function_of_a_task_is_checked():
    book = starter.solution("backprop").splitlines()
    lines = starter.lines_of(starter.defined("\n".join(book))["gradient_check_1"])
    right = "\n".join(book[slice(*lines)])
    wrong = "def numerical_gradient(f, inputs, epsilon):\n    return [0 * x for x in inputs]\n"
    verdict = checked(tasks.TASKS["1h"], f"{right}\n\n\n{wrong}")
    assert not verdict["passed"]
    assert [part["name"] for part in verdict["parts"] if not part["right"]] == ["numerical"]


def test_numpy_warns_where_the_processor_does_not():
    silent = np.errstate(all="call", call=lambda *_: None)  # numpy itself says nothing
    with warnings.catch_warnings(record=True) as caught, silent:
        warnings.simplefilter("always")
        exp = np.exp
        with live_runner.warning(always=True):
            np.exp([1.0, 1000.0]), np.exp(np.inf), np.exp(-1000.0), np.log(2.0)
            np.log([0.0, 1.0]), np.log(-1.0)
            np.log([0.0, 1.0], where=[False, True], out=np.zeros(2))
            with np.errstate(all="ignore"):
                np.exp(1000.0), np.log(0.0)
        assert np.exp is exp
    assert [str(each.message) for each in caught] == [
        "overflow encountered in exp",
        "divide by zero encountered in log",
        "invalid value encountered in log",
    ]


@pytest.mark.parametrize("name, task, files", MISTAKES, ids=[name for name, *_ in MISTAKES])
def test_a_mistake_gets_its_sentence(name, task, files):
    verdict = checked(task, files[task.file])
    said = [text for part in verdict["parts"] for text in part["messages"]]
    assert any(same(text, sentences()[name]) for text in said), said


# ---- in the browser ----------------------------------------------------------------------------


@pytest.fixture
def chapter(chromium, site):
    """A function that opens a chapter in a window of its own."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)  # a busy machine

    def open_page(page):
        tab = context.new_page()
        tab.goto(site + page)
        return tab

    yield open_page
    context.close()


def saved(tab, file, folder):
    with tab.expect_download() as download:
        tab.get_by_role("button", name=f"Save {file}").click()
    download.value.save_as(folder / file)
    return tab.locator(".live-status").inner_text()


def graded(folder):
    command = [sys.executable, "-m", "homework.grade", folder]
    return subprocess.run(command, cwd=notebook_outputs.ROOT, capture_output=True, text=True).stdout


def test_files_saved_with_the_solutions_get_all_points(chapter, tmp_path):
    for page, exercises in CHECKED.items():
        tab = chapter(page)
        coding = {i: tasks.TASKS[each["task"]] for i, each in exercises.items()}
        coding = {identity: task for identity, task in coding.items() if task.is_code}
        for identity, task in coding.items():
            written(tab, identity, solution(task))
        for file in {task.file for task in coding.values()}:
            assert saved(tab, file, tmp_path) == f"Saved {file}."
    assert "47 of 47 points for code" in graded(tmp_path)


def test_files_saved_as_they_are_are_the_starter(chapter, tmp_path):
    tab = chapter("notebooks/2_kmeans.html")
    assert saved(tab, "kmeans.py", tmp_path) == "Saved kmeans.py. Not written yet: 2a."
    whole = starter.unfinished(starter.solution("kmeans"), "kmeans")
    assert (tmp_path / "kmeans.py").read_text(encoding="utf-8") == whole


@pytest.mark.full
@pytest.mark.parametrize("page", CHAPTERS)
def test_solutions_pass_in_the_page_and_tick_the_mark(chapter, page):
    tab = chapter(page)
    for identity, about in CHECKED[page].items():
        task = tasks.TASKS[about["task"]]
        if "after" in about:
            place = cell(tab, identity)
            output = finished(place, place.get_by_role("button", name="Check").click)
        else:
            output = edit(tab, identity, solution(task))
        text = output.inner_text()
        if task.is_code:
            assert f"{task.label} is right." in text
        else:  # the task asks for words
            words = "is right. Now write the formula and your reasons."
            assert f"Your code for {task.label} {words}" in text
        box = tab.locator(f"#ex-{task.label} .exercise-done input")
        assert box.is_checked() == task.is_code


@pytest.mark.full
@pytest.mark.parametrize("page", CHAPTERS[:2])
def test_mistakes_get_their_sentences_in_the_page(chapter, page):
    tab, known = chapter(page), sentences()
    places = {about["task"]: identity for identity, about in CHECKED[page].items()}
    wrong = [each for each in MISTAKES if each[1].label in places]
    assert len(wrong) >= {CHAPTERS[0]: 40, CHAPTERS[1]: 7}[page]
    for name, task, files in wrong:
        output = edit(tab, places[task.label], files[task.file])
        assert same(output.text_content(), known[name]), (name, output.text_content())


def test_functions_train_where_they_are_written(chapter):
    task, page = tasks.TASKS["1i"], CHAPTERS[0]
    tab = chapter(page)
    fold = tab.locator("details", has_text="How to train your own functions").last
    lines = fold.locator("pre").text_content()
    output = edit(tab, "check-1i", f"{solution(task)}\n\n{lines}")
    printed, verdict = output.locator(".live-stdout"), output.locator(".live-verdict")
    first, last = map(float, printed.inner_text().split()[:2])
    assert first == pytest.approx(4 * np.log(2)) and last < 0.02
    assert verdict.inner_text() == "1i is right."


def test_a_note_stands_below_what_is_right(chapter):
    tab, source = chapter(CHAPTERS[0]), solution(tasks.TASKS["1i"])
    assert source.count("return history") == 1
    output = edit(tab, "check-1i", source.replace("return history", "return"))
    assert output.locator(".live-verdict").inner_text() == "1i is right."
    said = output.locator("p").last.inner_text()
    assert said.startswith("Note: params are trained.")
    assert "the commands logreg and neural print it." in said
