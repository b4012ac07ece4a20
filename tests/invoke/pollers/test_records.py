from types import SimpleNamespace
from typing import Any

import orjson
import pytest

from ingle.invoke.pollers.records import events, failed, matches_any
from ingle.services.event_patterns import EventPattern

IDS = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (b"", []),
        (b"null", []),
        (b'""', []),
        (b"{}", []),
        (b'{"batchItemFailures": null}', []),
        (b'{"batchItemFailures": []}', []),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', ["b"]),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}', ["b"]),
        (b"no json", IDS),
        (b"[]", IDS),
        (b'"text"', IDS),
        (b'{"batchItemFailures": {}}', IDS),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', IDS),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', IDS),
        (b'{"batchItemFailures": [{"id": "b"}]}', IDS),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "x"}]}', IDS),
        (b'{"batchItemFailures": ["b"]}', IDS),
    ],
)
def test_what_a_function_reports_and_everything_where_it_reports_wrongly(
    answer: bytes, wrong: list[str]
) -> None:
    assert failed(answer, IDS) == frozenset(wrong)


def messages(*bodies: str) -> list[tuple[Any, dict[str, Any]]]:
    return [(SimpleNamespace(), {"body": body}) for body in bodies]


def test_an_event_holds_all_records_that_it_can() -> None:
    batch = messages("x" * 40, "y" * 40, "z" * 40)
    [(chosen, event)] = events(batch)
    assert chosen == [each for each, _ in batch]
    assert orjson.loads(event) == {"Records": [made for _, made in batch]}
    parts = list(events(batch, most_bytes=130))
    assert [len(chosen) for chosen, _ in parts] == [2, 1]
    assert all(len(event) <= 130 for _, event in parts)
    assert [len(chosen) for chosen, _ in events(batch, most_bytes=10)] == [1, 1, 1]


@pytest.mark.parametrize(
    ("body", "pattern", "passes"),
    [
        ('{"a": "b"}', {"body": {"a": ["b"]}}, True),
        ('{"a": "c"}', {"body": {"a": ["b"]}}, False),
        ("text", {"body": {"a": ["b"]}}, False),
        ("text", {"body": ["text"]}, True),
        ('{"a": "b"}', {"body": ['{"a": "b"}']}, False),
        ("7", {"body": ["7"]}, True),
        ('{"a": "b"}', {"eventSource": ["aws:sqs"]}, True),
    ],
)
def test_filters_see_json_in_bodies(body: str, pattern: dict[str, Any], passes: bool) -> None:
    made = {"body": body, "eventSource": "aws:sqs"}
    assert matches_any(made, [EventPattern(pattern).matches]) is passes
    assert (
        matches_any(made, [EventPattern({"x": ["y"]}).matches, EventPattern(pattern).matches])
        is passes
    )
