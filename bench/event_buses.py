"""Events and schedules: how many are taken in, and how late functions run."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import aws_functions
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.load import Job
from bench.load_process import LoadProcess
from bench.processes import Keeper
from bench.programs import PUNCTUAL
from bench.settings import Settings
from bench.stats import Results, median_of, summarise

FUNCTION = "hello"
QUEUE = "bench"
ROLE = "clockwork"
WARMUP_EVENTS = 200
LEAD_S = 5
"""From the making of schedules to the first of their times."""
TIMEOUT_S = 120.0
POLL_S = 0.25
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def measure_events(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Events that `settings.clients` clients put, one a request, as `events_put.ingle`.

    Each matches a rule with a queue as its target. An answer means that the event is on disk.

    Raises:
        BenchError: an answer was wrong.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        peer.deploy([FUNCTION])
        _make_rule(peer)
        endpoint = replace(peer.endpoint(FUNCTION), path="/", bus="default")
        load.run(Job(endpoint, settings.clients, WARMUP_EVENTS, TIMEOUT_S))
        job = Job(endpoint, settings.clients, settings.put_events, TIMEOUT_S)
        rounds = load.rounds(job, settings.accept_rounds, step)
    peer.stop()
    load.stop()
    return median_of(f"events_put.{InglePeer.name}", rounds)


def measure_schedules(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """How long after its time a schedule has run its function, as `schedules.ingle`.

    The function prints when it was called, by the same clock.

    Raises:
        BenchError: an answer was wrong, or a schedule did not run its function.
    """
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        peer.deploy_program([FUNCTION], PUNCTUAL)
        key = peer.key()
        with (
            aws_functions.client_of(peer.port, key, "granting", "iam") as iam,
            aws_functions.client_of(peer.port, key, "invoking") as client,
            aws_functions.client_of(peer.port, key, "scheduling", "scheduler") as scheduler,
            aws_functions.client_of(peer.port, key, "reading logs", "logs") as logs,
        ):
            client.invoke(FunctionName=FUNCTION, Payload=b'{"due": "warm"}')
            arn = client.get_function_configuration(FunctionName=FUNCTION)["FunctionArn"]
            role = _make_role(iam)
            first = int(time.time()) + LEAD_S
            due = [
                datetime.fromtimestamp(first + number, UTC) for number in range(settings.schedules)
            ]
            for moment in due:
                scheduler.create_schedule(
                    Name=f"bench-{moment:%H%M%S}",
                    ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
                    FlexibleTimeWindow={"Mode": "OFF"},
                    Target={
                        "Arn": arn,
                        "RoleArn": role,
                        "Input": '{"due": "<aws.scheduler.scheduled-time>"}',
                    },
                )
            calls = _calls(logs, {moment.strftime(_TIME) for moment in due})
        step()
    peer.stop()
    spans = [calls[moment.strftime(_TIME)] - moment.timestamp() for moment in due]
    return summarise(f"schedules.{InglePeer.name}", spans)


def _make_rule(peer: InglePeer) -> None:
    key = peer.key()
    with (
        aws_functions.client_of(peer.port, key, "making a queue", "sqs") as sqs,
        aws_functions.client_of(peer.port, key, "making a rule", "events") as events,
    ):
        policy = _document(
            {
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        )
        url = sqs.create_queue(QueueName=QUEUE, Attributes={"Policy": policy})["QueueUrl"]
        told: Any = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        events.put_rule(Name=QUEUE, EventPattern='{"source": ["bench"]}')
        target = {"Id": "queue", "Arn": told["Attributes"]["QueueArn"]}
        events.put_targets(Rule=QUEUE, Targets=[target])


def _make_role(iam: Any) -> str:
    trust = _document(
        {"Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    role: str = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    allowed = _document({"Action": "lambda:InvokeFunction", "Resource": "*"})
    iam.put_role_policy(RoleName=ROLE, PolicyName="invoke", PolicyDocument=allowed)
    return role


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


def _calls(logs: Any, due: set[str]) -> dict[str, float]:
    """When the function was called for each time, in seconds since the epoch."""
    deadline = time.monotonic() + LEAD_S + len(due) + TIMEOUT_S
    while True:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{FUNCTION}", filterPattern="CALLED"
        )
        lines = [each["message"].split(" ", 1)[1] for page in pages for each in page["events"]]
        found = {each["due"]: each["at"] for each in map(json.loads, lines)}
        if due <= found.keys():
            return found
        if time.monotonic() > deadline:
            raise BenchError(f"of {len(due)} schedules, {len(due - found.keys())} did not run")
        time.sleep(POLL_S)
