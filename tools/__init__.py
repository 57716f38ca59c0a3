"""Commands for developers: `python -m tools.NAME`, or the target of the Makefile that runs it."""
