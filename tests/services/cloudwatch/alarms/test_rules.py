"""The language of composite alarms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.cloudwatch.alarms import rules
from ingle.services.cloudwatch.alarms.rules import BadRule, alarms, holds, parse

STATES = {"a": "ALARM", "b": "OK", "c": "INSUFFICIENT_DATA", "my alarm": "ALARM"}


def said(text: str) -> bool:
    return holds(parse(text), lambda name: STATES[name])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("TRUE", True),
        ("NOT TRUE", False),
        ("ALARM(a)", True),
        ("ALARM(b) or OK(b)", True),
        ('INSUFFICIENT_DATA("c") AND NOT ALARM("b")', True),
        ("ALARM(my alarm)", True),
        ('ALARM( "my alarm" )', True),
        ("ALARM(a) OR ALARM(a) AND ALARM(b)", True),
        ("(ALARM(a) OR ALARM(a)) AND ALARM(b)", False),
        ("NOT (ALARM(a) AND OK(b))", False),
        ("NOT NOT ALARM(a)", True),
        ("AT_LEAST(2, ALARM, (a, b, my alarm))", True),
        ("AT_LEAST(3, ALARM, (a, b, my alarm))", False),
        ("AT_LEAST(50%, NOT ALARM, (a, b, c))", True),
        ("AT_LEAST(67%, NOT ALARM, (a, b, c))", False),
    ],
)
def test_a_rule_says_what_its_alarms_are_in(text: str, value: bool) -> None:
    assert said(text) is value


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("()", "Unsupported token ')' at char 1, must be: '(', 'NOT', AT_LEAST, TRUE or FALSE"),
        ("NONSENSE(a)", "Unsupported token 'NONSENSE' at char 0"),
        ("ALARM(a", "Unexpected end at char 7, must be: ')'"),
        ("ALARM()", "Unsupported token ')' at char 6"),
        ("ALARM(a) ALARM(b)", "Unsupported token 'ALARM' at char 9, must be: AND or OR"),
        ("ALARM(a) AND", "Unexpected end at char 12"),
        ('ALARM("a)', "Unsupported token '\"' at char 6"),
        ("AT_LEAST(3, ALARM, (a, b))", "Unsupported token '3' at char 9"),
        ("(" * 60 + "TRUE" + ")" * 60, "nested more than 50 deep"),
        (" OR ".join(["TRUE"] * 501), "more than 500 elements"),
    ],
)
def test_what_is_no_rule_is_refused_with_where_it_is_none(text: str, fault: str) -> None:
    with pytest.raises(BadRule) as caught:
        parse(text)
    assert fault in str(caught.value)


names = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=8)
trees = st.recursive(
    st.one_of(
        st.builds(rules.Constant, st.booleans()),
        st.builds(rules.Is, st.sampled_from(["OK", "ALARM", "INSUFFICIENT_DATA"]), names),
    ),
    lambda inner: st.one_of(
        st.builds(rules.Not, inner),
        st.builds(rules.All, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(rules.Any, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)


def written(node: rules.Node) -> str:
    match node:
        case rules.Constant(value):
            return str(value).upper()
        case rules.Is(state, alarm):
            quoted = alarm.replace("\\", "\\\\").replace('"', '\\"')
            return f'{state}("{quoted}")'
        case rules.Not(operand):
            return f"NOT ({written(operand)})"
        case rules.All(operands):
            return " AND ".join(f"({written(each)})" for each in operands)
        case rules.Any(operands):
            return " OR ".join(f"({written(each)})" for each in operands)
    raise AssertionError(node)


@given(trees)
def test_a_rule_that_is_written_is_read_as_the_same(tree: rules.Node) -> None:
    assert parse(written(tree)) == tree


@given(trees, st.sets(names))
def test_a_rule_and_its_contrary_are_never_the_same(tree: rules.Node, alarmed: set[str]) -> None:
    def state_of(name: str) -> str:
        return "ALARM" if name in alarmed else "OK"

    contrary = parse(f"NOT ({written(tree)})")
    assert holds(tree, state_of) is not holds(contrary, state_of)
    assert set(alarms(contrary)) == set(alarms(tree))


@given(st.text('ALRMOKNDT() ",%12a', max_size=30))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        read = list(alarms(parse(text)))
    except BadRule:
        read = []
    assert all(read)
