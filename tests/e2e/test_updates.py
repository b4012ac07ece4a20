"""Issue point 5: changing functions, also while they are being invoked."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import create, eventually, refusal, zip_of
from tests.e2e.processes import processes_with

STALE = (
    412,
    "PreconditionFailedException",
    "The Revision Id provided does not match the latest Revision Id. "
    "Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
)


def source(value):
    answer = f"[{value!r}, os.environ.get('VERSION')]"
    return f"import os\ndef handler(event, context):\n    return {answer}\n"


def package(value):
    return zip_of(app=source(value))


def test_new_code_takes_effect_at_once(functions, deploy, invoke):
    name = deploy(source("old"))
    before = functions.get_function_configuration(FunctionName=name)
    assert invoke(name)[0][0] == "old"
    updated = functions.update_function_code(FunctionName=name, ZipFile=package("new"))
    assert invoke(name)[0][0] == "new"
    for member in ("CodeSha256", "RevisionId"):
        assert updated[member] != before[member]
    assert updated["LastModified"] >= before["LastModified"]
    assert updated["LastUpdateStatus"] == "Successful"
    assert (
        functions.get_function_configuration(FunctionName=name)["CodeSha256"]
        == (updated["CodeSha256"])
    )


def test_a_dry_run_changes_no_code(functions, deploy, invoke):
    name = deploy(source("old"))
    before = functions.get_function_configuration(FunctionName=name)
    tried = functions.update_function_code(FunctionName=name, ZipFile=package("new"), DryRun=True)
    assert tried["CodeSha256"] != before["CodeSha256"]
    after = functions.get_function_configuration(FunctionName=name)
    assert (after["RevisionId"], after["CodeSha256"]) == (
        before["RevisionId"],
        before["CodeSha256"],
    )
    assert invoke(name)[0][0] == "old"
    assert refusal(
        functions.update_function_code, FunctionName=name, ZipFile=b"no zip", DryRun=True
    )[:2] == (400, "InvalidParameterValueException")


def test_new_settings_take_effect_at_once_and_leave_the_others(functions, deploy, invoke):
    name = deploy(source(1), Description="kept", Environment={"Variables": {"VERSION": "1"}})
    assert invoke(name)[0] == [1, "1"]
    before = functions.get_function_configuration(FunctionName=name)
    changed = functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {"VERSION": "2"}}, MemorySize=192, Timeout=9
    )
    assert invoke(name)[0] == [1, "2"]
    expected = {
        **before,
        "Environment": {"Variables": {"VERSION": "2"}},
        "MemorySize": 192,
        "Timeout": 9,
    }
    for volatile in ("RevisionId", "LastModified", "ResponseMetadata"):
        del expected[volatile], changed[volatile]
    assert changed == expected


def test_a_new_handler_takes_effect_at_once(functions, deploy, invoke):
    name = deploy("def one(event, context):\n    return 1\ndef two(e, c):\n    return 2\n")
    for handler, answer in (("app.one", 1), ("app.two", 2)):
        functions.update_function_configuration(FunctionName=name, Handler=handler)
        assert invoke(name)[0] == answer


@pytest.mark.parametrize(
    ("operation", "change"),
    [
        ("update_function_code", {"ZipFile": package(2)}),
        ("update_function_configuration", {"Timeout": 8}),
    ],
)
def test_a_revision_id_must_be_the_latest(functions, deploy, operation, change):
    name = deploy(source(1))
    update = getattr(functions, operation)
    first = functions.get_function(FunctionName=name)["Configuration"]["RevisionId"]
    second = update(FunctionName=name, RevisionId=first, **change)["RevisionId"]
    assert refusal(update, FunctionName=name, RevisionId=first, **change) == STALE
    assert functions.get_function_configuration(FunctionName=name)["RevisionId"] == second
    third = update(FunctionName=name, RevisionId=second, **change)["RevisionId"]
    assert third not in (first, second)


@pytest.mark.parametrize("change", ["code", "configuration", "deletion"])
def test_the_sandboxes_of_an_old_revision_are_ended(functions, deploy, invoke, change):
    name = deploy(
        "import subprocess\n"
        "def handler(event, context):\n"
        "    subprocess.Popen(['/bin/sh', '-c', 'while :; do sleep 1; done', event])\n"
    )
    mark = f"{name}-{change}"
    answer, response = invoke(name, mark)
    assert "FunctionError" not in response, answer
    eventually(lambda: bool(processes_with(mark)), "a process runs on in the sandbox")
    if change == "code":
        functions.update_function_code(FunctionName=name, ZipFile=package("new"))
    elif change == "configuration":
        functions.update_function_configuration(FunctionName=name, Timeout=9)
    else:
        functions.delete_function(FunctionName=name)
    eventually(lambda: not processes_with(mark), "what ran in the sandbox is gone")


class Load:
    """Threads that invoke a function until they are told to stop; every answer is kept."""

    def __init__(self, call, threads=8):
        self.answers = []
        self._call = call
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def _run(self):
        while not self._stop.is_set():
            try:
                self.answers.append(self._call())
            except Exception as error:  # the test must see it
                self.answers.append(error)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_updates_under_load_fail_no_call_and_take_effect_at_once(functions, deploy, invoke):
    name = deploy(source(0), Timeout=30)

    def call():
        answer, response = invoke(name)
        return answer if "FunctionError" not in response else RuntimeError(answer)

    seen_after = []
    with Load(call) as load:
        for number in range(1, 9):
            functions.update_function_code(FunctionName=name, ZipFile=package(number))
            seen_after.append(call()[0])
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": {"VERSION": str(number)}}
            )
            seen_after.append(call())
    expected = [(number, [number, str(number)]) for number in range(1, 9)]
    assert seen_after == list(itertools.chain.from_iterable(expected))
    assert [answer for answer in load.answers if isinstance(answer, Exception)] == []
    # Each answer is of one revision: never new code with older settings than it ever had.
    allowed = [[0, None], [1, None]]
    for number in range(1, 9):
        allowed += [[number, str(number)], [number + 1, str(number)]]
    assert len(load.answers) > 50
    assert all(answer in allowed for answer in load.answers)


def test_deleting_under_load_fails_calls_only_with_not_found(functions, deploy, invoke):
    name = deploy(source(0), Timeout=30)
    with Load(lambda: invoke(name)[0], threads=4) as load:
        assert invoke(name)[0] == [0, None]
        functions.delete_function(FunctionName=name)
        assert refusal(functions.invoke, FunctionName=name)[1] == "ResourceNotFoundException"
    for answer in load.answers:
        assert answer == [0, None] or (
            answer.response["Error"]["Code"] == "ResourceNotFoundException"
        )


def test_of_those_who_create_the_same_name_at_once_one_wins(functions):
    def attempt(number):
        try:
            return create(functions, source(number), FunctionName="the-same-name")
        except functions.exceptions.ResourceConflictException as error:
            return error.response["Error"]["Message"]

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(attempt, range(8)))
    functions.delete_function(FunctionName="the-same-name")
    assert sorted(results) == ["Function already exist: the-same-name"] * 7 + ["the-same-name"]


def test_an_operation_that_ingle_does_not_have_is_named(functions):
    assert refusal(functions.list_capacity_providers) == (
        501,
        "NotImplemented",
        "The operation ListCapacityProviders of lambda is not implemented by Ingle yet",
    )


@pytest.mark.parametrize(
    ("service", "method", "operation"),
    [
        ("ses", "list_identities", "ListIdentities"),
        ("kinesis", "list_streams", "ListStreams"),
        ("dynamodb", "list_tables", "ListTables"),
    ],
)
def test_an_operation_of_a_service_that_ingle_does_not_have_is_named(
    server, service, method, operation
):
    assert refusal(getattr(server.client(service), method)) == (
        501,
        "NotImplemented",
        f"The service {service}, so also its operation {operation}, is not implemented by Ingle "
        "yet",
    )
