"""No event that got its 202 is lost, however the server ends, and none runs without need."""

import itertools
import threading

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.witness import create_witness, runs

THREADS = 4
QUICK = "def work(event):\n    pass\n"
SLOW = "def work(event):\n    time.sleep(0.2)\n"
FAILING = "def work(event):\n    if event % 7 == 0:\n        raise ValueError('not today')\n"


class Client:
    """Hands over events until the server is gone, and goes on with those after them.

    Attributes:
        accepted: those that were.
    """

    def __init__(self, name, numbers):
        self.accepted = []
        self._name = name
        self._numbers = iter(numbers)

    def run(self, server):
        functions = server.client("lambda")
        for number in self._numbers:
            try:
                functions.invoke(
                    FunctionName=self._name, InvocationType="Event", Payload=b"%d" % number
                )
            except (BotoCoreError, ClientError):  # it is gone, or going
                return
            self.accepted.append(number)


def await_runs(server, name, accepted):
    """Wait until all these events ran, and return how often."""
    eventually(lambda: not set(accepted) - runs(server, name).keys(), "all events ran", 60)
    return runs(server, name)


def test_every_event_that_was_accepted_runs_through_twenty_kills(own_server):
    names = [create_witness(own_server, QUICK), create_witness(own_server, FAILING)]
    clients = [Client(names[each % 2], itertools.count(each * 10**6)) for each in range(THREADS)]
    *_, kills = killing(own_server, clients, seed=4, within_s=0.3)
    for which, name in enumerate(names):
        wanted = [number for each in clients[which::2] for number in each.accepted]
        found = await_runs(own_server, name, wanted)
        assert len(wanted) > kills
        # Those that were under way at a kill may have been accepted, too.
        assert len(found.keys() - set(wanted)) <= kills * THREADS
        assert max(found.values()) <= kills + 2


def test_a_server_that_is_stopped_leaves_what_it_did_not_run_to_the_next_start(own_server):
    name = create_witness(own_server, SLOW)
    wanted = list(range(60))
    client = Client(name, wanted)
    client.run(own_server)
    assert client.accepted == wanted
    assert own_server.stop() == 0
    own_server.start()
    found = await_runs(own_server, name, wanted)
    assert set(found.values()) == {1}


def test_events_are_accepted_until_the_server_stops_and_none_of_them_is_lost(own_server):
    name = create_witness(own_server, QUICK)
    clients = [Client(name, itertools.count(each * 10**6)) for each in range(THREADS)]
    threads = [threading.Thread(target=each.run, args=(own_server,)) for each in clients]
    for thread in threads:
        thread.start()
    eventually(lambda: sum(len(each.accepted) for each in clients) > 100, "events are accepted")
    assert own_server.stop() == 0
    for thread in threads:
        thread.join()
    own_server.start()
    wanted = [number for each in clients for number in each.accepted]
    found = await_runs(own_server, name, wanted)
    assert set(found.values()) == {1}
