"""What is refused of durable functions and their executions, as boto3 sees it."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import create, refusal
from tests.e2e.durable import Durable, started

INVALID = "InvalidParameterValueException"
UNKNOWN = (
    "arn:aws:lambda:us-east-1:000000000000:function:nobody:1/durable-execution/n/"
    "00000000-0000-0000-0000-000000000000"
)
# Sends checkpoints as its event says, without an SDK, and tells what they were answered. A "*" in
# an update is the invocation's own token.
RAW = """
import json
import boto3

lambda_ = boto3.client("lambda")

def handler(event, context):
    arn, token = event["DurableExecutionArn"], event["CheckpointToken"]
    operations = event["InitialExecutionState"]["Operations"]
    script = json.loads(operations[0]["ExecutionDetails"]["InputPayload"])
    if len(operations) > 1 and "then" in script:
        return script["then"]
    told, last = [], token
    for call in script.get("calls", ()):
        try:
            answer = lambda_.checkpoint_durable_execution(
                DurableExecutionArn=call.get("arn", arn),
                CheckpointToken={"old": last, "none": "QUJD"}.get(call.get("token"), token),
                Updates=call.get("updates", []),
                **({"ClientToken": call["client"]} if "client" in call else {}),
            )
            last, token = token, answer.get("CheckpointToken", token)
            told.append([answer.get("CheckpointToken"), [
                [each["Id"], each["Status"]] for each in answer["NewExecutionState"]["Operations"]
            ]])
        except lambda_.exceptions.ClientError as error:
            told.append(error.response["Error"]["Code"] + ": " + error.response["Error"]["Message"])
    return script.get("answer", {"Status": "SUCCEEDED", "Result": json.dumps(told)})
