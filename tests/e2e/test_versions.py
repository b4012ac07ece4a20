"""Published versions, as boto3 sees them, on the real server."""

import base64
import hashlib

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, create, refusal, zip_of
from tests.e2e.test_updates import STALE, Load

ACCOUNT = "000000000000"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"


def source(value):
    return (
        "import os\n"
        "def handler(event, context):\n"
        f"    print('this is', {value!r})\n"
        "    return {\n"
        f"        'value': {value!r},\n"
        "        'setting': os.environ.get('SETTING'),\n"
        "        'version': os.environ['AWS_LAMBDA_FUNCTION_VERSION'],\n"
        "        'context': context.function_version,\n"
        "        'arn': context.invoked_function_arn,\n"
        "        'stream': context.log_stream_name,\n"
        "    }\n"
    )


def package(value):
    return zip_of(app=source(value))


def published(functions, name, **members):
    answer = functions.publish_version(FunctionName=name, **members)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    del answer["ResponseMetadata"]
    return answer


def configuration(functions, name, **members):
    answer = functions.get_function_configuration(FunctionName=name, **members)
    del answer["ResponseMetadata"]
    return answer


def test_a_version_is_described_as_aws_does(functions, deploy):
    name = deploy(source(1), Description="of latest")
    latest = configuration(functions, name)
    version = published(functions, name, Description="of the version")
    assert version == {
        **latest,
        "FunctionArn": f"{ARN}{name}:1",
        "Version": "1",
        "Description": "of the version",
        "RevisionId": version["RevisionId"],
    }
    assert version["RevisionId"] != latest["RevisionId"]
    for members in (
        {"FunctionName": name, "Qualifier": "1"},
        {"FunctionName": f"{name}:1"},
        {"FunctionName": f"{ARN}{name}:1"},
        {"FunctionName": f"{ACCOUNT}:function:{name}:1", "Qualifier": "1"},
    ):
        described = functions.get_function(**members)
        assert described["Configuration"] == version
        assert configuration(functions, members.pop("FunctionName"), **members) == version
    assert configuration(functions, name)["RevisionId"] != latest["RevisionId"]


def test_a_version_runs_its_own_code_and_settings_for_good(functions, deploy, invoke, messages):
    name = deploy(source("old"), Environment={"Variables": {"SETTING": "old"}})
    published(functions, name)
    assert invoke(name, Qualifier="1")[0]["value"] == "old"
    functions.update_function_code(FunctionName=name, ZipFile=package("new"))
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"SETTING": "new"}}
    )
    for members, version, value in (
        ({"FunctionName": name}, "$LATEST", "new"),
        ({"FunctionName": name, "Qualifier": "$LATEST"}, "$LATEST", "new"),
        ({"FunctionName": name, "Qualifier": "1"}, "1", "old"),
        ({"FunctionName": f"{ARN}{name}:1"}, "1", "old"),
    ):
        answer, response = invoke(members.pop("FunctionName"), **members)
        assert response["ExecutedVersion"] == version
        assert (answer["value"], answer["setting"]) == (value, value)
        assert answer["version"] == answer["context"] == version
        assert f"/[{version}]" in answer["stream"]
    assert invoke(name)[0]["arn"] == f"{ARN}{name}"
    assert invoke(name, Qualifier="$LATEST")[0]["arn"] == f"{ARN}{name}:$LATEST"
    assert invoke(name, Qualifier="1")[0]["arn"] == f"{ARN}{name}:1"
    starts = [line for line in messages(name) if line.startswith("START")]
    assert {line.split("Version: ")[1].strip() for line in starts} == {"1", "$LATEST"}


def test_versions_keep_their_warm_sandboxes_apart(functions, deploy, invoke):
    counting = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n"
    name = deploy(counting + "    return count\n")
    assert [invoke(name)[0] for _ in range(2)] == [1, 2]
    published(functions, name)
    # Publishing costs `$LATEST` no cold start, and the version has sandboxes of its own.
    assert invoke(name)[0] == 3
    assert [invoke(name, Qualifier="1")[0] for _ in range(2)] == [1, 2]
    # An update ends those of `$LATEST` only.
    functions.update_function_configuration(FunctionName=name, Timeout=9)
    assert invoke(name)[0] == 1
    assert invoke(name, Qualifier="1")[0] == 3


def test_unchanged_code_and_configuration_is_the_same_version(functions, deploy):
    name = deploy(source(1))
    first = published(functions, name)
    assert published(functions, name, Description="another") == first
    content = package(2)
    second = functions.update_function_code(FunctionName=name, ZipFile=content, Publish=True)
    assert (second["Version"], second["FunctionArn"]) == ("2", f"{ARN}{name}:2")
    again = functions.update_function_code(FunctionName=name, ZipFile=content, Publish=True)
    assert again["Version"] == "2"
    assert published(functions, name)["Version"] == "2"


def test_a_function_can_be_created_with_a_version(functions, deploy, invoke):
    name = "made-with-a-version"
    created = functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": package(1)},
        Publish=True,
    )
    try:
        assert (created["Version"], created["FunctionArn"]) == ("1", f"{ARN}{name}")
        assert invoke(name, Qualifier="1")[0]["version"] == "1"
    finally:
        functions.delete_function(FunctionName=name)


