"""A version of a function, as the pool and the invoker know it."""

from pathlib import Path

from ingle.pool.spec import FunctionSpec

SPEC = FunctionSpec(
    account_id="000000000000",
    region="us-east-1",
    name="hello",
    version="1",
    arn="arn:aws:lambda:us-east-1:000000000000:function:hello:1",
    runtime="python3.11",
    handler="app.handler",
    role="arn:aws:iam::000000000000:role/r",
    memory_mb=128,
    timeout_s=3,
    environment={},
    ephemeral_mb=512,
    code_dir=Path("/code"),
    log_group="/aws/lambda/hello",
    revision_id="one",
)
