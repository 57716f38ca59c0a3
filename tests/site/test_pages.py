"""What the built pages must hold: every task taught, every question answered.

These tests read the built HTML and the notebooks; tests/test_site.py opens the pages in a browser.
"""

import re
from collections import Counter
from functools import cache

import notebook_outputs
import pytest
from bs4 import BeautifulSoup

SITE = notebook_outputs.ROOT / "_build" / "html"
POINTS = {  # of the homework's tasks, by chapter
    "1_backprop": {
        **{"1a": 2, "1b": 3, "1c": 2, "1d": 2, "1e": 3, "1f": 2, "1g": 3},
        **{"1h": 6, "1i": 7, "1j": 2, "1k": 4, "1l": 3, "1m": 6, "1n": 6},
    },
    "2_kmeans": {"2a": 10, "2b": 4, "2c": 3, "2d": 3, "2e": 4},
    "3_binary_em": {"3a": 7, "3b": 5, "3c": 10, "3d": 3},
}
TASKS = [(chapter, task) for chapter, tasks in POINTS.items() for task in tasks]
# Parts of the homework that are code and nothing else
CODE = {"1b", "1e", "1g", "1l"}

if not (SITE / "index.html").exists():
    raise RuntimeError("there is no built book in _build/html: run `make book` first")


