"""What the server tells its operator of itself: Prometheus's page, the requests' log, spans."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ingle import __version__
from ingle.clock import Clock
from ingle.invoke.measured import InvocationListener
from ingle.observe import process
from ingle.observe.exposition import Family, Sample, page
from ingle.observe.invocations import Invocations
from ingle.observe.measurements import Measurements
from ingle.observe.requests import Requests

if TYPE_CHECKING:
    from ingle.observe.opentelemetry import SpanSender


class SpansUnavailable(Exception):
    """What sends spans is not installed."""


class Observer:
    """Gathers what there is to tell.

    Args:
        clock: paces the sending of spans.
        caller: tells under which segment of its caller an invocation's is, "" where none is known.
        log_requests: whether each request is logged.
        otlp_endpoint: where spans are sent to; "" for nowhere.
        otlp_headers: what goes with them.

    Attributes:
        measurements: takes what is counted besides invocations.
        requests: takes requests.
        listeners: to be told of invocations.

    Raises:
        SpansUnavailable: spans should be sent, and what sends them is not installed.
    """

    def __init__(
        self,
        clock: Clock,
        caller: Callable[[str], str],
        *,
        log_requests: bool,
        otlp_endpoint: str,
        otlp_headers: str,
    ) -> None:
        self.measurements = Measurements()
        self.requests = Requests(logged=log_requests)
        self._invocations = Invocations()
        self._shown: list[tuple[str, str, Callable[[], float]]] = []
        self._spans: SpanSender | None = None
        if otlp_endpoint:
            self._spans = _sender(otlp_endpoint, otlp_headers, caller, clock)
        self.listeners: Sequence[InvocationListener] = (
            [self._invocations] if self._spans is None else [self._invocations, self._spans]
        )

    def show(self, name: str, told: str, value: Callable[[], float]) -> None:
        """Have a number on the page, whatever it is when the page is asked for.

        Args:
            name: of a counter where it ends with `_total`, else of a gauge.
            told: what it tells.
            value: returns it.
        """
        self._shown.append((name, told, value))

    def page(self) -> bytes:
        """Write the page for Prometheus."""
        return page(self._families())

    async def keep(self) -> None:
        """Send spans, for as long as this runs."""
        if self._spans is None:
            await asyncio.get_running_loop().create_future()
        else:
            await self._spans.keep()

    async def close(self) -> None:
        """Send the spans that wait."""
        if self._spans is not None:
            await self._spans.close()

    def _families(self) -> Iterable[Family]:
        yield Family(
            "ingle_info", "gauge", "Which Ingle this is.", [Sample("", {"version": __version__}, 1)]
        )
        for name, told, value in self._shown:
            kind = "counter" if name.endswith("_total") else "gauge"
            yield Family(name, kind, told, [Sample("", {}, value())])
        yield from self._invocations.families()
        yield from self.measurements.families()
        yield from self.requests.families()
        yield from process.families()


def _sender(
    endpoint: str, headers: str, caller: Callable[[str], str], clock: Clock
) -> "SpanSender":
    try:
        from ingle.observe.opentelemetry import SpanSender  # takes a fifth of a second to load
    except ModuleNotFoundError as error:
        raise SpansUnavailable from error
    return SpanSender(endpoint, headers, caller, clock)
