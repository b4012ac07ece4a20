"""Aliases, as boto3 sees them, on the real server."""

import collections
import itertools
import json

import pytest

from tests.e2e.conftest import INVOKER_ROLE, create, refusal
from tests.e2e.test_updates import STALE, Load
from tests.e2e.test_versions import ARN, configuration, package, published, source


def versions_of(functions, deploy, count=2, **settings):
    """Deploy a function that answers its version's number, with so many versions."""
    name = deploy(source(1), **settings)
    published(functions, name)
    for number in range(2, count + 1):
        functions.update_function_code(FunctionName=name, ZipFile=package(number), Publish=True)
    return name


def alias(functions, name, alias_name, version, **members):
    answer = functions.create_alias(
        FunctionName=name, Name=alias_name, FunctionVersion=version, **members
    )
    assert answer.pop("ResponseMetadata")["HTTPStatusCode"] == 201
    return answer


def described(functions, name, alias_name):
    answer = functions.get_alias(FunctionName=name, Name=alias_name)
    del answer["ResponseMetadata"]
    return answer


def weights(**shares):
    return {"AdditionalVersionWeights": {key.lstrip("v"): share for key, share in shares.items()}}


def test_an_alias_is_described_as_aws_does(functions, deploy):
    name = versions_of(functions, deploy)
    live = alias(functions, name, "live", "1", Description="ü", RoutingConfig=weights(v2=0.2))
    assert live == {
        "AliasArn": f"{ARN}{name}:live",
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "ü",
        "RoutingConfig": {"AdditionalVersionWeights": {"2": 0.2}},
        "RevisionId": live["RevisionId"],
    }
    assert described(functions, name, "live") == live
    assert described(functions, f"{ARN}{name}", "live") == live
    plain = alias(functions, name, "plain", "$LATEST", RoutingConfig={})
    assert plain == {
        "AliasArn": f"{ARN}{name}:plain",
        "Name": "plain",
        "FunctionVersion": "$LATEST",
        "Description": "",
        "RevisionId": plain["RevisionId"],
    }


def test_an_alias_means_its_version_wherever_a_qualifier_is_taken(functions, deploy, invoke):
    name = versions_of(functions, deploy)
    alias(functions, name, "live", "1")
    version = configuration(functions, name, Qualifier="1")
    expected = {**version, "FunctionArn": f"{ARN}{name}:live"}
    for named, members in (
        (name, {"Qualifier": "live"}),
        (f"{name}:live", {}),
        (f"{ARN}{name}:live", {"Qualifier": "live"}),
        (f"000000000000:function:{name}:live", {}),
    ):
        described = functions.get_function(FunctionName=named, **members)
        assert described["Configuration"] == expected
        assert configuration(functions, named, **members) == expected
        answer, response = invoke(named, **members)
        assert response["ExecutedVersion"] == "1"
        assert (answer["value"], answer["version"], answer["context"]) == (1, "1", "1")
        assert answer["arn"] == f"{ARN}{name}:live"
        assert "/[1]" in answer["stream"]


def test_an_alias_shares_the_sandboxes_of_its_version(functions, deploy, invoke):
    counting = "count = 0\ndef handler(event, context):\n    global count\n    count += 1\n"
    name = deploy(counting + "    return count\n")
    published(functions, name)
    alias(functions, name, "live", "1")
    assert [invoke(name, Qualifier=each)[0] for each in ("1", "live", "1")] == [1, 2, 3]


def test_an_alias_is_moved_and_its_weights_are_set_and_emptied(functions, deploy, invoke):
    name = versions_of(functions, deploy)
    first = alias(functions, name, "live", "1", Description="kept")

    def update(**members):
        answer = functions.update_alias(FunctionName=name, Name="live", **members)
        del answer["ResponseMetadata"]
        assert described(functions, name, "live") == answer
        return answer

    moved = update(FunctionVersion="2")
    assert moved == {**first, "FunctionVersion": "2", "RevisionId": moved["RevisionId"]}
    assert moved["RevisionId"] != first["RevisionId"]
    assert invoke(name, Qualifier="live")[0]["value"] == 2
    shared = update(RoutingConfig=weights(v1=0.5), Description="")
    assert (shared["RoutingConfig"], shared["Description"]) == (weights(v1=0.5), "")
    assert update(Description="new")["RoutingConfig"] == weights(v1=0.5)
    assert "RoutingConfig" not in update(RoutingConfig={"AdditionalVersionWeights": {}})


