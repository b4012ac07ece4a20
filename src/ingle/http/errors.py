"""What can be wrong with a request's body."""


class BodyTooLarge(Exception):
    """The body has more bytes than were allowed."""


class BodyIncomplete(Exception):
    """The body stopped before it was whole; the message says how."""
