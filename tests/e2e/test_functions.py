"""Issue point 5: the operations on functions, one after another, as boto3 calls them."""

import base64
import contextlib
import hashlib
import itertools
import re
import urllib.error
import urllib.request
import uuid

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, refusal, zip_of

SOURCE = "def handler(event, context):\n    return {}\n"


def returning(value):
    return zip_of(app=SOURCE.format(repr(value)))


def sha256(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.fixture
def name(functions):
    """The name of a function that is not there yet, and is deleted after the test."""
    new = f"f-{uuid.uuid4().hex[:12]}"
    yield new
    with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
        functions.delete_function(FunctionName=new)


def create(functions, name, package, **settings):
    return functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": package},
        **settings,
    )


def body(response):
    del response["ResponseMetadata"]
    return response


def test_a_new_function_is_described_as_aws_does(functions, name):
    package = returning(1)
    settings = {
        "Description": "täglich",
        "Timeout": 5,
        "MemorySize": 256,
        "Environment": {"Variables": {"KEY": "value"}},
        "EphemeralStorage": {"Size": 1024},
    }
    created = create(functions, name, package, Tags={"team": "red"}, **settings)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    created = body(created)
    stable = dict(created)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", stable.pop("RevisionId"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", stable.pop("LastModified"))
    assert stable.pop("RuntimeVersionConfig")["RuntimeVersionArn"].startswith(
        "arn:aws:lambda:us-east-1::runtime:"
    )
    assert stable.pop("Architectures") in (["x86_64"], ["arm64"])
    assert stable == {
        "FunctionName": name,
        "FunctionArn": arn,
        "Runtime": RUNTIME,
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(package),
        "CodeSha256": sha256(package),
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
        **settings,
    }
    assert body(functions.get_function_configuration(FunctionName=name)) == created
    found = functions.get_function(FunctionName=name)
    assert found["Configuration"] == created
    assert found["Tags"] == {"team": "red"}
    assert found["Code"]["RepositoryType"] == "S3"


def test_the_defaults_are_aws_s(functions, name):
    created = create(functions, name, returning(1))
    for member, value in {
        "Description": "",
        "Timeout": 3,
        "MemorySize": 128,
        "EphemeralStorage": {"Size": 512},
    }.items():
        assert created[member] == value
    assert "Environment" not in created
    assert "Tags" not in functions.get_function(FunctionName=name)


def fetch(url):
    with urllib.request.urlopen(url) as response:
        return response.read(), response.headers["content-type"]


def test_the_code_s_location_can_be_downloaded_without_credentials(functions, name):
    package = returning(1)
    created = create(functions, name, package)
    url = functions.get_function(FunctionName=name)["Code"]["Location"]
    content, kind = fetch(url)
    assert sha256(content) == created["CodeSha256"]
    assert (content, kind) == (package, "application/zip")


