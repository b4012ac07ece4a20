"""Which invocations may run."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke.admission import OF_ACCOUNT, OF_FUNCTION, Admission, Lane, leave
from ingle.invoke.errors import TooManyRequests
from ingle.pool.spec import FunctionSpec
from tests import specs

SPEC = replace(specs.SPEC, name="one", revision_id="first")
OTHER = replace(SPEC, name="two", revision_id="second")
KEY = (SPEC.account_id, SPEC.region, SPEC.name)


def fill(admission: Admission, spec: FunctionSpec) -> tuple[list[Lane], str]:
    """Admit invocations until one is refused; return their lanes and the reason."""
    lanes = []
    while True:
        try:
            lanes.append(admission.admit(spec))
        except TooManyRequests as error:
            return lanes, error.members["Reason"]


def test_an_account_runs_no_more_than_its_concurrency() -> None:
    admission = Admission(5)
    lanes, reason = fill(admission, SPEC)
    assert (len(lanes), reason) == (5, OF_ACCOUNT)
    assert fill(admission, OTHER)[0] == []
    leave(lanes[0])
    assert len(fill(admission, OTHER)[0]) == 1


def test_accounts_and_regions_do_not_share() -> None:
    admission = Admission(2)
    fill(admission, SPEC)
    assert len(fill(admission, replace(SPEC, region="eu-west-1"))[0]) == 2
    assert len(fill(admission, replace(SPEC, account_id="111111111111"))[0]) == 2


def test_what_is_reserved_is_a_limit_and_nobody_elses() -> None:
    admission = Admission(10)
    admission.reserve(*KEY, 3)
    assert len(fill(admission, OTHER)[0]) == 7
    lanes, reason = fill(admission, SPEC)
    assert (len(lanes), reason) == (3, OF_FUNCTION)
    assert admission.unclaimed(*KEY[:2]) == 7
    assert admission.unclaimed(*KEY[:2], without="one") == 10


def test_a_function_that_reserved_nothing_at_all_is_switched_off() -> None:
    admission = Admission(10)
    admission.reserve(*KEY, 0)
    assert fill(admission, SPEC) == ([], OF_FUNCTION)
    admission.reserve(*KEY, None)
    assert len(fill(admission, SPEC)[0]) == 10


def test_what_is_provisioned_is_used_first_and_then_what_everybody_shares() -> None:
    admission = Admission(10)
    admission.provision(*KEY, {"first": 4})
    assert len(fill(admission, OTHER)[0]) == 6
    assert len(fill(admission, SPEC)[0]) == 4
    admission = Admission(10)
    admission.provision(*KEY, {"first": 4})
    assert len(fill(admission, SPEC)[0]) == 10


def test_what_is_provisioned_is_part_of_what_is_reserved() -> None:
    admission = Admission(10)
    admission.reserve(*KEY, 5)
    admission.provision(*KEY, {"first": 2})
    assert len(fill(admission, replace(SPEC, revision_id="another"))[0]) == 3
    assert len(fill(admission, SPEC)[0]) == 2
    assert len(fill(admission, OTHER)[0]) == 5


_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("admit"), st.sampled_from([SPEC, OTHER])),
        st.tuples(st.just("leave"), st.integers(0, 50)),
        st.tuples(st.just("reserve"), st.none() | st.integers(0, 20)),
        st.tuples(st.just("provision"), st.integers(0, 20)),
    ),
    max_size=60,
)


@given(_CHANGES)
def test_once_all_have_left_everything_is_free_again(changes: list[tuple[str, object]]) -> None:
    admission = Admission(20)
    running: list[Lane] = []
    for what, value in changes:
        if what == "admit" and isinstance(value, FunctionSpec):
            try:
                running.append(admission.admit(value))
            except TooManyRequests:
                continue
        elif what == "leave" and running and isinstance(value, int):
            leave(running.pop(value % len(running)))
        elif what == "reserve":
            admission.reserve(*KEY, value if isinstance(value, int) else None)
        elif what == "provision" and isinstance(value, int):
            admission.provision(*KEY, {"first": value} if value else {})
        assert all(lane.active >= 0 for lane in running)
    for lane in running:
        leave(lane)
    admission.reserve(*KEY, None)
    admission.provision(*KEY, {})
    assert len(fill(admission, OTHER)[0]) == 20


def test_whether_one_more_would_be_admitted_is_told_without_counting_it() -> None:
    admission = Admission(2)
    for _ in range(3):
        admission.check(KEY, SPEC.revision_id)
    lanes, _ = fill(admission, SPEC)
    assert len(lanes) == 2
    with pytest.raises(TooManyRequests):
        admission.check(KEY, SPEC.revision_id)
