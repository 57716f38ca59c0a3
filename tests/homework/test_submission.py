"""What students and learning platforms call files, and where they put them."""

import io
import json
import os
import zipfile

import pytest
import sample_submissions as samples

from homework.grading import submission

BACKPROP, KMEANS = samples.LECTURE["backprop.py"].encode(), samples.LECTURE["kmeans.py"].encode()


def put(folder, files, changed=None):
    for number, (name, content) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (0, (changed or {}).get(name, 1_000_000 + number)))
    return folder


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "backprop.py", "backprop-1.py", "backprop (1).py", "backprop(2).py", "backprop_3.py",
        "Backprop.py", "BACKPROP.PY", "backprop copy.py", "backprop - Copy.py",
        "adalovelace_12345_backprop-1.py", "lovelaceada_LATE_123_4567_backprop-2.py",
        "Ada Lovelace_123_assignsubmission_file_backprop.py",
        "HW3_ada_attempt_2026-11-01-12-00-00_backprop.py", "submit/q1_backprop/backprop.py",
    ],
)  # fmt: skip
def test_a_file_is_known_by_any_platforms_name(tmp_path, name):
    found = submission.collect(put(tmp_path, {name: BACKPROP}))
    assert found.problem is None and found.files == {"backprop.py": BACKPROP}


@pytest.mark.parametrize("name", ["my_backprop_helpers.py", "notbackprop.py", "backprop.py.txt"])
def test_other_files_are_not_taken_for_it(tmp_path, name):
    found = submission.collect(put(tmp_path, {name: b"x = 1"}))
    assert not found.files and f"there is {name}" in found.problem


def test_what_is_near_is_named(tmp_path):
    files = {"backprob.py": b"x = 1", "notes.txt": b"", "kmean.py": b"y = 2", "a.pdf": b"%PDF"}
    found = submission.collect(put(tmp_path, files))
    assert "There is no backprop.py and no kmeans.py" in found.problem
    assert "there is backprob.py, kmean.py, a.pdf, notes.txt" in found.problem


def test_a_file_is_known_by_what_it_defines(tmp_path):
    found = submission.collect(put(tmp_path, {"hw3_final.py": BACKPROP, "clusters.py": KMEANS}))
    assert found.files["backprop.py"] == BACKPROP and found.files["kmeans.py"] == KMEANS
    assert "hw3_final.py is graded as backprop.py, which it defines." in found.notes


def test_a_zip_in_a_zip_in_a_folder(tmp_path):
    inner = zipped({"q1/backprop.py": BACKPROP})
    outer = zipped({"hw3.zip": inner, "kmeans.py": KMEANS})
    found = submission.collect(put(tmp_path, {"all.zip": outer}))
    assert found.files == {"backprop.py": BACKPROP, "kmeans.py": KMEANS}
    (tmp_path / "all.zip").rename(tmp_path / "ada.zip")
    found = submission.collect(tmp_path / "ada.zip")
    assert found.name == "ada" and set(found.files) == {"backprop.py", "kmeans.py"}


def test_a_broken_zip_beside_is_named(tmp_path):
    found = submission.collect(put(tmp_path, {"old.zip": b"PK\x03\x04", "kmeans.py": KMEANS}))
    assert found.files == {"kmeans.py": KMEANS}
    assert "old.zip is left out: it cannot be read as a zip." in found.notes


def test_zips_that_hold_too_much_are_left_out(tmp_path):
    big = zipped({f"d{i}/x{i}.py": bytes(1 << 20) for i in range(60)})
    found = submission.collect(put(tmp_path, {"big.zip": big, "kmeans.py": KMEANS}))
    assert found.files["kmeans.py"] == KMEANS
    assert any("the zip holds too much" in note for note in found.notes)
    big = zipped({f"d{i}/x{i}.py": bytes(1 << 20) for i in range(60)}, zipfile.ZIP_STORED)
    found = submission.collect(put(tmp_path, {"big.zip": big}))
    assert "big.zip is left out: it has 63 MB." in found.notes


