"""Functions in Python 2.7, on the real server."""

import uuid

import pytest

from tests.e2e.conftest import ROLE
from tests.e2e.languages import runtimes_of, zip_of_files

if not runtimes_of("python2"):
    pytest.skip(
        "this machine has no Python 2.7, which hardly any distribution has: pyenv install 2.7",
        allow_module_level=True,
    )

SOURCE = """# -*- coding: utf-8 -*-
import logging, os, stat, subprocess, sys
import tool

def handler(event, context):
    logging.getLogger().warning(u"hello from %s\\nand more", os.environ["WHO"].decode("utf-8"))
    if "fail" in event:
        raise ValueError(event["fail"])
    if "exit" in event:
        sys.exit(3)
    descriptors = subprocess.check_output(["ls", "-l", "/proc/self/fd"])
    return {"event": event, "id": context.aws_request_id, "name": context.function_name,
            "version": "%d.%d" % sys.version_info[:2], "execution": os.environ["AWS_EXECUTION_ENV"],
            "tool": tool.VALUE, "sockets": descriptors.count("socket:")}
"""


@pytest.fixture
def function(functions):
    name = f"p-{uuid.uuid4().hex[:12]}"
    layer = functions.publish_layer_version(
        LayerName=name,
        Content={
            "ZipFile": zip_of_files(
                {"python/lib/python2.7/site-packages/tool.py": "VALUE = u'a tool'"}
            )
        },
    )
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime="python2.7",
        Handler="app.handler",
        Timeout=10,
        Environment={"Variables": {"WHO": "Pythön"}},
        Layers=[layer["LayerVersionArn"]],
        Code={"ZipFile": zip_of_files({"app.py": SOURCE})},
    )
    yield name
    functions.delete_function(FunctionName=name)


def test_a_handler_gets_its_event_its_context_and_its_layers_and_answers(
    function, invoke, messages
):
    for event in ({"n": 1}, {"ü": [None, 1.5]}):
        answer, response = invoke(function, event)
        assert "FunctionError" not in response, answer
        assert answer == {
            "event": event,
            "id": response["ResponseMetadata"]["RequestId"],
            "name": function,
            "version": "2.7",
            "execution": "AWS_Lambda_python2.7",
            "tool": "a tool",
            "sockets": 0,
        }
    logged = messages(function)
    assert logged[0].startswith("INIT_START Runtime Version: python:2.7.")
    assert sum(line.endswith("\thello from Pythön\nand more\n") for line in logged) == 2


def test_an_error_is_the_callers_answer(function, invoke):
    answer, response = invoke(function, {"fail": "not today"})
    assert response["FunctionError"] == "Unhandled"
    assert answer == {
        "errorMessage": "not today",
        "errorType": "ValueError",
        "stackTrace": [["/var/task/app.py", 8, "handler", 'raise ValueError(event["fail"])']],
    }
    assert "FunctionError" not in invoke(function, {})[1]


def test_an_exit_is_an_exit_error(function, invoke):
    answer, response = invoke(function, {"exit": True})
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    assert "FunctionError" not in invoke(function, {})[1]


def test_a_module_that_is_not_there_is_named(function, functions, invoke):
    functions.update_function_configuration(FunctionName=function, Handler="nope.handler")
    answer, response = invoke(function, {})
    assert response["FunctionError"] == "Unhandled"
    assert answer == {"errorMessage": "Unable to import module 'nope'"}
