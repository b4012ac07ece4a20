"""Which events a rule means, and which rules overlap."""

from hypothesis import given
from hypothesis import strategies as st

from ingle.services.s3.changes import Change, Origin
from ingle.services.s3.model import Bucket, Facts, Version
from ingle.services.s3.notifications.event_names import BRIDGED, meant_by, record_version
from ingle.services.s3.notifications.records import bridged, sequencer
from ingle.services.s3.notifications.rules import Rule, overlap, rules_of

BUCKET = Bucket(1, "b", "000000000000", "us-east-1", 0)
ORIGIN = Origin("id", "me", "127.0.0.1", "000000000000")
TEXTS = st.text(alphabet="ab", max_size=3)
EVENTS = st.sampled_from(["s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:*"])


def a_rule(event: str, prefix: str = "", suffix: str = "") -> Rule:
    return Rule("r", "QueueConfigurations", "arn", meant_by(event), prefix, suffix)


def a_change(name: str, number: int) -> Change:
    version = Version(number, 1, "k", "null", True, False, 0, 1, "e", 0, None, Facts())
    return Change(name, BUCKET, version, ORIGIN)


def test_a_group_means_all_of_its_events() -> None:
    assert meant_by("s3:ObjectCreated:*") == {
        "ObjectCreated:Put",
        "ObjectCreated:Post",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
    }
    assert meant_by("s3:LifecycleTransition") == {"LifecycleTransition"}
    for unknown in ("s3:*", "ObjectCreated:Put", "s3:ObjectCreated", "s3:Nothing:*", "", "s3:"):
        assert meant_by(unknown) == frozenset()


def test_every_event_that_eventbridge_is_told_is_one_of_s3() -> None:
    for name in BRIDGED:
        assert meant_by(f"s3:{name}") == {name}
        assert bridged(a_change(name, 1)) is not None
    assert bridged(a_change("ObjectRestore:Post", 1)) is None


def test_a_record_has_the_version_of_its_event() -> None:
    assert record_version("ObjectCreated:Put") == "2.1"
    assert record_version("LifecycleExpiration:Delete") == "2.3"


@given(EVENTS, EVENTS, TEXTS, TEXTS, TEXTS, TEXTS, st.text(alphabet="ab", max_size=6))
def test_rules_that_match_the_same_event_of_a_key_overlap(
    event: str, other: str, prefix: str, suffix: str, prefix2: str, suffix2: str, key: str
) -> None:
    one, two = a_rule(event, prefix, suffix), a_rule(other, prefix2, suffix2)
    for name in one.events | two.events:
        if one.matches(name, key) and two.matches(name, key):
            assert overlap([one, two]) == (one, two)


@given(EVENTS, TEXTS, TEXTS, TEXTS, TEXTS)
def test_rules_that_overlap_match_a_common_key(
    event: str, prefix: str, suffix: str, prefix2: str, suffix2: str
) -> None:
    one, two = a_rule(event, prefix, suffix), a_rule(event, prefix2, suffix2)
    if overlap([one, two]) is not None:
        key = max(prefix, prefix2, key=len) + max(suffix, suffix2, key=len)
        assert all(each.matches(name, key) for each in (one, two) for name in each.events)


@given(st.integers(1, 2**40), st.integers(1, 2**40))
def test_what_happens_later_has_a_greater_sequencer(number: int, more: int) -> None:
    made = sequencer(a_change("ObjectCreated:Put", number))
    removed = sequencer(a_change("ObjectRemoved:Delete", number))
    again = sequencer(a_change("ObjectCreated:Put", number + more))
    assert made < removed < again


def test_a_configuration_is_read_with_its_filters_decoded() -> None:
    rules = [{"Name": "Prefix", "Value": "a+b/%C3%BC"}, {"Name": "suffix", "Value": ".txt"}]
    found = rules_of(
        {
            "QueueConfigurations": [
                {
                    "Id": "x",
                    "QueueArn": "q",
                    "Events": ["s3:ObjectCreated:Put"],
                    "Filter": {"Key": {"FilterRules": rules}},
                }
            ],
            "EventBridgeConfiguration": {},
        }
    )
    assert found.bridged
    assert found.rules[0].matches("ObjectCreated:Put", "a b/ü.txt")
    assert not found.rules[0].matches("ObjectCreated:Copy", "a b/ü.txt")