"""


@pytest.fixture(scope="module")
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Durable]:
    yield from started(tmp_path_factory.mktemp("durable"))


@pytest.fixture(scope="module")
def raw(durable: Durable) -> str:
    return durable.create(RAW, sdk=False)


@pytest.fixture
def calls(durable: Durable, raw: str) -> Any:
    """Send checkpoints from within a function: `calls(update, …)` → what the last one was told."""

    def send(*updates: dict[str, Any], **members: Any) -> Any:
        script = {"calls": [{"updates": [each], **members} for each in updates]}
        return durable.run(raw, script)[0][-1]

    return send


@pytest.fixture
def together(durable: Durable, raw: str) -> Any:
    """Send one checkpoint of several updates, and return what it was told."""

    def send(*updates: dict[str, Any], **members: Any) -> Any:
        return durable.run(raw, {"calls": [{"updates": list(updates), **members}]})[0][0]

    return send


def step(action: str, **members: Any) -> dict[str, Any]:
    return {"Id": "s", "Type": "STEP", "Action": action, **members}


def of(kind: str, action: str, **members: Any) -> dict[str, Any]:
    return {"Id": kind.lower(), "Type": kind, "Action": action, **members}


RETRY = {"NextAttemptDelaySeconds": 1}


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        ([step("START"), step("START")], "Invalid current STEP state to start."),
        ([step("SUCCEED"), step("FAIL")], "Invalid current STEP state to close."),
        (
            [step("SUCCEED"), step("RETRY", StepOptions=RETRY)],
            "Invalid current STEP state to re-attempt.",
        ),
        ([step("RETRY")], "Invalid StepOptions for the given action."),
        (
            [step("RETRY", StepOptions=RETRY, Payload="1", Error={})],
            "Cannot provide both error and payload to RETRY a STEP.",
        ),
        ([step("SUCCEED", Error={})], "Cannot provide an Error for SUCCEED action."),
        ([step("FAIL", Payload="1")], "Cannot provide a Payload for FAIL action."),
        ([step("CANCEL")], "Invalid action for the given operation type."),
        ([of("WAIT", "START")], "Update for WAIT operation requires WaitOptions."),
        (
            [of("WAIT", "START", WaitOptions={"WaitSeconds": 9})] * 2,
            "Cannot start a WAIT that already exist.",
        ),
        (
            [of("WAIT", "CANCEL")],
            "Cannot cancel a WAIT that does not exist or has already completed.",
        ),
        ([of("CALLBACK", "START")] * 2, "Cannot start a CALLBACK that already exist."),
        ([of("CALLBACK", "SUCCEED")], "Invalid action for the given operation type."),
        ([of("CONTEXT", "START")] * 2, "Cannot start a CONTEXT that already exist."),
        ([of("CONTEXT", "SUCCEED")] * 2, "Invalid current CONTEXT state to close."),
        (
            [of("CHAINED_INVOKE", "START")],
            "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.",
        ),
        (
            [
                of(
                    "CHAINED_INVOKE",
                    "START",
                    ChainedInvokeOptions={"FunctionName": "f", "TenantId": "t"},
                )
            ],
            "ChainedInvokeOptions.TenantId is not supported by this version of Ingle. Leave it "
            "out.",
        ),
        ([of("EXECUTION", "START")], "Invalid action for the given operation type."),
        ([step("START", ParentId="nobody")], "Invalid parent operation id."),
        ([step("START"), {**of("CONTEXT", "SUCCEED"), "Id": "s"}], "Inconsistent operation type."),
        ([step("START"), step("FAIL", Name="t")], "Inconsistent operation name."),
        ([step("START"), step("FAIL", SubType="t")], "Inconsistent operation subtype."),
    ],
)
def test_an_update_that_an_operation_cannot_take_is_refused(
    calls: Any, updates: list[dict[str, Any]], message: str
) -> None:
    assert calls(*updates) == f"{INVALID}: {message}"


@pytest.mark.parametrize(
    ("updates", "message"),
    [
        (
            [step("START"), step("START")],
            "Cannot checkpoint multiple operations with the same ID.",
        ),
        ([of("EXECUTION", "FAIL")] * 2, "Cannot checkpoint multiple EXECUTION updates."),
        (
            [of("EXECUTION", "FAIL"), step("START")],
            "EXECUTION checkpoint must be the last update.",
        ),
        (
            [step("SUCCEED", Payload="x" * 1_048_577)],
            "STEP payload size must be less than or equal to 1048576 bytes.",
        ),
        (
            [step("FAIL", Error={"ErrorMessage": "x" * 1_048_576})],
            "Error object size must be less than or equal to 1048576 bytes.",
        ),
        (
            [{**step("SUCCEED"), "Id": f"s{number}"} for number in range(3001)],
            "A durable execution can have 3000 operations at most.",
        ),
        *(
            (
                [
                    of(
                        "CHAINED_INVOKE",
                        "START",
                        ChainedInvokeOptions={
                            "FunctionName": f"arn:aws:lambda:{place}:function:other:1"
                        },
                    )
                ],
                f"Cannot start a CHAINED_INVOKE on a function in another {what}.",
            )
            for place, what in (
                ("us-east-1:111111111111", "account"),
                ("eu-west-1:000000000000", "region"),
            )
        ),
    ],
    ids=range(8),
)
def test_a_checkpoint_is_made_as_a_whole_or_not_at_all(
    durable: Durable, raw: str, updates: list[dict[str, Any]], message: str
) -> None:
    good = {**step("START"), "Id": "good"}
    script = {"calls": [{"updates": [good, *updates]}, {"updates": []}]}
    first, second = durable.run(raw, script)[0]
    assert first == f"{INVALID}: {message}"
    assert second[1] == []


def test_a_token_is_good_for_one_checkpoint(durable: Durable, raw: str) -> None:
    script = {
        "calls": [
            {"updates": [step("START")], "client": "first"},
            {"updates": [], "token": "old"},
            {"updates": [], "token": "none"},
            {"updates": [step("START")], "client": "first", "token": "old"},
            {"updates": [], "arn": UNKNOWN.replace("nobody:1", raw)},
        ]
    }
    first, old, none, repeated, other = durable.run(raw, script)[0]
    assert first[1] == [["s", "STARTED"]]
    assert old == none == f"{INVALID}: Invalid checkpoint token"
    assert repeated == first  # the answer that got lost
    assert other == f"{INVALID}: Checkpoint token is not valid for the durable execution ARN"


def test_a_token_of_an_invocation_that_is_over_is_refused(durable: Durable) -> None:
    name = durable.create(
        """
