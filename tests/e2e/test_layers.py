"""Layers, as boto3 sees them, on the real server."""

import base64
import hashlib
import json
import urllib.request
import uuid

import pytest

from tests.e2e.conftest import create, refusal
from tests.services.lambda_.zips import entry, file, zipped, zipped_entries

ACCOUNT = "000000000000"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:"
SOURCE = "def handler(event, context):\n    return 'it runs'\n"
LISTING = """
import os

def handler(event, context):
    if event:
        return event, __import__(event).value
    files = {}
    for folder, _, names in os.walk("/opt"):
        for name in names:
            path = os.path.join(folder, name)
            files[path] = [open(path).read(), os.access(path, os.X_OK), os.access(path, os.W_OK)]
    return files
"""
MISSING = (404, "ResourceNotFoundException", "The resource you requested does not exist.")


@pytest.fixture
def name():
    """The name of a layer that no other test has."""
    return f"l-{uuid.uuid4().hex[:12]}"


def published(functions, name, files=None, **members):
    content = zipped(files or {"python/tools.py": "x = 1"})
    answer = functions.publish_layer_version(
        LayerName=name, Content={"ZipFile": content}, **members
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    del answer["ResponseMetadata"]
    return answer


def test_a_layer_version_is_described_as_aws_does(functions, name):
    said = {
        "Description": "mine",
        "LicenseInfo": "MIT",
        "CompatibleRuntimes": ["python3.11", "python3.12"],
        "CompatibleArchitectures": ["x86_64"],
    }
    version = published(functions, name, **said)
    assert version.pop("CreatedDate").endswith("+0000")
    content = version.pop("Content")
    assert version == {
        **said,
        "LayerArn": f"{ARN}{name}",
        "LayerVersionArn": f"{ARN}{name}:1",
        "Version": 1,
    }
    for described in (
        functions.get_layer_version(LayerName=name, VersionNumber=1),
        functions.get_layer_version(LayerName=f"{ARN}{name}", VersionNumber=1),
        functions.get_layer_version_by_arn(Arn=f"{ARN}{name}:1"),
    ):
        assert {member: described[member] for member in version} == version
        assert described["Content"]["CodeSha256"] == content["CodeSha256"]
    with urllib.request.urlopen(content["Location"]) as response:
        body = response.read()
    assert len(body) == content["CodeSize"]
    assert base64.b64encode(hashlib.sha256(body).digest()).decode() == content["CodeSha256"]


def test_layers_and_their_versions_are_listed(functions, name):
    for number in range(7):
        published(
            functions,
            f"{name}-{number % 2}",
            CompatibleRuntimes=["python3.11"] if number < 4 else ["java21"],
        )
    pages = functions.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 1})
    every = {each["LayerName"]: each for page in pages for each in page["Layers"]}
    newest = {n: every[f"{name}-{n}"]["LatestMatchingVersion"]["Version"] for n in range(2)}
    assert newest == {0: 4, 1: 3}
    (one,) = [
        each
        for each in functions.list_layers(CompatibleRuntime="python3.11")["Layers"]
        if each["LayerName"] == f"{name}-0"
    ]
    assert one["LayerArn"] == f"{ARN}{name}-0"
    assert one["LatestMatchingVersion"]["LayerVersionArn"] == f"{ARN}{name}-0:2"
    pages = functions.get_paginator("list_layer_versions").paginate(
        LayerName=f"{name}-0", PaginationConfig={"PageSize": 3}
    )
    assert [[each["Version"] for each in page["LayerVersions"]] for page in pages] == [
        [4, 3, 2],
        [1],
    ]
    listed = functions.list_layer_versions(LayerName=f"{name}-0", CompatibleRuntime="java21")
    assert [each["Version"] for each in listed["LayerVersions"]] == [4, 3]
    assert functions.list_layer_versions(LayerName="nothing")["LayerVersions"] == []