def test_a_location_that_was_tampered_with_is_refused(functions, name):
    create(functions, name, returning(1))
    url = functions.get_function(FunctionName=name)["Code"]["Location"]
    for wrong in (
        url[:-4] + "0000",
        url.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        url.replace("/packages/", "/packages/00"),
        url.partition("?")[0],
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(wrong)
        refused.value.close()
        assert refused.value.code == 403


def test_every_form_of_a_name_means_the_same_function(functions, name, invoke):
    created = create(functions, name, returning("it"))
    account, region = "000000000000", "us-east-1"
    for reference in (
        name,
        f"{name}:$LATEST",
        f"function:{name}",
        f"{account}:function:{name}",
        f"{account}:{name}",
        f"arn:aws:lambda:{region}:{account}:function:{name}",
        f"arn:aws:lambda:{region}:{account}:function:{name}:$LATEST",
    ):
        assert invoke(reference)[0] == "it"
        found = functions.get_function_configuration(FunctionName=reference)
        assert found["RevisionId"] == created["RevisionId"]
        qualifier = ":$LATEST" if reference.endswith(":$LATEST") else ""
        assert found["FunctionArn"] == created["FunctionArn"] + qualifier
    assert invoke(name, Qualifier="$LATEST")[0] == "it"


def test_what_is_not_there_is_not_found_by_its_arn(functions, name):
    create(functions, name, returning(1))
    arn = "arn:aws:lambda:us-east-1:000000000000:function:"
    for call in (
        functions.get_function,
        functions.get_function_configuration,
        functions.delete_function,
        functions.invoke,
    ):
        assert refusal(call, FunctionName="nobody") == (
            404,
            "ResourceNotFoundException",
            f"Function not found: {arn}nobody",
        )
        if call != functions.delete_function:
            assert refusal(call, FunctionName=name, Qualifier="7") == (
                404,
                "ResourceNotFoundException",
                f"Function not found: {arn}{name}:7",
            )
    expected = (404, "ResourceNotFoundException", f"Function not found: {arn}nobody")
    assert expected == refusal(
        functions.update_function_code, FunctionName="nobody", ZipFile=returning(1)
    )
    assert expected == refusal(
        functions.update_function_configuration, FunctionName="nobody", Timeout=1
    )


def test_arns_of_other_regions_and_accounts_are_refused(functions, name):
    create(functions, name, returning(1))
    assert refusal(
        functions.invoke, FunctionName=f"arn:aws:lambda:eu-west-1:000000000000:function:{name}"
    ) == (
        404,
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )
    foreign = f"arn:aws:lambda:us-east-1:111122223333:function:{name}"
    assert refusal(functions.invoke, FunctionName=foreign) == (
        403,
        "AccessDeniedException",
        "User: arn:aws:iam::000000000000:root is not authorized to perform: "
        f"lambda:InvokeFunction on resource: {foreign} because no resource-based policy allows "
        "the lambda:InvokeFunction action",
    )


def test_regions_do_not_mix(server, functions, name):
    create(functions, name, returning(1))
    abroad = server.client("lambda", region_name="eu-central-1")
    assert refusal(abroad.get_function, FunctionName=name)[1] == "ResourceNotFoundException"
    made = create(abroad, name, returning(2))
    assert made["FunctionArn"].startswith("arn:aws:lambda:eu-central-1:")
    assert abroad.invoke(FunctionName=name)["Payload"].read() == b"2"
    assert functions.invoke(FunctionName=name)["Payload"].read() == b"1"
    abroad.delete_function(FunctionName=name)
    assert functions.invoke(FunctionName=name)["Payload"].read() == b"1"


def test_functions_are_listed_by_name_in_pages(server, functions):
    client = server.client("lambda", region_name="ap-south-1")
    assert client.list_functions()["Functions"] == []
    names = sorted(f"page-{number}" for number in range(7))
    for each in reversed(names):
        create(client, each, returning(1))
    for size in (1, 3, 7, 50):
        pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": size})
        listed = [[each["FunctionName"] for each in page["Functions"]] for page in pages]
        assert list(itertools.chain.from_iterable(listed)) == names
        assert max(len(page) for page in listed) <= size
    entry = client.list_functions(MaxItems=1)["Functions"][0]
    assert entry["FunctionArn"] == "arn:aws:lambda:ap-south-1:000000000000:function:page-0"
    assert "State" not in entry
    versions = client.list_functions(FunctionVersion="ALL", MaxItems=1)["Functions"]
    assert versions[0]["FunctionArn"].endswith(":page-0:$LATEST")
    assert refusal(client.list_functions, Marker="nonsense")[:2] == (
        400,
        "InvalidParameterValueException",
    )
    for each in names:
        client.delete_function(FunctionName=each)


def test_account_settings_count_functions_and_code(server):
    client = server.client("lambda", region_name="sa-east-1")
    empty = body(client.get_account_settings())
    assert empty == {
        "AccountLimit": {
            "TotalCodeSize": 80_530_636_800,
            "CodeSizeUnzipped": 262_144_000,
            "CodeSizeZipped": 52_428_800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000,
        },
        "AccountUsage": {"TotalCodeSize": 0, "FunctionCount": 0},
    }
    package = returning(1)
    create(client, "one", package)
    create(client, "two", package)
    assert client.get_account_settings()["AccountUsage"] == {
        "TotalCodeSize": 2 * len(package),
        "FunctionCount": 2,
    }
    for each in ("one", "two"):
        client.delete_function(FunctionName=each)


def test_a_deleted_function_is_gone_and_its_name_is_free(functions, name, invoke):
    # Code that no other function has, which would keep it.
    create(functions, name, returning(name))
    url = functions.get_function(FunctionName=name)["Code"]["Location"]
    assert invoke(name)[0] == name
    deleted = functions.delete_function(FunctionName=name)
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(functions.invoke, FunctionName=name)[1] == "ResourceNotFoundException"
    assert refusal(functions.delete_function, FunctionName=name)[0] == 404
    with pytest.raises(urllib.error.HTTPError) as missing:
        fetch(url)
    missing.value.close()
    assert missing.value.code == 404
    create(functions, name, returning(2))
    assert invoke(name)[0] == 2


def test_latest_alone_cannot_be_deleted(functions, name):
    create(functions, name, returning(1))
    assert refusal(functions.delete_function, FunctionName=name, Qualifier="$LATEST") == (
        400,
        "InvalidParameterValueException",
        "$LATEST version cannot be deleted without deleting the function.",
    )
