"""How errors are answered and logged, and what ends the process."""

import json

import pytest


def test_an_error_is_answered_with_message_type_and_trace(start, ground):
    code = 'def handler(event:, context:)\n  [1, 2].first("two")\nend'
    answer = start(code).invoke()
    assert answer.failed
    assert list(answer.value) == ["errorMessage", "errorType", "stackTrace"]
    assert answer.value["errorMessage"] == "no implicit conversion of String into Integer"
    assert answer.value["errorType"] == "Function<TypeError>"
    first, second = answer.value["stackTrace"]
    assert first.startswith(f"{ground.task}/index.rb:2:in ")
    assert second.startswith(f"{ground.task}/index.rb:2:in ")


def test_an_error_is_logged_as_two_events(start):
    runtime = start('def handler(event:, context:) = raise("two\\nlines")')
    answer = runtime.invoke()
    heading, described = runtime.events()
    assert heading == "Error raised from handler method"
    assert json.loads(described) == answer.value
    assert described.startswith('{\n  "errorMessage": "two\\nlines",\n  "errorType": "Function<')


def test_an_error_does_not_end_the_process(start):
    runtime = start("$n = 0\ndef handler(event:, context:) = raise(($n += 1).to_s)")
    assert [runtime.invoke().value["errorMessage"] for _ in range(2)] == ["1", "2"]


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("nope", "NameError", "undefined local variable or method"),
        ("nil.nope", "NoMethodError", "undefined method"),
        ("exit(42)", "SystemExit", "exit"),
        ("abort('gave up')", "SystemExit", "gave up"),
        ("raise NotImplementedError, 'later'", "NotImplementedError", "later"),
        ("raise Exception, 'all'", "Exception", "all"),
        (
            "loop_forever = ->(f) { f.(f) }; loop_forever.(loop_forever)",
            "SystemStackError",
            "stack",
        ),
    ],
)
def test_a_critical_error_is_the_answer_and_ends_the_process(start, code, kind, message):
    runtime = start(f"at_exit {{ puts 'bye' }}\ndef handler(event:, context:)\n  {code}\nend")
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorType"] == f"Function<{kind}>"
    assert message in answer.value["errorMessage"]
    assert len(answer.value["stackTrace"]) <= 100
    with pytest.raises(EOFError):
        runtime.receive()
    assert runtime.wait() == 255
    events = runtime.events()
    assert "Critical exception from handler" in events
    assert events[-1] == "bye"


def test_a_process_that_ends_at_once_gives_no_answer(start):
    runtime = start("def handler(event:, context:) = exit!(7)")
    with pytest.raises(EOFError):
        runtime.invoke()
    assert runtime.wait() == 7


def test_an_error_that_cannot_tell_its_message_is_answered_all_the_same(start):
    runtime = start("""
        class Mute < StandardError
          def message = raise('no')
        end
        def handler(event:, context:) = raise(Mute)
    """)
    assert runtime.invoke().value["errorMessage"] == "Mute"


def test_a_message_that_is_no_text_is_made_text(start):
    runtime = start('def handler(event:, context:) = raise("a\\xffb")')
    assert runtime.invoke().value["errorMessage"] == "a\N{REPLACEMENT CHARACTER}b"


def test_the_end_of_the_channel_is_a_quiet_end(start):
    runtime = start("def handler(event:, context:) = 1")
    runtime.invoke()
    runtime.hang_up()
    assert runtime.wait() == 0
    assert runtime.events() == []


def test_the_end_of_the_channel_before_the_start_is_a_quiet_end(ground):
    runtime = ground.bring_up()
    runtime.hang_up()
    assert runtime.wait() == 0
    assert runtime.events() == []


def test_threads_go_on_beside_the_handler(start):
    runtime = start("""
        $seen = Queue.new
        Thread.new { loop { $seen << 1; sleep 0.001 } }
        def handler(event:, context:) = $seen.pop
    """)
    assert [runtime.invoke().value for _ in range(3)] == [1, 1, 1]
