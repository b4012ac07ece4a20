"""Metrics over weeks and restarts, with a clock that is put forward."""

import datetime
from pathlib import Path
from typing import Any

from tests.e2e.clocked import ClockedServer
from tests.e2e.conftest import eventually

DAY = 86400


def test_data_outlives_restarts_and_is_rolled_up_meanwhile(tmp_path: Path) -> None:
    server = ClockedServer(tmp_path / "data").start()
    try:
        hour = datetime.datetime.now(datetime.UTC).replace(minute=0, second=0, microsecond=0)
        hour -= datetime.timedelta(hours=2)
        data = [
            {"MetricName": "n", "Value": at + 1, "Timestamp": hour + datetime.timedelta(minutes=at)}
            for at in range(60)
        ]
        server.client("cloudwatch").put_metric_data(Namespace="App", MetricData=data)

        def told(period: int) -> list[Any]:
            answer = server.client("cloudwatch").get_metric_statistics(
                Namespace="App",
                MetricName="n",
                StartTime=hour,
                EndTime=hour + datetime.timedelta(hours=1),
                Period=period,
                ExtendedStatistics=["p50", "TM(0%:100%)"],
            )
            found = sorted(answer["Datapoints"], key=lambda each: each["Timestamp"])
            return [round(each["ExtendedStatistics"]["p50"]) for each in found]

        assert told(60) == list(range(1, 61))
        fives = told(300)
        for days, period, expected in ((16, 300, fives), (64, 3600, [30]), (400, 3600, [30])):
            server.advance(days * DAY - server.ahead_s)
            # Where it is rolled up, it is not told more finely any more.
            finer = {300: 60, 3600: 300}[period]
            eventually(lambda finer=finer: told(finer) == [], "it is rolled up")  # type: ignore[misc]
            server.kill()
            server.start()
            assert told(period) == expected
    finally:
        server.kill()
