"""Grade submissions: collect what was handed in, run it behind walls, judge it, report."""
