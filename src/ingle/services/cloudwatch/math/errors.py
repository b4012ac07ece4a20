"""What can be wrong with an expression."""


class BadExpression(ValueError):
    """An expression is not well formed, or cannot be computed; the text says why."""