def test_a_function_finds_its_layers_merged_in_opt(functions, deploy, invoke, name):
    """Folders are merged, of files of one name the last layer's stays, and nothing is writable."""
    program = (entry("bin/run", permissions=0o755), b"#!/bin/sh")
    one = published(functions, f"{name}-1", {"python/both.py": "value = 1", "data/one": "1"})
    two = functions.publish_layer_version(
        LayerName=f"{name}-2",
        Content={"ZipFile": zipped_entries(file("python/both.py", b"value = 2"), program)},
    )
    arns = [one["LayerVersionArn"], two["LayerVersionArn"]]
    function = deploy(LISTING, Layers=arns)
    described = functions.get_function_configuration(FunctionName=function)
    assert described["Layers"] == [
        {"Arn": each["LayerVersionArn"], "CodeSize": each["Content"]["CodeSize"]}
        for each in (one, two)
    ]
    assert invoke(function)[0] == {
        "/opt/python/both.py": ["value = 2", False, False],
        "/opt/data/one": ["1", False, False],
        "/opt/bin/run": ["#!/bin/sh", True, False],
    }
    assert invoke(function, "both")[0] == ["both", 2]
    functions.publish_version(FunctionName=function)
    functions.update_function_configuration(FunctionName=function, Layers=arns[::-1])
    assert invoke(function, "both")[0] == ["both", 1]
    cleared = functions.update_function_configuration(FunctionName=function, Layers=[])
    assert "Layers" not in cleared
    assert invoke(function)[0] == {}
    assert invoke(function, "both", Qualifier="1")[0] == ["both", 2]


def test_a_deleted_version_goes_on_where_it_is_used(functions, deploy, invoke, name):
    arn = published(functions, name)["LayerVersionArn"]
    function = deploy(LISTING, Layers=[arn])
    for _ in range(2):
        deleted = functions.delete_layer_version(LayerName=name, VersionNumber=1)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(functions.get_layer_version, LayerName=name, VersionNumber=1) == MISSING
    assert refusal(functions.get_layer_version_by_arn, Arn=arn) == MISSING
    described = functions.get_function_configuration(FunctionName=function)
    assert described["Layers"][0]["Arn"] == arn
    functions.update_function_configuration(FunctionName=function, Timeout=9)
    assert list(invoke(function)[0]) == ["/opt/python/tools.py"]
    assert refusal(
        functions.update_function_configuration, FunctionName=function, Layers=[arn]
    ) == (400, "InvalidParameterValueException", f"Layer version {arn} does not exist.")
    assert published(functions, name)["Version"] == 2


def test_layers_that_a_function_cannot_have_are_refused(server, functions, deploy, name):
    first, second = (published(functions, name)["LayerVersionArn"] for _ in range(2))
    elsewhere = server.client("lambda", region_name="eu-west-1")
    far = published(elsewhere, name)["LayerVersionArn"]
    function = deploy(SOURCE)
    for layers, message in (
        ([f"{ARN}{name}{n}:1" for n in range(6)], "Cannot reference more than 5 layers."),
        ([f"{ARN}{name}:3"], f"Layer version {ARN}{name}:3 does not exist."),
        (
            [first, second],
            "Two different versions of the same layer are not allowed to be referenced in the same "
            f"function. {first} and {second} are versions of the same layer.",
        ),
        (
            [far],
            "Layers are not in the same region as the function. Layers are expected to be in "
            "region us-east-1.",
        ),
    ):
        expected = (400, "InvalidParameterValueException", message)
        update = functions.update_function_configuration
        assert refusal(update, FunctionName=function, Layers=layers) == expected
    assert "Layers" not in functions.get_function_configuration(FunctionName=function)
    status, code, _ = refusal(
        functions.update_function_configuration,
        FunctionName=function,
        Layers=[first.replace(ACCOUNT, "1" * 12)],
    )
    assert (status, code) == (403, "AccessDeniedException")


def test_code_and_layers_may_have_250_mb_together(functions, deploy, name):
    megabytes = {n: {"zeros": bytes(n << 20)} for n in (100, 120)}
    layers = [
        published(functions, f"{name}-{n}-{size}", megabytes[size])["LayerVersionArn"]
        for n, size in enumerate((100, 120, 120))
    ]
    function = deploy(SOURCE)
    update = functions.update_function_configuration
    status, code, message = refusal(update, FunctionName=function, Layers=layers)
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message == "Layers consume more than the available size of 262144000 bytes"
    update(FunctionName=function, Layers=layers[:2])
    big = zipped({"app.py": SOURCE, "zeros": bytes(40 << 20)})
    status, code, message = refusal(
        functions.update_function_code, FunctionName=function, ZipFile=big
    )
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message == (
        "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. "
        f"The actual size is {(260 << 20) + len(SOURCE)} bytes."
    )


