"""The page of the modules: every public docstring is on it, and its examples are true."""

import doctest
import importlib
import inspect
import pkgutil
import re

import notebook_outputs
import pytest
from test_pages import page, text

import hwlib

PAGE = notebook_outputs.ROOT / "book" / "api.md"
MODULES = [
    importlib.import_module(each.name) for each in pkgutil.walk_packages(hwlib.__path__, "hwlib.")
]


def examples():
    """Yield (name, doctest) of the page and of each docstring that has examples."""
    blocks = re.findall(r"```pycon\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    yield "api.md", doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "api", str(PAGE), 0)
    for module in MODULES:
        for test in doctest.DocTestFinder().find(module):
            if test.examples:
                yield test.name, test


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_true(name):
    told = []
    result = doctest.DocTestRunner().run(EXAMPLES[name], out=told.append)
    assert result.attempted > 0 and result.failed == 0, "".join(told)


MAIN = {
    "hwlib.backprop": {
        *("AddNode", "ConstantMulNode", "DotNode", "InputNode", "LogNode", "MVMulNode", "MulNode"),
        *("ReluNode", "SigmoidNode", "gradient_check_1", "gradient_check_2", "gradient_descent"),
        *("make_logistic_regression", "make_neural_network", "numerical_gradient"),
    },
    "hwlib.kmeans": {"assign", "iterate", "kmeans", "reconstruction_error", "update"},
    "hwlib.binary_em": {
        *("e_step", "expected_complete_log_likelihood", "fit", "log_likelihood", "m_step"),
    },
    "hwlib.compression": {"compress_image", "rgb_pixels"},
    "hwlib.datasets": {
        *("binary_digits", "pathologists", "photograph", "plane_points", "simulated_genomes"),
    },
    "hwlib.explorer": {"Explorer"},
    "hwlib.figures": {"new_figure"},
}


@pytest.mark.parametrize("module", MAIN)
def test_the_main_functions_have_an_example(module):
    sources = [each.source for test in EXAMPLES.values() for each in test.examples]
    for name in MAIN[module]:
        assert name in documented(importlib.import_module(module))
        assert any(f"{name}(" in source for source in sources), name


def documented(module):
    """Return {name: docstring} of a module's own public functions and classes that have one."""
    return {
        name: inspect.getdoc(member)
        for name, member in vars(module).items()
        if not name.startswith("_") and getattr(member, "__module__", "") == module.__name__
        if (inspect.isroutine(member) or inspect.isclass(member)) and member.__doc__
    }


def words(docstring):
    """Return how a docstring begins, as words, without the marks that the page renders."""
    return re.sub(r"\W+", " ", re.split(r"\n\n|\[", docstring)[0]).strip()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_docstring_is_on_the_page(module):
    tree = page("book/api")
    everything = re.sub(r"\W+", " ", text(tree.select_one("article")))
    assert words(module.__doc__) in everything
    for name, docstring in documented(module).items():
        entry = tree.find(id=f"{module.__name__}.{name}")
        assert entry is not None, name
        assert words(docstring) in re.sub(r"\W+", " ", text(entry.parent)), name


def test_docstrings_are_rendered_as_sections():
    # numpydoc turns "Parameters" and "Raises" into fields; raw underlines would show it failed
    article = page("book/api").select_one("article")
    assert "-----" not in article.get_text()
    fields = {text(field) for field in article.select("dl.field-list > dt")}
    assert {"Parameters", "Returns", "Raises"} <= {field.rstrip(":") for field in fields}
