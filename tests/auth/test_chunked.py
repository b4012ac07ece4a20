"""aws-chunked bodies, with AWS's published examples.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.auth.chunked import SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER, ChunkDecoder, ChunkSigner
from ingle.auth.claims import parse_timestamp
from ingle.auth.keys import signing_key
from ingle.auth.sigv4 import Verifier
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

from .signing import KEY, StillClock, sign

DATE = "20130524T000000Z"
SCOPE = "20130524/us-east-1/s3/aws4_request"
PLAIN_SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
DATA = b"a" * 66_560
PLAIN_BODY = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65_536
    + b"\r\n400;chunk-signature="
    + b"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature="
    + b"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n"
)
TRAILER_BODY = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65_536
    + b"\r\n400;chunk-signature="
    + b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a" * 1024
    + b"\r\n0;chunk-signature="
    + b"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    + b"x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:"
    + b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)
UNSIGNED_BODY = (
    b"2000\r\n"
    + b"a" * 8192
    + b"\r\n2000\r\n"
    + b"a" * 8192
    + b"\r\n400\r\n"
    + b"a" * 1024
    + b"\r\n0\r\nx-amz-checksum-crc32c:tcVh2A==\r\n\r\n"
)
CHECKSUM = "x-amz-checksum-crc32c"


def signer(seed: str = PLAIN_SEED) -> ChunkSigner:
    key = signing_key(KEY.secret_access_key, "20130524", "us-east-1", "s3")
    return ChunkSigner(key, DATE, SCOPE, seed)


def plain() -> ChunkDecoder:
    return ChunkDecoder(SIGNED, len(DATA), signer())


def with_trailer() -> ChunkDecoder:
    return ChunkDecoder(SIGNED_TRAILER, len(DATA), signer(TRAILER_SEED), [CHECKSUM])


def unsigned(length: int = 17_408) -> ChunkDecoder:
    return ChunkDecoder(UNSIGNED_TRAILER, length, announced=[CHECKSUM])


def decode(decoder: ChunkDecoder, *parts: bytes) -> bytes:
    data = b"".join([decoder.feed(part) for part in parts])
    decoder.finish()
    return data


def refusal(decoder: ChunkDecoder, body: bytes) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        decode(decoder, body)
    return refused.value


def test_awss_example_is_decoded() -> None:
    assert decode(plain(), PLAIN_BODY) == DATA


def test_awss_example_with_a_trailer_is_decoded() -> None:
    decoder = with_trailer()
    assert decode(decoder, TRAILER_BODY) == DATA
    assert decoder.trailers == {CHECKSUM: "sOO8/Q=="}


def test_an_unsigned_body_with_a_trailer_is_decoded() -> None:
    decoder = unsigned()
    assert decode(decoder, UNSIGNED_BODY) == b"a" * 17_408
    assert decoder.trailers == {CHECKSUM: "tcVh2A=="}


def test_a_trailing_line_feed_in_the_trailer_is_not_part_of_it() -> None:
    body = UNSIGNED_BODY.replace(b"==\r\n", b"==\n\r\n")
    decoder = unsigned()
    decode(decoder, body)
    assert decoder.trailers == {CHECKSUM: "tcVh2A=="}


@given(st.lists(st.integers(0, len(TRAILER_BODY)), max_size=12))
def test_it_does_not_matter_in_what_pieces_a_body_arrives(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(TRAILER_BODY)]
    parts = [TRAILER_BODY[a:b] for a, b in pairwise(places)]
    assert decode(with_trailer(), *parts) == DATA


def test_a_body_that_arrives_byte_by_byte_is_decoded() -> None:
    parts = [UNSIGNED_BODY[i : i + 1] for i in range(len(UNSIGNED_BODY))]
    assert decode(unsigned(), *parts) == b"a" * 17_408


def test_a_changed_chunk_is_refused_with_signature_does_not_match() -> None:
    error = refusal(plain(), PLAIN_BODY.replace(b"aaaa\r\n0;", b"aaab\r\n0;"))
    assert (error.error_code, error.http_status) == ("SignatureDoesNotMatch", 403)


def test_a_changed_trailer_or_trailer_signature_is_refused() -> None:
    for old, new in ((b"sOO8", b"sOO9"), (b"signature:d8", b"signature:e8")):
        error = refusal(with_trailer(), TRAILER_BODY.replace(old, new))
        assert error.error_code == "SignatureDoesNotMatch"


def test_chunks_of_another_request_are_refused() -> None:
    decoder = ChunkDecoder(SIGNED, len(DATA), signer(TRAILER_SEED))
    assert refusal(decoder, PLAIN_BODY).error_code == "SignatureDoesNotMatch"


def test_a_missing_trailer_or_trailer_signature_is_refused() -> None:
    end = TRAILER_BODY.index(b"x-amz-trailer-signature")
    error = refusal(with_trailer(), TRAILER_BODY[:end] + b"\r\n")
    assert error.error_code == "MalformedTrailerError"
    end = UNSIGNED_BODY.index(b"x-amz-checksum")
    error = refusal(unsigned(), UNSIGNED_BODY[:end] + b"\r\n")
    assert error.error_code == "MalformedTrailerError"


@pytest.mark.parametrize(
    "line",
    [
        b"x-amz-other:1\r\n",
        b"no colon\r\n",
        b":empty\r\n",
        b"x-amz-checksum-crc32c:tcVh2A==\r\nx-amz-checksum-crc32c:AAAAAA==\r\n",
        b"x-amz-trailer-signature:0\r\n",
    ],
)
def test_a_malformed_trailer_is_refused(line: bytes) -> None:
    end = UNSIGNED_BODY.index(b"x-amz-checksum")
    error = refusal(unsigned(), UNSIGNED_BODY[:end] + line + b"\r\n")
    assert error.error_code == "MalformedTrailerError"


@given(st.integers(0, len(PLAIN_BODY) - 3))
def test_a_body_that_stops_halfway_is_refused(end: int) -> None:
    assert refusal(plain(), PLAIN_BODY[:end]).error_code == "IncompleteBody"


@given(st.integers(0, len(TRAILER_BODY) - 5))
def test_a_body_with_a_trailer_that_stops_halfway_is_refused(end: int) -> None:
    error = refusal(with_trailer(), TRAILER_BODY[:end])
    assert error.error_code in ("IncompleteBody", "MalformedTrailerError", "SignatureDoesNotMatch")


@pytest.mark.parametrize("length", [17_407, 17_409, 0])
def test_another_length_than_announced_is_refused(length: int) -> None:
    assert refusal(unsigned(length), UNSIGNED_BODY).error_code == "IncompleteBody"


@pytest.mark.parametrize(
    "body",
    [
        b"xyz\r\n",
        b"-1\r\n",
        b"ffffffffffffffffffff\r\n",
        b"1;chunk-signature=" + b"0" * 64 + b"\r\na\r\n",
        b"0" * 10_000,
        b"2\r\naaXX",
        UNSIGNED_BODY + b"more",
    ],
)
def test_a_malformed_body_is_refused(body: bytes) -> None:
    assert refusal(unsigned(), body).error_code == "IncompleteBody"


def test_a_signed_body_needs_the_signature_of_each_chunk() -> None:
    assert refusal(plain(), b"1\r\na\r\n").error_code == "IncompleteBody"


def upload(mode: str, signed_headers: str, seed: str, body: bytes, **more: str) -> Request:
    headers = {
        "host": "s3.amazonaws.com",
        "x-amz-date": DATE,
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
        "x-amz-content-sha256": mode,
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": "66560",
        "authorization": f"AWS4-HMAC-SHA256 Credential={KEY.access_key_id}/{SCOPE},"
        f"SignedHeaders={signed_headers},Signature={seed}",
    }
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return Request("PUT", "/examplebucket/chunkObject.txt", headers=headers, body=body)


def plain_upload(body: bytes = PLAIN_BODY) -> Request:
    names = (
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
        "x-amz-decoded-content-length;x-amz-storage-class"
    )
    return upload(SIGNED, names, PLAIN_SEED, body, content_length="66824")


def trailer_upload(body: bytes = TRAILER_BODY) -> Request:
    names = (
        "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
        "x-amz-storage-class;x-amz-trailer"
    )
    return upload(SIGNED_TRAILER, names, TRAILER_SEED, body, x_amz_trailer=CHECKSUM)


@pytest.fixture
def at_that_time(clock: StillClock, verifier: Verifier) -> Verifier:
    clock.now = parse_timestamp(DATE) or 0
    return verifier


def test_a_verified_upload_has_its_payload_as_body(at_that_time: Verifier) -> None:
    request = plain_upload()
    assert at_that_time.verify(request).service == "s3"
    assert request.body == DATA
    assert "content-encoding" not in request.headers
    assert request.headers["content-length"] == "66560"


def test_the_trailers_of_a_verified_upload_are_among_its_headers(at_that_time: Verifier) -> None:
    request = trailer_upload()
    at_that_time.verify(request)
    assert request.body == DATA
    assert request.headers[CHECKSUM] == "sOO8/Q=="


def test_a_tampered_upload_is_refused(at_that_time: Verifier) -> None:
    for request in (
        plain_upload(PLAIN_BODY.replace(b"aaaa\r\n0;", b"aaab\r\n0;")),
        trailer_upload(TRAILER_BODY.replace(b"sOO8", b"sOO9")),
    ):
        with pytest.raises(ServiceError) as refused:
            at_that_time.verify(request)
        assert refused.value.error_code == "SignatureDoesNotMatch"


def test_an_upload_must_say_how_long_its_payload_is(clock: StillClock, verifier: Verifier) -> None:
    for length in ((), (("X-Amz-Decoded-Content-Length", "many"),)):
        headers = (("X-Amz-Content-SHA256", UNSIGNED_TRAILER), *length)
        request = sign(clock, service="s3", headers=headers, body=b"0\r\n\r\n")
        with pytest.raises(ServiceError) as refused:
            verifier.verify(request)
        assert refused.value.error_code == "MissingContentLength"
        assert refused.value.http_status == 411


def test_other_content_encodings_are_kept(clock: StillClock, verifier: Verifier) -> None:
    headers = (
        ("X-Amz-Content-SHA256", UNSIGNED_TRAILER),
        ("X-Amz-Decoded-Content-Length", "1"),
        ("Content-Encoding", "gzip,aws-chunked"),
    )
    request = sign(clock, service="s3", headers=headers, body=b"1\r\na\r\n0\r\n\r\n")
    verifier.verify(request)
    assert request.body == b"a"
    assert request.headers["content-encoding"] == "gzip"
