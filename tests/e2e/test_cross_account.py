"""Callers of other accounts: admitted only where both sides allow it."""

import contextlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.callers import Keys, allow, arn_of, document, new_account, new_role, new_user
from tests.e2e.conftest import ROLE, RUNTIME, refusal, zip_of
from tests.e2e.server import Server
from tests.e2e.test_aliases import alias, versions_of
from tests.e2e.test_versions import ARN

THEIRS = "111122223333"
USING = "import tools\ndef handler(event, context):\n    return tools.ANSWER\n"


def source(number: int) -> str:
    """A function that answers a number."""
    return f"def handler(event, context):\n    return {number}\n"


@pytest.fixture(scope="module")
def their_root(server: Server) -> Keys:
    """The root user of another account."""
    return new_account(server, THEIRS)


@pytest.fixture(scope="module")
def theirs(server: Server, their_root: Keys) -> Any:
    """Its Lambda client."""
    return server.client("lambda", **their_root)


def denied(
    principal: str, arn: str, action: str = "lambda:InvokeFunction", kind: str = "resource"
) -> tuple[int, str, str]:
    return (
        403,
        "AccessDeniedException",
        f"User: {principal} is not authorized to perform: {action} on resource: {arn} because no "
        f"{kind}-based policy allows the {action} action",
    )


def admit(functions: Any, name: str, principal: str = THEIRS, **members: Any) -> None:
    settings = {"StatementId": f"s-{uuid.uuid4().hex}", "Action": "lambda:InvokeFunction"} | members
    functions.add_permission(FunctionName=name, Principal=principal, **settings)


def test_another_account_invokes_a_function_after_add_permission_and_not_before(
    functions: Any, theirs: Any, deploy: Callable[..., str]
) -> None:
    name = deploy(source(1))
    root = f"arn:aws:iam::{THEIRS}:root"
    references = (ARN + name, f"000000000000:function:{name}", f"000000000000:{name}")
    for each in references:
        assert refusal(theirs.invoke, FunctionName=each) == denied(root, ARN + name)
    admit(functions, name)
    for each in references:
        assert theirs.invoke(FunctionName=each)["Payload"].read() == b"1"
    assert theirs.invoke(FunctionName=ARN + name, InvocationType="Event")["StatusCode"] == 202
    streamed = theirs.invoke_with_response_stream(FunctionName=ARN + name)
    assert next(iter(streamed["EventStream"]))["PayloadChunk"]["Payload"] == b"1"
    streamed["EventStream"].close()
    # The name alone is that of a function of their own.
    assert refusal(theirs.invoke, FunctionName=name)[1] == "ResourceNotFoundException"
    get = theirs.get_function_configuration
    assert refusal(get, FunctionName=ARN + name) == denied(
        root, ARN + name, "lambda:GetFunctionConfiguration"
    )
    admit(functions, name, Action="lambda:GetFunctionConfiguration")
    assert get(FunctionName=ARN + name)["FunctionName"] == name
    policy = json.loads(functions.get_policy(FunctionName=name)["Policy"])
    for each in policy["Statement"]:
        functions.remove_permission(FunctionName=name, StatementId=each["Sid"])
    assert refusal(theirs.invoke, FunctionName=ARN + name) == denied(root, ARN + name)


def test_both_sides_must_allow_it(
    server: Server, functions: Any, their_root: Keys, deploy: Callable[..., str]
) -> None:
    name = deploy(source(1))
    arn = ARN + name
    admitted = new_user(server, allow("lambda:InvokeFunction", on=arn), root=their_root)
    powerless = new_user(server, root=their_root)
    elsewhere = new_user(server, allow("lambda:InvokeFunction", on=f"{arn}x"), root=their_root)

    def invoke(keys: Keys) -> bytes:
        payload: bytes = server.client("lambda", **keys).invoke(FunctionName=arn)["Payload"].read()
        return payload

    user = arn_of(admitted, server)
    assert refusal(lambda: invoke(admitted)) == denied(user, arn)
    admit(functions, name)
    assert invoke(admitted) == b"1"
    for keys in (powerless, elsewhere):
        expected = denied(arn_of(keys, server), arn, kind="identity")
        assert refusal(lambda keys=keys: invoke(keys)) == expected


def test_one_user_of_another_account_can_be_named(
    server: Server, functions: Any, their_root: Keys, deploy: Callable[..., str]
) -> None:
    name = deploy(source(1))
    permission = allow("lambda:InvokeFunction")
    named, other = (new_user(server, permission, root=their_root) for _ in range(2))
    admit(functions, name, arn_of(named, server))
    assert server.client("lambda", **named).invoke(FunctionName=ARN + name)["StatusCode"] == 200
    call = server.client("lambda", **other).invoke
    assert refusal(call, FunctionName=ARN + name) == denied(arn_of(other, server), ARN + name)


