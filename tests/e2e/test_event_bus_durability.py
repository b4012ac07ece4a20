"""No event that PutEvents acknowledged is lost, however the server ends."""

import itertools
import json

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.server import Server
from tests.e2e.test_event_buses import new_queue, new_rule, receive
from tests.e2e.witness import create_witness, runs

THREADS = 4
WORK = "def numbers(event):\n    return [event['detail']['number']]\ndef work(event):\n    pass\n"


class Putter:
    """Puts events with ever higher numbers, over kills."""

    def __init__(self, thread: int) -> None:
        self.accepted: list[int] = []
        self._numbers = itertools.count(thread * 10**6 + 1)

    def run(self, server: Server) -> None:
        events = server.client("events")
        while True:
            numbers = [next(self._numbers) for _ in range(3)]
            entries = [
                {
                    "Source": "shop",
                    "DetailType": "order",
                    "Detail": json.dumps({"number": number}),
                }
                for number in numbers
            ]
            try:
                answer = events.put_events(Entries=entries)
            except (BotoCoreError, ClientError):  # it is gone, or going
                return
            assert answer["FailedEntryCount"] == 0
            self.accepted += numbers


def test_every_event_that_was_acknowledged_is_delivered_through_twenty_kills(
    own_server: Server,
) -> None:
    server = own_server
    events, functions = server.client("events"), server.client("lambda")
    url, queue = new_queue(server)
    new_rule(events, queue, "shop")
    name = create_witness(server, WORK)
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    functions.add_permission(
        FunctionName=name,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=new_rule(events, arn, "shop"),
    )
    path = url.removeprefix(server.endpoint)
    putters = [Putter(each) for each in range(THREADS)]
    *_, kills = killing(server, putters, seed=8, within_s=0.7)
    wanted = {number for each in putters for number in each.accepted}
    assert len(wanted) > kills
    eventually(lambda: wanted <= runs(server, name).keys(), "the function got all", 60)
    queued: list[int] = []
    while not wanted <= set(queued):
        found = receive(server, server.endpoint + path)
        assert found, f"lost: {wanted - set(queued)}"
        queued += [each["detail"]["number"] for each in found]
    # Into a queue each comes exactly once.
    assert len(queued) == len(set(queued))
