"""Every change that was acknowledged reaches its function, however the server ends."""

import itertools
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.notifying import configure, let_s3_invoke
from tests.e2e.server import Server
from tests.e2e.witness import create_witness, runs

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
        accepted: the numbers of the changes that were acknowledged.
    """

    def __init__(self, thread: int) -> None:
        self.accepted: list[int] = []
        self._numbers = itertools.count(thread * 10**6 + 10, 10)

    def run(self, server: Server) -> None:
        s3: Any = server.client("s3")
        for number in self._numbers:
            where = {"Bucket": BUCKET, "Key": str(number)}
            try:
                s3.put_object(**where, Body=b"x" * (40_000 if number % 30 == 0 else 100))
                self.accepted.append(number)
                if number % 20 == 0:
                    s3.delete_object(**where)
                    self.accepted.append(number + 1)
            except (BotoCoreError, ClientError):  # it is gone, or going
                return


def test_every_acknowledged_change_reaches_its_function_through_twenty_kills(
    own_server: Server,
) -> None:
    server = own_server
    server.client("s3").create_bucket(Bucket=BUCKET)
    name = create_witness(server, WORK)
    arn = let_s3_invoke(server, name, BUCKET)
    wanted_events = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
    configure(server.client("s3"), BUCKET, "LambdaFunction", arn, *wanted_events)
    changing = [Changing(each) for each in range(THREADS)]
    *_, kills = killing(server, changing, seed=7, within_s=0.6)
    wanted = {number for each in changing for number in each.accepted}
    assert len(wanted) > kills
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
