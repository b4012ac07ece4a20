"""The page on function URLs, pasted into a terminal."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Server
from tests.e2e.streams import NODE
from tests.e2e.test_tutorial import Terminal, pattern

PAGE = Path(__file__).parents[2] / "docs" / "urls.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def terminal(tmp_path: Path, server: Server, functions: Any) -> Iterator[Terminal]:
    """A terminal with the variables that `ingle env` prints."""
    made = Terminal(tmp_path)
    variables = {**server.credentials, "AWS_ENDPOINT_URL": server.endpoint, "AWS_PAGER": ""}
    made.paste("export " + " ".join(f"{name}='{value}'" for name, value in variables.items()))
    yield made
    made.close()
    for name in ("greet", "stream"):
        with contextlib.suppress(functions.exceptions.ResourceNotFoundException):
            functions.delete_function(FunctionName=name)


def test_the_page_on_function_urls_works_when_it_is_pasted(terminal: Terminal) -> None:
    steps = BLOCK.findall(PAGE.read_text("utf-8"))
    assert len(steps) == 5
    for commands, shown in steps:
        output = terminal.paste(commands.replace("nodejs20.x", NODE))
        assert re.fullmatch(pattern(shown), output), f"{commands}\nshows\n{output}\nnot\n{shown}"
