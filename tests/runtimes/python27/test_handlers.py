"""Which handlers are found, and what those that are not answer."""

import pytest

ECHO = "def handler(event, context):\n    return event\n"


@pytest.mark.parametrize(
    ("file", "handler"),
    [
        ("index.py", "index.handler"),
        ("lib/app.py", "lib/app.handler"),
        ("package/app.py", "package.app.handler"),
    ],
)
def test_a_handler_is_called_with_event_and_context(ground, file, handler):
    ground.write(file, ECHO)
    ground.write("package/__init__.py", "")
    runtime = ground.start(handler=handler)
    assert runtime.invoke({"a": [1, "ü", None]}).value == {"a": [1, "ü", None]}


def test_a_handler_may_be_of_a_package(ground):
    ground.write("package/__init__.py", ECHO)
    assert ground.start(handler="package.handler").invoke(1).value == 1


def test_any_callable_is_a_handler(start):
    runtime = start("class App(object):\n  def __call__(self, e, c): return e\nhandler = App()")
    assert runtime.invoke(1).value == 1


def test_the_functions_folder_is_the_current_one_and_is_searched_for_modules(ground):
    ground.write("other.py", "OTHER = 42")
    code = "import os, other\ndef handler(event, context):\n  return [other.OTHER, os.getcwd()]"
    assert ground.start(code).invoke().value == [42, str(ground.task)]


def test_a_function_named_init_is_called_at_the_start(start):
    runtime = start(f"def init():\n    print 'starting'\n{ECHO}")
    assert runtime.events() == ["starting"]


@pytest.mark.parametrize(
    ("handler", "code", "message", "more"),
    [
        ("index", "", "Bad handler 'index'", ": need more than 1 value to unpack"),
        ("nope.h", "", "Unable to import module 'nope'", ": No module named nope"),
        ("index.h", "import x.y", "Unable to import module 'index'", ": No module named x.y"),
        ("sys.exit", "", "Cannot use built-in module sys as a handler module", ""),
        (
            "index.nope",
            "",
            "Handler 'nope' missing on module 'index'",
            ": 'module' object has no attribute 'nope'",
        ),
        (
            "index.h",
            "def",
            "Syntax error in module 'index'",
            ": invalid syntax (index.py, line 1)",
        ),
    ],
)
def test_what_cannot_be_loaded_is_named_and_the_log_says_why(refused, handler, code, message, more):
    error, runtime = refused(code, handler)
    assert error == {"errorMessage": message}
    assert runtime.wait() == 1
    assert runtime.events() == [message + more]


def test_a_module_that_raises_is_an_initialization_error(refused, ground):
    error, runtime = refused("def start():\n    return {}['ü']\nstart()".replace("ü", "key"))
    assert error == {"errorMessage": "module initialization error"}
    assert runtime.wait() == 1
    assert runtime.events() == [
        "module initialization error: 'key'\n"
        f'  File "{ground.task}/index.py", line 3, in <module>\n    start()\n'
        f"  File \"{ground.task}/index.py\", line 2, in start\n    return {{}}['key']"
    ]


def test_a_module_that_exits_gives_no_answer(ground):
    ground.write("index.py", "import sys; sys.exit(4)")
    runtime = ground.bring_up()
    with pytest.raises(EOFError):
        runtime.initialise("index.handler")
    assert runtime.wait() == 4


@pytest.mark.parametrize("module", ["boto3", "botocore.client"])
def test_the_log_tells_that_the_sdk_must_be_brought(refused, module):
    error, runtime = refused(f"import {module}")
    assert error == {"errorMessage": "Unable to import module 'index'"}
    first, second = runtime.events()
    assert first == f"Unable to import module 'index': No module named {module}"
    assert second.startswith(f"{module.split('.')[0]} is not part of this runtime: ")
