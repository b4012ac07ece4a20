"""Large objects pass through; they are never in memory, neither on their way in nor out."""

import hashlib
import io
from pathlib import Path

from boto3.s3.transfer import TransferConfig

from tests.e2e.raw import connect, read_answer
from tests.e2e.test_s3_uploads import head

PIECE = bytes(range(256)) * 4096
PIECES = 300
MOST_MB = 64
MOST_OF_PARTS_MB = 48
"""Of ten at once: some 3 MB each, and no more than that is kept."""


def peak_mb(server):
    """The most memory that the server has used so far, in MB."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def test_a_large_object_takes_little_memory(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="small", Body=PIECE)
    s3.get_object(Bucket="bucket", Key="small")["Body"].read()
    before_mb = peak_mb(own_server)
    size = len(PIECE) * PIECES
    with connect(own_server) as sock:
        sock.sendall(head(own_server, "bucket", "large", size, "UNSIGNED-PAYLOAD"))
        for _ in range(PIECES):
            sock.sendall(PIECE)
        assert read_answer(sock).status == 200
    digest = hashlib.sha256()
    for piece in s3.get_object(Bucket="bucket", Key="large")["Body"].iter_chunks(1 << 20):
        digest.update(piece)
    assert digest.digest() == hashlib.sha256(PIECE * PIECES).digest()
    assert peak_mb(own_server) - before_mb < MOST_MB


def test_parts_that_come_and_go_at_once_take_little_memory(own_server):
    s3 = own_server.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="small", Body=PIECE)
    s3.get_object(Bucket="bucket", Key="small")["Body"].read()
    before_mb = peak_mb(own_server)
    # As many at once, and as large, as the `aws` command has them.
    config = TransferConfig(max_concurrency=10, multipart_chunksize=8 << 20)
    body = PIECE * PIECES
    s3.upload_fileobj(io.BytesIO(body), "bucket", "large", Config=config)
    back = io.BytesIO()
    s3.download_fileobj("bucket", "large", back, Config=config)
    assert back.getbuffer() == body
    assert peak_mb(own_server) - before_mb < MOST_OF_PARTS_MB
