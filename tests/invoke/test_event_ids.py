from ingle.invoke.events.queue import EventQueue
from ingle.invoke.tracing import Tracer
from ingle.observe.measurements import Measurements
from tests.invoke.lines import Lines

KEY = ("0" * 12, "us-east-1", "a", "")


async def numbered(lines: Lines, count: int) -> list[int]:
    """Open the queue as a server does that starts, and make events that are on disk."""
    queue = EventQueue(
        lines.database,
        lines,  # type: ignore[arg-type]  # nothing runs
        lines,  # type: ignore[arg-type]
        {},
        Measurements(),
        lines.clock,
        Tracer(lines.clock),
        concurrency=2,
    )
    await queue.open()
    made = [queue.prepared(KEY, b"{}", request_id="0" * 36, trace="") for _ in range(count)]
    await lines.database.write(lambda connection: queue.add_all(connection, made))
    return [each.id for each in made]


async def test_events_are_numbered_behind_those_on_disk_if_the_clock_was_put_back(
    lines: Lines,
) -> None:
    first = await numbered(lines, 3)
    lines.clock.now -= 0.000_002
    second = await numbered(lines, 3)
    assert [*first, *second] == sorted({*first, *second})