@cache
def page(name):
    """Return a built page as a tree."""
    return BeautifulSoup((SITE / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


def chapter(name):
    return page(f"notebooks/{name}")


def classes(element):
    return set(element.get("class", []))


def text(element):
    return " ".join(element.get_text().split())


def title(fold):
    """Return what stands on a fold, but for what CSS adds."""
    return text(fold.summary.span) if "fold" in classes(fold) else text(fold.summary)


def following(element):
    """Return the elements that follow this one, as long as they are folds."""
    folds = []
    while (element := element.find_next_sibling()) is not None and element.name == "details":
        folds.append(element)
    return folds


def test_points_are_those_of_the_homework():
    assert [sum(tasks.values()) for tasks in POINTS.values()] == [51, 24, 25]


@pytest.mark.parametrize("name", POINTS)
def test_each_task_is_an_exercise_exactly_once(name):
    exercises = chapter(name).select("div.exercise")
    titles = [text(exercise.select_one(".admonition-title")) for exercise in exercises]
    assert Counter(re.match(r"Exercise (\w+)", title)[1] for title in titles) == dict.fromkeys(
        POINTS[name], 1
    )
    assert [exercise["id"] for exercise in exercises] == [f"ex-{task}" for task in POINTS[name]]


@pytest.mark.parametrize(("name", "task"), TASKS, ids=[task for _, task in TASKS])
class TestLadder:
    def test_exercise_states_its_points(self, name, task):
        exercise = chapter(name).select_one(f"#ex-{task}")
        assert re.findall(r"\((\d+) points?\)", text(exercise)) == [str(POINTS[name][task])]

    def test_two_nudges_and_a_solution_are_folded_behind_it(self, name, task):
        ladder = following(chapter(name).select_one(f"#ex-{task}"))[:3]
        names = [title(fold) for fold in ladder[:2]]
        assert names == ["First nudge", "Second nudge"]
        assert all("hint" in classes(fold) for fold in ladder[:2])
        assert "solution" in classes(ladder[2]) and ladder[2]["id"] == f"sol-{task}"
        assert not any(fold.has_attr("open") for fold in ladder)
        # each rung says something, and a nudge says less than the solution's page does
        lengths = [len(text(fold)) - len(text(fold.summary)) for fold in ladder]
        assert min(lengths) > 20

    def test_solution_leads_to_what_is_handed_in(self, name, task):
        (link,) = chapter(name).select(f"#sol-{task} a[href*='answers.html#']")
        target = page("book/answers").find(id=link["href"].partition("#")[2])
        assert task in text(target.find_parent("section") or target)


def test_answers_cover_every_task():
    answers = page("book/answers")
    linked = [link["href"] for link in answers.select("article a[href*='#ex-']")]
    tasks = [task for tasks in POINTS.values() for task in tasks]
    assert {re.search(r"#ex-(\w+)", href)[1] for href in linked} == set(tasks)
    headings = [text(heading) for heading in answers.select("article h3")]
    stated = {h[:2]: int(re.search(r"\((\d+) points?\)", h)[1]) for h in headings}
    expected = {task: POINTS[name][task] for name, task in TASKS if task not in CODE}
    assert stated == expected
    totals = [re.search(r"\((\d+) points\)", text(h))[1] for h in answers.select("article h2")]
    assert totals == ["51", "24", "25"]


def test_answers_show_what_the_notebooks_have_stored():
    outputs = [text(each) for each in page("book/answers").select("div.cell_output")]
    for number in ["2.059", "2.7726", "6698", "f(M, v) = 5", "0.0138", "0.0186"]:
        assert any(number in output for output in outputs), number
    figures = page("book/answers").select("figure.explorer:has(svg)")
    names = [figure["id"] for figure in figures]
    assert names == ["kmeans-elbow", "kmeans-clusters", "photo-four"]


def test_percentages_of_the_elbow_are_those_that_were_printed():
    section = page("book/answers").select_one("a[href*='#ex-2b']").find_parent("section")
    words = " ".join(text(paragraph) for paragraph in section.select("p"))
    printed = text(section.select_one("pre"))
    stated = re.findall(r"(\d+)%", words)
    assert len(stated) >= 4
    assert all(f" {number}% less" in printed for number in stated)


def blocks(soup):
    """Return what a reader meets in a chapter, in order: paragraphs, figures, folds.

    What is inside a fold belongs to the fold.
    """
    found = soup.select_one("article").select("p, figure.explorer, details")
    return [each for each in found if not each.find_parent(["details", "figure"])]


def explorers():
    for name in (path.stem for path in notebook_outputs.NOTEBOOKS):
        for figure in chapter(name).select("figure.explorer:has(.explorer-controls)"):
            yield pytest.param(name, figure["id"], id=figure["id"])


@pytest.mark.parametrize(("name", "explorer"), list(explorers()))
def test_explorer_has_a_question_before_and_an_answer_after(name, explorer):
    met = blocks(chapter(name))
    at = next(i for i, each in enumerate(met) if each.get("id") == explorer)
    earlier = max((i for i in range(at) if met[i].name == "figure"), default=-1)
    before = [each for each in met[earlier + 1 : at] if each.name == "p"]
    if not any(text(each).startswith("Question.") for each in before):
        assert any(text(each).startswith("Self-check.") for each in before)
        return  # its answers are its own
    later = (i for i in range(at + 1, len(met)) if met[i].name == "figure")
    after = met[at + 1 : next(later, len(met))]
    answers = [e for e in after if e.name == "details" and title(e) == "Answer"]
    assert answers and not answers[0].has_attr("open")


def self_checks():
    for name in (path.stem for path in notebook_outputs.NOTEBOOKS):
        for check in chapter(name).select(".self-check"):
            question = check.select_one("p")
            yield pytest.param(check, id=f"{name}-{question['id']}")


@pytest.mark.parametrize("check", list(self_checks()))
def test_self_check_has_one_right_answer_and_feedback_on_each(check):
    answers = check.select("details.answer")
    assert len(answers) >= 2
    assert [("right" in classes(a)) + ("wrong" in classes(a)) for a in answers] == [1] * len(
        answers
    )
    assert sum("right" in classes(answer) for answer in answers) == 1
    for answer in answers:
        assert not answer.has_attr("open")
        feedback = text(answer).removeprefix(text(answer.summary))
        assert len(feedback) > 15, text(answer.summary)


@pytest.mark.parametrize("name", POINTS)
class TestChapter:
    def test_has_self_checks_and_the_right_answer_moves(self, name):
        checks = chapter(name).select(".self-check")
        assert len(checks) >= 3
        places = [
            ["right" in classes(answer) for answer in check.select("details.answer")].index(True)
            for check in checks
        ]
        assert len(set(places)) >= 3 or max(Counter(places).values()) <= 0.6 * len(places)

    def test_opens_with_needs_time_and_aims(self, name):
        article = chapter(name).select_one("article")
        first = article.select_one("h2")
        opening = " ".join(
            text(each)
            for each in article.select("p, table, li, dt, dd")
            if first in each.next_elements
        )
        for words in ["You need", "Time", "Afterwards you can"]:
            assert words in opening, words

    def test_closes_with_summary_and_references(self, name):
        sections = chapter(name).select("article section:has(> h2)")
        titles = [text(section.h2).rstrip("#") for section in sections]
        assert titles[-2:] == ["Summary", "Where this goes next"]
        assert sections[-2].select("mjx-container, .math")
        cited = sections[-1].select("a[href*='references.html#']")
        assert len({link["href"] for link in cited}) >= 2

    def test_links_terms_to_the_glossary(self, name):
        terms = {dt["id"] for dt in page("book/glossary").select("dt[id^='term-']")}
        linked = {
            link["href"].partition("#")[2]
            for link in chapter(name).select("article a[href*='glossary.html#term-']")
        }
        assert linked <= terms
        assert len(linked) >= 8

    def test_ids_are_unique(self, name):
        ids = Counter(each["id"] for each in chapter(name).select("article [id]"))
        assert [each for each, number in ids.items() if number > 1] == []


TERMS = """
computation graph, node, forward pass, backward pass, gradient, chain rule, topological order,
numerical gradient, loss, logistic regression, sigmoid, rectifier, hidden unit, learning rate,
gradient descent, convex, dead unit, cluster, centroid, assignment, local optimum, elbow criterion,
k-means++, palette, latent variable, mixture model, naive Bayes, responsibility, prior, posterior,
likelihood, log-likelihood, expected complete log-likelihood, E step, M step, log-sum-exp, label
switching, adjusted Rand index, BIC, AIC
"""


def test_glossary_explains_each_term_and_links_to_where_it_is_taught():
    wanted = [" ".join(term.split()) for term in TERMS.split(",")]
    terms = page("book/glossary").select("dl.glossary > dt")
    assert [text(term).rstrip("#") for term in terms] == wanted
    for term in terms:
        meaning = term.find_next_sibling("dd")
        assert meaning.select("a[href*='notebooks/']"), text(term)
        assert 1 <= len(re.findall(r"[.?](?= [A-Z]|$)", text(meaning))) <= 5, text(term)


@pytest.mark.parametrize("name", ["book/index", "book/answers", "book/glossary"])
def test_ids_on_other_pages_are_unique(name):
    ids = Counter(each["id"] for each in page(name).select("article [id]"))
    assert [each for each, number in ids.items() if number > 1] == []


def test_home_page_lists_the_exercises_of_each_chapter():
    rows = page("book/index").select(".progress-list li")
    assert [row["data-exercises"].split() for row in rows] == [
        [f"ex-{task}" for task in tasks] for tasks in POINTS.values()
    ]
    assert [text(row.output) for row in rows] == ["14 exercises", "5 exercises", "4 exercises"]
