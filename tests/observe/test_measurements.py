import re

from ingle.invoke.metrics import Metric
from ingle.observe.exposition import page
from ingle.observe.measurements import Measurements

ONE = ("000000000000", "us-east-1", "one")
TWO = ("111111111111", "eu-west-1", "two")
SAMPLE = r'[a-z0-9_]+({account="\d{12}",region="[a-z0-9-]+",function="[\w-]+"}) [0-9.]+'


def test_every_metric_is_on_the_page_in_the_text_format() -> None:
    measurements = Measurements()
    for metric in Metric:
        measurements.record(metric, ONE)
        measurements.record(metric, TWO, 2.0)
    names: set[str] = set()
    for line in page(measurements.families()).decode().splitlines():
        if line.startswith("# HELP "):
            names.add(line.split()[2])
        elif line.startswith("# TYPE "):
            assert line.split()[2] in names
        else:
            assert re.fullmatch(SAMPLE, line), line
    assert len(names) == len(Metric)


def test_counts_add_up_by_function() -> None:
    measurements = Measurements()
    for _ in range(3):
        measurements.record(Metric.ASYNC_EVENTS_RECEIVED, ONE)
    measurements.record(Metric.ASYNC_EVENTS_RECEIVED, TWO)
    told = page(measurements.families()).decode()
    name = "ingle_lambda_async_events_received_total"
    assert f'{name}{{account="{ONE[0]}",region="{ONE[1]}",function="one"}} 3\n' in told
    assert f'{name}{{account="{TWO[0]}",region="{TWO[1]}",function="two"}} 1\n' in told


def test_ages_have_a_sum_in_seconds_and_a_count() -> None:
    measurements = Measurements()
    measurements.record(Metric.ASYNC_EVENT_AGE, ONE, 1500)
    measurements.record(Metric.ASYNC_EVENT_AGE, ONE, 250)
    told = page(measurements.families()).decode()
    assert re.search(r"ingle_lambda_async_event_age_seconds_sum{.*} 1\.75\n", told)
    assert re.search(r"ingle_lambda_async_event_age_seconds_count{.*} 2\n", told)
