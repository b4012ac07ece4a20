"""Topics: how long a message takes to all the functions that subscribed."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import aws_functions
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.processes import Keeper
from bench.programs import TELLING
from bench.settings import Settings
from bench.stats import Results, summarise

TOPIC = "bench"
SUBSCRIBERS = 20
WARMUP_MESSAGES = 10
PAUSE_S = 0.1
TIMEOUT_S = 30.0
POLL_S = 0.25


def measure_fan_out(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """From the request to publish to the last of 20 functions, as `sns_fan_out.ingle`.

    Each function prints when it was called, by the same clock as the client's.

    Raises:
        BenchError: an answer was wrong, or a message did not arrive in time.
    """
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        functions = [f"subscriber{number}" for number in range(SUBSCRIBERS)]
        peer.deploy_program(functions, TELLING)
        key = peer.key()
        with (
            aws_functions.client_of(peer.port, key, "publishing", "sns") as sns,
            aws_functions.client_of(peer.port, key, "permitting") as client,
            aws_functions.client_of(peer.port, key, "reading logs", "logs") as logs,
        ):
            topic = _subscribed(sns, client, functions)
            sent: dict[str, float] = {}
            for number in range(WARMUP_MESSAGES + settings.published_messages):
                began = time.time()
                message_id = sns.publish(TopicArn=topic, Message=str(number))["MessageId"]
                if number >= WARMUP_MESSAGES:
                    sent[message_id] = began
                time.sleep(PAUSE_S)
            last = _last_calls(logs, functions, sent)
        step()
    peer.stop()
    spans = [last[each] - began for each, began in sent.items()]
    return summarise(f"sns_fan_out.{InglePeer.name}", spans)


def _subscribed(sns: Any, client: Any, functions: list[str]) -> str:
    topic: str = sns.create_topic(Name=TOPIC)["TopicArn"]
    for function in functions:
        arn = client.get_function_configuration(FunctionName=function)["FunctionArn"]
        client.add_permission(
            FunctionName=function,
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=topic,
        )
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    return topic


def _last_calls(logs: Any, functions: list[str], sent: dict[str, float]) -> dict[str, float]:
    """When the last of the functions was called with each message, in seconds since the epoch."""
    deadline = time.monotonic() + TIMEOUT_S
    last: dict[str, float] = {}
    for function in functions:
        while not sent.keys() <= (calls := _calls(logs, function)).keys():
            if time.monotonic() > deadline:
                raise BenchError(f"{function} did not get all of {len(sent)} messages")
            time.sleep(POLL_S)
        for message_id in sent:
            last[message_id] = max(last.get(message_id, 0.0), calls[message_id])
    return last


def _calls(logs: Any, function: str) -> dict[str, float]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function}", filterPattern="CALLED"
    )
    lines = [each["message"].split(" ", 1)[1] for page in pages for each in page["events"]]
    return {found["id"]: found["at"] for found in map(json.loads, lines)}
