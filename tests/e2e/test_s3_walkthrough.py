"""The classic walk-through: a file is uploaded, and a function reads it and says hello."""

import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.callers import allow, new_role
from tests.e2e.conftest import RUNTIME, eventually, zip_of
from tests.e2e.languages import runtimes_of, zip_of_files
from tests.e2e.notifying import configure, let_s3_invoke
from tests.e2e.server import Server

AWS = str(Path(sys.executable).with_name("aws"))
PYTHON = """
from urllib.parse import unquote_plus
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    record = event["Records"][0]["s3"]
    bucket, key = record["bucket"]["name"], unquote_plus(record["object"]["key"])
    name = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode().strip()
    print(f"Hello, {name}")
"""
NODE = """
var AWS = require('aws-sdk');
var s3 = new AWS.S3();

exports.handler = function(event, context) {
  var record = event.Records[0].s3;
  var params = {
    Bucket: record.bucket.name,
    Key: decodeURIComponent(record.object.key.replace(/\\+/g, ' '))
  };
  s3.getObject(params, function(error, data) {
    if (error) return context.fail(error);
    var name = data.Body.toString().trim();
    console.log('Hello, ' + name);
    context.succeed(name);
  });
};
"""
THUMBNAIL = """
import subprocess
from urllib.parse import unquote_plus
import boto3

s3 = boto3.client("s3")

def handler(event, context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        s3.download_file(bucket, key, "/tmp/image")
        subprocess.run(
            ["convert", "/tmp/image", "-resize", "32x32", "png:/tmp/thumbnail"], check=True
        )
        s3.upload_file("/tmp/thumbnail", bucket + "-thumbnails", "thumbnail-" + key)
"""
CONVERT = Path("/usr/bin/convert")


def upload(server: Server, file: Path, bucket: str) -> None:
    """Upload a file with the plain `aws s3 cp`."""
    subprocess.run(
        [AWS, "s3", "cp", str(file), f"s3://{bucket}/"],
        env=server.environment(),
        check=True,
        capture_output=True,
        timeout=60,
    )


def new_function(server: Server, package: bytes, **settings: Any) -> str:
    """Make a function that may read and write objects, and write its log."""
    name = f"f-{uuid.uuid4().hex[:12]}"
    server.client("lambda").create_function(
        FunctionName=name,
        Role=new_role(server, allow("s3:GetObject", "s3:PutObject", "logs:*")),
        Code={"ZipFile": package},
        **{"Timeout": 60, "MemorySize": 512, **settings},
    )
    return name


def says(server: Server, function: str, text: str) -> Callable[[], bool]:
    """Whether the log of a function has a line with this text."""
    logs = server.client("logs")

    def found() -> bool:
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        return any(text in each["message"] for each in events)

    return found


def greets(server: Server, function: str, folder: Path) -> None:
    """Assert that a function says hello to whom a text file names, and to nobody else."""
    s3, bucket = server.client("s3"), f"b-{uuid.uuid4().hex[:16]}"
    s3.create_bucket(Bucket=bucket)
    arn = let_s3_invoke(server, function, bucket)
    configure(s3, bucket, "LambdaFunction", arn, "s3:ObjectCreated:*", suffix=".txt")
    (folder / "for nobody.md").write_text("Nobody\n")
    (folder / "my name.txt").write_text("Sally\n")
    upload(server, folder / "for nobody.md", bucket)
    upload(server, folder / "my name.txt", bucket)
    eventually(says(server, function, "Hello, Sally"), "the function says hello", 30)
    assert not says(server, function, "Nobody")()


def test_a_python_function_says_hello_to_whom_an_uploaded_file_names(
    server: Server, tmp_path: Path
) -> None:
    package = zip_of(app=PYTHON)
    greets(server, new_function(server, package, Runtime=RUNTIME, Handler="app.handler"), tmp_path)


@pytest.mark.skipif(not runtimes_of("nodejs"), reason="there is no Node.js here")
def test_a_node_function_of_the_older_kind_says_hello_likewise(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server("--nodejs-sdk")
    runtime = runtimes_of("nodejs")[0]
    package = zip_of_files({"index.js": NODE})
    name = new_function(server, package, Runtime=runtime, Handler="index.handler")
    sdks = server.data_dir / "runtimes" / "nodejs"
    eventually(lambda: any(sdks.glob("sdk-*/node_modules")), "the SDKs are there", 180)
    greets(server, name, tmp_path)


@pytest.mark.skipif(not CONVERT.exists(), reason="there is no ImageMagick here")
def test_a_thumbnail_of_an_uploaded_image_goes_to_a_second_bucket(
    server: Server, tmp_path: Path
) -> None:
    s3, bucket = server.client("s3"), f"b-{uuid.uuid4().hex[:16]}"
    thumbnails = f"{bucket}-thumbnails"
    for each in (bucket, thumbnails):
        s3.create_bucket(Bucket=each)
    package = zip_of(app=THUMBNAIL)
    name = new_function(server, package, Runtime=RUNTIME, Handler="app.handler")
    arn = let_s3_invoke(server, name, bucket)
    configure(s3, bucket, "LambdaFunction", arn, "s3:ObjectCreated:*", suffix=".jpg")
    image = tmp_path / "my picture.jpg"
    subprocess.run([CONVERT, "-size", "640x320", "plasma:red-blue", image], check=True)
    upload(server, image, bucket)

    def made() -> bool:
        return bool(s3.list_objects_v2(Bucket=thumbnails)["KeyCount"])

    eventually(made, "the thumbnail is there", 60)
    small = tmp_path / "small.png"
    s3.download_file(thumbnails, "thumbnail-my picture.jpg", str(small))
    identify = shutil.which("identify", path=str(CONVERT.parent))
    assert identify is not None
    told = subprocess.run([identify, small], check=True, capture_output=True, text=True).stdout
    assert " PNG 32x16 " in told
