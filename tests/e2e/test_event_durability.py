"""No event that got its 202 is lost, however the server ends, and none runs without need."""

import threading
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.conftest import eventually
from tests.e2e.killing import killing
from tests.e2e.witness import create_witness, runs

THREADS = 4
QUICK = "def work(event):\n    pass\n"
SLOW = "def work(event):\n    time.sleep(0.2)\n"
FAILING = "def work(event):\n    if event % 7 == 0:\n        raise ValueError('not today')\n"


def hand_over(functions, name, numbers, accepted):
    """Hand over events until the server is gone; note those that were accepted."""
    for number in numbers:
        try:
            functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"%d" % number)
        except (BotoCoreError, ClientError):  # it is gone, or going
            return
        accepted.append(number)


def await_runs(server, name, accepted):
    """Wait until all these events ran, and return how often."""
    eventually(lambda: not set(accepted) - runs(server, name).keys(), "all events ran", 60)
    return runs(server, name)


def test_every_event_that_was_accepted_runs_through_twenty_kills(own_server):
    names = [create_witness(own_server, QUICK), create_witness(own_server, FAILING)]
    accepted = [[] for _ in range(THREADS)]
    numbers = [iter(range(thread * 10**6, (thread + 1) * 10**6)) for thread in range(THREADS)]

    def work():
        functions = own_server.client("lambda")
        return [
            partial(hand_over, functions, names[each % 2], numbers[each], accepted[each])
            for each in range(THREADS)
        ]

    def count():
        return sum(map(len, accepted))

    *_, kills = killing(own_server, work, count, seed=4, within_s=0.3)
    for which, name in enumerate(names):
        wanted = [number for each in accepted[which::2] for number in each]
        found = await_runs(own_server, name, wanted)
        assert len(wanted) > kills
        # Those that were under way at a kill may have been accepted, too.
        assert len(found.keys() - set(wanted)) <= kills * THREADS
        assert max(found.values()) <= kills + 2


def test_a_server_that_is_stopped_leaves_what_it_did_not_run_to_the_next_start(own_server):
    functions = own_server.client("lambda")
    name = create_witness(own_server, SLOW)
    wanted = list(range(60))
    accepted = []
    hand_over(functions, name, wanted, accepted)
    assert accepted == wanted
    assert own_server.stop() == 0
    own_server.start()
    found = await_runs(own_server, name, wanted)
    assert set(found.values()) == {1}


def test_events_are_accepted_until_the_server_stops_and_none_of_them_is_lost(own_server):
    functions = own_server.client("lambda")
    name = create_witness(own_server, QUICK)
    accepted = [[] for _ in range(THREADS)]
    threads = [
        threading.Thread(
            target=hand_over,
            args=(functions, name, range(each * 10**6, (each + 1) * 10**6), accepted[each]),
        )
        for each in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: sum(map(len, accepted)) > 100, "events are accepted")
    assert own_server.stop() == 0
    for thread in threads:
        thread.join()
    own_server.start()
    wanted = [number for each in accepted for number in each]
    found = await_runs(own_server, name, wanted)
    assert set(found.values()) == {1}
