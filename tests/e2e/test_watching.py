"""`ingle top`, `ingle stats` and what `ingle logs` can besides printing lines."""

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import Ingle, on_terminal
from tests.e2e.conftest import eventually
from tests.e2e.identities import User, allow
from tests.e2e.server import Server

MIXED = """
def handler(event, context):
    print("greeting", event)
    if event == "fail":
        raise ValueError("no such thing")
    print("WARNING: slow")
"""


@pytest.fixture
def ingle(server: Server, tmp_path: Path) -> Ingle:
    return Ingle(server, tmp_path)


@pytest.fixture
def mixed(deploy: Callable[..., str], invoke: Callable[..., Any]) -> str:
    """A function that succeeded twice and failed once."""
    name = deploy(MIXED)
    for event in ("one", "two", "fail"):
        invoke(name, event)
    return name


def test_top_tells_what_functions_do(ingle: Ingle, mixed: str) -> None:
    told = json.loads(ingle("top", "--format", "json", "--seconds", "300").output)
    [function] = [each for each in told["Functions"] if each["Function"] == mixed]
    assert (function["Invocations"], function["Errors"], function["Sandboxes"]) == (3, 1, 1)
    assert function["PerSecond"] > 0
    assert 0 < function["P50Ms"] <= function["P99Ms"]
    assert 0 <= function["PeakMB"] <= function["MemoryMB"] == 128


def test_top_counts_throttles(ingle: Ingle, mixed: str, functions: Any) -> None:
    functions.put_function_concurrency(FunctionName=mixed, ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=mixed)
    told = json.loads(ingle("top", "--format", "json", "--seconds", "300").output)
    assert {each["Function"]: each["Throttles"] for each in told["Functions"]}[mixed] == 1


