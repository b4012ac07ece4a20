"""Tenant isolation: no sandbox ever serves two tenants."""

import contextlib
import json
import re
import uuid
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import INVOKER_ROLE, eventually, refusal
from tests.e2e.languages import runtimes_of, zip_of_files

ISOLATED = {"TenantIsolationMode": "PER_TENANT"}
REFUSED = "InvalidParameterValueException"
SOURCE = """
import logging

served = []
logging.getLogger().setLevel("INFO")

def handler(event, context):
    served.append(context.tenant_id)
    logging.info("served")
    open("/tmp/" + str(len(served)), "w").close()
    return served
"""
NODE = """
const served = [];
exports.handler = async (event, context) => {
  served.push(context.tenantId);
  console.log('served');
  return served;
};
"""


@pytest.fixture
def isolated(deploy: Any) -> str:
    name: str = deploy(SOURCE, TenancyConfig=ISOLATED)
    return name


@pytest.fixture
def create_other(functions: Any) -> Any:
    """Create a function of other files that is deleted after the test."""
    made = []

    def create(files: dict[str, str], **settings: Any) -> str:
        made.append(f"t-{uuid.uuid4().hex[:12]}")
        functions.create_function(
            FunctionName=made[-1],
            Role="arn:aws:iam::000000000000:role/lambda-ex",
            Code={"ZipFile": zip_of_files(files)},
            TenancyConfig=ISOLATED,
            **settings,
        )
        return made[-1]

    yield create
    for name in made:
        functions.delete_function(FunctionName=name)


def test_the_mode_is_told_and_stays_with_every_version(functions: Any, isolated: str) -> None:
    told = functions.get_function_configuration(FunctionName=isolated)
    assert told["TenancyConfig"] == ISOLATED
    assert functions.publish_version(FunctionName=isolated)["TenancyConfig"] == ISOLATED
    updated = functions.update_function_configuration(FunctionName=isolated, Timeout=9)
    assert updated["TenancyConfig"] == ISOLATED


def test_a_sandbox_serves_one_tenant_for_all_of_its_life(invoke: Any, isolated: str) -> None:
    tenants = ["blue", "green", "blue/1", "blue", "a b:c=d@e+f-g._", "green"]
    seen = [invoke(isolated, TenantId=each)[0] for each in tenants]
    assert seen == [
        ["blue"],
        ["green"],
        ["blue/1"],
        ["blue", "blue"],
        ["a b:c=d@e+f-g._"],
        ["green", "green"],
    ]


def test_versions_and_updates_have_sandboxes_of_their_own(
    functions: Any, invoke: Any, isolated: str
) -> None:
    functions.publish_version(FunctionName=isolated)
    assert invoke(isolated, TenantId="blue")[0] == ["blue"]
    assert invoke(isolated, TenantId="blue", Qualifier="1")[0] == ["blue"]
    functions.update_function_configuration(FunctionName=isolated, Timeout=9)
    assert invoke(isolated, TenantId="blue")[0] == ["blue"]
    assert invoke(isolated, TenantId="blue", Qualifier="1")[0] == ["blue", "blue"]


def test_a_streamed_answer_has_the_tenant_s_sandbox(
    functions: Any, invoke: Any, isolated: str
) -> None:
    invoke(isolated, TenantId="blue")
    stream = functions.invoke_with_response_stream(FunctionName=isolated, TenantId="blue")
    pieces = [
        each["PayloadChunk"]["Payload"] for each in stream["EventStream"] if "PayloadChunk" in each
    ]
    assert json.loads(b"".join(pieces)) == ["blue", "blue"]


def test_an_event_runs_in_the_tenant_s_sandbox(
    functions: Any, logs: Any, invoke: Any, isolated: str, events: Any
) -> None:
    functions.invoke(FunctionName=isolated, TenantId="green", InvocationType="Event")

    def reported() -> bool:
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            return any(each["message"].startswith("REPORT") for each in events(isolated))
        return False

    eventually(reported, "the event ran")
    assert invoke(isolated, TenantId="green")[0] == ["green", "green"]
    assert invoke(isolated, TenantId="blue")[0] == ["blue"]


