"""The limits of sandboxes that an operator may set."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import create
from tests.e2e.server import Server

PROBE = """
import os, threading, time

def threads():
    done, count = threading.Event(), 1
    threading.stack_size(65536)
    try:
        while True:
            threading.Thread(target=done.wait).start()
            count += 1
    except RuntimeError:
        return count
    finally:
        done.set()

def descriptors():
    opened = []
    try:
        while True:
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return opened[-1] + 1
    finally:
        for each in opened:
            os.close(each)

def share():
    started, used = time.monotonic(), time.process_time()
    while time.monotonic() - started < 1.5:
        pass
    return (time.process_time() - used) / (time.monotonic() - started)

def handler(event, context):
    return globals()[event]()
"""


@pytest.fixture
def limited(start_server: Callable[..., Server]) -> Callable[..., Any]:
    """Measure a limit on a server with these flags."""

    def measure(what: str, memory_mb: int, *flags: str) -> Any:
        client = start_server(*flags).client("lambda")
        name = create(client, PROBE, MemorySize=memory_mb, Timeout=30)
        response = client.invoke(FunctionName=name, Payload=json.dumps(what).encode())
        answer = json.load(response["Payload"])
        assert "FunctionError" not in response, answer
        return answer

    return measure


def test_processes_and_threads_can_be_limited_to_the_256_of_lambdas_preview(
    limited: Callable[..., Any], memory_limits: None
) -> None:
    assert limited("threads", 512, "--sandbox-processes", "256") == 256


def test_open_files_can_be_limited_further(limited: Callable[..., Any]) -> None:
    assert limited("descriptors", 128, "--sandbox-descriptors", "100") == 100


def test_with_quotas_a_function_has_no_more_than_its_share_of_an_idle_machine(
    limited: Callable[..., Any], machine: dict[str, str]
) -> None:
    if machine["processor shares"] != "ok":
        pytest.skip("`ingle doctor`: no control groups of the cpu controller")
    of_a_processor = 256 / 1769
    assert limited("share", 256, "--cpu", "quotas") < of_a_processor * 1.3