def test_top_is_sorted_and_printed_once_elsewhere_than_on_a_terminal(
    ingle: Ingle, mixed: str, deploy: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    other = deploy(MIXED)
    invoke(other, "one")
    lines = ingle("top", "--sort", "name", "--seconds", "300").output.splitlines()
    names = [line.split()[0] for line in lines[2:]]
    assert names == sorted(names)
    assert {mixed, other} <= set(names)
    told = json.loads(ingle("top", "--format", "json", "--sort", "errors").output)["Functions"]
    errors = [each["Errors"] for each in told]
    assert errors == sorted(errors, reverse=True)


def test_long_names_give_way_to_figures(
    ingle: Ingle, deploy: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    name = deploy(MIXED, FunctionName=f"{'long-' * 8}{uuid.uuid4().hex[:20]}")
    invoke(name, "one")
    assert name in ingle("top", "--seconds", "300").output
    with on_terminal(ingle, "top", "--once", "--seconds", "300", rows=2000) as terminal:
        assert terminal.end() == 0
    [line] = [each for each in terminal.seen.splitlines() if each.startswith("long-")]
    assert "…" in line.split()[0]
    assert line.rstrip().endswith("/128 MB")
    assert "…" not in line.partition(" ")[2]


def test_top_stays_up_to_date_until_q(ingle: Ingle, mixed: str, invoke: Callable[..., Any]) -> None:
    # High enough for the functions of all tests that ran on this server.
    options = "--interval", "0.2", "--seconds", "300"
    with on_terminal(ingle, "top", *options, rows=2000) as terminal:
        terminal.wait_for(mixed)
        terminal.press("n")
        terminal.wait_for("\x1b[7mname")  # reversed
        invoke(mixed, "fail")
        terminal.wait_for("\x1b[31m2")  # its errors
        terminal.press("q")
        assert terminal.end() == 0


def test_top_is_for_those_who_may_see_metrics(ingle: Ingle, server: Server) -> None:
    nobody = User(server, allow("lambda:*"))
    keys = {name.upper(): value for name, value in nobody.key.items()}
    ran = ingle("top", "--endpoint-url", server.endpoint, INGLE_DATA_DIR="", **keys)
    assert (ran.status, ran.output) == (1, "")
    assert "not authorized to perform: cloudwatch:GetMetricData" in ran.error


def request_of(ingle: Ingle, name: str, term: str) -> str:
    """The id of the last request that logged a term."""
    printed = ingle("logs", name, "--format", "json").output
    lines = [json.loads(line) for line in printed.splitlines()]
    found = ""
    for line in lines:
        if match := re.match(r"START RequestId: (\S+)", line["message"]):
            started = match[1]
        elif term in line["message"]:
            found = started
    return found


def test_one_request_is_a_tidy_block(ingle: Ingle, mixed: str) -> None:
    request_id = request_of(ingle, mixed, "greeting fail")
    ran = ingle("logs", mixed, "--request", request_id)
    head, facts, *lines = ran.output.splitlines()
    assert head.startswith(request_id)
    assert re.fullmatch(r"  version \$LATEST  took [\d.]+ ms, billed \d+ ms  \d+ of 128 MB", facts)
    assert lines[0].endswith(" ms  greeting fail")
    assert "[ERROR] ValueError: no such thing" in lines[1]
    assert not any("START" in line or "REPORT" in line for line in lines)
    described = json.loads(ingle("logs", mixed, "--request", request_id, "--format", "json").output)
    assert described["RequestId"] == request_id
    assert described["MemoryMB"] == 128
    assert [each["Message"].split("\n")[0] for each in described["Lines"]] == [
        "greeting fail",
        "[ERROR] ValueError: no such thing",
    ]


def test_a_request_of_a_json_log_is_the_same_block(
    ingle: Ingle, deploy: Callable[..., str], invoke: Callable[..., Any]
) -> None:
    name = deploy(MIXED, LoggingConfig={"LogFormat": "JSON"})
    _, response = invoke(name, "one")
    request_id = response["ResponseMetadata"]["RequestId"]
    described = json.loads(ingle("logs", name, "--request", request_id, "--format", "json").output)
    assert (described["MemoryMB"], described["Status"]) == (128, "success")
    assert described["InitMs"] > 0
    assert len(described["Lines"]) == 2


def test_a_request_that_is_not_there_is_named(ingle: Ingle, mixed: str) -> None:
    ran = ingle("logs", mixed, "--request", "nothing")
    assert (ran.status, ran.output) == (1, "")
    month_ago = datetime.now() - timedelta(days=30)
    assert f"has logged nothing of a request nothing since {month_ago:%Y-%m-%d} " in ran.error


def test_logs_begin_and_end_when_they_are_told_to(ingle: Ingle, mixed: str) -> None:
    now = datetime.now(UTC)
    minute_ago, soon = ((now + timedelta(minutes=each)).isoformat() for each in (-1, 1))
    every = ingle("logs", mixed).output
    assert ingle("logs", mixed, "--since", minute_ago, "--until", soon).output == every
    assert ingle("logs", mixed, "--since", "2d", "--until", minute_ago).output == ""
    for wrong, said in (
        (("--since", "yesterday"), "neither a span of time nor a date"),
        (("--since", "1m", "--until", "2m"), "--until is not after --since"),
        (("--follow", "--until", "1m"), "--follow has no end"),
        (("--request", "x", "--follow"), "--request prints one invocation"),
    ):
        ran = ingle("logs", mixed, *wrong)
        assert (ran.status, ran.output) == (2, "")
        assert said in ran.error


def test_logs_have_colours_on_a_terminal_only(ingle: Ingle, mixed: str) -> None:
    assert "\x1b" not in ingle("logs", mixed).output
    with on_terminal(ingle, "logs", mixed) as terminal:
        terminal.wait_for("\x1b[33mWARNING: slow")
        terminal.wait_for("\x1b[31m[ERROR] ValueError")
        assert terminal.end() == 0
    request_id = request_of(ingle, mixed, "greeting one")
    with on_terminal(ingle, "logs", mixed, "--request", request_id) as terminal:
        terminal.wait_for("\x1b[33mWARNING: slow")
        assert terminal.end() == 0
    with on_terminal(ingle, "logs", mixed, NO_COLOR="1") as terminal:
        assert terminal.end() == 0
        assert "\x1b[3" not in terminal.seen


def test_stats_are_those_of_cloudwatch(ingle: Ingle, mixed: str) -> None:
    def told(*more: str) -> Any:
        ran = ingle("stats", mixed, "--format", "json", *more)
        assert ran.status == 0, ran.error
        return json.loads(ran.output)

    eventually(lambda: sum(each["Sum"] for each in told()["Invocations"]) == 3, "three are counted")
    found = told("--since", "2d")
    assert found["Period"] == 3600
    assert sum(each["Sum"] for each in found["Errors"]) == 1
    for each in found["Duration"]:
        assert 0 < each["p50"] <= each["p90"] <= each["p99"]
    assert told("--qualifier", "$LATEST")["FunctionName"] == mixed


def test_stats_are_plotted(ingle: Ingle, mixed: str) -> None:
    def printed() -> str:
        return ingle("stats", mixed).output

    eventually(lambda: "3 invocations, 1 error," in printed(), "three are counted")
    plot = printed()
    assert f"{mixed}: duration in ms" in plot
    assert "p99" in plot
    assert "33.33% failed" in plot
    assert "\x1b" not in plot
    with on_terminal(ingle, "stats", mixed) as terminal:
        assert terminal.end() == 0
        assert "\x1b[" in terminal.seen


def test_stats_of_what_did_not_run_say_so(ingle: Ingle, deploy: Callable[..., str]) -> None:
    silent = ingle("stats", deploy(MIXED))
    assert silent.status == 0
    assert "has not run between then and now" in silent.output
    nobody = ingle("stats", "nobody")
    assert (nobody.status, nobody.output) == (1, "")
    assert "Function not found" in nobody.error
    assert ingle("stats", "nobody", "--since", "500d").status == 2
