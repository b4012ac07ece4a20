"""Functions for Node.js find the AWS SDKs without bringing them along."""

from tests.e2e.conftest import eventually
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


def test_the_sdks_are_fetched_when_there_is_a_function_that_may_want_them(start_server):
    server = start_server("--nodejs-sdk")
    client = server.client("lambda")
    settings = {"Runtime": "nodejs20.x", "Role": "arn:aws:iam::000000000000:role/r"}
    for name, files in (
        ("common", {"index.js": SOURCE}),
        ("module", {"index.mjs": MODULE}),
    ):
        client.create_function(
            FunctionName=name,
            Handler="index.handler",
            Code={"ZipFile": zip_of_files(files)},
            Timeout=30,
            MemorySize=512,
            **settings,
        )
    folder = server.data_dir / "runtimes" / "nodejs"
    eventually(lambda: any(folder.glob("sdk-*/node_modules")), "the SDKs are there", 180)
    answers = {
        name: client.invoke(FunctionName=name)["Payload"].read() for name in ("common", "module")
    }
    assert answers == {"common": b'["function","function"]', "module": b'"function"'}
