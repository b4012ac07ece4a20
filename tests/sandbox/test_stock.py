"""How many sandboxes are kept ready follows what was asked for lately."""

from hypothesis import given
from hypothesis import strategies as st

from ingle.sandbox.stock import Stock

times = st.lists(st.floats(0, 1000), max_size=50).map(sorted)


@given(times, st.floats(0, 2000))
def test_the_stock_stays_between_its_bounds(taken, later):
    stock = Stock(2, 8, 60)
    for now in taken:
        stock.take(now)
    assert 2 <= stock.wanted(max([later, *taken])) <= 8


def test_as_many_are_kept_as_were_taken_within_the_window():
    stock = Stock(2, 8, 60)
    for now in range(5):
        stock.take(now)
    assert stock.wanted(5) == 5


def test_demand_is_forgotten_after_the_window():
    stock = Stock(2, 8, 60)
    for now in range(5):
        stock.take(now)
    assert [stock.wanted(now) for now in (60, 61, 62, 200)] == [4, 3, 2, 2]


def test_none_is_kept_after_one_failed_until_one_is_asked_for():
    stock = Stock(2, 8, 60)
    stock.fail()
    assert stock.wanted(1) == 0
    stock.take(2)
    assert stock.wanted(3) == 2
