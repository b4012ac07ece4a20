"""What functions write, and which log events it becomes."""

import json
import re

REQUEST = "11111111-2222-3333-4444-555555555555"


def test_a_printed_line_is_an_event(start):
    runtime = start("example.Logs::lines")
    runtime.invoke("é😀")
    assert runtime.events() == ["out é😀", "err é😀", "1 of two"]


def test_what_is_printed_without_a_line_end_is_written_before_the_answer(start):
    runtime = start("example.Logs::unfinished")
    runtime.invoke()
    assert runtime.events() == ["no end"]


def test_what_is_logged_is_one_event_however_many_lines_it_has(start):
    runtime = start("example.Logs::event")
    runtime.invoke("one\ntwo\n\nthree")
    runtime.invoke("")
    runtime.invoke("single\n")
    assert runtime.events() == ["one\ntwo\n\nthree", "", "single"]


def test_nothing_is_logged_as_the_word_null(start):
    runtime = start("example.Logs::nothing")
    runtime.invoke()
    assert runtime.events() == ["null"]


def test_bytes_are_logged_as_they_are(start):
    runtime = start("example.Logs::bytes", AWS_LAMBDA_LOG_FORMAT="JSON")
    runtime.invoke()
    assert runtime.events() == ["as\nthey are"]


def test_the_logger_is_found_without_a_context(start):
    runtime = start("example.Logs::elsewhere")
    runtime.invoke()
    assert runtime.events() == ["from anywhere"]


def test_an_event_within_a_line_ends_the_line(start):
    runtime = start("example.Logs::between")
    runtime.invoke()
    assert runtime.events() == ["begun", "two\nlines", "ended"]


def test_a_stack_trace_that_is_printed_is_an_event_a_line(start):
    runtime = start("example.Logs::trace")
    runtime.invoke()
    events = runtime.events()
    assert events[0] == "java.lang.IllegalStateException: printed"
    assert events[1].startswith("\tat example.Logs.trace(Logs.java:")


def test_an_event_that_is_too_large_is_cut_between_characters(start):
    runtime = start("example.Logs::large")
    runtime.invoke(200_000)
    events = runtime.events()
    assert "".join(events) == "é" * 200_000
    assert [len(each.encode()) for each in events] == [262_116, 137_884]


def test_levels_are_written_before_the_text(start):
    runtime = start("example.Logs::levels")
    runtime.invoke()
    assert runtime.events() == [
        *("undefined", "[TRACE] trace", "[DEBUG] debug", "[INFO] info"),
        *("[WARN] warn", "[ERROR] error", "[FATAL] fatal"),
    ]


def test_events_below_the_level_are_left_out_and_those_without_one_are_not(start):
    runtime = start("example.Logs::levels", AWS_LAMBDA_LOG_LEVEL="warn")
    runtime.invoke()
    assert runtime.events() == ["undefined", "[WARN] warn", "[ERROR] error", "[FATAL] fatal"]


def test_events_in_json_have_time_message_level_and_request(start):
    runtime = start("example.Logs::event", AWS_LAMBDA_LOG_FORMAT="JSON")
    runtime.invoke('one\n"two"', request_id=REQUEST)
    (event,) = runtime.events()
    said = json.loads(event)
    assert list(said) == ["timestamp", "message", "level", "AWSRequestId"]
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z", said["timestamp"])
    assert (said["message"], said["level"]) == ('one\n"two"', "UNDEFINED")
    assert said["AWSRequestId"] == REQUEST


def test_what_is_printed_stays_text_where_the_format_is_json(start):
    runtime = start("example.Logs::lines", AWS_LAMBDA_LOG_FORMAT="JSON")
    runtime.invoke("x")
    assert runtime.events() == ["out x", "err x", "1 of two"]
