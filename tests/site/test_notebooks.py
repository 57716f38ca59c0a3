"""The notebooks as they are stored. That their outputs are true is nbval's part."""

import re
from collections import Counter
from math import prod

import notebook_outputs
import pytest

from tools import store_outputs


def test_three_solve_the_homework():
    assert [path.name for path in notebook_outputs.CHAPTERS] == [
        "1_backprop.ipynb",
        "2_kmeans.ipynb",
        "3_binary_em.ipynb",
    ]


@pytest.mark.parametrize("path", notebook_outputs.NOTEBOOKS, ids=lambda path: path.stem)
class TestStored:
    def test_every_code_cell_was_run_in_order(self, path):
        code = [cell for cell in notebook_outputs.read(path).cells if cell.cell_type == "code"]
        assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))

    def test_nothing_random_is_stored(self, path):
        assert "widgets" not in notebook_outputs.read(path).metadata
        for cell, output in notebook_outputs.outputs(path):
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            assert "execution" not in cell.metadata  # times
            text = str(output.get("data", "")) + str(output.get("text", ""))
            assert not re.search(r"at 0x[0-9a-f]{6,}", text), f"an address in {cell.id}"

    def test_nothing_went_to_stderr(self, path):
        assert [
            cell.id for cell, out in notebook_outputs.outputs(path) if out.get("name") == "stderr"
        ] == []

    def test_outputs_are_small(self, path):
        assert (
            0 < store_outputs.size(notebook_outputs.read(path)) <= store_outputs.LIMIT == 3_000_000
        )

    def test_no_picture_escapes_the_captions(self, path):
        # an image output would be compared with nothing, and have no alternative text
        kinds = {kind for _, out in notebook_outputs.outputs(path) for kind in out.get("data", {})}
        assert not {kind for kind in kinds if kind.startswith("image/")}

    def test_stored_explorers_have_a_frame_for_each_position(self, path):
        for name, figure in notebook_outputs.figures(path).items():
            assert len(figure.captions) == prod(map(len, figure.axes.values())), name


CODE_WIDTH = 80  # signs that fit the narrowest box of a page, in a fold, in a window of 1,280 px


STUDENTS = [p.stem for p in notebook_outputs.NOTEBOOKS if p.stem[:2] not in ("4_", "5_")]


@pytest.mark.parametrize("name", STUDENTS)
def test_no_line_of_code_or_output_is_cut_off(name):
    wide = []
    for cell in notebook_outputs.read(notebook_outputs.ROOT / "notebooks" / f"{name}.ipynb").cells:
        tags = set(cell.metadata.get("tags", []))
        shown = [] if tags & {"remove-cell", "remove-input"} else [cell.source]
        for output in cell.get("outputs", []) if cell.cell_type == "code" else []:
            data = output.get("data", {})
            if "text/html" not in data:
                plain = data.get("text/plain", "")
                shown.append(output.get("text") or data.get("text/markdown") or plain)
        if cell.cell_type == "code" and "remove-cell" not in tags:
            wide += [line for text in shown for line in text.splitlines() if len(line) > CODE_WIDTH]
    assert wide == []


def test_ids_are_unique_in_the_book():
    names = Counter(
        name for path in notebook_outputs.NOTEBOOKS for name in notebook_outputs.figures(path)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_the_explorers_of_the_homework_are_there():
    names = {name for path in notebook_outputs.NOTEBOOKS for name in notebook_outputs.figures(path)}
    assert names >= {
        "graph-walk",
        "epsilon",
        "logreg",
        "xor-network",
        "kmeans-steps",
        "kmeans-seeds",
        "photo-colors",
        "em-digits",
        "em-pathologists",
        # those that deepen
        "sigmoid-forms",
        "xor-starts",
        "kmeans-init",
        "color-cloud",
        "em-bound",
        "em-choose-k",
        "em-snps",
        "em-labels",
    }
