"""The environment variables that AWS gives every function.

Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, and what functions
on AWS were seen to print, which is more (https://github.com/localstack/localstack keeps recordings,
in test_lambda_common.snapshot.json). `_X_AMZN_TRACE_ID` is set later, by the runtime, with each
invocation.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from ingle.pool.spec import FunctionSpec
from ingle.runtimes.python.addresses import LOOPBACK, TRACES_PORT

CREDENTIALS_MARGIN_S = 60.0
_NOTHING: Mapping[str, str] = MappingProxyType({})
_LIBRARIES = "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
_PATH = "/usr/local/bin:/usr/bin/:/bin:/opt/bin"
# What container engines set where an image does not say.
_IMAGES_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Where `runtimes/python/endpoint.py` awaits what X-Ray's SDKs send.
_XRAY_HOST, _XRAY_PORT = LOOPBACK, str(TRACES_PORT)
_RUNTIMES_OWN = frozenset(
    {
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_XRAY_CONTEXT_MISSING",
        "AWS_XRAY_DAEMON_ADDRESS",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
_LANGUAGES_OWN = frozenset(
    {"GEM_HOME", "GEM_PATH", "NODE_PATH", "PWD", "PYTHONPATH", "RUBYLIB", "SHLVL"}
)
_FAMILY = re.compile(r"([a-z]+)(\d+)?(\.\d+)?")


class Credentials(Protocol):
    """What a sandbox gets of its function's role."""

    @property
    def expiration(self) -> float:
        """Until when they are good, in seconds since the epoch."""
        ...

    def variables(self) -> Mapping[str, str]:
        """`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`."""
        ...


def usable_until(spec: FunctionSpec, credentials: Credentials) -> float:
    """Say after which time of day no invocation may begin, so that none outlives its credentials.

    Programs find their credentials in variables, which nobody can change from outside; a sandbox
    whose end is near has to give way to a new one.
    """
    return credentials.expiration - spec.timeout_s - CREDENTIALS_MARGIN_S


def environment(
    spec: FunctionSpec,
    log_stream: str,
    credentials: Mapping[str, str] = _NOTHING,
    *,
    endpoint: str | None = None,
    runtime_api: str | None = None,
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    """Return a new sandbox's variables; AWS's reserved ones win over the user's.

    Args:
        spec: what it runs.
        log_stream: the name of its stream.
        credentials: the variables with those of the function's role.
        endpoint: where functions reach Ingle, for instance `http://127.0.0.1:4566`.
        runtime_api: the host and port of the Runtime API, as the sandbox finds it.
        initialization_type: `on-demand`, `provisioned-concurrency` or `snap-start`.
    """
    reserved = {
        "_HANDLER": spec.handler,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_REGION": spec.region,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        **_credentials(spec.runtime, credentials),
    }
    if spec.image is not None:
        reserved["AWS_EXECUTION_ENV"] = "AWS_Lambda_Image"
    elif not spec.runtime.startswith("provided"):
        reserved["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{spec.runtime}"
    if runtime_api is not None:
        reserved["AWS_LAMBDA_RUNTIME_API"] = runtime_api
    logging = {"AWS_LAMBDA_LOG_FORMAT": spec.log_format}
    if spec.log_format == "JSON":
        logging["AWS_LAMBDA_LOG_LEVEL"] = spec.application_log_level
    defaults = _defaults(spec.runtime, endpoint)
    if spec.image is not None:
        defaults = _of_any(endpoint) | {"PATH": _IMAGES_PATH, **spec.image.environment}
    return {**defaults, **logging, **spec.environment, **reserved}


def for_extensions(spec: FunctionSpec, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what of a new sandbox's variables its external extensions get.

    They do not get what is the runtime's own; of the search paths of its language, what the user
    has set. Source: what aws/aws-lambda-runtime-interface-emulator gives them.
    """
    return {
        name: value
        for name, value in variables.items()
        if not name.startswith("_")
        and name not in _RUNTIMES_OWN
        and (name not in _LANGUAGES_OWN or name in spec.environment)
    }


def _defaults(runtime: str, endpoint: str | None) -> dict[str, str]:
    """What a function's configuration may change."""
    variables = _of_any(endpoint) | {
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": _LIBRARIES,
        "PATH": _PATH,
        "TZ": ":UTC",
    }
    if runtime.startswith("provided"):
        return variables
    variables["LD_LIBRARY_PATH"] = f"/var/lang/lib:{_LIBRARIES}"
    variables["PATH"] = f"/var/lang/bin:{_PATH}"
    language, major, minor = _parts(runtime)
    if language != "java":
        variables |= {"PWD": "/var/task", "SHLVL": "0"}
    if language == "python":
        variables["PYTHONPATH"] = "/var/runtime"
    elif language == "nodejs":
        # NODE_EXTRA_CA_CERTS is left out: there are no certificates of AWS's own to trust.
        modules = ["/opt/nodejs/node_modules", "/var/runtime/node_modules"]
        if major:
            modules.insert(0, f"/opt/nodejs/node{major}/node_modules")
        variables["NODE_PATH"] = ":".join([*modules, "/var/runtime", "/var/task"])
    elif language == "ruby":
        version = f"{major}{minor}.0"
        gems = [f"/var/task/vendor/bundle/ruby/{version}", f"/opt/ruby/gems/{version}"]
        if int(major) >= 3:
            gems += ["/var/runtime", f"/var/runtime/ruby/{version}"]
        variables["GEM_HOME"] = "/var/runtime"
        variables["GEM_PATH"] = ":".join(gems)
        variables["RUBYLIB"] = "/var/task:/var/runtime/lib:/opt/ruby/lib"
    return variables


def _of_any(endpoint: str | None) -> dict[str, str]:
    """What every function has, whatever runs it, and may change."""
    variables = {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": f"{_XRAY_HOST}:{_XRAY_PORT}",
        "_AWS_XRAY_DAEMON_ADDRESS": _XRAY_HOST,
        "_AWS_XRAY_DAEMON_PORT": _XRAY_PORT,
    }
    if endpoint is not None:
        variables["AWS_ENDPOINT_URL"] = endpoint
    return variables


def _credentials(runtime: str, given: Mapping[str, str]) -> dict[str, str]:
    """The credentials, also under the names by which the first SDKs of some languages knew them."""
    variables = dict(given)
    if given and runtime.startswith("java"):
        variables["AWS_ACCESS_KEY"] = given["AWS_ACCESS_KEY_ID"]
        variables["AWS_SECRET_KEY"] = given["AWS_SECRET_ACCESS_KEY"]
    elif given and runtime == "python2.7":
        variables["AWS_SECURITY_TOKEN"] = given["AWS_SESSION_TOKEN"]
    return variables


def _parts(runtime: str) -> tuple[str, str, str]:
    """Split `ruby3.2` into `ruby`, `3` and `.2`; what is not there is empty."""
    match = _FAMILY.match(runtime)
    language, major, minor = match.groups("") if match else ("", "", "")
    return language, major, minor
