"""Services with several protocols, unknown operations, and answers that are special."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import cbor2
import orjson
import pytest

from ingle.wire.errors import (
    NotImplementedByIngle,
    Serialization,
    ServiceError,
    UnknownOperation,
    Validation,
)
from ingle.wire.http import Request, Response
from ingle.wire.protocol import ServiceProtocol, UnsupportedProtocol, unknown_operation
from tests.wire.oracle import (
    REQUEST_ID,
    header,
    headers_of,
    request_of,
    service_model,
    understood,
)

_FORM = headers_of(content_type="application/x-www-form-urlencoded")


def _body(response: Response) -> bytes:
    assert isinstance(response.body, bytes)
    return response.body


def _json(response: Response) -> Any:
    return orjson.loads(_body(response))


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_cloudwatch_answers_in_the_protocol_of_the_request(protocol: str) -> None:
    ours = ServiceProtocol.load("cloudwatch")
    model = service_model("cloudwatch").operation_model("ListMetrics")
    request = request_of(model, protocol, {"Namespace": "AWS/Lambda"})
    operation = ours.route(request)
    assert (operation.protocol, operation.name) == (protocol, "ListMetrics")
    assert operation.parse(request) == {"Namespace": "AWS/Lambda"}
    response = operation.serialize({"NextToken": "n"}, REQUEST_ID)
    found = understood(response, model, protocol, model.output_shape)
    assert found["NextToken"] == "n"
    told = ours.serialize_error(ServiceError("no", code="LimitExceeded"), REQUEST_ID, None, request)
    assert understood(told, model, protocol, None)["Error"]["Message"] == "no"


def test_each_protocol_has_its_content_type() -> None:
    ours = ServiceProtocol.load("cloudwatch")
    types = {
        protocol: header(
            ours.operation("ListMetrics", protocol).serialize({}, REQUEST_ID), "content-type"
        )
        for protocol in ours.protocols
    }
    assert types == {
        "smithy-rpc-v2-cbor": "application/cbor",
        "json": "application/x-amz-json-1.0",
        "query": "text/xml",
    }


def test_sqs_still_speaks_the_query_protocol() -> None:
    ours = ServiceProtocol.load("sqs")
    request = Request(
        "POST",
        "/",
        "",
        _FORM,
        b"Action=SendMessage&Version=2012-11-05&QueueUrl=http%3A%2F%2Fq&MessageBody=hello"
        b"&MessageAttribute.1.Name=color&MessageAttribute.1.Value.DataType=String"
        b"&MessageAttribute.1.Value.StringValue=red",
    )
    operation = ours.route(request)
    assert (operation.name, operation.protocol) == ("SendMessage", "query")
    assert operation.parse(request) == {
        "QueueUrl": "http://q",
        "MessageBody": "hello",
        "MessageAttributes": {"color": {"DataType": "String", "StringValue": "red"}},
    }


def test_sqs_reads_attributes_tags_and_lists_of_the_query_protocol() -> None:
    ours = ServiceProtocol.load("sqs")
    create = Request(
        "POST",
        "/",
        "Action=CreateQueue&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5"
        "&Tag.1.Key=team&Tag.1.Value=red",
    )
    assert ours.route(create).parse(create) == {
        "QueueName": "q",
        "Attributes": {"DelaySeconds": "5"},
        "tags": {"team": "red"},
    }
    receive = Request(
        "POST",
        "/",
        "Action=ReceiveMessage&QueueUrl=q&AttributeName.1=All&MessageAttributeName.2=b"
        "&MessageAttributeName.1=a",
    )
    assert ours.route(receive).parse(receive) == {
        "QueueUrl": "q",
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["a", "b"],
    }


def test_sqs_answers_in_xml_to_the_query_protocol() -> None:
    operation = ServiceProtocol.load("sqs").operation("ReceiveMessage", "query")
    response = operation.serialize(
        {"Messages": [{"MessageId": "1", "Body": "a&b", "Attributes": {"SenderId": "x"}}]},
        REQUEST_ID,
    )
    assert _body(response).decode() == (
        '<ReceiveMessageResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/">'
        "<ReceiveMessageResult><Message><MessageId>1</MessageId><Body>a&amp;b</Body>"
        "<Attribute><Name>SenderId</Name><Value>x</Value></Attribute></Message>"
        "</ReceiveMessageResult>"
        f"<ResponseMetadata><RequestId>{REQUEST_ID}</RequestId></ResponseMetadata>"
        "</ReceiveMessageResponse>"
    )


def test_sqs_tells_json_clients_the_code_that_they_know() -> None:
    ours = ServiceProtocol.load("sqs")
    error = ServiceError("The specified queue does not exist.", code="QueueDoesNotExist")
    told = ours.serialize_error(error, REQUEST_ID, ours.operation("GetQueueUrl"))
    assert header(told, "x-amzn-query-error") == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert _json(told) == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }
    in_xml = ours.serialize_error(error, REQUEST_ID, ours.operation("GetQueueUrl", "query"))
    root = ET.fromstring(_body(in_xml))
    assert [child.text for child in root[0]][:2] == [
        "Sender",
        "AWS.SimpleQueueService.NonExistentQueue",
    ]


def test_an_error_may_be_raised_by_its_code_on_the_wire() -> None:
    ours = ServiceProtocol.load("iam")
    for code in ("NoSuchEntity", "NoSuchEntityException"):
        told = ours.serialize_error(ServiceError("x", code=code), REQUEST_ID)
        assert told.status == 404
        assert b"<Code>NoSuchEntity</Code>" in _body(told)


def test_lambdas_errors_look_like_lambdas() -> None:
    ours = ServiceProtocol.load("lambda")
    operation = ours.operation("GetFunction")
    error = ServiceError("Function not found: f", code="ResourceNotFoundException")
    told = ours.serialize_error(error, REQUEST_ID, operation)
    assert told.status == 404
    assert header(told, "x-amzn-errortype") == "ResourceNotFoundException"
    assert header(told, "x-amzn-requestid") == REQUEST_ID
    assert _json(told) == {"Type": "User", "Message": "Function not found: f"}
    told = ours.serialize_error(
        ServiceError("x", code="InvalidParameterValueException"), REQUEST_ID, operation
    )
    assert (told.status, _json(told)) == (400, {"Type": "User", "message": "x"})
    told = ours.serialize_error(ServiceError("x", code="ServiceException"), REQUEST_ID, operation)
    assert (told.status, _json(told)) == (500, {"Type": "Service", "Message": "x"})
    told = ours.serialize_error(Validation("1 validation error"), REQUEST_ID, operation)
    assert (told.status, _json(told)) == (400, {"message": "1 validation error"})


def test_members_and_headers_of_an_error_are_sent() -> None:
    ours = ServiceProtocol.load("lambda")
    error = ServiceError(
        "Rate Exceeded.",
        code="TooManyRequestsException",
        members={
            "retryAfterSeconds": "7",
            "Reason": "ConcurrentInvocationLimitExceeded",
            "unknown": 1,
        },
        headers={"x-extra": "1"},
    )
    told = ours.serialize_error(error, REQUEST_ID, ours.operation("Invoke"))
    assert told.status == 429
    assert header(told, "retry-after") == "7"
    assert header(told, "x-extra") == "1"
    assert _json(told) == {
        "Type": "User",
        "message": "Rate Exceeded.",
        "Reason": "ConcurrentInvocationLimitExceeded",
    }


def test_a_status_that_the_error_names_goes_before_the_models() -> None:
    ours = ServiceProtocol.load("lambda")
    error = ServiceError("x", code="ResourceNotFoundException", status=410)
    assert ours.serialize_error(error, REQUEST_ID).status == 410
    assert ours.serialize_error(ServiceError("x"), REQUEST_ID).status == 500


def test_s3s_errors_have_no_wrapper() -> None:
    ours = ServiceProtocol.load("s3")
    error = ServiceError("The specified key does not exist.", code="NoSuchKey", status=404)
    told = ours.serialize_error(error, REQUEST_ID, ours.operation("GetObject"))
    root = ET.fromstring(_body(told))
    assert root.tag == "Error"
    assert root.findtext("Code") == "NoSuchKey"
    assert root.findtext("RequestId") == header(told, "x-amz-request-id") == REQUEST_ID
    assert root.findtext("HostId") == header(told, "x-amz-id-2")


def test_an_error_of_an_unimplemented_operation_names_it_in_every_protocol() -> None:
    error = NotImplementedByIngle("The operation ListUsers of iam is not implemented by Ingle yet")
    for service in ("lambda", "logs", "iam", "s3", "cloudwatch"):
        told = ServiceProtocol.load(service).serialize_error(error, REQUEST_ID)
        assert told.status == 501
        assert b"The operation ListUsers of iam" in _body(told)


def test_an_unknown_target_is_an_unknown_operation() -> None:
    ours = ServiceProtocol.load("logs")
    for target in ("Logs_20140328.Nothing", "Logs_2014.PutLogEvents", "PutLogEvents", "."):
        request = Request("POST", "/", "", headers_of(x_amz_target=target))
        with pytest.raises(
            UnknownOperation, match="is not an operation of this service"
        ) as refused:
            ours.route(request)
        told = ours.serialize_error(refused.value, REQUEST_ID, None, request)
        assert told.status == 404
        assert _json(told)["__type"] == "UnknownOperationException"


def test_a_request_without_a_target_gets_the_answer_that_aws_gives() -> None:
    ours = ServiceProtocol.load("logs")
    request = Request("POST", "/")
    with pytest.raises(UnknownOperation) as refused:
        ours.route(request)
    told = ours.serialize_error(refused.value, REQUEST_ID, None, request)
    assert (told.status, told.body) == (404, b"<UnknownOperationException/>\n")
    assert told.body == unknown_operation(REQUEST_ID).body


def test_an_unknown_rest_route_is_an_unknown_operation() -> None:
    ours = ServiceProtocol.load("lambda")
    request = Request("GET", "/nothing")
    with pytest.raises(UnknownOperation) as refused:
        ours.route(request)
    told = ours.serialize_error(refused.value, REQUEST_ID, None, request)
    assert told.status == 404
    assert header(told, "x-amzn-errortype") == "UnknownOperationException"
    assert _json(told) == {"message": "No operation of this service is at GET /nothing"}


def test_an_unknown_action_is_an_invalid_action() -> None:
    ours = ServiceProtocol.load("iam")
    with pytest.raises(UnknownOperation) as refused:
        ours.route(Request("POST", "/", "", _FORM, b"Action=Fly&Version=2010-05-08"))
    assert refused.value.error_code == "InvalidAction"
    assert refused.value.message == "Could not find operation Fly for version 2010-05-08"
    with pytest.raises(UnknownOperation) as refused:
        ours.route(Request("POST", "/", "", _FORM, b"Version=2010-05-08"))
    assert refused.value.error_code == "MissingAction"


def test_an_unknown_cbor_operation_is_an_unknown_operation() -> None:
    ours = ServiceProtocol.load("cloudwatch")
    cbor = headers_of(smithy_protocol="rpc-v2-cbor")
    for path in ("/", "/service/Other/operation/ListMetrics", "/service/X/operation"):
        with pytest.raises(UnknownOperation):
            ours.route(Request("POST", path, "", cbor))


def test_only_the_query_protocol_is_routed_by_its_body() -> None:
    assert ServiceProtocol.load("iam").routes_by_body(Request("POST", "/"))
    assert not ServiceProtocol.load("lambda").routes_by_body(Request("POST", "/"))
    sqs = ServiceProtocol.load("sqs")
    assert sqs.routes_by_body(Request("POST", "/", "", _FORM))
    assert not sqs.routes_by_body(Request("POST", "/", "", headers_of(x_amz_target="AmazonSQS.X")))


def test_a_service_in_a_protocol_that_ingle_does_not_speak_says_so() -> None:
    with pytest.raises(UnsupportedProtocol, match="The service ec2 speaks the protocol ec2"):
        ServiceProtocol.load("ec2")


def test_get_bucket_location_is_the_text_of_its_root() -> None:
    operation = ServiceProtocol.load("s3").operation("GetBucketLocation")
    namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    body = _body(operation.serialize({"LocationConstraint": "eu-west-1"}, REQUEST_ID)).decode()
    assert body.endswith(f"<LocationConstraint {namespace}>eu-west-1</LocationConstraint>")
    empty = _body(operation.serialize({}, REQUEST_ID)).decode()
    assert empty.endswith(f"<LocationConstraint {namespace}></LocationConstraint>")


def test_s3s_roots_have_the_names_that_its_documentation_has() -> None:
    operation = ServiceProtocol.load("s3").operation("ListBuckets")
    root = ET.fromstring(_body(operation.serialize({"Buckets": []}, REQUEST_ID)))
    assert root.tag == "{http://s3.amazonaws.com/doc/2006-03-01/}ListAllMyBucketsResult"


def test_a_streamed_body_passes_through() -> None:
    async def chunks() -> Any:
        yield b"a"

    stream = chunks()
    operation = ServiceProtocol.load("s3").operation("GetObject")
    response = operation.serialize({"Body": stream, "ContentType": "text/plain"}, REQUEST_ID)
    assert response.body is stream
    assert [value for name, value in response.headers if name == "Content-Type"] == ["text/plain"]


def test_invoke_answers_with_its_status_headers_and_payload() -> None:
    operation = ServiceProtocol.load("lambda").operation("Invoke")
    response = operation.serialize(
        {
            "StatusCode": 200,
            "FunctionError": "Unhandled",
            "LogResult": "bG9n",
            "ExecutedVersion": "$LATEST",
            "Payload": b'{"errorMessage":"x"}',
        },
        REQUEST_ID,
    )
    assert response.status == 200
    assert dict(response.headers) == {
        "x-amzn-RequestId": REQUEST_ID,
        "X-Amz-Function-Error": "Unhandled",
        "X-Amz-Log-Result": "bG9n",
        "X-Amz-Executed-Version": "$LATEST",
        "Content-Type": "application/json",
    }
    assert response.body == b'{"errorMessage":"x"}'
    dry = operation.serialize({"StatusCode": 204}, REQUEST_ID)
    assert (dry.status, dry.body, header(dry, "content-type")) == (204, b"", None)


def test_a_member_that_the_model_does_not_know_is_a_mistake_of_ours() -> None:
    for service, name in (
        ("lambda", "Invoke"),
        ("lambda", "GetFunction"),
        ("logs", "DescribeLogGroups"),
        ("iam", "ListUsers"),
        ("cloudwatch", "ListMetrics"),
        ("s3", "ListBuckets"),
    ):
        with pytest.raises(KeyError, match="has no member Wrong"):
            ServiceProtocol.load(service).operation(name).serialize({"Wrong": 1}, REQUEST_ID)


def test_what_a_client_sent_cannot_add_headers_to_an_answer() -> None:
    operation = ServiceProtocol.load("s3").operation("GetObject")
    response = operation.serialize(
        {
            "Body": b"x",
            "ContentDisposition": "a\r\nset-cookie: b",
            "Metadata": {"k": "v\nx: y"},
        },
        REQUEST_ID,
    )
    assert all("\n" not in value and "\r" not in value for _, value in response.headers)


def test_a_body_that_is_not_json_is_told_in_each_services_code() -> None:
    request = Request("POST", "/2015-03-31/functions", "", {}, b'{"a":')
    operation = ServiceProtocol.load("lambda").route(request)
    with pytest.raises(Serialization, match="Could not parse request body into json: ") as refused:
        operation.parse(request)
    assert refused.value.error_code == "InvalidRequestContentException"
    request = Request("POST", "/", "", {}, b"\xff")
    with pytest.raises(Serialization) as refused:
        ServiceProtocol.load("logs").operation("DescribeLogGroups").parse(request)
    assert (refused.value.error_code, refused.value.http_status) == ("SerializationException", 400)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"logGroupName": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"logGroupName": True}, "TRUE_VALUE can not be converted to a String"),
        ({"logGroupName": []}, "Start of list found where not expected"),
        ({"logGroupName": {}}, "Start of structure or map found where not expected."),
        ({"limit": "1"}, "STRING_VALUE can not be converted to an Integer"),
        ({"limit": False}, "FALSE_VALUE can not be converted to an Integer"),
        ({"logStreamNames": "x"}, "Expected list or null"),
        ({"startTime": "x"}, "STRING_VALUE can not be converted to a Long"),
        ({"interleaved": "maybe"}, "STRING_VALUE can not be converted to a Boolean"),
        ([], "Start of list found where not expected"),
        (1, "Expected null"),
    ],
)
def test_wrong_json_types_are_told_in_awss_words(value: Any, message: str) -> None:
    request = Request("POST", "/", "", {}, orjson.dumps(value))
    with pytest.raises(Serialization) as refused:
        ServiceProtocol.load("logs").operation("FilterLogEvents").parse(request)
    assert refused.value.message == message
    assert refused.value.error_code == "SerializationException"


def test_unknown_members_and_nulls_are_ignored() -> None:
    body = b'{"logGroupName":"g","somethingNew":{"a":1},"nextToken":null}'
    operation = ServiceProtocol.load("logs").operation("FilterLogEvents")
    assert operation.parse(Request("POST", "/", "", {}, body)) == {"logGroupName": "g"}


def test_a_fraction_is_cut_off_where_an_integer_is_wanted() -> None:
    operation = ServiceProtocol.load("logs").operation("FilterLogEvents")
    body = b'{"logGroupName":"g","limit":7.9}'
    assert operation.parse(Request("POST", "/", "", {}, body))["limit"] == 7


def test_a_blob_that_is_not_base64_is_refused() -> None:
    body = orjson.dumps({"FunctionName": "f", "Role": "r", "Code": {"ZipFile": "not base64!"}})
    request = Request("POST", "/2015-03-31/functions", "", {}, body)
    with pytest.raises(Serialization, match="'not base64!' can not be converted to a Blob"):
        ServiceProtocol.load("lambda").route(request).parse(request)


@pytest.mark.parametrize("depth", [400, 900, 5000])
def test_nesting_beyond_all_reason_is_refused(depth: int) -> None:
    value = b'{"L":[' * depth + b'{"S":"x"}' + b"]}" * depth
    body = b'{"TableName":"ttt","Item":{"k":' + value + b"}}"
    operation = ServiceProtocol.load("dynamodb").operation("PutItem")
    with pytest.raises(Serialization) as refused:
        operation.read(Request("POST", "/", "", {}, body))
    assert refused.value.error_code == "SerializationException"


def test_xml_with_a_document_type_is_refused() -> None:
    body = (
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        b"<Delete><Object><Key>&b;</Key></Object></Delete>"
    )
    request = Request("POST", "/bucket", "delete", {}, body)
    operation = ServiceProtocol.load("s3").route(request)
    with pytest.raises(Serialization, match="document type") as refused:
        operation.parse(request)
    assert refused.value.error_code == "MalformedXML"


def test_xml_that_is_not_well_formed_is_refused() -> None:
    request = Request("POST", "/bucket", "delete", {}, b"<Delete>")
    with pytest.raises(Serialization, match="not well-formed") as refused:
        ServiceProtocol.load("s3").route(request).parse(request)
    assert refused.value.error_code == "MalformedXML"


def test_xml_is_read_whatever_its_namespace() -> None:
    for start in ('<x:Delete xmlns:x="urn:x"><x:Object><x:Key>k</x:Key></x:Object></x:Delete>',):
        request = Request("POST", "/bucket", "delete", {}, start.encode())
        found = ServiceProtocol.load("s3").route(request).parse(request)
        assert found["Delete"] == {"Objects": [{"Key": "k"}]}


def test_cbor_that_is_none_is_refused() -> None:
    operation = ServiceProtocol.load("cloudwatch").operation("ListMetrics")
    for body in (b"\xff", b"\xbf", cbor2.dumps([1])):
        with pytest.raises(Serialization):
            operation.parse(Request("POST", "/", "", {}, body))


def test_a_form_with_wrong_values_is_refused() -> None:
    operation = ServiceProtocol.load("iam").operation("ListUsers")
    request = Request("POST", "/", "", _FORM, b"Action=ListUsers&MaxItems=many")
    with pytest.raises(Serialization, match="can not be converted to an Integer") as refused:
        operation.parse(request)
    assert refused.value.error_code == "MalformedInput"
    deep = b"Action=ListUsers&" + b"a." * 5000 + b"b=1"
    with pytest.raises(Serialization, match="nested too deeply"):
        operation.parse(Request("POST", "/", "", _FORM, deep))
    numbered = b"Action=TagUser&UserName=u&Tags.member." + b"9" * 5000 + b".Key=1"
    tag_user = ServiceProtocol.load("iam").operation("TagUser")
    found = tag_user.parse(Request("POST", "/", "", _FORM, numbered))
    assert found == {"UserName": "u", "Tags": []}


def test_no_botocore_is_imported_on_the_way() -> None:
    script = (
        "import sys\n"
        "from ingle.wire.protocol import ServiceProtocol\n"
        "from ingle.wire.routing import find_service\n"
        "ServiceProtocol.load('lambda').operation('Invoke')\n"
        "sys.exit('botocore' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
