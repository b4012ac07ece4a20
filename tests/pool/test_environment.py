"""The variables that each runtime's functions find."""

from dataclasses import replace
from pathlib import Path

import pytest

from ingle.pool.environment import environment, for_extensions, usable_until
from ingle.pool.spec import FunctionSpec

SPEC = FunctionSpec(
    account_id="000000000000",
    region="eu-west-1",
    name="hello",
    version="$LATEST",
    arn="arn:aws:lambda:eu-west-1:000000000000:function:hello",
    runtime="python3.12",
    handler="app.handler",
    role="arn:aws:iam::000000000000:role/r",
    memory_mb=256,
    timeout_s=900,
    environment={"GREETING": "hello"},
    ephemeral_mb=512,
    code_dir=Path("/code"),
    log_group="/aws/lambda/hello",
    revision_id="1",
)
STREAM = "2026/01/01/[$LATEST]abc"
GIVEN = {
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "token",
}
EVERYWHERE = {
    "_HANDLER": "app.handler",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_NAME": "hello",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_FORMAT": "Text",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/hello",
    "AWS_LAMBDA_LOG_STREAM_NAME": STREAM,
    "AWS_REGION": "eu-west-1",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
    "_AWS_XRAY_DAEMON_PORT": "2000",
    "GREETING": "hello",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
    **GIVEN,
}
LIBRARIES = "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
PATHS = "/usr/local/bin:/usr/bin/:/bin:/opt/bin"
MANAGED = {"LD_LIBRARY_PATH": f"/var/lang/lib:{LIBRARIES}", "PATH": f"/var/lang/bin:{PATHS}"}
SHELL = {"PWD": "/var/task", "SHLVL": "0"}
MODULES = "/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task"
JAVA = {"AWS_ACCESS_KEY": GIVEN["AWS_ACCESS_KEY_ID"], "AWS_SECRET_KEY": "secret"}
RUBY = {"GEM_HOME": "/var/runtime", "RUBYLIB": "/var/task:/var/runtime/lib:/opt/ruby/lib"}


@pytest.mark.parametrize(
    ("runtime", "own"),
    [
        ("python3.12", {**MANAGED, **SHELL, "PYTHONPATH": "/var/runtime"}),
        (
            "python2.7",
            {**MANAGED, **SHELL, "PYTHONPATH": "/var/runtime", "AWS_SECURITY_TOKEN": "token"},
        ),
        (
            "nodejs22.x",
            {**MANAGED, **SHELL, "NODE_PATH": f"/opt/nodejs/node22/node_modules:{MODULES}"},
        ),
        (
            "nodejs8.10",
            {**MANAGED, **SHELL, "NODE_PATH": f"/opt/nodejs/node8/node_modules:{MODULES}"},
        ),
        ("nodejs", {**MANAGED, **SHELL, "NODE_PATH": MODULES}),
        ("java8.al2", {**MANAGED, **JAVA}),
        ("java21", {**MANAGED, **JAVA}),
        (
            "ruby3.3",
            {
                **MANAGED,
                **SHELL,
                **RUBY,
                "GEM_PATH": "/var/task/vendor/bundle/ruby/3.3.0:/opt/ruby/gems/3.3.0:/var/runtime:"
                "/var/runtime/ruby/3.3.0",
            },
        ),
        (
            "ruby2.7",
            {
                **MANAGED,
                **SHELL,
                **RUBY,
                "GEM_PATH": "/var/task/vendor/bundle/ruby/2.7.0:/opt/ruby/gems/2.7.0",
            },
        ),
    ],
)
def test_a_managed_runtime_has_what_aws_gives_it(runtime: str, own: dict[str, str]) -> None:
    spec = replace(SPEC, runtime=runtime)
    found = environment(spec, STREAM, GIVEN, endpoint="http://127.0.0.1:4566")
    assert found == {**EVERYWHERE, **own, "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}"}


