"""Functions on a server that speaks the Lambda API, deployed with botocore."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

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


def deploy(port: int, key: Key, functions: Sequence[str], program: Program = HELLO) -> None:
    """Creates functions, all of the same program, and waits until each is `Active`.

    Raises:
        BenchError: the server refused one, or one failed to get there within 30 s.
    """
    package = program.package()
    client = _client(port, key)
    with _told("deploying", client):
        for function in functions:
            client.create_function(
                FunctionName=function,
                Runtime=program.runtime,
                Role="arn:aws:iam::000000000000:role/bench",
                Handler=program.handler,
                Code={"ZipFile": package},
                MemorySize=program.memory_mb,
                Timeout=30,
            )
        deadline = time.monotonic() + ACTIVE_TIMEOUT_S
        for function in functions:
            while (
                state := client.get_function_configuration(FunctionName=function)["State"]
            ) != "Active":
                if state == "Failed" or time.monotonic() > deadline:
                    raise BenchError(f"function {function} is {state} rather than Active")
                time.sleep(0.02)


def endpoint(port: int, key: Key, function: str) -> Endpoint:
    """Where the Lambda API invokes a function."""
    return Endpoint(HOST, port, f"/2015-03-31/functions/{function}/invocations", key)


def publish(port: int, key: Key, function: str, versions: Sequence[str], alias: str) -> None:
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
    client = _client(port, key)
    with _told("publishing", client):
        for version in versions:
            client.update_function_configuration(FunctionName=function, Description=version)
            published = client.publish_version(FunctionName=function)["Version"]
            if published != version:
                raise BenchError(f"version {published} was published rather than {version}")
        client.create_alias(FunctionName=function, Name=alias, FunctionVersion=versions[0])


def _client(port: int, key: Key) -> Any:
    return botocore.session.Session().create_client(
        "lambda",
        region_name=key.region,
        endpoint_url=f"http://{HOST}:{port}",
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )


@contextmanager
def _told(what: str, client: Any) -> Iterator[None]:
    """Makes the server's refusal a BenchError that says what failed; ends with the client."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise BenchError(f"{what} failed: {error}") from error
    finally:
        client.close()
