"""Variables and modules, although the process ran before it knew them."""

import pytest

ANEW = "'_INGLE_STARTED_ANEW' in open('/proc/self/environ').read()"


def test_the_functions_variables_are_there(answer_of):
    said = answer_of("dict(os.environ)")
    assert said["AWS_LAMBDA_FUNCTION_NAME"] == "thing"
    assert said["LANG"] == "en_US.UTF-8"
    assert [name for name in said if "INGLE" in name or "AMZN" in name] == []


def test_text_and_time_are_as_the_variables_say(start):
    runtime = start(
        "import os, sys, time\ndef handler(event, context):\n"
        "  return [os.environ['A'], time.tzname[0],"
        " sys.getdefaultencoding(), sys.getfilesystemencoding()]",
        A="ü",
        TZ="Asia/Tokyo",
    )
    assert runtime.invoke().value == ["ü", "JST", "utf-8", "UTF-8"]


def test_modules_are_searched_in_the_function_in_layers_and_in_the_runtime(start, ground):
    runtime = start(
        "import sys\ndef handler(event, context): return sys.path", PYTHONPATH="/var/runtime:/opt/x"
    )
    path = runtime.invoke().value
    assert path[:5] == [
        str(ground.task),
        "/opt/x",
        "/opt/python/lib/python2.7/site-packages",
        "/opt/python",
        "/var/runtime",
    ]
    assert [entry for entry in path[5:] if "packages" in entry or "ingle" in entry] == []


def test_packages_of_the_machine_are_not_there(refused):
    error, _ = refused("import pip")
    assert error == {"errorMessage": "Unable to import module 'index'"}


def test_nothing_of_the_bootstrap_is_found_by_import(start):
    runtime = start("""def handler(event, context):
    found = []
    for name in ("channel", "context", "errors", "handler", "main", "output", "runtime"):
        try:
            __import__(name)
            found.append(name)
        except ImportError:
            pass
    return found
""")
    assert runtime.invoke().value == []


def test_what_every_function_has_needs_no_second_start(ground):
    environment = pytest.importorskip("ingle.pool.environment")
    defaults = environment._defaults("python2.7", "http://127.0.0.1:4566")
    runtime = ground.start(f"def handler(event, context): return {ANEW}", **defaults)
    assert runtime.invoke().value is False


@pytest.mark.parametrize(
    ("name", "value", "expression", "said"),
    [
        ("PYTHONOPTIMIZE", "1", "__debug__", False),
        ("PYTHONHASHSEED", "random", "sys.flags.hash_randomization", 1),
        ("LD_LIBRARY_PATH", "/opt/mine", "os.environ['LD_LIBRARY_PATH']", "/opt/mine"),
    ],
)
def test_variables_for_the_start_are_honoured_by_starting_anew(
    ground, name, value, expression, said
):
    runtime = ground.start(
        "import os, sys\ndef handler(event, context):\n"
        f"  return [{expression}, os.environ['LANG'], {ANEW}, '_INGLE_STARTED_ANEW' in os.environ,"
        " sys.path[0]]",
        **{name: value},
    )
    for _ in range(2):
        assert runtime.invoke().value == [said, "en_US.UTF-8", True, False, str(ground.task)]


def test_programs_that_the_function_starts_get_no_descriptor_of_the_runtime(answer_of):
    told = answer_of("os.popen('ls -l /proc/self/fd').read()")
    links = [line.split(" -> ")[1] for line in told.splitlines() if " -> " in line]
    assert not any(link.startswith("socket:") for link in links)
    assert links[0] == "/dev/null"


def test_standard_input_is_empty(answer_of):
    assert answer_of("sys.stdin.read()") == ""


def test_exit_and_quit_are_there(answer_of):
    assert answer_of("[type(exit).__name__, type(quit).__name__]") == ["Quitter", "Quitter"]
