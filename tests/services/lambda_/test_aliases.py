from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_.model import Alias
from ingle.services.lambda_.names import is_alias_name
from tests.services.conftest import ACCOUNT, REGION

ALIAS = Alias(
    key=(ACCOUNT, REGION, "hello"),
    name="live",
    function_version="1",
    additional={"2": 0.25},
    revision_id="one",
)


@given(
    weight=st.floats(0, 1),
    point=st.floats(0, 1, exclude_max=True),
)
def test_the_weight_is_the_share_of_the_points_that_go_to_the_other_version(
    weight: float, point: float
) -> None:
    alias = replace(ALIAS, additional={"2": weight})
    assert alias.version_at(point) == ("2" if point < weight else "1")


@given(point=st.floats(0, 1, exclude_max=True))
def test_without_a_weight_every_point_goes_to_the_one_version(point: float) -> None:
    assert replace(ALIAS, additional={}).version_at(point) == "1"
    assert replace(ALIAS, additional={"2": 0.0}).version_at(point) == "1"
    assert replace(ALIAS, additional={"2": 1.0}).version_at(point) == "2"


def test_an_alias_leads_to_both_its_versions() -> None:
    assert [version for version in "0123" if ALIAS.leads_to(version)] == ["1", "2"]


@given(st.from_regex(r"[a-zA-Z0-9_-]+", fullmatch=True))
def test_what_is_not_all_digits_can_be_an_alias(name: str) -> None:
    assert is_alias_name(name) == (not name.isdecimal())


@given(st.sampled_from(["$LATEST", "$LATEST.PUBLISHED", "", "a$b", "1\n", "live\n", "١"]))
def test_other_qualifiers_are_none(name: str) -> None:
    assert not is_alias_name(name)
