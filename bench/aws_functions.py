"""The hello function on a server that speaks the Lambda API, deployed with botocore."""

import io
import sys
import time
import zipfile
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

HANDLER = """\
def handler(event, context):
    return "Hello, " + event["username"]
"""
RUNTIME = f"python3.{sys.version_info.minor}"
ACTIVE_TIMEOUT_S = 30.0


def deploy(port: int, key: Key, functions: Sequence[str]) -> None:
    """Creates functions and waits until each is `Active`.

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
    try:
        for function in functions:
            client.create_function(
                FunctionName=function,
                Runtime=RUNTIME,
                Role="arn:aws:iam::000000000000:role/bench",
                Handler="app.handler",
                Code={"ZipFile": _package()},
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


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("app.py", HANDLER)
    return buffer.getvalue()
