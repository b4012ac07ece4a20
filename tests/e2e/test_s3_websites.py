"""Buckets as websites, as browsers see them."""

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.test_s3_access import fetch, let_in, open_up

INDEX = {"IndexDocument": {"Suffix": "index.html"}}


@pytest.fixture
def site(server, s3, bucket):
    """A website that everybody may read, with a few pages; and how to fetch from it."""
    open_up(s3, bucket)
    let_in(s3, bucket, "*", "s3:GetObject")
    for key, body in (
        ("index.html", b"home"),
        ("docs/index.html", b"docs"),
        ("docs/page", b"page"),
        ("oops.html", b"oops"),
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/html")

    def get(path, method="GET", host=f"{bucket}.s3-website.localhost", **headers):
        return fetch(f"{server.endpoint}{path}", method, None, Host=host, **headers)

    return get


def configure(s3, bucket, **configuration):
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={**INDEX, **configuration})


def test_folders_have_index_documents(s3, bucket, site):
    configure(s3, bucket)
    status, headers, body = site("/")
    assert (status, headers["content-type"], body) == (200, "text/html", b"home")
    assert site("/docs/")[2] == b"docs"
    assert site("/docs/page")[2] == b"page"
    status, headers, _ = site("/docs")
    assert (status, headers["location"]) == (302, "/docs/")
    status, headers, body = site("/docs/page", "HEAD")
    assert (status, headers["content-length"], body) == (200, "4", b"")


def test_host_names_with_a_region_and_paths_lead_there_too(server, s3, bucket, site):
    configure(s3, bucket)
    for host in (
        f"{bucket}.s3-website-us-east-1.amazonaws.com",
        f"{bucket}.s3-website.us-east-1.localhost:4566",
    ):
        assert site("/docs/", host=host)[2] == b"docs"
    base = f"/_ingle/websites/{bucket}"
    local = {"host": server.endpoint.partition("//")[2]}
    assert site(base, **local)[1]["location"] == f"{base}/"
    assert site(f"{base}/", **local)[2] == b"home"
    assert site(f"{base}/docs", **local)[1]["location"] == f"{base}/docs/"
    # What it shows is no page of the server's own.
    assert site(f"{base}/", **local)[1]["content-security-policy"].startswith("sandbox ")
    assert site("/")[1]["content-security-policy"] is None


def test_conditions_and_ranges_are_those_of_objects(s3, bucket, site):
    configure(s3, bucket)
    etag = site("/")[1]["etag"]
    assert site("/", **{"If-None-Match": etag})[0] == 304
    status, headers, body = site("/docs/page", Range="bytes=1-2")
    assert (status, headers["content-range"], body) == (206, "bytes 1-2/4", b"ag")


def test_what_is_wrong_is_shown_as_a_page(s3, bucket, site):
    status, headers, body = site("/")
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert b"<li>Code: NoSuchWebsiteConfiguration</li>" in body
    configure(s3, bucket)
    assert site("/none%3Cb%3E")[0] == 403  # everybody may read, but not list
    let_in_with_list(s3, bucket)
    status, _, body = site("/none%3Cb%3E")
    assert status == 404
    assert b"<h1>404 Not Found</h1>" in body
    assert b"<li>Code: NoSuchKey</li>" in body
    assert b"<li>Key: none&lt;b&gt;</li>" in body
    assert site("/", "POST")[0] == 405
    status, _, body = site("/", host="never-was-there.s3-website.localhost")
    assert status == 404
    assert b"<li>Code: NoSuchBucket</li>" in body


def let_in_with_list(s3, bucket):
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=(
            '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", '
            f'"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::{bucket}", '
            f'"arn:aws:s3:::{bucket}/*"]}}}}'
        ),
    )


def test_what_everybody_may_not_read_is_not_shown(s3, bucket, site):
    configure(s3, bucket)
    s3.delete_bucket_policy(Bucket=bucket)
    for path in ("/", "/docs/page", "/docs", "/none"):
        status, _, body = site(path)
        assert status == 403
        assert b"home" not in body
        assert b"<li>Code: AccessDenied</li>" in body


def test_an_error_document_is_shown_with_the_error_s_status(s3, bucket, site):
    configure(s3, bucket, ErrorDocument={"Key": "oops.html"})
    let_in_with_list(s3, bucket)
    status, headers, body = site("/none", **{"If-None-Match": "*"})
    assert (status, headers["content-type"], body) == (404, "text/html", b"oops")
    s3.delete_object(Bucket=bucket, Key="oops.html")
    status, _, body = site("/none")
    assert status == 404
    assert b"Retrieve a Custom Error Document" in body


