"""Variables that lead linkers and interpreters elsewhere lead only the function's own."""

import pytest

from tests.e2e.conftest import ROLE, RUNTIME, refusal
from tests.hostile.conftest import package_of

EVIL = "/tmp/evil"
VARIABLES = {
    "LD_PRELOAD": f"{EVIL}/evil.so",
    "LD_AUDIT": f"{EVIL}/evil.so",
    "LD_LIBRARY_PATH": EVIL,
    "LD_DEBUG": "all",
    "LD_DEBUG_OUTPUT": f"{EVIL}/debug",
    "GCONV_PATH": EVIL,
    "LOCPATH": EVIL,
    "MALLOC_CHECK_": "3",
    "PYTHONPATH": f"{EVIL}:/var/task/evil:/proc/self/cwd",
    "PYTHONSTARTUP": f"{EVIL}/startup.py",
    "PYTHONHOME": EVIL,
    "PYTHONUSERBASE": EVIL,
    "PYTHONINSPECT": "1",
    "PYTHONPLATLIBDIR": EVIL,
    "PYTHONMALLOC": "debug",
    "PYTHONWARNINGS": "error",
    "PYTHONFAULTHANDLER": "1",
    "BASH_ENV": f"{EVIL}/startup.py",
    "ENV": f"{EVIL}/startup.py",
    "PATH": EVIL,
    "HOME": "/proc/1/root",
    "TMPDIR": "/var/task",
    "IFS": "/",
}


def harmless(answer, event):
    assert answer["event"] == event
    assert not answer["json"].startswith("/tmp")
    assert answer["runtime"]
    assert all(path.startswith("/var/runtime/") for path in answer["runtime"])
    assert answer["capabilities"] == ["0" * 16]


GROUPS = {
    "the linker's": [name for name in VARIABLES if not name.startswith(("PYTHON", "PATH"))],
    "the interpreter's": [name for name in VARIABLES if name.startswith("PYTHON")],
    "all": list(VARIABLES),
}


@pytest.mark.parametrize("group", GROUPS)
def test_no_variable_changes_the_runtime_or_gives_rights(deploy_attacker, invoke, group):
    variables = {name: VARIABLES[name] for name in GROUPS[group]}
    name = deploy_attacker("environment", Environment={"Variables": variables})
    for _ in range(2):
        answer, response = invoke(name, list(variables))
        assert "FunctionError" not in response, answer
        harmless(answer, list(variables))
        assert answer["variables"] == variables


def test_modules_named_like_the_runtime_s_do_not_replace_it(deploy_attacker, invoke):
    evil = "raise SystemExit('evil')\n"
    names = ("ingle_runtime", "bootstrap", "frames", "handler", "logs", "lock", "sitecustomize")
    name = deploy_attacker("environment", dict.fromkeys(names, evil))
    answer, response = invoke(name)
    assert "FunctionError" not in response, answer
    harmless(answer, None)


def test_as_many_variables_as_may_be_reach_the_function(deploy_attacker, invoke):
    variables = {f"V{number:03}": "x" * 4 for number in range(280)}
    name = deploy_attacker("environment", Environment={"Variables": variables})
    answer, response = invoke(name, list(variables))
    assert "FunctionError" not in response, answer
    assert answer["variables"] == variables


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"BIG": "x" * 5_000_000}, "4KB limit"),
        ({f"V{number}": "" for number in range(5_000)}, "4KB limit"),
        ({"NUL": "a\0b"}, "null"),
        ({"_HANDLER": "evil.handler"}, "Map keys must satisfy constraint"),
        ({"LAMBDA_TASK_ROOT": EVIL}, "LAMBDA_TASK_ROOT"),
        ({"AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1"}, "AWS_LAMBDA_RUNTIME_API"),
    ],
    ids=["5 MB", "5,000 variables", "nul", "_HANDLER", "LAMBDA_TASK_ROOT", "the Runtime API"],
)
def test_variables_that_may_not_be_are_refused(functions, variables, words):
    status, code, message = refusal(
        functions.create_function,
        FunctionName="never-made",
        Role=ROLE,
        Runtime=RUNTIME,
        Handler="app.handler",
        Code={"ZipFile": package_of("environment")},
        Environment={"Variables": variables},
    )
    assert (status, code) in (
        (400, "InvalidParameterValueException"),
        (400, "ValidationException"),
        (413, "RequestEntityTooLargeException"),
    )
    assert words in message


def test_names_that_are_none_are_refused(unchecked):
    for name in ("A=B", "", "1A", "A B", "A\n"):
        status, _, _ = refusal(
            unchecked.create_function,
            FunctionName="never-made",
            Role=ROLE,
            Runtime=RUNTIME,
            Handler="app.handler",
            Code={"ZipFile": package_of("environment")},
            Environment={"Variables": {name: "x"}},
        )
        assert status == 400
