"""The tables of what is asked of sandboxes: languages, heavy imports, many at once, many beside."""

from collections.abc import Mapping

from bench.programs import JAVA, LANGUAGES, NODEJS
from bench.runtimes import BARE
from bench.settings import PEERS, Settings
from bench.snapstart import PLAIN, RESTORED
from bench.table import IMPOSSIBLE, MISSING, Table, number, ratio

OWN = "ingle"
_BARE_MEANS = {
    NODEJS: "`node -e 0`, start to end",
    JAVA: "`java` with a class that greets, start to end",
}
_CANNOT = {
    ("functions-framework", NODEJS): "runs Python alone",
    ("functions-framework", JAVA): "runs Python alone",
    ("ministack", JAVA): "runs it in containers alone",
}


def tables(results: Mapping[str, float], settings: Settings) -> list[Table]:
    """Every table, those without rows too."""
    return [
        _runtimes(results, settings),
        _snapstart(results, settings),
        _burst(results, settings),
        _density(results, settings),
        _flat(results, settings),
        _aliases(results, settings),
        _streaming(results, settings),
        _asynchronous(results, settings),
        _queues(results, settings),
        _logs(results, settings),
        _topics(results, settings),
        _buckets(results, settings),
        _events(results, settings),
        _notifications(results, settings),
    ]


def _runtimes(results: Mapping[str, float], settings: Settings) -> Table:
    table = Table(
        "Cold start in further languages",
        ["", "language", "what", "p50 ms", "p99 ms", "p50 × Ingle"],
        note=f"{settings.runtime_samples} samples each, in turns, every one with a function of "
        f"its own and {settings.runtime_pause_s:g} s after the one before, so that a server can "
        "make up for what it had started ahead of time. Bare: the same interpreter.",
        numeric=range(3, 6),
        names=(0, 1),
    )
    for language, title in LANGUAGES.items():
        own = f"runtimes.{language}.{OWN}.p50_ms"
        if own not in results:
            continue
        for name in (*PEERS, BARE):
            prefix = f"runtimes.{language}.{name}"
            if f"{prefix}.p50_ms" in results:
                what = _BARE_MEANS[language] if name == BARE else "first invocation of a function"
                cells = [number(results, f"{prefix}.p50_ms"), number(results, f"{prefix}.p99_ms")]
                multiple = ratio(results, f"{prefix}.p50_ms", own)
                table.rows.append([name, title, what, *cells, multiple])
            elif (name, language) in _CANNOT:
                what = _CANNOT[name, language]
                table.rows.append([name, title, what, *[IMPOSSIBLE] * 3])
    return table


def _snapstart(results: Mapping[str, float], settings: Settings) -> Table:
    table = Table(
        "Cold start of a function that imports numpy and pandas",
        ["", "what", "p50 ms", "p99 ms", "p50 × SnapStart"],
        note=f"Ingle alone; {settings.snapstart_samples} samples each, in turns, of one Python "
        "function, every one checked to be the first answer of its sandbox, and "
        f"{settings.runtime_pause_s:g} s after the one before it ended. Both ways the package is "
        "in the page cache and has byte code.",
        numeric=range(2, 5),
    )
    for kind, name, what in (
        (PLAIN, "plain", "the function as deployed: imports both"),
        (RESTORED, "SnapStart", "a published version of it"),
    ):
        prefix = f"snapstart.{kind}"
        if f"{prefix}.p50_ms" in results:
            cells = [number(results, f"{prefix}.p50_ms"), number(results, f"{prefix}.p99_ms")]
            multiple = ratio(results, f"{prefix}.p50_ms", f"snapstart.{RESTORED}.p50_ms")
            table.rows.append([name, what, *cells, multiple])
    return table