def test_rules_redirect_before_and_after_something_is_looked_for(s3, bucket, site):
    configure(
        s3,
        bucket,
        RoutingRules=[
            {
                "Condition": {"KeyPrefixEquals": "old/"},
                "Redirect": {"ReplaceKeyPrefixWith": "new/", "HttpRedirectCode": "302"},
            },
            {
                "Condition": {"KeyPrefixEquals": "shop/", "HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {"HostName": "shop.example", "Protocol": "https"},
            },
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404"},
                "Redirect": {"ReplaceKeyWith": "index.html"},
            },
        ],
    )
    let_in_with_list(s3, bucket)
    s3.put_object(Bucket=bucket, Key="shop/open", Body=b"open")
    host = f"{bucket}.s3-website.localhost"

    def location(path):
        status, headers, _ = site(path)
        return status, headers["location"]

    assert location("/old/a%20b") == (302, f"http://{host}/new/a%20b")
    assert site("/shop/open")[2] == b"open"
    assert location("/shop/none") == (301, "https://shop.example/shop/none")
    assert location("/none") == (301, f"http://{host}/index.html")


def test_objects_and_whole_websites_redirect(s3, bucket, site):
    configure(s3, bucket)
    s3.put_object(Bucket=bucket, Key="moved", WebsiteRedirectLocation="/docs/page")
    status, headers, _ = site("/moved")
    assert (status, headers["location"]) == (301, "/docs/page")
    s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={"RedirectAllRequestsTo": {"HostName": "www.example"}},
    )
    status, headers, _ = site("/a/b?c=d")
    assert (status, headers["location"]) == (301, "http://www.example/a/b?c=d")


def test_pages_of_other_origins_read_what_the_bucket_s_rules_allow(s3, bucket, site):
    configure(s3, bucket)
    s3.put_bucket_cors(
        Bucket=bucket,
        CORSConfiguration={
            "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["http://a.example"]}]
        },
    )
    asked = {"Access-Control-Request-Method": "GET"}
    assert site("/", "OPTIONS", Origin="http://a.example", **asked)[0] == 200
    name = "access-control-allow-origin"
    assert site("/", Origin="http://a.example")[1][name] == "http://a.example"
    assert site("/", Origin="http://b.example")[1][name] is None


def test_a_configuration_is_kept_until_it_is_deleted(s3, bucket):
    assert refusal(s3.get_bucket_website, Bucket=bucket) == (
        404,
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
    )
    rule = {"Condition": {"KeyPrefixEquals": "a"}, "Redirect": {"ReplaceKeyWith": "b"}}
    configure(s3, bucket, ErrorDocument={"Key": "e"}, RoutingRules=[rule])
    told = s3.get_bucket_website(Bucket=bucket)
    told.pop("ResponseMetadata")
    assert told == {**INDEX, "ErrorDocument": {"Key": "e"}, "RoutingRules": [rule]}
    s3.delete_bucket_website(Bucket=bucket)
    assert refusal(s3.get_bucket_website, Bucket=bucket)[0] == 404


@pytest.mark.parametrize(
    ("configuration", "code", "text"),
    [
        ({}, "InvalidArgument", "A value for IndexDocument Suffix must be provided"),
        ({"IndexDocument": {"Suffix": "a/b"}}, "InvalidArgument", "The IndexDocument Suffix is"),
        (
            {**INDEX, "RedirectAllRequestsTo": {"HostName": "a"}},
            "InvalidArgument",
            "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.",
        ),
        (
            {"RedirectAllRequestsTo": {"HostName": "a\nSet-Cookie: b"}},
            "InvalidRequest",
            "The host name 'a\\nSet-Cookie: b' is not valid.",
        ),
        (
            {**INDEX, "RoutingRules": [{"Redirect": {"Protocol": "ftp"}}]},
            "InvalidRequest",
            "Invalid protocol, protocol can be http or https.",
        ),
        (
            {"RedirectAllRequestsTo": {"HostName": "a", "Protocol": "ftp"}},
            "InvalidRequest",
            "Invalid protocol, protocol can be http or https.",
        ),
        (
            {
                **INDEX,
                "RoutingRules": [
                    {"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}}
                ],
            },
            "InvalidRequest",
            "You can only define ReplaceKeyPrefix or ReplaceKey but not both.",
        ),
        (
            {**INDEX, "RoutingRules": [{"Redirect": {"HttpRedirectCode": "200"}}]},
            "InvalidRequest",
            "The provided HTTP redirect code (200) is not valid.",
        ),
        (
            {
                **INDEX,
                "RoutingRules": [
                    {
                        "Condition": {"HttpErrorCodeReturnedEquals": "200"},
                        "Redirect": {"ReplaceKeyWith": "a"},
                    }
                ],
            },
            "InvalidRequest",
            "The provided HTTP error code (200) is not valid.",
        ),
    ],
)
def test_configurations_that_are_none_change_nothing(s3, bucket, configuration, code, text):
    status, told, message = refusal(
        s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=configuration
    )
    assert (status, told) == (400, code)
    assert message.startswith(text)
    assert refusal(s3.get_bucket_website, Bucket=bucket)[0] == 404
