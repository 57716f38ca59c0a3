"""Every command works on any console, with its output closed early, and stopped by Ctrl-C."""

import io
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from homework import data
from hwlib import commands, datasets
from hwlib.commands import atomic_write, bar

ROOT = Path(__file__).parents[2]
CONSOLES = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "cp437": {"PYTHONIOENCODING": "cp437"},
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "utf-8": {},
}
PICTURE, TABLE = "lângst ᵀ.png", "λ data.csv"  # no console but the last has all these letters
COMMANDS = {
    "backprop": ["hwlib.backprop", "logreg", "-d", "xor"],
    "kmeans": ["hwlib.kmeans", "basic", "-k", "2"],
    "image": ["hwlib.kmeans", "image", "-k", "2"],
    "compression": ["hwlib.compression", PICTURE, "-k", "2"],
    "clustering": ["hwlib.clustering", TABLE, "-k", "2"],
    "starter": ["homework.starter", "ᵀ.zip"],
    "grade": ["homework.grade", "--help"],
    "autograder": ["homework.gradescope.build", "--help"],
}


@pytest.fixture
def folder(tmp_path):
    datasets.photograph().resize((30, 45)).save(tmp_path / PICTURE)
    datasets.photograph().resize((30, 45)).save(tmp_path / "original.png")
    (tmp_path / "data.tsv").write_bytes(data.content("data.tsv"))
    (tmp_path / TABLE).write_text("größe,λ\n1,2\n3,4\n5,9\n", encoding="utf-8")
    return tmp_path


def environment(console):
    own = ("PYTHONIOENCODING", "PYTHONUTF8", "LC_ALL", "LANG", "LC_CTYPE")
    return {name: value for name, value in os.environ.items() if name not in own} | {
        "PYTHONPATH": str(ROOT),
        **CONSOLES[console],
    }


def command(words, folder, console="ascii", **options):
    options = {"capture_output": True, "timeout": 120} | options
    program = [sys.executable, "-m", *words]
    return subprocess.run(program, cwd=folder, env=environment(console), **options)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("console", CONSOLES)
def test_every_command_prints_on_every_console(folder, name, console):
    done = command(COMMANDS[name], folder, console)
    assert done.returncode == 0 and done.stderr == b""
    done.stdout.decode({"C": "ascii"}.get(console, console))
    assert name == "starter" or done.stdout


def test_letters_that_a_console_lacks_are_escaped(folder):
    said = command(COMMANDS["compression"], folder, "ascii").stdout.decode("ascii")
    assert "l\\xe2ngst \\u1d40.png has " in said
    said = command(COMMANDS["compression"], folder, "cp1252").stdout.decode("cp1252")
    assert "lângst \\u1d40.png has " in said
    said = command(COMMANDS["compression"], folder, "utf-8").stdout.decode("utf-8")
    assert f"{PICTURE} has " in said


def test_a_fault_is_told_in_one_line_on_every_console(folder):
    for console in ("ascii", "cp1252"):
        done = command(["hwlib.clustering", "ᵀ.tsv", "-k", "2"], folder, console)
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1
        assert b"\\u1d40.tsv" in done.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])  # it is noticed at the end, or at a print
