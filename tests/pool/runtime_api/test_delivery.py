"""How telemetry comes to its listeners: batches, retries, and what is dropped."""

import asyncio
import socket

from tests.pool.runtime_api.listener import HttpListener, TcpListener
from tests.pool.runtime_api.subscribing import (
    LOGS,
    MIDNIGHT,
    MakeBox,
    records,
    sent,
    subscribe,
    subscribed,
)


async def test_a_batch_comes_as_a_post_of_an_array(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = await subscribed(make_box, listener)
    box.api.log("hello\n")
    box.api.log("beside\n", extension=True)
    events = await sent(box, listener, "extension")
    assert {"time": MIDNIGHT, "type": "function", "record": "hello\n"} in events
    assert {"time": MIDNIGHT, "type": "extension", "record": "beside\n"} in events
    [head] = listener.heads
    assert head.startswith("POST /events HTTP/1.1\r\n")
    assert f"\r\nHost: sandbox.localdomain:{listener.port}\r\n" in head
    assert "\r\nContent-Type: application/json\r\n" in head


async def test_a_batch_goes_when_its_first_event_has_waited_for_long_enough(
    make_box: MakeBox, listener: HttpListener
) -> None:
    buffering = {"timeoutMs": 5000}
    box = await subscribed(make_box, listener, types=["function"], buffering=buffering)
    box.api.log("first\n")
    await box.clock.advance(4.0)
    box.api.log("second\n")
    await box.settled()
    assert listener.heads == []
    await box.clock.advance(1.0)
    assert len(await listener.batches.get()) == 2


async def test_a_batch_goes_when_it_has_enough_events(
    make_box: MakeBox, listener: HttpListener
) -> None:
    buffering = {"maxItems": 1000}
    box = await subscribed(make_box, listener, types=["function"], buffering=buffering)
    for number in range(1000):
        box.api.log(f"{number}\n")
    batch = await listener.batches.get()
    assert [event["record"] for event in batch] == [f"{number}\n" for number in range(1000)]


async def test_a_batch_goes_when_it_has_enough_bytes(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = await subscribed(make_box, listener, types=["function"])
    for _ in range(3):
        box.api.log("x" * 100_000)
    assert len(await listener.batches.get()) == 2
    await box.clock.advance(1.0)
    assert len(await listener.batches.get()) == 1


async def test_what_a_slow_listener_cannot_take_is_dropped_and_counted(
    make_box: MakeBox, listener: HttpListener
) -> None:
    listener.answering.clear()
    buffering = {"maxItems": 1000}
    kinds = ["platform", "function"]
    box = await subscribed(make_box, listener, types=kinds, buffering=buffering)
    await box.started()
    await box.clock.advance(1.0)
    early = await listener.batches.get()
    for _ in range(2500):
        box.api.log("x\n")
    listener.answering.set()
    later = await listener.batches.get()
    await box.clock.advance(1.0)
    later += await listener.events("platform.logsDropped")
    [record] = records(later, "platform.logsDropped")
    dropped = 2500 - (2000 - len(early))
    assert record == {
        "droppedRecords": dropped,
        "droppedBytes": dropped * len(f'{{"time":"{MIDNIGHT}","type":"function","record":"x\\n"}}'),
        "reason": "Consumer seems to have fallen behind as it has not acknowledged receipt of "
        "logs.",
    }
    assert len(records(later, "function")) == 2500 - dropped


async def test_who_wants_nothing_of_the_platform_is_not_told_of_what_was_dropped(
    make_box: MakeBox, listener: HttpListener
) -> None:
    listener.answering.clear()
    buffering = {"maxItems": 1000}
    box = await subscribed(make_box, listener, types=["function"], buffering=buffering)
    for _ in range(2500):
        box.api.log("x\n")
    listener.answering.set()
    taken = await listener.batches.get() + await listener.batches.get()
    assert len(taken) == 2000
    box.api.log("y\n")
    await box.clock.advance(1.0)
    assert [event["record"] for event in await listener.batches.get()] == ["y\n"]


async def test_a_batch_is_sent_again_until_the_listener_takes_it(
    make_box: MakeBox, listener: HttpListener
) -> None:
    listener.status = "500 Internal Server Error"
    box = await subscribed(make_box, listener, types=["function"])
    box.api.log("hello\n")
    await box.clock.advance(1.0)
    first = await listener.batches.get()
    listener.status = "200 OK"
    second = asyncio.create_task(listener.batches.get())
    while not second.done():
        await box.clock.advance(0.1)
        await box.settled()
    assert second.result() == first
    box.api.log("again\n")
    await box.clock.advance(1.0)
    assert records(await listener.batches.get(), "function") == ["again\n"]


async def test_a_listener_may_come_up_later(make_box: MakeBox) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listener = HttpListener()
    listener.port = port
    box = await subscribed(make_box, listener, types=["function"])
    box.api.log("hello\n")
    await box.clock.advance(1.0)
    await box.settled()
    await listener.start(port)
    arriving = asyncio.create_task(listener.batches.get())
    while not arriving.done():
        await box.clock.advance(0.1)
        await box.settled()
    assert records(arriving.result(), "function") == ["hello\n"]
    await listener.stop()


async def test_events_go_over_one_tcp_connection_a_line_each(
    make_box: MakeBox, tcp: TcpListener
) -> None:
    box = make_box()
    destination = {"protocol": "TCP", "port": tcp.port}
    identifier = await box.extension("collector")
    await subscribe(box, identifier, 0, LOGS, types=["function"], destination=destination)
    for text in ("first\n", "second\n"):
        box.api.log(text)
        await box.clock.advance(1.0)
        assert (await tcp.events.get())["record"] == text
    assert tcp.connections == 1


async def test_of_a_long_init_phase_the_latest_lines_are_kept_for_subscribers(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box()
    for number in range(30):
        box.api.log(f"{number}:" + "x" * 10_000)
    identifier = await box.extension("collector")
    await subscribe(box, identifier, listener.port, types=["function"])
    events = await sent(box, listener, "function")
    kept = [int(record.partition(":")[0]) for record in records(events, "function")]
    assert kept == list(range(30 - len(kept), 30))
    assert 20 < len(kept) < 30


async def test_whatever_waits_is_sent_before_the_shutdown_event(
    make_box: MakeBox, listener: HttpListener
) -> None:
    box = make_box(extensions=["collector"])
    identifier = await box.extension("collector", "SHUTDOWN")
    await subscribe(box, identifier, listener.port, types=["function"])
    asked = box.event(identifier)
    await box.started()
    box.api.log("last words\n")
    deadline_ms = int(box.clock.time() * 1000) + 2000
    ending = asyncio.create_task(box.api.shutdown("spindown", deadline_ms))
    await asked
    assert records(listener.batches.get_nowait(), "function") == ["last words\n"]
    box.api.extension_exited("collector", 0)
    await ending


async def test_a_listener_that_does_not_answer_does_not_hold_up_the_shutdown(
    make_box: MakeBox, listener: HttpListener
) -> None:
    listener.answering.clear()
    box = make_box(extensions=["collector"])
    identifier = await box.extension("collector", "SHUTDOWN")
    await subscribe(box, identifier, listener.port, types=["function"])
    asked = box.event(identifier)
    await box.started()
    box.api.log("last words\n")
    deadline_ms = int(box.clock.time() * 1000) + 2000
    ending = asyncio.create_task(box.api.shutdown("spindown", deadline_ms))
    await listener.batches.get()
    assert not asked.done()
    await box.clock.advance(0.5)
    assert (await asked).json()["eventType"] == "SHUTDOWN"
    box.api.extension_exited("collector", 0)
    await ending
