"""Buckets: how many objects are put, how fast large ones go, and how long a listing takes."""

import os
import random
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from bench import aws_functions
from bench.endpoint import Endpoint, Prepared, signed_object_call, signed_upload_head
from bench.errors import BenchError
from bench.ingle_peer import InglePeer
from bench.load import ANSWER_TIMEOUT_S, Connection, Job
from bench.load_process import LoadProcess
from bench.memory import Watch
from bench.peers import HOST
from bench.processes import Keeper
from bench.settings import Settings
from bench.stats import Results, median_of, percentile

BUCKET = "bench"
WARMUP_OBJECTS = 400
TIMEOUT_S = 120.0
PIECE = 1_048_576
PAGES = 50
FOLDERS = 1000
_SEED = 7
_HEAD_END = b"\r\n\r\n"


def measure_put(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Objects of 1 KB put by `settings.clients` clients, as `s3_put.ingle`.

    Each answer means that the object is on disk.

    Raises:
        BenchError: an answer was wrong.
    """
    load, peer = LoadProcess(keeper, folder), InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        endpoint = replace(_endpoint(peer), bucket=BUCKET)
        load.run(Job(endpoint, settings.clients, WARMUP_OBJECTS, TIMEOUT_S))
        job = Job(endpoint, settings.clients, settings.put_objects, TIMEOUT_S)
        rounds = load.rounds(job, settings.put_rounds, step)
    peer.stop()
    load.stop()
    return median_of(f"s3_put.{InglePeer.name}", rounds)


def measure_transfer(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """An object of `settings.object_mb` there and back, as `s3_transfer.ingle`.

    `s3_transfer.plain` is the same bytes through a socket into a file, which is flushed. What comes
    back is written to a file, too. `grown_mb` is by how much the server was larger at any time.

    Raises:
        BenchError: an answer was wrong.
    """
    size = settings.object_mb * 1_000_000
    piece = random.Random(_SEED).randbytes(PIECE)
    target = folder / "copy"
    plain = size / _plain_copy(piece, size, target)
    step()
    peer = InglePeer(keeper, folder / InglePeer.name)
    peer.start()
    with peer.blamed():
        endpoint = _endpoint(peer)
        _upload(endpoint, "warm", piece, PIECE)
        with Watch(peer.running().pid) as watch:
            up = size / _upload(endpoint, "large", piece, size)
            step()
            down = size / _download(endpoint, "large", size, target)
            step()
    peer.stop()
    target.unlink()
    prefix = f"s3_transfer.{InglePeer.name}"
    return {
        "s3_transfer.plain.mb_per_second": plain / 1e6,
        f"{prefix}.up_mb_per_second": up / 1e6,
        f"{prefix}.down_mb_per_second": down / 1e6,
        f"{prefix}.grown_mb": watch.most_mb - watch.first_mb,
    }


def measure_list(
    keeper: Keeper, folder: Path, settings: Settings, step: Callable[[], None]
) -> Results:
    """Pages of a bucket of `settings.listed_objects`, as `s3_list.ingle.<objects>`.

    A page has 1,000 keys of a folder in the middle of the bucket, with a delimiter; or 1,000
    folders, as `folders_p50_ms`. The keys are written into the database while no server
    runs, for putting them would take half an hour.

    Raises:
        BenchError: an answer was wrong.
    """
    first = InglePeer(keeper, folder / "making")
    first.start()
    with first.blamed():
        _endpoint(first)
        key = first.key()
    first.stop()
    _fill(first.data / "ingle.db", settings.listed_objects)
    peer = InglePeer(keeper, folder / InglePeer.name, ["--data-dir", str(first.data)])
    peer.start()
    with peer.blamed():
        endpoint = Endpoint(HOST, peer.port, "/", key)
        chosen = random.Random(_SEED).choices(range(FOLDERS), k=PAGES)
        keys = [_page(endpoint, f"folder/{number:04d}/") for number in chosen]
        folders = [_page(endpoint, "folder/") for _ in chosen]
        step()
    peer.stop()
    prefix = f"s3_list.{InglePeer.name}.{settings.listed_objects}"
    return {
        f"{prefix}.p50_ms": percentile(keys, 50) * 1e3,
        f"{prefix}.p99_ms": percentile(keys, 99) * 1e3,
        f"{prefix}.folders_p50_ms": percentile(folders, 50) * 1e3,
    }


def _endpoint(peer: InglePeer) -> Endpoint:
    """Make the bucket; return where its server is."""
    with aws_functions.client_of(peer.port, peer.key(), "making a bucket", "s3") as client:
        client.create_bucket(Bucket=BUCKET)
    return Endpoint(HOST, peer.port, "/", peer.key())


def _page(endpoint: Endpoint, prefix: str) -> float:
    """Seconds from one request for a page to its answer."""
    # As signatures sort it.
    query = f"delimiter=%2F&list-type=2&prefix={quote(prefix, safe='')}"
    call = Prepared(signed_object_call(endpoint, "GET", f"/{BUCKET}?{query}", b""), None)
    connection = Connection(endpoint.host, endpoint.port)
    try:
        started = time.perf_counter()
        connection.round_trip(call)
        return time.perf_counter() - started
    finally:
        connection.close()


def _fill(database: Path, count: int) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count) "
            "INSERT INTO s3_versions(bucket_id, key, version_id, is_latest, is_marker, "
            "modified_ms, size, etag, parts, storage_class, checksum, facts) SELECT b.id, "
            "CAST(printf('folder/%04d/%07d.jpg', i / (:count / :folders), i) AS BLOB), 'null', 1, "
            "0, 1700000000000, 1024, printf('%032x', i), 0, 'STANDARD', "
            "'CRC64NVME FULL_OBJECT AAAAAAAAAAA=', '{}' FROM n, s3_buckets b WHERE b.name = :name",
            {"count": count, "folders": FOLDERS, "name": BUCKET},
        )
    connection.close()


def _plain_copy(piece: bytes, size: int, target: Path) -> float:
    """Seconds that so many bytes take through a socket into a file, flushed."""
    with socket.create_server((HOST, 0)) as listener:
        sender = threading.Thread(target=_send_to, args=(listener.getsockname(), piece, size))
        sender.start()
        started = time.perf_counter()
        accepted, _ = listener.accept()
        with accepted:
            _receive(accepted, size, b"", target)
        taken = time.perf_counter() - started
        sender.join()
    return taken


def _send_to(address: tuple[str, int], piece: bytes, size: int) -> None:
    with socket.create_connection(address, timeout=ANSWER_TIMEOUT_S) as sock:
        _send(sock, piece, size)


def _send(sock: socket.socket, piece: bytes, size: int) -> None:
    left = size
    while left:
        sock.sendall(piece[:left])
        left -= min(left, len(piece))


def _receive(sock: socket.socket, size: int, begin: bytes, target: Path) -> None:
    buffer = memoryview(bytearray(PIECE))
    left = size - len(begin)
    with target.open("wb") as file:
        file.write(begin)
        while left:
            count = sock.recv_into(buffer)
            if not count:
                raise BenchError(f"{left} of {size} bytes did not come")
            file.write(buffer[:count])
            left -= count
        file.flush()
        os.fsync(file.fileno())


def _upload(endpoint: Endpoint, key: str, piece: bytes, size: int) -> float:
    """Seconds that an upload takes, to the answer."""
    head = signed_upload_head(endpoint, f"/{BUCKET}/{key}", size)
    with _connected(endpoint) as sock:
        started = time.perf_counter()
        sock.sendall(head)
        _send(sock, piece, size)
        _answer(sock)
        return time.perf_counter() - started


def _download(endpoint: Endpoint, key: str, size: int, target: Path) -> float:
    """Seconds that a download into a file takes."""
    call = signed_object_call(endpoint, "GET", f"/{BUCKET}/{key}", b"")
    with _connected(endpoint) as sock:
        started = time.perf_counter()
        sock.sendall(call)
        _receive(sock, size, _answer(sock), target)
        return time.perf_counter() - started


def _connected(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection((endpoint.host, endpoint.port), timeout=TIMEOUT_S)


def _answer(sock: socket.socket) -> bytes:
    """Read the head of an answer; return what came of its body with it."""
    data = b""
    while _HEAD_END not in data:
        more = sock.recv(65_536)
        if not more:
            raise BenchError("the server closed the connection without an answer")
        data += more
    head, _, begin = data.partition(_HEAD_END)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise BenchError(f"expected 200, got {data[:500]!r}")
    return begin
