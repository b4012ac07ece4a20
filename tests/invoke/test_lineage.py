import uuid

from hypothesis import given
from hypothesis import strategies as st

from ingle.invoke import lineage

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
REQUEST = "8ee3f5ba-57db-495a-b622-12046a25e04a"
NOW = 1_767_225_600.0


def after(*names: str, trace: str = "") -> str:
    """The header that the last of these gets, which were invoked one by the other."""
    for name in names:
        trace = lineage.continued(trace, ARN + name, REQUEST, NOW)
    return trace


def test_the_first_invocation_begins_a_trace() -> None:
    assert after("a") == (
        "Root=1-6955b900-8ee3f5ba57db495ab6221204;Parent=b62212046a25e04a;Sampled=0;"
        f"Lineage=1:{lineage.digest(ARN + 'a')}:0"
    )


def test_a_trace_that_was_sent_goes_on() -> None:
    sent = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    a, b = lineage.digest(ARN + "a"), lineage.digest(ARN + "b")
    assert after("a", trace=sent) == f"{sent};Lineage=1:{a}:0"
    assert after("a", "b", trace=sent) == f"{sent};Lineage=2:{a}:0,{b}:0"
    assert after("a", "b", "a", trace=sent) == f"{sent};Lineage=3:{b}:0,{a}:1"


@given(st.lists(st.sampled_from("abcdef"), max_size=60))
def test_each_function_s_invocations_are_counted(names: list[str]) -> None:
    trace = after(*names)
    assert {name: lineage.loops(trace, ARN + name) for name in "abcdef"} == {
        name: names.count(name) for name in "abcdef"
    }


@given(st.text(max_size=200), st.sampled_from("ab"))
def test_whatever_was_sent_is_read_and_continued(sent: str, name: str) -> None:
    before = lineage.loops(sent, ARN + name)
    assert lineage.loops(after(name, trace=sent), ARN + name) == before + 1


@given(st.integers(1, 200))
def test_a_header_does_not_grow_without_end(functions: int) -> None:
    trace = after(*(str(uuid.uuid4()) for _ in range(functions)))
    assert len(trace) < 600


def test_what_is_no_lineage_is_the_beginning_of_a_chain() -> None:
    for sent in ("Lineage=", "Lineage=a87bd80c:1|68fd508a:5", "Lineage=1:x:1", "Lineage=1::"):
        assert lineage.loops(sent, ARN + "a") == 0
        assert after("a", trace=sent) == f"Lineage=1:{lineage.digest(ARN + 'a')}:0"
