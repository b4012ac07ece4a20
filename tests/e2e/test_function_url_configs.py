"""The operations on function URLs."""

import re

import pytest

from tests.e2e.conftest import create, refusal
from tests.e2e.urls import allow, publish, request

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
MISSING = (404, "ResourceNotFoundException", "The resource you requested does not exist.")
NO_FUNCTION = (404, "ResourceNotFoundException", "Function does not exist")


def without_metadata(answer):
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@pytest.fixture
def name(deploy):
    return deploy(ECHO)


@pytest.fixture
def aliased(functions, name):
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    return name


def test_a_function_url_is_described_as_aws_does(server, functions, name):
    created = functions.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    created = without_metadata(created)
    port = server.address[1]
    assert re.fullmatch(
        rf"http://[a-z0-9]{{32}}\.lambda-url\.us-east-1\.localhost:{port}/", created["FunctionUrl"]
    )
    assert re.fullmatch(TIME, created.pop("CreationTime"))
    assert created == {
        "FunctionUrl": created["FunctionUrl"],
        "FunctionArn": f"{ARN}{name}",
        "AuthType": "NONE",
    }
    got = without_metadata(functions.get_function_url_config(FunctionName=f"{ARN}{name}"))
    assert re.fullmatch(TIME, got["CreationTime"])
    assert got == created | {
        "CreationTime": got["CreationTime"],
        "LastModifiedTime": got["CreationTime"],
    }


def test_an_update_changes_what_it_names(functions, name):
    cors = {"AllowOrigins": ["https://example.com"], "AllowMethods": ["GET"], "MaxAge": 60}
    url = functions.create_function_url_config(FunctionName=name, AuthType="NONE", Cors=cors)
    assert url["Cors"] == cors
    update = functions.update_function_url_config
    updated = update(FunctionName=name, AuthType="AWS_IAM", InvokeMode="RESPONSE_STREAM")
    assert updated["FunctionUrl"] == url["FunctionUrl"]
    assert updated["CreationTime"] == url["CreationTime"] < updated["LastModifiedTime"]
    assert (updated["AuthType"], updated["InvokeMode"]) == ("AWS_IAM", "RESPONSE_STREAM")
    assert updated["Cors"] == cors
    assert update(FunctionName=name)["InvokeMode"] == "RESPONSE_STREAM"
    assert "Cors" not in update(FunctionName=name, Cors={})
    got = functions.get_function_url_config(FunctionName=name)
    assert "Cors" not in got
    assert got["AuthType"] == "AWS_IAM"


def test_a_function_and_its_aliases_have_one_each(functions, aliased):
    create_url = functions.create_function_url_config
    own = create_url(FunctionName=aliased, AuthType="NONE")
    live = create_url(FunctionName=f"{aliased}:live", Qualifier="live", AuthType="NONE")
    assert live["FunctionArn"] == f"{ARN}{aliased}:live"
    assert refusal(create_url, FunctionName=aliased, AuthType="NONE") == (
        409,
        "ResourceConflictException",
        f"Failed to create function url config for [functionArn = {ARN}{aliased}]. "
        "Error message:  FunctionUrlConfig exists for this Lambda function",
    )
    get = functions.get_function_url_config
    assert get(FunctionName=f"{aliased}:live")["FunctionUrl"] == live["FunctionUrl"]
    assert get(FunctionName=aliased)["FunctionUrl"] == own["FunctionUrl"]
    listed = functions.list_function_url_configs(FunctionName=aliased)
    urls = [each["FunctionUrl"] for each in listed["FunctionUrlConfigs"]]
    assert urls == [own["FunctionUrl"], live["FunctionUrl"]]
    assert "NextMarker" not in listed
    first = functions.list_function_url_configs(FunctionName=aliased, MaxItems=1)
    rest = functions.list_function_url_configs(FunctionName=aliased, Marker=first["NextMarker"])
    pages = first["FunctionUrlConfigs"] + rest["FunctionUrlConfigs"]
    assert [each["FunctionUrl"] for each in pages] == urls
    functions.delete_function_url_config(FunctionName=aliased)
    assert get(FunctionName=aliased, Qualifier="live")["FunctionUrl"] == live["FunctionUrl"]
    assert refusal(get, FunctionName=aliased) == MISSING


