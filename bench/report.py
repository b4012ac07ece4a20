"""A run's results as tables, for a terminal and as Markdown alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.settings import PEERS, Settings
from bench.starts import INTERPRETER
from bench.targets import Verdict

MISSING = "—"
COLD_MEANS = {
    "ingle": "first invocation of a function",
    "functions-framework": "start of its process to the first answer",
    "ministack": "first invocation of a function",
    INTERPRETER: "`python3 -c pass`, start to end",
}


@dataclass(frozen=True, slots=True)
class Table:
    """One table; all cells are text.

    Attributes:
        title: above it.
        columns: headings; the first column names the row.
        rows: the cells.
        note: how it was measured, below it.
        numeric: the indexes of the columns that hold figures.
        names: the indexes of the columns that hold short names, not to be broken.
    """

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""
    numeric: Sequence[int] = ()
    names: Sequence[int] = (0,)


def tables(
    results: Mapping[str, float], verdicts: Sequence[Verdict], settings: Settings
) -> list[Table]:
    """Every table that has something to show, the targets last."""
    made = [
        _cold(results, settings),
        _warm(results, settings),
        _servers(results),
        _costs(results),
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
            ratio = _ratio(results, f"{prefix}.p50_ms", "cold.ingle.p50_ms")
            times = [_number(results, f"{prefix}.p50_ms"), _number(results, f"{prefix}.p99_ms")]
            table.rows.append([name, COLD_MEANS[name], *times, ratio])
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
                    _number(results, f"{prefix}.p50_ms"),
                    _number(results, f"{prefix}.p99_ms"),
                    f"{results[f'{prefix}.per_second']:,.0f}",
                    _ratio(results, f"{prefix}.p50_ms", f"{own}.p50_ms"),
                    _ratio(results, f"{prefix}.per_second", f"{own}.per_second"),
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
            _number(results, f"ready.{name}.p50_ms", digits=0),
            _number(results, f"{memory}.idle.environment_mb"),
            _number(results, f"{memory}.loaded.environment_mb")
            + (f" ({count:.0f})" if count is not None else ""),
            _number(results, f"{memory}.server_peak_rss_mb"),
            _number(results, f"{memory}.server_pss_mb"),
            _number(results, f"left.{name}.processes", digits=0),
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


def _number(results: Mapping[str, float], name: str, digits: int = 2) -> str:
    value = results.get(name)
    return MISSING if value is None else f"{value:,.{digits}f}"


def _ratio(results: Mapping[str, float], name: str, own: str) -> str:
    if name not in results or not results.get(own):
        return MISSING
    return f"{results[name] / results[own]:.2f}"