def test_what_is_published_must_be_what_the_caller_knows(functions, deploy):
    name = deploy(source(1))
    known = configuration(functions, name)
    digest = base64.b64encode(hashlib.sha256(package(1)).digest()).decode()
    wrong = {"FunctionName": name, "CodeSha256": "other"}
    assert refusal(functions.publish_version, **wrong) == (
        400,
        "InvalidParameterValueException",
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({digest}). Please "
        "try again with the CodeSHA256 in $LATEST.",
    )
    functions.update_function_configuration(FunctionName=name, Timeout=9)
    assert (
        refusal(functions.publish_version, FunctionName=name, RevisionId=known["RevisionId"])
        == STALE
    )
    latest = configuration(functions, name)["RevisionId"]
    assert published(functions, name, CodeSha256=digest, RevisionId=latest)["Version"] == "1"


@pytest.mark.parametrize("qualifier", ["7", "prod", "1x"])
def test_a_qualifier_that_means_nothing_is_not_found(functions, deploy, qualifier):
    name = deploy(source(1))
    expected = (404, "ResourceNotFoundException", f"Function not found: {ARN}{name}:{qualifier}")
    for call in (
        functions.get_function,
        functions.get_function_configuration,
        functions.invoke,
    ):
        assert refusal(call, FunctionName=name, Qualifier=qualifier) == expected
        assert refusal(call, FunctionName=f"{ARN}{name}:{qualifier}") == expected


def test_two_qualifiers_must_agree(functions, deploy):
    name = deploy(source(1))
    published(functions, name)
    for call in (
        functions.get_function,
        functions.get_function_configuration,
        functions.invoke,
        functions.delete_function,
    ):
        assert refusal(call, FunctionName=f"{name}:$LATEST", Qualifier="1") == (
            400,
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )


def test_a_version_cannot_be_changed(functions, deploy, invoke):
    name = deploy(source(1))
    published(functions, name)
    expected = (
        400,
        "InvalidParameterValueException",
        "Current operation does not support versions other than $LATEST. Please set the version "
        "to $LATEST or do not set a version in your request.",
    )
    arn = f"{ARN}{name}:1"
    assert refusal(functions.update_function_code, FunctionName=arn, ZipFile=package(2)) == expected
    assert refusal(functions.update_function_configuration, FunctionName=arn, Timeout=9) == expected
    assert refusal(functions.publish_version, FunctionName=arn) == expected
    assert invoke(name, Qualifier="1")[0]["value"] == 1


def test_versions_are_listed_in_pages(functions, deploy):
    name = deploy(source(1))
    for number in range(1, 12):
        functions.update_function_configuration(FunctionName=name, Timeout=number)
        published(functions, name)
    pages = functions.get_paginator("list_versions_by_function").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 5}
    )
    sizes, versions = zip(
        *((len(page["Versions"]), page["Versions"]) for page in pages), strict=True
    )
    assert sizes == (5, 5, 2)
    listed = [each for page in versions for each in page]
    assert [each["Version"] for each in listed] == ["$LATEST", *map(str, range(1, 12))]
    assert [each["Timeout"] for each in listed[1:]] == list(range(1, 12))
    every = functions.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    arns = [each["FunctionArn"] for page in every for each in page["Functions"]]
    own = [arn for arn in arns if arn.startswith(f"{ARN}{name}:")]
    assert own == [f"{ARN}{name}:{each['Version']}" for each in listed]


def test_a_deleted_version_is_gone_and_the_others_stay(functions, deploy, invoke):
    name = deploy(source(1))
    published(functions, name)
    functions.update_function_code(FunctionName=name, ZipFile=package(2), Publish=True)
    assert invoke(name, Qualifier="1")[0]["value"] == 1
    deleted = functions.delete_function(FunctionName=name, Qualifier="1")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal(functions.invoke, FunctionName=f"{name}:1")[0] == 404
    assert invoke(name, Qualifier="2")[0]["value"] == 2
    assert invoke(name)[0]["value"] == 2


def test_deleting_a_version_that_is_not_there_changes_nothing(functions, deploy, invoke):
    name = deploy(source(1))
    published(functions, name)
    deleted = functions.delete_function(FunctionName=name, Qualifier="7")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert invoke(name, Qualifier="1")[0]["value"] == 1
    assert refusal(functions.delete_function, FunctionName="nobody:7") == (
        404,
        "ResourceNotFoundException",
        f"Function not found: {ARN}nobody",
    )


def test_publishing_under_load_fails_no_call(functions, deploy, invoke):
    name = deploy(source(0), Timeout=30)
    published(functions, name)

    def call():
        latest, version = invoke(name)[0], invoke(name, Qualifier="1")[0]
        return version["value"], latest["value"] == int(latest["setting"] or 0)

    with Load(call, threads=4) as load:
        for number in range(1, 6):
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": {"SETTING": "0"}}, Timeout=30 + number
            )
            assert published(functions, name)["Version"] == str(number + 1)
    assert set(load.answers) == {(0, True)}


def test_versions_survive_a_kill(own_server):
    functions = own_server.client("lambda")
    name = create(functions, source("old"))
    published(functions, name)
    functions.update_function_code(FunctionName=name, ZipFile=package("new"), Publish=True)
    functions.publish_version(FunctionName=name)
    functions.delete_function(FunctionName=name, Qualifier="2")
    before = functions.list_versions_by_function(FunctionName=name)["Versions"]
    own_server.kill()
    own_server.start()
    functions = own_server.client("lambda")
    assert functions.list_versions_by_function(FunctionName=name)["Versions"] == before
    answer = functions.invoke(FunctionName=name, Qualifier="1")
    assert (answer["ExecutedVersion"], answer["Payload"].read()[:15]) == ("1", b'{"value": "old"')
    assert refusal(functions.invoke, FunctionName=name, Qualifier="2")[0] == 404
    assert published(functions, name)["Version"] == "3"
