"""Calls of HTTP endpoints outside.

The library is loaded for the first call, in a thread: that takes a fifth of a second, and many
servers call nobody.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class Unreachable(Exception):
    """An endpoint did not answer, or not in time.

    Attributes:
        kind: what it failed with, as the library calls it.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.kind = type(error).__name__


class HttpClient:
    """Calls endpoints, without the proxies of the environment. Closed with `close`.

    Args:
        timeout_s: how long a call may take.
        connections: how many there may be at once.
    """

    def __init__(self, timeout_s: float, connections: int) -> None:
        self._timeout_s = timeout_s
        self._connections = connections
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes
    ) -> AsyncIterator["httpx.Response"]:
        """Call an endpoint; the answer's body is read within the context.

        Raises:
            Unreachable: it did not answer in time, broke off, or the URL is none.
        """
        httpx = await asyncio.to_thread(importlib.import_module, "httpx")
        if self._client is None:
            self._client = httpx.AsyncClient(
                timeout=self._timeout_s,
                trust_env=False,
                limits=httpx.Limits(max_connections=self._connections),
            )
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream(method, url, headers=dict(headers), content=content) as answer,
            ):
                yield answer
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise Unreachable(error) from error

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.aclose()
