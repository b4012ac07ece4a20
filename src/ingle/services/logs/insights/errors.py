"""What is wrong with a query."""


class QueryError(ValueError):
    """A text is no query, or asks for what there is not; the message says where.

    Args:
        message: what is wrong.
        at: where in the query, in characters; None where that is not one place.
    """

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message if at is None else f"{message} (at character {at + 1})")
        self.at = at
