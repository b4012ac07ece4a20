"""The one way in which a benchmark run fails."""


class BenchError(Exception):
    """A run cannot go on, or what it measured cannot be trusted; the text says which and why."""
