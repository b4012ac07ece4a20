"""Every change that was acknowledged reaches its function, however the server ends."""

import itertools
import random
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.notifying import configure, let_s3_invoke
from tests.e2e.server import Server
from tests.e2e.witness import create_witness, runs

KILLS = 20
BUDGET_S = 120
"""For the kills, of which there are fewer where a machine is slow."""
THREADS = 4
BUCKET = "bucket"
# A change is the number of its key, and one more where it is a removal.
WORK = """
def numbers(event):
    return [
        int(each["s3"]["object"]["key"]) + each["eventName"].startswith("ObjectRemoved")
        for each in event["Records"]
    ]

def work(event):
    pass
"""


class Changing:
    """Makes objects under ever higher numbers, over kills, and deletes every other one again.

    Attributes:
        acknowledged: the numbers of the changes that were.
        changes: set once one is acknowledged.
    """

    def __init__(self, thread: int) -> None:
        self.acknowledged: list[int] = []
        self.changes = threading.Event()
        self._numbers = itertools.count(thread * 10**6 + 10, 10)

    def run(self, server: Server) -> None:
        s3: Any = server.client("s3")
        for number in self._numbers:
            where = {"Bucket": BUCKET, "Key": str(number)}
            try:
                s3.put_object(**where, Body=b"x" * (40_000 if number % 30 == 0 else 100))
                self.acknowledged.append(number)
                self.changes.set()
                if number % 20 == 0:
                    s3.delete_object(**where)
                    self.acknowledged.append(number + 1)
            except (BotoCoreError, ClientError):  # it is gone, or going
                return


def test_every_acknowledged_change_reaches_its_function_through_twenty_kills(
    mortal_server: Server,
) -> None:
    server = mortal_server
    server.client("s3").create_bucket(Bucket=BUCKET)
    name = create_witness(server, WORK)
    arn = let_s3_invoke(server, name, BUCKET)
    wanted_events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    configure(server.client("s3"), BUCKET, "LambdaFunction", arn, *wanted_events)
    changing = [Changing(each) for each in range(THREADS)]
    moments, began, kills = random.Random(7), time.monotonic(), 0
    while kills < KILLS and time.monotonic() - began < BUDGET_S:
        threads = [threading.Thread(target=each.run, args=(server,)) for each in changing]
        changing[0].changes.clear()
        for thread in threads:
            thread.start()
        assert changing[0].changes.wait(60)
        threads[0].join(moments.uniform(0, 0.6))
        server.kill()
        kills += 1
        for thread in threads:
            thread.join()
        server.start()
    wanted = {number for each in changing for number in each.acknowledged}
    assert len(wanted) > kills > 3
    eventually(lambda: wanted <= runs(server, name).keys(), "the function got all", 90)
    # What was not acknowledged may have happened, but nothing ran that did not.
    there = {int(each) for each in keys(server)}
    made = {number for number in runs(server, name) if number % 10 == 0}
    removed = {number - 1 for number in runs(server, name) if number % 10 == 1}
    assert made - removed <= there <= made


def keys(server: Server) -> list[str]:
    """The keys of all objects."""
    pages = server.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [each["Key"] for page in pages for each in page.get("Contents", ())]