def test_what_is_not_there_is_told(functions, aliased):
    with_type = {"AuthType": "NONE"}
    for call, more, function, url in (
        (functions.create_function_url_config, with_type, NO_FUNCTION, None),
        (functions.update_function_url_config, {}, NO_FUNCTION, MISSING),
        (functions.get_function_url_config, {}, MISSING, MISSING),
        (functions.delete_function_url_config, {}, MISSING, MISSING),
        (functions.list_function_url_configs, {}, NO_FUNCTION, None),
    ):
        assert refusal(call, FunctionName="nobody", **more) == function
        if call != functions.list_function_url_configs:
            assert refusal(call, FunctionName=aliased, Qualifier="dead", **more) == function
            mismatch = refusal(call, FunctionName=f"{aliased}:a", Qualifier="live", **more)
            assert mismatch[:2] == (400, "InvalidParameterValueException")
        if url is not None:
            assert refusal(call, FunctionName=aliased, Qualifier="live", **more) == url
    assert refusal(functions.list_function_url_configs, FunctionName=aliased, Marker="no marker")[
        :2
    ] == (400, "InvalidParameterValueException")


def test_bad_values_are_refused_in_awss_words(unchecked, name):
    create_url = unchecked.create_function_url_config
    for members, told in (
        ({"AuthType": "MAYBE"}, "Value 'MAYBE' at 'authType' failed to satisfy constraint"),
        ({}, "at 'authType' failed to satisfy constraint: Member must not be null"),
        ({"AuthType": "NONE", "InvokeMode": "UNKNOWN"}, "Value 'UNKNOWN' at 'invokeMode'"),
        ({"AuthType": "NONE", "Qualifier": "1"}, "Value '1' at 'qualifier' failed to satisfy"),
        ({"AuthType": "NONE", "Qualifier": "$LATEST"}, "Value '$LATEST' at 'qualifier'"),
        ({"AuthType": "NONE", "Cors": {"MaxAge": 86401}}, "'cors.maxAge' failed to satisfy"),
        ({"AuthType": "NONE", "Cors": {"AllowMethods": ["OPTIONS"]}}, "at 'cors.allowMethods"),
    ):
        status, code, message = refusal(create_url, FunctionName=name, **members)
        assert (status, code) == (400, "ValidationException"), members
        assert told in message
    status, code, message = refusal(
        create_url, FunctionName=name, AuthType="NONE", Cors={"AllowMethods": ["TRACE"]}
    )
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message.startswith("Value 'TRACE' at 'cors.allowMethods'")


def test_a_deleted_function_alias_or_config_takes_its_url_with_it(server, functions, aliased):
    own = publish(functions, aliased)
    live = functions.create_function_url_config(
        FunctionName=aliased, Qualifier="live", AuthType="NONE"
    )["FunctionUrl"]
    allow(functions, aliased, Qualifier="live")
    assert request(server, live).status == 200
    functions.delete_alias(FunctionName=aliased, Name="live")
    assert request(server, live).json == {"Message": None}
    functions.create_alias(FunctionName=aliased, Name="live", FunctionVersion="1")
    live_config = {"FunctionName": aliased, "Qualifier": "live"}
    assert refusal(functions.get_function_url_config, **live_config) == MISSING
    assert request(server, own).status == 200
    functions.delete_function_url_config(FunctionName=aliased)
    assert request(server, own).json == {"Message": None}
    again = functions.create_function_url_config(FunctionName=aliased, AuthType="NONE")
    assert request(server, again["FunctionUrl"]).status == 200
    functions.delete_function(FunctionName=aliased)
    assert request(server, again["FunctionUrl"]).json == {"Message": None}
    create(functions, ECHO, FunctionName=aliased)
    assert refusal(functions.get_function_url_config, FunctionName=aliased) == MISSING


def test_function_urls_survive_a_kill(own_server):
    client = own_server.client("lambda")
    name = create(client, ECHO)
    cors = {"AllowOrigins": ["*"], "ExposeHeaders": ["x-a"]}
    url = publish(client, name, Cors=cors, InvokeMode="BUFFERED")
    before = without_metadata(client.get_function_url_config(FunctionName=name))
    own_server.kill()
    own_server.start()
    client = own_server.client("lambda")
    after = without_metadata(client.get_function_url_config(FunctionName=name))
    assert after.pop("FunctionUrl").split(".")[0] == before.pop("FunctionUrl").split(".")[0]
    assert after == before
    assert request(own_server, url, "POST", b"x").json["body"] == "eA=="
