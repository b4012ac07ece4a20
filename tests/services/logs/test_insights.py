"""The query language: AWS's documented examples, and what must hold for every query."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.services.logs.insights.errors import QueryError
from ingle.services.logs.insights.query import Query
from ingle.services.logs.insights.records import Record, discovered_fields, record_of
from ingle.services.logs.model import GroupKey, Position

KEY = GroupKey("000000000000", "us-east-1", "/aws/lambda/f")
START_MS = 1_767_225_600_000
ID = "3f0e7ea8-1d2c-4e0e-9d38-5d3d6d1d9c1a"
REPORT = (
    f"REPORT RequestId: {ID}\tDuration: {{:.2f}} ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\t"
    "Max Memory Used: 30 MB\tInit Duration: 9.50 ms\t\n"
)


def records(*messages: str) -> list[Record]:
    """Make events, a second apart, the newest first."""
    return [
        record_of(Position(START_MS + 1000 * number, 1, number + 1), message, 0, "s", KEY)
        for number, message in reversed(list(enumerate(messages)))
    ]


def run(query: str, *messages: str, limit: int = 100) -> list[Mapping[str, str]]:
    """Run a query; leave out the pointers of results."""
    compiled = Query(query, limit)
    compiled.take(records(*messages))
    return [
        {name: value for name, value in row.items() if name != "@ptr"} for row in compiled.end()
    ]


def column(query: str, *messages: str, limit: int = 100) -> list[str]:
    """Run a query with results of one column; what is missing is left out."""
    return [value for row in run(query, *messages, limit=limit) for value in row.values()]


def test_the_newest_events_come_first() -> None:
    assert run("fields @timestamp, @message | sort @timestamp desc | limit 1", "a", "b") == [
        {"@timestamp": "2026-01-01 00:00:01.000", "@message": "b"}
    ]
    assert column("fields @message", "a", "b", "c", limit=2) == ["c", "b"]
    assert column("fields @message | sort @timestamp", "a", "b", "c", limit=2) == ["a", "b"]


def test_without_fields_the_time_and_the_message_are_shown_with_a_pointer() -> None:
    query = Query("filter @message like /a/", 10)
    query.take(records("a"))
    assert query.end() == [
        {
            "@timestamp": "2026-01-01 00:00:00.000",
            "@message": "a",
            "@ptr": Position(START_MS, 1, 1).text,
        }
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("@message like /Exception/", ["an Exception"]),
        ("@message =~ /Exception/", ["an Exception"]),
        ('@message like "Exception"', ["an Exception"]),
        ("@message not like /Exception/", ["exception", '{"f1": 10, "s": "2x"}', '{"f1": 25}']),
        ("@message like /(?i)Exception/", ["an Exception", "exception"]),
        ("@message =~ /^(?i)Exception$/", ["exception"]),
        ("f1 = 10 or f1 > 20", ['{"f1": 10, "s": "2x"}', '{"f1": 25}']),
        ("(f1 > 20)", ['{"f1": 25}']),
        ("f1 in [10, 11]", ['{"f1": 10, "s": "2x"}']),
        ('f1 not in [10, "foo"]', ["an Exception", "exception", '{"f1": 25}']),
        ('s = "2x"', ['{"f1": 10, "s": "2x"}']),
        ("s like /^2\\w$/ and f1 <= 10", ['{"f1": 10, "s": "2x"}']),
        ("ispresent(s)", ['{"f1": 10, "s": "2x"}']),
        ("not ispresent(f1)", ["an Exception", "exception"]),
        ("f1 / 5 = 2", ['{"f1": 10, "s": "2x"}']),
        ("f1 % 10 = 5 and f1 ^ 2 = 625 and -f1 < 0", ['{"f1": 25}']),
        ("2 + 3 * 2 = 8 and (2 + 3) * 2 = 10 and f1 = 25", ['{"f1": 25}']),
        ("f1 / 0 = 1", []),
        ("true and f1 = 25", ['{"f1": 25}']),
    ],
)
def test_filters_pass_what_they_say(condition: str, expected: list[str]) -> None:
    query = f"fields @message | filter {condition} | sort @timestamp"
    messages = ("an Exception", "exception", '{"f1": 10, "s": "2x"}', '{"f1": 25}')
    assert column(query, *messages) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("concat('a', '-', 1)", "a-1"),
        ("strlen('héllo')", "5"),
        ('ltrim("xyZfooxyZ", "xyZ")', "fooxyZ"),
        ('rtrim("xyZfooxyZ", "xyZ")', "xyZfoo"),
        ('trim("xyZfooxyZ", "xyZ")', "foo"),
        ("trim('  a ')", "a"),
        ("toupper('a')", "A"),
        ("tolower('A')", "a"),
        ('substr("xyZfooxyZ", 3)', "fooxyZ"),
        ('substr("xyZfooxyZ", 3, 3)', "foo"),
        ('replace("foo", "o", "0")', "f00"),
        ("strcontains('abc', 'b')", "1"),
        ("isempty('')", "1"),
        ("isblank(' ')", "1"),
        ("isblank(none)", "1"),
        ("coalesce(none, 'x')", "x"),
        ("abs(-2)", "2"),
        ("ceil(1.2)", "2"),
        ("floor(1.8)", "1"),
        ("greatest(1, 3, 2)", "3"),
        ("least(2, 1)", "1"),
        ("sqrt(16)", "4"),
        ("log(1)", "0"),
        ("1 / 3", "0.3333"),
        ("2 ^ 3", "8"),
        ("toMillis(@timestamp)", str(START_MS)),
        ("fromMillis(0)", "1970-01-01 00:00:00.000"),
        ("datefloor(@timestamp, 1d)", "2026-01-01 00:00:00.000"),
        ("dateceil(fromMillis(1), 1h)", "1970-01-01 01:00:00.000"),
        ("bin(1h)", "2026-01-01 00:00:00.000"),
        ("isValidIp('::1')", "1"),
        ("isValidIpV4('::1')", "0"),
        ("isIpInSubnet('192.0.2.7', '192.0.2.0/24')", "1"),
        ("isIpv4InSubnet('192.0.3.7', '192.0.2.0/24')", "0"),
        ("isIpv6InSubnet('2001:db8::1', '2001:db8::/32')", "1"),
    ],
)
def test_functions_are_those_of_aws(expression: str, expected: str) -> None:
    assert column(f"fields {expression} as x | display x", "m") == [expected]


def test_missing_values_stay_missing() -> None:
    assert run("fields sqrt(-1), none, substr(none, 1), none + 1 as x", "m") == [{}]


def test_a_memory_report_is_made_of_lambda_s_lines() -> None:
    query = """filter @type = "REPORT"
        | stats max(@memorySize / 1000 / 1000) as provisonedMemoryMB,
            min(@maxMemoryUsed / 1000 / 1000) as smallestMemoryRequestMB,
            provisonedMemoryMB - smallestMemoryRequestMB as overProvisionedMB"""
    assert run(query, REPORT.format(1), "other", f"START RequestId: {ID} Version: 1\n") == [
        {
            "provisonedMemoryMB": "128",
            "smallestMemoryRequestMB": "30",
            "overProvisionedMB": "98",
        }
    ]


def test_a_latency_report_is_made_by_time() -> None:
    query = """filter @type = "REPORT" |
        stats avg(@duration), max(@duration), min(@duration), count(*), pct(@duration, 50),
        stddev(@duration), sum(@duration), median(@duration), count_distinct(@requestId) by bin(5m)
    """
    assert run(query, *(REPORT.format(number) for number in (1, 2, 6))) == [
        {
            "bin(5m)": "2026-01-01 00:00:00.000",
            "avg(@duration)": "3",
            "max(@duration)": "6",
            "min(@duration)": "1",
            "count(*)": "3",
            "pct(@duration, 50)": "2",
            "stddev(@duration)": "2.1602",
            "sum(@duration)": "9",
            "median(@duration)": "2",
            "count_distinct(@requestId)": "1",
        }
    ]


@pytest.mark.parametrize("message", [f"START RequestId: {ID} Version: 1", f"[INFO]\tt\t{ID}\thi\n"])
def test_the_request_id_is_found_in_lines_of_functions(message: str) -> None:
    assert column("fields @requestId", message) == [ID]


def test_statistics_are_grouped_sorted_and_limited() -> None:
    query = "stats sum(packets) as p by srcAddr, dstAddr | sort p desc, srcAddr | limit 2"
    lines = [
        f'{{"packets": {packets}, "srcAddr": "{source}", "dstAddr": "d"}}'
        for packets, source in ((1, "a"), (5, "b"), (2, "a"), (5, "c"))
    ]
    assert run(query, *lines) == [
        {"srcAddr": "b", "dstAddr": "d", "p": "5"},
        {"srcAddr": "c", "dstAddr": "d", "p": "5"},
    ]


def test_statistics_can_be_made_of_statistics() -> None:
    query = "stats count(*) as n by a | stats max(n) as most, count(*) as groups"
    assert run(query, '{"a": 1}', '{"a": 1}', '{"a": 2}') == [{"most": "2", "groups": "2"}]
    assert run("stats count(*), sum(x)", *()) == [{"count(*)": "0"}]


def test_the_first_and_the_last_are_found_by_time_and_by_order() -> None:
    query = "stats earliest(v) as e, latest(v) as l, sortsFirst(v) as f, sortsLast(v) as s"
    assert run(query, '{"v": "m"}', '{"v": "a"}', '{"v": "z"}', '{"v": "k"}') == [
        {"e": "m", "l": "k", "f": "a", "s": "z"}
    ]


LINE = "25 May 2019 10:24:39,474 [ERROR] {foo=2, bar=data} The error was: DataIntegrityException\n"


@pytest.mark.parametrize(
    "parse",
    [
        'parse @message "[*] * The error was: *" as level, config, exception',
        r"parse @message /\[(?<level>\S+)\]\s+(?<config>\{.*\})\s+The error was: "
        r"(?<exception>\S+)/",
        r"parse @message /\[(\S+)\]\s+(\{.*\})\s+The error was: (\S+)/ as level, config, exception",
    ],
)
def test_fields_are_parsed_out_of_messages(parse: str) -> None:
    assert run(f"{parse} | display level, config, exception", LINE, "other") == [
        {},
        {"level": "ERROR", "config": "{foo=2, bar=data}", "exception": "DataIntegrityException"},
    ]


def test_what_was_parsed_can_be_measured() -> None:
    lines = [f"user={user}, method:GET, latency := {ms}" for user, ms in (("a", 1), ("a", 4))]
    glob = 'parse @message "user=*, method:*, latency := *" as @user, @method, @latency'
    assert run(f"{glob} | stats avg(@latency) by @method, @user", *lines) == [
        {"@method": "GET", "@user": "a", "avg(@latency)": "2.5"}
    ]
    regex = r"parse @message /user=(?<user2>.*?), method:(?<method2>.*?), latency := (?<l>\d+)/"
    assert run(f"{regex} | stats avg(@l) by @method2, @user2", *lines) == [
        {"@method2": "GET", "@user2": "a", "avg(@l)": "2.5"}
    ]


def test_keywords_have_no_case_and_comments_do_not_count() -> None:
    query = """FIELDS @message
        # | filter nonsense (
        | PARSE @message "* [*] *" as loggingTime, loggingType, loggingMessage
        | FILTER loggingType IN ["ERROR", "INFO"]
        | DISPLAY loggingMessage, loggingType = "ERROR" as isError"""
    assert run(query, "1 [ERROR] a", "2 [DEBUG] b", "3 [INFO] c") == [
        {"loggingMessage": "c", "isError": "0"},
        {"loggingMessage": "a", "isError": "1"},
    ]


def test_duplicates_are_left_out_and_the_newest_stays() -> None:
    lines = ['{"a": 1, "b": 1}', '{"a": 1, "b": 2}', '{"a": 2}', "none"]
    assert column("dedup a | display @message", *lines) == ["none", '{"a": 2}', lines[1]]


def test_fields_of_the_first_json_in_a_message_are_found() -> None:
    message = 'INFO {"user": {"name": "x", "ids": [7, 8]}, "ok": true, "foo-bar": 1.5} end'
    assert run("fields user.name, user.ids.1, ok, `foo-bar`", message) == [
        {"user.name": "x", "user.ids.1": "8", "ok": "1", "foo-bar": "1.5"}
    ]
    assert discovered_fields([message, "other"], KEY)["user.name"] == 1
    assert discovered_fields([message, "other"], KEY)["@message"] == 2


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("", "The query is empty"),
        ("nonsense", "expected a command: fields, display"),
        ("fields", "expected a field, a number"),
        ("fields a |", "expected a command"),
        ("fields a b", "expected '|'"),
        ("filter a = ", "expected a field"),
        ("filter a like b", "expected a text in quotes or a regular expression"),
        ("filter a like /(/", "is not a regular expression"),
        ("filter a like /(?=b)/", "is not a regular expression"),
        ("filter (a = 1", "expected ')'"),
        ("filter f(a) = 1", "There is no function 'f'"),
        ("filter count(*) > 1", "aggregate function, which only stats has"),
        ("fields abs()", "abs does not take 0 arguments"),
        ("fields bin(5)", "bin takes a period"),
        ("fields bin(5x)", "'x' is not a unit of time"),
        ("fields bin(0m)", "must not be 0"),
        ("stats a by b", "stats needs an aggregate function"),
        ("stats pct(a) by b", "pct takes a field and a number from 0 to 100"),
        ("stats sum() by b", "sum needs a field"),
        ("limit 0", "limit must be a whole number from 1 to 10000"),
        ("limit 10001", "limit must be a whole number"),
        ('parse @message "* *" as a', "The pattern has 2 '*', and there are 1 names"),
        ("parse @message /a/", "The pattern names nothing"),
        ("pattern @message", "Ingle does not have the command 'pattern'"),
        ("fields " + "(" * 200 + "a" + ")" * 200, "too many parentheses"),
        ("fields " + "-" * 200 + "a", "too many '-'"),
    ],
)
def test_what_is_no_query_is_refused_with_the_place(query: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        Query(query, 10)
    assert told in str(caught.value)


VOCABULARY = (
    "fields filter stats sort limit parse display dedup | , ( ) @message a.b `x` 'q' \"* *\" "
    "/a(b)/ like not in [ ] and or = != < + - * / % ^ 5m 1.5 7 count(*) sum(a) bin(1h) by as desc"
)
WORDS = st.sampled_from(VOCABULARY.split())


@given(st.lists(WORDS, max_size=14).map(" ".join))
def test_any_text_is_a_query_or_refused(query: str) -> None:
    try:
        compiled = Query(query, 10)
    except QueryError:
        return
    compiled.take(records('{"a": {"b": 1}, "x": "ab"}', "text", REPORT.format(1)))
    assert len(compiled.end()) <= 10


@given(
    st.lists(st.tuples(st.integers(-5, 5), st.sampled_from("abc")), max_size=30),
    st.integers(1, 5),
    st.booleans(),
)
def test_sorting_groups_and_limits_are_those_of_a_naive_reckoning(
    rows: list[tuple[int, str]], limit: int, down: bool
) -> None:
    lines = [f'{{"v": {value}, "k": "{key}"}}' for value, key in rows]
    order = "desc" if down else "asc"
    shown = column(f"fields v | sort v {order} | limit {limit}", *lines)
    assert shown == [str(value) for value, _ in sorted(rows, reverse=down)][:limit]
    sums: dict[str, int] = {}
    for value, key in rows:
        sums[key] = sums.get(key, 0) + value
    assert run("stats sum(v) as s by k | sort k", *lines) == [
        {"k": key, "s": str(total)} for key, total in sorted(sums.items())
    ]
    assert sorted(column("fields k | dedup k", *lines)) == sorted(sums)


def test_a_query_that_has_all_its_rows_needs_no_more_events() -> None:
    query = Query("fields @message | limit 2", 10)
    query.take(records("a"))
    assert not query.full
    query.take(records("b"))
    assert query.full
    counting = Query("stats count(*) | limit 1", 10)
    counting.take(records("a", "b"))
    assert not counting.full