def test_the_tenant_must_be_named_where_tenants_are_isolated_and_only_there(
    functions: Any, deploy: Any, isolated: str
) -> None:
    for kind in ("RequestResponse", "Event"):
        assert refusal(functions.invoke, FunctionName=isolated, InvocationType=kind) == (
            400,
            REFUSED,
            "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in "
            "your request and try again.",
        )
    shared = deploy(SOURCE)
    for call in (functions.invoke, functions.invoke_with_response_stream):
        assert refusal(call, FunctionName=shared, TenantId="blue") == (
            400,
            REFUSED,
            "The invoked function is not enabled with tenancy configuration. Remove the tenant ID "
            "from your request and try again.",
        )


def test_the_old_operation_cannot_name_a_tenant(functions: Any, isolated: str) -> None:
    status, code, _ = refusal(functions.invoke_async, FunctionName=isolated, InvokeArgs=b"{}")
    assert (status, code) == (400, REFUSED)


@pytest.mark.parametrize("tenant", ["x" * 257, "a\tb", "a;b"])
def test_a_tenant_id_has_a_form(unchecked: Any, isolated: str, tenant: str) -> None:
    status, code, _ = refusal(unchecked.invoke, FunctionName=isolated, TenantId=tenant)
    assert (status, code) == (400, "ValidationException")


def test_what_cannot_be_had_for_each_tenant_is_refused(
    functions: Any, isolated: str, deploy: Any
) -> None:
    functions.publish_version(FunctionName=isolated)
    ending = " is not supported for functions with tenant isolation."
    assert refusal(
        functions.put_provisioned_concurrency_config,
        FunctionName=isolated,
        Qualifier="1",
        ProvisionedConcurrentExecutions=1,
    ) == (400, REFUSED, "Provisioned Concurrency" + ending)
    assert refusal(
        functions.create_function_url_config, FunctionName=isolated, AuthType="NONE"
    ) == (400, REFUSED, "Function URL" + ending)
    snap = {"ApplyOn": "PublishedVersions"}
    assert refusal(
        functions.update_function_configuration, FunctionName=isolated, SnapStart=snap
    ) == (400, REFUSED, "SnapStart" + ending)


def test_a_log_in_json_names_the_tenant(
    functions: Any, invoke: Any, deploy: Any, messages: Any
) -> None:
    logging = {"LogFormat": "JSON", "SystemLogLevel": "DEBUG"}
    name = deploy(SOURCE, TenancyConfig=ISOLATED, LoggingConfig=logging)
    invoke(name, TenantId="blue")
    told = [json.loads(each) for each in messages(name)]
    of_platform = {
        each["type"]: each["record"].get("tenantId") for each in told if "record" in each
    }
    assert of_platform == {
        "platform.initStart": None,
        "platform.initReport": None,
        "platform.start": "blue",
        "platform.runtimeDone": "blue",
        "platform.report": "blue",
    }
    [own] = [each for each in told if each.get("message") == "served"]
    assert own["tenantId"] == "blue"


@pytest.mark.skipif(not runtimes_of("nodejs"), reason="no Node.js on this machine")
def test_a_function_in_node_js_is_told_its_tenant(
    create_other: Any, invoke: Any, messages: Any
) -> None:
    name = create_other(
        {"index.js": NODE},
        Runtime=runtimes_of("nodejs")[-1],
        Handler="index.handler",
        LoggingConfig={"LogFormat": "JSON"},
    )
    assert [invoke(name, TenantId=each)[0] for each in ("blue", "green", "blue")] == [
        ["blue"],
        ["green"],
        ["blue", "blue"],
    ]
    own = [json.loads(each) for each in messages(name)]
    assert [each["tenantId"] for each in own if each.get("message") == "served"] == [
        "blue",
        "green",
        "blue",
    ]


def test_a_record_of_a_destination_has_no_tenant_and_is_not_delivered(
    functions: Any, logs: Any, invoke: Any, isolated: str, deploy: Any, events: Any
) -> None:
    arn = functions.get_function_configuration(FunctionName=isolated)["FunctionArn"]
    sender = deploy(SOURCE, Role=INVOKER_ROLE)
    functions.put_function_event_invoke_config(
        FunctionName=sender, DestinationConfig={"OnSuccess": {"Destination": arn}}
    )
    before = _failures(functions)
    functions.invoke(FunctionName=sender, InvocationType="Event")
    eventually(lambda: _failures(functions) > before, "the delivery failed")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        events(isolated)


def _failures(functions: Any) -> float:
    page = httpx.get(f"{functions.meta.endpoint_url}/_ingle/metrics").text
    found = re.findall(r"^\w*destination_delivery_failures_total\{.*\} (\S+)$", page, re.MULTILINE)
    return sum(map(float, found))
