"""What a function answered, as an HTTP response."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_.urls.answers import (
    DELIMITER,
    MalformedAnswer,
    UrlAnswer,
    buffered,
    streamed,
    with_metadata,
)

JSON = [("content-type", "application/json")]
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def shown(answer: UrlAnswer) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status, answer.headers, answer.body


def respond(**members: Any) -> UrlAnswer:
    return buffered(orjson.dumps({"statusCode": 200, **members}))


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (b'{"hello":"world"}', b'{"hello":"world"}'),
        (b'["hello",3,true]', b'["hello",3,true]'),
        (b'"hello"', b"hello"),
        (b'"\xc3\xbc"', b"\xc3\xbc"),
        (b"3.1", b"3.1"),
        (b"true", b"true"),
        (b"null", b"null"),
        (b'{"body":"b","headers":{}}', b'{"body":"b","headers":{}}'),
    ],
)
def test_what_has_no_status_code_is_the_body(payload: bytes, body: bytes) -> None:
    assert shown(buffered(payload)) == (200, JSON, body)


@pytest.mark.parametrize(("told", "status"), [(200, 200), ("418", 418), (599, 599), (204.0, 204)])
def test_a_status_code_is_a_number_or_its_text(told: Any, status: int) -> None:
    assert buffered(orjson.dumps({"statusCode": told})).status == status


def test_headers_cookies_and_body_are_sent() -> None:
    answer = respond(
        headers={"X-One": "1", "X-Two": 2, "X-Yes": True, "X-None": None, "x-text": "grüße"},
        cookies=["a=1; Secure", "b=2"],
        body="grüße",
    )
    assert shown(answer) == (
        200,
        [
            ("X-One", "1"),
            ("X-Two", "2"),
            ("X-Yes", "true"),
            ("x-text", "grüße".encode().decode("latin-1")),
            *JSON,
            ("set-cookie", "a=1; Secure"),
            ("set-cookie", "b=2"),
        ],
        "grüße".encode(),
    )


def test_the_content_type_is_the_functions_in_any_case() -> None:
    assert respond(headers={"Content-TYPE": "text/html"}).headers == [("Content-TYPE", "text/html")]


def test_headers_of_the_connection_get_another_name() -> None:
    headers = dict(respond(headers={"Content-Length": "5", "connection": "close"}).headers)
    assert headers["x-amzn-Remapped-Content-Length"] == "5"
    assert headers["x-amzn-Remapped-connection"] == "close"
    assert "Content-Length" not in headers


def test_a_body_is_text_base64_or_json() -> None:
    assert respond().body == b""
    assert respond(body={"a": 1}).body == b'{"a":1}'
    data = base64.b64encode(bytes(range(256))).decode()
    assert respond(body=data, isBase64Encoded=True).body == bytes(range(256))
    assert respond(body=data, isBase64Encoded=False).body == data.encode()


@pytest.mark.parametrize(
    "members",
    [
        {"statusCode": "abc"},
        {"statusCode": None},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": 600},
        {"headers": ["a"]},
        {"headers": {"a b": "c"}},
        {"headers": {"": "c"}},
        {"headers": {"a": "b\r\nset-cookie: c"}},
        {"headers": {"a": ["b"]}},
        {"headers": {"a": {"b": "c"}}},
        {"cookies": "a=1"},
        {"cookies": ["a=1\nx: y"]},
        {"cookies": [1, None]},
        {"body": "no base64!", "isBase64Encoded": True},
    ],
)
def test_what_cannot_be_sent_is_malformed(members: dict[str, Any]) -> None:
    with pytest.raises(MalformedAnswer):
        respond(**members)


@given(values)
def test_any_answer_is_sent_or_malformed(value: Any) -> None:
    try:
        answer = buffered(orjson.dumps(value))
    except MalformedAnswer:
        return
    assert 200 <= answer.status <= 599


@given(st.dictionaries(st.text(), values), st.lists(values))
def test_no_header_breaks_out_of_its_line(headers: dict[str, Any], cookies: list[Any]) -> None:
    try:
        answer = respond(headers=headers, cookies=cookies)
    except MalformedAnswer:
        return
    for name, value in answer.headers:
        sent = f"{name}: {value}".encode("latin-1")
        assert not {b"\r", b"\n", b"\0"} & {sent[at : at + 1] for at in range(len(sent))}


def test_a_streamed_answer_has_its_metadata_before_eight_zeros() -> None:
    metadata = b'{"statusCode":201,"headers":{"x":"y"},"cookies":["a=1"]}'
    expected = (
        201,
        [("x", "y"), ("content-type", "application/octet-stream"), ("set-cookie", "a=1")],
        b"rest",
    )
    assert shown(with_metadata(metadata, b"rest")) == expected
    # Also for a caller who has it as a whole.
    assert shown(buffered(metadata + DELIMITER + b"rest")) == expected
    assert with_metadata(b"{}", b"").status == 200
    for wrong in (b"", b"[]", b"{", b'{"statusCode":"x"}'):
        with pytest.raises(MalformedAnswer):
            with_metadata(wrong, b"")


def test_a_streamed_answer_without_metadata_has_the_type_that_was_told() -> None:
    assert streamed("text/html").headers == [("content-type", "text/html")]
    assert streamed("").headers == JSON  # given as a whole, as JSON
    assert shown(buffered(b"\xff no json")) == (
        200,
        [("content-type", "application/octet-stream")],
        b"\xff no json",
    )
    with pytest.raises(MalformedAnswer):
        streamed("text/html\r\nx: y")
