"""Each error that AWS documents of Lambda's operations is provoked, or cannot occur."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.documented import (
    changing,
    durable,
    invoking,
    lost,
    mappings,
    policies,
    settings,
    signing,
)
from tests.e2e.documented import functions as of_functions
from tests.e2e.documented.cases import Case, provoke
from tests.e2e.documented.elsewhere import Elsewhere, documented, elsewhere, names_in
from tests.e2e.documented.stage import Stage
from tests.e2e.server import Server
from tests.images.building import Layout

CASES = [
    case
    for area in (of_functions, settings, policies, signing, mappings, invoking, durable)
    for case in area.CASES
]
ALL = [*CASES, *invoking.STUCK, *changing.CASES, *lost.CASES]


@pytest.fixture(scope="module")
def stage(server: Server) -> Iterator[Stage]:
    stage = Stage(server)
    yield stage
    stage.clear()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation}-{case.error}")
def test_an_error_is_answered_as_it_is_documented(stage: Stage, case: Case) -> None:
    provoke(stage, case)


def test_a_hook_that_does_not_return_is_given_up(stage: Stage) -> None:
    with ThreadPoolExecutor() as pool:
        for each in [pool.submit(provoke, stage, case) for case in invoking.STUCK]:
            each.result()


def test_a_function_that_is_being_changed_is_not_changed_otherwise(
    stage: Stage, images: Path
) -> None:
    layout = Layout(images / "changing")
    stage.changing = changing.being_created(stage, layout)
    for case in changing.CREATED:
        provoke(stage, case)
    stage.changing = changing.being_updated(stage, layout)
    for case in changing.UPDATED:
        provoke(stage, case)


def test_a_function_that_lost_what_it_needs_is_not_invoked(
    start_server: Callable[..., Server],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Version managers are not looked for here, so that a runtime is missing.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    runtime = lost.substituted()
    folders = tmp_path / "shared"
    server = start_server("--file-systems", lost.shared(folders), "--substitutes", runtime)
    stage = lost.LostStage(server, folders)
    try:
        stage.prepare(runtime)
        for case in lost.NOT_MOUNTED:
            provoke(stage, case)
        stage.restart_without()
        for case in lost.GONE:
            provoke(stage, case)
    finally:
        if stage.server.running:
            stage.server.kill()


def test_each_documented_error_is_provoked_or_said_to_be_elsewhere() -> None:
    here = {(case.operation, case.error) for case in ALL}
    assert len(here) == len(ALL)
    there = [pair for entry in elsewhere() for pair in entry.pairs]
    assert len(set(there)) == len(there), "an error stands in the list twice"
    assert here.isdisjoint(there)
    assert documented() - here - set(there) == set()
    assert (here | set(there)) - documented() == set()


@pytest.mark.parametrize(
    "entry", [entry for entry in elsewhere() if entry.test], ids=lambda entry: entry.test
)
def test_an_error_that_another_test_provokes_has_that_test(entry: Elsewhere) -> None:
    path, _, name = entry.test.partition("::")
    assert name in names_in(path)
