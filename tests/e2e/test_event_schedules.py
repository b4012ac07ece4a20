"""Functions that run on schedules, by the clock of the server, across a change to summer time."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.callers import allow, new_role
from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import create, eventually
from tests.e2e.test_event_buses import PRINTS, lines_of
from tests.e2e.test_event_targets import trusting

DAY_S = 86400


@pytest.fixture
def clocked(tmp_path) -> Iterator[ClockedServer]:
    started = ClockedServer(tmp_path / "data")
    started.start()
    yield started
    if started.running:
        started.kill()


def next_change_to_summer_time(zone: ZoneInfo) -> datetime:
    """The midnight before clocks are put forward."""
    day = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    while True:
        following = datetime.fromordinal(day.toordinal() + 1).replace(tzinfo=zone)
        if following.utcoffset() > day.utcoffset():
            return day
        day = following


def utc(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_functions_run_on_rates_and_crons_across_a_change_to_summer_time(
    clocked: ClockedServer,
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    midnight = next_change_to_summer_time(berlin).timestamp()
    now = datetime.now(UTC).timestamp()
    # Noon of two days before; hours count as on any other day.
    clocked.advance(midnight - 1.5 * DAY_S - now)
    functions, events = clocked.client("lambda"), clocked.client("events")
    scheduler = clocked.client("scheduler")
    role = new_role(clocked, allow("lambda:InvokeFunction"), trust=trusting("scheduler"))
    names = {}
    for kind in ("berlin", "cron", "rate"):
        names[kind] = create(functions, PRINTS)
    arns = {
        kind: functions.get_function_configuration(FunctionName=name)["FunctionArn"]
        for kind, name in names.items()
    }
    scheduler.create_schedule(
        Name="berlin",
        ScheduleExpression="cron(0 8 * * ? *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": arns["berlin"],
            "RoleArn": role,
            "Input": '{"time": "<aws.scheduler.scheduled-time>"}',
        },
    )
    for kind, expression in (("cron", "cron(30 7 * * ? *)"), ("rate", "rate(1 day)")):
        rule = events.put_rule(Name=kind, ScheduleExpression=expression)["RuleArn"]
        functions.add_permission(
            FunctionName=names[kind],
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=rule,
        )
        events.put_targets(Rule=kind, Targets=[{"Id": "t", "Arn": arns[kind]}])
    for day in range(1, 4):
        clocked.advance(DAY_S)
        for name in names.values():
            eventually(lambda name=name, day=day: len(lines_of(clocked, name)) == day, name, 30)
    times = {
        kind: [each["time"] for each in lines_of(clocked, name)] for kind, name in names.items()
    }
    # At 8 in Berlin: an hour earlier than by the time of winter from the second day on.
    assert times["berlin"] == [
        utc(midnight - DAY_S + 8 * 3600),
        utc(midnight + 7 * 3600),
        utc(midnight + DAY_S + 7 * 3600),
    ]
    # In UTC nothing changes.
    first = midnight - DAY_S + 8.5 * 3600
    assert times["cron"] == [utc(first), utc(first + DAY_S), utc(first + 2 * DAY_S)]
    rates = [datetime.fromisoformat(each).timestamp() for each in times["rate"]]
    assert [after - before for before, after in itertools.pairwise(rates)] == [DAY_S] * 2
