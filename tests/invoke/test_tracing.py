import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke import lineage
from ingle.invoke.tracing import Tracer, segment_of
from tests.services.clocks import ManualClock

ARN = "arn:aws:lambda:us-east-1:000000000000:function:hello"
REQUEST = "8ee3f5ba-57db-495a-b622-12046a25e04a"
SENT = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8"
LINEAGE = f"Lineage=1:{lineage.digest(ARN)}:0"
ACTIVE, PASSED = "Active", "PassThrough"


@pytest.fixture
def never() -> Tracer:
    """One that draws nobody, so that only one invocation a second is traced."""
    return Tracer(ManualClock(), lambda: 0.9)


def decisions(tracer: Tracer, count: int, sent: str = "", mode: str = ACTIVE) -> list[bool]:
    headers = [tracer.header(sent, ARN, REQUEST, mode) for _ in range(count)]
    return ["Sampled=1" in each for each in headers]


async def test_of_what_nobody_decided_the_first_of_each_second_is_traced() -> None:
    clock = ManualClock()
    tracer = Tracer(clock, lambda: 0.9)
    assert decisions(tracer, 3) == [True, False, False]
    await clock.advance(1)
    assert decisions(tracer, 2, SENT) == [True, False]
    assert "Sampled=1" in tracer.header("", ARN + "2", REQUEST, ACTIVE)


def test_of_the_others_one_in_twenty_is() -> None:
    draws = iter([0.0, 0.049, 0.05, 0.99])
    tracer = Tracer(ManualClock(), lambda: next(draws))
    assert decisions(tracer, 5) == [True, True, True, False, False]


@pytest.mark.parametrize("mode", [ACTIVE, PASSED])
def test_what_the_caller_decided_stands(never: Tracer, mode: str) -> None:
    assert decisions(never, 2, f"{SENT};Sampled=0", mode) == [False, False]
    assert decisions(never, 2, f"{SENT};Sampled=1", mode) == [True, True]


def test_with_pass_through_only_callers_decide(never: Tracer) -> None:
    assert decisions(never, 2, "", PASSED) == [False, False]
    assert never.header(SENT, ARN, REQUEST, PASSED) == f"{SENT};{LINEAGE}"


def test_an_invocation_that_is_traced_has_a_segment_of_its_own(never: Tracer) -> None:
    sent = f"{SENT};Sampled=1;Self=x"
    first, second = (never.header(sent, ARN, REQUEST, PASSED) for _ in range(2))
    form = (
        r"Root=1-5759e988-bd862e3fe1be46a994272793"
        rf";Parent=([0-9a-f]{{16}});Sampled=1;Self=x;{LINEAGE}"
    )
    parents = [re.fullmatch(form, each)[1] for each in (first, second)]  # type: ignore[index]
    assert len({*parents, "53995c3f42cd8ad8"}) == 3
    segment = segment_of(first)
    assert segment is not None
    assert (segment.trace_id, segment.segment_id, segment.header) == (
        "1-5759e988-bd862e3fe1be46a994272793",
        parents[0],
        first,
    )


def test_what_is_not_traced_has_none(never: Tracer) -> None:
    for header in ("", f"{SENT};Sampled=0", SENT, "Root=1;NotSampled=1"):
        assert segment_of(header) is None


def test_an_event_is_decided_once_for_all_its_attempts(never: Tracer) -> None:
    first = never.decided("", ARN, REQUEST, ACTIVE)
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-8ee3f5ba57db495ab6221204;Sampled=1", first)
    assert never.decided("", ARN, REQUEST, ACTIVE).endswith("Sampled=0")
    assert never.decided(SENT, ARN, REQUEST, ACTIVE) == f"{SENT};Sampled=0"
    assert decisions(never, 2, first) == [True, True]
    for sent in ("", SENT, f"{SENT};Sampled=1"):
        assert never.decided(sent, ARN, REQUEST, PASSED) == sent


@given(st.text(max_size=100), st.sampled_from([ACTIVE, PASSED]))
def test_whatever_was_sent_is_continued(sent: str, mode: str) -> None:
    tracer = Tracer(ManualClock())
    header = tracer.header(tracer.decided(sent, ARN, REQUEST, mode), ARN, REQUEST, mode)
    assert lineage.loops(header, ARN) == lineage.loops(sent, ARN) + 1
    segment_of(header)