def test_a_deny_counts_for_another_account_too(
    functions: Any, theirs: Any, deploy: Callable[..., str]
) -> None:
    arn = ARN + deploy(source(1))
    statement = {"Principal": {"AWS": THEIRS}, "Action": "lambda:InvokeFunction", "Resource": arn}
    policy = document({"Effect": "Allow"} | statement, {"Effect": "Deny"} | statement)
    functions.put_resource_policy(ResourceArn=arn, Policy=policy)
    status, code, message = refusal(theirs.invoke, FunctionName=arn)
    assert (status, code) == (403, "AccessDeniedException")
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_a_policy_counts_only_for_what_it_belongs_to(
    functions: Any, theirs: Any, deploy: Callable[..., str]
) -> None:
    name = versions_of(functions, deploy)
    alias(functions, name, "live", "1")
    arns = {each: f"{ARN}{name}{each}" for each in ("", ":1", ":2", ":live", ":$LATEST")}

    def admitted() -> list[str]:
        found = []
        for each, arn in arns.items():
            try:
                theirs.invoke(FunctionName=arn)
                found.append(each)
            except theirs.exceptions.ClientError:
                expected = denied(f"arn:aws:iam::{THEIRS}:root", arn)[:2]
                assert refusal(theirs.invoke, FunctionName=arn)[:2] == expected
        return found

    assert admitted() == []
    admit(functions, name, Qualifier="live")
    assert admitted() == [":live"]
    admit(functions, name, Qualifier="1")
    assert admitted() == [":1", ":live"]
    admit(functions, name)
    assert admitted() == ["", ":1", ":live"]
    # A whole policy of the function can be about all that is qualified.
    everything = [arns[""], f"{arns['']}:*"]
    statement = {"Principal": {"AWS": THEIRS}, "Action": "lambda:*", "Resource": everything}
    policy = document({"Effect": "Allow"} | statement)
    functions.put_resource_policy(ResourceArn=arns[""], Policy=policy)
    assert admitted() == list(arns)
    denies = document({"Effect": "Deny"} | statement | {"Resource": f"{arns['']}:*"})
    functions.put_resource_policy(ResourceArn=arns[""], Policy=denies)
    assert admitted() == []


def test_what_no_policy_can_allow_stays_with_the_account(
    functions: Any, theirs: Any, deploy: Callable[..., str]
) -> None:
    arn = ARN + deploy(source(1))
    statement = {"Principal": {"AWS": THEIRS}, "Action": "lambda:*", "Resource": arn}
    functions.put_resource_policy(ResourceArn=arn, Policy=document({"Effect": "Allow"} | statement))
    assert theirs.get_function(FunctionName=arn)["Configuration"]["FunctionArn"] == arn
    theirs.tag_resource(Resource=arn, Tags={"by": "them"})
    assert functions.list_tags(Resource=arn)["Tags"] == {"by": "them"}
    published = theirs.publish_version(FunctionName=arn)
    assert published["FunctionArn"] == f"{arn}:1"
    theirs.update_function_code(FunctionName=arn, ZipFile=zip_of(app=source(2)))
    assert functions.invoke(FunctionName=arn)["Payload"].read() == b"2"
    root = f"arn:aws:iam::{THEIRS}:root"
    for call, members, action in (
        (theirs.update_function_configuration, {"Timeout": 9}, "UpdateFunctionConfiguration"),
        (theirs.put_function_recursion_config, {"RecursiveLoop": "Allow"}, None),
        (theirs.create_function_url_config, {"AuthType": "NONE"}, "CreateFunctionUrlConfig"),
        (
            theirs.add_permission,
            {"StatementId": "a", "Action": "lambda:InvokeFunction", "Principal": THEIRS},
            "AddPermission",
        ),
    ):
        found = refusal(call, FunctionName=arn, **members)
        expected = denied(root, arn, f"lambda:{action or 'PutFunctionRecursionConfig'}")
        assert found == expected


def test_functions_of_two_accounts_have_names_of_their_own(
    server: Server, functions: Any, theirs: Any, their_root: Keys, deploy: Callable[..., str]
) -> None:
    name = deploy(source(1))
    settings = {"FunctionName": name, "Runtime": RUNTIME, "Handler": "app.handler"}
    code = {"Code": {"ZipFile": zip_of(app=source(2))}}
    assert refusal(theirs.create_function, **settings, **code, Role=ROLE) == (
        403,
        "AccessDeniedException",
        "Cross-account pass role is not allowed.",
    )
    role = new_role(server, root=their_root)
    theirs.create_function(**settings, **code, Role=role)
    assert theirs.invoke(FunctionName=name)["Payload"].read() == b"2"
    assert functions.invoke(FunctionName=name)["Payload"].read() == b"1"
    assert [each["FunctionName"] for each in theirs.list_functions()["Functions"]] == [name]
    theirs.delete_function(FunctionName=name)
    assert functions.invoke(FunctionName=name)["Payload"].read() == b"1"


