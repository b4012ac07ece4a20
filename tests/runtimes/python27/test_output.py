"""What is printed and logged."""

import re

import pytest

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
MAX_EVENT = 262_118


@pytest.fixture
def events_of(start):
    """The log events of one invocation."""

    def run(code, before=""):
        lines = "".join(f"    {line}\n" for line in code.splitlines())
        runtime = start(
            f"# -*- coding: utf-8 -*-\nimport logging, os, sys\n{before}\n"
            f"def handler(event, context):\n{lines}"
        )
        runtime.events()
        answer = runtime.invoke(request_id=REQUEST_ID)
        assert not answer.failed, answer.value
        return runtime.events()

    return run


def test_what_is_printed_is_an_event_a_line(events_of):
    code = """print "a", 1
print "b\\nc"
print u"text \\xfc", "bytes ü"
sys.stderr.write("d\\n")
sys.stdout.writelines(["e\\n", u"f\\n"])
print >>sys.stderr, "g",
print >>sys.stderr, "h"
"""
    assert events_of(code) == ["a 1", "b", "c", "text ü bytes ü", "d", "e", "f", "g h"]


def test_half_a_line_is_an_event_of_its_own(events_of):
    code = "sys.stdout.write('half')\nlogging.error('a\\nb')\nsys.stdout.write('rest')"
    first, second, third = events_of(code)
    assert (first, third) == ("half", "rest")
    assert second.endswith(f"\t{REQUEST_ID}\ta\nb")


def test_a_record_is_one_event_with_the_request_id(events_of):
    [event] = events_of("logging.getLogger('x').error(u'two\\nl\\xefnes %s', 'ü')")
    assert re.fullmatch(
        rf"\[ERROR\]\t\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{{1,3}}Z\t{REQUEST_ID}\ttwo\nlïnes ü",
        event,
    )


def test_records_below_the_level_are_not_written(events_of):
    assert events_of("logging.info('no')\nlogging.getLogger().setLevel(20)") == []
    [event] = events_of("logging.getLogger().setLevel(20)\nlogging.info('yes')")
    assert event.endswith("\tyes")


def test_a_record_of_the_start_has_no_request_id(start):
    runtime = start("import logging\nlogging.error('x')\ndef handler(event, context): pass")
    [event] = runtime.events()
    assert event.startswith("[ERROR]\t")
    assert event.endswith("Z\t\tx")


def test_the_context_logs_one_event(events_of):
    assert events_of("context.log('a\\nb')\ncontext.log(17)") == ["a\nb", "17"]


def test_an_event_that_is_too_long_is_cut_between_characters(events_of):
    events = events_of(f"context.log('ä' * {MAX_EVENT} + '\\nend')")
    assert [len(each.encode()) for each in events] == [MAX_EVENT - 2, MAX_EVENT - 2, 8]
    assert "".join(events) == "ä" * MAX_EVENT + "\nend"


def test_output_of_c_code_and_of_programs_is_logged(events_of):
    code = (
        "print 'before'\nsys.__stdout__.write('c\\n')\nsys.__stdout__.flush()\nos.system('echo p')"
    )
    assert events_of(code) == ["before", "c", "p"]
    assert events_of("sys.__stdout__.write('held back\\n')") == ["held back"]


def test_a_function_may_replace_its_streams(events_of):
    code = "import StringIO\nsys.stdout = StringIO.StringIO()\nprint 'x'\nsys.stderr = None"
    assert events_of(code) == []
