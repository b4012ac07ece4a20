"""What is wrong with a pattern."""


class PatternError(ValueError):
    """A text is no filter pattern; the message says where and why."""