@pytest.mark.parametrize(
    "files, changed, taken, why",
    [
        # the shallower, whatever its date
        ({"backprop.py": b"1", "old/backprop.py": b"2"}, {"backprop.py": 5}, b"1", "not so deep"),
        # the newer, where both are as deep
        ({"old/backprop.py": b"1", "sub/backprop.py": b"2"}, {"old/backprop.py": 5}, b"2", "newer"),
        ({"a/backprop.py": b"1", "b/backprop.py": b"2"}, {"b/backprop.py": 5}, b"1", "newer"),
        ({"backprop.py": b"1", "backprop (1).py": b"2"}, {}, b"2", "newer"),
        # a program, where there is a notebook too
        ({"x/backprop.py": b"1", "backprop.ipynb": b"{}"}, {}, b"1", None),
    ],
)  # fmt: skip
def test_one_of_two_is_chosen_and_said(tmp_path, files, changed, taken, why):
    found = submission.collect(put(tmp_path, files, changed))
    assert found.files["backprop.py"] == taken
    assert [why in note for note in found.notes] == ([True] if why else [])


def test_deep_folders(tmp_path):
    deep = "/".join("abcdefgh")
    found = submission.collect(put(tmp_path / "one", {f"{deep}/backprop.py": BACKPROP}))
    assert found.files == {"backprop.py": BACKPROP}
    deeper = "/".join("abcdefghijklmnop")
    found = submission.collect(put(tmp_path / "two", {f"{deeper}/backprop.py": BACKPROP}))
    assert "12 folders deep" in found.notes[0]


def test_a_notebook_becomes_a_program(tmp_path):
    cells = [
        "%pip install x\nimport numpy as np",
        "def kmeans(X, k):\n    return 1",
        "1 / 0",
        "def (",
    ]
    code = [{"cell_type": "code", "source": cell} for cell in cells]
    content = json.dumps({"cells": [{"cell_type": "markdown", "source": "text"}, *code]}).encode()
    found = submission.collect(put(tmp_path, {"Kmeans (2).IPYNB": content}))
    names = {}
    program = found.files["kmeans.py"].decode()
    with pytest.raises(SyntaxError, match="a notebook cell"):
        exec(program, names)
    assert names["kmeans"](0, 0) == 1
    found = submission.collect(put(tmp_path / "b", {"kmeans.ipynb": b"{ no"}))
    assert any("cannot be read as a notebook" in note for note in found.notes)


# ------------------------------------------------------------------------------------- a class


def test_flat_downloads_are_grouped_by_student(tmp_path):
    files = {
        "adalovelace_11_901_backprop-1.py": b"a",
        "adalovelace_11_902_kmeans.py": b"b",
        "leebob_LATE_12_903_backprop.py": b"c",
        "leebob_LATE_12_904_kmeans.py": b"d",
        "leebob_13_905_backprop.py": b"e",  # another student of this name
        "Kim Lee_77_assignsubmission_file_kmeans.py": b"f",
        "HW3_zoe_attempt_2026-11-01-12-00-00_backprop.py": b"g",
        "HW3_zoe_attempt_2026-11-01-12-00-00.txt": b"a receipt",
        "backprop.py": b"whose?",
        "rubric.pdf": b"",
        "submission_4711/backprop.py": b"h",
        "eve.zip": zipped({"kmeans.py": b"i"}),
    }
    found, left = submission.of_class(put(tmp_path, files))
    read = {
        name: submission.collect(path, members).files for name, (path, members) in found.items()
    }
    assert read == {
        "adalovelace": {"backprop.py": b"a", "kmeans.py": b"b"},
        "leebob 12": {"backprop.py": b"c", "kmeans.py": b"d"},
        "leebob 13": {"backprop.py": b"e"},
        "Kim Lee": {"kmeans.py": b"f"},
        "zoe": {"backprop.py": b"g"},
        "submission_4711": {"backprop.py": b"h"},
        "eve.zip": {"kmeans.py": b"i"},
    }
    assert left == ["HW3_zoe_attempt_2026-11-01-12-00-00.txt", "backprop.py", "rubric.pdf"]


def test_the_same_code_in_another_format():
    files = {"kmeans.py": KMEANS}
    spaced = {
        "kmeans.py": b"# mine\n" + KMEANS.replace(b"    ", b"\t").replace(b"axis=1", b"axis = 1")
    }
    renamed = {"kmeans.py": KMEANS.replace(b"mu", b"m")}
    assert submission.same(files) == submission.same(spaced) != submission.same(renamed)
