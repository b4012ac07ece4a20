"""Tags of functions, as boto3 sees them."""

import pytest

from tests.e2e.conftest import refusal
from tests.e2e.test_aliases import alias, versions_of
from tests.e2e.test_versions import ARN, configuration, source


def tags(functions, name):
    listed = functions.list_tags(Resource=f"{ARN}{name}")["Tags"]
    # GetFunction leaves out what is empty.
    assert functions.get_function(FunctionName=name).get("Tags", {}) == listed
    return listed


def test_tags_are_added_changed_and_removed(functions, deploy):
    name = deploy(source(1), Tags={"team": "ü"})
    arn = f"{ARN}{name}"
    before = configuration(functions, name)
    assert tags(functions, name) == {"team": "ü"}
    tagged = functions.tag_resource(Resource=arn, Tags={"team": "x", "Stage": "", "a.b:c/d": "1"})
    assert tagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(functions, name) == {"team": "x", "Stage": "", "a.b:c/d": "1"}
    untagged = functions.untag_resource(Resource=arn, TagKeys=["team", "a.b:c/d", "other"])
    assert untagged["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert tags(functions, name) == {"Stage": ""}
    functions.untag_resource(Resource=arn, TagKeys=["Stage"])
    assert tags(functions, name) == {}
    # Neither code nor configuration changed.
    assert configuration(functions, name) == before


def test_tags_make_no_new_version_and_end_no_sandbox(functions, deploy, invoke):
    counting = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n"
    name = deploy(counting + "    return count\n")
    first = functions.publish_version(FunctionName=name)["Version"]
    assert invoke(name)[0] == 1
    functions.tag_resource(Resource=f"{ARN}{name}", Tags={"a": "b"})
    assert invoke(name)[0] == 2
    assert functions.publish_version(FunctionName=name)["Version"] == first


def test_a_function_has_at_most_fifty_tags(functions, deploy):
    name = deploy(source(1), Tags={f"k{number}": "" for number in range(49)})
    arn = f"{ARN}{name}"
    functions.tag_resource(Resource=arn, Tags={"k49": ""})
    functions.tag_resource(Resource=arn, Tags={"k49": "changed"})
    assert refusal(functions.tag_resource, Resource=arn, Tags={"one": "", "more": ""}) == (
        400,
        "InvalidParameterValueException",
        "Number of tags exceeds resource tag limit: 52 given, 50 allowed.",
    )
    assert len(tags(functions, name)) == 50


@pytest.mark.parametrize("key", ["aws:name", "AWS:name"])
def test_keys_that_aws_keeps_for_itself_are_refused(functions, deploy, key):
    name = deploy(source(1))
    assert refusal(functions.tag_resource, Resource=f"{ARN}{name}", Tags={key: "x"}) == (
        400,
        "InvalidParameterValueException",
        f"The tag key {key!r} is invalid: keys that begin with aws: are reserved.",
    )
    assert tags(functions, name) == {}


@pytest.mark.parametrize("given", [{"": "x"}, {"x" * 129: ""}, {"a": "x" * 257}, {"a#b": ""}])
def test_keys_and_values_keep_the_model_s_rules(functions, unchecked, deploy, given):
    name = deploy(source(1))
    refused = refusal(unchecked.tag_resource, Resource=f"{ARN}{name}", Tags=given)
    assert refused[:2] == (400, "ValidationException")
    assert "' at 'tags' failed to satisfy constraint: " in refused[2]


def test_no_tags_at_all_are_refused(functions, deploy):
    name = deploy(source(1))
    assert refusal(functions.tag_resource, Resource=f"{ARN}{name}", Tags={}) == (
        400,
        "InvalidParameterValueException",
        "Tags must hold at least one tag.",
    )


def test_only_a_function_itself_has_tags(functions, unchecked, deploy):
    name = versions_of(functions, deploy, 1)
    alias(functions, name, "live", "1")
    calls = (
        (functions.tag_resource, {"Tags": {"a": "b"}}),
        (functions.untag_resource, {"TagKeys": ["a"]}),
        (functions.list_tags, {}),
    )
    for qualifier in ("1", "live", "$LATEST"):
        for call, members in calls:
            assert refusal(call, Resource=f"{ARN}{name}:{qualifier}", **members) == (
                400,
                "InvalidParameterValueException",
                "Tags on function aliases and versions are not supported. Please specify a "
                "function ARN.",
            )
    for call, members in calls:
        assert refusal(call, Resource=f"{ARN}nobody", **members) == (
            404,
            "ResourceNotFoundException",
            f"Function not found: {ARN}nobody",
        )
    kind = "arn:aws:lambda:us-east-1:000000000000:capacity-provider:mine"
    assert refusal(functions.list_tags, Resource=kind) == (
        501,
        "NotImplemented",
        "Tags of a capacity-provider are not implemented by Ingle yet",
    )
    for text in (name, "arn:aws:s3:::bucket"):
        status, code, message = refusal(unchecked.list_tags, Resource=text)
        assert (status, code) == (400, "ValidationException")
        assert f"Value '{text}' at 'resource' failed to satisfy constraint" in message


def test_a_code_signing_configuration_has_tags(functions):
    profile = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/test/abcdefghij"
    config = functions.create_code_signing_config(
        AllowedPublishers={"SigningProfileVersionArns": [profile]}, Tags={"team": "x"}
    )["CodeSigningConfig"]
    arn = config["CodeSigningConfigArn"]
    functions.tag_resource(Resource=arn, Tags={"team": "y", "stage": "z"})
    assert functions.list_tags(Resource=arn)["Tags"] == {"team": "y", "stage": "z"}
    functions.untag_resource(Resource=arn, TagKeys=["team", "other"])
    assert functions.list_tags(Resource=arn)["Tags"] == {"stage": "z"}
    described = functions.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert described == config
    functions.delete_code_signing_config(CodeSigningConfigArn=arn)
    for call, members in (
        (functions.tag_resource, {"Tags": {"a": "b"}}),
        (functions.untag_resource, {"TagKeys": ["a"]}),
        (functions.list_tags, {}),
    ):
        assert refusal(call, Resource=arn, **members) == (
            404,
            "ResourceNotFoundException",
            f"The Lambda code signing configuration {arn} can not be found.",
        )


def test_another_account_and_another_region_are_not_reached(functions):
    assert refusal(
        functions.list_tags, Resource="arn:aws:lambda:eu-west-1:000000000000:function:f"
    ) == (
        404,
        "ResourceNotFoundException",
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    )
    status, code, _ = refusal(
        functions.list_tags, Resource="arn:aws:lambda:us-east-1:111111111111:function:f"
    )
    assert (status, code) == (403, "AccessDeniedException")