@pytest.mark.parametrize("name", COMMANDS)
def test_a_reader_that_goes_away_is_no_fault(folder, name, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    reading, writing = os.pipe()
    os.close(reading)  # as head does, once it has what it wants
    done = command(
        COMMANDS[name], folder, capture_output=False, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    # argparse itself passes over what it cannot print
    helped = COMMANDS[name][-1] == "--help" and unbuffered
    assert done.stderr == b"" and done.returncode == (0 if helped else 1)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux alone has a disk always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("name", ["compression", "clustering", "starter", "kmeans", "backprop"])
def test_a_full_disk_is_told_in_one_line(folder, name, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with open("/dev/full", "w") as full:
        done = command(COMMANDS[name], folder, capture_output=False, stdout=full,
                       stderr=subprocess.PIPE)  # fmt: skip
    said = done.stderr.removeprefix(b"standard output: ")  # two run alone, and say less
    assert said == b"No space left on device\n" and done.returncode == 1


def test_a_folder_that_is_a_file_is_named(folder):
    done = command(["homework.starter", f"{PICTURE}/hw3.zip"], folder)
    assert done.stderr.startswith(b"l\\xe2ngst \\u1d40.png: ")  # and the system's own words
    assert done.stderr.count(b"\n") == 1 and done.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="a shell closes an output with >&-, Windows' does not")
@pytest.mark.parametrize("name", ["compression", "clustering", "kmeans"])
def test_without_any_output_the_work_is_done(folder, name):
    line = f"exec {sys.executable} -m " + " ".join(f"'{word}'" for word in COMMANDS[name])
    subprocess.run(
        ["sh", "-c", line + " >&-"], cwd=folder, env=environment("ascii"), check=True, timeout=120
    )
    [written] = [path for path in folder.iterdir() if path.name.startswith(("comp", "clus"))]
    with Image.open(written) as image:
        image.load()


def test_a_command_that_is_stopped_leaves_no_file(folder):
    rng = np.random.RandomState(0)
    noise = rng.randint(0, 256, (1500, 2000, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "noise.png", compress_level=0)
    before = sorted(folder.iterdir())
    words = [sys.executable, "-X", "importtime", "-m", "hwlib.compression", "noise.png", "-k", "64"]
    started = subprocess.Popen(
        words, cwd=folder, env=environment("ascii"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    for line in started.stderr:  # until the module that it imports last is there
        if b"hwlib.quick.kmeans" in line:
            break
    time.sleep(0.5)  # it is at work now, and takes some seconds
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=120)
    assert started.returncode == 130 and err.splitlines()[-1] == b"Stopped."
    assert sorted(folder.iterdir()) == before


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with atomic_write(path) as aside:
        aside.write_text("one")
    with pytest.raises(KeyboardInterrupt):
        with atomic_write(path) as aside:
            aside.write_text("tw")
            raise KeyboardInterrupt
    assert path.read_text() == "one" and list(path.parent.iterdir()) == [path]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(text):
    """What stands in the line after all that was written to it."""
    line = []
    for part in text.split("\r"):
        line[: len(part)] = part
    return "".join(line)


def test_a_bar_on_a_terminal_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr(commands, "QUICK", -1)
    terminal, seen = Terminal(), []
    with bar("At work", terminal, width=4) as progress:
        for share in (0, 0.5, 0.5, 1):
            progress(share)
            seen.append(shown(terminal.getvalue()))
    assert seen[0] == "At work [    ]   0%" and seen[1] == seen[2] == "At work [##  ]  50%"
    assert seen[3] == "At work [####] 100%" and terminal.getvalue().count("50%") == 1
    assert shown(terminal.getvalue()).strip() == "" and "\n" not in terminal.getvalue()


def test_what_is_stopped_takes_its_bar_away(monkeypatch):
    monkeypatch.setattr(commands, "QUICK", -1)
    terminal = Terminal()
    with pytest.raises(KeyboardInterrupt):
        with bar("At work", terminal) as progress:
            progress(0.3)
            raise KeyboardInterrupt
    assert shown(terminal.getvalue()).strip() == ""


def test_there_is_no_bar_in_a_file_nor_for_quick_work(monkeypatch):
    terminal, file = Terminal(), io.StringIO()
    with bar("At work", terminal) as progress:
        progress(0.5)
    monkeypatch.setattr(commands, "QUICK", -1)
    with bar("At work", file) as progress:
        progress(0.5)
    assert terminal.getvalue() == file.getvalue() == ""


def status(main):
    with pytest.raises(SystemExit) as stop:
        commands.run_command(main)
    return stop.value.code


def test_what_a_command_returns_is_its_status(capsys):
    assert status(lambda: 3) == 3
    assert status(lambda: sys.exit(2)) == 2
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_has_the_shells_own_status(capsys):
    def stopped():
        raise KeyboardInterrupt

    assert status(stopped) == 130 and capsys.readouterr().err == "Stopped.\n"


def test_what_cannot_be_written_is_told_in_a_line(monkeypatch, capsys):
    def full():
        raise OSError(28, "No space left on device", "small.png")

    monkeypatch.setattr(sys, "stdout", None)  # as pythonw has it
    assert status(full) == 1
    assert capsys.readouterr().err == "small.png: No space left on device\n"


class Left(Exception):
    """In place of the end of the process."""


class Closed(io.StringIO):
    def __init__(self, error):
        self.error = error

    def write(self, text):
        raise self.error


ALONE = [["backprop.py", "grad_check_1"], ["kmeans.py", "basic", "-k2"]]


def run_alone(arguments, folder, monkeypatch):
    """Run a module that runs alone, as a command, in this process."""
    (folder / "data.tsv").write_bytes(data.content("data.tsv"))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", arguments)
    runpy.run_path(Path(commands.__file__).with_name(arguments[0]), run_name="__main__")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BrokenPipeError(), ""),
        (OSError(28, "No space left on device"), "No space left on device\n"),
    ],
)
@pytest.mark.parametrize("arguments", ALONE)
def test_a_module_that_runs_alone_ends_at_once_when_its_output_does(
    arguments, error, said, monkeypatch, tmp_path, capsys
):
    def leave(status):
        raise Left(status)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(sys, "stdout", Closed(error))
    with pytest.raises(Left, match="1"):
        run_alone(arguments, tmp_path, monkeypatch)
    assert capsys.readouterr().err == said


def test_modules_that_run_alone_end_alike():
    # neither can take it from another file: what is mended in one belongs in the other
    texts = [Path(commands.__file__).with_name(name).read_text("utf-8") for name, *_ in ALONE]
    one, other = (text.partition('if __name__ == "__main__":')[2] for text in texts)
    assert one == other and "os._exit(1)" in one


@pytest.mark.parametrize("arguments", ALONE)
def test_a_module_that_runs_alone_has_a_status(arguments, monkeypatch, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        run_alone(arguments, tmp_path, monkeypatch)
    assert ended.value.code == 0 and capsys.readouterr().out


def test_without_an_output_there_is_none_to_empty(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert status(lambda: print("x") or 0) == 0


def test_what_a_closed_output_still_holds_goes_nowhere(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", open(writing, "w"))
    assert status(lambda: print("x" * 100_000) or 0) == 1
    sys.stdout.close()  # no further error
