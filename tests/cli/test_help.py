import pytest

COMMANDS = [
    "serve",
    "env",
    "deploy",
    "invoke",
    "logs",
    "top",
    "stats",
    "runtimes",
    "doctor",
    "cost",
    "account",
    "alexa",
    "iam",
    "event",
]


def test_help_names_every_command_and_how_to_start(run):
    result = run("--help")
    assert result.returncode == 0
    assert 'eval "$(ingle env)"' in result.stdout
    listed = [line.split()[1] for line in result.stdout.splitlines() if line.startswith("│ ")]
    assert [name for name in listed if not name.startswith("--")] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_examples(run, command):
    result = run(command, "--help")
    assert result.returncode == 0
    assert "Examples:" in result.stdout
    assert f"  ingle {command}" in result.stdout.partition("Examples:")[2]


def test_without_a_command_the_help_is_printed(run):
    assert "Usage: ingle" in run().stdout


def test_the_version_is_printed(run):
    result = run("--version")
    assert result.returncode == 0
    assert result.stdout.split()[0] == "ingle"


def test_help_loads_neither_the_server_nor_botocore(run):
    result = run("--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "ingle.cli.deploy" in loaded
    assert not loaded & {"botocore", "ingle.server", "sqlalchemy", "uvicorn", "asyncio"}


def test_an_unknown_command_is_wrong_usage_and_gets_a_suggestion(run):
    result = run("depoly")
    assert result.returncode == 2
    assert "deploy" in result.stderr
