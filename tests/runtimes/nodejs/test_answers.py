"""What a handler can do to answer, and when the answer counts."""

import pytest

MAX_RESPONSE = 6_291_556


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async (event) => event",
        "exports.handler = (event) => Promise.resolve(event)",
        "exports.handler = (event) => ({then: (resolve) => resolve(event)})",
        "exports.handler = (event, context, callback) => callback(null, event)",
        "exports.handler = (event, context, callback) => { setTimeout(callback, 1, null, event) }",
        "exports.handler = (event, context) => context.succeed(event)",
        "exports.handler = (event, context) => context.done(null, event)",
        "exports.handler = (event, context) => { setTimeout(context.done, 1, undefined, event) }",
    ],
)
@pytest.mark.parametrize("event", [{"ключ": [1, 2.5, None, "ü€😀"]}, "word", 7, None, []])
def test_an_answer_is_the_json_of_what_the_handler_gives(start, code, event):
    answer = start(code).invoke(event)
    assert not answer.failed
    assert answer.value == event


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async () => {}",
        "exports.handler = async () => undefined",
        "exports.handler = (event, context, callback) => callback()",
        "exports.handler = (event, context) => context.succeed()",
        "exports.handler = (event, context) => context.done()",
        "exports.handler = async () => () => 1",
        # What a handler that is not async returns is not looked at.
        "exports.handler = () => 'not looked at'",
        "exports.handler = () => {}",
        # Nothing is left to do, and nobody ever called back.
        "exports.handler = (event, context, callback) => { setTimeout(() => {}, 1) }",
        "exports.handler = () => new Promise(() => {})",
    ],
)
def test_what_gives_nothing_answers_null(start, code):
    assert start(code).invoke().body == b"null"


def test_values_are_written_as_json_writes_them(start):
    code = """exports.handler = async () => ({
        when: new Date(0), none: undefined, nan: NaN, own: {toJSON: () => 'own'}, call() {},
    })"""
    assert start(code).invoke().value == {
        "when": "1970-01-01T00:00:00.000Z",
        "nan": None,
        "own": "own",
    }


@pytest.mark.parametrize(
    "code",
    [
        "exports.handler = async () => { const a = {}; a.a = a; return a }",
        "exports.handler = async () => 1n",
        "exports.handler = async () => ({toJSON() { throw new Error('no') }})",
    ],
)
def test_what_cannot_be_json_is_an_error(start, code):
    answer = start(code).invoke()
    assert answer.failed
    assert answer.value["errorType"] == "Error"
    assert answer.value["errorMessage"] == "Unable to stringify response body"


def test_an_event_that_is_no_json_is_an_error(start):
    answer = start("exports.handler = async () => 1").invoke(raw=b"{")
    assert answer.failed
    assert answer.value["errorType"] == "SyntaxError"


@pytest.mark.parametrize("character", ["x", "ü"])
def test_an_answer_may_be_as_large_as_lambda_allows_and_no_larger(start, character):
    size = len(character.encode())
    runtime = start("exports.handler = async ({text, times}) => text.repeat(times)")
    most = (MAX_RESPONSE - 2) // size
    fits = runtime.invoke({"text": character, "times": most})
    assert not fits.failed
    assert len(fits.body) == most * size + 2
    large = runtime.invoke({"text": character, "times": most + 1})
    assert large.failed
    assert large.value == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size "
        f"({MAX_RESPONSE} bytes).",
    }
    assert not runtime.invoke({"text": character, "times": 1}).failed


@pytest.mark.parametrize("length", [0, 65_400, 65_460, 65_480, 65_535, 200_000, 6_000_000])
def test_events_of_any_length_arrive_whole(start, length):
    runtime = start("exports.handler = async (event) => event.length + event.slice(-1)")
    for _ in range(3):
        assert runtime.invoke("x" * length).value == f"{length}{'x' if length else ''}"


def test_events_that_came_before_they_were_asked_for_are_served_in_turn(start):
    runtime = start("exports.handler = async (event) => event")
    with runtime.at_once():
        calls = [(runtime.call(f"{n}-" + "x" * 20_000), n) for n in range(9)]
    for identity, number in calls:
        assert runtime.answer(identity).value.startswith(f"{number}-")


