"""A newer version of a language serves a runtime that the machine lacks, where that is allowed."""

import json
import subprocess

import pytest

from tests.e2e.conftest import ROLE, create, refusal, zip_of
from tests.e2e.server import INGLE

WHAT_RUNS = (
    "import os, sys\n"
    "def handler(event, context):\n"
    "    return [sys.version.split()[0], os.environ['AWS_EXECUTION_ENV']]\n"
)


@pytest.fixture
def stands_in(monkeypatch, tmp_path):
    """A runtime for which a newer Python can stand in, as `ingle runtimes` shows it."""
    # Version managers are not looked for here, so that something is missing.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    printed = subprocess.run(
        [INGLE, "runtimes", "--substitutes", "true", "--format", "json"],
        capture_output=True,
        check=True,
    ).stdout
    return next(
        row
        for row in json.loads(printed)
        if row["runtime"].startswith("python3") and row["served_by"] == "substitute"
    )


def test_a_newer_version_runs_functions_of_an_older_one_where_that_is_allowed(
    start_server, stands_in
):
    runtime, version = stands_in["runtime"], stands_in["version"]
    server = start_server("--substitutes", runtime)
    functions = server.client("lambda")
    name = create(functions, WHAT_RUNS)
    functions.update_function_configuration(FunctionName=name, Runtime=runtime)
    answer = json.load(functions.invoke(FunctionName=name)["Payload"])
    assert answer == [version, f"AWS_Lambda_{runtime}"]
    assert functions.get_function_configuration(FunctionName=name)["Runtime"] == runtime
    assert (
        f"{runtime} functions run with a substitute, {version} ({stands_in['path']}), as the "
        "configuration allows" in server.log
    )
    first = server.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"][0]
    assert first["message"] == f"INIT_START Runtime Version: python:{version}\n"


def test_without_the_setting_it_is_refused_with_the_setting_named(start_server, stands_in):
    functions = start_server().client("lambda")
    runtime, version = stands_in["runtime"], stands_in["version"]
    status, code, message = refusal(
        functions.create_function,
        FunctionName="old",
        Role=ROLE,
        Runtime=runtime,
        Handler="app.handler",
        Code={"ZipFile": zip_of(app=WHAT_RUNS)},
    )
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message.startswith(f"Runtime {runtime} is not installed on this machine. To install it")
    assert f"Or let Python {version}, which is installed, serve it: start Ingle with " in message
    assert f"--substitutes {runtime}," in message
