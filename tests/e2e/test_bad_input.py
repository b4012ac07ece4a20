"""Issue 1's list of bad input: each gets AWS's error code and a reason; the server goes on."""

import itertools
import re
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, create, refusal
from tests.e2e.server import INGLE
from tests.services.lambda_.zips import entry, file, link, zipped, zipped_entries

OK = "def handler(event, context):\n    return event\n"
GOOD = file("app.py", OK.encode())
CORRUPT = "Could not unzip uploaded file. Please check your file, then try to upload again."
MB = 1024 * 1024


@pytest.fixture(scope="module")
def canary(functions):
    """A function that must be answering after everything."""
    name = create(functions, OK)
    yield name
    functions.delete_function(FunctionName=name)


@pytest.fixture(autouse=True)
def _the_server_keeps_serving(canary, invoke):
    yield
    assert invoke(canary, {"still": "here"})[0] == {"still": "here"}


def arguments(**changes):
    return {
        "FunctionName": "never-made",
        "Role": ROLE,
        "Runtime": RUNTIME,
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped({"app.py": OK})},
        **changes,
    }


def refused(unchecked, **changes):
    """Create what must be refused, and see that nothing was made."""
    answer = refusal(unchecked.create_function, **arguments(**changes))
    assert refusal(unchecked.get_function, FunctionName="never-made")[0] == 404
    return answer


def zeros(size):
    return zipped({"app.py": OK, "zeros": bytes(size)})


def corrupted():
    """A zip in which one byte of a file's packed content was changed."""
    content = bytearray(zipped({"app.py": OK * 50}))
    content[60] ^= 0xFF
    return bytes(content)


