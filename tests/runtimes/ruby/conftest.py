import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingle.runtimes.finders import ruby
from ingle.runtimes.interpreter import Interpreter
from ingle.runtimes.ruby.command import command
from tests.runtimes.driver import Runtime
from tests.runtimes.starting import Bench, bench


@pytest.fixture(scope="session")
def interpreter() -> Interpreter:
    """The Ruby that the shell finds."""
    found = shutil.which("ruby")
    assert found is not None, "these tests need Ruby: scripts/setup ruby"
    told = ruby.probe(Path(found))
    assert told is not None, f"{found} is no Ruby"
    return Interpreter("ruby3.3", told.executable, told.version, told.prefix)


@pytest.fixture
def ground(interpreter: Interpreter, tmp_path: Path) -> Iterator[Bench]:
    folder = tmp_path / "var"
    variables = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_ruby3.3",
        "GEM_HOME": str(folder / "runtime"),
        "GEM_PATH": f"{folder}/task/vendor/bundle/ruby/3.3.0:{tmp_path}/opt/ruby/gems/3.3.0",
        "LANG": "en_US.UTF-8",
        "RUBYLIB": f"{folder}/task:{folder}/runtime/lib:{tmp_path}/opt/ruby/lib",
    }
    with bench(command(interpreter), folder, "index.rb", variables) as made:
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
        runtime: Runtime = ground.start(f"def handler(event:, context:)\n  {expression}\nend")
        answer = runtime.invoke(event, **settings)
        assert not answer.failed, answer.value
        return answer.value

    return evaluate
