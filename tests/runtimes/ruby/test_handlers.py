"""Which handlers are found and how they are called."""

import pytest


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        ("index.handler", "def handler(event:, context:) = event"),
        ("index.handler", "def handler(event:, **) = event"),
        ("index.handler", "def handler(options) = options[:event]"),
        ("index.App.call", "class App\n def self.call(event:, context:) = event\nend"),
        (
            "index.Deep::App.call",
            "module Deep\n class App\n  def self.call(event:, context:) = event\n end\nend",
        ),
    ],
)
def test_a_handler_is_called_with_event_and_context(start, handler, code):
    runtime = start(code, handler)
    assert runtime.invoke({"a": [1, "ü", None]}).value == {"a": [1, "ü", None]}


def test_a_handlers_file_may_be_in_a_folder(ground):
    ground.write("lib/app.rb", "def handler(event:, context:) = __FILE__")
    runtime = ground.start(handler="lib/app.handler")
    assert runtime.invoke().value == str(ground.task / "lib/app.rb")


def test_the_functions_folder_is_the_current_one_and_is_searched_for_libraries(ground):
    ground.write("other.rb", "OTHER = 42")
    runtime = ground.start(
        "require 'other'\ndef handler(event:, context:) = [OTHER, Dir.pwd, File.exist?('index.rb')]"
    )
    assert runtime.invoke().value == [42, str(ground.task), True]


@pytest.mark.parametrize("handler", ["index", "index.because.too.long"])
def test_a_malformed_handlers_name_is_refused(refused, handler):
    error, runtime = refused("def handler(event:, context:) = 1", handler)
    assert error["errorType"] == "Init<ArgumentError>"
    assert error["errorMessage"].startswith(f'Invalid handler {handler.split(".")}, must be of form'
                                            .replace("'", '"'))  # fmt: skip
    assert runtime.wait() == 1


def test_a_file_that_is_not_there_is_a_load_error(refused):
    error, runtime = refused(handler="nope.handler")
    assert error["errorType"] == "Init<LoadError>"
    assert error["errorMessage"] == "cannot load such file -- nope"
    assert runtime.wait() == 1


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("require 'nothing_here'", "LoadError", "cannot load such file -- nothing_here"),
        ("raise 'at the start'", "RuntimeError", "at the start"),
        ("exit 3", "SystemExit", "exit"),
        ("nope", "NameError", "undefined local variable or method"),
        ("def handler(", "SyntaxError", "index.rb:1"),
    ],
)
def test_what_the_functions_file_raises_is_an_init_error(refused, code, kind, message):
    error, runtime = refused(code)
    assert list(error) == ["errorMessage", "errorType", "stackTrace"]
    assert error["errorType"] == f"Init<{kind}>"
    assert message in error["errorMessage"]
    assert runtime.wait() == 1
    heading, described = runtime.events()
    assert heading == "Init error when loading handler index.handler"
    assert described.startswith('{\n  "errorMessage": "')


def test_an_init_errors_trace_ends_with_the_functions_own_code(refused, ground):
    error, _ = refused("def start = raise('no')\nstart")
    assert error["stackTrace"][0].startswith(f"{ground.task}/index.rb:1:in ")
    assert error["stackTrace"][1].startswith(f"{ground.task}/index.rb:2:in ")
    assert not any("bootstrap" in line for line in error["stackTrace"])


def test_the_log_tells_that_the_sdk_must_be_brought(refused):
    error, runtime = refused("require 'aws-sdk-s3'")
    assert error["errorMessage"] == "cannot load such file -- aws-sdk-s3"
    assert runtime.events()[-1].startswith(
        "aws-sdk-s3 is not part of this runtime: the function's package or a layer must bring it"
    )


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        ("index.nope", "NoMethodError"),
        ("index.Nope::Nope.handler", "NameError"),
        ("index.App.nope", "NoMethodError"),
    ],
)
def test_a_method_or_class_that_is_not_there_fails_the_invocation(start, handler, kind):
    runtime = start("class App; end", handler)
    answer = runtime.invoke()
    assert answer.failed
    assert answer.value["errorType"] == f"Function<{kind}>"
    assert runtime.wait() == 255
