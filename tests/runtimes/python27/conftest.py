from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingle.runtimes.discovery import find_installations
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.python27.command import command
from tests.runtimes.starting import Bench, bench


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The Python 2.7 that the server would use."""
    found = [each for each in find_installations() if each.language == "python2"]
    if not found:
        pytest.skip(
            "this machine has no Python 2.7, which hardly any distribution has: pyenv install 2.7"
        )
    return Interpreter("python2.7", found[0].executable, found[0].version, found[0].prefix)


@pytest.fixture
def ground(interpreter: Interpreter, tmp_path: Path) -> Iterator[Bench]:
    variables = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python2.7",
        "LANG": "en_US.UTF-8",
        "PYTHONPATH": "/var/runtime",
    }
    with bench(command(interpreter), tmp_path / "var", "index.py", variables) as made:
        yield made


@pytest.fixture
def start(ground: Bench) -> Any:
    return ground.start


@pytest.fixture
def refused(ground: Bench) -> Any:
    return ground.refused


@pytest.fixture
def answer_of(ground: Bench) -> Any:
    """The value of an expression in a handler."""

    def evaluate(expression: str, event: Any = None, **settings: Any) -> Any:
        code = f"import os, sys\ndef handler(event, context):\n    return {expression}\n"
        answer = ground.start(code).invoke(event, **settings)
        assert not answer.failed, answer.value
        return answer.value

    return evaluate
