"""Functions on a server that speaks the Lambda API, deployed with botocore."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

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


class Aliased:
    """An alias of a function that is there, and of which versions are published for it.

    Args:
        port: the server's.
        key: signs its requests.
        function: the function's name.
        alias: the alias's.
        versions: the numbers of the versions, in their order; the alias leads to the first.

    Raises:
        BenchError: the server refused something.
    """

    def __init__(
        self, port: int, key: Key, function: str, alias: str, versions: Sequence[str]
    ) -> None:
        self._names = {"FunctionName": function, "Name": alias}
        self._client = _client(port, key)
        with _told("publishing", self._client, close=False):
            for version in versions:
                self._client.update_function_configuration(
                    FunctionName=function, Description=version
                )
                published = self._client.publish_version(FunctionName=function)["Version"]
                if published != version:
                    raise BenchError(f"version {published} was published rather than {version}")
            self._client.create_alias(**self._names, FunctionVersion=versions[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def endpoint(self, function: Endpoint) -> Endpoint:
        """Where the alias is invoked."""
        return replace(function, path=f"{function.path}?Qualifier={self._names['Name']}")

    def move(self, version: str) -> None:
        """Has the alias lead to another version.

        Raises:
            BenchError: the server refused it.
        """
        with _told("moving an alias", self._client, close=False):
            self._client.update_alias(**self._names, FunctionVersion=version)


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
def _told(what: str, client: Any, *, close: bool = True) -> Iterator[None]:
    """Makes the server's refusal a BenchError that says what failed."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise BenchError(f"{what} failed: {error}") from error
    finally:
        if close:
            client.close()