ZIPS = {
    "a path that leads out": (
        zipped_entries(GOOD, file("../out.py")),
        f"{CORRUPT} ('../out.py' points outside of the package)",
    ),
    "a path that leads out from a folder": (
        zipped_entries(GOOD, file("a/../../out.py")),
        f"{CORRUPT} ('a/../../out.py' points outside of the package)",
    ),
    "an absolute path": (
        zipped_entries(GOOD, file("/etc/passwd")),
        f"{CORRUPT} ('/etc/passwd' is an absolute path)",
    ),
    "a link that points outside": (
        zipped_entries(GOOD, link("out", "../../etc/passwd")),
        f"{CORRUPT} (the link 'out' points outside of the package)",
    ),
    "an absolute link": (
        zipped_entries(GOOD, link("out", "/etc/passwd")),
        f"{CORRUPT} (the link 'out' points outside of the package)",
    ),
    "a link that points outside through another": (
        zipped_entries(GOOD, link("a/up", ".."), link("b", "a/up/../x")),
        f"{CORRUPT} (the link 'b' points outside of the package)",
    ),
    "a file behind a link": (
        zipped_entries(GOOD, link("out", "app.py"), file("out/x")),
        f"{CORRUPT} ('out/x' is in a folder that is a file or link as well)",
    ),
    "a device": (
        zipped_entries(GOOD, (entry("null", stat.S_IFCHR), b"")),
        f"{CORRUPT} ('null' is neither a file nor a folder nor a link)",
    ),
    "250 MB unpacked": (
        zeros(250 * MB),
        "Unzipped size must be smaller than 262144000 bytes",
    ),
    "nothing": (b"", "Uploaded file must be a non-empty zip"),
    "an empty zip": (zipped({}), "Uploaded file must be a non-empty zip"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_that_lambda_does_not_take_is_refused(unchecked, case):
    content, message = ZIPS[case]
    expected = (400, "InvalidParameterValueException", message)
    assert refused(unchecked, Code={"ZipFile": content}) == expected


@pytest.mark.parametrize("case", ["no zip", "half a zip", "a wrong byte"])
def test_a_corrupt_zip_is_refused(unchecked, case):
    content = {
        "no zip": b"PK, but no zip at all" * 10,
        "half a zip": zipped({"app.py": OK * 50})[:-30],
        "a wrong byte": corrupted(),
    }[case]
    status, code, message = refused(unchecked, Code={"ZipFile": content})
    assert (status, code) == (400, "InvalidParameterValueException")
    assert message.startswith(CORRUPT)


def test_a_bad_zip_does_not_replace_good_code(functions, canary, invoke):
    before = functions.get_function_configuration(FunctionName=canary)
    for content, message in (ZIPS["a path that leads out"], ZIPS["250 MB unpacked"]):
        assert refusal(functions.update_function_code, FunctionName=canary, ZipFile=content) == (
            400,
            "InvalidParameterValueException",
            message,
        )
    after = functions.get_function_configuration(FunctionName=canary)
    assert (after["RevisionId"], after["CodeSha256"]) == (
        before["RevisionId"],
        before["CodeSha256"],
    )


def test_a_package_over_50_mb_is_refused(unchecked):
    content = bytes(50 * MB + 1)
    assert refused(unchecked, Code={"ZipFile": content})[:2] == (
        413,
        "RequestEntityTooLargeException",
    )


def bound(member, value, side, limit):
    return (
        400,
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must have value {side} than or equal to {limit}",
    )


RANGES = [
    ("MemorySize", 64, bound("memorySize", 64, "greater", 128)),
    ("MemorySize", 127, bound("memorySize", 127, "greater", 128)),
    ("MemorySize", 20_000, bound("memorySize", 20_000, "less", 10240)),
    ("MemorySize", 10_241, bound("memorySize", 10_241, "less", 10240)),
    ("Timeout", 0, bound("timeout", 0, "greater", 1)),
    ("Timeout", -1, bound("timeout", -1, "greater", 1)),
    ("Timeout", 901, bound("timeout", 901, "less", 900)),
]


@pytest.mark.parametrize(("member", "value", "expected"), RANGES)
def test_numbers_out_of_range_are_refused(unchecked, canary, member, value, expected):
    assert refused(unchecked, **{member: value}) == expected
    assert expected == refusal(
        unchecked.update_function_configuration, FunctionName=canary, **{member: value}
    )


@pytest.mark.parametrize(
    ("member", "value"),
    [("MemorySize", 128), ("MemorySize", 10_240), ("Timeout", 1), ("Timeout", 900)],
)
def test_the_bounds_themselves_are_allowed(functions, deploy, member, value):
    name = deploy(OK, **{member: value})
    assert functions.get_function_configuration(FunctionName=name)[member] == value


def test_several_faults_are_told_together(unchecked):
    status, code, message = refused(unchecked, MemorySize=64, Timeout=0)
    assert (status, code) == (400, "ValidationException")
    assert message.startswith("2 validation errors detected: Value '")
    assert "'memorySize'" in message
    assert "'timeout'" in message


def test_a_handler_without_a_dot_is_taken_and_fails_when_it_is_invoked(deploy, invoke):
    answer, response = invoke(deploy(OK, Handler="handler"))
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == (
        "Runtime.MalformedHandlerName",
        "Bad handler 'handler': not enough values to unpack (expected 2, got 1)",
    )


def test_a_duplicate_name_is_a_conflict(functions, canary):
    assert refusal(functions.create_function, **arguments(FunctionName=canary)) == (
        409,
        "ResourceConflictException",
        f"Function already exist: {canary}",
    )


@pytest.mark.parametrize(
    "payload", [b"{", b"{'single': 1}", b"\xff\xfe", b"nan", b"1 2", b'"half', b"\x00"]
)
def test_a_payload_that_is_not_json_is_refused(functions, canary, payload):
    status, code, message = refusal(functions.invoke, FunctionName=canary, Payload=payload)
    assert (status, code) == (400, "InvalidRequestContentException")
    assert re.match(
        r"Could not parse request body into json: Could not parse payload into json: \w+", message
    )


def test_a_deeply_nested_payload_does_not_end_the_server(functions, canary):
    payload = b"[" * 200_000 + b"]" * 200_000
    assert refusal(functions.invoke, FunctionName=canary, Payload=payload)[:2] == (
        400,
        "InvalidRequestContentException",
    )


def test_a_payload_over_six_megabytes_is_refused(functions, canary):
    for size in (6 * MB + 1, 20 * MB):
        payload = b'"' + b"x" * (size - 2) + b'"'
        assert refusal(functions.invoke, FunctionName=canary, Payload=payload) == (
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
        )


WRONG_MEMBERS = [
    ({"Runtime": "cobol85"}, "InvalidParameterValueException", "at 'runtime' failed to satisfy"),
    ({"Role": "nobody"}, "ValidationException", "Value 'nobody' at 'role' failed to satisfy"),
    ({"FunctionName": "a b"}, "ValidationException", "Value 'a b' at 'functionName' failed to"),
    ({"FunctionName": "x" * 65}, "InvalidParameterValueException", "less than or equal to 64"),
    ({"Handler": "a b.c"}, "ValidationException", "Value 'a b.c' at 'handler' failed to satisfy"),
    ({"Timeout": "soon"}, "InvalidRequestContentException", ""),
    ({"Code": {}}, "InvalidParameterValueException", "Please provide a source for function code."),
    (
        {"Environment": {"Variables": {"AWS_REGION": "mars"}}},
        "InvalidParameterValueException",
        "Reserved keys used in this request: AWS_REGION",
    ),
    (
        {"Environment": {"Variables": {"BIG": "x" * 5000}}},
        "InvalidParameterValueException",
        "exceeded the 4KB limit",
    ),
    ({"DeadLetterConfig": {"TargetArn": "arn:aws:sqs:::q"}}, None, "The provided execution role"),
    (
        {"Layers": ["arn:aws:lambda:us-east-1:000000000000:layer:l:1"]},
        None,
        "Layer version arn:aws:lambda:us-east-1:000000000000:layer:l:1 does not exist.",
    ),
]


@pytest.mark.parametrize(("change", "code", "words"), WRONG_MEMBERS)
def test_other_wrong_members_are_named(unchecked, change, code, words):
    status, got, message = refused(unchecked, **change)
    assert (status, got) == (400, code or "InvalidParameterValueException")
    assert words in message


def test_a_second_server_on_the_same_folder_refuses_to_start(server):
    command = [INGLE, "serve", "--port", "0", "--data-dir", str(server.data_dir)]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, second.stdout) == (1, "")
    (line,) = second.stderr.splitlines()
    assert line.startswith("error: ")
    assert str(server.data_dir) in line
    assert str(server.process.pid) in line


def test_many_bad_requests_at_once_harm_nobody(unchecked, canary, invoke):
    contents = [content for content, _ in ZIPS.values()]

    def attempt(content):
        return refusal(unchecked.create_function, **arguments(Code={"ZipFile": content}))[1]

    with ThreadPoolExecutor(8) as threads:
        results = threads.map(attempt, itertools.chain(contents, contents))
        for number in range(20):
            assert invoke(canary, number)[0] == number
        assert set(results) == {"InvalidParameterValueException"}
