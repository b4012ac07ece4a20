"""Queues: how many messages are sent, and how many reach a function."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import aws_functions
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.load import Job
from bench.load_process import LoadProcess
from bench.peers import HOST
from bench.processes import Keeper
from bench.programs import COUNTING
from bench.settings import Settings
from bench.stats import Results, median_of

FUNCTION = "hello"
QUEUE = "bench"
BATCH = 10
WARMUP_MESSAGES = 400
TIMEOUT_S = 120.0
POLL_S = 0.02
_DELETED = "ingle_lambda_deleted_events_total"
_TAKES = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
}


def measure_send(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Messages sent by `settings.clients` clients, as `sqs_send.ingle`.

    Each answer means that the message is on disk.

    Raises:
        BenchError: an answer was wrong.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        peer.deploy([FUNCTION])
        endpoint = replace(peer.endpoint(FUNCTION), path="/", queue=_make_queue(peer)[0])
        load.run(Job(endpoint, settings.clients, WARMUP_MESSAGES, TIMEOUT_S))
        job = Job(endpoint, settings.clients, settings.accept_events, TIMEOUT_S)
        rounds = load.rounds(job, settings.accept_rounds, step)
    peer.stop()
    load.stop()
    return median_of(f"sqs_send.{InglePeer.name}", rounds)


def measure_mapping(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Messages of a queue that reach a function in batches of ten, as `sqs_lambda.ingle`.

    They are counted when they are deleted, after the function was done with them. All are there
    before the first is received.

    Raises:
        BenchError: an answer was wrong, or a message did not arrive in time.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        peer.deploy_program([FUNCTION], COUNTING)
        url, arn = _make_queue(peer)
        with aws_functions.client_of(peer.port, peer.key(), "granting", "iam") as iam:
            iam.put_role_policy(
                RoleName=aws_functions.ROLE, PolicyName="queues", PolicyDocument=json.dumps(_TAKES)
            )
        endpoint = replace(peer.endpoint(FUNCTION), path="/", queue=url)
        load.run(Job(endpoint, settings.clients, settings.mapped_messages, TIMEOUT_S))
        with aws_functions.client_of(peer.port, peer.key(), "mapping") as client:
            began = time.perf_counter()
            client.create_event_source_mapping(
                EventSourceArn=arn, FunctionName=FUNCTION, BatchSize=BATCH
            )
            _await_deleted(peer.port, settings.mapped_messages)
            span_s = time.perf_counter() - began
        step()
    peer.stop()
    load.stop()
    return {f"sqs_lambda.{InglePeer.name}.per_second": settings.mapped_messages / span_s}


def _make_queue(peer: InglePeer) -> tuple[str, str]:
    with aws_functions.client_of(peer.port, peer.key(), "making a queue", "sqs") as client:
        url: str = client.create_queue(QueueName=QUEUE)["QueueUrl"]
        told: Any = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, told["Attributes"]["QueueArn"]


def _await_deleted(port: int, count: int) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while (found := _deleted(port)) < count:
        if time.monotonic() > deadline:
            raise BenchError(f"of {count} messages, {count - found} did not arrive")
        time.sleep(POLL_S)


def _deleted(port: int) -> int:
    with urllib.request.urlopen(f"http://{HOST}:{port}/_ingle/metrics", timeout=10) as answer:
        page = answer.read().decode()
    return sum(map(int, re.findall(rf"^{_DELETED}{{.*}} (\d+)$", page, re.MULTILINE)))