def handler(event, context):
    return {"Status": "SUCCEEDED", "Result": '"' + event["CheckpointToken"] + '"'}
""",
        sdk=False,
    )
    token, response = durable.run(name)
    members = {"DurableExecutionArn": response["DurableExecutionArn"], "CheckpointToken": token}
    for call in (
        durable.client.checkpoint_durable_execution,
        durable.client.get_durable_execution_state,
    ):
        assert refusal(call, **members) == (400, INVALID, "Invalid checkpoint token")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("done", "Invalid Status in invocation output."),
        ({"Status": "DONE"}, "Invalid Status in invocation output."),
        (
            {"Status": "SUCCEEDED", "Error": {}},
            "Cannot provide an Error for SUCCEEDED status.",
        ),
        ({"Status": "FAILED", "Result": "1"}, "Cannot provide a Result for FAILED status."),
        ({"Status": "SUCCEEDED", "Result": 1}, "Invalid Result in invocation output."),
    ],
)
def test_an_answer_that_the_protocol_does_not_have_fails_the_execution(
    durable: Durable, raw: str, answer: Any, message: str
) -> None:
    told, response = durable.run(raw, {"answer": answer})
    assert response["FunctionError"] == "Unhandled"
    assert told == {"errorMessage": message, "errorType": INVALID}


def test_waiting_for_nothing_fails_the_third_time(durable: Durable, raw: str) -> None:
    arn = durable.start(raw, {"answer": {"Status": "PENDING"}})
    for invocation, delay_s in enumerate((5, 10), 1):
        durable.rests(arn, invocation)
        durable.server.advance(delay_s + 1)
    assert durable.over(arn)["Error"] == {
        "ErrorMessage": "Cannot return PENDING status with no pending operations.",
        "ErrorType": INVALID,
    }


def test_an_execution_can_end_itself_in_a_checkpoint(durable: Durable, raw: str) -> None:
    update = of("EXECUTION", "SUCCEED", Payload='"checkpointed"')
    assert durable.run(raw, {"calls": [{"updates": [update]}]})[0] == "checkpointed"


@pytest.mark.parametrize(
    "operation",
    [
        "get_durable_execution",
        "get_durable_execution_history",
        "stop_durable_execution",
        "pause_durable_execution",
        "resume_durable_execution",
        "delete_durable_execution",
    ],
)
def test_an_execution_that_is_not_there_is_not_found(durable: Durable, operation: str) -> None:
    call = getattr(durable.client, operation)
    assert refusal(call, DurableExecutionArn=UNKNOWN) == (
        404,
        "ResourceNotFoundException",
        "Durable Execution does not exist",
    )
    foreign = UNKNOWN.replace("000000000000:", "111111111111:")
    assert refusal(call, DurableExecutionArn=foreign)[:2] == (403, "AccessDeniedException")
    status, code, message = refusal(call, DurableExecutionArn="arn:aws:lambda:x")
    assert (status, code) == (400, "ValidationException")
    assert "'durableExecutionArn' failed to satisfy constraint" in message


def test_only_what_is_over_is_deleted_and_only_what_runs_is_paused(
    durable: Durable, raw: str
) -> None:
    wait = of("WAIT", "START", WaitOptions={"WaitSeconds": 600})
    script = {
        "calls": [{"updates": [wait]}],
        "answer": {"Status": "PENDING"},
        "then": {"Status": "SUCCEEDED", "Result": "1"},
    }
    arn = durable.start(raw, script)
    durable.rests(arn)
    client = durable.client

    def conflict(operation: Any, verb: str, status: str) -> None:
        assert refusal(operation, DurableExecutionArn=arn) == (
            409,
            "ResourceConflictException",
            f"Cannot {verb} durable execution {arn}: its status is {status}.",
        )

    conflict(client.delete_durable_execution, "delete", "RUNNING")
    conflict(client.resume_durable_execution, "resume", "RUNNING")
    client.pause_durable_execution(DurableExecutionArn=arn, ClientToken="one")
    client.pause_durable_execution(DurableExecutionArn=arn, ClientToken="one")
    conflict(client.pause_durable_execution, "pause", "PAUSED")
    client.resume_durable_execution(DurableExecutionArn=arn)
    durable.server.advance(601)
    assert durable.result(arn) == 1
    conflict(client.pause_durable_execution, "pause", "SUCCEEDED")
    assert "DeletionRequestTimestamp" in client.delete_durable_execution(DurableExecutionArn=arn)
    assert refusal(client.get_durable_execution, DurableExecutionArn=arn)[0] == 404


def test_a_callback_that_is_not_waited_for_is_refused(durable: Durable) -> None:
    unknown = base64.b64encode(f"b1:{UNKNOWN[-36:]}:c".encode()).decode()
    for call, members in (
        (durable.client.send_durable_execution_callback_success, {"Result": b"1"}),
        (durable.client.send_durable_execution_callback_failure, {"Error": {}}),
        (durable.client.send_durable_execution_callback_heartbeat, {}),
    ):
        assert refusal(call, CallbackId="QUJD", **members) == (400, INVALID, "Invalid callback id")
        assert refusal(call, CallbackId=unknown, **members) == (
            404,
            "ResourceNotFoundException",
            "Durable Execution does not exist",
        )
        assert refusal(call, CallbackId="-", **members)[1] == "ValidationException"


def test_executions_are_listed_by_page_name_status_version_and_time(
    durable: Durable, raw: str
) -> None:
    name = durable.create(RAW, sdk=False)
    plain = name.partition(":")[0]
    arns = []
    for number in range(5):
        arns.append(durable.run(name, {}, DurableExecutionName=f"n{number}")[1])
        durable.server.advance(10)
    names = [f"n{number}" for number in range(5)]

    def listed(**members: Any) -> list[str]:
        found: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = durable.client.list_durable_executions_by_function(
                **{"FunctionName": plain, **members}, **more
            )
            found += [each["DurableExecutionName"] for each in page["DurableExecutions"]]
            if "NextMarker" not in page:
                return found
            more = {"Marker": page["NextMarker"]}

    assert listed() == listed(MaxItems=2) == names[::-1]
    assert listed(ReverseOrder=True, MaxItems=2) == names
    assert listed(DurableExecutionName="n3") == ["n3"]
    assert listed(Statuses=["SUCCEEDED"]) == names[::-1]
    assert listed(Statuses=["FAILED"]) == listed(Statuses=["DELETING"]) == []
    begun = [durable.get(each["DurableExecutionArn"])["StartTimestamp"] for each in arns]
    assert listed(StartedAfter=begun[1], StartedBefore=begun[4]) == ["n3", "n2"]
    assert listed(Qualifier="$LATEST") == names[::-1]
    durable.client.publish_version(FunctionName=plain)
    assert listed(Qualifier="1") == []
    call = durable.client.list_durable_executions_by_function
    assert refusal(call, FunctionName=plain, Marker="?") == (400, INVALID, "Invalid Marker")
    assert refusal(call, FunctionName=plain, Statuses=["RUNNING", "FAILED"]) == (
        400,
        INVALID,
        "Cannot filter by more than one status",
    )
    assert refusal(call, FunctionName="nobody")[:2] == (404, "ResourceNotFoundException")


def test_the_history_has_pages_in_both_directions_and_hides_data(
    durable: Durable, raw: str
) -> None:
    script = {"calls": [{"updates": [step("START"), step("SUCCEED", Payload='"secret"')]}]}
    arn = durable.run(raw, script)[1]["DurableExecutionArn"]
    call = durable.client.get_durable_execution_history
    first = call(DurableExecutionArn=arn, MaxItems=2)
    rest = call(DurableExecutionArn=arn, Marker=first["NextMarker"])
    assert [e["EventId"] for e in first["Events"] + rest["Events"]] == [1, 2, 3, 4, 5]
    newest = call(DurableExecutionArn=arn, ReverseOrder=True, MaxItems=4)
    oldest = call(DurableExecutionArn=arn, ReverseOrder=True, Marker=newest["NextMarker"])
    assert [e["EventId"] for e in newest["Events"] + oldest["Events"]] == [5, 4, 3, 2, 1]
    hidden = call(DurableExecutionArn=arn, IncludeExecutionData=False)["Events"]
    assert hidden[2]["StepSucceededDetails"]["Result"] == {"Truncated": True}
    assert "secret" not in str(hidden)
    assert refusal(call, DurableExecutionArn=arn, Marker="x") == (400, INVALID, "Invalid Marker")
    bare = durable.client.get_durable_execution(DurableExecutionArn=arn, IncludeExecutionData=False)
    assert bare["ExecutionDataIncluded"] is False
    assert not {"InputPayload", "Result", "Error"} & bare.keys()


def test_a_durable_function_is_invoked_as_a_version(durable: Durable, raw: str) -> None:
    plain = raw.partition(":")[0]
    expected = (
        400,
        INVALID,
        "You cannot invoke a durable function using an unqualified ARN.",
    )
    for kind in ("RequestResponse", "Event", "DryRun"):
        assert refusal(durable.client.invoke, FunctionName=plain, InvocationType=kind) == expected
    assert refusal(durable.client.invoke_async, FunctionName=plain, InvokeArgs=b"{}") == expected
    dry = durable.client.invoke(FunctionName=raw, InvocationType="DryRun")
    assert dry["StatusCode"] == 204
    status, code, message = refusal(
        durable.client.invoke_with_response_stream, FunctionName=raw, Payload=b"{}"
    )
    assert (status, code) == (400, INVALID)
    assert message == "You cannot invoke a durable function with a response stream. Use Invoke."


def test_one_waits_for_an_execution_of_at_most_15_minutes(durable: Durable) -> None:
    name = durable.create(RAW, sdk=False, ExecutionTimeout=901)
    assert refusal(durable.client.invoke, FunctionName=name) == (
        400,
        INVALID,
        "You cannot synchronously invoke a durable function with an executionTimeout greater than "
        "15 minutes.",
    )
    assert durable.result(durable.start(name, {})) == []


def test_only_executions_have_names(durable: Durable) -> None:
    name = create(durable.client, "def handler(event, context):\n    pass\n")
    for kind in ("RequestResponse", "Event"):
        assert refusal(
            durable.client.invoke,
            FunctionName=name,
            InvocationType=kind,
            DurableExecutionName="n",
        ) == (
            400,
            INVALID,
            "You cannot specify a DurableExecutionName for a function that is not durable.",
        )


def test_the_state_has_pages_and_leaves_out_what_a_finished_context_did(durable: Durable) -> None:
    name = durable.create(
        """
