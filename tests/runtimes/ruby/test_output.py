"""What is printed and logged."""

import re

import pytest

REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
MAX_EVENT = 262_118


@pytest.fixture
def events_of(start):
    """The log events of one invocation."""

    def run(code, before=""):
        runtime = start(f"{before}\ndef handler(event:, context:)\n{code}\nnil\nend")
        runtime.events()
        runtime.invoke(request_id=REQUEST_ID)
        return runtime.events()

    return run


def test_puts_writes_one_event_of_all_its_lines(events_of):
    assert events_of('puts "one\\ntwo"\nputs [1, [2, nil], :x]\nputs') == [
        "one\ntwo",
        "1\n2\n\nx",
        "",
    ]


def test_other_ways_to_print_write_an_event_a_line(events_of):
    code = (
        'print "a\\nb\\n"\np({ a: 1 })\n$stdout.puts "c", "d"\nSTDERR.puts "e"\n$stderr << "f\\n"'
    )
    assert events_of(code)[:2] == ["a", "b"]
    assert events_of(code)[3:] == ["c", "d", "e", "f"]


def test_half_a_line_is_an_event_of_its_own(events_of):
    assert events_of('print "half"\nputs "a\\nb"\nprint "rest"') == ["half", "a\nb", "rest"]


def test_text_of_any_encoding_is_written_as_utf8(events_of):
    code = """
        puts 'grün'.encode('ISO-8859-1'), 'grün'.encode('UTF-16LE')
        puts 'grün'.b, "a\\xffb"
    """
    assert events_of(code) == ["grün\ngrün", "grün\na\N{REPLACEMENT CHARACTER}b"]


def test_an_event_that_is_too_long_is_cut_between_characters(events_of):
    events = events_of(f"puts 'ä' * {MAX_EVENT}, 'end'")
    assert [len(each.encode()) for each in events] == [MAX_EVENT - 2, MAX_EVENT - 2, 8]
    assert "".join(events) == "ä" * MAX_EVENT + "\nend"


@pytest.mark.parametrize("device", ["$stdout", "$stderr", "STDOUT", "nil"])
def test_a_logger_writes_events_with_the_request_id(events_of, device):
    [event] = events_of(f'Logger.new({device}, progname: "app").warn("two\\nlines")')
    assert re.fullmatch(
        r"W, \[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6} #\d+\]  WARN "
        rf"{REQUEST_ID} -- app: two\nlines",
        event,
    )


def test_a_logger_made_at_the_start_gets_the_request_id_later(events_of):
    events = events_of("LOG.info('later')", "LOG = Logger.new($stdout)")
    assert events[0].endswith(f"  INFO {REQUEST_ID} -- : later")


def test_a_line_of_the_start_has_no_request_id(start):
    runtime = start("Logger.new($stdout).info('x')\ndef handler(event:, context:) = 1")
    [event] = runtime.events()
    assert event.endswith("]  INFO  -- : x")


def test_a_loggers_own_format_is_kept(events_of):
    code = 'log = Logger.new($stdout, formatter: ->(*parts) { "#{parts[0]}: #{parts[3]}" })'
    assert events_of(f"{code}\nlog.error('x')") == ["ERROR: x"]
    [event] = events_of("Logger.new($stdout, datetime_format: 'on %A').info('x')")
    assert re.match(r"I, \[on [A-Z][a-z]+day #\d+\]  INFO ", event)


def test_a_loggers_level_counts(events_of):
    code = "log = Logger.new($stdout, level: Logger::WARN)\nlog.info('x')\nlog.warn('y')"
    assert [event[-1] for event in events_of(code)] == ["y"]


def test_a_logger_that_writes_elsewhere_is_rubys_own(events_of):
    code = """
        text = StringIO.new
        Logger.new(text).info('x')
        puts text.string.include?(context.aws_request_id)
    """
    assert events_of(code) == ["false"]


def test_output_of_programs_that_the_function_starts_is_logged(events_of):
    assert events_of("puts 'before'\nsystem('echo within')\nputs 'after'") == [
        "before",
        "within",
        "after",
    ]


def test_events_arrive_from_a_signals_handler(events_of):
    code = "Signal.trap('USR1') { puts \"caught\\nit\" }\nProcess.kill('USR1', 0)\nsleep 0.01"
    assert events_of(code.replace("0)", "Process.pid)")) == ["caught\nit"]


def test_events_arrive_from_a_function_that_redirects_its_streams(events_of):
    code = "$stdout.reopen(File::NULL)\n$stderr.reopen(File::NULL)\nputs 'still'"
    assert events_of(code) == ["still"]


def test_what_is_printed_at_the_start_is_logged(start):
    runtime = start("puts 'starting'\ndef handler(event:, context:) = 1")
    assert runtime.events() == ["starting"]
