"""A static web page in a real browser that calls a function with the keys of a user."""

import functools
import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.callers import Keys, allow, arn_of, new_user
from tests.e2e.server import Server

JS = Path(__file__).parent / "js"
SETUP = Path(__file__).parents[2] / "scripts" / "setup"
BROWSERS = ("chromium-headless-shell", "chromium")
HELLO = """
def handler(event, context):
    return f"Hello, {event['name']}"
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and does not tell of it."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of the page, on a web server of its own: another origin than Ingle's."""
    if not (JS / "node_modules" / "esbuild").is_dir():
        subprocess.run([SETUP, "node"], check=True, timeout=100)
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(JS / "web" / "index.html", folder)
    bundle = ["web/page.mjs", "--bundle", "--platform=browser", f"--outfile={folder}/page.js"]
    subprocess.run(
        ["node_modules/.bin/esbuild", *bundle, "--log-level=error"], cwd=JS, check=True, timeout=60
    )
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def page(site: str) -> Iterator[Any]:
    """The page, open in headless Chromium."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    if executable is None:
        pytest.skip("there is no Chromium here; on Debian, `scripts/setup browser` installs it")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: requirements/dev.lock lists it"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable)
        opened = browser.new_page()
        opened.goto(site)
        yield opened
        browser.close()


@pytest.fixture
def call(page: Any, server: Server) -> Callable[..., list[dict[str, Any]]]:
    """Have the page make calls as somebody: `call(keys, (service, command, input), …)`."""

    def make(keys: Keys, *calls: tuple[str, str, dict[str, Any]]) -> list[dict[str, Any]]:
        wanted = {
            "endpoint": server.endpoint,
            "region": "us-east-1",
            "credentials": {
                "accessKeyId": keys["aws_access_key_id"],
                "secretAccessKey": keys["aws_secret_access_key"],
            },
            "calls": [
                {"service": service, "command": command, "input": given}
                for service, command, given in calls
            ],
        }
        outcomes: list[dict[str, Any]] = page.evaluate("wanted => makeCalls(wanted)", wanted)
        return outcomes

    return make


def invoke(name: str) -> tuple[str, str, dict[str, Any]]:
    return "lambda", "Invoke", {"FunctionName": name, "Payload": '{"name": "Sally"}'}


def test_a_web_page_calls_the_one_function_that_its_user_may_call_and_nothing_else(
    call: Callable[..., list[dict[str, Any]]], server: Server, deploy: Callable[..., str]
) -> None:
    name, other = deploy(HELLO), deploy(HELLO)
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    keys = new_user(server, allow("lambda:InvokeFunction", on=arn))
    named = {"FunctionName": name}
    allowed, *denied = call(
        keys,
        invoke(name),
        invoke(other),
        invoke("nobody"),
        ("lambda", "Invoke", {**named, "Qualifier": "live"}),
        ("lambda", "GetFunction", named),
        ("lambda", "ListFunctions", {}),
        ("lambda", "UpdateFunctionConfiguration", {**named, "Timeout": 9}),
        ("lambda", "DeleteFunction", named),
        ("lambda", "ListEventSourceMappings", {}),
        ("logs", "DescribeLogGroups", {}),
        ("logs", "FilterLogEvents", {"logGroupName": f"/aws/lambda/{name}"}),
    )
    assert allowed["answer"]["Payload"] == '"Hello, Sally"'
    # A page may read these headers because Ingle says so.
    assert allowed["answer"]["ExecutedVersion"] == "$LATEST"
    assert allowed["answer"]["$metadata"]["requestId"]
    errors = [each["error"] for each in denied]
    assert [each["name"] for each in errors] == ["AccessDeniedException"] * len(denied)
    user = arn_of(keys, server)
    assert errors[0]["message"] == (
        f"User: {user} is not authorized to perform: lambda:InvokeFunction on resource: "
        f"{arn.replace(name, other)} because no identity-based policy allows the "
        "lambda:InvokeFunction action"
    )
    for each in errors:
        assert each["message"].startswith(f"User: {user} is not authorized to perform: ")
    # All of it was refused, and nothing done.
    found = server.client("lambda").get_function_configuration(FunctionName=name)
    assert found["Timeout"] == 3


def test_keys_that_were_switched_off_are_of_no_use_to_a_page(
    call: Callable[..., list[dict[str, Any]]], server: Server, deploy: Callable[..., str]
) -> None:
    name = deploy(HELLO)
    keys = new_user(server, allow("lambda:InvokeFunction"))
    assert "answer" in call(keys, invoke(name))[0]
    user = arn_of(keys, server).rpartition("/")[2]
    server.client("iam").update_access_key(
        UserName=user, AccessKeyId=keys["aws_access_key_id"], Status="Inactive"
    )
    [outcome] = call(keys, invoke(name))
    assert outcome["error"]["name"] == "UnrecognizedClientException"
    assert outcome["error"]["status"] == 403
