"""Functions on a server that speaks the Lambda API, deployed with botocore."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import botocore.session  # type: ignore[import-untyped,unused-ignore]
from botocore.config import Config  # type: ignore[import-untyped,unused-ignore]
from botocore.exceptions import (  # type: ignore[import-untyped,unused-ignore]
    BotoCoreError,
    ClientError,
)

from bench.endpoint import Endpoint, Key
from bench.errors import BenchError
from bench.peers import HOST
from bench.programs import HELLO, Program

ACTIVE_TIMEOUT_S = 30.0
ROLE = "bench"
_BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def deploy(port: int, key: Key, functions: Sequence[str], program: Program = HELLO) -> None:
    """Creates functions, all of the same program and role, and waits until each is `Active`.

    Raises:
        BenchError: the server refused one, or one failed to get there within 30 s.
    """
    package = program.package()
    snap_start = {"SnapStart": {"ApplyOn": "PublishedVersions"}} if program.snap_start else {}
    role = _role(port, key)
    with client_of(port, key, "deploying") as client:
        for function in functions:
            client.create_function(
                FunctionName=function,
                Runtime=program.runtime,
                Role=role,
                Handler=program.handler,
                Code={"ZipFile": package},
                MemorySize=program.memory_mb,
                Timeout=30,
                **snap_start,
            )
        deadline = time.monotonic() + ACTIVE_TIMEOUT_S
        for function in functions:
            _wait_until_active(client, {"FunctionName": function}, deadline)


def publish(port: int, key: Key, function: str) -> str:
    """Publishes a version of a function, waits until it is `Active`, and returns its number.

    Raises:
        BenchError: the server refused it, or it failed to get there within 30 s.
    """
    with client_of(port, key, "publishing") as client:
        version: str = client.publish_version(FunctionName=function)["Version"]
        named = {"FunctionName": function, "Qualifier": version}
        _wait_until_active(client, named, time.monotonic() + ACTIVE_TIMEOUT_S)
    return version


def publish_as(port: int, key: Key, function: str, versions: Sequence[str], alias: str) -> None:
    """Publishes versions of a function, and makes an alias of the first.

    Args:
        port: the server's.
        key: signs the requests.
        function: its name; nothing of it is published yet.
        versions: the numbers that they get, in their order.
        alias: the alias's name.

    Raises:
        BenchError: the server refused something.
    """
    with client_of(port, key, "publishing") as client:
        for version in versions:
            client.update_function_configuration(FunctionName=function, Description=version)
            published = client.publish_version(FunctionName=function)["Version"]
            if published != version:
                raise BenchError(f"version {published} was published rather than {version}")
        client.create_alias(FunctionName=function, Name=alias, FunctionVersion=versions[0])


def end_sandbox(port: int, key: Key, function: str, version: str | None = None) -> None:
    """Invokes a version of a function, or the unpublished one, which is to end its process when
    it is given an empty event.

    Raises:
        BenchError: the server refused the invocation, or the function answered it.
    """
    with client_of(port, key, "ending a sandbox") as client:
        qualifier = {} if version is None else {"Qualifier": version}
        answer = client.invoke(FunctionName=function, Payload=b"{}", **qualifier)
        said = answer["Payload"].read()
    if "FunctionError" not in answer or b"Runtime.ExitError" not in said:
        raise BenchError(f"the sandbox of {function} did not end: {said[:500]!r}")


def endpoint(port: int, key: Key, function: str, version: str | None = None) -> Endpoint:
    """Where the Lambda API invokes a version of a function, or the unpublished one."""
    path = f"/2015-03-31/functions/{function}/invocations"
    query = "" if version is None else f"?Qualifier={quote(version)}"
    return Endpoint(HOST, port, path + query, key)


def _role(port: int, key: Key) -> str:
    """The ARN of the role that functions have; it is made the first time."""
    with client_of(port, key, "making a role", "iam") as client:
        try:
            made = client.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(_TRUST))
        except client.exceptions.EntityAlreadyExistsException:
            made = client.get_role(RoleName=ROLE)
        client.attach_role_policy(RoleName=ROLE, PolicyArn=_BASIC)
        arn: str = made["Role"]["Arn"]
    return arn


@contextmanager
def client_of(port: int, key: Key, doing: str, service: str = "lambda") -> Iterator[Any]:
    """A client of botocore's, which has no type of its own; its errors become BenchError."""
    client = botocore.session.Session().create_client(
        service,
        region_name=key.region,
        endpoint_url=f"http://{HOST}:{port}",
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        yield client
    except (BotoCoreError, ClientError) as error:
        raise BenchError(f"{doing} failed: {error}") from error
    finally:
        client.close()


def _wait_until_active(client: Any, named: Mapping[str, str], deadline: float) -> None:
    while True:
        found = client.get_function_configuration(**named)
        if found["State"] == "Active":
            return
        if found["State"] == "Failed" or time.monotonic() > deadline:
            reason = found.get("StateReason", "no reason given")
            name = ":".join(named.values())
            raise BenchError(f"{name} is {found['State']} rather than Active: {reason}")
        time.sleep(0.02)
