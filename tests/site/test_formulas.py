"""Typed formulas: the table says what is right, and the page tells it from what is wrong."""

import json

import numpy as np
import pytest
from built_site import CHAPTERS, SITE, visit

from book_extensions import formulas
from hwlib import backprop, binary_em
from hwlib.backprop import InputNode

NAMES = [f"{each.exercise} {each.spoken}" for each in formulas.FORMULAS]
CLOSE = 1e-6  # of one: a difference quotient's error at steps of 1e-6, with room to spare


def backward(node_class, *inputs, g):
    """Return what a node's backward pass adds to its children's gradients."""
    topo_order = []
    children = [InputNode(np.asarray(each, dtype=float), topo_order) for each in inputs]
    node = node_class(*children)
    node.grad = np.asarray(g, dtype=float)
    node.backward()
    return [child.grad for child in children]


def input_of(u):
    """Return where the sigmoid has the value u."""
    return np.log(u / (1 - u))


def ecll(A, N, W):
    return A * np.log(W) + (N - A) * np.log(1 - W)


def best(A, N):
    """Return the W on a fine grid where the ECLL is largest."""
    grid = np.linspace(0, 1, 200_001)[1:-1]
    return grid[ecll(A, N, grid).argmax()]


# Each answer, found another way: by the book's own code, or by numbers.
OTHERWISE = [
    lambda g, x: backward(backprop.LogNode, x, g=g)[0],
    lambda g, u: backward(backprop.SigmoidNode, input_of(u), g=g)[0],
    lambda x, v, u, g: backward(backprop.DotNode, x, v, g=g)[0],
    lambda x, v, u, g: backward(backprop.DotNode, x, v, g=g)[1],
    lambda M, v, u, g: backward(backprop.MVMulNode, M, v, g=g)[0],
    lambda M, v, u, g: backward(backprop.MVMulNode, M, v, g=g)[1],
    lambda k: 3 * 8 / (np.log(k) / np.log(2)),
    lambda pi1, pi2, W11, W12, W21, W22: binary_em.e_step(
        np.array([[1, 0]]),
        np.array([pi1, pi2]) / (pi1 + pi2),
        np.array([[W11, W12], [W21, W22]]),
    )[0, 0],
    lambda A, N, W: (ecll(A, N, W + 1e-6) - ecll(A, N, W - 1e-6)) / 2e-6,
    best,
    lambda N, n: N * (1 / n),
]


@pytest.mark.parametrize("formula, otherwise", list(zip(formulas.FORMULAS, OTHERWISE)), ids=NAMES)
def test_an_answer_is_what_the_code_or_the_numbers_say(formula, otherwise):
    for point, right in zip(formulas.points(formula), formulas.values(formula.answer, formula)):
        found = otherwise(**{name: np.array(value) for name, value in point.items()})
        # the grid of W has steps of 5e-6
        np.testing.assert_allclose(right, found, rtol=0, atol=1e-5 * max(1, np.abs(found).max()))


@pytest.mark.parametrize("formula", formulas.FORMULAS, ids=NAMES)
def test_no_two_sentences_are_about_the_same_numbers(formula):
    all_values = [formulas.values(formula.answer, formula)]
    all_values += [formulas.values(slip, formula) for slip in formula.slips.values()]
    for i, one in enumerate(all_values):
        for other in all_values[:i]:
            shapes = [np.shape(value[0]) for value in (one, other)]
            assert shapes[0] != shapes[1] or not np.allclose(one, other, rtol=CLOSE)


@pytest.mark.parametrize("formula", formulas.FORMULAS, ids=NAMES)
def test_the_page_is_told_numbers_but_no_formula(formula):
    told = formulas.told(formula)
    assert told.keys() == {"points", "right", "slips", "also", "rest"}
    assert len(told["points"]) == len(told["right"]) == formulas.POINTS
    json.dumps(told, allow_nan=False)
    assert told == formulas.told(formula)  # the same points every time


