"""The list of what survives mutation testing speaks of the code as it stands."""

import mutants
import pytest


@pytest.mark.parametrize("function, old, new", sorted(mutants.explained()))
def test_what_a_survivor_changes_still_stands_in_its_module(function, old, new):
    module = max(filter(f"{function}.".startswith, [f"{each}." for each in mutants.modules()]))
    text = (mutants.ROOT / mutants.source(module[:-1])).read_text(encoding="utf-8")
    assert old in " ".join(line.strip() for line in text.splitlines())
    assert old != new
