"""How errors are answered and logged, and what ends the process."""

import json

import pytest


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async () => { throw new RangeError('too far') }",
        "exports.handler = () => { throw new RangeError('too far') }",
        "exports.handler = () => Promise.reject(new RangeError('too far'))",
        "exports.handler = (e, c, callback) => callback(new RangeError('too far'))",
        "exports.handler = (e, context) => context.fail(new RangeError('too far'))",
        "exports.handler = (e, context) => context.done(new RangeError('too far'))",
        # Another realm's error.
        "exports.handler = async () => { throw require('vm').runInNewContext("
        "'new RangeError(\"too far\")') }",
    ],
)
def test_an_error_is_answered_with_type_message_and_trace(start, code):
    runtime = start(code)
    answer = runtime.invoke()
    assert answer.failed
    assert list(answer.value) == ["errorType", "errorMessage", "trace"]
    assert answer.value["errorType"] == "RangeError"
    assert answer.value["errorMessage"] == "too far"
    assert answer.value["trace"][0] == "RangeError: too far"
    assert answer.value["trace"][1].startswith("    at ")


@pytest.mark.parametrize(
    ("thrown", "kind", "message"),
    [
        ("'a word'", "string", "a word"),
        ("42", "number", "42"),
        ("({a: 1})", "object", "[object Object]"),
        ("undefined", "string", "handled"),
        ("Object.create(null)", "TypeError", "Cannot convert object to primitive value"),
    ],
)
def test_what_is_thrown_and_no_error_is_answered_by_its_type(start, thrown, kind, message):
    answer = start(f"exports.handler = async () => {{ throw {thrown} }}").invoke()
    assert answer.failed
    assert (answer.value["errorType"], answer.value["errorMessage"]) == (kind, message)


def test_an_error_of_another_realm_needs_no_message(start):
    code = "exports.handler = async () => { throw require('vm').runInNewContext('new Error()') }"
    assert start(code).invoke().value["errorType"] == "Error"


def test_an_error_that_cannot_be_read_is_answered_all_the_same(start):
    code = "exports.handler = async () => { throw Object.assign(new Error('x'), {stack: 1}) }"
    answer = start(code).invoke()
    assert answer.failed
    assert answer.value == {
        "errorType": "handled",
        "errorMessage": "callback called with Error argument, but there was a problem while "
        "retrieving one or more of its message, name, and stack",
    }


def test_an_error_is_logged_as_one_line_with_all_that_it_carries(start):
    code = """exports.handler = async () => {
        throw Object.assign(new Error('two\\nlines'), {code: 'E_TWO', extra: {a: 1}});
    }"""
    runtime = start(code)
    runtime.invoke(request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd")
    [event] = runtime.events()
    _, request_id, level, text, described = event.split("\t")
    assert (request_id, level) == ("8476a536-e9f4-11e8-9739-2dfe598c3fcd", "ERROR")
    assert text == "Invoke Error "
    logged = json.loads(described)
    assert list(logged) == ["errorType", "errorMessage", "code", "extra", "stack"]
    assert logged["errorMessage"] == "two\nlines"
    assert (logged["code"], logged["extra"]) == ("E_TWO", {"a": 1})
    assert logged["stack"][:2] == ["Error: two", "lines"]


def test_an_error_that_cannot_be_shown_whole_is_still_answered(start):
    code = """exports.handler = async () => {
        const error = new Error('round'); error.self = error; throw error;
    }"""
    answer = start(code).invoke()
    assert answer.value["errorMessage"] == "round"


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = () => { setTimeout(() => { throw new TypeError('aside') }, 1) }",
        "exports.handler = () => { setImmediate(() => { throw new TypeError('aside') }) }",
    ],
)
def test_an_exception_that_nobody_catches_is_the_answer_and_ends_the_process(start, code):
    runtime = start(code)
    answer = runtime.invoke()
    assert answer.failed
    assert (answer.value["errorType"], answer.value["errorMessage"]) == ("TypeError", "aside")
    with pytest.raises(EOFError):
        runtime.receive()
    assert runtime.wait() == 129
    [event] = runtime.events()
    assert '\tERROR\tUncaught Exception \t{"errorType":"TypeError"' in event


def test_a_rejection_that_nobody_handles_is_the_answer_and_ends_the_process(start):
    code = """exports.handler = (event, context, callback) => {
        Promise.reject(new TypeError('aside')); setTimeout(callback, 60000);
    }"""
    runtime = start(code)
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert answer.value["errorMessage"] == "TypeError: aside"
    assert answer.value["trace"][0] == "Runtime.UnhandledPromiseRejection: TypeError: aside"
    assert runtime.wait() == 128
    [event] = runtime.events()
    assert "\tERROR\tUnhandled Promise Rejection \t" in event
    logged = json.loads(event.split("\t")[-1])
    assert list(logged) == ["errorType", "errorMessage", "reason", "promise", "stack"]
    assert logged["reason"]["errorMessage"] == "aside"


def test_an_answer_stands_although_a_rejection_beside_it_ends_the_process(start):
    code = "exports.handler = async () => { Promise.reject(new Error('aside')); return 'fine' }"
    runtime = start(code)
    assert runtime.invoke().value == "fine"
    assert runtime.wait() == 128


def test_a_function_may_handle_rejections_itself(start):
    code = """process.removeAllListeners('unhandledRejection');
        process.on('unhandledRejection', (reason) => console.log('mine', reason.message));
        exports.handler = async () => { Promise.reject(new Error('aside')); return 'fine' }"""
    runtime = start(code)
    assert [runtime.invoke().value, runtime.invoke().value] == ["fine", "fine"]
    assert [each.split("\t")[-1] for each in runtime.events()] == ["mine aside"] * 2


def test_a_process_that_exits_gives_no_answer(start):
    runtime = start("exports.handler = async () => process.exit(7)")
    with pytest.raises(EOFError):
        runtime.invoke()
    assert runtime.wait() == 7


def test_an_answer_counts_although_the_process_exits_right_after(start):
    runtime = start("exports.handler = (e, context) => { context.succeed('ok'); process.exit(3) }")
    assert runtime.invoke().value == "ok"
    assert runtime.wait() == 3


def test_errors_are_answered_for_javascript_that_has_names_of_its_own(start):
    code = """class Gone extends Error { constructor() { super('x'); this.name = 'NotFound' } }
        exports.handler = async () => { throw new Gone() }"""
    assert start(code).invoke().value["errorType"] == "NotFound"


def test_an_error_does_not_end_the_process(start):
    runtime = start("let n = 0; exports.handler = async () => { n += 1; throw new Error(n) }")
    assert [runtime.invoke().value["errorMessage"] for _ in range(2)] == ["1", "2"]