# What a reader may type for each field: right ones in several forms, wrong ones with what is said.
TYPED = {
    "formula-1a-1": (
        [
            "g/x",
            "g * (1/x)",
            "g x^(-1)",
            "g·x**-1",
            "(g) / (x)",
            "exp(log(g^2)/2) / x * g/sqrt(g^2)",
        ],
        {
            "1/x": "This does not use g. What does the chain rule multiply by?",
            "gx": "You multiply by x. What is the derivative of log x?",
            "g/u": "“u” is not one of the names here: g, x.",
            "g/(x": "A closing parenthesis is missing.",
            "g/x)": "There is a closing parenthesis too many.",
            "g/": "The formula breaks off at its end.",
            "y = g/x": "Type the right-hand side only.",
            "": "Type a formula first.",
            "g/constructor": "“constructor” is not one of the names here: g, x.",
        },
    ),
    "formula-1c-1": (
        ["g*u*(1-u)", "g u(1 − u)", "gu - gu²", "g·u·(1−u)"],
        {"u(1-u)": "This does not use g. What does the chain rule multiply by?"},
    ),
    "formula-1f-1": (
        ["g*v", "gv", "v g"],
        {
            "g x": "Only terms with x in them count. What multiplies x?",
            "g": "Your result is a number. It should be 3 by 1.",
            "g + v": "You add a number and 3 by 1: the shapes must be equal.",
            "g v + x": "Not yet: the shape is right, the entries are not.",
        },
    ),
    "formula-1f-2": (["g*x"], {"g*v": "Only terms with v in them count. What multiplies v?"}),
    "formula-1k-1": (
        ["g v^T", "gv^T", "outer(g, v)", "np.outer(g, v)", "g @ v.T", "g vᵀ", "(v g')^T"],
        {
            "v g^T": "Your result is 3 by 2. It should be 2 by 3.",
            "g v": "You multiply 2 by 1 by 3 by 1: the inner sizes differ. "
            "Which factor needs a transpose, ^T?",
        },
    ),
    "formula-1k-2": (["M^T g", "M.T @ g", "(g^T M)^T"], {"M^T u": "This uses u where g belongs."}),
    "formula-2e-1": (
        ["24/log2(k)", "24 / log_2 k", "24 log(2) / log(k)", "3*8/log2(k)"],
        {"24/k": "A pixel does not take k bits. How many bits tell k numbers apart?"},
    ),
    "formula-3a-1": (
        [
            "pi1 W11 (1-W12) / (pi1 W11 (1-W12) + pi2 W21 (1-W22))",
            "1 / (1 + π_2 W_{21} (1 - W_{22}) / (π_1 W_11 (1 - W_12)))",
            "pi1 W11 (1-W12) / (pi1 W11 (1-W12) + (1-pi1) W21 (1-W22))",
        ],
        {
            "pi1 W11 (1-W12)": "This is the numerator. What makes the responsibilities sum to one?",
            "pi1 W11 (1-W12) / (W11 (1-W12) + W21 (1-W22))": "The priors belong below the line, "
            "too.",
        },
    ),
    "formula-3c-1": (
        ["A/W - (N-A)/(1-W)", "(A - N W) / (W (1-W))", "A_cj/W_cj - (N_c - A_cj)/(1 - W_cj)"],
        {"A/W + (N-A)/(1-W)": "Mind the inner derivative of log(1 − W)."},
    ),
    "formula-3c-2": (["A/N", "A_{cj} / N_c"], {"N/A": "Upside down: a probability is at most 1."}),
    "formula-3d-1": (["N/n", "N_c / n"], {"N": next(iter(formulas.FORMULAS[-1].slips))}),
}


def check(tab, field, text):
    """Type a formula as a reader does; return the verdict and the sentence."""
    tab.locator(f"#{field}").fill(text)
    tab.locator(f"#{field}").press("Enter")
    form = tab.locator(f"form:has(#{field})")
    return form.get_attribute("data-verdict"), form.locator("output").inner_text()


@pytest.fixture(scope="module")
def tabs(chromium):
    """The pages with fields, by the field."""
    context = chromium.new_context(offline=True)
    found = {}
    for page in CHAPTERS:
        tab = visit(context, page)
        for field in tab.locator("form.formula input").evaluate_all("all => all.map(i => i.id)"):
            found[field] = tab
    yield found
    context.close()


