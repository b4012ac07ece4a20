"""botocore as the other side of the wire: what it sends, and what it understands."""

import io
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest, HeadersDict, create_request_object, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from ingle.wire.http import Request, Response

REQUEST_ID = "8e2b1a5c-0000-4000-8000-000000000001"

# One service and protocol each; every operation of these goes through the round trips.
TESTED = (
    ("lambda", "rest-json"),
    ("logs", "json"),
    ("iam", "query"),
    ("sts", "query"),
    ("sqs", "json"),
    ("sns", "query"),
    ("s3", "rest-xml"),
    ("cloudwatch", "smithy-rpc-v2-cbor"),
    ("cloudwatch", "json"),
    ("cloudwatch", "query"),
    ("events", "json"),
    ("scheduler", "rest-json"),
    ("dynamodb", "json"),
    ("kinesis", "json"),
    ("resourcegroupstaggingapi", "smithy-rpc-v2-cbor"),
    ("s3control", "rest-xml"),
    ("apigateway", "rest-json"),
)


@cache
def raw_model(service: str) -> dict[str, Any]:
    # The extras are there for clients: they make a timestamp of S3's Expires, which is any text.
    return Loader(include_default_extras=False).load_service_model(service, "service-2")


@cache
def service_model(service: str) -> ServiceModel:
    return ServiceModel(raw_model(service), service)


def request_of(operation: OperationModel, protocol: str, parameters: dict[str, Any]) -> Request:
    """What botocore sends."""
    serializer = create_serializer(protocol, include_validation=False)
    raw = serializer.serialize_to_request(parameters, operation)
    raw.setdefault("headers", {})
    prepare_request_dict(raw, endpoint_url="http://127.0.0.1:4566", context={})
    return from_botocore(create_request_object(raw))


def from_botocore(unprepared: AWSRequest) -> Request:
    prepared = unprepared.prepare()
    parts = urlsplit(prepared.url)
    headers: dict[str, str] = {}
    for name, value in prepared.headers.items():
        text = value.decode() if isinstance(value, bytes) else str(value)
        headers[name.lower()] = text
    body = prepared.body or b""
    if isinstance(body, str):
        body = body.encode()
    return Request(prepared.method, parts.path or "/", parts.query, headers, bytes(body))


def understood(
    response: Response, operation: OperationModel, protocol: str, shape: Any
) -> dict[str, Any]:
    """What botocore makes of an answer."""
    body: Any = response.body
    assert isinstance(body, bytes)
    if response.status < 300 and shape is not None and operation.has_streaming_output:
        body = io.BytesIO(body)
    headers = HeadersDict(response.headers)
    if response.length is not None:
        headers["content-length"] = str(response.length)
    parsed = create_parser(protocol).parse(
        {
            "status_code": response.status,
            "headers": headers,
            "body": body,
            "context": {"operation_name": operation.name},
        },
        shape,
    )
    return {
        key: value.read() if isinstance(value, io.BytesIO) else value
        for key, value in parsed.items()
    }


def header(response: Response, name: str) -> str | None:
    """A header's value, whatever its case."""
    return next((value for key, value in response.headers if key.lower() == name.lower()), None)


def headers_of(**headers: str) -> Mapping[str, str]:
    """Headers as the server hands them over: `x_amz_target="..."` is `x-amz-target`."""
    return {name.replace("_", "-").lower(): value for name, value in headers.items()}
