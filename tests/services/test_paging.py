import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services import paging


@given(st.sets(st.text(max_size=8)), st.integers(1, 5))
def test_the_pages_together_hold_every_item_once_and_in_order(names: set[str], size: int) -> None:
    items = sorted(names)
    seen: list[str] = []
    token = None
    while True:
        page, token = paging.page(items, str, token, size)
        assert len(page) <= size
        seen += page
        if token is None:
            break
    assert seen == items


@given(st.text())
def test_a_token_reads_back(last: str) -> None:
    assert paging.decode(paging.encode(last)) == last


@given(st.text())
def test_a_foreign_token_is_told_apart(token: str) -> None:
    try:
        last = paging.decode(token)
    except paging.BadToken:
        return
    assert paging.encode(last) == token


@pytest.mark.parametrize("token", ["", "invalid-token", "é", "MTox", "YWJj", "="])
def test_what_is_no_token_is_refused(token: str) -> None:
    if token == "MTox":  # "1:x" in Base64, which is one
        assert paging.decode(token) == "1"
        return
    with pytest.raises(paging.BadToken):
        paging.decode(token)
