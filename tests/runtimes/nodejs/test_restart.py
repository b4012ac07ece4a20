"""Variables that Node.js reads only when it starts, and functions that set them."""

import base64
import json
from pathlib import Path

import pytest

from ingle.pool.environment import environment
from ingle.pool.spec import FunctionSpec
from tests.runtimes.driver import ARN

HEAP = "() => [process.pid, require('v8').getHeapStatistics().heap_size_limit / 2 ** 20]"
PID = "exports.handler = async () => process.pid"


def test_what_every_function_has_needs_no_second_start(start, node):
    spec = FunctionSpec(
        account_id="000000000000",
        region="us-east-1",
        name="thing",
        version="$LATEST",
        arn=ARN,
        runtime=node.runtime,
        handler="index.handler",
        role="arn:aws:iam::000000000000:role/thing",
        memory_mb=128,
        timeout_s=3,
        environment={},
        ephemeral_mb=512,
        code_dir=Path("/code"),
        log_group="/aws/lambda/thing",
        revision_id="1",
    )
    given = environment(spec, "stream", endpoint="http://127.0.0.1:4566")
    for of_this_test in ("LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "PATH"):
        del given[of_this_test]
    runtime = start(PID, **given)
    assert runtime.invoke().value == runtime.pid


def test_source_maps_are_enabled_without_a_second_start(start, major):
    if major < 18:
        pytest.skip("this Node.js takes the option only when it starts")
    lines = "AAAA;AACA;AACA;AACA;AACA"
    mapped = {"version": 3, "sources": ["original.ts"], "names": [], "mappings": lines}
    data = base64.b64encode(json.dumps(mapped).encode()).decode()
    code = f"""exports.handler = async () => {{ try {{ fail() }}
        catch (error) {{ return [process.pid, error.stack.includes('original.ts')] }} }};
        function fail() {{ throw new Error('x') }}
        //# sourceMappingURL=data:application/json;base64,{data}"""
    runtime = start(code, NODE_OPTIONS="--enable-source-maps --stack-trace-limit=20")
    assert runtime.invoke().value == [runtime.pid, True]
    plain = start(code)
    assert plain.invoke().value == [plain.pid, False]


def test_options_for_the_start_are_honoured_by_a_second_one(start, task):
    (task / "before.js").write_text("global.before = true; console.log('first')")
    code = f"""console.log('then'); exports.handler = async () => [...({HEAP})(), global.before]"""
    runtime = start(code, NODE_OPTIONS="--require ./before.js --max-old-space-size=200")
    pid, limit, before = runtime.invoke().value
    assert pid != runtime.pid
    assert 200 <= limit < 1000
    assert before
    assert [each.split("\t")[-1] for each in runtime.events()] == ["first", "then"]


def test_a_second_process_has_the_heap_that_aws_gives_the_function(start):
    runtime = start(f"exports.handler = async () => ({HEAP})()", NODE_DEBUG="none")
    pid, limit = runtime.invoke().value
    assert pid != runtime.pid
    assert 116 <= limit < 160


@pytest.mark.parametrize(
    ("name", "value"),
    [("NODE_EXTRA_CA_CERTS", "/etc/ssl/certs/ca.pem"), ("LC_ALL", "de_DE.UTF-8")],
)
def test_variables_for_the_start_are_honoured_by_a_second_one(start, major, name, value):
    code = (
        f"exports.handler = async () => [process.pid, process.env.{name}, (1.5).toLocaleString()]"
    )
    runtime = start(code, **{name: value})
    pid, there, number = runtime.invoke().value
    assert pid != runtime.pid
    assert there == value
    if major >= 13:  # before, Node.js spoke English only
        assert number == ("1,5" if name == "LC_ALL" else "1.5")


def test_what_aws_switches_off_can_be_switched_on(start, task, node):
    if tuple(map(int, node.version.split(".")[:2])) < (20, 17):
        pytest.skip("this Node.js has no such feature")
    (task / "other.mjs").write_text("export default 'required'")
    code = """exports.handler = async () => {
        try { return require('./other.mjs').default } catch (error) { return error.code }
    }"""
    option = "--experimental-require-module"
    assert start(code, NODE_OPTIONS=option).invoke().value == "required"
    if node.version.split(".")[0] in ("20", "22"):
        assert start(code).invoke().value == "ERR_REQUIRE_ESM"


def test_a_wrapper_starts_the_runtime(start, task):
    wrapper = task / "wrapper"
    wrapper.write_text('#!/bin/sh\nexport WRAPPED="$#:$1"\nexec "$@"\n')
    wrapper.chmod(0o755)
    code = "exports.handler = async () => [process.env.WRAPPED, process.execPath]"
    runtime = start(code, AWS_LAMBDA_EXEC_WRAPPER=str(wrapper))
    wrapped, executable = runtime.invoke().value
    count, first = wrapped.split(":")
    assert first == executable
    assert int(count) > 2


def test_a_wrapper_that_is_not_there_ends_the_process(bring_up, task):
    runtime = bring_up()
    with pytest.raises(EOFError):
        runtime.initialise("index.handler", AWS_LAMBDA_EXEC_WRAPPER="/gone/wrapper")
    assert runtime.wait() == 127
    assert "/gone/wrapper" in runtime.events()[0]


def test_a_second_process_ends_as_the_first_would(start, refused):
    code = "exports.handler = (event) => process.exit(event)"
    runtime = start(code, NODE_OPTIONS="--trace-uncaught")
    with pytest.raises(EOFError):
        runtime.invoke(7)
    assert runtime.wait() == 7
    runtime = start(
        "exports.handler = () => process.kill(process.pid, 'SIGKILL')", NODE_DEBUG="none"
    )
    with pytest.raises(EOFError):
        runtime.invoke()
    assert runtime.wait() == -9
    error, runtime = refused("throw new Error('no')", NODE_OPTIONS="--trace-uncaught")
    assert error["errorMessage"] == "no"
    assert runtime.wait() == 1


def test_a_second_process_ends_when_the_server_is_gone(start):
    runtime = start(PID, NODE_OPTIONS="--trace-uncaught")
    runtime.hang_up()
    assert runtime.wait() == 0


def test_nothing_of_a_second_start_is_left_in_the_variables(start):
    code = "exports.handler = async () => Object.keys(process.env).filter((k) => /INGLE/.test(k))"
    assert start(code, NODE_DEBUG="none").invoke().value == []