def test_a_layer_version_has_a_policy(functions, name):
    arn = published(functions, name)["LayerVersionArn"]
    version = {"LayerName": name, "VersionNumber": 1}
    statement = {**version, "Action": "lambda:GetLayerVersion", "Principal": "111111111111"}
    added = functions.add_layer_version_permission(StatementId="s1", **statement)
    assert added["ResponseMetadata"]["HTTPStatusCode"] == 201
    expected = {
        "Sid": "s1",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
        "Action": "lambda:GetLayerVersion",
        "Resource": arn,
    }
    assert json.loads(added["Statement"]) == expected
    policy = functions.get_layer_version_policy(**version)
    assert policy["RevisionId"] == added["RevisionId"]
    assert json.loads(policy["Policy"])["Statement"] == [expected]
    assert refusal(
        functions.add_layer_version_permission, StatementId="s2", RevisionId="old", **statement
    )[:2] == (412, "PreconditionFailedException")
    assert refusal(functions.add_layer_version_permission, StatementId="s1", **statement)[:2] == (
        409,
        "ResourceConflictException",
    )
    functions.remove_layer_version_permission(
        StatementId="s1", RevisionId=added["RevisionId"], **version
    )
    assert refusal(functions.get_layer_version_policy, **version) == (
        404,
        "ResourceNotFoundException",
        "No policy is associated with the given resource.",
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"S3Bucket": "bucket", "S3Key": "key"}, "Error occurred while GetObject. S3 Error Code"),
        ({"ZipFile": b"no zip"}, "Could not unzip uploaded file."),
        ({"ZipFile": zipped({"../outside": "x"})}, "Could not unzip uploaded file."),
        ({}, "Please provide a source for layer code."),
    ],
)
def test_what_is_no_layer_is_refused(unchecked, name, content, message):
    status, code, told = refusal(unchecked.publish_layer_version, LayerName=name, Content=content)
    assert (status, code) == (400, "InvalidParameterValueException")
    assert told.startswith(message)


def test_wrong_members_are_named(unchecked, name):
    for call, members, words in (
        ("get_layer_version", {"LayerName": name, "VersionNumber": 0}, "Layer Version Cannot be"),
        ("get_layer_version_by_arn", {"Arn": f"{ARN}{name}"}, "at 'arn' failed to satisfy"),
        ("list_layers", {"CompatibleRuntime": "cobol"}, "at 'compatibleRuntime' failed to"),
        ("list_layers", {"MaxItems": 51}, "at 'maxItems' failed to satisfy constraint"),
        ("list_layer_versions", {"LayerName": "a b"}, "at 'layerName' failed to satisfy"),
    ):
        status, _, message = refusal(getattr(unchecked, call), **members)
        assert status == 400
        assert words in message


def test_layers_survive_a_restart(own_server):
    functions = own_server.client("lambda")
    kept = published(functions, "kept")
    published(functions, "deleted", {"python/gone.py": "x = 2"})
    function = create(functions, LISTING, Layers=[kept["LayerVersionArn"], f"{ARN}deleted:1"])
    functions.delete_layer_version(LayerName="deleted", VersionNumber=1)
    functions.add_layer_version_permission(
        LayerName="kept",
        VersionNumber=1,
        StatementId="s1",
        Action="lambda:GetLayerVersion",
        Principal="*",
    )

    def described():
        policy = functions.get_layer_version_policy(LayerName="kept", VersionNumber=1)
        return (
            functions.list_layers()["Layers"],
            functions.get_function_configuration(FunctionName=function)["Layers"],
            policy["Policy"],
            policy["RevisionId"],
        )

    before = described()
    own_server.kill()
    own_server.start()
    functions = own_server.client("lambda")
    assert described() == before
    found = json.load(functions.invoke(FunctionName=function)["Payload"])
    assert sorted(found) == ["/opt/python/gone.py", "/opt/python/tools.py"]
    assert published(functions, "deleted")["Version"] == 2
