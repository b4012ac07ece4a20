"""Which pages of other origins may call a function URL."""

from typing import Any

import pytest

from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.urls.cors import checked, is_preflight, preflight_headers, with_cors
from ingle.wire.http import Request

ORIGIN = "https://example.com"
EVERYTHING = {"AllowOrigins": ["*"], "AllowMethods": ["*"], "AllowHeaders": ["*"]}


def question(origin: str = ORIGIN, method: str = "PUT", headers: str = "x-a,x-b") -> Request:
    return Request(
        "OPTIONS",
        "/",
        headers={
            "origin": origin,
            "access-control-request-method": method,
            "access-control-request-headers": headers,
        },
    )


def test_a_preflight_is_an_options_that_names_origin_and_method() -> None:
    assert is_preflight(question())
    assert not is_preflight(Request("OPTIONS", "/", headers={"origin": ORIGIN}))
    assert not is_preflight(Request("GET", "/", headers=question().headers))


def test_an_open_configuration_grants_what_is_asked_for() -> None:
    assert preflight_headers(EVERYTHING, question()) == [
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-headers", "x-a,x-b"),
    ]


def test_a_narrow_configuration_says_what_it_grants() -> None:
    cors = {
        "AllowOrigins": ["https://other.example", ORIGIN],
        "AllowMethods": ["GET", "POST"],
        "AllowHeaders": ["x-a"],
        "AllowCredentials": True,
        "MaxAge": 60,
    }
    assert preflight_headers(cors, question()) == [
        ("access-control-allow-origin", ORIGIN),
        ("vary", "Origin"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET,POST"),
        ("access-control-allow-headers", "x-a"),
        ("access-control-max-age", "60"),
    ]
    assert preflight_headers(cors, question("https://evil.example")) == []


def test_with_credentials_the_origin_is_named_because_browsers_take_the_star_literally() -> None:
    cors = EVERYTHING | {"AllowCredentials": True}
    assert preflight_headers(cors, question())[0] == ("access-control-allow-origin", ORIGIN)


def test_the_configuration_stands_above_the_function() -> None:
    cors = {"AllowOrigins": [ORIGIN], "ExposeHeaders": ["x-one", "x-two"]}
    own = [("Access-Control-Allow-Origin", "*"), ("x-one", "1")]
    answered = with_cors(cors, Request("GET", "/", headers={"origin": ORIGIN}), own)
    assert answered == [
        ("x-one", "1"),
        ("access-control-allow-origin", ORIGIN),
        ("vary", "Origin"),
        ("access-control-expose-headers", "x-one,x-two"),
    ]
    for headers in ({}, {"origin": "https://evil.example"}):
        assert with_cors(cors, Request("GET", "/", headers=headers), own) == [("x-one", "1")]


@pytest.mark.parametrize("given", [None, {}])
def test_an_empty_configuration_is_none(given: Any) -> None:
    assert checked(given) is None


def test_a_method_that_no_page_can_be_allowed_is_refused() -> None:
    assert checked({"AllowMethods": ["GET", "*"]}) == {"AllowMethods": ["GET", "*"]}
    with pytest.raises(InvalidParameterValue, match=r"Value 'TRACE' at 'cors\.allowMethods'"):
        checked({"AllowMethods": ["GET", "TRACE"]})
