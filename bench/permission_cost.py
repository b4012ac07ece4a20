"""What a kept decision about a call costs, in microseconds: `python -m bench.permission_cost`.

As a warm Invoke of a user's has it: the policies are compiled, and the same was decided before.
"""

import asyncio
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.clock import SystemClock
from ingle.services.iam.directory import Directory
from ingle.services.iam.making import new_account, new_user
from ingle.services.iam.resources import IamResources
from ingle.services.iam.store import IamStore
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.wire.http import Request
from ingle.wire.protocol import ServiceProtocol

_ROUNDS = 300
_LOOPS = 50
_ACCOUNT = "000000000000"
_REQUEST = Request("POST", "/", headers={"user-agent": "Boto3/1.40.0"}, client="127.0.0.1")
_INPUT = {"FunctionName": "hello", "Payload": b"{}"}
_CONDITION = {
    "IpAddress": {"aws:SourceIp": "127.0.0.0/8"},
    "StringEquals": {"aws:RequestedRegion": "us-east-1"},
}
_USERS: dict[str, dict[str, Any]] = {"kept": {}, "kept_conditional": {"Condition": _CONDITION}}
"""What the policies of a user have besides, by the name of the figure."""


def measure() -> dict[str, float]:
    """Decide the same many times over.

    Returns:
        The median in microseconds: with a policy without conditions, and with one that asks for two
        condition keys.
    """
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_measure(Path(folder)))


async def _measure(folder: Path) -> dict[str, float]:
    database = await Database.open(folder)
    store = await IamStore.open(database, KeyRing([bytes(32)], folder / "secret.key"))
    users = [_user(name, more) for name, more in _USERS.items()]
    await store.change(put=[new_account(_ACCOUNT, "", 0), *users])
    directory = Directory(store, lambda _access_key_id: None)
    authorizer = Authorizer(directory, SystemClock(), resources={"iam": IamResources(store)})
    results = {}
    for name in _USERS:
        principal = directory.user(f"arn:aws:iam::{_ACCOUNT}:user/{name}")
        assert principal is not None
        results[name] = _median(authorizer, Identity(name, principal, "us-east-1", "lambda"))
    await database.close()
    return results


def _user(name: str, more: dict[str, Any]) -> Any:
    statement = {"Effect": "Allow", "Action": "lambda:Invoke*", "Resource": "*", **more}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return replace(new_user(_ACCOUNT, name, 0), inline={"p": document})


def _median(authorizer: Authorizer, identity: Identity) -> float:
    invoke = ServiceProtocol.load("lambda").operation("Invoke")
    samples = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in range(_LOOPS):
            authorizer.check(identity, _REQUEST, invoke, _INPUT, "request")
        samples.append((time.perf_counter() - start) / _LOOPS * 1e6)
    return statistics.median(samples)


if __name__ == "__main__":
    for name, microseconds in measure().items():
        print(f"{name:<26} {microseconds:8.1f} µs")
