"""A Lambda service on a real database, blob store and code folder; only the sandboxes are apart."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingle.auth.authorizer import Authorizer
from ingle.invoke.admission import Admission
from ingle.invoke.invoker import InvocationResult
from ingle.invoke.metrics import Metric
from ingle.invoke.provisioner import Standing
from ingle.invoke.tracing import Tracer
from ingle.pool.spec import FunctionSpec
from ingle.runtimes.discovery import Interpreters
from ingle.services.iam.directory import Directory
from ingle.services.iam.ids import Prefix, new_id
from ingle.services.iam.making import new_account
from ingle.services.iam.model import Role
from ingle.services.iam.store import IamStore
from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.store import LambdaStore
from ingle.services.s3.api import S3Service
from ingle.services.s3.store import BucketStore
from ingle.services.sns.api import SnsService
from ingle.services.sns.store import SnsStore
from ingle.services.sqs.api import SqsService
from ingle.services.sqs.store import SqsStore
from ingle.storage.blobs import BlobStore
from ingle.storage.database import Database
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, KEYS, OTHER_ACCOUNT
from tests.services.lambda_.zips import HELLO, zipped

RUNTIME = f"python3.{sys.version_info.minor}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda"


class NoSandboxes:
    """Stands where the invoker does, and answers what a test tells it to."""

    def __init__(self) -> None:
        self.result = InvocationResult(b"null", None, None)
        self.calls: list[tuple[FunctionSpec, bytes, dict[str, Any]]] = []
        self.dropped: list[str] = []
        self.prepared: list[str] = []
        self.admission = Admission(1000)
        self.kept_ready: dict[str, int] = {}
        self.snapshots: set[str] = set()
        self.snapshot_error: Exception | None = None
        self.held = asyncio.Event()
        self.held.set()
        self.asked_for = 0
        self._asked = asyncio.Condition()

    async def invoke(self, spec: FunctionSpec, payload: bytes, **rest: Any) -> InvocationResult:
        self.calls.append((spec, payload, rest))
        return self.result

    async def make_snapshot(self, spec: FunctionSpec) -> None:
        async with self._asked:
            self.asked_for += 1
            self._asked.notify_all()
        await self.held.wait()
        if self.snapshot_error is not None:
            raise self.snapshot_error
        self.snapshots.add(spec.revision_id)

    async def made_snapshots(self, count: int) -> None:
        """Return once so many snapshots were asked for."""
        async with asyncio.timeout(20), self._asked:
            await self._asked.wait_for(lambda: self.asked_for >= count)

    def provision(self, spec: FunctionSpec, count: int) -> None:
        self.kept_ready[spec.revision_id] = count

    def withdraw(self, revision_id: str) -> None:
        del self.kept_ready[revision_id]

    def provisioned(self, revision_id: str) -> Standing:
        return Standing(self.kept_ready.get(revision_id, 0))

    def lacks_snapshot(self, spec: FunctionSpec) -> bool:
        return spec.revision_id not in self.snapshots

    def drop(self, function_arn: str) -> None:
        self.dropped.append(function_arn)

    def prepare(self, runtime: str) -> None:
        self.prepared.append(runtime)


class Measured:
    """Keeps what was measured."""

    def __init__(self) -> None:
        self.values: list[tuple[Metric, tuple[str, str, str], float]] = []

    def record(
        self,
        metric: Metric,
        function: tuple[str, str, str],
        value: float = 1.0,
        qualifier: str = "",
    ) -> None:
        self.values.append((metric, function, value))


class Bench:
    """The parts of a service, which a test can take apart and put together again."""

    def __init__(self, folder: Path, database: Database, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.blobs = BlobStore(folder / "blobs")
        self.code = folder / "code"
        self.images = folder / "images"
        self.objects = folder / "objects"
        for each in (folder / "blobs", self.code, self.images, self.objects):
            each.mkdir()
        self.invoker = NoSandboxes()
        self.measured = Measured()
        self.opened: list[LambdaService] = []

    async def open(self) -> LambdaService:
        """Start the service, as a server does."""
        self.store = await LambdaStore.open(self.database, KEYS)
        self.packages = await Packages.open(self.store, self.blobs, self.code, self.clock)
        self.identities = await IamStore.open(self.database, KEYS)
        if self.identities.accounts.get(ACCOUNT, ACCOUNT) is None:
            for account_id in (ACCOUNT, OTHER_ACCOUNT):
                await self.identities.change(
                    put=[new_account(account_id, "", 0), role_of_functions(account_id=account_id)]
                )
        directory = Directory(self.identities, lambda access_key_id: None)
        self.authorizer = Authorizer(directory, self.clock)
        buckets = S3Service(
            await BucketStore.open(self.database, self.objects, KEYS), self.authorizer, self.clock
        )
        queues = SqsService(
            await SqsStore.open(self.database, self.clock, KEYS),
            self.database,
            self.authorizer,
            self.clock,
        )
        topics = SnsService(
            store=await SnsStore.open(self.database, self.clock),
            database=self.database,
            keys=KEYS,
            authorizer=self.authorizer,
            clock=self.clock,
            functions=lambda: service.for_services,
            queues=queues.for_services,
            endpoint="http://127.0.0.1:4566",
        )
        service = LambdaService(
            store=self.store,
            packages=self.packages,
            database=self.database,
            metrics=self.measured,
            directory=directory,
            authorizer=self.authorizer,
            objects=buckets.for_services,
            invoker=self.invoker,  # type: ignore[arg-type]
            clock=self.clock,
            tracer=Tracer(self.clock),
            queues=queues.for_services,
            topics=topics.for_services,
            presign=lambda url, seconds: f"{url}?expires={seconds}",
            interpreters=Interpreters(self.clock, search=[Path(sys.base_prefix) / "bin"]),
            machine="x86_64",
            image_folders=[self.images],
        )
        self.authorizer.tell("lambda", service.resources)
        self.opened.append(service)
        return service

    async def close(self) -> None:
        """Stop every service that was opened."""
        for service in self.opened:
            await service.events.close()


def role_of_functions(
    name: str = "lambda", service: str = "lambda.amazonaws.com", account_id: str = ACCOUNT
) -> Role:
    """Make a role that a service may assume."""
    trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return Role(
        account_id=account_id,
        name=name,
        unique_id=new_id(Prefix.ROLE),
        path="/",
        created_ms=0,
        trust=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
    )


@pytest.fixture
async def bench(tmp_path: Path, database: Database, clock: ManualClock) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, database, clock)
    yield made
    await made.close()


@pytest.fixture
async def service(bench: Bench) -> LambdaService:
    return await bench.open()


def create_request(name: str = "hello", **members: Any) -> dict[str, Any]:
    """Make the input of a CreateFunction."""
    return {
        "FunctionName": name,
        "Runtime": RUNTIME,
        "Role": ROLE,
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped({"app.py": HELLO})},
    } | members
