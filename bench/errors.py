"""How a benchmark run fails, and how a part of it is left out."""


class BenchError(Exception):
    """A run cannot go on, or what it measured cannot be trusted; the text says which and why."""


class NotMeasurable(Exception):
    """This machine cannot run a stage; the text says what it lacks."""
