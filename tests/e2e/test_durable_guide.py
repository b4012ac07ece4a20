"""The page on durable functions, pasted into a terminal."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import RUNTIME
from tests.e2e.server import Server
from tests.e2e.test_tutorial import Terminal, pattern
from tests.official_clients import durable_sdk

PAGE = Path(__file__).parents[2] / "docs" / "durable.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def terminal(tmp_path: Path, server: Server, functions: Any) -> Iterator[Terminal]:
    """A terminal with the variables that `ingle env` prints."""
    made = Terminal(tmp_path)
    variables = {**server.credentials, "AWS_ENDPOINT_URL": server.endpoint, "AWS_PAGER": ""}
    made.paste("export " + " ".join(f"{name}='{value}'" for name, value in variables.items()))
    yield made
    made.close()
    with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
        functions.delete_function(FunctionName="order")


def test_the_page_on_durable_functions_works_when_it_is_pasted(terminal: Terminal) -> None:
    steps = BLOCK.findall(PAGE.read_text("utf-8"))
    assert len(steps) == 4
    [sdk] = {path.parent for path in durable_sdk().values() if path.name == "serdes.py"}
    for commands, shown in steps:
        here = commands.replace("python3.13", RUNTIME)
        # What pip would fetch is installed already.
        here = re.sub(r"^pip install .*$", f"cp -r '{sdk}' .", here, flags=re.MULTILINE)
        output = terminal.paste(here)
        assert re.fullmatch(pattern(shown), output), f"{commands}\nshows\n{output}\nnot\n{shown}"
