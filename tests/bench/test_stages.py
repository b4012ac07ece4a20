"""What a run consists of, and what it says of what it left out."""

from pathlib import Path

import pytest
from bench.density import check_machine
from bench.errors import NotMeasurable
from bench.languages import compile_hello
from bench.settings import FULL, INGLE_ONLY, QUICK, STAGES, Settings
from bench.stages import ALONE, SHARED
from bench.targets import load_targets

from bench import report


def test_every_stage_is_measured() -> None:
    assert set(STAGES) == set(ALONE) | SHARED
    assert set(STAGES) >= INGLE_ONLY


@pytest.mark.parametrize("settings", [FULL, QUICK])
def test_idle_sandboxes_are_made_in_whole_bursts(settings: Settings) -> None:
    assert settings.sandboxes % settings.burst_clients == 0


def test_a_full_run_measures_the_counts_that_the_targets_are_about() -> None:
    figures = {target.measure for target in load_targets()}
    assert f"burst.ingle.{FULL.burst_clients}.p50_s" in figures
    assert f"density.ingle.{FULL.sandboxes}.mb" in figures
    assert (FULL.switches, FULL.clients) == (100, 16)
    assert f"flat.ingle.{FULL.others}.p50_ms" in figures
    assert f"s3_list.ingle.{FULL.listed_objects}.p50_ms" in figures
    assert f"async_drain.ingle.{FULL.drain_events}.grown_mb" in figures


def test_a_machine_that_cannot_hold_the_sandboxes_is_told_what_it_lacks() -> None:
    with pytest.raises(NotMeasurable, match=r"10,000,000,000 sandboxes .* (files|memory)"):
        check_machine(10_000_000_000)


def test_java_without_a_compiler_is_told_which_one_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotMeasurable, match=r"no compiler: .*javac is missing"):
        compile_hello(tmp_path / "javac", tmp_path)


def test_the_report_names_what_was_left_out_and_why() -> None:
    [table] = report.tables({}, [], FULL, {"density": "too small a machine"})
    assert (table.title, table.rows) == ("Left out", [["density", "too small a machine"]])


def test_every_target_that_was_measured_has_a_table_with_its_figure() -> None:
    targets = [target for target in load_targets() if not target.measure.startswith("cost.")]
    figures = {name: 1.0 for target in targets for name in (target.measure, target.against) if name}
    figures |= {f"{name[: -len('p50_ms')]}p99_ms": 1.0 for name in figures if "p50_ms" in name}
    for name in [name for name in figures if name.startswith("warm.")]:
        prefix = name.rpartition(".")[0]
        figures |= {f"{prefix}.{each}": 1.0 for each in ("p50_ms", "per_second", "load_cpu")}
    figures["density.ingle.1000.gone_mb"] = 1000.0
    titles = {table.title for table in report.tables(figures, [], FULL, {})}
    assert titles == {
        "Cold start",
        "Cold start in further languages",
        "Cold start of a function that imports numpy and pandas",
        "A burst of 100 cold starts",
        "1,000 idle Python sandboxes",
        "Other functions deployed",
        "An alias moved under load",
        "The first byte of a streamed answer",
        "Asynchronous invocation",
        "Queues",
        "A message to twenty functions",
        "Buckets",
        "Logs",
        "Objects that a function is told of",
        "Warm invocation",
        "Servers",
    }


def test_a_restored_start_is_shown_next_to_the_plain_one() -> None:
    figures = {"snapstart.plain.p50_ms": 600.0, "snapstart.restored.p50_ms": 10.0}
    [table] = report.tables(figures, [], FULL, {})
    assert [[row[0], row[2], row[4]] for row in table.rows] == [
        ["plain", "600.00", "60.00"],
        ["SnapStart", "10.00", "1.00"],
    ]


def test_a_peer_that_cannot_run_a_language_is_shown_as_such() -> None:
    [table] = report.tables({"runtimes.java.ingle.p50_ms": 10.0}, [], FULL, {})
    cells = {row[0]: row[2:] for row in table.rows}
    assert cells["ingle"][1:] == ["10.00", "—", "1.00"]
    assert cells["ministack"] == ["runs it in containers alone", "n/a", "n/a", "n/a"]
