"""Functions for Node.js find the AWS SDKs without bringing them along, and compiled ahead."""

import json
import uuid

import pytest

from tests.e2e.conftest import ROLE, eventually
from tests.e2e.languages import zip_of_files

SOURCE = """
const v2 = require('aws-sdk');
const { S3Client } = require('@aws-sdk/client-s3');
exports.handler = async () => [typeof v2.S3, typeof S3Client];
"""
MODULE = """
import { S3Client } from '@aws-sdk/client-s3';
export const handler = async () => typeof S3Client;
"""


COMPILED = """
const fs = require('fs');
const { S3Client } = require('@aws-sdk/client-s3');
const open = () => fs.readdirSync('/proc/self/fd').map((fd) => {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch (error) {
    return '';
  }
});
const attempt = (path) => {
  try {
    fs.openSync(path, 'w');
    return 'open';
  } catch (error) {
    return error.code;
  }
};
exports.handler = async () => {
  new S3Client({});
  const used = open().filter((path) => path.endsWith('.compiled'));
  return [used, ['/var/runtime/sdks/new', ...used].map(attempt)];
};
"""
COMPILED_MODULE = (
    COMPILED.replace("const fs = require('fs');", "import fs from 'node:fs';")
    .replace(
        "const { S3Client } = require('@aws-sdk/client-s3');",
        "import { S3Client } from '@aws-sdk/client-s3';",
    )
    .replace("exports.handler =", "export const handler =")
)


@pytest.fixture
def run():
    """Create a function of one file on a server, and invoke it in a new sandbox."""

    def call(server, file, source, **settings):
        client, name = server.client("lambda"), f"n-{uuid.uuid4().hex[:12]}"
        client.create_function(
            FunctionName=name,
            Handler="index.handler",
            Runtime="nodejs20.x",
            Role=ROLE,
            Code={"ZipFile": zip_of_files({file: source})},
            Timeout=30,
            **{"MemorySize": 512, **settings},
        )
        answer = client.invoke(FunctionName=name)
        client.delete_function(FunctionName=name)
        return json.loads(answer["Payload"].read())

    return call


def test_the_sdks_are_fetched_and_compiled_when_there_is_a_function_that_may_want_them(
    start_server, run
):
    server = start_server("--nodejs-sdk")
    run(server, "index.js", "exports.handler = async () => 1;")
    folder = server.data_dir / "runtimes" / "nodejs"
    eventually(lambda: any(folder.glob("sdk-*/node_modules")), "the SDKs are there", 180)
    assert run(server, "index.js", SOURCE) == ["function", "function"]
    assert run(server, "index.mjs", MODULE) == "function"
    eventually(lambda: len(links(folder)) == 2, "they are compiled", 120)
    uses_what_was_compiled(server, run)

    server.stop()
    for link in links(folder):
        damaged = bytearray(link.read_bytes())
        damaged[len(damaged) // 2] ^= 0xFF
        link.write_bytes(damaged)
    server.start()
    run(server, "index.js", SOURCE)
    eventually(lambda: len(links(folder)) == 2, "they are compiled again", 120)
    assert [link for link in links(folder) if link.read_bytes() == damaged] == []
    uses_what_was_compiled(server, run)


def links(folder):
    return [path for path in folder.glob("*.compiled") if path.is_symlink()]


def uses_what_was_compiled(server, run):
    """Assert that functions do, of either kind of module and of any memory, and cannot write it."""
    for file, source in (("index.js", COMPILED), ("index.mjs", COMPILED_MODULE)):
        for memory_mb, growth in ((512, 50), (1024, 100)):
            used, attempts = run(server, file, source, MemorySize=memory_mb)
            assert [f"-{growth}-" in path for path in used] == [True]
            assert attempts == ["EROFS", "EROFS"]
    # Flags of its own make code of another kind.
    options = {"Variables": {"NODE_OPTIONS": "--max-old-space-size=300"}}
    assert run(server, "index.js", COMPILED, Environment=options) == [[], ["EROFS"]]
