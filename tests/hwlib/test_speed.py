"""bench/ and the page that shows what it has measured. No test here asserts a time."""

import json
import re
import subprocess
import sys
from importlib import metadata
from statistics import median

import measure
import notebook_outputs
import numpy as np
import peers
import pytest
import run
import scaling
from bs4 import BeautifulSoup

from hwlib.figures import speed
from hwlib.scenes import speed as scenes

PAGE = notebook_outputs.ROOT / "notebooks" / "4_speed.ipynb"
RESULTS = speed.results()
WORKS, CURVES = RESULTS["works"], RESULTS["curves"]
ROWS = [(name, row) for name, work in WORKS.items() for row in work["rows"]]


# ---- what was measured ---------------------------------------------------------------------------


def test_every_row_is_there():
    declared = {name: list(work.contenders) for name, work in peers.WORKS.items()}
    assert {n: [row["who"] for row in w["rows"]] for n, w in WORKS.items()} == declared
    assert {n: w["title"] for n, w in WORKS.items()} == {n: w.title for n, w in peers.WORKS.items()}
    assert list(RESULTS["machine"]["versions"]) == peers.PACKAGES


def test_every_row_has_seven_runs_and_its_memory():
    for name, row in ROWS:
        assert len(row["seconds"]) >= 7 and min(row["seconds"]) > 0, (name, row["who"])
        assert row["memory"] >= 0


def test_every_curve_is_there():
    assert {
        a: {along: curve["sizes"] for along, curve in c.items()} for a, c in CURVES.items()
    } == (scaling.SIZES)
    for algorithm, curves in CURVES.items():
        for along, curve in curves.items():
            assert len(curve["seconds"]) == len(curve["sizes"]) and min(curve["seconds"]) > 0
            assert curve["others"] | {along: None} == scaling.BASE[algorithm] | {along: None}


def test_contenders_did_the_same():
    exact = 0
    for name, work in WORKS.items():
        ours = work["rows"][0]
        for row in work["rows"]:
            if row["who"] in peers.WORKS[name].exact:
                # the same sums in another order: rounding, about 1e-16 for each of 1e6 terms
                assert row["result"] == pytest.approx(ours["result"], rel=1e-9), (name, row["who"])
                assert row["iterations"] == ours["iterations"], (name, row["who"])
                exact += 1
            elif (
                row["result"] is not None
            ):  # in float32, or as often as it was told, or other starts
                assert row["result"] == pytest.approx(ours["result"], rel=0.01), (name, row["who"])
    assert exact >= 3 + 3 + 5 + 1  # photographs, points, networks, EM


