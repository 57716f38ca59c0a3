"""The same checks on Gradescope.

`python -m homework.gradescope.build` (or `make autograder`) writes the zip that Gradescope asks
for; there, `python -m homework.gradescope /autograder` grades what was handed in.
"""