import boto3, json

def handler(event, context):
    lambda_ = boto3.client("lambda")
    arn, token = event["DurableExecutionArn"], event["CheckpointToken"]
    updates = [
        {"Id": "c", "Type": "CONTEXT", "Action": "START"},
        {"Id": "in", "ParentId": "c", "Type": "STEP", "Action": "SUCCEED"},
        {"Id": "c", "Type": "CONTEXT", "Action": "SUCCEED"},
        {"Id": "k", "Type": "CONTEXT", "Action": "START"},
        {"Id": "kept", "ParentId": "k", "Type": "STEP", "Action": "SUCCEED"},
        {"Id": "k", "Type": "CONTEXT", "Action": "SUCCEED",
         "ContextOptions": {"ReplayChildren": True}},
    ]
    answer = lambda_.checkpoint_durable_execution(
        DurableExecutionArn=arn, CheckpointToken=token, Updates=updates)
    pages, marker = [], {}
    while True:
        page = lambda_.get_durable_execution_state(
            DurableExecutionArn=arn, CheckpointToken=answer["CheckpointToken"],
            MaxItems=2, **marker)
        pages.append([each["Id"] for each in page["Operations"]])
        if not page.get("NextMarker"):
            break
        marker = {"Marker": page["NextMarker"]}
    return {"Status": "SUCCEEDED", "Result": json.dumps(pages)}
""",
        sdk=False,
    )
    pages, response = durable.run(name)
    own = response["DurableExecutionArn"].rpartition("/")[2]
    assert pages == [[own, "c"], ["k", "kept"]]
