"""Schedule expressions, against an oracle that goes from minute to minute."""

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.cron import Cron, InvalidCron
from ingle.services.schedule_expressions import InvalidExpression, times_of

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def ticks(expression: str, after: str, count: int, zone: str = "UTC") -> list[str]:
    times, moment, found = times_of(expression, start=START, zone=zone), at(after, zone), []
    while len(found) < count:
        following = times.next_after(moment)
        assert following is not None
        moment = following
        found.append(datetime.fromtimestamp(moment, ZoneInfo(zone)).isoformat("T", "minutes"))
    return found


def days(fields: str, after: str, count: int) -> list[str]:
    return [each[:10] for each in ticks(f"cron(0 12 {fields})", after, count)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("? * MON-FRI *", ["2026-01-01", "2026-01-02", "2026-01-05"]),
        ("L * ? *", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("L-2 * ? *", ["2026-01-29", "2026-02-26", "2026-03-29"]),
        ("LW * ? *", ["2026-01-30", "2026-02-27", "2026-03-31"]),
        ("1W * ? *", ["2026-01-01", "2026-02-02", "2026-03-02"]),
        ("31W * ? *", ["2026-01-30", "2026-03-31", "2026-05-29"]),
        ("? * 3#2 *", ["2026-01-13", "2026-02-10", "2026-03-10"]),
        ("? * TUE#5 *", ["2026-03-31", "2026-06-30", "2026-09-29"]),
        ("? * L *", ["2026-01-03", "2026-01-10", "2026-01-17"]),
        ("? * 6L *", ["2026-01-30", "2026-02-27", "2026-03-27"]),
        ("29 2 ? *", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("1,15/10 FEB,APR ? 2026-2027", ["2026-02-01", "2026-02-15", "2026-02-25"]),
        ("? * FRI-MON *", ["2026-01-02", "2026-01-03", "2026-01-04"]),
    ],
)
def test_the_days_are_those_that_aws_means(fields: str, expected: list[str]) -> None:
    assert days(fields, "2026-01-01T00:00", 3) == expected


def test_years_end() -> None:
    times = times_of("cron(0 0 1 1 ? 2026)", start=START)
    assert times.next_after(START - 1) == START
    assert times.next_after(START) is None


@pytest.mark.parametrize(
    "fields",
    [
        "* * * * *",
        "* * * * * *",
        "* * ? * ? *",
        "60 * * * ? *",
        "* 24 * * ? *",
        "* * 0 * ? *",
        "* * ? * 8 *",
        "* * ? * MON#6 *",
        "* * ? * 2#1,3#1 *",
        "* * * 13 ? *",
        "* * * * ? 1969",
        "* * * * ? 2027-2026",
        "*/0 * * * ? *",
        "5-x * * * ? *",
        "-1 * * * ? *",
        "* * L-31 * ? *",
        "? * * * ? *",
    ],
)
def test_what_is_no_cron_expression_is_refused(fields: str) -> None:
    with pytest.raises(InvalidCron):
        Cron(fields)


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(5 weeks)",
        "rate(5)",
        "at(2026-01-01T00:00:00)",
        "cron(* * * * ? *",
        "",
    ],
)
def test_what_is_no_expression_of_a_rule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidExpression):
        times_of(expression, start=START)


def test_a_rate_counts_from_its_start() -> None:
    times = times_of("rate(5 minutes)", start=START)
    assert times.next_after(START) == START + 300
    assert times.next_after(START + 299.5) == START + 300
    assert times.next_after(START + 300) == START + 600
    assert times.last_before(START + 300, START + 1000) == START + 900
    first = times_of("rate(1 hour)", start=START, from_start=True)
    assert first.next_after(START - 5) == START


def test_a_time_that_clocks_skip_in_spring_is_left_out() -> None:
    assert ticks("cron(30 2 * * ? *)", "2026-03-28T00:00", 3, "Europe/Berlin") == [
        "2026-03-28T02:30+01:00",
        "2026-03-30T02:30+02:00",
        "2026-03-31T02:30+02:00",
    ]


