"""Functions in Ruby, on the real server."""

import json
import subprocess
import uuid

import pytest

from tests.e2e.conftest import ROLE
from tests.e2e.languages import zip_of_files
from tests.e2e.server import INGLE, Server

SOURCE = """
require 'tool'
require 'spoon'

def handler(event:, context:)
  puts "hello from #{ENV['WHO']}\\nand more"
  raise ArgumentError, event['fail'] if event['fail']

  exit(3) if event['exit']
  { event: event, id: context.aws_request_id, name: context.function_name,
    version: RUBY_VERSION, execution: ENV['AWS_EXECUTION_ENV'], found: [TOOL, SPOON],
    lang: ENV['LANG'], channel: system('test -S /proc/self/fd/0 -o -e /proc/self/fd/3') }
end
"""
GEMSPEC = """Gem::Specification.new do |s|
  s.name = 'spoon'
  s.version = '1.0.0'
  s.summary = s.author = 'spoon'
  s.files = ['lib/spoon.rb']
end
"""


@pytest.fixture(scope="module")
def ruby():
    """The latest of AWS's Rubies that this machine can serve.

    Distributions have Rubies that AWS never had, so a newer one may serve an older one's functions.
    """
    command = [INGLE, "runtimes", "--substitutes", "true", "--format", "json"]
    rows = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    served = [row for row in rows if row["runtime"].startswith("ruby") and row["path"]]
    assert served, "these tests need Ruby: scripts/setup ruby"
    return served[-1]


@pytest.fixture(scope="module")
def client(ruby, tmp_path_factory):
    flags = ("--substitutes", ruby["runtime"])
    server = Server(tmp_path_factory.mktemp("ruby") / "data", *flags).start()
    yield server.client
    server.stop()


@pytest.fixture
def function(client, ruby):
    name = f"r-{uuid.uuid4().hex[:12]}"
    functions = client("lambda")
    version = ruby["runtime"].removeprefix("ruby") + ".0"
    gems = f"ruby/gems/{version}"
    layer = functions.publish_layer_version(
        LayerName=name,
        Content={
            "ZipFile": zip_of_files(
                {
                    "ruby/lib/tool.rb": "TOOL = 'a tool'",
                    f"{gems}/specifications/spoon-1.0.0.gemspec": GEMSPEC,
                    f"{gems}/gems/spoon-1.0.0/lib/spoon.rb": "SPOON = 'a spoon'",
                }
            )
        },
    )
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=ruby["runtime"],
        Handler="app.handler",
        Timeout=10,
        Environment={"Variables": {"WHO": "Rüby"}},
        Layers=[layer["LayerVersionArn"]],
        Code={"ZipFile": zip_of_files({"app.rb": SOURCE})},
    )

    def invoke(event):
        response = functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        return json.loads(response["Payload"].read()), response

    invoke.name = name
    return invoke


def test_a_handler_gets_its_event_its_context_and_its_layers_and_answers(function, client, ruby):
    for event in ({"n": 1}, {"ü": [None, 1.5]}):
        answer, response = function(event)
        assert "FunctionError" not in response, answer
        assert answer == {
            "event": event,
            "id": response["ResponseMetadata"]["RequestId"],
            "name": function.name,
            "version": ruby["version"],
            "execution": f"AWS_Lambda_{ruby['runtime']}",
            "found": ["a tool", "a spoon"],
            "lang": "en_US.UTF-8",
            "channel": False,
        }
    group = f"/aws/lambda/{function.name}"
    events = client("logs").filter_log_events(logGroupName=group)["events"]
    logged = [event["message"] for event in events]
    assert logged[0] == f"INIT_START Runtime Version: ruby:{ruby['version']}\n"
    assert logged.count("hello from Rüby\nand more\n") == 2


def test_an_error_is_the_callers_answer(function):
    answer, response = function({"fail": "not today"})
    assert response["FunctionError"] == "Unhandled"
    assert (answer["errorType"], answer["errorMessage"]) == ("Function<ArgumentError>", "not today")
    assert answer["stackTrace"][0].startswith("/var/task/app.rb:7:in ")
    assert "FunctionError" not in function({})[1]


def test_after_an_exit_a_new_process_serves(function):
    answer, response = function({"exit": True})
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "Function<SystemExit>"
    assert "FunctionError" not in function({})[1]
