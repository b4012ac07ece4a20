"""Large objects pass through; they are never in memory, neither on their way in nor out."""

import hashlib
from pathlib import Path

from tests.e2e.raw import connect, read_answer
from tests.e2e.test_s3_uploads import head

PIECE = bytes(range(256)) * 4096
PIECES = 300
MOST_MB = 64


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
