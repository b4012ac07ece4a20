"""What was acknowledged stays, whole; what was not leaves nothing: whenever it is killed."""

import base64
import hashlib
import os
import random

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.killing import killing

THREADS = 4
SIZES = (0, 1000, 40_000, 700_000)
PART = 5 * 1024 * 1024
BUCKET = "bucket"


def body_of(number, size):
    """Bytes that no other write has."""
    seed = hashlib.sha256(b"%d" % number).digest()
    return (seed * (size // 32 + 1))[:size]


class Writer:
    """Writes and deletes keys of its own until the server is gone.

    Attributes:
        known: what each key is to be: the digest of its body, or None if it is not there. A key
            whose last change was not acknowledged has both what it was and what it may be.
        accepted: what was acknowledged, in its order.
    """

    def __init__(self, number):
        self._number = number
        self._moves = random.Random(number)
        self._next = number * 10**6
        self.known = {}
        self.accepted = []

    def run(self, server):
        s3 = server.client("s3", config=Config(connect_timeout=5, read_timeout=20))
        while True:
            key = f"{self._number}/{self._moves.randrange(12)}"
            before = self.known.get(key, [None])
            self._next += 1
            move = self._moves.random()
            body = body_of(self._next, self._moves.choice(SIZES))
            if move < 0.03:
                body = body_of(self._next, PART) + body
            after = None if move > 0.8 else hashlib.sha256(body).hexdigest()
            self.known[key] = [*before, after]
            try:
                if after is None:
                    s3.delete_object(Bucket=BUCKET, Key=key)
                elif move < 0.03:
                    self._in_parts(s3, key, body)
                else:
                    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            except (BotoCoreError, ClientError):  # it is gone, or going
                return
            self.known[key] = [after]
            self.accepted.append(key)

    @staticmethod
    def _in_parts(s3, key, body):
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
        where = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
        parts = []
        for number, start in ((1, 0), (2, PART)):
            piece = body[start : start + PART]
            etag = s3.upload_part(**where, PartNumber=number, Body=piece)["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


def found(s3):
    """What there is: the digest of each object, which is read with its checksum."""
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())]
    digests = {}
    for key in keys:
        answer = s3.get_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
        body = answer["Body"].read()
        assert len(body) == answer["ContentLength"]
        digests[key] = hashlib.sha256(body).hexdigest()
    return digests


def files(server):
    """How many files the folder of objects has."""
    return sum(each.is_file() for each in (server.data_dir / "objects").rglob("*"))


def test_every_acknowledged_change_survives_twenty_kills(own_server):
    own_server.client("s3").create_bucket(Bucket=BUCKET)
    writers = [Writer(number) for number in range(THREADS)]
    for _ in killing(own_server, writers, seed=7, within_s=0.6):
        there = found(own_server.client("s3"))
        for writer in writers:
            for key, states in writer.known.items():
                assert there.get(key) in states, key
                writer.known[key] = [there.get(key)]
        assert set(there) <= {key for each in writers for key in each.known}
    s3 = own_server.client("s3")
    for upload in s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()):
        s3.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
    for key in found(s3):
        s3.delete_object(Bucket=BUCKET, Key=key)
    assert files(own_server) == 0
    s3.delete_bucket(Bucket=BUCKET)


def test_files_that_no_object_has_are_removed_at_the_start(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="k", Body=bytes(100_000))
    folder = own_server.data_dir / "objects"
    own_server.kill()
    for name in ("ab/" + "ab" * 16, "partial/" + "cd" * 16):
        (folder / name).write_bytes(b"left")
    assert files(own_server) == 3
    own_server.start()
    assert files(own_server) == 1
    assert own_server.client("s3").get_object(Bucket=BUCKET, Key="k")["Body"].read() == bytes(
        100_000
    )


def test_a_new_key_encrypts_everything_anew(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    bodies = {"small": b"x" * 100, "large": b"y" * 100_000}
    for key, body in bodies.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    own_server.stop()
    path = own_server.data_dir / "secret.key"
    new = base64.b64encode(os.urandom(32)).decode() + "\n"
    with path.open("a") as file:
        file.write(new)
    own_server.start()
    own_server.stop()
    # The older key may go now.
    path.write_text(new)
    path.chmod(0o600)
    own_server.start()
    s3 = own_server.client("s3")
    for key, body in bodies.items():
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
