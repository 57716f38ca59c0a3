"""The homework as a course hands it out: checks that tell a student where to look.

`homework.checks` grades one task at a time, in a notebook or in an autograder.
"""
