"""What a function prints, as log events."""

import json
import re

import pytest

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def printed(start, statement, **variables):
    """The events that a statement in a handler gives."""
    runtime = start(f"exports.handler = async (event, context) => {{ {statement} }}", **variables)
    assert not runtime.invoke(request_id=REQUEST_ID).failed
    return runtime.events()


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("log", "INFO"),
        ("info", "INFO"),
        ("debug", "DEBUG"),
        ("warn", "WARN"),
        ("error", "ERROR"),
        ("trace", "TRACE"),
        ("fatal", "FATAL"),
    ],
)
def test_a_line_has_time_request_id_level_and_message(start, method, level):
    [event] = printed(start, f"console.{method}('hello %s', 'you', {{a: [1]}})")
    assert re.fullmatch(rf"{TIME}\t{REQUEST_ID}\t{level}\thello you {{ a: \[ 1 \] }}", event)


def test_a_message_of_several_lines_is_one_event(start):
    [first, second] = printed(start, "console.log('one\\ntwo\\n\\nü€😀'); console.log('next')")
    assert first.endswith("\tINFO\tone\ntwo\n\nü€😀")
    assert second.endswith("\tINFO\tnext")


def test_a_message_that_is_longer_than_an_event_goes_into_several(start):
    events = printed(start, "console.log('ü\\n'.repeat(150000))")
    assert len(events) == 2
    assert "".join(events).count("ü") == 150_000
    assert "\ufffd" not in "".join(events)


def test_an_error_is_printed_with_its_stack_as_one_event(start):
    [event] = printed(start, "console.error('failed:', new TypeError('x'))")
    assert "\tERROR\tfailed: TypeError: x\n    at " in event


def test_methods_that_print_through_others_have_the_same_form(start):
    events = printed(
        start,
        "console.table([{a: 1}]); console.assert(false, 'no'); console.count(); "
        "console.group('in'); console.log('deep'); console.groupEnd()",
    )
    assert [each.split("\t")[2] for each in events] == ["INFO", "WARN", "INFO", "INFO", "INFO"]
    assert "(index)" in events[0]
    assert events[1].endswith("Assertion failed: no")


def test_what_is_written_to_the_streams_stays_as_it_is(start):
    events = printed(
        start,
        "process.stdout.write('out\\n'); process.stderr.write(Buffer.from('err\\n')); "
        "process.stdout.write('half '); process.stdout.write('a line\\n'); console.dir({a: 1})",
    )
    assert events == ["out", "err", "half a line", "{ a: 1 }"]


def test_half_a_line_becomes_an_event_before_the_next(start):
    events = printed(start, "process.stdout.write('half'); console.log('a\\nb'); console.log('c')")
    assert events[0] == "half"
    assert [each.split("\t")[-1] for each in events[1:]] == ["a\nb", "c"]


def test_the_streams_can_be_piped_into_and_outlive_it(start):
    code = """const {Readable} = require('stream');
        exports.handler = async () => {
            await new Promise((resolve) => process.stdout.write('a\\n', 'utf8', resolve));
            Readable.from(['b\\n', 'c\\n']).pipe(process.stdout, {end: false});
            await new Promise((resolve) => setTimeout(resolve, 20));
            process.stdout.destroy(); process.stdout.write('d\\n');
            return [process.stdout.fd, process.stdout.isTTY === true, process.stderr.fd];
        }"""
    runtime = start(code)
    assert runtime.invoke().value == [1, False, 2]
    assert runtime.events() == ["a", "b", "c", "d"]


def test_no_request_id_is_undefined_while_the_code_is_loaded(start):
    runtime = start("console.log('loading'); exports.handler = async () => 1")
    [event] = runtime.events()
    assert re.fullmatch(rf"{TIME}\tundefined\tINFO\tloading", event)


def test_logging_libraries_find_the_request_id_where_aws_has_it(start):
    code = "exports.handler = async () => global[Symbol.for('aws.lambda.runtime.requestId')]"
    assert start(code).invoke(request_id=REQUEST_ID).value == REQUEST_ID


def as_json(start, statement, **variables):
    events = printed(start, statement, AWS_LAMBDA_LOG_FORMAT="JSON", **variables)
    return [json.loads(each) for each in events]


def test_json_has_time_level_request_id_and_message(start):
    [event] = as_json(start, "console.log('two\\nlines')")
    assert list(event) == ["timestamp", "level", "requestId", "message"]
    assert re.fullmatch(TIME, event.pop("timestamp"))
    assert event == {"level": "INFO", "requestId": REQUEST_ID, "message": "two\nlines"}


def test_json_keeps_one_value_as_it_is_and_formats_several(start):
    one, several, round_one = as_json(
        start,
        "console.warn({a: {b: 1}}); console.warn('%d of', 1, {a: 1}); "
        "const c = {}; c.c = c; console.warn(c)",
    )
    assert one["message"] == {"a": {"b": 1}}
    assert several["message"] == "1 of { a: 1 }"
    assert "[Circular" in round_one["message"]


def test_json_takes_errors_apart(start):
    alone, beside, within = as_json(
        start,
        "const e = Object.assign(new TypeError('x'), {code: 'E'}); "
        "console.error(e); console.error('it', e); console.error({e})",
    )
    for found in (alone["message"], within["message"]["e"]):
        assert list(found) == ["errorType", "errorMessage", "stackTrace", "code"]
        assert (found["errorType"], found["errorMessage"]) == ("TypeError", "x")
        assert found["stackTrace"][0] == "TypeError: x"
    assert beside["message"].startswith("it TypeError: x\n    at ")
    assert (beside["errorType"], beside["errorMessage"]) == ("TypeError", "x")
    assert beside["stackTrace"][0] == "TypeError: x"


def test_json_logs_the_error_that_is_answered(start):
    code = "exports.handler = async () => { throw new TypeError('x') }"
    runtime = start(code, AWS_LAMBDA_LOG_FORMAT="JSON")
    runtime.invoke()
    [event] = map(json.loads, runtime.events())
    assert event["level"] == "ERROR"
    assert event["message"]["errorType"] == "TypeError"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]),
        ("WARN", ["WARN", "ERROR", "FATAL"]),
        ("FATAL", ["FATAL"]),
        ("nonsense", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]),
    ],
)
def test_what_is_below_the_log_level_is_not_written(start, level, expected):
    methods = ["trace", "debug", "log", "warn", "error", "fatal"]
    calls = ";".join(f"console.{method}(1)" for method in methods)
    assert [e["level"] for e in as_json(start, calls, AWS_LAMBDA_LOG_LEVEL=level)] == expected
