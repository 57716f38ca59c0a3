"""hwlib.point_files: tables as people write them, read right or refused in one line."""

import codecs

import numpy as np
import pytest

from hwlib.point_files import read_points

POINTS = [[1.5, 2.0], [-3.0, 0.25]]


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        (b"1.5\t2\n-3\t.25\n", 0),
        (b"1.5\t2\r\n-3\t0.25", 0),
        (b"\n1.5\t2\n\n-3\t0.25\n\n", 0),
        (b"1.5e0\t 2 \n-3\t2.5E-1\n", 0),
        (codecs.BOM_UTF8 + b"1.5\t2\n-3\t0.25\n", 1),
        (codecs.BOM_UTF16_LE + "1.5\t2\r\n-3\t0.25\r\n".encode("utf-16-le"), 1),
        (codecs.BOM_UTF16_BE + "1.5\t2\n-3\t0.25\n".encode("utf-16-be"), 1),
        (b"1.5,2\n-3,0.25\n", 1),
        (b"1.5, 2\n-3, 0.25\n", 1),
        (b"1.5;2\n-3;0.25\n", 1),
        (b"1.5 2\n -3   0.25\n", 1),
        (b"x\ty\n1.5\t2\n-3\t0.25\n", 1),
        (b"1,5\t2\n-3\t0,25\n", 1),
        (b"1,5;2\n-3;0,25\n", 2),
        (b"1,5 2,0\n-3,0 0,25\n", 2),
        (b'"x","y"\n"1.5","2"\n"-3","0.25"\n', 2),
        ("1.5\t2\n\u22123\t0.25\n".encode(), 0),
        (b"# made by hand\n1.5\t2\n-3\t0.25\n", 1),
        (b"# made by hand\n# twice\nx,y\n1.5,2\n-3,0.25\n", 3),
        (b"sep=;\r\nx;y\r\n1,5;2\r\n-3;0,25\r\n", 3),
        (b",x,y\n0,1.5,2\n1,-3,0.25\n", 3),  # as pandas writes it
        (b'"","x","y"\n"1",1.5,2\n"2",-3,0.25\n', 3),  # as R writes it
        (b'"x" "y"\n"1" 1.5 2\n"2" -3 0.25\n', 3),
        (b"1.5\t2\r-3\t0.25\r", 0),
        ("längs;quer\n1,5;2\n-3;0,25\n".encode("latin-1"), 3),
    ],
)
def test_the_same_points_however_they_are_written(content, notes):
    X, said = read_points(content)
    np.testing.assert_array_equal(X, POINTS)
    assert X.dtype == np.float64 and len(said) == notes
    assert all(note.endswith((".", "y")) or "header" in note for note in said)


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_bytes(b"1.5\t2\n-3\t0.25\n")
    np.testing.assert_array_equal(read_points(path)[0], POINTS)
    with pytest.raises(OSError):
        read_points(tmp_path / "missing.tsv")


def test_one_column_and_many():
    assert read_points(b"1\n2\n3\n")[0].shape == (3, 1)
    assert read_points(b"1\t2\t3\t4\n5\t6\t7\t8\n")[0].shape == (2, 4)


def test_a_first_column_that_only_looks_like_numbers_of_lines_stays():
    for table in (b"n,x\n0,5\n1,6\n", b",x\n0,5\n2,6\n", b"0,5\n1,6\n", b"x\n1\n2\n"):
        assert read_points(table)[0].shape == (2, 1 if table.startswith(b"x") else 2)


def test_the_header_is_named():
    assert read_points(b"height\twidth\n1\t2\n")[1] == [
        "Line 1 was skipped as a header: height, width"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b" \n\t\n", "it is empty"),
        (b"1\t2\n3\n", "line 2 has 1 value, and line 1 has 2"),
        (b"\n\n1\t2\n\n3\t4\t5\n", "line 5 has 3 values, and line 3 has 2"),
        (b"1\t2\n3\tabc\n", "line 2, column 3: 'abc' is not a number"),
        (b"1\t2\n  3\t 4x\n", "line 2, column 6: '4x' is not a number"),
        (b"1\t2\n3\t\n", "line 2, column 3: an empty cell is not a number"),
        (b"1\t2\n\t3\n", "line 2, column 1: an empty cell is not a number"),
        (b"1\t2\n3\tnan\n", "line 2, column 3: 'nan' is not finite"),
        (b"1\t-inf\n3\t4\n", "line 1, column 3: '-inf' is not finite"),
        (
            b"1\t2\n3\t" + b"9" * 400 + b"\n",
            "line 2, column 3: '9999999999999999999…' is not finite",
        ),
        (b"x\ty\nz\tw\n", "line 2, column 1: 'z' is not a number"),
        (b"1,5\t2\n3.5\t4\n", "line 1, column 1: '1,5' is not a number"),
        (b"1,2\n3,4\n5\n", "line 3 has 1 value, and line 1 has 2"),
        (b"1 2\n3 4\n5\n", "line 3 has 1 value, and line 1 has 2"),
        (b"1,5 2,5\n3,5 4,5\n5\n", "line 3 has 1 value, and line 1 has 2"),
        (b"1\t2\n3\t1_000\n", "line 2, column 3: '1_000' is not a number"),
        ("1\t2\n3\t\u0663\n".encode(), "line 2, column 3: '\u0663' is not a number"),
        (b'"1,234.5","2"\n"3,000.5","4"\n', "it is not a table of numbers separated by commas"),
        (b"name,x\nann,1\n", "line 2, column 1: 'ann' is not a number"),
        (b"1.234,5;2\n3;4\n", "line 1, column 1: '1.234,5' is not a number"),
        (b"1\t2\x0b3\n4\tabc\n", "line 1, column 3: "),
        (b"PK\x03\x04" + bytes(30), "it is a spreadsheet or an archive"),
        (b"# nothing else\n", "it is empty"),
        (b"\x89PNG\r\n\0\0", "it is not text"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(content, message):
    with pytest.raises(ValueError, match=message.replace("…", ".")) as caught:
        read_points(content)
    assert "\n" not in str(caught.value)


def test_a_header_in_windows_letters_is_named_right():
    notes = read_points("länge;höhe\n1;2\n3;4\n".encode("cp1252"))[1]
    assert notes[-1] == "Line 1 was skipped as a header: länge, höhe"


def test_many_rows_are_read():
    X = np.round(np.random.RandomState(0).normal(size=(300_000, 2)), 3)
    text = "\n".join(f"{a}\t{b}" for a, b in X.tolist())
    np.testing.assert_array_equal(read_points(text.encode())[0], X)
