"""Functions on a server that speaks the Lambda API, deployed with botocore."""

import time
from collections.abc import Sequence

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
    client = botocore.session.Session().create_client(
        "lambda",
        region_name=key.region,
        endpoint_url=f"http://{HOST}:{port}",
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}),
    )
    package = program.package()
    try:
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
    except (BotoCoreError, ClientError) as error:
        raise BenchError(f"deploying failed: {error}") from error
    finally:
        client.close()


def endpoint(port: int, key: Key, function: str) -> Endpoint:
    """Where the Lambda API invokes a function."""
    return Endpoint(HOST, port, f"/2015-03-31/functions/{function}/invocations", key)
