"""Buckets that tell a function: how many objects are put, and how soon the function runs."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import aws_functions
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.load import Job
from bench.load_process import LoadProcess
from bench.processes import Keeper
from bench.programs import NOTIFIED
from bench.settings import Settings
from bench.stats import Results, median_of, summarise

BUCKET = "bench"
FUNCTION = "notified"
WARMUP_OBJECTS = 400
SINGLE = "single-"
PAUSE_S = 0.05
TIMEOUT_S = 120.0
POLL_S = 0.25


def measure_notified(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Objects of 1 KB put by `settings.clients` clients, as `s3_notified.ingle`.

    A function is told of each; object and event are on disk when the client is answered. Then
    single objects, as `s3_reaction.ingle`: from the answer to the function's first line, by the
    same clock; negative where the function is sooner.

    Raises:
        BenchError: an answer was wrong, or the function was not told of an object in time.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    rounds: list[Results] = []
    with peer.blamed():
        peer.deploy_program([FUNCTION], NOTIFIED)
        key = peer.key()
        with (
            aws_functions.client_of(peer.port, key, "putting objects", "s3") as s3,
            aws_functions.client_of(peer.port, key, "permitting") as client,
            aws_functions.client_of(peer.port, key, "reading logs", "logs") as logs,
        ):
            _configure(s3, client)
            endpoint = replace(peer.endpoint(FUNCTION), bucket=BUCKET)
            load.run(Job(endpoint, settings.clients, WARMUP_OBJECTS, TIMEOUT_S))
            for _ in range(settings.notified_rounds):
                job = Job(endpoint, settings.clients, settings.notified_objects, TIMEOUT_S)
                outcome = load.run(job)
                rounds.append(
                    {
                        "per_second": outcome.requests / outcome.span_s,
                        "p50_ms": outcome.p50_ms,
                        "p99_ms": outcome.p99_ms,
                    }
                )
                step()
            spans = _reactions(s3, logs, settings.notified_single)
    peer.stop()
    load.stop()
    return {
        **median_of(f"s3_notified.{InglePeer.name}", rounds),
        **summarise(f"s3_reaction.{InglePeer.name}", spans),
    }


def _configure(s3: Any, client: Any) -> None:
    s3.create_bucket(Bucket=BUCKET)
    arn = client.get_function_configuration(FunctionName=FUNCTION)["FunctionArn"]
    client.add_permission(
        FunctionName=FUNCTION,
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{BUCKET}",
    )
    rule = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"LambdaFunctionConfigurations": [rule]}
    )


def _reactions(s3: Any, logs: Any, count: int) -> list[float]:
    answered: dict[str, float] = {}
    for number in range(count):
        name = f"{SINGLE}{number}"
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"x" * 1024)
        answered[name] = time.time()
        time.sleep(PAUSE_S)
    deadline = time.monotonic() + TIMEOUT_S
    while not answered.keys() <= (calls := _calls(logs)).keys():
        if time.monotonic() > deadline:
            raise BenchError(f"the function was not told of all of {count} objects")
        time.sleep(POLL_S)
    return [calls[name] - at for name, at in answered.items()]


def _calls(logs: Any) -> dict[str, float]:
    """When the function was told of each of the single objects, in seconds since the epoch."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{FUNCTION}", filterPattern="CALLED"
    )
    lines = [each["message"].split(" ", 1)[1] for page in pages for each in page["events"]]
    return {found["key"]: found["at"] for found in map(json.loads, lines)}
