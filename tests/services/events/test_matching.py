"""Finding the rules of an event: as if all were tried, one by one."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingle.services.event_patterns import EventPattern
from ingle.services.events.matching import RuleIndex

texts = st.sampled_from(["a", "b", "c"])
operators = st.one_of(
    texts.map(lambda text: {"prefix": text}),
    texts.map(lambda text: {"anything-but": text}),
    st.booleans().map(lambda there: {"exists": there}),
)
wanted = st.one_of(
    st.lists(texts, min_size=1, max_size=3),
    st.lists(st.one_of(texts, operators, st.none(), st.integers(0, 2)), min_size=1, max_size=3),
)
names = st.sampled_from(["source", "kind", "detail.kind", "kind.source"])
fields = st.dictionaries(names, wanted, min_size=1)
inner = fields.map(lambda fields: {"detail": fields})
either = st.lists(fields, min_size=2, max_size=2).map(lambda two: {"$or": two})
patterns = st.one_of(
    fields, inner, either, st.tuples(fields, inner).map(lambda two: {**two[0], **two[1]})
)
values = st.one_of(texts, st.none(), st.integers(0, 2), st.lists(texts, max_size=2))
objects = st.dictionaries(names, values)
details = st.one_of(objects, st.lists(objects, max_size=2))
events = st.tuples(objects, details).map(lambda two: {**two[0], "detail": two[1]})


@given(st.lists(patterns, max_size=8), st.sets(st.integers(0, 7)), events)
def test_the_rules_found_are_those_that_match(
    given_patterns: list[dict[str, Any]], removed: set[int], event: dict[str, Any]
) -> None:
    index = RuleIndex()
    for number, pattern in enumerate(given_patterns):
        index.add(str(number), json.dumps(pattern))
    for number in removed:
        index.remove(str(number))
    expected = [
        str(number)
        for number, pattern in enumerate(given_patterns)
        if number not in removed and EventPattern(pattern).matches(event)
    ]
    assert index.matches(event) == expected


def test_names_that_dots_join_are_found() -> None:
    index = RuleIndex()
    index.add("dotted", '{"detail.state": ["on"]}')
    index.add("nested", '{"detail": {"state": ["on"]}}')
    index.add("beside", '{"detail": ["on"]}')
    assert index.matches({"detail": {"state": "on"}}) == ["dotted", "nested"]
    assert index.matches({"detail": "on", "detail.state": "on"}) == ["beside", "dotted", "nested"]


def test_a_rule_that_is_removed_leaves_nothing_behind() -> None:
    index = RuleIndex()
    index.add("one", '{"source": ["a", "b"], "detail": {"kind": ["c"]}}')
    index.add("two", '{"source": [{"prefix": "a"}]}')
    for name in ("one", "two", "none"):
        index.remove(name)
    assert (index._known, index._by_text, index._others, index._wanted) == ({}, {}, {}, {})
