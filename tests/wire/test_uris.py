"""URI templates, and which operation a request is for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.wire.errors import UnknownOperation
from ingle.wire.http import Request
from ingle.wire.protocol import ServiceProtocol
from ingle.wire.rest import join_header_list, split_header_list
from ingle.wire.uris import Routes, UriTemplate, parse_query, split_path


def _route(service: str, method: str, target: str, **headers: str) -> str:
    path, _, query = target.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return ServiceProtocol.load(service).route(Request(method, path, query, sent)).name


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/2015-03-31/functions", "ListFunctions"),
        ("GET", "/2015-03-31/functions/", "ListFunctions"),
        ("POST", "/2015-03-31/functions", "CreateFunction"),
        ("POST", "/2015-03-31/functions/", "CreateFunction"),
        ("GET", "/2015-03-31/functions/hello", "GetFunction"),
        ("POST", "/2015-03-31/functions/hello/invocations", "Invoke"),
        ("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Ax%3Af/invocations", "Invoke"),
        ("PUT", "/2015-03-31/functions/hello/code", "UpdateFunctionCode"),
        ("GET", "/2016-08-19/account-settings/", "GetAccountSettings"),
        ("DELETE", "/2017-03-31/tags/arn", "UntagResource"),
    ],
)  # fmt: skip
def test_lambdas_routes(method: str, target: str, name: str) -> None:
    assert _route("lambda", method, target) == name


@pytest.mark.parametrize(
    ("method", "target", "name"),
    [
        ("GET", "/", "ListBuckets"),
        ("GET", "/bucket", "ListObjects"),
        ("GET", "/bucket/", "ListObjects"),
        ("GET", "/bucket?list-type=2&prefix=a", "ListObjectsV2"),
        ("GET", "/bucket?list-type=3", "ListObjects"),
        ("GET", "/bucket/?acl", "GetBucketAcl"),
        ("GET", "/bucket?acl=", "GetBucketAcl"),
        ("GET", "/bucket/key?acl", "GetObjectAcl"),
        ("GET", "/bucket/a/deep/key/", "GetObject"),
        ("GET", "/bucket//leading", "GetObject"),
        ("GET", "/bucket/key?uploadId=7", "ListParts"),
        ("PUT", "/bucket/key", "PutObject"),
        ("PUT", "/bucket/key?partNumber=1&uploadId=7", "UploadPart"),
        ("POST", "/bucket/key?uploads", "CreateMultipartUpload"),
        ("POST", "/bucket/key?uploadId=7", "CompleteMultipartUpload"),
        ("POST", "/bucket/key?select&select-type=2", "SelectObjectContent"),
        ("GET", "/bucket?lifecycle", "GetBucketLifecycleConfiguration"),
        ("GET", "/bucket?analytics", "ListBucketAnalyticsConfigurations"),
        ("GET", "/bucket?analytics&id=1", "GetBucketAnalyticsConfiguration"),
        ("POST", "/WriteGetObjectResponse", "WriteGetObjectResponse"),
    ],
)
def test_s3s_routes(method: str, target: str, name: str) -> None:
    assert _route("s3", method, target) == name


def test_a_copy_source_header_makes_a_put_a_copy() -> None:
    assert _route("s3", "PUT", "/b/k", x_amz_copy_source="/b/o") == "CopyObject"
    assert (
        _route("s3", "PUT", "/b/k?partNumber=1&uploadId=7", x_amz_copy_source="/b/o")
        == "UploadPartCopy"
    )


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/2015-03-31/functionz"),
        ("PATCH", "/2015-03-31/functions"),
        ("POST", "/2015-03-31/functions//invocations"),
        ("GET", "/2015-03-31/functions/a/b/c/d"),
    ],
)
def test_a_route_that_the_service_does_not_have_is_an_unknown_operation(
    method: str, target: str
) -> None:
    with pytest.raises(UnknownOperation) as refused:
        _route("lambda", method, target)
    assert refused.value.error_code == "UnknownOperationException"
    assert refused.value.http_status == 404
    assert f"{method} {target}" in refused.value.message


def test_s3_answers_an_unknown_route_in_its_own_words() -> None:
    with pytest.raises(UnknownOperation) as refused:
        _route("s3", "PATCH", "/bucket/key")
    assert (refused.value.error_code, refused.value.http_status) == ("MethodNotAllowed", 405)


def test_of_operations_that_all_lack_something_the_least_demanding_is_meant() -> None:
    routes = Routes()
    routes.add("Much", "GET", UriTemplate("/x?kind"), headers=["h"], query=["q"])
    routes.add("Little", "GET", UriTemplate("/x?kind"), query=["q"])
    assert routes.find(Request("GET", "/x", "kind&q=1", {"h": "1"})) == "Much"
    assert routes.find(Request("GET", "/x", "kind&q=1")) == "Little"
    assert routes.find(Request("GET", "/x", "kind")) == "Little"
    assert routes.find(Request("GET", "/x", "q=1", {"h": "1"})) is None


def test_labels_are_decoded_and_greedy_ones_keep_their_slashes() -> None:
    template = UriTemplate("/{Bucket}/{Key+}")
    segments = split_path("/my%2Fbucket//a%20b/c%2Bd/")
    assert template.label("Bucket")(segments) == "my/bucket"
    assert template.label("Key")(segments) == "/a b/c+d/"


def test_a_label_behind_a_greedy_one_is_found_from_the_end() -> None:
    template = UriTemplate("/x/{Name+}/by/{Who}")
    segments = split_path("/x/a/b/c/by/sally")
    assert template.label("Name")(segments) == "a/b/c"
    assert template.label("Who")(segments) == "sally"


def test_a_template_without_the_label_says_so() -> None:
    with pytest.raises(LookupError, match="no label Nobody"):
        UriTemplate("/{Name}").label("Nobody")


def test_queries_keep_repeated_and_bare_keys() -> None:
    assert parse_query("a=1&b&a=%20x+y&&c=") == {"a": ["1", " x y"], "b": [""], "c": [""]}


_ITEM = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1).filter(
    lambda text: text == text.strip()
)


@given(st.lists(_ITEM, min_size=1))
def test_header_lists_survive_quoting(items: list[str]) -> None:
    assert split_header_list(join_header_list(items)) == items
