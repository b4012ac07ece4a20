"""Deliveries that fail: how often and when they are tried again, and what tells of it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.delivering import dispatcher
from ingle.services.delivering.api import Delivery, DeliveryFailed, Done, Step
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.events.conftest import QUEUE, Events

ARN = "arn:aws:flaky:us-east-1:000000000000:thing"


class Flaky:
    """A service whose things take an event at the nth attempt only, before the step or in it."""

    def __init__(self, clock: ManualClock, fails: int, *, late: bool = False) -> None:
        self._clock = clock
        self._fails = fails
        self._late = late
        self.attempts: list[float] = []
        self.taken = asyncio.Event()

    def is_prompt(self, delivery: Delivery) -> bool:
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        self.attempts.append(self._clock.now)
        if not self._late:
            self._fail()
        return self._step

    async def _step(self, connection: AsyncConnection) -> Done | None:
        if self._late:
            self._fail()
        return self.taken.set

    def _fail(self) -> None:
        if len(self.attempts) <= self._fails:
            raise DeliveryFailed("THROTTLING", "Too many.", again=True)


async def set_up(events: Events, flaky: Flaky, **policy: int) -> None:
    await events.queue("letters")
    events.deliveries.send_with("flaky", flaky)
    more: dict[str, Any] = {"RetryPolicy": policy} if policy else {}
    letters = {"Arn": f"{QUEUE}letters"}
    await events.rule({"source": ["shop"]}, Arn=ARN, DeadLetterConfig=letters, **more)


async def letter_of(events: Events) -> dict[str, str]:
    """Move the clock on, a little at a time, until there is a dead letter; return what it tells."""
    request = {"QueueUrl": "letters", "MessageAttributeNames": ["All"]}
    while not (found := await events.sqs.receive_message(context(), request)).get("Messages"):
        await events.clock.advance(0.25)
        await asyncio.sleep(0)
    attributes = found["Messages"][0]["MessageAttributes"]
    return {name: each["StringValue"] for name, each in attributes.items()}


async def test_a_passing_failure_is_tried_again_after_growing_pauses(
    events: Events, clock: ManualClock
) -> None:
    for late in (False, True):
        flaky = Flaky(clock, 3, late=late)
        await set_up(events, flaky) if not late else events.deliveries.send_with("flaky", flaky)
        await events.put()
        while not flaky.taken.is_set():
            await clock.advance(0.25)
            await asyncio.sleep(0)
        first, second, third, fourth = flaky.attempts
        assert second - first >= 1
        assert third - second >= 2
        assert fourth - third >= 4


async def test_after_the_last_attempt_the_event_goes_to_the_dead_letter_queue(
    events: Events, clock: ManualClock
) -> None:
    flaky = Flaky(clock, 100)
    await set_up(events, flaky, MaximumRetryAttempts=2)
    await events.put()
    told = await letter_of(events)
    assert len(flaky.attempts) == 3
    assert told == {
        "RULE_ARN": "arn:aws:events:us-east-1:000000000000:rule/r",
        "TARGET_ARN": ARN,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "Too many.",
        "RETRY_ATTEMPTS": "2",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }


async def test_an_event_that_is_too_old_is_given_up(events: Events, clock: ManualClock) -> None:
    flaky = Flaky(clock, 100)
    await set_up(events, flaky, MaximumEventAgeInSeconds=60)
    await events.put()
    told = await letter_of(events)
    assert told["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert flaky.attempts[-1] <= 60


async def test_what_becomes_of_deliveries_is_measured(events: Events, clock: ManualClock) -> None:
    await events.queue("letters")
    await events.queue()
    await events.rule({"source": ["shop"]})
    await events.rule(
        {"source": ["shop"]},
        name="lost",
        Arn=f"{QUEUE}none",
        DeadLetterConfig={"Arn": f"{QUEUE}letters"},
    )
    await events.put()
    await events.message("letters")
    await events.body()
    await events.metrics.flush()
    found = {
        (each.key.name, dict(each.key.dimensions).get("RuleName"))
        for each in await events.metrics.list(ACCOUNT, REGION)
        if each.key.namespace == "AWS/Events"
    }
    assert found == {
        ("MatchedEvents", None),
        ("MatchedEvents", "r"),
        ("MatchedEvents", "lost"),
        ("TriggeredRules", "r"),
        ("TriggeredRules", "lost"),
        ("Invocations", None),
        ("Invocations", "r"),
        ("Invocations", "lost"),
        ("FailedInvocations", "lost"),
        ("InvocationsSentToDlq", "lost"),
    }


async def test_what_is_too_much_for_memory_is_delivered_from_the_disk(
    events: Events, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "MEMORY", replace(dispatcher.MEMORY, kept_bytes=1))
    flaky = Flaky(clock, 4)
    await set_up(events, flaky)
    for _ in range(3):
        await events.put()
    while len(flaky.attempts) < 7:
        await clock.advance(0.25)
        await asyncio.sleep(0)
    await flaky.taken.wait()


class Hanging:
    """A service whose things do not answer before they are told to, and then fail."""

    def __init__(self) -> None:
        self.under_way = 0
        self.go = asyncio.Event()

    def is_prompt(self, delivery: Delivery) -> bool:
        return False

    async def send(self, delivery: Delivery, payload: bytes) -> Step:
        self.under_way += 1
        try:
            await self.go.wait()
        finally:
            self.under_way -= 1
        raise DeliveryFailed("TIMEOUT", "It hangs.", again=True)


async def test_a_target_that_hangs_does_not_hold_up_the_others(
    events: Events, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = dispatcher.MEMORY.failing + 2
    monkeypatch.setattr(dispatcher, "MEMORY", replace(dispatcher.MEMORY, at_once=at_once))
    hanging, flaky = Hanging(), Flaky(clock, 0)
    for service, sender in (("hanging", hanging), ("flaky", flaky)):
        events.deliveries.send_with(service, sender)
        arn = ARN.replace("flaky", service)
        await events.rule({"source": [service]}, name=service, Arn=arn)
    for _ in range(at_once):
        await events.put(Source="hanging")
    # Nothing is known of it yet, so it has all places; when it has failed, it gets a few.
    while hanging.under_way < at_once:
        await asyncio.sleep(0)
    hanging.go.set()
    while hanging.under_way:
        await asyncio.sleep(0)
    hanging.go.clear()
    while hanging.under_way < dispatcher.MEMORY.failing:
        await clock.advance(0.25)
        await asyncio.sleep(0)
    await clock.advance(5)
    await events.put(Source="flaky")
    await flaky.taken.wait()
    hanging.go.set()