def test_a_weighted_alias_draws_the_version_for_each_invocation(functions, deploy, invoke):
    name = versions_of(functions, deploy)
    alias(functions, name, "live", "1", RoutingConfig=weights(v2=0.5))
    drawn = collections.Counter()
    for _ in range(200):
        answer, response = invoke(name, Qualifier="live")
        assert response["ExecutedVersion"] == str(answer["value"]) == answer["version"]
        assert answer["arn"] == f"{ARN}{name}:live"
        drawn[answer["value"]] += 1
    # Fewer than 50 of 200 has a chance of less than one in a billion.
    assert drawn[1] >= 50
    assert drawn[2] >= 50
    for share, version in ((0.0, 1), (1.0, 2)):
        functions.update_alias(FunctionName=name, Name="live", RoutingConfig=weights(v2=share))
        assert {invoke(name, Qualifier="live")[0]["value"] for _ in range(20)} == {version}
    # What describes the function describes the alias's first version.
    assert configuration(functions, name, Qualifier="live")["Version"] == "1"


MEMBER_WEIGHTS = (
    "1 validation error detected: Value '{{{value}}}' at 'routingConfig.additionalVersionWeights' "
    "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less "
    "than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be "
    "null]"
)
MEMBER_KEYS = (
    "1 validation error detected: Value '{{{value}}}' at 'routingConfig.additionalVersionWeights' "
    "failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less "
    "than or equal to 1024, Member must have length greater than or equal to 1, Member must "
    "satisfy regular expression pattern: [0-9]+, Member must not be null]"
)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (
            {"FunctionVersion": "1", "RoutingConfig": weights(v1=0.1, v2=0.1)},
            (
                "InvalidParameterValueException",
                "Number of items in AdditionalVersionWeights cannot be greater than 1",
            ),
        ),
        (
            {"FunctionVersion": "1", "RoutingConfig": weights(v1=0.5)},
            (
                "InvalidParameterValueException",
                "Invalid function version 1. Function version 1 is already included in routing "
                "configuration.",
            ),
        ),
        (
            {"FunctionVersion": "$LATEST", "RoutingConfig": weights(v1=0.5)},
            (
                "InvalidParameterValueException",
                "$LATEST is not supported for an alias pointing to more than 1 version",
            ),
        ),
        (
            {"FunctionVersion": "1", "RoutingConfig": weights(v2=2.0)},
            ("ValidationException", MEMBER_WEIGHTS.format(value="2=2.0")),
        ),
        (
            {"FunctionVersion": "1", "RoutingConfig": weights(v2=-1.0)},
            ("ValidationException", MEMBER_WEIGHTS.format(value="2=-1.0")),
        ),
        (
            {
                "FunctionVersion": "1",
                "RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}},
            },
            ("ValidationException", MEMBER_KEYS.format(value="$LATEST=0.5")),
        ),
        (
            {"FunctionVersion": "10"},
            ("ResourceNotFoundException", "Function not found: {arn}:10"),
        ),
        (
            {"FunctionVersion": "1", "RoutingConfig": weights(v10=0.5)},
            ("ResourceNotFoundException", "Function not found: {arn}:10"),
        ),
    ],
)
def test_versions_and_weights_must_fit(functions, unchecked, deploy, members, expected):
    name = versions_of(functions, deploy)
    before = alias(functions, name, "there", "2")
    code, message = expected
    wanted = (
        404 if code == "ResourceNotFoundException" else 400,
        code,
        message.replace("{arn}", f"{ARN}{name}"),
    )
    assert refusal(unchecked.create_alias, FunctionName=name, Name="new", **members) == wanted
    assert refusal(unchecked.update_alias, FunctionName=name, Name="there", **members) == wanted
    assert described(functions, name, "there") == before
    assert len(functions.list_aliases(FunctionName=name)["Aliases"]) == 1


def test_moving_to_the_version_that_has_a_weight_is_refused(functions, deploy):
    name = versions_of(functions, deploy)
    alias(functions, name, "live", "1", RoutingConfig=weights(v2=0.5))
    assert refusal(functions.update_alias, FunctionName=name, Name="live", FunctionVersion="2") == (
        400,
        "InvalidParameterValueException",
        "Invalid function version 2. Function version 2 is already included in routing "
        "configuration.",
    )


def test_weighted_versions_must_have_the_same_role(functions, deploy):
    name = versions_of(functions, deploy, 1)
    functions.update_function_configuration(FunctionName=name, Role=INVOKER_ROLE)
    published(functions, name)
    members = {"FunctionVersion": "1", "RoutingConfig": weights(v2=0.5)}
    assert refusal(functions.create_alias, FunctionName=name, Name="live", **members) == (
        400,
        "InvalidParameterValueException",
        "Specified versions must be associated with the same execution role",
    )