def test_every_formula_has_a_field(tabs):
    assert sorted(tabs) == sorted(TYPED) and len(TYPED) == len(formulas.FORMULAS)


@pytest.mark.parametrize("field", TYPED)
def test_right_and_wrong_formulas(tabs, field):
    right, wrong = TYPED[field]
    for text in right:
        assert (text, check(tabs[field], field, text)[0]) == (text, "right")
    for text, sentence in wrong.items():
        verdict, said = check(tabs[field], field, text)
        assert (text, said) == (text, sentence)
        assert verdict in ("wrong", "unclear")


def test_a_formula_that_is_wrong_in_its_own_way_is_told_where(tabs):
    verdict, said = check(tabs["formula-1a-1"], "formula-1a-1", "g + x")
    point = formulas.points(formulas.FORMULAS[0])[0]
    assert verdict == "wrong"
    value = f"{point['g'] + point['x']:.4g}".replace("-", "−")
    assert said == f"Not yet. At g = {point['g']}, x = {point['x']} this gives {value}.".replace(
        "-", "−"
    )


def test_an_exercise_is_marked_when_all_its_fields_are_right(context):
    tab = visit(context, CHAPTERS[0])
    box = tab.locator("#ex-1f .exercise-done input")
    check(tab, "formula-1f-1", "g*v")
    assert not box.is_checked()
    check(tab, "formula-1f-2", "g*v")
    assert not box.is_checked()
    check(tab, "formula-1f-2", "g*x")
    assert box.is_checked()


def test_what_also_asks_for_words_is_not_marked(context):
    tab = visit(context, CHAPTERS[1])
    verdict, said = check(tab, "formula-2e-1", "24/log2(k)")
    assert verdict == "right" and "k = 2, 4, 8 and 16" in said
    assert not tab.locator("#ex-2e .exercise-done input").is_checked()


def test_a_new_keystroke_takes_the_verdict_away(context):
    tab = visit(context, CHAPTERS[0])
    check(tab, "formula-1a-1", "g/x")
    tab.locator("#formula-1a-1").press("Backspace")
    form = tab.locator("form:has(#formula-1a-1)")
    assert form.get_attribute("data-verdict") is None
    assert form.locator("output").inner_text() == ""


def test_without_scripts_there_are_no_dead_fields(chromium):
    context = chromium.new_context(offline=True, java_script_enabled=False)
    tab = context.new_page()
    tab.goto((SITE / CHAPTERS[0]).as_uri())
    assert tab.locator("form.formula").count() > 0
    assert not any(form.is_visible() for form in tab.locator("form.formula").all())
    context.close()


def test_what_was_chosen_and_typed_is_there_on_the_next_visit(context):
    chosen, other = ".self-check details.wrong", ".self-check details.right"
    tab = visit(context, CHAPTERS[0])
    assert not tab.locator(chosen).first.evaluate("each => each.open")
    kept = "Object.values(localStorage).join().includes('true')"  # a moment after the click
    tab.locator(f"{chosen} summary").first.click()
    tab.wait_for_function(f"() => {kept}")
    check(tab, "formula-1a-1", "g + x")
    tab.close()
    tab = visit(context, CHAPTERS[0])
    assert tab.locator(chosen).first.evaluate("each => each.open")
    assert not tab.locator(other).first.evaluate("each => each.open")
    assert tab.locator("#formula-1a-1").input_value() == "g + x"
    assert tab.locator("form:has(#formula-1a-1)").get_attribute("data-verdict") is None
    # what is closed again is forgotten, and another chapter has its own
    tab.locator(f"{chosen} summary").first.click()
    tab.wait_for_function(f"() => !{kept}")
    tab.close()
    tab = visit(context, CHAPTERS[0])
    assert not tab.locator(chosen).first.evaluate("each => each.open")
    assert visit(context, CHAPTERS[2]).locator(".self-check details[open]").count() == 0
