"""How errors are answered and logged, and what ends the process."""

import pytest


def test_an_error_is_answered_with_message_type_and_trace(start, ground):
    runtime = start(
        "def handler(event, context):\n    return inner()\ndef inner():\n    return x + 10\n"
    )
    answer = runtime.invoke()
    file = f"{ground.task}/index.py"
    assert answer.failed
    assert answer.value == {
        "errorMessage": "global name 'x' is not defined",
        "errorType": "NameError",
        "stackTrace": [
            [file, 2, "handler", "return inner()"],
            [file, 4, "inner", "return x + 10"],
        ],
    }
    assert runtime.events() == [
        "global name 'x' is not defined: NameError\n"
        "Traceback (most recent call last):\n"
        f'  File "{file}", line 2, in handler\n    return inner()\n'
        f'  File "{file}", line 4, in inner\n    return x + 10\n'
        "NameError: global name 'x' is not defined"
    ]


def test_an_error_does_not_end_the_process(start):
    runtime = start("n = []\ndef handler(e, c):\n  n.append(1)\n  raise ValueError(len(n))")
    assert [runtime.invoke().value["errorMessage"] for _ in range(2)] == ["1", "2"]


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        ("ValueError(u'\\xfc')", "ü"),
        ("ValueError('\\xc3\\xbc')", "ü"),
        ("ValueError('\\xff')", "\N{REPLACEMENT CHARACTER}"),
        ("Mute()", "<unprintable Mute object>"),
        ("KeyError('k')", "'k'"),
    ],
)
def test_any_message_is_answered(start, raised, message):
    runtime = start(
        "class Mute(Exception):\n  def __str__(self): raise ValueError()\n"
        f"def handler(event, context):\n  raise {raised}"
    )
    assert runtime.invoke().value["errorMessage"] == message


def test_an_error_without_a_message_is_answered_without(start):
    answer = start("def handler(event, context):\n  raise ValueError()").invoke()
    assert sorted(answer.value) == ["errorType", "stackTrace"]


def test_source_of_any_encoding_is_answered(ground):
    ground.write("index.py", "")
    (ground.task / "index.py").write_bytes(
        b"# -*- coding: latin-1 -*-\ndef handler(event, context):\n  raise ValueError('\xfc')\n"
    )
    answer = ground.start().invoke()
    assert answer.value["stackTrace"][0][3] == "raise ValueError('\N{REPLACEMENT CHARACTER}')"


def test_a_handler_that_takes_something_else_is_a_type_error(start):
    answer = start("def handler(): return 1").invoke()
    assert answer.value["errorType"] == "TypeError"
    assert answer.value["errorMessage"] == "handler() takes no arguments (2 given)"


@pytest.mark.parametrize(
    ("code", "status", "printed"),
    [
        ("sys.exit(3)", 3, []),
        ("sys.exit('gave up')", 1, ["gave up"]),
        ("os._exit(5)", 5, []),
        ("raise KeyboardInterrupt", 1, ["KeyboardInterrupt"]),
    ],
)
def test_a_process_that_exits_gives_no_answer(start, code, status, printed):
    runtime = start(f"import os, sys\ndef handler(event, context):\n    {code}\n")
    with pytest.raises(EOFError):
        runtime.invoke()
    assert runtime.wait() == status
    assert runtime.events()[-1:] == printed


def test_the_end_of_the_channel_is_a_quiet_end(start):
    runtime = start("def handler(event, context): return 1")
    runtime.invoke()
    runtime.hang_up()
    assert runtime.wait() == 0
    assert runtime.events() == []


def test_the_end_of_the_channel_before_the_start_is_a_quiet_end(ground):
    runtime = ground.bring_up()
    runtime.hang_up()
    assert runtime.wait() == 0
    assert runtime.events() == []


def test_signals_do_not_disturb_the_channel(start):
    runtime = start(
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
        "def handler(event, context): return 'x' * 3000000"
    )
    assert [len(runtime.invoke("y" * 2_000_000).value) for _ in range(3)] == [3_000_000] * 3
