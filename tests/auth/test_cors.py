"""What a browser needs to call a function from a page."""

from ingle.auth.cors import add_headers, preflight
from ingle.wire.http import Request, Response

from .signing import INVOKE

SDK_HEADERS = (
    "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-client-context,"
    "x-amz-content-sha256,x-amz-date,x-amz-invocation-type,x-amz-log-type,x-amz-security-token,"
    "x-amz-user-agent,x-amzn-trace-id"
)


def ask(**more: str) -> Request:
    headers = {
        "origin": "https://page.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": SDK_HEADERS,
    }
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return Request("OPTIONS", INVOKE, headers=headers)


def test_a_preflight_is_granted_to_every_origin_unsigned() -> None:
    answer = preflight(ask())
    assert answer is not None
    assert answer.status == 200
    assert answer.body == b""
    assert dict(answer.headers) == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": SDK_HEADERS,
        "Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,"
        "Date,x-amz-log-result,x-amz-function-error,x-amz-executed-version,"
        "x-amzn-Remapped-Content-Length,x-amzn-Trace-Id",
        "Access-Control-Max-Age": "172800",
    }


def test_a_page_of_the_internet_may_call_a_private_address_if_the_browser_asks() -> None:
    answer = preflight(ask(access_control_request_private_network="true"))
    assert answer is not None
    assert ("Access-Control-Allow-Private-Network", "true") in answer.headers


def test_a_preflight_that_names_no_headers_gets_none() -> None:
    request = ask()
    request.headers = {
        n: v for n, v in request.headers.items() if n != "access-control-request-headers"
    }
    answer = preflight(request)
    assert answer is not None
    assert "Access-Control-Allow-Headers" not in dict(answer.headers)


def test_other_requests_are_no_preflights() -> None:
    post = ask()
    post.method = "POST"
    assert preflight(post) is None
    assert preflight(Request("OPTIONS", "/")) is None
    assert preflight(Request("OPTIONS", "/", headers={"origin": "https://page.example"})) is None


def test_s3_answers_by_the_rules_of_its_buckets() -> None:
    assert preflight(ask(), "s3") is None
    response = Response(200)
    add_headers(ask(), response, "s3")
    assert response.headers == []


def test_a_page_may_read_the_answer_with_its_headers() -> None:
    response = Response(403, [("x-amzn-RequestId", "1")])
    add_headers(ask(), response)
    added = dict(response.headers)
    assert added["Access-Control-Allow-Origin"] == "*"
    assert "x-amz-function-error" in added["Access-Control-Expose-Headers"]
    response = Response(200)
    add_headers(ask(), response, "logs")
    exposed = dict(response.headers)["Access-Control-Expose-Headers"]
    assert exposed == "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"


def test_clients_that_are_no_browsers_get_nothing_added() -> None:
    response = Response(200)
    add_headers(Request("POST", INVOKE), response)
    assert response.headers == []
