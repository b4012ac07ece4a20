"""The event that a function gets of a request to its URL."""

import base64
from typing import Any
from urllib.parse import parse_qs, urlencode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_.urls.events import event_of
from tests.services.lambda_.urls.calls import ACCOUNT, HOST, URL_ID, call, signer


def event(*arguments: Any, **settings: Any) -> Any:
    return orjson.loads(event_of(call(*arguments, **settings)))


def test_it_is_that_of_payload_format_2_0() -> None:
    made = event(
        "POST",
        "/my/path",
        "parameter1=value1&parameter1=value2&parameter2=value",
        b"Hello from client!",
        content_type="text/plain",
        cookie="cookie1=a; cookie2=b",
        header1="value1",
        header2="value1,value2",
        user_agent="agent",
        connection="keep-alive",
    )
    assert made == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/my/path",
        "rawQueryString": "parameter1=value1&parameter1=value2&parameter2=value",
        "cookies": ["cookie1=a", "cookie2=b"],
        "headers": {
            "content-type": "text/plain",
            "header1": "value1",
            "header2": "value1,value2",
            "host": HOST,
            "user-agent": "agent",
            "x-amzn-trace-id": "Root=1-2-3",
            "x-forwarded-for": "203.0.113.7",
            "x-forwarded-port": "4566",
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": URL_ID,
            "domainName": f"{URL_ID}.lambda-url.eu-west-1.localhost",
            "domainPrefix": URL_ID,
            "http": {
                "method": "POST",
                "path": "/my/path",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "agent",
            },
            "requestId": "id-1",
            "routeKey": "$default",
            "stage": "$default",
            "time": "04/Mar/2020:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "body": "Hello from client!",
        "isBase64Encoded": False,
    }


def test_what_a_request_does_not_have_is_not_there() -> None:
    made = event()
    assert (made["rawPath"], made["rawQueryString"]) == ("/", "")
    assert not {"cookies", "queryStringParameters", "body"} & set(made)
    assert made["isBase64Encoded"] is False
    assert "authorizer" not in made["requestContext"]


def test_one_who_signed_is_told() -> None:
    context = event(caller=signer())["requestContext"]
    assert context["accountId"] == ACCOUNT
    assert context["authorizer"] == {
        "iam": {
            "accessKey": "AKIAEXAMPLE",
            "accountId": ACCOUNT,
            "callerId": ACCOUNT,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": f"arn:aws:iam::{ACCOUNT}:root",
            "userId": ACCOUNT,
        }
    }


@pytest.mark.parametrize(
    ("kind", "is_text"),
    [
        ("text/html; charset=utf-8", True),
        ("application/json", True),
        ("application/vnd.api+json", True),
        ("image/svg+xml", True),
        ("application/javascript", True),
        ("application/x-www-form-urlencoded", False),
        ("application/octet-stream", False),
        ("multipart/form-data; boundary=text", False),
        ("", False),
    ],
)
def test_the_content_type_says_whether_a_body_is_text(kind: str, is_text: bool) -> None:
    made = event("POST", body="grüße".encode(), content_type=kind)
    assert made["isBase64Encoded"] is not is_text
    assert made["body"] == "grüße" if is_text else base64.b64decode(made["body"])


def test_a_proxy_in_front_is_believed_what_it_says_of_its_client() -> None:
    headers = event(
        **{
            "x-forwarded-for": "198.51.100.1",
            "x-forwarded-proto": "https",
            "x-forwarded-port": "443",
        }
    )["headers"]
    assert headers["x-forwarded-for"] == "198.51.100.1, 203.0.113.7"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")


@given(st.binary(), st.sampled_from(["text/plain", "application/json", "image/png", ""]))
def test_every_body_comes_through(body: bytes, kind: str) -> None:
    made = event("POST", body=body, content_type=kind)
    told = made.get("body", "")
    assert (base64.b64decode(told) if made["isBase64Encoded"] else told.encode()) == body


@given(st.lists(st.tuples(st.text(), st.text())))
def test_parameters_are_decoded_and_joined(pairs: list[tuple[str, str]]) -> None:
    query = urlencode(pairs)
    expected = parse_qs(query, keep_blank_values=True)
    made = event(query=query).get("queryStringParameters", {})
    assert made == {name: ",".join(values) for name, values in expected.items()}


@given(st.binary())
def test_any_query_and_path_make_an_event(noise: bytes) -> None:
    text = noise.decode("latin-1").replace("?", "")
    made = event("GET", "/" + text, text)
    assert made["rawQueryString"] == text
