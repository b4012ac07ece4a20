"""The Python 2.7 runtime: `bootstrap/` runs inside sandboxes, and is written in Python 2.7."""
