"""Durable functions in JavaScript, with AWS's own SDK."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import DURABLE_ROLE
from tests.e2e.durable import Durable, started
from tests.e2e.languages import runtimes_of, zip_of_files
from tests.official_clients import durable_sdk_js

NEWEST = max(runtimes_of("nodejs"), default="nodejs0.x")
FLOW = """
import { withDurableExecution } from "@aws/durable-execution-sdk-js";

export const handler = withDurableExecution(async (event, context) => {
  const first = await context.step("add", async () => event.a + 1);
  await context.wait("pause", { seconds: 1 });
  const both = await context.parallel("both", [
    async (inner) => inner.step("one", async () => first * 2),
    async (inner) => inner.step("two", async () => first * 3),
  ]);
  const [answer] = await context.createCallback("approval");
  return { first, both: both.getResults(), approved: await answer };
});
"""


@pytest.fixture
def durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Durable]:
    yield from started(tmp_path_factory.mktemp("durable"))


@pytest.mark.skipif(
    int(NEWEST.removeprefix("nodejs").partition(".")[0]) < 22,
    reason="AWS's SDK needs Node.js 22 or newer",
)
def test_the_sdk_for_javascript_runs_unmodified(durable: Durable) -> None:
    files: dict[str, str | bytes] = {"app.mjs": FLOW}
    files |= {place: path.read_bytes() for place, path in durable_sdk_js().items()}
    durable.client.create_function(
        FunctionName="js",
        Role=DURABLE_ROLE,
        Runtime=NEWEST,
        Handler="app.handler",
        Code={"ZipFile": zip_of_files(files)},
        DurableConfig={"ExecutionTimeout": 300},
        MemorySize=512,
        Timeout=60,
    )
    arn = durable.start("js:$LATEST", {"a": 1})
    [callback] = durable.happened(arn, "CallbackStarted")
    durable.client.send_durable_execution_callback_success(
        CallbackId=callback["CallbackId"], Result=json.dumps("yes").encode()
    )
    told = durable.result(arn)
    assert (told["first"], told["both"]) == (2, [4, 6])
    assert "yes" in told["approved"]
    assert durable.kinds(arn).count("StepSucceeded") == 3
