"""The documentation names what there is, and all of it."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import typer.main

from ingle.cli.main import app
from ingle.config import CONFIG_VARIABLE, ENVIRONMENT_PREFIX, FILE_KEYS, FLAGS, Config

ROOT = Path(__file__).parents[1]
SPECIFICATION = (ROOT / "SPECIFICATION.md").read_text("utf-8")
WRITTEN_BY_BENCH = ROOT / "bench" / "results.md"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def section(markdown: str, title: str) -> str:
    return markdown.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(markdown: str) -> Iterator[list[str]]:
    """The rows of all tables, without their heads."""
    for line in re.findall(r"^\|(.*)\|$", markdown, re.MULTILINE):
        cells = [cell.strip() for cell in line.split("|")]
        if not set(line) <= set("|-") and cells[0] not in ("", "Promise", "Command"):
            yield cells


def names_of_tests(path: Path) -> set[str]:
    """The names of a file's tests."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, functions)}


def test_every_promise_names_tests_that_exist() -> None:
    promises, speed = SPECIFICATION.split("\n## Speed\n")
    missing = []
    count = 0
    for row in rows(promises):
        names = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1])
        assert names, f"nothing enforces: {row[0]}"
        for file, name in names:
            count += 1
            if not (ROOT / file).is_file() or name not in names_of_tests(ROOT / file):
                missing.append(f"{file}::{name}")
    assert count > 50
    assert missing == []
    assert list(rows(speed))


def test_the_promises_of_speed_are_those_that_the_benchmark_judges() -> None:
    targets = tomllib.loads((ROOT / "bench" / "targets.toml").read_text())["target"]
    judged = {(target["measure"], target.get("against")) for target in targets}
    promised = set()
    for row in rows(section(SPECIFICATION, "Speed")):
        measure, *against = re.findall(r"`([\w.-]+)`", row[-1])
        promised.add((measure, against[0] if against else None))
    assert promised == judged


def test_the_readme_lists_every_command() -> None:
    listed = section((ROOT / "README.md").read_text("utf-8"), "The commands")
    assert [row[0] for row in rows(listed)] == [f"`ingle {name}`" for name in COMMANDS]


def as_written(default: object) -> str:
    """A setting's default, as a table has it."""
    if default in ((), ""):
        return "none"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_table_of_settings_is_that_of_the_configuration() -> None:
    expected = [
        [
            f"`{FILE_KEYS[each.name]}`",
            f"`{ENVIRONMENT_PREFIX}{each.name.upper()}`",
            f"`{FLAGS[each.name]}`",
            as_written(each.default),
            each.metadata["rule"].allowed,
        ]
        for each in fields(Config)
    ]
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    found = [row for row in rows(page) if row[0] != "Setting in the file"]
    assert found == expected
    assert f"`{CONFIG_VARIABLE}`" in page
    for each in fields(Config):
        key = FILE_KEYS[each.name]
        assert f"**`{key}`**" in page, f"{key} is not explained"


def test_serve_has_a_flag_for_every_setting() -> None:
    flags = {parameter.name for parameter in COMMANDS["serve"].params}
    assert flags == {each.name for each in fields(Config)} | {"config"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        parts = urlsplit(target)
        file = page.parent / parts.path
        if not parts.scheme and file != WRITTEN_BY_BENCH and not file.exists():
            broken.append(target)
    assert broken == []
