"""Tokens of requests that delete: one that is repeated finds nothing, and is right all the same."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

_KEPT = 1024


class Tokens(Generic[K]):
    """The tokens of the last requests that deleted something."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[K, str], None] = OrderedDict()

    def add(self, key: K, token: str) -> None:
        """Note that a request has deleted a thing."""
        self._known[key, token] = None
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def is_known(self, key: K, token: str) -> bool:
        """Say whether the same request has deleted the thing before."""
        return (key, token) in self._known