def _burst(results: Mapping[str, float], settings: Settings) -> Table:
    count = settings.burst_clients
    prefix = f"burst.{OWN}.{count}"
    table = Table(
        f"A burst of {count} cold starts",
        ["", "all answered, s", "slowest burst, s"],
        note=f"{count} concurrent first invocations of one Python function, each held for "
        f"{settings.burst_hold_s:g} s so that each needs a sandbox of its own, and checked to have "
        "had it; from the first request to the last answer, less the time held. Median of "
        f"{settings.burst_rounds}, each on a server just started. No peer can do the same: "
        "ministack gives invocations that wait to workers that are done, functions-framework has "
        "no more processes than it was started with.",
        numeric=range(1, 3),
    )
    if f"{prefix}.p50_s" in results:
        cells = [number(results, f"{prefix}.p50_s"), number(results, f"{prefix}.max_s")]
        table.rows.append([OWN, *cells])
        table.rows.extend([name, IMPOSSIBLE, IMPOSSIBLE] for name in PEERS if name != OWN)
    return table


def _density(results: Mapping[str, float], settings: Settings) -> Table:
    count = settings.sandboxes
    prefix = f"density.{OWN}.{count}"
    table = Table(
        f"{count:,} idle Python sandboxes",
        ["", "figure"],
        note=f"Made in bursts of {settings.burst_clients}, each of a function of its own; counted "
        "at the end. Ingle alone: no peer has sandboxes. Gone: available memory of the machine "
        "(`MemAvailable`) from before the server's start, which counts the kernel's part; other "
        "programs that run meanwhile disturb it.",
        numeric=(1,),
    )
    if f"{prefix}.gone_mb" not in results:
        return table
    whole = results.get(f"{prefix}.mb")
    table.rows.extend(
        [
            ["sandboxes, PSS, MB", number(results, f"{prefix}.sandboxes_mb", 0)],
            ["server, warden and zygotes, PSS, MB", number(results, f"{prefix}.server_mb", 0)],
            ["available memory gone, MB", number(results, f"{prefix}.gone_mb", 0)],
            ["the larger, for each sandbox, MB", f"{whole / count:.2f}" if whole else MISSING],
            [
                "another function, warm, before, p50 ms",
                number(results, f"{prefix}.other_before.p50_ms"),
            ],
            ["the same meanwhile, p50 ms", number(results, f"{prefix}.other_meanwhile.p50_ms")],
            ["processes left behind", number(results, f"{prefix}.left", 0)],
        ]
    )
    return table


def _flat(results: Mapping[str, float], settings: Settings) -> Table:
    alone = f"flat.{OWN}.0.p50_ms"
    table = Table(
        "Other functions deployed",
        ["others", "warm p50 ms", "warm p99 ms", "p50 × none"],
        note=f"Ingle alone, one client; medians of {settings.flat_rounds} rounds in which a server "
        "with the others and one without have their turns.",
        numeric=range(4),
    )
    for others in (0, settings.others):
        prefix = f"flat.{OWN}.{others}"
        if f"{prefix}.p50_ms" in results:
            cells = [number(results, f"{prefix}.p50_ms"), number(results, f"{prefix}.p99_ms")]
            multiple = ratio(results, f"{prefix}.p50_ms", alone)
            table.rows.append([f"{others:,}", *cells, multiple])
    return table


def _aliases(results: Mapping[str, float], settings: Settings) -> Table:
    prefix = f"aliases.{OWN}"
    table = Table(
        "An alias moved under load",
        ["", ""],
        note=f"Ingle alone, {settings.clients} clients that invoke an alias as fast as it answers, "
        f"while it is moved between two versions {settings.switches} times. A call is misrouted "
        "if the alias led to another version from before it was sent until after it was answered.",
        numeric=(1,),
    )
    if f"{prefix}.wrong" in results:
        table.rows.extend(
            [
                ["calls", number(results, f"{prefix}.calls", 0)],
                ["those during which it was not moved", number(results, f"{prefix}.clear", 0)],
                ["failed calls", number(results, f"{prefix}.failed", 0)],
                ["misrouted calls", number(results, f"{prefix}.misrouted", 0)],
                ["a call, p50 ms", number(results, f"{prefix}.p50_ms")],
                ["a call, p99 ms", number(results, f"{prefix}.p99_ms")],
                ["a move, p50 ms", number(results, f"{prefix}.switch_p50_ms")],
            ]
        )
    return table


