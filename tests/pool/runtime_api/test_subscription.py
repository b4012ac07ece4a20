"""Which subscriptions to telemetry are valid."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.pool.runtime_api.subscription import Api, Destination, Invalid, Subscription, parse

VALID: dict[str, Any] = {
    "schemaVersion": "2022-07-01",
    "types": ["platform", "function"],
    "destination": {"protocol": "HTTP", "URI": "http://sandbox.localdomain:8080/take?it=1"},
}
LOGS = {**VALID, "schemaVersion": "2020-08-15"}


def parsed(api: Api = Api.TELEMETRY, **changes: Any) -> Subscription:
    told = VALID if api is Api.TELEMETRY else LOGS
    return parse(api, orjson.dumps({**told, **changes}))


def http(uri: str | None, **more: Any) -> dict[str, Any]:
    return {"protocol": "HTTP", "URI": uri, **more}


def test_what_is_left_out_has_its_default() -> None:
    expected = Subscription(
        Api.TELEMETRY,
        "2022-07-01",
        ("platform", "function"),
        Destination(8080, "POST", "/take?it=1"),
        10_000,
        262_144,
        1_000,
    )
    assert parsed() == expected


def test_buffering_is_as_wanted() -> None:
    wanted = parsed(buffering={"maxItems": 1000, "maxBytes": 1_048_576, "timeoutMs": 25})
    assert (wanted.max_items, wanted.max_bytes, wanted.timeout_ms) == (1000, 1_048_576, 25)


def test_the_logs_api_has_a_default_version_and_a_method() -> None:
    told = {**VALID, "destination": http("http://sandbox:8080", method="PUT", encoding="JSON")}
    del told["schemaVersion"]
    wanted = parse(Api.LOGS, orjson.dumps(told))
    assert wanted.version == "2020-08-15"
    assert wanted.destination == Destination(8080, "PUT", "/")


def test_events_may_go_over_tcp() -> None:
    wanted = parsed(destination={"protocol": "TCP", "port": 8080})
    assert wanted.destination == Destination(8080, "", "")


def test_a_type_that_is_named_twice_is_subscribed_to_once() -> None:
    assert parsed(types=["function", "function"]).types == ("function",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"types": [], "destination": http("http://sandbox.localdomain")},
            "URI port is not provided; types should not be empty",  # AWS's own example
        ),
        ({"schemaVersion": None}, "schemaVersion is not provided"),
        (
            {"schemaVersion": "2020-08-15"},
            "schemaVersion should be one of 2022-07-01, 2022-12-13, 2025-01-29",
        ),
        ({"types": ["logs"]}, "types should be some of platform, function, extension"),
        ({"types": "platform"}, "types should be some of platform, function, extension"),
        ({"destination": None}, "destination is not provided"),
        ({"destination": {"protocol": "UDP"}}, "destination protocol should be HTTP or TCP"),
        ({"destination": {"protocol": "TCP"}}, "destination port is not provided"),
        (
            {"destination": {"protocol": "TCP", "port": 70_000}},
            "destination port should be between 1 and 65535",
        ),
        ({"destination": {"protocol": "TCP", "port": 9001}}, "port 9001 is reserved"),
        ({"destination": http(None)}, "URI is not provided"),
        ({"destination": http("https://sandbox:1")}, "URI scheme should be http"),
        ({"destination": http("http://example.com:1")}, "URI host should be sandbox.localdomain"),
        ({"destination": http("http://sandbox:9001")}, "port 9001 is reserved"),
        ({"destination": http("http://sandbox:1/ä")}, "URI path should be percent-encoded"),
        (
            {"destination": http("http://sandbox:99999")},
            "URI is not valid: Port out of range 0-65535",
        ),
        ({"buffering": []}, "buffering should be an object"),
        ({"buffering": {"maxItems": 999}}, "maxItems should be between 1000 and 10000"),
        ({"buffering": {"maxBytes": True}}, "maxBytes should be an integer"),
        ({"buffering": {"timeoutMs": 30_001}}, "timeoutMs should be between 25 and 30000"),
    ],
)
def test_everything_that_is_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as caught:
        parsed(**changes)
    assert str(caught.value) == message


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"OK"'])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse(Api.TELEMETRY, body)


text = st.text("ahtp019:/?#[]@%.é\n ", max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(text, inner, max_size=2),
    max_leaves=4,
)


@given(
    st.sampled_from(Api),
    st.fixed_dictionaries(
        {},
        optional={
            "schemaVersion": anything | st.just("2022-12-13"),
            "types": anything | st.just(["platform"]),
            "destination": anything
            | st.fixed_dictionaries(
                {"protocol": st.sampled_from(["HTTP", "TCP"])},
                optional={"URI": text | st.just("http://sandbox:1"), "port": anything},
            ),
            "buffering": anything | st.dictionaries(st.just("maxItems"), anything),
        },
    ),
)
def test_whatever_is_asked_for_is_valid_or_refused(api: Api, told: dict[str, Any]) -> None:
    try:
        wanted = parse(api, orjson.dumps(told))
    except Invalid:
        return
    assert wanted.types
    assert 0 < wanted.destination.port < 65_536
    assert 1000 <= wanted.max_items <= 10_000
