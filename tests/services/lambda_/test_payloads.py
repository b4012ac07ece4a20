import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_.payloads import checked_payload, client_context, log_result
from ingle.wire.errors import ServiceError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON, st.sampled_from(["", " ", "\n"]))
def test_json_passes_unchanged(value: object, space: str) -> None:
    payload = (space + json.dumps(value, ensure_ascii=False) + space).encode("utf-8", "ignore")
    assert checked_payload(payload) is payload


@pytest.mark.parametrize("payload", [None, b""])
def test_no_payload_is_an_empty_object(payload: bytes | None) -> None:
    assert checked_payload(payload) == b"{}"


@pytest.mark.parametrize("payload", [b"{", b"hello", b"{'a': 1}", b"\xff", b" ", b"[1,]", b"NaN"])
def test_what_is_not_json_is_refused(payload: bytes) -> None:
    with pytest.raises(ServiceError) as caught:
        checked_payload(payload)
    assert caught.value.error_code == "InvalidRequestContentException"
    assert caught.value.http_status == 400
    assert caught.value.message.startswith(
        "Could not parse request body into json: Could not parse payload into json: "
    )


def test_a_payload_may_have_six_megabytes_and_no_more() -> None:
    largest = b'"' + b"x" * (6_291_456 - 2) + b'"'
    assert checked_payload(largest) is largest
    with pytest.raises(ServiceError) as caught:
        checked_payload(largest + b" ")
    assert caught.value.error_code == "RequestEntityTooLargeException"
    assert caught.value.http_status == 413
    assert caught.value.message == (
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
    )


def test_a_client_context_is_decoded() -> None:
    text = '{"custom": {"greeting": "Grüß Gott"}}'
    assert client_context(base64.b64encode(text.encode()).decode()) == text
    assert client_context(None) is None


@pytest.mark.parametrize(
    "header", ["", "%%%", "é", *(base64.b64encode(t).decode() for t in (b"[]", b"{", b"\xff"))]
)
def test_a_client_context_that_is_no_json_object_is_refused(header: str) -> None:
    with pytest.raises(ServiceError) as caught:
        client_context(header)
    assert caught.value.error_code == "InvalidRequestContentException"
    assert caught.value.message == ("Client context must be a valid Base64-encoded JSON object.")


def test_a_client_context_over_3583_bytes_is_refused() -> None:
    with pytest.raises(ServiceError) as caught:
        client_context("A" * 3584)
    assert "3583" in caught.value.message


def test_the_log_result_is_the_last_four_kilobytes() -> None:
    assert base64.b64decode(log_result(b"x" + b"y" * 4096)) == b"y" * 4096
