"""How much a run measures."""

from dataclasses import dataclass

STAGES = (
    "cost",
    "ready",
    "runtimes",
    "snapstart",
    "burst",
    "density",
    "flat",
    "aliases",
    "stream_first_byte",
    "async_accept",
    "async_drain",
    "sqs_send",
    "sqs_lambda",
    "log_intake",
    "log_search",
    "sns_fan_out",
    "s3_put",
    "s3_transfer",
    "s3_list",
    "events_put",
    "schedules",
    "s3_notified",
    "memory",
    "cold",
    "warm",
)
INGLE_ONLY = frozenset(
    {
        "cost",
        "snapstart",
        "burst",
        "density",
        "flat",
        "aliases",
        "stream_first_byte",
        "async_accept",
        "async_drain",
        "sqs_send",
        "sqs_lambda",
        "log_intake",
        "log_search",
        "sns_fan_out",
        "s3_put",
        "s3_transfer",
        "s3_list",
        "events_put",
        "schedules",
        "s3_notified",
    }
)
"""The stages in which no peer takes part."""
PEERS = ("ingle", "functions-framework", "ministack")


@dataclass(frozen=True, slots=True)
class Settings:
    """The size of a run; every count and every length of time is an upper bound.

    Attributes:
        cold_samples: first invocations of each peer, and as many bare interpreter starts.
        ready_samples: starts of each server from nothing.
        rounds: warm rounds; in each one every peer has its turn.
        clients: connections of the concurrent load.
        one_client_s: length of a turn with one client, in seconds.
        many_clients_s: length of a turn with `clients` clients, in seconds.
        warmup_s: length of each of the four warm-up turns of a peer, in seconds.
        pause_s: the quiet before a cold sample, in seconds, so that what the previous one left
            behind (log writes, reaped processes) is not charged to the next.
        runtime_samples: first invocations of each peer in each further language, and as many bare
            starts of the language's interpreter.
        snapstart_samples: first answers of sandboxes of a function with heavy imports, and as
            many with SnapStart.
        runtime_pause_s: the quiet before each of both, in seconds, in which what is started ahead
            of time is made up for.
        burst_rounds: bursts, each on a server of its own.
        burst_clients: invocations of a burst.
        burst_hold_s: how long each of these holds its sandbox, in seconds.
        sandboxes: that idle at the same time; a multiple of `burst_clients`.
        others: functions that are deployed next to the one that is measured.
        flat_rounds: rounds with and without them; in each one both servers have their turn.
        flat_turn_s: length of such a turn, in seconds.
        switches: how often an alias is moved under the load of `clients`.
        switch_pause_s: the time between two of these, in seconds.
        stream_samples: streamed invocations.
        accept_events: that `clients` hand over in a round; also messages that they send.
        accept_rounds: of these.
        drain_events: that are queued before they may run.
        drain_hold_s: how long they are held back, in seconds; less than a function's timeout.
        mapped_messages: of a queue that reach a function.
        log_lines: of a log group that is searched.
        log_searches: of each kind of pattern.
        published_messages: of a topic that reach twenty.
        put_objects: of 1 KB that `clients` put in a round.
        put_rounds: of these.
        object_mb: the size of a large object.
        listed_objects: in the bucket that is listed.
        put_events: that `clients` put on a bus in a round.
        schedules: that run a function, a second apart.
        notified_objects: of 1 KB that `clients` put in a round, and that a function is told of.
        notified_rounds: of these.
        notified_single: objects that are put one after the other.
    """

    cold_samples: int = 40
    ready_samples: int = 5
    rounds: int = 5
    clients: int = 16
    one_client_s: float = 1.0
    many_clients_s: float = 1.5
    warmup_s: float = 5.0
    pause_s: float = 0.03
    runtime_samples: int = 16
    snapstart_samples: int = 16
    runtime_pause_s: float = 0.5
    burst_rounds: int = 3
    burst_clients: int = 100
    burst_hold_s: float = 1.5
    sandboxes: int = 1000
    others: int = 1000
    flat_rounds: int = 15
    flat_turn_s: float = 0.4
    switches: int = 100
    switch_pause_s: float = 0.05
    stream_samples: int = 200
    accept_events: int = 10_000
    accept_rounds: int = 5
    drain_events: int = 20_000
    drain_hold_s: float = 25.0
    mapped_messages: int = 20_000
    log_lines: int = 1_000_000
    log_searches: int = 9
    published_messages: int = 200
    put_objects: int = 3_000
    put_rounds: int = 5
    object_mb: int = 1_000
    listed_objects: int = 1_000_000
    put_events: int = 4_000
    schedules: int = 20
    notified_objects: int = 3_000
    notified_rounds: int = 5
    notified_single: int = 200


FULL = Settings()
QUICK = Settings(
    cold_samples=10,
    ready_samples=2,
    rounds=2,
    one_client_s=0.4,
    many_clients_s=0.6,
    warmup_s=1.5,
    runtime_samples=5,
    snapstart_samples=5,
    burst_rounds=1,
    sandboxes=200,
    others=100,
    flat_rounds=5,
    stream_samples=50,
    accept_events=4_000,
    accept_rounds=2,
    mapped_messages=5_000,
    log_lines=100_000,
    log_searches=3,
    published_messages=50,
    put_objects=1_500,
    put_rounds=2,
    object_mb=200,
    listed_objects=100_000,
    put_events=1_000,
    schedules=8,
    notified_objects=1_500,
    notified_rounds=2,
    notified_single=50,
)