def _streaming(results: Mapping[str, float], settings: Settings) -> Table:
    prefix = f"stream.{OWN}.first_byte"
    table = Table(
        "The first byte of a streamed answer",
        ["", "p50 ms", "p99 ms"],
        note=f"Ingle alone, {settings.stream_samples} warm invocations of a Node.js function, one "
        "client: from the handler's `stream.write` to the receipt, by the same clock.",
        numeric=(1, 2),
    )
    if f"{prefix}.p50_ms" in results:
        cells = [number(results, f"{prefix}.p50_ms"), number(results, f"{prefix}.p99_ms")]
        table.rows.append(["from the handler to the client", *cells])
    return table


def _queues(results: Mapping[str, float], settings: Settings) -> Table:
    sent, mapped = f"sqs_send.{OWN}", f"sqs_lambda.{OWN}"
    table = Table(
        "Queues",
        ["", "figure"],
        note=f"Ingle alone. Sent: by {settings.clients} clients; a message is on disk when its "
        f"client is answered; medians of {settings.accept_rounds} rounds of "
        f"{settings.accept_events:,}. Processed: {settings.mapped_messages:,} messages, which a "
        "function gets in batches of ten and which are then deleted.",
        numeric=(1,),
    )
    if f"{sent}.per_second" in results:
        table.rows.extend(
            [
                ["sent a second", f"{results[f'{sent}.per_second']:,.0f}"],
                ["sent, p50 ms", number(results, f"{sent}.p50_ms")],
                ["sent, p99 ms", number(results, f"{sent}.p99_ms")],
            ]
        )
    if f"{mapped}.per_second" in results:
        table.rows.append(["processed a second", f"{results[f'{mapped}.per_second']:,.0f}"])
    return table


def _logs(results: Mapping[str, float], settings: Settings) -> Table:
    intake, search = f"log_intake.{OWN}", f"log_search.{OWN}"
    table = Table(
        "Logs",
        ["", "p50 ms"],
        note="Ingle alone. Invocations: by one client, in turns without and with another function "
        "that prints 20,000 lines a second, which are counted afterwards. Searches: first pages of "
        f"FilterLogEvents over {settings.log_lines:,} lines of one group, by kind of pattern.",
        numeric=(1,),
    )
    for rate in (0, 20_000):
        if f"{intake}.{rate}.p50_ms" in results:
            figure = number(results, f"{intake}.{rate}.p50_ms")
            table.rows.append([f"an invocation, {rate:,} lines a second", figure])
    for key in results:
        if key.startswith(f"{search}.") and key != f"{search}.p50_ms":
            kind = key.removeprefix(f"{search}.").removesuffix(".p50_ms")
            table.rows.append([f"a search: {kind}", number(results, key)])
    return table


def _topics(results: Mapping[str, float], settings: Settings) -> Table:
    prefix = f"sns_fan_out.{OWN}"
    table = Table(
        "A message to twenty functions",
        ["", "p50 ms", "p99 ms"],
        note=f"Ingle alone, {settings.published_messages} messages to a topic with 20 functions "
        "subscribed, all of them warm, on the same processors: from the request to publish until "
        "the last function was called, by the same clock. The message and all events are on disk "
        "in between.",
        numeric=(1, 2),
    )
    if f"{prefix}.p50_ms" in results:
        cells = [number(results, f"{prefix}.p50_ms"), number(results, f"{prefix}.p99_ms")]
        table.rows.append(["from the client to the last handler", *cells])
    return table


def _buckets(results: Mapping[str, float], settings: Settings) -> Table:
    table = Table(
        "Buckets",
        ["", "figure"],
        note=f"Ingle alone. Put: objects of 1 KB by {settings.clients} clients; each is on disk "
        f"when its client is answered; medians of {settings.put_rounds} rounds of "
        f"{settings.put_objects:,}. Large: one object of {settings.object_mb:,} MB; the plain copy "
        "is the same bytes through a socket into a file; memory: by how much the server was larger "
        f"at any time. Pages: of 1,000 keys or folders, of {settings.listed_objects:,} objects.",
        numeric=(1,),
    )
    put, own, plain = f"s3_put.{OWN}", f"s3_transfer.{OWN}", "s3_transfer.plain"
    listed = f"s3_list.{OWN}.{settings.listed_objects}"
    for title, name, digits in (
        ("put a second", f"{put}.per_second", 0),
        ("put, p50 ms", f"{put}.p50_ms", 2),
        ("put, p99 ms", f"{put}.p99_ms", 2),
        ("large, uploaded, MB/s", f"{own}.up_mb_per_second", 0),
        ("large, downloaded, MB/s", f"{own}.down_mb_per_second", 0),
        ("plain copy, MB/s", f"{plain}.mb_per_second", 0),
        ("large, memory, MB", f"{own}.grown_mb", 2),
        ("page of keys, p50 ms", f"{listed}.p50_ms", 2),
        ("page of keys, p99 ms", f"{listed}.p99_ms", 2),
        ("page of folders, p50 ms", f"{listed}.folders_p50_ms", 2),
    ):
        if name in results:
            table.rows.append([title, number(results, name, digits)])
    return table


