"""Faults that are let pass where Ingle only tells what it would refuse (`--iam audit`)."""

import logging
from collections.abc import Callable

from ingle.auth.authorizer import Authorizer

_logger = logging.getLogger("ingle.iam")


def forgiving_of(authorizer: Authorizer) -> Callable[[str], bool]:
    """Make what says, for the text of a fault, whether it is let pass; one that is, is logged.

    Args:
        authorizer: knows whether those who may not are refused.
    """

    def forgives(text: str) -> bool:
        if not authorizer.enforced:
            _logger.warning("would be refused: %s", text)
        return not authorizer.enforced

    return forgives
