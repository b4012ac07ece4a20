"""Where the statements of a document are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.iam.positions import position, statement_spans

DOCUMENT = """{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow"
        },
        { "Effect": "Deny" }
    ]
}"""


def test_a_statement_begins_after_what_is_before_it_and_ends_after_its_brace() -> None:
    first, second = statement_spans(DOCUMENT)
    assert position(DOCUMENT, first.start) == {"Line": 3, "Column": 19}
    assert position(DOCUMENT, first.end) == {"Line": 6, "Column": 10}
    assert position(DOCUMENT, second.start) == {"Line": 6, "Column": 11}
    assert position(DOCUMENT, second.end) == {"Line": 7, "Column": 29}


def test_a_single_statement_needs_no_list() -> None:
    text = '{"Statement": {"a": "}"}, "Id": "x"}'
    (span,) = statement_spans(text)
    assert text[span.start : span.end] == ' {"a": "}"}'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
OBJECTS = st.dictionaries(st.text(), JSON, min_size=1)


@given(
    st.dictionaries(st.text().filter(lambda name: name != "Statement"), JSON),
    st.lists(OBJECTS, min_size=1),
    st.sampled_from([None, 2]),
)
def test_every_statement_is_found(
    before: dict[str, object], statements: list[dict[str, object]], indent: int | None
) -> None:
    text = json.dumps({**before, "Statement": statements}, indent=indent)
    found = [json.loads(text[span.start : span.end]) for span in statement_spans(text)]
    assert found == statements


@pytest.mark.parametrize("text", ["{}", '{"Version": "2012-10-17"}'])
def test_a_document_without_statements_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="substring not found"):
        statement_spans(text)
