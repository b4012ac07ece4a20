"""Functions in JavaScript, under every Node.js that this machine has."""

import json
import shutil
import uuid

import pytest

from tests.e2e.conftest import ROLE
from tests.e2e.languages import rows_of, runtimes_of, zip_of_files

RUNTIMES = runtimes_of("nodejs")

SOURCE = """
exports.handler = async (event, context) => {
    console.log('hello from', process.env.WHO);
    if (event.fail) throw new TypeError(event.fail);
    return {event, id: context.awsRequestId, name: context.functionName,
            version: process.versions.node, execution: process.env.AWS_EXECUTION_ENV};
};
"""


@pytest.fixture(params=RUNTIMES)
def function(request, functions):
    name = f"n-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=request.param,
        Handler="index.handler",
        Timeout=10,
        MemorySize=256,
        Environment={"Variables": {"WHO": "Node"}},
        Code={"ZipFile": zip_of_files({"index.js": SOURCE})},
    )
    yield name, request.param
    functions.delete_function(FunctionName=name)


def test_a_handler_gets_its_event_and_its_context_and_answers(function, invoke, messages):
    name, runtime = function
    for event in ({"n": 1}, {"ü": [None, 1.5]}):
        answer, response = invoke(name, event)
        assert "FunctionError" not in response, answer
        version = answer.pop("version")
        assert runtime == f"nodejs{version.partition('.')[0]}.x"
        assert answer == {
            "event": event,
            "id": response["ResponseMetadata"]["RequestId"],
            "name": name,
            "execution": f"AWS_Lambda_{runtime}",
        }
    logged = messages(name)
    assert logged[0] == f"INIT_START Runtime Version: nodejs:{version}\n"
    assert sum(line.endswith("\tINFO\thello from Node\n") for line in logged) == 2


def test_an_error_is_the_callers_answer(function, invoke):
    answer, response = invoke(function[0], {"fail": "not today"})
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("TypeError", "not today")
    assert answer["trace"][0] == "TypeError: not today"
    assert "FunctionError" not in invoke(function[0], {})[1]


def test_the_status_that_a_program_exits_with_is_told(functions, invoke):
    name = f"f-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Runtime=RUNTIMES[0],
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zip_of_files({"index.js": "exports.handler = () => process.exit(3);"})},
    )
    answer, response = invoke(name)
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_an_installation_below_a_folder_that_sandboxes_cover_serves_all_the_same(
    start_server, tmp_path
):
    there = rows_of("nodejs")[0]
    copy = tmp_path / "node" / "bin" / "node"
    copy.parent.mkdir(parents=True)
    shutil.copy(there["path"], copy)
    functions = start_server("--search", str(copy.parent)).client("lambda")
    # One of its variables makes it start a second time, when it is covered already.
    functions.create_function(
        FunctionName="f",
        Role=ROLE,
        Runtime=there["runtime"],
        Handler="index.handler",
        Timeout=10,
        MemorySize=256,
        Environment={"Variables": {"NODE_OPTIONS": "--max-old-space-size=200"}},
        Code={"ZipFile": zip_of_files({"index.js": SPAWNING})},
    )
    answer = json.load(functions.invoke(FunctionName="f")["Payload"])
    assert answer == [there["version"], f"v{there['version']}\n"]


CONVERTING = """
const { spawn } = require('child_process');
const fs = require('fs');
exports.handler = (event) => new Promise((resolve, reject) => {
    fs.writeFileSync('/tmp/dot.png', Buffer.from(event, 'base64'));
    const made = [];
    const convert = spawn('convert', ['/tmp/dot.png', 'ppm:-']);
    convert.stdout.on('data', (piece) => made.push(piece));
    convert.on('error', reject);
    convert.on('close', (status) => resolve([status, Buffer.concat(made).toString('latin1')]));
});
"""
RED_DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


@pytest.mark.skipif(shutil.which("convert") is None, reason="this machine has no ImageMagick")
def test_a_picture_is_converted_by_the_machine_s_imagemagick(functions, invoke):
    name = f"n-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=RUNTIMES[0],
        Handler="index.handler",
        Timeout=30,
        MemorySize=256,
        Code={"ZipFile": zip_of_files({"index.js": CONVERTING})},
    )
    status, picture = invoke(name, RED_DOT)[0]
    assert status == 0
    assert picture == "P6\n1 1\n255\n\xff\x00\x00"
    functions.delete_function(FunctionName=name)


SPAWNING = """
const { execFileSync } = require('child_process');
exports.handler = async () =>
    [process.versions.node, execFileSync(process.execPath, ['--version']).toString()];
"""
STREAMING = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    for (const piece of event) stream.write(piece);
    stream.end();
});
"""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_streamed_answer_is_whole_for_a_caller_who_waits(functions, runtime):
    name = f"n-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=runtime,
        Handler="index.handler",
        Timeout=10,
        MemorySize=256,
        Code={"ZipFile": zip_of_files({"index.js": STREAMING})},
    )
    for pieces in (["one, ", "two"], ["three"]):
        response = functions.invoke(FunctionName=name, Payload=json.dumps(pieces).encode())
        assert "FunctionError" not in response
        assert response["Payload"].read() == "".join(pieces).encode()
    functions.delete_function(FunctionName=name)
