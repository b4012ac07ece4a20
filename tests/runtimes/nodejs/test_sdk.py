"""Fetching the AWS SDKs."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from ingle.runtimes.fetching import FetchError
from ingle.runtimes.nodejs import sdk
from ingle.runtimes.nodejs.sdk import fetch, find

# Stands for npm: says how it was called, then does as its first argument says.
NPM = """
import json, os, pathlib, sys, time
behaviour, log, *arguments = sys.argv[1:]
with open(log, "a") as calls:
    calls.write(json.dumps([arguments, sorted(os.listdir()), os.getpid()]) + "\\n")
if behaviour == "fail":
    print("\\n".join(f"line {n}" for n in range(100)))
    sys.exit(3)
if behaviour == "hang":
    os.mkdir("node_modules")
    open(log + ".hangs", "w").close()  # waits for the test to look
    time.sleep(600)
if behaviour == "install":
    pathlib.Path("node_modules/aws-sdk").mkdir(parents=True)
"""


@pytest.fixture
def npm(tmp_path):
    """Return the command of an npm that behaves so; its calls are in the list."""
    program = tmp_path / "npm.py"
    program.write_text(NPM)

    def make(behaviour):
        return [sys.executable, str(program), behaviour, str(tmp_path / "calls")]

    return make


@pytest.fixture
def calls(tmp_path):
    def read():
        try:
            return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]
        except FileNotFoundError:
            return []

    return read


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "nodejs"


async def test_what_is_fetched_is_found_and_not_fetched_again(npm, calls, folder):
    assert find(folder) is None
    fetched = await fetch(folder, npm("install"))
    assert fetched == find(folder)
    assert fetched.name == "node_modules"
    assert (fetched / "aws-sdk").is_dir()
    assert await fetch(folder, npm("install")) == fetched
    [[arguments, files, _]] = calls()
    assert arguments == ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    assert {"package-lock.json", "package.json"} <= set(files)
    kept = sorted(each.name for each in fetched.parent.iterdir())
    assert kept == ["node_modules", "package-lock.json", "package.json"]
    assert [each.name for each in folder.iterdir()] == [fetched.parent.name]


async def test_everybody_may_read_what_is_fetched(npm, folder):
    fetched = await fetch(folder, npm("install"))
    assert fetched.parent.stat().st_mode & 0o777 == 0o755


async def test_a_failure_says_what_npm_said_last_and_leaves_nothing(npm, folder):
    with pytest.raises(FetchError) as caught:
        await fetch(folder, npm("fail"))
    assert "failed (status 3):\nline 80\n" in str(caught.value)
    assert str(caught.value).endswith("line 99")
    assert list(folder.iterdir()) == []
    assert find(folder) is None


async def test_an_npm_that_installs_nothing_has_failed(npm, folder):
    with pytest.raises(FetchError, match="installed nothing"):
        await fetch(folder, npm("nothing"))
    assert list(folder.iterdir()) == []


async def test_an_npm_that_is_not_there_is_named(folder):
    with pytest.raises(FetchError, match="/gone/npm cannot be started: No such file"):
        await fetch(folder, ["/gone/npm"])
    assert list(folder.iterdir()) == []


async def test_a_fetch_that_is_cancelled_ends_npm_and_leaves_nothing(npm, calls, folder, tmp_path):
    hangs = tmp_path / "calls.hangs"
    os.mkfifo(hangs)
    fetching = asyncio.create_task(fetch(folder, npm("hang")))
    await asyncio.to_thread(hangs.read_bytes)
    fetching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await fetching
    assert list(folder.iterdir()) == []
    [[_, _, pid]] = calls()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_of_two_that_fetch_at_once_both_get_it(npm, folder):
    first, second = await asyncio.gather(*(fetch(folder, npm("install")) for _ in range(2)))
    assert first == second == find(folder)
    assert len(list(folder.iterdir())) == 1


def test_the_lists_name_no_place_and_agree():
    lists = Path(sdk.__file__).with_name("sdk")
    lock = json.loads((lists / "package-lock.json").read_text())
    wanted = json.loads((lists / "package.json").read_text())
    assert lock["packages"][""]["dependencies"] == wanted["dependencies"]
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert {"node_modules/aws-sdk", "node_modules/@aws-sdk/client-s3"} <= packages.keys()
    assert not any("resolved" in each for each in packages.values())
    assert all(each["integrity"].startswith("sha512-") for each in packages.values())
