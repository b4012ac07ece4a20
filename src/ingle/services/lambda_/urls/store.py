"""Keeps function URLs: in the database, and in memory."""

from ingle.services.lambda_ import tables
from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.qualified import QualifiedStore
from ingle.services.lambda_.urls.model import FunctionUrl
from ingle.storage.database import Database


class UrlStore(QualifiedStore[FunctionUrl]):
    """All function URLs, found by what they invoke and by their ids."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, tables.function_urls, FunctionUrl)
        self._by_id: dict[str, FunctionUrl] = {}

    def find(self, url_id: str) -> FunctionUrl | None:
        """Find the one with an id."""
        return self._by_id.get(url_id)

    def remember(self, item: FunctionUrl) -> None:
        """Do what `put` does in memory, after the commit."""
        super().remember(item)
        self._by_id[item.url_id] = item

    def forget(self, key: FunctionKey, qualifier: str | None = None) -> None:
        """Drop from memory what was deleted: the one of a qualifier, or all of a function."""
        for item in self.list(key):
            if qualifier in (None, item.qualifier):
                del self._by_id[item.url_id]
        super().forget(key, qualifier)