# ---- the page ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page():
    path = notebook_outputs.ROOT / "_build" / "html" / "notebooks" / "4_speed.html"
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def read_seconds(text):
    number, unit = text.replace(",", "").split()
    return float(number) * {"s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}[unit]


def test_tables_show_the_file(page):
    shown = [
        [" ".join(cell.get_text().split()) for cell in row.select("td")]
        for row in page.select("article table tbody tr")
        if len(row.select("td")) == len(speed.HEAD)
    ]
    assert len(shown) == len(ROWS)
    keys = ["photo-", "points-", "restarts-", "em", "xor"]  # as the page has them
    order = [name for k in keys for name in WORKS if name.startswith(k)]
    expected = [
        (WORKS[name]["title"] if row is WORKS[name]["rows"][0] else "", row, WORKS[name])
        for name in order
        for row in WORKS[name]["rows"]
    ]
    for cells, (title, row, work) in zip(shown, expected):
        assert cells[0] == title.partition(": ")[2] and cells[1] == row["who"]
        # three digits
        assert read_seconds(cells[2]) == pytest.approx(min(row["seconds"]), rel=6e-3)
        assert read_seconds(cells[3]) == pytest.approx(median(row["seconds"]), rel=6e-3)
        if len(work["rows"]) > 1:
            ratio = min(work["rows"][1]["seconds"]) / min(row["seconds"])
            assert float(cells[4]) == pytest.approx(ratio, abs=0.0051)
        if row["result"] is not None:
            assert float(cells[5]) == pytest.approx(row["result"], rel=1e-9)
        assert cells[6] == str("" if row["iterations"] is None else row["iterations"])
        size, unit = cells[7].replace(",", "").split()
        shown_size = float(size) * {"MB": 1e6, "kB": 1e3}[unit]
        assert shown_size == pytest.approx(row["memory"], rel=6e-3)


def test_captions_show_the_exponents_of_the_file(page):
    for algorithm, curves in CURVES.items():
        caption = page.select_one(f"figure#speed-{algorithm} figcaption").get_text()
        powers = re.findall(r"(\w) to the power (-?\d+\.\d\d)", caption.replace("−", "-"))
        assert [along for along, _ in powers] == list(curves)
        for along, power in powers:
            half = len(curves[along]["sizes"]) // 2
            x, y = (np.log(curves[along][each][half:]) for each in ("sizes", "seconds"))
            slope = ((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum()
            assert float(power) == pytest.approx(slope, abs=0.0051)


def test_printed_rates_are_those_of_the_file(page):
    text = page.select_one("article").get_text()
    rates = RESULTS["machine"]["rates"]
    assert f"read from memory {rates['read'] / 1e9:.1f} billion bytes" in " ".join(text.split())
    assert f"{rates['gemm64'] / rates['read']:.1f} operations per byte" in text
    assert RESULTS["machine"]["date"] in text


def test_text_states_no_measured_number():
    # what a later run would contradict; numbers in code, formulas, links and links' names are none
    for cell in notebook_outputs.read(PAGE).cells:
        if cell.cell_type == "markdown":
            text = re.sub(
                r"`[^`\n]+`|\$\$.*?\$\$|\$[^$]*\$|\{\w+\}`+[^`]*`+", "", cell.source, flags=re.S
            )
            assert not re.search(r"\d\s*(%|[nµm]?s\b|times|GB|MB|billion|GFLOP)", text), cell.id


def test_page_is_stored_as_it_was_run():
    code = [cell for cell in notebook_outputs.read(PAGE).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [out for _, out in notebook_outputs.outputs(PAGE) if out.get("name") == "stderr"]
    assert set(notebook_outputs.figures(PAGE)) == {f"speed-{algorithm}" for algorithm in CURVES}


def test_it_is_measured_without_widgets():
    code = "import sys; sys.modules['ipywidgets'] = None; sys.path.insert(0, 'bench'); import run"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=notebook_outputs.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# ---- tables and exponents ------------------------------------------------------------------------


def test_scaling_draws_the_times_and_the_law_of_the_larger_half():
    sizes = [1000, 2000, 4000, 8000]
    curves = {
        "n": {"sizes": sizes, "seconds": [2e-6 * n for n in sizes], "others": {"d": 16}},
        "k": {
            "sizes": [1, 2, 4, 8],
            "seconds": [1e-3, 2e-3, 4e-3, 8e-3],
            "others": {"n": 5000, "d": 16},
        },
    }
    state, caption = scenes.scaling(curves, "A step", {"n": "points", "k": "clusters"})
    assert [panel["x"]["label"] for panel in state["panels"]] == ["n, points", "k, clusters"]
    law, points, slope = state["panels"][0]["marks"]
    assert slope["text"] == "slope 1.00"
    law, points = law["at"], points["at"]
    times = np.transpose([sizes, [2, 4, 8, 16]])  # milliseconds
    np.testing.assert_allclose(points, np.log10(times), atol=5.1e-4)  # three places are stored
    np.testing.assert_allclose(law, np.log10(times[2:])[[0, -1]], atol=5.1e-4)
    assert [panel["y"]["domain"] for panel in state["panels"]] == [[0, 2]] * 2  # one scale for both
    assert caption == (
        "A step: the time grows as n to the power 1.00 (with d = 16), "
        "as k to the power 1.00 (with n = 5,000, d = 16)."
    )


@pytest.mark.parametrize("p", [0.5, 1, 1.7])
def test_exponent_of_a_power_law(p):
    sizes = [10, 30, 100, 1000, 2000]
    found, a = speed.exponent(sizes, [3e-6 * n**p for n in sizes])
    assert found == pytest.approx(p, abs=1e-9) and a == pytest.approx(3e-6)


def test_exponent_looks_past_the_cost_of_calls():
    sizes = [10**e for e in range(1, 9)]
    times = [
        1e-3 + 1e-7 * n for n in sizes
    ]  # equal at 10,000, which is where the larger half begins
    assert speed.exponent(sizes, times)[0] == pytest.approx(1, abs=0.06)
    assert np.polyfit(np.log(sizes), np.log(times), 1)[0] < 0.8


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (1.234, "1.23 s"),
        (123.4, "123 s"),
        (0.01234, "12.3 ms"),
        (4.5e-6, "4.50 µs"),
        (7.57e-9, "7.57 ns"),
    ],
)
def test_times_have_three_digits(t, text):
    assert speed.seconds(t) == text


def test_report_is_aligned_and_whole():
    head, *lines = run.report(RESULTS).splitlines()
    rows = lines[: len(ROWS)]
    assert [line.startswith(WORKS[name]["title"]) for line, (name, _) in zip(rows, ROWS)] == [
        row is WORKS[name]["rows"][0] for name, row in ROWS
    ]
    who = head.index("who")
    assert [line[who:].startswith(row["who"]) for line, (_, row) in zip(rows, ROWS)] == [
        True
    ] * len(ROWS)
    assert {len(line) for line in rows} == {len(head)}  # memory, to the right, ends each
    assert "geometric mean" in lines[len(ROWS) + 1]
    assert len(lines) == len(ROWS) + 2 + len(CURVES)


def test_file_is_written_with_a_line_for_each_list():
    assert json.loads(run.text(RESULTS)) == RESULTS
    assert '"seconds": [ ' in run.text(RESULTS)
    assert run.text(RESULTS) + "\n" == speed.RESULTS.read_text(encoding="utf-8")


# ---- measuring -----------------------------------------------------------------------------------


def test_contenders_take_turns():
    calls = []
    taken = measure.interleave(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, seconds=0
    )
    assert calls == ["a", "b"] * (1 + measure.RUNS)
    assert [len(seconds) for seconds, _ in taken.values()] == [measure.RUNS] * 2


def test_memory_is_what_a_run_adds(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import measure, numpy as np\n"
        "before = np.ones(2**24)  # data: 128 MB that are gone when the run begins\n"
        "del before\n"
        "print(measure.peak_memory(lambda: np.ones(2**23)))\n"
    )
    grown = measure.in_child(program, notebook_outputs.ROOT / "bench")
    # 64 MB; around it, what Python itself takes or has in reserve
    assert grown == pytest.approx(2**26, abs=2**22)


def test_failure_in_a_child_is_told(tmp_path):
    program = tmp_path / "program.py"
    program.write_text("raise ValueError('no such luck')")
    with pytest.raises(SystemExit, match="no such luck"):
        measure.in_child(program)


def row(who, seconds, result=None, iterations=None, memory=0):
    return {
        "who": who, "seconds": seconds, "result": result, "iterations": iterations,
        "memory": memory,
    }  # fmt: skip


# Two pieces of work on paper, the second without a peer.
PAPER = {
    "photo-4": {
        "title": "k-means: k = 4, a photograph",
        "rows": [
            row("we", [0.004, 0.001, 0.002], 12.5, 7, 2_000_000),
            row("they", [0.004, 0.002, 0.03], None, None, 900),
            row("others", [0.0005], 1 / 3, 70, 1_000_000),
        ],
    },
    "em": {"title": "EM: alone", "rows": [row("we", [1.0], 1, 1, 0)]},
}


def test_a_table_in_full():
    assert speed.table(PAPER) == [
        ["work", "who", "fastest", "median", "speed", "result", "iterations", "memory"],
        [PAPER["photo-4"]["title"], "we", "1.00 ms", "2.00 ms", "2.00", "12.5", "7", "2.00 MB"],
        ["", "they", "2.00 ms", "4.00 ms", "1.00", "", "", "0.900 kB"],
        ["", "others", "500 µs", "500 µs", "4.00", "0.3333333333", "70", "1.00 MB"],
        ["EM: alone", "we", "1.00 s", "1.00 s", "", "1", "1", "0 kB"],
    ]
    assert speed.ours(PAPER["photo-4"]) == 0.001
    assert speed.compare(PAPER, "photo", "none").replace(speed.FIXED, "~") == (
        "| work | who | fastest | median | speed | result | iterations | memory |\n"
        "| :-- | :-- | --: | --: | --: | --: | --: | --: |\n"
        "| k~=~4, a photograph | we | 1.00~ms | 2.00~ms | 2.00 | 12.5 | 7 | 2.00~MB |\n"
        "|  | they | 2.00~ms | 4.00~ms | 1.00 |  |  | 0.900~kB |\n"
        "|  | others | 500~µs | 500~µs | 4.00 | 0.3333333333 | 70 | 1.00~MB |"
    )
    two = {"two": PAPER["photo-4"] | {"rows": PAPER["photo-4"]["rows"][:2]}}
    assert speed.table(two)[1:] == speed.table(PAPER)[1:3]
    assert speed.results() == RESULTS
    twice = PAPER | {"photo-8": {"rows": [row("we", [1]), row("they", [8]), row("others", [9])]}}
    assert speed.mean_speed(twice) == pytest.approx(4, rel=1e-15)  # √(2 · 8), one rounding


def test_the_machine_in_full():
    machine = {
        "date": "2026-11-01",
        "processor": "Abacus",
        "cores": 2,
        "python": "3.11.7",
        "versions": {"numpy": "2.4", "scipy": "1.9"},
        "rates": {"read": 1e9, "copy": 2e9, "gemm64": 3e9, "gemm32": 4e9, "cached": 5e9},
        "costs": {"numpy call": 6e-6, "object": 7e-9},
    }
    assert speed.about(machine) == (
        "Measured on 2026-11-01: Abacus, 2 cores, Python 3.11.7, numpy 2.4, scipy 1.9."
    )
    assert speed.rates(machine).splitlines() == [
        "| on this machine | |",
        "| :-- | :-- |",
        "| read from memory | 1.0 billion bytes per second |",
        "| copy in memory (read and write) | 2.0 billion bytes per second |",
        "| matrix product, float64 | 3.0 billion operations per second |",
        "| matrix product, float32 | 4.0 billion operations per second |",
        "| greater of two numbers, in a cache | 5.0 billion per second |",
        "| numpy adds two vectors of length 3 | 6.00 µs |",
        "| Python makes an object and calls it | 7.00 ns |",
    ]


def test_powers_of_exact_laws():
    sizes = [1, 2, 4, 8]
    curves = {
        "n": {"sizes": sizes, "seconds": [9, 9, 48, 192]},  # 3 n², in the larger half
        "d": {"sizes": sizes, "seconds": [9, 9, 2, 8**0.5]},
    }
    assert run.powers(curves) == "n^2.00, d^0.50"


def test_a_missing_peer_is_named(monkeypatch):
    def version(name):
        if name == "torch":
            raise metadata.PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(metadata, "version", version)
    with pytest.raises(SystemExit, match="torch is not installed: see requirements-bench.txt"):
        peers.versions()


SMALL = {
    "photo": peers.photo_work(16, size=(40, 30)),
    "points": peers.points_work(3000, 2, k=5, iterations=4),
    "restarts": peers.restarts_work(4, "k-means++", restarts=20),
    "network": peers.network_work(steps=60),
    "em": peers.em_work(n=400, d=12, k=3, iterations=6),
}
HERE = {"scikit-learn", "scikit-learn, elkan", "scipy", "numpy, all pixels", "numpy, by hand"}
HERE |= {"chapter 1"}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", SMALL)
def test_same_work_at_a_small_size(name):
    # those that the book's own environment has; the others' results stand in the file
    work = SMALL[name]
    contenders = {
        who: work.contenders[who] for who in work.contenders if who in HERE | {peers.OURS}
    }
    if name == "em":
        contenders |= {"numpy, float32": work.contenders["numpy, float32"]}
    rows = peers.times(work._replace(contenders=contenders), least=1, seconds=0)
    assert len(rows) == {"photo": 5, "points": 2, "restarts": 2, "network": 3, "em": 2}[name]
    ours, *others = rows
    for row in others:
        tolerance = 1e-6 if "float32" in row["who"] else 1e-9  # rounding in 24 and in 53 bits
        assert row["result"] == pytest.approx(ours["result"], rel=tolerance), row["who"]
        assert row["iterations"] == ours["iterations"]


@pytest.mark.parametrize("algorithm", scaling.SIZES)
def test_curves_at_small_sizes(algorithm, monkeypatch):
    monkeypatch.setitem(scaling.BASE, algorithm, dict.fromkeys(scaling.BASE[algorithm], 2))
    monkeypatch.setattr(measure, "fastest", lambda call, seconds=0: (call(), 1.5)[1])
    sizes = {along: [2, 5] for along in scaling.BASE[algorithm]}
    found = scaling.curves(algorithm, sizes)
    assert {along: curve["sizes"] for along, curve in found.items()} == sizes
    assert all(0 < t <= 1.5 for curve in found.values() for t in curve["seconds"])


def test_graph_counts_what_a_step_on_xor_consists_of():
    graph = RESULTS["graph"]
    assert graph == scaling.graph()
    assert sum(graph["nodes"].values()) > graph["calls"] > graph["groups"] > 10


def test_peers_are_pinned():
    lines = (notebook_outputs.ROOT / "requirements-bench.txt").read_text().splitlines()
    pinned = {re.match(r"([\w-]+)==", line)[1] for line in lines if line[0] != "#"}
    assert pinned >= set(peers.PACKAGES)
    assert "torch" not in sys.modules  # nothing above has needed them
