"""Which service a request is for."""

import pytest

from ingle.wire.http import Request
from ingle.wire.model import load_model
from ingle.wire.routing import _raw, find_service, served_services
from tests.wire.oracle import request_of, service_model

_FORM = "application/x-www-form-urlencoded; charset=utf-8"


def _find(method: str = "POST", target: str = "/", body: bytes = b"", **headers: str) -> str | None:
    path, _, query = target.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return find_service(Request(method, path, query, {"host": "127.0.0.1:4566", **sent}, body))


def _signature(service: str) -> str:
    return (
        f"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20240501/us-east-1/{service}"
        "/aws4_request, SignedHeaders=host;x-amz-date, Signature=0000"
    )


@pytest.mark.parametrize("name", served_services())
def test_the_table_says_what_the_models_say(name: str) -> None:
    metadata = load_model(name).metadata
    entry = _raw()[name]
    assert entry["signing_name"] == metadata.get("signingName", metadata["endpointPrefix"])
    assert entry["endpoint_prefix"] == metadata["endpointPrefix"]
    assert entry.get("target_prefix") == metadata.get("targetPrefix")
    assert entry.get("query_version", metadata["apiVersion"]) == metadata["apiVersion"]


@pytest.mark.parametrize("name", served_services())
def test_a_signature_tells_the_service(name: str) -> None:
    metadata = load_model(name).metadata
    theirs = service_model(name)
    operation = theirs.operation_model(theirs.operation_names[0])
    if "ec2" in metadata.get("protocols", ()):
        request = Request("POST", "/")
    else:
        parameters = {
            key: "v2"
            for key, shape in getattr(operation.input_shape, "members", {}).items()
            if shape.serialization.get("location") == "uri" or "hostLabel" in shape.serialization
        }
        protocol = metadata.get("protocols", [metadata["protocol"]])[0]
        request = request_of(operation, protocol, parameters)
    signing_name = metadata.get("signingName", metadata["endpointPrefix"])
    request.headers = {**request.headers, "authorization": _signature(signing_name)}
    assert find_service(request) == name


def test_a_presigned_query_tells_the_service() -> None:
    target = (
        "/b/k?X-Amz-Algorithm=x&X-Amz-Credential=AKIA%2F20240501%2Fus-east-1%2Fs3%2Faws4_request"
    )
    assert _find("GET", target + "&X-Amz-Date=x") == "s3"


def test_a_signature_over_all_regions_tells_the_service() -> None:
    scope = "AWS4-ECDSA-P256-SHA256 Credential=AKIA/20240501/sqs/aws4_request, Signature=0"
    assert _find(authorization=scope) == "sqs"


def test_the_signature_goes_before_everything_else() -> None:
    assert (
        _find(
            authorization=_signature("sqs"),
            x_amz_target="Logs_20140328.PutLogEvents",
            host="lambda.us-east-1.amazonaws.com",
        )
        == "sqs"
    )


def test_a_signature_for_a_service_that_ingle_does_not_know_tells_none() -> None:
    assert _find(authorization=_signature("groundstation"), host="s3.amazonaws.com") is None


def test_an_authorization_that_is_no_signature_tells_nothing() -> None:
    assert _find(authorization="Bearer x") is None
    assert _find("GET", "/x?X-Amz-Credential=nonsense") is None


@pytest.mark.parametrize(
    ("signing_name", "target", "name"),
    [
        ("ses", "/v2/email/outbound-emails", "sesv2"),
        ("ses", "/", "ses"),
        ("apigateway", "/v2/apis", "apigatewayv2"),
        ("apigateway", "/restapis", "apigateway"),
        ("apigateway", "/tags/arn", "apigateway"),
        ("apigateway", "/v2/tags/arn", "apigatewayv2"),
        ("s3", "/v20180820/jobs", "s3control"),
        ("s3", "/bucket/v20180820", "s3"),
    ],
)
def test_services_with_one_signing_name_are_told_by_their_paths(
    signing_name: str, target: str, name: str
) -> None:
    assert _find(target=target, authorization=_signature(signing_name)) == name


def test_services_with_one_signing_name_are_told_by_their_targets() -> None:
    signed = _signature("dynamodb")
    streams = "DynamoDBStreams_20120810.ListStreams"
    assert _find(authorization=signed, x_amz_target=streams) == "dynamodbstreams"
    assert _find(authorization=signed, x_amz_target="DynamoDB_20120810.Query") == "dynamodb"
    assert _find(authorization=signed) == "dynamodb"


def test_the_target_tells_the_service_of_an_unsigned_request() -> None:
    target = "AWSCognitoIdentityProviderService.InitiateAuth"
    assert _find(x_amz_target=target) == "cognito-idp"
    assert _find(x_amz_target="Nobody.Nothing") is None


def test_the_path_of_a_cbor_request_tells_the_service() -> None:
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    assert _find(target=path) == "cloudwatch"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("lambda.us-east-1.amazonaws.com", "lambda"),
        ("lambda.us-east-1.localhost:4566", "lambda"),
        ("monitoring.eu-west-1.amazonaws.com", "cloudwatch"),
        ("api.ecr.us-east-1.amazonaws.com", "ecr"),
        ("streams.dynamodb.us-east-1.amazonaws.com", "dynamodbstreams"),
        ("s3.amazonaws.com", "s3"),
        ("lambda.s3.us-east-1.amazonaws.com", "s3"),
        ("s3-us-west-2.amazonaws.com", "s3"),
        ("123456789012.s3-control.us-east-1.amazonaws.com", "s3control"),
        ("localhost:4566", None),
        ("127.0.0.1:4566", None),
    ],
)
def test_the_host_tells_the_service_of_an_unsigned_request(host: str, name: str | None) -> None:
    assert _find("GET", host=host) == name


def test_the_path_goes_before_the_host_among_services_with_one_host() -> None:
    assert _find("GET", "/v2/apis", host="apigateway.us-east-1.amazonaws.com") == "apigatewayv2"
    assert _find("GET", "/v2/email/x", host="email.us-east-1.amazonaws.com") == "sesv2"


def test_the_path_tells_the_service_of_an_unsigned_request() -> None:
    assert _find("GET", "/2015-03-31/functions/") == "lambda"
    assert _find("GET", "/restapis") == "apigateway"
    assert _find("GET", "/favicon.ico") is None


def test_the_version_of_a_form_tells_the_service_of_an_unsigned_request() -> None:
    body = b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=x"
    assert _find(body=body, content_type=_FORM) == "sts"
    assert _find("GET", "/?Action=ListUsers&Version=2010-05-08") == "iam"
    assert _find(body=b"Version=2011-06-15", content_type=_FORM) is None
    assert _find(body=b"\xff\xfe", content_type=_FORM) is None
