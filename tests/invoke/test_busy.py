"""How many invocations run at a moment."""

from ingle.invoke.busy import Busy, Whose, leave
from tests.specs import SPEC

ARN = SPEC.arn.removesuffix(":1")
ACCOUNT = Whose(SPEC.account_id, SPEC.region)
FUNCTION = Whose(SPEC.account_id, SPEC.region, SPEC.name)
ALIAS = Whose(SPEC.account_id, SPEC.region, SPEC.name, f"{ARN}:live")


def test_invocations_count_for_their_function_account_and_alias() -> None:
    busy = Busy()
    first = busy.enter(SPEC, ARN)
    second = busy.enter(SPEC, f"{ARN}:live")
    assert [first[0].active, second[0].active] == [2, 2]
    assert dict(busy.peaks()) == {FUNCTION: 2, ACCOUNT: 2, ALIAS: 1}
    leave(first)
    leave(second)
    assert dict(busy.peaks()) == {FUNCTION: 2, ACCOUNT: 2, ALIAS: 1}


def test_what_runs_on_is_told_of_at_every_look_and_what_is_idle_no_more() -> None:
    busy = Busy()
    counts = busy.enter(SPEC, ARN)
    for _ in range(3):
        assert dict(busy.peaks()) == {FUNCTION: 1, ACCOUNT: 1}
    leave(counts)
    assert dict(busy.peaks()) == {FUNCTION: 1, ACCOUNT: 1}
    assert dict(busy.peaks()) == {}
    again = busy.enter(SPEC, ARN)
    assert again[0].active == 1
    assert dict(busy.peaks()) == {FUNCTION: 1, ACCOUNT: 1}
