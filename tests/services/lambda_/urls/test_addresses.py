"""Where function URLs are."""

import pytest

from ingle.services.lambda_.urls.addresses import Address, address_in, url_for
from ingle.wire.http import Request
from tests.services.lambda_.urls.calls import URL_ID, function_url


def found(host: str, path: str = "/") -> Address | None:
    return address_in(Request("GET", path, headers={"host": host}))


@pytest.mark.parametrize(
    "host",
    [
        f"{URL_ID}.lambda-url.eu-west-1.localhost",
        f"{URL_ID}.lambda-url.eu-west-1.localhost:4566",
        f"{URL_ID.upper()}.lambda-url.EU-West-1.example.com",
    ],
)
def test_a_host_name_tells_id_and_region(host: str) -> None:
    assert found(host, "/a%20b") == Address(URL_ID, "eu-west-1", "/a%20b")


def test_a_path_tells_the_id_and_the_rest_is_the_functions() -> None:
    assert found("127.0.0.1:1", f"/_ingle/url/{URL_ID}/a/b") == Address(URL_ID, None, "/a/b")
    assert found("127.0.0.1:1", f"/_ingle/url/{URL_ID}/") == Address(URL_ID, None, "/")
    assert found("127.0.0.1:1", f"/_ingle/url/{URL_ID}") == Address(URL_ID, None, "/")


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1:4566", "/"),
        ("lambda.us-east-1.localhost:4566", "/2015-03-31/functions"),
        ("x.y.lambda-url.eu-west-1.localhost", "/"),
        ("lambda-url.eu-west-1.localhost", "/"),
        ("", "/_ingle/health"),
    ],
)
def test_other_requests_are_to_no_function_url(host: str, path: str) -> None:
    assert found(host, path) is None


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://127.0.0.1:4566", f"http://{URL_ID}.lambda-url.eu-west-1.localhost:4566/"),
        ("http://localhost:80", f"http://{URL_ID}.lambda-url.eu-west-1.localhost:80/"),
        ("https://localhost", f"https://{URL_ID}.lambda-url.eu-west-1.localhost/"),
        ("http://[::1]:4566", f"http://{URL_ID}.lambda-url.eu-west-1.localhost:4566/"),
        ("http://ingle.localhost:1", f"http://{URL_ID}.lambda-url.eu-west-1.localhost:1/"),
        ("http://192.0.2.1:4566", f"http://192.0.2.1:4566/_ingle/url/{URL_ID}/"),
        ("https://ingle.example.com", f"https://ingle.example.com/_ingle/url/{URL_ID}/"),
    ],
)
def test_the_url_is_one_that_the_caller_can_reach(endpoint: str, url: str) -> None:
    assert url_for(function_url(), endpoint) == url


def test_an_address_suits_its_own_region_alone() -> None:
    url = function_url()
    assert Address(URL_ID, "eu-west-1", "/").suits(url)
    assert Address(URL_ID, None, "/").suits(url)
    assert not Address(URL_ID, "us-east-1", "/").suits(url)
