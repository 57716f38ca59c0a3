"""The workflows are valid and safe, and run nothing that make does not run here."""

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


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        # pins by commit, permissions, credentials that stay behind, what a stranger may inject
        ["zizmor", "--offline", "--no-progress", "--min-severity=low"],
    ],
    ids=lambda command: command[0],
)
def test_workflows_are_valid_and_safe(command):
    program = Path(sys.executable).with_name(command[0])
    done = subprocess.run([program, *command[1:], *WORKFLOWS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_command_is_a_target_of_make():
    ran = set()
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            for command in [step["run"] for step in job["steps"] if "run" in step]:
                found = re.fullmatch(r"make((?: [a-z][\w-]*)+)((?: [A-Z]+=\w+)*)", command)
                assert found, command
                ran |= set(found[1].split())
    assert (
        {"test", "test-full", "coverage", "test-hwlib", "newest", "reproducible"} <= ran <= TARGETS
    )


def test_make_knows_these_targets():
    alone = TARGETS - {"clean", "newest", "test-weekly"}  # newest makes a file that make reads
    command = ["make", "--dry-run", "--always-make", *sorted(alone)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", ["binder/requirements.txt", "binder/postBuild"])
def test_binder_has_what_make_has(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    assert "-r ../requirements.txt" in text or text.startswith("#!/usr/bin/env bash")
    if path.endswith("postBuild"):
        assert (ROOT / path).stat().st_mode & 0o111
        subprocess.run(["bash", "-n", ROOT / path], check=True)
        flags = "--no-deps --no-build-isolation --editable ."
        assert flags in text and flags in MAKEFILE