@pytest.mark.parametrize("runtime", ["provided", "provided.al2", "provided.al2023"])
def test_a_provided_runtime_has_no_interpreter_to_tell_of(runtime: str) -> None:
    spec = replace(SPEC, runtime=runtime)
    found = environment(spec, STREAM, GIVEN, endpoint="http://127.0.0.1:4566")
    assert found == {**EVERYWHERE, "LD_LIBRARY_PATH": LIBRARIES, "PATH": PATHS}


def test_the_runtime_api_is_told_where_there_is_one() -> None:
    found = environment(SPEC, STREAM, GIVEN, runtime_api="127.0.0.1:9001")
    assert found["AWS_LAMBDA_RUNTIME_API"] == "127.0.0.1:9001"
    assert "AWS_LAMBDA_RUNTIME_API" not in environment(SPEC, STREAM, GIVEN)


@pytest.mark.parametrize("runtime", ["python3.12", "nodejs22.x", "java21", "provided.al2023"])
def test_extensions_have_what_is_not_the_runtimes_own(runtime: str) -> None:
    spec = replace(SPEC, runtime=runtime)
    variables = environment(spec, STREAM, GIVEN, runtime_api="127.0.0.1:9001")
    paths = {"LD_LIBRARY_PATH": LIBRARIES, "PATH": PATHS}
    assert for_extensions(spec, variables) == {
        **GIVEN,
        **(JAVA if runtime == "java21" else {}),
        **(paths if runtime.startswith("provided") else MANAGED),
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "hello",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": "eu-west-1",
        "GREETING": "hello",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
    }


def test_extensions_have_a_search_path_that_the_user_has_set() -> None:
    spec = replace(SPEC, environment={"PYTHONPATH": "/opt/mine"})
    assert for_extensions(spec, environment(spec, STREAM))["PYTHONPATH"] == "/opt/mine"


def test_without_credentials_and_an_endpoint_there_are_none() -> None:
    found = environment(replace(SPEC, runtime="java21"), STREAM)
    assert not [name for name in found if "KEY" in name or "TOKEN" in name]
    assert "AWS_ENDPOINT_URL" not in found


def test_the_user_may_change_what_is_not_reserved() -> None:
    own = {
        "PATH": "/opt/mine",
        "TZ": "Europe/Berlin",
        "LANG": "C",
        "PYTHONPATH": "/opt/lib",
        "AWS_ENDPOINT_URL": "http://elsewhere",
        "AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR",
    }
    found = environment(replace(SPEC, environment=own), STREAM, GIVEN, endpoint="http://127.0.0.1")
    assert found.items() >= own.items()


def test_the_user_cannot_change_what_is_reserved() -> None:
    reserved = {name for name in EVERYWHERE if name.startswith(("AWS_LAMBDA_F", "AWS_S", "LAMBDA"))}
    own = dict.fromkeys(reserved | {"_HANDLER", "AWS_REGION", "AWS_EXECUTION_ENV"}, "forged")
    found = environment(replace(SPEC, environment=own), STREAM, GIVEN)
    assert "forged" not in found.values()


def test_how_it_was_initialised_is_told() -> None:
    found = environment(SPEC, STREAM, initialization_type="snap-start")
    assert found["AWS_LAMBDA_INITIALIZATION_TYPE"] == "snap-start"


class Ending:
    """Credentials that end at a given time."""

    def __init__(self, expiration: float) -> None:
        self.expiration = expiration

    def variables(self) -> dict[str, str]:
        return {}


def test_no_invocation_begins_that_could_outlive_its_credentials() -> None:
    last = usable_until(SPEC, Ending(50_000.0))
    assert last + SPEC.timeout_s < 50_000.0
    assert usable_until(replace(SPEC, timeout_s=3), Ending(50_000.0)) > last


def test_a_spec_does_not_show_the_users_variables() -> None:
    assert "hello" in repr(SPEC)
    assert "GREETING" not in repr(SPEC)
