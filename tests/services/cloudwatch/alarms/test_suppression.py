"""When the actions of composite alarms wait."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ingle.services.cloudwatch.alarms.model import Suppression
from ingle.services.cloudwatch.alarms.suppression import (
    NONE,
    changed,
    elapsed,
    suppressor_changed,
)


def test_actions_wait_for_the_suppressor_and_are_taken_where_it_does_not_come() -> None:
    waits = changed(1000, 500, suppressed=False)
    assert waits == Suppression("WaitPeriod", 1500)
    assert not elapsed(waits, 1499)
    assert elapsed(waits, 1500)


def test_a_suppressor_holds_them_and_lets_them_go_after_its_extension() -> None:
    waits = suppressor_changed(Suppression("WaitPeriod", 1500), 1200, 300, suppressed=True)
    assert waits == Suppression("Alarm")
    assert not elapsed(waits, 10**9)
    waits = suppressor_changed(waits, 2000, 300, suppressed=False)
    assert waits == Suppression("ExtensionPeriod", 2300)
    assert suppressor_changed(waits, 2100, 300, suppressed=False) == waits
    assert suppressor_changed(waits, 2100, 300, suppressed=True) == Suppression("Alarm")


def test_without_periods_nothing_waits_but_for_the_alarm() -> None:
    assert changed(1000, 0, suppressed=False) == NONE
    assert suppressor_changed(Suppression("Alarm"), 1000, 0, suppressed=False) == NONE


class Suppressing(RuleBasedStateMachine):
    """An alarm that changes, and a suppressor that does."""

    WAIT, EXTENSION = 100, 50

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000
        self.suppressed = False
        self.waits = NONE

    @rule()
    def change(self) -> None:
        self.waits = changed(self.now, self.WAIT, suppressed=self.suppressed)
        assert self.waits.by

    @rule()
    def suppressor(self) -> None:
        before = self.waits
        self.suppressed = not self.suppressed
        self.waits = suppressor_changed(
            before, self.now, self.EXTENSION, suppressed=self.suppressed
        )
        assert bool(self.waits.by) == bool(before.by), "nothing is suppressed after it was not"

    @rule(seconds=st.integers(1, 200))
    def advance(self, seconds: int) -> None:
        self.now += seconds
        if elapsed(self.waits, self.now):
            self.waits = NONE

    @invariant()
    def the_suppressor_alone_holds_without_end(self) -> None:
        assert (self.waits.by == "Alarm") == (bool(self.waits.by) and not self.waits.until_ms)
        if self.waits.by == "Alarm":
            assert self.suppressed

    @precondition(lambda self: self.waits.until_ms)
    @invariant()
    def a_period_is_no_longer_than_it_is(self) -> None:
        assert self.waits.until_ms - self.now <= max(self.WAIT, self.EXTENSION)


TestSuppressing = Suppressing.TestCase