def _events(results: Mapping[str, float], settings: Settings) -> Table:
    put, late = f"events_put.{OWN}", f"schedules.{OWN}"
    table = Table(
        "Events and schedules",
        ["", "figure"],
        note=f"Ingle alone. Put: by {settings.clients} clients, one event a request; it is on disk "
        "when its client is answered, and goes to a queue at the same time; medians of "
        f"{settings.accept_rounds} rounds of {settings.put_events:,}. Late: from the time of each "
        f"of {settings.schedules} schedules until its function was called, by the same clock.",
        numeric=(1,),
    )
    if f"{put}.per_second" in results:
        table.rows.extend(
            [
                ["put a second", f"{results[f'{put}.per_second']:,.0f}"],
                ["put, p50 ms", number(results, f"{put}.p50_ms")],
                ["put, p99 ms", number(results, f"{put}.p99_ms")],
            ]
        )
    if f"{late}.p50_ms" in results:
        table.rows.append(["late, p50 ms", number(results, f"{late}.p50_ms")])
        table.rows.append(["late, p99 ms", number(results, f"{late}.p99_ms")])
    return table


def _notifications(results: Mapping[str, float], settings: Settings) -> Table:
    put, reaction = f"s3_notified.{OWN}", f"s3_reaction.{OWN}"
    table = Table(
        "Objects that a function is told of",
        ["", "figure"],
        note=f"Ingle alone. Put: 1 KB each, by {settings.clients} clients, with the function "
        "running meanwhile; object and event are on disk when the client is answered; medians of "
        f"{settings.notified_rounds} rounds of {settings.notified_objects:,}. Reaction: from the "
        "answer to the first line of the function, which is warm, by the same clock.",
        numeric=(1,),
    )
    if f"{put}.per_second" in results:
        table.rows.extend(
            [
                ["put a second", f"{results[f'{put}.per_second']:,.0f}"],
                ["put, p50 ms", number(results, f"{put}.p50_ms")],
                ["put, p99 ms", number(results, f"{put}.p99_ms")],
                ["reaction, p50 ms", number(results, f"{reaction}.p50_ms")],
                ["reaction, p99 ms", number(results, f"{reaction}.p99_ms")],
            ]
        )
    return table


def _asynchronous(results: Mapping[str, float], settings: Settings) -> Table:
    accept = f"async_accept.{OWN}"
    drain = f"async_drain.{OWN}.{settings.drain_events}"
    table = Table(
        "Asynchronous invocation",
        ["", "figure"],
        note=f"Ingle alone. Accepted: by {settings.clients} clients, with the function running "
        "meanwhile; an event is on disk when its client is answered; medians of "
        f"{settings.accept_rounds} rounds of {settings.accept_events:,}. Queued: events that were "
        "handed over while the function held its sandboxes; memory: by how much the server's "
        "resident set was larger at any time than before.",
        numeric=(1,),
    )
    if f"{accept}.per_second" in results:
        table.rows.extend(
            [
                ["accepted a second", f"{results[f'{accept}.per_second']:,.0f}"],
                ["accepted, p50 ms", number(results, f"{accept}.p50_ms")],
                ["accepted, p99 ms", number(results, f"{accept}.p99_ms")],
            ]
        )
    if f"{drain}.grown_mb" in results:
        table.rows.extend(
            [
                ["queued", number(results, f"{drain}.queued", 0)],
                ["drained a second", number(results, f"{drain}.per_second", 0)],
                ["memory, MB", number(results, f"{drain}.grown_mb")],
            ]
        )
    return table
