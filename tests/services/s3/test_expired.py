"""Which versions rules let expire."""

from typing import Any

import pytest

from ingle.services.s3.errors import S3Error
from ingle.services.s3.lifecycle.configuring import checked_rules
from ingle.services.s3.lifecycle.judging import Judge
from ingle.services.s3.lifecycle.rules import DAY_MS, expiration, midnight_after, rules_of
from ingle.services.s3.model import Bucket, Facts, Version

NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
EXPIRES = {"Expiration": {"Days": 3}}


def bucket_with(*rules: dict[str, Any]) -> Bucket:
    full = [{"Status": "Enabled", "Filter": {}, **rule} for rule in rules]
    return Bucket(1, "b", "0", "r", 0, {"lifecycle": {"Rules": checked_rules(full)}})


def version(
    number: int,
    key: str = "key",
    days_ago: float = 0,
    latest: bool = True,
    marker: bool = False,
    size: int = 10,
    tags: dict[str, str] | None = None,
) -> Version:
    came_ms = int(NOON_MS - days_ago * DAY_MS)
    facts = Facts(tags=tags or {})
    return Version(number, 1, key, str(number), latest, marker, came_ms, size, "", 0, None, facts)


def expired(bucket: Bucket, *versions: Version) -> list[int]:
    """The numbers of those that have expired."""
    judge = Judge(rules_of(bucket), NOON_MS)
    found = [each.id for shown in versions for each in judge.show(shown)]
    return [*found, *(each.id for each in judge.finish())]


def test_days_end_at_the_midnight_that_follows() -> None:
    # AWS's own example: created on the 15th at 10:30, three days: the 19th at 0:00.
    created_ms = 15 * DAY_MS + int(10.5 * 3_600_000)
    assert midnight_after(created_ms, 3) == 19 * DAY_MS


def test_an_object_expires_after_its_days_and_not_before() -> None:
    bucket = bucket_with(EXPIRES)
    assert expired(bucket, version(1, "a", 3.4), version(2, "b", 3.6)) == [2]


def test_an_object_expires_from_a_date_on() -> None:
    today_s = NOON_MS // DAY_MS * 86_400
    assert expired(bucket_with({"Expiration": {"Date": today_s}}), version(1)) == [1]
    assert expired(bucket_with({"Expiration": {"Date": today_s + 86_400}}), version(1)) == []


def test_a_disabled_rule_does_nothing() -> None:
    assert expired(bucket_with({**EXPIRES, "Status": "Disabled"}), version(1, "a", 9)) == []


@pytest.mark.parametrize(
    ("found", "numbers"),
    [
        ({"Filter": {"Prefix": "logs/"}}, [1, 2]),
        ({"Filter": {"Tag": {"Key": "keep", "Value": "no"}}}, [2, 3]),
        ({"Filter": {"ObjectSizeGreaterThan": 10}}, [3]),
        ({"Filter": {"ObjectSizeLessThan": 11}}, [1, 2]),
        (
            {
                "Filter": {
                    "And": {"Prefix": "logs/", "Tags": [{"Key": "keep", "Value": "no"}]},
                }
            },
            [2],
        ),
    ],
)
def test_a_filter_says_which_objects_it_is_about(found: dict[str, Any], numbers: list[int]) -> None:
    objects = [
        version(1, "logs/a", 9),
        version(2, "logs/b", 9, tags={"keep": "no", "more": "yes"}),
        version(3, "other", 9, size=11, tags={"keep": "no"}),
    ]
    assert expired(bucket_with({**EXPIRES, **found}), *objects) == numbers


def test_versions_go_when_they_have_been_out_of_date_for_long_enough() -> None:
    bucket = bucket_with({"NoncurrentVersionExpiration": {"NoncurrentDays": 2}})
    # What counts is when the next version came, not how old it is itself.
    assert expired(
        bucket,
        version(4, days_ago=1),
        version(3, days_ago=20, latest=False),
        version(2, days_ago=21, latest=False),
    ) == [2]


def test_some_newer_versions_stay_in_any_case() -> None:
    bucket = bucket_with(
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}}
    )
    shown = [version(9 - number, days_ago=9, latest=not number) for number in range(5)]
    assert expired(bucket, *shown) == [6, 5]


@pytest.mark.parametrize("action", [{"ExpiredObjectDeleteMarker": True}, {"Days": 3}])
def test_a_delete_marker_goes_once_it_hides_nothing(action: dict[str, Any]) -> None:
    bucket = bucket_with({"Expiration": action})
    assert expired(
        bucket,
        version(5, "hides", 9, marker=True),
        version(4, "hides", 9, latest=False),
        version(3, "lonely", 9, marker=True),
    ) == [3]


def test_answers_tell_of_the_rule_that_is_first() -> None:
    bucket = bucket_with({**EXPIRES, "ID": "late"}, {"Expiration": {"Days": 1}, "ID": "a b"})
    assert expiration(version(1), bucket) == {
        "Expiration": 'expiry-date="Sun, 06 Oct 2024 00:00:00 GMT", rule-id="a%20b"',
    }
    assert expiration(version(1, latest=False), bucket) == {}


@pytest.mark.parametrize(
    ("rule", "code", "text"),
    [
        ({}, "InvalidRequest", "At least one action needs to be specified in a rule"),
        ({**EXPIRES, "Prefix": "both"}, "MalformedXML", ""),
        ({**EXPIRES, "Filter": {"Prefix": "a", "ObjectSizeLessThan": 3}}, "MalformedXML", ""),
        ({"Expiration": {}}, "MalformedXML", ""),
        ({"Expiration": {"Days": 1, "Date": 0}}, "MalformedXML", ""),
        (
            {"Expiration": {"Days": 0}},
            "InvalidArgument",
            "'Days' for Expiration action must be a positive integer",
        ),
        ({"Expiration": {"Date": 3600}}, "InvalidArgument", "'Date' must be at midnight GMT"),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": -1}},
            "InvalidArgument",
            "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer",
        ),
        (
            {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 0}},
            "InvalidArgument",
            "'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive "
            "integer",
        ),
        (
            {
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                "Filter": {"Tag": {"Key": "a", "Value": "b"}},
            },
            "InvalidRequest",
            "AbortIncompleteMultipartUpload cannot be specified with Tags.",
        ),
        (
            {
                **EXPIRES,
                "Filter": {"And": {"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}},
            },
            "InvalidRequest",
            "'ObjectSizeLessThan' has to be a value greater than 'ObjectSizeGreaterThan'",
        ),
        ({**EXPIRES, "ID": "x" * 256}, "InvalidArgument", "ID length should not exceed"),
        (
            {"Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]},
            "NotImplemented",
            "Transitions is not supported by this version of Ingle",
        ),
    ],
)
def test_rules_that_are_none_are_refused(rule: dict[str, Any], code: str, text: str) -> None:
    with pytest.raises(S3Error) as caught:
        bucket_with(rule)
    assert caught.value.error_code == code
    assert caught.value.message.startswith(text)


def test_rules_have_names_of_their_own() -> None:
    with pytest.raises(S3Error, match="Rule ID must be unique"):
        bucket_with({**EXPIRES, "ID": "a"}, {**EXPIRES, "ID": "a"})
    ids = {rule.id for rule in rules_of(bucket_with(EXPIRES, EXPIRES))}
    assert len(ids) == 2
    assert "" not in ids
