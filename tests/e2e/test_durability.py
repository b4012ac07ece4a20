"""Issue point 4: what was acknowledged is there after a stop, and after kill -9 at any moment."""

import hashlib
import random
from base64 import b64encode

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import create, zip_of
from tests.e2e.killing import killing

THREADS = 4


def source(value):
    return f"def handler(event, context):\n    print('ran', {value!r})\n    return {value!r}\n"


def answer(functions, name):
    return functions.invoke(FunctionName=name)["Payload"].read()


def test_a_restart_keeps_functions_code_and_logs(own_server):
    functions, logs = own_server.client("lambda"), own_server.client("logs")
    settings = {
        "Environment": {"Variables": {"KEY": "välue"}},
        "MemorySize": 192,
        "Timeout": 7,
        "Tags": {"team": "red"},
    }
    kept = create(functions, source("kept"), **settings)
    updated = create(functions, source("old"))
    functions.update_function_code(FunctionName=updated, ZipFile=zip_of(app=source("new")))
    functions.update_function_configuration(FunctionName=updated, Description="changed")
    deleted = create(functions, source("deleted"))
    functions.delete_function(FunctionName=deleted)
    assert answer(functions, kept) == b'"kept"'
    group = f"/aws/lambda/{kept}"

    def described():
        listed = functions.list_functions()["Functions"]
        whole = [functions.get_function(FunctionName=each["FunctionName"]) for each in listed]
        return [(each["Configuration"], each.get("Tags")) for each in whole]

    before = described()
    events = logs.filter_log_events(logGroupName=group)["events"]
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    key = (own_server.data_dir / "credentials").read_text()
    assert len(before) == 2
    assert any("ran kept" in event["message"] for event in events)

    assert own_server.stop() == 0
    own_server.start()
    functions, logs = own_server.client("lambda"), own_server.client("logs")
    assert (own_server.data_dir / "credentials").read_text() == key
    assert described() == before
    assert logs.filter_log_events(logGroupName=group)["events"] == events
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == streams
    assert answer(functions, kept) == b'"kept"'
    assert answer(functions, updated) == b'"new"'
    assert len(logs.describe_log_streams(logGroupName=group)["logStreams"]) == 2


class Writer:
    """Creates, updates and deletes functions in a loop, and knows what was acknowledged.

    Attributes:
        acknowledged: by name, the value that the function returns, or None once it is deleted.
        attempted: by name, what the call that was under way at the kill would have made it.
        failures: answers that no healthy server gives.
        accepted: what was acknowledged, in its order.
    """

    def __init__(self, number):
        self.acknowledged = {}
        self.attempted = {}
        self.failures = []
        self.accepted = []
        self._prefix = f"w{number}"
        self._count = 0
        self._random = random.Random(number)

    def run(self, server):
        """Write until the server is gone."""
        functions = server.client("lambda")
        while True:
            name, value, call = self._next(functions)
            self.attempted[name] = value
            try:
                call()
            except ClientError as error:
                self.failures.append(error)
                return
            except BotoCoreError:  # the connection broke
                return
            self.acknowledged[name] = self.attempted.pop(name)
            self.accepted.append(name)

    def _next(self, functions):
        self._count += 1
        value = f"{self._prefix}-{self._count}"
        there = [name for name, value in self.acknowledged.items() if value is not None]
        choice = self._random.random()
        if len(there) < 3 or choice < 0.3:
            name = f"{self._prefix}-f{self._count}"
            return name, value, lambda: create(functions, source(value), FunctionName=name)
        name = self._random.choice(there)
        if choice < 0.4:
            return name, None, lambda: functions.delete_function(FunctionName=name)
        package = zip_of(app=source(value))
        return (
            name,
            value,
            lambda: functions.update_function_code(FunctionName=name, ZipFile=package),
        )

    def check(self, functions, invoked=3):
        """Compare what is there with what was acknowledged; what was under way may be either."""
        touched = list(self.acknowledged)[-8:] + list(self.attempted)
        for name in dict.fromkeys(touched):
            allowed = {self.acknowledged.get(name)}
            if name in self.attempted:
                allowed.add(self.attempted.pop(name))
            try:
                found = functions.get_function_configuration(FunctionName=name)["CodeSha256"]
            except functions.exceptions.ResourceNotFoundException:
                assert None in allowed, f"{name} is lost"
                self.acknowledged[name] = None
                continue
            values = {digest(value): value for value in allowed if value is not None}
            assert found in values, f"{name} is none of {allowed}"
            self.acknowledged[name] = values[found]
        there = {name: value for name, value in self.acknowledged.items() if value is not None}
        for name in list(there)[-invoked:]:
            assert answer(functions, name) == b'"%s"' % there[name].encode()


def digest(value):
    return b64encode(hashlib.sha256(zip_of(app=source(value))).digest()).decode()


def test_kill_9_at_any_moment_loses_nothing_that_was_acknowledged(own_server):
    writers = [Writer(number) for number in range(THREADS)]
    for kills in killing(own_server, writers, seed=20, within_s=0.4):
        functions = own_server.client("lambda")
        for writer in writers:
            assert writer.failures == [], kills
            writer.check(functions)
    functions, everything = own_server.client("lambda"), {}
    for writer in writers:
        writer.check(functions, invoked=100)
        everything |= writer.acknowledged
    there = {name for name, value in everything.items() if value is not None}
    pages = functions.get_paginator("list_functions").paginate()
    assert {each["FunctionName"] for page in pages for each in page["Functions"]} == there
    assert len(everything) > kills


def test_kill_9_keeps_the_log_lines_that_were_read(own_server):
    functions = own_server.client("lambda")
    name = create(functions, source("once"))
    assert answer(functions, name) == b'"once"'
    group = f"/aws/lambda/{name}"
    before = own_server.client("logs").filter_log_events(logGroupName=group)["events"]
    own_server.kill()
    own_server.start()
    after = own_server.client("logs").filter_log_events(logGroupName=group)["events"]
    assert after == before
    assert len(after) == 5