def test_a_time_that_clocks_show_twice_in_autumn_counts_once() -> None:
    assert ticks("cron(0/30 2 * * ? *)", "2026-10-25T00:00", 3, "Europe/Berlin") == [
        "2026-10-25T02:00+02:00",
        "2026-10-25T02:30+02:00",
        "2026-10-26T02:00+01:00",
    ]
    times = times_of("cron(0/30 * * * ? *)", start=START, zone="Europe/Berlin")
    second = datetime(2026, 10, 25, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"), fold=1).timestamp()
    assert times.next_after(second) == at("2026-10-25T03:00", "Europe/Berlin")


def test_the_last_time_before_a_moment_is_found_over_years() -> None:
    times = times_of("cron(0/5 * * * ? *)", start=START)
    assert times.last_before(at("2020-01-01T00:00"), at("2026-05-05T10:03")) == at(
        "2026-05-05T10:00"
    )
    rare = times_of("cron(0 0 29 2 ? *)", start=START)
    assert rare.last_before(at("2020-02-29T00:00"), at("2026-05-05T10:03")) == at(
        "2024-02-29T00:00"
    )


def test_a_time_zone_must_exist() -> None:
    with pytest.raises(InvalidExpression):
        times_of("cron(0 0 * * ? *)", start=START, zone="Europe/Atlantis")


# The oracle: says of one minute whether a field names it, with other means than the product.
def named(field: str, value: int, least: int, most: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, high = (
            (least, most) if span == "*" else (int(each) for each in (span.split("-") * 2)[:2])
        )
        if step and "-" not in span and span != "*":
            high = most
        if low <= value <= high and (value - low) % int(step or 1) == 0:
            return True
    return False


def day_named(moment: datetime, day: str, weekday: str) -> bool:
    length = calendar.monthrange(moment.year, moment.month)[1]
    of_week = moment.isoweekday() % 7 + 1
    if weekday == "?":
        if day == "L":
            return moment.day == length
        if day.endswith("W"):
            wanted = int(day[:-1])
            if wanted > length:
                return False
            near = [d for d in range(1, length + 1) if moment.replace(day=d).weekday() < 5]
            return moment.day == min(near, key=lambda d: abs(d - wanted))
        return named(day, moment.day, 1, 31)
    if "#" in weekday:
        wanted, nth = weekday.split("#")
        return of_week == int(wanted) and (moment.day - 1) // 7 + 1 == int(nth)
    if weekday.endswith("L") and weekday != "L":
        return of_week == int(weekday[:-1]) and moment.day + 7 > length
    return named("7" if weekday == "L" else weekday, of_week, 1, 7)


def fields(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    pair = st.tuples(number, number).map(lambda two: f"{min(two)}-{max(two)}")
    step = st.tuples(st.one_of(st.just("*"), number.map(str), pair), st.integers(1, most or 1))
    part = st.one_of(number.map(str), pair, step.map(lambda two: f"{two[0]}/{two[1]}"))
    return st.one_of(st.just("*"), st.lists(part, min_size=1, max_size=3).map(",".join))


by_month = st.one_of(st.just("L"), st.integers(1, 31).map(lambda d: f"{d}W"), fields(1, 31))
by_week = st.one_of(
    st.just("L"),
    st.integers(1, 7).map(lambda d: f"{d}L"),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda two: f"{two[0]}#{two[1]}"),
    fields(1, 7),
)
either = st.one_of(by_month.map(lambda d: (d, "?")), by_week.map(lambda d: ("?", d)))


@given(
    fields(0, 59),
    fields(0, 23),
    either,
    st.datetimes(datetime(2023, 12, 1), datetime(2028, 3, 31)),
)
def test_the_next_minute_is_the_one_that_a_walk_over_minutes_finds(
    minutes: str, hours: str, which: tuple[str, str], moment: datetime
) -> None:
    day, weekday = which
    found = Cron(f"{minutes} {hours} {day} * {weekday} *").next_after(moment)
    walk = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    end = walk + timedelta(days=400)
    while walk < end:
        if not day_named(walk, day, weekday):
            walk = walk.replace(hour=0, minute=0) + timedelta(days=1)
        elif named(hours, walk.hour, 0, 23) and named(minutes, walk.minute, 0, 59):
            assert found == walk
            return
        else:
            walk += timedelta(minutes=1)
    assert found is None or found >= end
