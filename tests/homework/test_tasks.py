"""One table of tasks: a row that is added to it appears wherever tasks are read."""

import csv
import io
from pathlib import Path

import pytest
import sample_submissions as samples

from homework import grade as command
from homework import starter, tasks
from homework.checks import check
from homework.checks.verdict import Verdict
from homework.gradescope.__main__ import results
from homework.grading import classroom
from homework.grading.grading import grade

MUL = "\n\nclass MulNode(Node):\n    def forward(self, a, b):\n        return a * b\n"


def judge(given, results):
    """Half of the points for a node that can be made; the other half for the right product."""
    verdict = Verdict("1p")
    for case, result in zip(given, results):
        value = result["forward"]["result"]
        if value is None:
            verdict.fault_all("A MulNode cannot be made.")
        elif value["value"]["data"] != case["x"] * case["v"]:
            verdict.fault("product", "It is no product.")
    return verdict


@pytest.fixture
def added(monkeypatch):
    row = tasks.Task(
        "1p", parts={"made": 1, "product": 1}, module="backprop", names=("MulNode",),
        removed=("MulNode",), probe=("node", "MulNode", ("x", "v")), judge=judge,
        inputs=lambda rng: [{"x": 2.0, "v": 3.0, "g": 1.0, "start_x": 0.0, "start_v": 0.0}],
        page=tasks.BACKPROP,
    )  # fmt: skip
    monkeypatch.setattr(tasks, "TASKS", {**tasks.TASKS, "1p": row})


def test_a_new_task_appears_everywhere(added, tmp_path, capsys):
    files = dict(samples.LECTURE)
    files["backprop.py"] = files["backprop.py"].replace(
        "\n\nclass ReluNode", MUL + "\n\nclass ReluNode"
    )
    for name in ("ada", "bob"):
        (tmp_path / "class" / name).mkdir(parents=True)
        for file, text in files.items():
            text = text.replace("return a * b", "return a + b") if name == "bob" else text
            (tmp_path / "class" / name / file).write_text(text)
    # the starter: its code, and its README
    contents = starter.files()
    assert b"task 1p: write MulNode.__init__" in contents["q1_backprop/backprop.py"]
    assert "| 1p | 2 | `q1_backprop/backprop.py` | `MulNode` |" in contents["README.md"].decode()
    # the notebooks' checks
    assert check("1p").points == 2
    # the grader, and its table
    assert command.main([str(tmp_path / "class" / "bob"), "--only", "1p"]) == 1
    assert "1p    1 of 2   made 1/1, product 0/1" in capsys.readouterr().out
    # Gradescope
    graded = grade(tmp_path / "class" / "ada")
    (test,) = [test for test in results(graded)["tests"] if test["number"] == "1p"]
    assert (test["score"], test["max_score"]) == (2, 2) and graded.out_of == 49
    # a class
    classroom.run(tmp_path / "class", tmp_path / "out", jobs=2, stream=io.StringIO())
    table = (tmp_path / "out" / "grades.csv").read_text("utf-8-sig")
    points = {row["submission"]: row["1p"] for row in csv.DictReader(io.StringIO(table))}
    assert points == {"ada": "2", "bob": "1"}
    assert "<th scope=row>1p" in (tmp_path / "out" / "statistics.html").read_text("utf-8")


def test_every_row_is_complete():
    for task in tasks.checked():
        assert task.names and task.probe and task.module and task.page
        assert callable(task.draw(0).__class__)
        assert task.page in {"notebooks/1_backprop.html", "notebooks/2_kmeans.html",
                             "notebooks/3_binary_em.html"}  # fmt: skip
    for task in tasks.code():
        assert task.removed and task.out_of == sum(task.parts.values())


def test_there_is_no_circle_of_imports():
    """Each module of the kit imports only those that do not import it, near or far."""
    import ast

    top = Path(tasks.__file__).parent
    graph = {}
    for path in top.rglob("*.py"):
        name = ".".join(path.relative_to(top.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        )
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        found = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                base = package.rsplit(".", node.level - 1)[0] if node.level else ""
                module = ".".join(filter(None, [base, node.module]))
                found |= {module, *(f"{module}.{each.name}" for each in node.names)}
            elif isinstance(node, ast.Import):
                found |= {each.name for each in node.names}
        graph[name] = found - {name}
    graph = {name: found & set(graph) - {"homework"} for name, found in graph.items()}

    def reach(name, seen):
        for each in graph[name] - seen:
            seen.add(each)
            reach(each, seen)
        return seen

    assert len(graph) > 15
    assert not {name for name in graph if name in reach(name, set())}
