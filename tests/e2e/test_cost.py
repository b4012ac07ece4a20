"""`ingle cost` on the real server."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clocked import ClockedServer
from tests.e2e.commands import Ingle
from tests.e2e.conftest import create, eventually
from tests.e2e.identities import User, allow
from tests.e2e.server import Server

HELLO = "def handler(event, context):\n    return 'hello'\n"


@pytest.fixture
def ingle(server: Server, tmp_path: Path) -> Ingle:
    return Ingle(server, tmp_path)


def report(ingle: Ingle, *arguments: str, **variables: str) -> Any:
    ran = ingle("cost", "--format", "json", *arguments, **variables)
    assert ran.status == 0, ran.error
    return json.loads(ran.output)


def requests_of(ingle: Ingle, name: str) -> int:
    told = report(ingle, "--function", name)["Functions"]
    return sum(each["Requests"] for each in told)


def test_every_invocation_is_metered_by_function_and_version(
    ingle: Ingle, deploy: Callable[..., str], functions: Any
) -> None:
    name = deploy(HELLO, MemorySize=256, EphemeralStorage={"Size": 1024})
    functions.publish_version(FunctionName=name)
    for qualifier in ("$LATEST", "1", "1"):
        functions.invoke(FunctionName=name, Qualifier=qualifier)
    assert requests_of(ingle, name) == 3
    told = report(ingle, "--function", name, "--no-free-tier")
    [function] = told["Functions"]
    assert {each["Version"]: each["Requests"] for each in function["Versions"]} == {
        "$LATEST": 1,
        "1": 2,
    }
    used = {line["Name"]: line["Used"] for line in told["Lines"]}
    assert used["requests"] == 3
    assert used["ephemeral storage"] == pytest.approx(function["GBSeconds"] * 2)  # 512 of 256 MB
    assert told["Dollars"] == pytest.approx(sum(line["Dollars"] for line in told["Lines"]))
    assert report(ingle, "--function", name)["Dollars"] < told["Dollars"]
    coarse = report(ingle, "--function", name, "--no-free-tier", "--rounding", "100ms")
    assert coarse["Functions"][0]["GBSeconds"] >= 0.3 * 0.2499  # 100 ms each, of a quarter GB
    assert coarse["Rounding"] == "100ms"


def test_what_was_metered_survives_kill_9(own_server: Server, tmp_path: Path) -> None:
    ingle, client = Ingle(own_server, tmp_path), own_server.client("lambda")
    name = create(client, HELLO)
    for _ in range(5):
        client.invoke(FunctionName=name)
    assert requests_of(ingle, name) == 5
    own_server.kill()
    own_server.start()
    assert requests_of(ingle, name) == 5
    own_server.client("lambda").invoke(FunctionName=name)
    assert own_server.stop() == 0  # which writes what is in memory
    own_server.start()
    assert requests_of(ingle, name) == 6


def test_what_is_kept_ready_is_metered_over_time(tmp_path: Path) -> None:
    server = ClockedServer(tmp_path / "data").start()
    try:
        ingle, client = Ingle(server, tmp_path), server.client("lambda")
        name = create(client, HELLO, MemorySize=512, Publish=True)
        client.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=2
        )
        server.advance(61)

        def kept() -> float:
            told = report(ingle, "--function", name)["Functions"]
            return sum(each["ProvisionedGBSeconds"] for each in told)

        eventually(lambda: kept() == 300, "five minutes of 1 GB are charged")
        client = server.client("lambda")
        client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="1")
        server.advance(61)
        machine = report(ingle)["Lines"]
        assert "provisioned concurrency x86_64" in [line["Name"] for line in machine]
        assert kept() == 300
    finally:
        server.kill()


def test_accounts_and_regions_are_apart(
    ingle: Ingle, deploy: Callable[..., str], functions: Any
) -> None:
    name = deploy(HELLO)
    functions.invoke(FunctionName=name)
    assert requests_of(ingle, name) == 1
    assert report(ingle, "--region", "eu-west-1")["Functions"] == []
    assert ingle("cost", "--region", "eu-west-1").output.endswith("nothing was used\n")


def test_only_those_who_may_see_the_cost_do(ingle: Ingle, server: Server) -> None:
    user = User(server, allow("ce:GetCostAndUsage"))
    nobody = User(server, allow("lambda:*"))
    for who, status in ((user, 0), (nobody, 1)):
        keys = {name.upper(): value for name, value in who.key.items()}
        ran = ingle("cost", "--endpoint-url", server.endpoint, INGLE_DATA_DIR="", **keys)
        assert ran.status == status, ran.error
    assert "not authorized to perform: ce:GetCostAndUsage" in ran.error


def test_the_table_tells_what_was_used_and_what_machine_carries_it(
    ingle: Ingle, deploy: Callable[..., str], functions: Any
) -> None:
    name = deploy(HELLO)
    functions.invoke(FunctionName=name)
    assert requests_of(ingle, name) == 1
    printed = ingle("cost", "--function", name, "--no-free-tier").output
    assert name in printed
    assert "total without the free tier" in printed
    assert re.search(r"one machine \(\d+ processors?, \d+ GB\) would carry it", printed)
    assert "1 ran at a time" in printed
    assert "prices of 2026-09-19" in printed


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--month", "November"), "month is like 2026-11, not 'November'"),
        (("--rounding", "1s"), "rounding is 1ms or 100ms, not '1s'"),
        (("--prices", "2000-01-01"), "there is no price list of 2000-01-01; there are those of"),
    ],
)
def test_what_cannot_be_told_is_refused(
    ingle: Ingle, arguments: tuple[str, ...], said: str
) -> None:
    ran = ingle("cost", *arguments)
    assert (ran.status, ran.output) == (2, "")
    assert said in ran.error
