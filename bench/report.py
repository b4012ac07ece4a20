"""A run's results as tables, for a terminal and as Markdown alike."""

from collections.abc import Mapping, Sequence

from bench import scale_report
from bench.settings import PEERS, Settings
from bench.starts import INTERPRETER
from bench.table import MISSING, Table, number, ratio
from bench.targets import Verdict

COLD_MEANS = {
    "ingle": "first invocation of a function",
    "functions-framework": "start of its process to the first answer",
    "ministack": "first invocation of a function",
    INTERPRETER: "`python3 -c pass`, start to end",
}


def tables(
    results: Mapping[str, float],
    verdicts: Sequence[Verdict],
    settings: Settings,
    left_out: Mapping[str, str],
) -> list[Table]:
    """Every table that has something to show, the targets last.

    Args:
        results: the figures.
        verdicts: the targets in their light.
        settings: the size of the run.
        left_out: why a stage was not measured, by its name.
    """
    made = [
        _cold(results, settings),
        *scale_report.tables(results, settings),
        _warm(results, settings),
        _servers(results),
        _costs(results),
        Table("Left out", ["stage", "why"], [[*each] for each in left_out.items()]),
        _targets(verdicts),
    ]
    return [table for table in made if table.rows]


def _cold(results: Mapping[str, float], settings: Settings) -> Table:
    table = Table(
        "Cold start",
        ["", "what", "p50 ms", "p99 ms", "p50 × Ingle"],
        note=f"{settings.cold_samples} samples each, in turns; request to response over an open "
        "connection, every sample with a function of its own.",
        numeric=range(2, 5),
    )
    for name in (*PEERS, INTERPRETER):
        prefix = f"cold.{name}"
        if f"{prefix}.p50_ms" in results:
            times = [number(results, f"{prefix}.p50_ms"), number(results, f"{prefix}.p99_ms")]
            multiple = ratio(results, f"{prefix}.p50_ms", "cold.ingle.p50_ms")
            table.rows.append([name, COLD_MEANS[name], *times, multiple])
    return table


def _warm(results: Mapping[str, float], settings: Settings) -> Table:
    table = Table(
        "Warm invocation",
        [
            "",
            "clients",
            "p50 ms",
            "p99 ms",
            "per second",
            "p50 × Ingle",
            "per second × Ingle",
            "load CPU",
        ],
        note=f"Medians of {settings.rounds} rounds in which every server has its turn. Load CPU "
        "is what the load generator itself took, of one core.",
        numeric=range(1, 8),
    )
    for load, clients in (("one", 1), ("many", settings.clients)):
        for name in PEERS:
            prefix, own = f"warm.{name}.{load}", f"warm.ingle.{load}"
            if f"{prefix}.p50_ms" not in results:
                continue
            table.rows.append(
                [
                    name,
                    str(clients),
                    number(results, f"{prefix}.p50_ms"),
                    number(results, f"{prefix}.p99_ms"),
                    f"{results[f'{prefix}.per_second']:,.0f}",
                    ratio(results, f"{prefix}.p50_ms", f"{own}.p50_ms"),
                    ratio(results, f"{prefix}.per_second", f"{own}.per_second"),
                    f"{results[f'{prefix}.load_cpu']:.0%}",
                ]
            )
    return table


def _servers(results: Mapping[str, float]) -> Table:
    table = Table(
        "Servers",
        [
            "",
            "ready ms",
            "idle environment MB",
            "loaded environment MB (number)",
            "server peak RSS MB",
            "server PSS MB",
            "left behind",
        ],
        note="Ready: process start to readiness, p50. Environment: PSS of what runs one "
        "function's code (Ingle: a sandbox; functions-framework: its worker; ministack: a worker "
        "process); idle: the only one, warm; loaded: the median at the end of the run. Left "
        "behind: processes that outlived the server's own end and had to be killed.",
        numeric=range(1, 7),
    )
    for name in PEERS:
        memory = f"memory.{name}"
        count = results.get(f"{memory}.loaded.environments")
        cells = [
            number(results, f"ready.{name}.p50_ms", digits=0),
            number(results, f"{memory}.idle.environment_mb"),
            number(results, f"{memory}.loaded.environment_mb")
            + (f" ({count:.0f})" if count is not None else ""),
            number(results, f"{memory}.server_peak_rss_mb"),
            number(results, f"{memory}.server_pss_mb"),
            number(results, f"left.{name}.processes", digits=0),
        ]
        if any(cell != MISSING for cell in cells):
            table.rows.append([name, *cells])
    return table


def _costs(results: Mapping[str, float]) -> Table:
    costs = {name: value for name, value in results.items() if name.startswith("cost.")}
    rows = [[name.removeprefix("cost."), f"{value:.1f}"] for name, value in costs.items()]
    note = "Medians, each measured alone."
    return Table("Cost of single stages", ["stage", "µs"], rows, note, numeric=(1,))


def _targets(verdicts: Sequence[Verdict]) -> Table:
    words = {True: "reached", False: "not reached", None: "not measured"}
    rows = []
    for verdict in verdicts:
        unit = verdict.target.unit
        sign = "≤" if verdict.target.at_most is not None else "≥"
        bound = MISSING if verdict.bound is None else f"{sign} {_plain(verdict.bound)} {unit}"
        measured = MISSING if verdict.measured is None else f"{_plain(verdict.measured)} {unit}"
        rows.append([verdict.target.promise, bound, measured, words[verdict.reached]])
    return Table("Targets", ["", "bound", "measured", ""], rows, numeric=(1, 2), names=(3,))


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
