"""AWS's cron expressions: six fields over a calendar.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import calendar
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

FIRST_YEAR, LAST_YEAR = 1970, 2199

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), 1
    )
}
_DAYS = {
    name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)
}
_SATURDAY = 7
_NO_NAMES: Mapping[str, int] = {}

DaysOfMonth = Callable[[int, int], set[int]]
"""Finds the days of a month, by its year and number."""


class InvalidCron(ValueError):
    """A text is no cron expression; the message says why, in English."""


class Cron:
    """The minutes that an expression names, in nobody's time zone in particular.

    Args:
        fields: what stands between the brackets of `cron(…)`: minutes, hours, day of the month,
            month, day of the week (1 is Sunday) and year.

    Raises:
        InvalidCron: it is none.
    """

    def __init__(self, fields: str) -> None:
        parts = fields.upper().split()
        if len(parts) != 6:
            raise InvalidCron(f"a cron expression has 6 fields, not {len(parts)}")
        minutes, hours, days, months, weekdays, years = parts
        if (days == "?") == (weekdays == "?"):
            raise InvalidCron("one of day of month and day of week, and not both, must be ?")
        self._minutes = sorted(_numbers(minutes, 0, 59))
        self._hours = sorted(_numbers(hours, 0, 23))
        self._months = sorted(_numbers(months, 1, 12, _MONTHS))
        self._years = sorted(_numbers(years, FIRST_YEAR, LAST_YEAR, wraps=False))
        self._days = _days_of_month(days) if weekdays == "?" else _days_of_week(weekdays)

    def next_after(self, moment: datetime) -> datetime | None:
        """Find the first minute after a moment; None where there is no more.

        Args:
            moment: without a time zone; so is what is returned.
        """
        for year in self._years:
            if year < moment.year:
                continue
            for month in self._months:
                if (year, month) < (moment.year, moment.month):
                    continue
                for day in sorted(self._days(year, month)):
                    found = self._within(datetime(year, month, day), moment)
                    if found is not None:
                        return found
        return None

    def _within(self, day: datetime, moment: datetime) -> datetime | None:
        if day.date() < moment.date():
            return None
        if day.date() > moment.date():
            return day.replace(hour=self._hours[0], minute=self._minutes[0])
        for hour in self._hours:
            if hour < moment.hour:
                continue
            for minute in self._minutes:
                found = day.replace(hour=hour, minute=minute)
                if found > moment:
                    return found
        return None


def _numbers(
    field: str,
    least: int,
    most: int,
    names: Mapping[str, int] = _NO_NAMES,
    *,
    wraps: bool = True,
) -> set[int]:
    """Read lists, ranges and steps."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        by = 1
        if slash:
            by = _plain(step, field)
            if not 1 <= by <= most:
                raise InvalidCron(f"{step} is no step: {field}")
        if span == "*":
            first, last = least, most
        elif "-" in span:
            low, _, high = span.partition("-")
            first, last = (_number(each, least, most, names) for each in (low, high))
        else:
            first = _number(span, least, most, names)
            last = most if slash else first
        if first <= last:
            found.update(range(first, last + 1, by))
        elif wraps:
            size = most - least + 1
            found.update(
                (each - least) % size + least for each in range(first, last + size + 1, by)
            )
        else:
            raise InvalidCron(f"{span} ends before it begins")
    return found


def _number(text: str, least: int, most: int, names: Mapping[str, int]) -> int:
    number = names.get(text)
    if number is None:
        number = _plain(text, text)
    if not least <= number <= most:
        raise InvalidCron(f"{text} is not between {least} and {most}")
    return number


def _plain(text: str, field: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII):
        raise InvalidCron(f"{text!r} is no number: {field}")
    return int(text)


def _days_of_month(field: str) -> DaysOfMonth:
    rules: list[DaysOfMonth] = []
    plain: list[str] = []
    for part in field.split(","):
        last = re.fullmatch(r"L(?:-(\d{1,2}))?(W)?", part, re.ASCII)
        near = re.fullmatch(r"(\d{1,2})W", part, re.ASCII)
        if last is not None:
            before = int(last.group(1) or 0)
            if before > 30:
                raise InvalidCron(f"{part} is no day of any month")
            rules.append(_from_the_end(before, weekday=bool(last.group(2))))
        elif near is not None:
            rules.append(_near(_number(near.group(1), 1, 31, _NO_NAMES)))
        else:
            plain.append(part)
    numbers = _numbers(",".join(plain), 1, 31) if plain else set()

    def days(year: int, month: int) -> set[int]:
        length = _length(year, month)
        found = {each for each in numbers if each <= length}
        return found.union(*(rule(year, month) for rule in rules))

    return days


def _from_the_end(before: int, *, weekday: bool) -> DaysOfMonth:
    def days(year: int, month: int) -> set[int]:
        day = _length(year, month) - before
        if day < 1:
            return set()
        return {_weekday_near(year, month, day) if weekday else day}

    return days


def _near(wanted: int) -> DaysOfMonth:
    def days(year: int, month: int) -> set[int]:
        return {_weekday_near(year, month, wanted)} if wanted <= _length(year, month) else set()

    return days


def _weekday_near(year: int, month: int, day: int) -> int:
    """Find the day from Monday to Friday that is nearest, in the same month."""
    weekday = _weekday(year, month, day)
    if weekday == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == 1:
        return day + 1 if day < _length(year, month) else day - 2
    return day


def _days_of_week(field: str) -> DaysOfMonth:
    rules: list[DaysOfMonth] = []
    plain: list[str] = []
    for part in field.split(","):
        nth = re.fullmatch(r"([A-Z]{3}|\d)#([1-5])", part, re.ASCII)
        last = re.fullmatch(r"([A-Z]{3}|\d)L", part, re.ASCII)
        if nth is not None:
            rules.append(_nth(_number(nth.group(1), 1, 7, _DAYS), int(nth.group(2))))
        elif last is not None:
            rules.append(_last(_number(last.group(1), 1, 7, _DAYS)))
        else:
            # The last day of a week is Saturday.
            plain.append("7" if part == "L" else part)
    if rules and (plain or len(rules) > 1):
        raise InvalidCron(f"# and L stand alone in the day of week: {field}")
    numbers = _numbers(",".join(plain), 1, 7, _DAYS) if plain else set()

    def days(year: int, month: int) -> set[int]:
        found = {
            day
            for day in range(1, _length(year, month) + 1)
            if _weekday(year, month, day) in numbers
        }
        return found.union(*(rule(year, month) for rule in rules))

    return days


def _nth(weekday: int, number: int) -> DaysOfMonth:
    def days(year: int, month: int) -> set[int]:
        found = _all(weekday, year, month)
        return {found[number - 1]} if number <= len(found) else set()

    return days


def _last(weekday: int) -> DaysOfMonth:
    return lambda year, month: {_all(weekday, year, month)[-1]}


def _all(weekday: int, year: int, month: int) -> Sequence[int]:
    days = range(1, _length(year, month) + 1)
    return [day for day in days if _weekday(year, month, day) == weekday]


def _weekday(year: int, month: int, day: int) -> int:
    """The day of the week; Sunday is 1."""
    return (calendar.weekday(year, month, day) + 1) % 7 + 1


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