def test_a_layer_of_another_account_is_used_by_its_policy(
    server: Server, functions: Any, theirs: Any, their_root: Keys
) -> None:
    layer = f"layer-{uuid.uuid4().hex[:12]}"
    content = {"ZipFile": zip_of(**{"python/tools": "ANSWER = 42\n"})}
    arn = functions.publish_layer_version(LayerName=layer, Content=content)["LayerVersionArn"]
    root = f"arn:aws:iam::{THEIRS}:root"
    settings = {
        "FunctionName": f"f-{uuid.uuid4().hex[:12]}",
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "Role": new_role(server, root=their_root),
        "Layers": [arn],
        "Code": {
            "ZipFile": zip_of(app="import tools\ndef handler(e, c):\n    return tools.ANSWER\n")
        },
    }
    expected = denied(root, arn, "lambda:GetLayerVersion")
    assert refusal(theirs.create_function, **settings) == expected
    assert refusal(theirs.get_layer_version_by_arn, Arn=arn) == expected
    named = {"LayerName": arn.rpartition(":")[0], "VersionNumber": 1}
    assert refusal(theirs.get_layer_version, **named) == expected
    functions.add_layer_version_permission(
        LayerName=layer,
        VersionNumber=1,
        StatementId="them",
        Action="lambda:GetLayerVersion",
        Principal=THEIRS,
    )
    assert theirs.get_layer_version_by_arn(Arn=arn)["Version"] == 1
    assert theirs.get_layer_version(**named)["Version"] == 1
    theirs.create_function(**settings)
    name = settings["FunctionName"]
    assert theirs.invoke(FunctionName=name)["Payload"].read() == b"42"
    functions.remove_layer_version_permission(LayerName=layer, VersionNumber=1, StatementId="them")
    # What has it keeps it; what is to get it anew does not.
    assert theirs.invoke(FunctionName=name)["Payload"].read() == b"42"
    update = theirs.update_function_configuration
    assert refusal(update, FunctionName=name, Layers=[arn]) == expected
    assert refusal(theirs.delete_layer_version, **named)[1] == "AccessDeniedException"
    theirs.delete_function(FunctionName=name)
    functions.delete_layer_version(LayerName=layer, VersionNumber=1)


def test_a_user_needs_the_layers_of_its_own_account_too(
    server: Server, functions: Any, deploy: Callable[..., str]
) -> None:
    layer = f"layer-{uuid.uuid4().hex[:12]}"
    content = {"ZipFile": zip_of(**{"python/tools": "ANSWER = 42\n"})}
    arn = functions.publish_layer_version(LayerName=layer, Content=content)["LayerVersionArn"]
    name = deploy(source(1))
    for permissions, accepted in ((("lambda:GetLayerVersion",), True), ((), False)):
        allowed = allow("lambda:UpdateFunctionConfiguration", *permissions)
        keys = new_user(server, allowed)
        update = server.client("lambda", **keys).update_function_configuration
        if accepted:
            assert update(FunctionName=name, Layers=[arn])["Layers"][0]["Arn"] == arn
        else:
            assert refusal(update, FunctionName=name, Layers=[arn]) == denied(
                arn_of(keys, server), arn, "lambda:GetLayerVersion", "identity"
            )
    functions.delete_layer_version(LayerName=layer, VersionNumber=1)


def test_no_way_to_name_a_function_leads_past_its_permissions(
    server: Server, functions: Any, theirs: Any, deploy: Callable[..., str]
) -> None:
    name, other = versions_of(functions, deploy), versions_of(functions, deploy)
    for each in (name, other):
        alias(functions, each, "live", "1")
    user = new_user(server, allow("lambda:*", on=[ARN + other, f"{ARN}{name}:live"]))
    mine = server.client("lambda", **user)
    prefixes = (
        "",
        "function:",
        "000000000000:",
        "000000000000:function:",
        "us-east-1:000000000000:",
        "us-east-1:000000000000:function:",
        "arn:aws:lambda:us-east-1:000000000000:",
        ARN,
    )
    qualifiers = ("", "1", "2", "live", "$LATEST")
    admitted = set()
    for prefix in prefixes:
        for suffix in qualifiers:
            for qualifier in qualifiers:
                named = {"FunctionName": f"{prefix}{name}{suffix and ':'}{suffix}"}
                if qualifier:
                    named["Qualifier"] = qualifier
                for client in (mine, theirs):
                    for call in (client.invoke, client.get_function):
                        with contextlib.suppress(client.exceptions.ClientError):
                            call(**named)
                            admitted.add((client is mine, suffix or qualifier, qualifier or suffix))
    assert admitted == {(True, "live", "live")}
