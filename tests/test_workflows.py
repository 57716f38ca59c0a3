"""The workflows are valid, may do little, and run nothing that make does not run here."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from notebook_outputs import ROOT

WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.MULTILINE))


def read(path):
    # yaml.BaseLoader leaves `on` what it is: YAML 1.1 takes it for "true"
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)


def steps():
    for path in WORKFLOWS:
        for name, job in read(path)["jobs"].items():
            for step in job["steps"]:
                yield f"{path.stem}/{name}", step


def test_workflows_are_valid():
    tool = Path(sys.executable).with_name("check-jsonschema")
    command = [tool, "--builtin-schema", "vendor.github-workflows", *WORKFLOWS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.stem for path in WORKFLOWS] == ["check", "release", "weekly"]


def test_every_command_is_a_target_of_make():
    commands = [(where, step["run"]) for where, step in steps() if "run" in step]
    for where, command in commands:
        found = re.fullmatch(r"make((?: [a-z][\w-]*)+)((?: [A-Z]+=\w+)*)", command)
        assert found, f"{where}: {command}"
        assert set(found[1].split()) <= TARGETS, f"{where}: {command}"
    ran = {word for _, command in commands for word in command.split()[1:]}
    assert ran >= {"test", "test-book", "test-hwlib", "nbval", "site-report", "book", "offline"}
    assert ran >= {"coverage", "links", "lock", "reproducible", "colab"}


def test_make_knows_these_targets():
    command = ["make", "--dry-run", "--always-make", *sorted(TARGETS - {"clean"})]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_tests_of_hwlib_are_those_of_its_modules():
    command = ["make", "--dry-run", "--assume-old=.venv/ready", "test-hwlib"]
    line = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.split()
    files = {word for word in line if word.startswith("tests/")}
    assert files >= {f"tests/test_{name}.py" for name in ("backprop", "kmeans", "binary_em")}
    assert files >= {"tests/test_figures_kmeans.py", "tests/test_explorer.py"}
    for name in files:  # nothing in them that one of the three systems has not
        text = (ROOT / name).read_text(encoding="utf-8")
        posix = r"\b(fcntl|resource|pwd|pty|geteuid|fork|killpg|setsid|mkfifo)\b|browser|test_site"
        assert not re.search(rf"^\s*(import|from) .*({posix})|os\.({posix})", text, re.MULTILINE)


def test_actions_are_pinned_by_commit_and_say_their_version():
    used = set()
    for path in WORKFLOWS:
        for line in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
            used.add(line)
    assert len({line.partition("@")[0] for line in used}) == len(used)  # one version of each


def test_least_permissions():
    allowed = {"contents": "write", "pages": "write", "id-token": "write"}
    more = {}
    for path in WORKFLOWS:
        workflow = read(path)
        assert workflow["permissions"] == {}
        for name, job in workflow["jobs"].items():
            assert "timeout-minutes" in job, name
            if job["permissions"] != {"contents": "read"}:
                more[f"{path.stem}/{name}"] = job["permissions"]
            for key, value in job["permissions"].items():
                assert value == "read" or allowed[key] == value
    assert more == {
        "check/colab": {"contents": "write"},
        "check/deploy": {"pages": "write", "id-token": "write"},
        "release/release": {"contents": "write"},
    }
    for where, step in steps():  # whoever does not push keeps no key
        if "actions/checkout@" in step.get("uses", "") and where != "check/colab":
            assert step["with"]["persist-credentials"] == "false", where


def test_what_runs_when():
    check = read(ROOT / ".github/workflows/check.yml")
    assert set(check["on"]) == {"push", "pull_request"}
    jobs = check["jobs"]
    matrix = jobs["hwlib"]["strategy"]["matrix"]
    assert {name.partition("-")[0] for name in matrix["system"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert set(jobs["site"]["needs"]) == {"hwlib", "nbval", "book"}
    assert jobs["site"]["if"] == "github.event_name == 'push'"
    assert set(jobs["deploy"]["needs"]) == {"site", "colab"}
    assert read(ROOT / ".github/workflows/release.yml")["on"] == {"push": {"tags": ["v*"]}}
    assert set(read(ROOT / ".github/workflows/weekly.yml")["on"]) == {
        "schedule",
        "workflow_dispatch",
    }


@pytest.mark.parametrize("path", ["binder/requirements.txt", "binder/postBuild"])
def test_binder_has_what_make_has(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert "-r ../requirements.txt" in text or text.startswith("#!/usr/bin/env bash")
    if path.endswith("postBuild"):
        assert (ROOT / path).stat().st_mode & 0o111
        subprocess.run(["bash", "-n", ROOT / path], check=True)
        flags = "--no-deps --no-build-isolation --editable ."
        assert flags in text and flags in MAKEFILE


def test_dev_container():
    text = (ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    assert container["postCreateCommand"].split() == ["make", "book"]
    assert container["image"].startswith("mcr.microsoft.com/devcontainers/python:")