@pytest.mark.parametrize("wrong", ["123", "a b", "ü", "x" * 129])
def test_a_name_that_is_a_number_or_has_other_characters_is_refused(
    functions, unchecked, deploy, wrong
):
    name = versions_of(functions, deploy, 1)
    status, code, message = refusal(
        unchecked.create_alias, FunctionName=name, Name=wrong, FunctionVersion="1"
    )
    assert (status, code) == (400, "ValidationException")
    assert message.startswith(
        f"1 validation error detected: Value '{wrong}' at 'name' failed to satisfy constraint: "
    )
    if len(wrong) < 129:
        assert message.endswith(
            "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
        )


def test_a_name_that_is_taken_is_refused(functions, deploy):
    name = versions_of(functions, deploy)
    first = alias(functions, name, "live", "1")
    assert refusal(functions.create_alias, FunctionName=name, Name="live", FunctionVersion="2") == (
        409,
        "ResourceConflictException",
        f"Alias already exists: {ARN}{name}:live",
    )
    assert described(functions, name, "live") == first


def test_what_is_not_there_is_not_found(functions, deploy):
    name = versions_of(functions, deploy, 1)
    missing = (404, "ResourceNotFoundException", f"Cannot find alias arn: {ARN}{name}:nothing")
    for call in (functions.get_alias, functions.update_alias):
        assert refusal(call, FunctionName=name, Name="nothing") == missing
    nobody = (404, "ResourceNotFoundException", f"Function not found: {ARN}nobody")
    for call in (functions.get_alias, functions.update_alias, functions.delete_alias):
        assert refusal(call, FunctionName="nobody", Name="live") == nobody
    assert refusal(functions.list_aliases, FunctionName="nobody") == nobody
    assert refusal(
        functions.create_alias, FunctionName="nobody", Name="live", FunctionVersion="1"
    ) == (404, "ResourceNotFoundException", f"Function not found: {ARN}nobody:1")
    # Deleting what is not there is done already.
    deleted = functions.delete_alias(FunctionName=name, Name="nothing")
    assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_operations_on_aliases_take_no_other_qualifier(functions, deploy):
    name = versions_of(functions, deploy, 1)
    alias(functions, name, "live", "1")
    for qualified in (f"{name}:1", f"{ARN}{name}:live"):
        for call, members in (
            (functions.create_alias, {"Name": "new", "FunctionVersion": "1"}),
            (functions.get_alias, {"Name": "live"}),
            (functions.update_alias, {"Name": "live"}),
            (functions.delete_alias, {"Name": "live"}),
            (functions.list_aliases, {}),
            (functions.update_function_code, {"ZipFile": package(2)}),
            (functions.publish_version, {}),
        ):
            assert refusal(call, FunctionName=qualified, **members) == (
                400,
                "InvalidParameterValueException",
                "Current operation does not support versions other than $LATEST. Please set the "
                "version to $LATEST or do not set a version in your request.",
            )


def test_an_alias_and_another_qualifier_must_agree(functions, deploy):
    name = versions_of(functions, deploy, 1)
    alias(functions, name, "live", "1")
    for call in (
        functions.get_function,
        functions.get_function_configuration,
        functions.invoke,
        functions.delete_function,
        functions.get_policy,
    ):
        assert refusal(call, FunctionName=f"{name}:live", Qualifier="1") == (
            400,
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )


def test_a_stale_revision_is_refused(functions, deploy):
    name = versions_of(functions, deploy)
    first = alias(functions, name, "live", "1")["RevisionId"]
    update = {"FunctionName": name, "Name": "live", "FunctionVersion": "2"}
    second = functions.update_alias(RevisionId=first, **update)["RevisionId"]
    assert refusal(functions.update_alias, RevisionId=first, **update) == STALE
    assert described(functions, name, "live")["RevisionId"] == second


def test_aliases_are_listed_in_pages_and_by_version(functions, deploy):
    name = versions_of(functions, deploy)
    names = [f"alias-{number:02}" for number in range(12)]
    for number, each in enumerate(names):
        alias(functions, name, each, str(number % 2 + 1))
    alias(functions, name, "weighted", "1", RoutingConfig=weights(v2=0.5))
    pages = functions.get_paginator("list_aliases").paginate(
        FunctionName=name, PaginationConfig={"PageSize": 5}
    )
    listed = [[each["Name"] for each in page["Aliases"]] for page in pages]
    assert [len(page) for page in listed] == [5, 5, 3]
    assert list(itertools.chain.from_iterable(listed)) == [*names, "weighted"]
    of_second = functions.list_aliases(FunctionName=name, FunctionVersion="2")["Aliases"]
    assert [each["Name"] for each in of_second] == [*names[1::2], "weighted"]
    assert functions.list_aliases(FunctionName=name, FunctionVersion="9")["Aliases"] == []
    assert refusal(functions.list_aliases, FunctionName=name, Marker="x") == (
        400,
        "InvalidParameterValueException",
        "Marker is not one that ListAliases answered.",
    )


