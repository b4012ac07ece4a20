"""A handler that the zygote calls once, so that what a first call makes is made before it forks."""


def handler(event: object, _context: object) -> object:
    """Return the event."""
    return event