def test_a_function_may_replace_the_timers(start):
    code = "exports.handler = async () => { global.setImmediate = () => {}; return 1 }"
    runtime = start(code)
    assert [runtime.invoke().value for _ in range(2)] == [1, 1]


def test_globals_live_from_one_invocation_to_the_next(start):
    runtime = start("let n = 0; exports.handler = async () => { n += 1; return n }")
    assert [runtime.invoke().value for _ in range(3)] == [1, 2, 3]


def test_only_the_first_of_several_answers_counts(start):
    code = """exports.handler = (event, context, callback) => {
        context.succeed('first'); context.fail(new Error('second')); callback(null, 'third');
        context.done(null, 'fourth');
    }"""
    runtime = start(code)
    assert runtime.invoke().value == "first"
    assert runtime.invoke().value == "first"
    assert runtime.events() == []


def test_a_callback_s_answer_waits_for_the_event_loop(start):
    code = """exports.handler = (event, context, callback) => {
        setTimeout(() => console.log('later'), 20);
        callback(null, 'answer');
    }"""
    runtime = start(code)
    assert runtime.invoke().value == "answer"
    [event] = runtime.events()
    assert event.endswith("\tlater")


def test_a_callback_s_answer_does_not_wait_where_it_need_not(start):
    code = """let times = 0; exports.handler = (event, context, callback) => {
        context.callbackWaitsForEmptyEventLoop = false;
        if (event === 'first') setTimeout(() => { times += 1 }, 0);
        if (event === 'first') callback(null, [context.callbackWaitsForEmptyEventLoop, times]);
        else setTimeout(() => callback(null, times), 5);
    }"""
    runtime = start(code)
    assert runtime.invoke("first").value == [False, 0]
    # What was left behind is done in the next invocation.
    assert runtime.invoke("second").value == 1


def test_what_an_async_handler_leaves_behind_waits_for_the_next_invocation(start):
    code = """let late = 0; exports.handler = async (event) => {
        setTimeout(() => { late += 1 }, 0);
        if (event === 'wait') await new Promise((resolve) => setTimeout(resolve, 5));
        return late;
    }"""
    runtime = start(code)
    assert runtime.invoke().value == 0
    assert runtime.invoke("wait").value == 2


def test_an_answer_that_comes_after_its_invocation_does_not_answer_the_next(start):
    code = """let kept; exports.handler = (event, context, callback) => {
        if (event === 'keep') { kept = callback; return }
        kept(null, 'stale');
        context.callbackWaitsForEmptyEventLoop = false;
        callback(null, 'fresh');
    }"""
    runtime = start(code)
    assert runtime.invoke("keep").body == b"null"
    assert runtime.invoke("use").value == "fresh"


def test_a_promise_that_can_never_settle_is_an_error(start):
    runtime = start("exports.handler = async () => new Promise(() => {})")
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorType"] == "Runtime.NodeJsExit"
    assert answer.value["errorMessage"] == (
        "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly "
        "caused by a Promise that was never settled. For more information, see "
        "https://nodejs.org/docs/latest/api/process.html#exit-codes"
    )
    [event] = runtime.events()
    assert "\tERROR\tInvoke Error \t" in event


@pytest.mark.parametrize("name", ["nodejs16.x", "nodejs4.3", "nodejs"])
def test_a_promise_that_can_never_settle_was_null_before_node_18(start, name):
    code = "exports.handler = async () => new Promise(() => {})"
    runtime = start(code, AWS_EXECUTION_ENV=f"AWS_Lambda_{name}")
    assert runtime.invoke().body == b"null"


def test_what_is_printed_is_written_before_the_answer(start):
    code = """exports.handler = async () => {
        process.stdout.write('x'.repeat(300000) + '\\n'); console.log('y'.repeat(200000)); return 1;
    }"""
    runtime = start(code)
    runtime.invoke()
    assert sum(map(len, runtime.events())) > 500_000


def test_answers_are_compact_json(start):
    code = "exports.handler = async (event) => ({b: [1, event], a: 'ü'})"
    assert start(code).invoke("x").body == '{"b":[1,"x"],"a":"ü"}'.encode()
