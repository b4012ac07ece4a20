"""Functions whose log is JSON, and its levels."""

import json
from typing import Any

import pytest

from tests.e2e.conftest import ROLE, eventually, refusal
from tests.e2e.languages import runtimes_of, zip_of_files

SOURCE = """
import logging
logger = logging.getLogger("app")
def handler(event, context):
    logger.debug("hidden %s", "here")
    logger.info("hello %s", "world", extra={"order": 7})
    logger.warning({"a": "dict"})
    if event == "raise":
        try:
            1 / 0
        except ZeroDivisionError:
            logger.exception("caught")
        raise ValueError("no")
    if event == "exit":
        import os
        os._exit(3)
    print("as it is")
    return context.aws_request_id
"""
NODE = """
exports.handler = async (event) => {
    console.debug('hidden');
    console.info('hello %s', 'world');
    console.error(new Error('no'));
};
"""
JSON = {"LogFormat": "JSON"}


@pytest.fixture
def written(messages: Any) -> Any:
    """The log of a function: `written(name)` → its JSON events, and the other lines."""

    def read(name: str) -> tuple[list[dict[str, Any]], list[str]]:
        events, lines = [], []
        for message in messages(name):
            if message.startswith("{"):
                events.append(json.loads(message))
            else:
                lines.append(message)
        return events, lines

    return read


def of_kind(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each["record"] for each in events if each.get("type") == kind]


def test_the_configuration_is_kept_told_and_changed(functions: Any, deploy: Any) -> None:
    name = deploy(SOURCE)

    def told() -> Any:
        return functions.get_function_configuration(FunctionName=name)["LoggingConfig"]

    group = f"/aws/lambda/{name}"
    assert told() == {"LogFormat": "Text", "LogGroup": group}
    functions.update_function_configuration(FunctionName=name, LoggingConfig=JSON)
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    assert told() == {**JSON, **levels, "LogGroup": group}
    functions.update_function_configuration(
        FunctionName=name, LoggingConfig={**JSON, "ApplicationLogLevel": "WARN", "LogGroup": "mine"}
    )
    assert told() == {**JSON, **levels, "ApplicationLogLevel": "WARN", "LogGroup": "mine"}
    functions.update_function_configuration(
        FunctionName=name, LoggingConfig={"LogFormat": "Text", "LogGroup": "mine"}
    )
    assert told() == {"LogFormat": "Text", "LogGroup": "mine"}


def test_levels_need_json(functions: Any, deploy: Any) -> None:
    name = deploy(SOURCE)
    for logging in ({"LogFormat": "Text", "SystemLogLevel": "WARN"}, {"SystemLogLevel": "WARN"}):
        assert refusal(
            functions.update_function_configuration, FunctionName=name, LoggingConfig=logging
        ) == (
            400,
            "InvalidParameterValueException",
            "ApplicationLogLevel and SystemLogLevel need LogFormat JSON in the same LoggingConfig.",
        )


def test_records_and_the_platform_s_lines_are_json(deploy: Any, invoke: Any, written: Any) -> None:
    name = deploy(SOURCE, LoggingConfig=JSON)
    request_id, _ = invoke(name)
    events, lines = written(name)
    assert lines == ["as it is\n"]
    (start,) = of_kind(events, "platform.initStart")
    assert start["initializationType"] == "on-demand"
    assert start["functionName"] == name
    assert of_kind(events, "platform.start") == [{"requestId": request_id, "version": "$LATEST"}]
    (report,) = of_kind(events, "platform.report")
    assert (report["requestId"], report["status"]) == (request_id, "success")
    metrics = {"durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB"}
    assert set(report["metrics"]) == {*metrics, "initDurationMs"}
    assert not of_kind(events, "platform.runtimeDone")
    info, warning = [each for each in events if "logger" in each]
    assert (info["level"], info["message"], info["order"]) == ("INFO", "hello world", 7)
    assert (info["logger"], info["requestId"]) == ("app", request_id)
    assert info["timestamp"].endswith("Z")
    assert (warning["level"], warning["message"]) == ("WARNING", {"a": "dict"})


def test_an_error_is_json_with_its_trace(deploy: Any, invoke: Any, written: Any) -> None:
    name = deploy(SOURCE, LoggingConfig=JSON)
    invoke(name, "raise")
    events, lines = written(name)
    assert lines == []
    (caught,) = [each for each in events if each.get("message") == "caught"]
    assert (caught["errorType"], caught["errorMessage"]) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert caught["location"].startswith("/var/task/app.py:handler:")
    assert "1 / 0" in caught["stackTrace"][0]
    (error,) = [each for each in events if each.get("log_level") == "ERROR"]
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "no")
    assert error["stackTrace"]


def test_levels_say_what_is_written(functions: Any, deploy: Any, invoke: Any, written: Any) -> None:
    quiet = deploy(
        SOURCE,
        LoggingConfig={**JSON, "ApplicationLogLevel": "ERROR", "SystemLogLevel": "WARN"},
    )
    invoke(quiet)
    assert written(quiet) == ([], ["as it is\n"])
    invoke(quiet, "exit")
    eventually(lambda: bool(written(quiet)[0]), "nothing tells of the exit")
    events, _ = written(quiet)
    assert [each["type"] for each in events] == ["platform.runtimeDone", "platform.report"]
    assert events[-1]["record"]["errorType"] == "Runtime.ExitError"
    loud = deploy(
        SOURCE,
        LoggingConfig={**JSON, "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "DEBUG"},
    )
    invoke(loud)
    events, _ = written(loud)
    assert [each["message"] for each in events if each.get("level") == "DEBUG"] == ["hidden here"]
    for kind in ("platform.initReport", "platform.runtimeDone"):
        assert of_kind(events, kind)


@pytest.mark.parametrize("runtime", runtimes_of("nodejs")[:1])
def test_the_console_of_nodejs_is_json(
    functions: Any, invoke: Any, written: Any, runtime: str
) -> None:
    name = "json-console"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=runtime,
        Handler="index.handler",
        Code={"ZipFile": zip_of_files({"index.js": NODE})},
        LoggingConfig=JSON,
    )
    invoke(name)
    events, lines = written(name)
    assert lines == []
    told = [each for each in events if "level" in each]
    assert [each["level"] for each in told] == ["INFO", "ERROR"]
    assert told[0]["message"] == "hello world"
    assert told[1]["message"]["errorMessage"] == "no"
    functions.delete_function(FunctionName=name)
