"""X-Ray's daemon, as functions find it: segments that they send over UDP.

A function's SDK sends each segment in a datagram, after a line that names the format, to
`AWS_XRAY_DAEMON_ADDRESS`. They are kept where the function's role may put segments.
Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterable, Sequence

import orjson

from ingle.auth.authorizer import Authorizer
from ingle.clock import Clock
from ingle.pool.spec import FunctionSpec
from ingle.services.xray.documents import BadDocument, Segment, read
from ingle.services.xray.limits import LIMITS
from ingle.services.xray.store import Place, SegmentStore
from ingle.storage.tasks import finish

_logger = logging.getLogger(__name__)

_PUT = "xray:PutTraceSegments"
_DATAGRAM = 65_536
_AT_ONCE = 16
"""Datagrams that are read before others have their turn."""
_PAUSE_S = 0.01
"""Until more are read; what does not fit into the socket meanwhile, the kernel drops."""
_GATHER_S = 1.0


class Daemon:
    """Takes what functions send; `keep` runs beside it.

    Args:
        store: where segments are kept.
        authorizer: says whether a function's role may put them.
        clock: paces the writing.
    """

    def __init__(self, store: SegmentStore, authorizer: Authorizer, clock: Clock) -> None:
        self._store = store
        self._authorizer = authorizer
        self._clock = clock
        self._waiting: list[tuple[FunctionSpec, bytes]] = []
        self._bytes = 0
        self._lost = 0
        self._flushing = asyncio.Lock()

    def serve(self, sock: socket.socket, spec: FunctionSpec) -> Callable[[], None]:
        """Take what is sent to a socket of a sandbox's own network; return what stops that."""
        return _Listener(sock, lambda datagram: self._take(spec, datagram)).close

    async def keep(self) -> None:
        """Write what comes, for as long as this runs."""
        while True:
            await self._clock.sleep(_GATHER_S)
            try:
                await self.flush()
            except Exception:
                _logger.exception("Segments of functions could not be written; they are lost")

    async def flush(self) -> None:
        """Write what came before this call.

        Raises:
            Exception: it could not be written.
        """
        async with self._flushing:
            waiting, self._waiting = self._waiting, []
            lost, self._bytes, self._lost = self._lost, 0, 0
            if not waiting:
                return
            found, faults = await asyncio.to_thread(_read_all, waiting)
            by_place: dict[Place, list[Segment]] = {}
            refused: dict[tuple[str, str], str] = {}
            for spec, segment in found:
                who = spec.role, spec.name
                if who not in refused:
                    refused[who] = self._refusal(spec)
                if refused[who]:
                    faults.append(refused[who])
                else:
                    by_place.setdefault((spec.account_id, spec.region), []).append(segment)
            for place, segments in by_place.items():
                faults += [
                    text for _, text in await finish(self._store.add_within(place, segments))
                ]
            if lost or faults:
                _logger.warning(
                    "%d segments that functions sent are lost: %s",
                    lost + len(faults),
                    faults[0] if faults else "more came than could be written",
                )

    def _take(self, spec: FunctionSpec, datagram: bytes) -> None:
        if self._bytes + len(datagram) > LIMITS.daemon_bytes:
            self._lost += 1
            return
        self._bytes += len(datagram)
        self._waiting.append((spec, datagram))

    def _refusal(self, spec: FunctionSpec) -> str:
        """Say why a function's role may not put segments; "" where it may."""
        principal = self._authorizer.principals.of_role(spec.role, spec.name)
        if principal is None:
            return f"There is no role {spec.role}."
        return self._authorizer.fault_of(self._authorizer.rule(principal, _PUT, "*"))


class _Listener:
    """Reads datagrams, so many and no more in a time."""

    def __init__(self, sock: socket.socket, take: Callable[[bytes], None]) -> None:
        self._sock = sock
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._pause: asyncio.TimerHandle | None = None
        sock.setblocking(False)
        self._loop.add_reader(sock, self._read)

    def close(self) -> None:
        """Read what was sent last, and end."""
        if self._pause is not None:
            self._pause.cancel()
        else:
            self._loop.remove_reader(self._sock)
        for datagram in self._some():
            self._take(datagram)
        self._sock.close()

    def _read(self) -> None:
        count = 0
        for datagram in self._some():
            self._take(datagram)
            count += 1
        if count == _AT_ONCE:
            self._loop.remove_reader(self._sock)
            self._pause = self._loop.call_later(_PAUSE_S, self._resume)

    def _resume(self) -> None:
        self._pause = None
        self._loop.add_reader(self._sock, self._read)

    def _some(self) -> Iterable[bytes]:
        with contextlib.suppress(OSError):  # there are no more
            for _ in range(_AT_ONCE):
                yield self._sock.recv(_DATAGRAM)


def _read_all(
    waiting: Sequence[tuple[FunctionSpec, bytes]],
) -> tuple[list[tuple[FunctionSpec, Segment]], list[str]]:
    """Read datagrams; return the segments, and why others are none."""
    found, faults = [], []
    for spec, datagram in waiting:
        try:
            found.append((spec, _segment(datagram)))
        except BadDocument as error:
            faults.append(f"{spec.name}: {error}")
    return found, faults


def _segment(datagram: bytes) -> Segment:
    head, _, document = datagram.partition(b"\n")
    try:
        told = orjson.loads(head)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or (told.get("format"), told.get("version")) != ("json", 1):
        raise BadDocument("What was sent does not begin with its format.")
    try:
        return read(document.decode())
    except UnicodeDecodeError as error:
        raise BadDocument(f"The segment document is not UTF-8: {error}") from error