def test_a_version_that_an_alias_leads_to_cannot_be_deleted(functions, deploy, invoke):
    name = versions_of(functions, deploy)
    for each in ("live", "blue"):
        alias(functions, name, each, "1")
    alias(functions, name, "canary", "1", RoutingConfig=weights(v2=0.1))
    for version, names in (("1", "blue, canary, live"), ("2", "canary")):
        assert refusal(functions.delete_function, FunctionName=name, Qualifier=version) == (
            409,
            "ResourceConflictException",
            f"Unable to delete version because the following aliases reference it: [{names}]",
        )
    assert refusal(functions.delete_function, FunctionName=f"{name}:live") == (
        400,
        "InvalidParameterValueException",
        "Deletion of aliases is not currently supported.",
    )
    for each in ("live", "blue", "canary"):
        deleted = functions.delete_alias(FunctionName=name, Name=each)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    functions.delete_function(FunctionName=name, Qualifier="1")
    assert refusal(functions.invoke, FunctionName=name, Qualifier="live")[0] == 404
    assert invoke(name)[0]["value"] == 2


def test_a_deleted_function_takes_its_aliases_and_policies_with_it(functions, deploy):
    name = versions_of(functions, deploy, 1)
    alias(functions, name, "live", "1")
    for qualifier in ({}, {"Qualifier": "live"}):
        functions.add_permission(
            FunctionName=name,
            StatementId="one",
            Action="lambda:InvokeFunction",
            Principal="*",
            **qualifier,
        )
    functions.delete_function(FunctionName=name)
    create(functions, source(2), FunctionName=name)
    published(functions, name)
    assert functions.list_aliases(FunctionName=name)["Aliases"] == []
    alias(functions, name, "live", "1")
    for qualifier in ({}, {"Qualifier": "live"}):
        assert refusal(functions.get_policy, FunctionName=name, **qualifier)[0] == 404


def test_an_alias_switched_under_load_fails_and_misroutes_no_call(functions, deploy, invoke):
    name = versions_of(functions, deploy, Timeout=30)
    alias(functions, name, "live", "1")
    switches = 30
    # How many switches were asked for, and how many were answered; after n the alias leads to:
    state = {"asked": 0, "answered": 0}

    def version(count):
        return count % 2 + 1

    def call():
        answered = state["answered"]
        answer, response = invoke(name, Qualifier="live")
        asked = state["asked"]
        if "FunctionError" in response:
            return answer
        if response["ExecutedVersion"] != str(answer["value"]):
            return answer
        possible = {version(count) for count in range(answered, asked + 1)}
        return len(possible), answer["value"] in possible

    with Load(call, threads=4) as load:
        for number in range(1, switches + 1):
            state["asked"] = number
            functions.update_alias(
                FunctionName=name, Name="live", FunctionVersion=str(version(number))
            )
            state["answered"] = number
            for _ in range(3):
                assert invoke(name, Qualifier="live")[0]["value"] == version(number)
    assert set(load.answers) <= {(1, True), (2, True)}
    assert load.answers.count((1, True)) > switches


def test_aliases_policies_and_tags_survive_a_kill(own_server):
    functions = own_server.client("lambda")
    name = create(functions, source(1), Tags={"a": "1"})
    for number in (2, 3):
        published(functions, name)
        functions.update_function_code(FunctionName=name, ZipFile=package(number))
    alias(functions, name, "live", "1", RoutingConfig=weights(v2=0.25), Description="ü")
    alias(functions, name, "gone", "1")
    arn = f"{ARN}{name}"
    for number, qualifier in enumerate(({}, {"Qualifier": "1"}, {"Qualifier": "live"})):
        functions.add_permission(
            FunctionName=name,
            StatementId=f"s{number}",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            **qualifier,
        )
    functions.tag_resource(Resource=arn, Tags={"b": "ü"})

    def everything(functions):
        policies = [
            functions.get_policy(FunctionName=name, **qualifier)
            for qualifier in ({}, {"Qualifier": "1"}, {"Qualifier": "live"})
        ]
        return (
            functions.list_aliases(FunctionName=name)["Aliases"],
            [(json.loads(each["Policy"]), each["RevisionId"]) for each in policies],
            functions.list_tags(Resource=arn)["Tags"],
        )

    functions.delete_alias(FunctionName=name, Name="gone")
    before = everything(functions)
    assert [len(part) for part in before] == [1, 3, 2]
    own_server.kill()
    own_server.start()
    assert everything(own_server.client("lambda")) == before
