"""Clients of S3, unmodified: boto3's transfers, `aws s3`, and the SDK for JavaScript."""

import filecmp
import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from boto3.s3.transfer import TransferConfig

from tests.e2e.test_javascript import JavaScript

RCLONE = shutil.which("rclone")
_AWS = str(Path(sys.executable).with_name("aws"))
NAMES = [
    "plain.txt",
    "with space/ünïcödé 日本 🙂.txt",
    "a+b&c=d%20e#f?.txt",
    "deep/er/and/deeper/'quotes\".txt",
    "deep/~tilde!@$^*(){}[].txt",
]


@pytest.fixture
def aws(server):
    """Run `aws s3`, and return what it printed."""

    def run(*words):
        done = subprocess.run(
            [_AWS, "s3", *map(str, words)],
            env=server.environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def fill(folder):
    """Make files with odd names; an empty one, and one that takes several parts."""
    for number, name in enumerate(NAMES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(number * 1000))
    (folder / "large.bin").write_bytes(os.urandom(20 * 1024 * 1024 + 1))
    for path in folder.rglob("*"):  # S3's times are whole seconds: what is as new is sent again
        os.utime(path, (0, 0))


def same(one, other):
    """Say whether two folders hold the same files."""
    compared = filecmp.dircmp(one, other)
    todo = [compared]
    while todo:
        each = todo.pop()
        if each.left_only or each.right_only or each.diff_files or each.funny_files:
            return False
        todo += each.subdirs.values()
    return True


def test_aws_s3_sync_there_and_back(aws, s3, bucket, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    fill(there)
    aws("sync", there, f"s3://{bucket}/dir")
    assert aws("sync", there, f"s3://{bucket}/dir") == ""
    aws("sync", f"s3://{bucket}/dir", back)
    assert same(there, back)
    (there / NAMES[0]).unlink()
    aws("sync", there, f"s3://{bucket}/dir", "--delete")
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {f"dir/{name}" for name in [*NAMES[1:], "large.bin"]}
    listed = aws("ls", f"s3://{bucket}/dir/")
    assert [line.split()[-1] for line in listed.splitlines()][:2] == ["deep/", "space/"]


def test_aws_s3_cp_mv_rm_and_presign(aws, s3, bucket, tmp_path):
    path = tmp_path / "a file.txt"
    path.write_text("content")
    aws("cp", path, f"s3://{bucket}/")
    assert aws("cp", f"s3://{bucket}/a file.txt", "-") == "content"
    assert s3.head_object(Bucket=bucket, Key="a file.txt")["ContentType"] == "text/plain"
    aws("mv", f"s3://{bucket}/a file.txt", f"s3://{bucket}/moved")
    assert aws("presign", f"s3://{bucket}/moved").startswith("http://")
    aws("rm", f"s3://{bucket}", "--recursive")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    aws("rb", f"s3://{bucket}")


@pytest.fixture
def rclone(server, tmp_path):
    """Run `rclone` with the remote `ingle:`, and return what it printed."""
    told = server.environment()
    config = tmp_path / "rclone.conf"
    config.write_text(
        "[ingle]\ntype = s3\nprovider = Other\nforce_path_style = true\n"
        f"access_key_id = {told['AWS_ACCESS_KEY_ID']}\n"
        f"secret_access_key = {told['AWS_SECRET_ACCESS_KEY']}\n"
        f"endpoint = {server.endpoint}\nregion = us-east-1\n"
    )

    def run(*words):
        done = subprocess.run(
            [RCLONE, "--config", config, "--retries", "1", *map(str, words)],
            env={"HOME": str(tmp_path)},  # what the machine says of AWS is not for this server
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.skipif(RCLONE is None, reason="there is no rclone here")
def test_rclone_syncs_there_and_back(rclone, s3, bucket, tmp_path):
    there, back = tmp_path / "there", tmp_path / "back"
    fill(there)
    remote = f"ingle:{bucket}/dir"
    # In parts of 5 MB.
    rclone("sync", there, remote, "--s3-upload-cutoff", "6M", "--s3-chunk-size", "5M")
    assert s3.head_object(Bucket=bucket, Key="dir/large.bin")["ETag"].endswith('-5"')
    rclone("check", there, remote, "--download")
    rclone("sync", remote, back)
    assert same(there, back)
    (there / NAMES[0]).unlink()
    rclone("sync", there, remote)
    keys = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert keys == {f"dir/{name}" for name in [*NAMES[1:], "large.bin"]}
    rclone("moveto", f"{remote}/large.bin", f"{remote}/renamed")
    listed = rclone("lsf", remote).splitlines()
    assert ("renamed" in listed, "large.bin" in listed, "deep/" in listed) == (True, False, True)
    rclone("purge", remote)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_boto3_s_transfers_in_parts(s3, bucket):
    body = os.urandom(23 * 1024 * 1024)
    config = TransferConfig(multipart_threshold=1024, multipart_chunksize=5 * 1024 * 1024)
    s3.upload_fileobj(io.BytesIO(body), bucket, "k", Config=config)
    found = io.BytesIO()
    s3.download_fileobj(bucket, "k", found, Config=config)
    assert found.getvalue() == body
    head = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ETag"].endswith('-5"')
    s3.copy({"Bucket": bucket, "Key": "k"}, bucket, "copy", Config=config)
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_waiters_see_what_comes_and_goes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.get_waiter("object_exists").wait(Bucket=bucket, Key="k")
    s3.get_waiter("bucket_exists").wait(Bucket=bucket)
    s3.delete_object(Bucket=bucket, Key="k")
    s3.get_waiter("object_not_exists").wait(Bucket=bucket, Key="k")


def test_the_sdk_for_javascript(server, bucket):
    where = {"Bucket": bucket, "Key": "dir/a b ü.txt"}
    answers = JavaScript(server)(
        ("s3", "PutObject", {**where, "Body": b"hello", "Metadata": {"a": "1"}}),
        ("s3", "GetObject", where),
        ("s3", "ListObjectsV2", {"Bucket": bucket, "Delimiter": "/"}),
        (
            "s3",
            "CopyObject",
            {**where, "Key": "copy", "CopySource": f"{bucket}/dir/a%20b%20%C3%BC.txt"},
        ),
        ("s3", "HeadObject", {**where, "Key": "copy"}),
        ("s3", "DeleteObjects", {"Bucket": bucket, "Delete": {"Objects": [{"Key": "copy"}]}}),
        ("s3", "GetObject", {**where, "Key": "none"}),
        ("s3", "HeadBucket", {"Bucket": f"{bucket}-none"}),
    )
    made, found, listed, copied, head, deleted, missing, nowhere = answers
    assert made["answer"]["ETag"] == '"5d41402abc4b2a76b9719d911017c592"'
    assert found["answer"]["Body"] == b"hello"
    assert found["answer"]["Metadata"] == {"a": "1"}
    assert listed["answer"]["CommonPrefixes"] == [{"Prefix": "dir/"}]
    assert copied["answer"]["CopyObjectResult"]["ETag"] == made["answer"]["ETag"]
    assert head["answer"]["ContentLength"] == 5
    assert deleted["answer"]["Deleted"] == [{"Key": "copy"}]
    assert (missing["error"]["name"], missing["error"]["status"]) == ("NoSuchKey", 404)
    assert nowhere["error"]["status"] == 404


def test_many_clients_write_the_same_key(s3, bucket):
    def put(number):
        for _ in range(20):
            s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number * 200_000)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if "Contents" in s3.list_objects_v2(Bucket=bucket):
            body = s3.get_object(Bucket=bucket, Key="k")["Body"].read()
            assert body == body[:1] * 200_000
    for thread in threads:
        thread.join()
