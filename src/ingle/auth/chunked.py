"""aws-chunked bodies: uploads whose chunks, and trailing headers, may each carry a signature.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable

from ingle.auth.canonical import EMPTY_SHA256, sign
from ingle.auth.errors import S3, s3_error
from ingle.wire.errors import ServiceError

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
MODES = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})

# Far above what a client sends; so that a body without line ends does not fill the memory.
_MAX_LINE = 4096
_MAX_TRAILERS = 32

_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"


class ChunkSigner:
    """Computes the signatures of one upload, each of which covers the one before.

    Args:
        key: the derived signing key.
        timestamp: of the request, for instance 20260101T000000Z.
        scope: date/region/service/aws4_request.
        seed: the signature of the request's own headers.
    """

    def __init__(self, key: bytes, timestamp: str, scope: str, seed: str) -> None:
        self._key = key
        self._context = f"{timestamp}\n{scope}"
        self.previous = seed

    def chunk(self, digest: str) -> tuple[str, str]:
        """Sign the next chunk, whose data has this sha256 in hex.

        Returns:
            The signature, and the string that was signed.
        """
        return self._next(f"AWS4-HMAC-SHA256-PAYLOAD\n{self._parts()}\n{EMPTY_SHA256}\n{digest}")

    def trailer(self, headers: bytes) -> tuple[str, str]:
        """Sign the trailing headers, `name:value` with a line feed after each.

        Returns:
            The signature, and the string that was signed.
        """
        digest = hashlib.sha256(headers).hexdigest()
        return self._next(f"AWS4-HMAC-SHA256-TRAILER\n{self._parts()}\n{digest}")

    def _parts(self) -> str:
        return f"{self._context}\n{self.previous}"

    def _next(self, text: str) -> tuple[str, str]:
        self.previous = sign(self._key, text)
        return self.previous, text


class ChunkDecoder:
    """Takes an aws-chunked body apart as it arrives.

    `feed` gives data back before the signature of its chunk is known to be right: whoever streams
    must discard all of it when `feed` or `finish` raises.

    Args:
        mode: one of `MODES`, the value of x-amz-content-sha256.
        length: the value of x-amz-decoded-content-length.
        signer: for the signed modes.
        announced: the lower-case names in the x-amz-trailer header.
        access_key_id: for the error that a wrong signature gets.

    Attributes:
        trailers: the trailing headers by lower-case name; complete after `finish`.
    """

    def __init__(
        self,
        mode: str,
        length: int,
        signer: ChunkSigner | None = None,
        announced: Iterable[str] = (),
        access_key_id: str = "",
    ) -> None:
        self.trailers: dict[str, str] = {}
        self._signer = signer if mode != UNSIGNED_TRAILER else None
        self._has_trailers = mode != SIGNED
        self._missing = length
        self._announced = frozenset(announced)
        self._access_key_id = access_key_id
        self._buffer = bytearray()
        self._state: Callable[[bytearray], bool] = self._read_header
        self._left = 0
        self._signature = ""
        self._hash = hashlib.sha256()
        self._trailer_lines = bytearray()
        self._trailer_signed = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the body, and return the data in them.

        Raises:
            ServiceError: IncompleteBody, SignatureDoesNotMatch or MalformedTrailerError.
        """
        self._buffer += data
        output = bytearray()
        while self._state(output):
            pass
        return bytes(output)

    def finish(self) -> None:
        """Say that the body is at its end.

        Raises:
            ServiceError: IncompleteBody or MalformedTrailerError, when something is missing.
        """
        if self._state in (self._read_header, self._read_data, self._read_data_end):
            raise incomplete_body()
        if self._buffer or not self._complete():
            raise _malformed_trailer() if self._has_trailers else incomplete_body()
        if self._missing:
            raise wrong_length()

    def _complete(self) -> bool:
        # The blank line at the very end is not insisted on: AWS's own example lacks it.
        if not self._has_trailers:
            return True
        if self._signer is not None and not self._trailer_signed:
            return False
        return self._announced <= self.trailers.keys()

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\r\n", 0, _MAX_LINE + 2)
        if end < 0:
            if len(self._buffer) > _MAX_LINE:
                raise incomplete_body()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _read_header(self, _output: bytearray) -> bool:
        line = self._line()
        if line is None:
            return False
        match = _CHUNK.fullmatch(line)
        if match is None or (match[2] is None) != (self._signer is None):
            raise incomplete_body()
        self._left = int(match[1], 16)
        self._signature = (match[2] or b"").decode()
        if self._left > self._missing:
            raise wrong_length()
        self._missing -= self._left
        self._hash = hashlib.sha256()
        if self._left:
            self._state = self._read_data
        else:
            self._check_chunk()
            self._state = self._read_trailer
        return True

    def _read_data(self, output: bytearray) -> bool:
        if not self._buffer:
            return False
        taken = self._buffer[: self._left]
        del self._buffer[: len(taken)]
        self._left -= len(taken)
        if self._signer is not None:
            self._hash.update(taken)
        output += taken
        if not self._left:
            self._check_chunk()
            self._state = self._read_data_end
        return True

    def _read_data_end(self, _output: bytearray) -> bool:
        if len(self._buffer) < 2:
            return False
        if self._buffer[:2] != b"\r\n":
            raise incomplete_body()
        del self._buffer[:2]
        self._state = self._read_header
        return True

    def _read_trailer(self, _output: bytearray) -> bool:
        line = self._line()
        if line is None:
            return False
        if not line:
            # Between the last chunk and the trailer some clients send a blank line.
            if self._has_trailers and not self._complete() and not self.trailers:
                return True
            self._state = self._read_nothing
            return True
        if not self._has_trailers or self._trailer_signed or len(self.trailers) >= _MAX_TRAILERS:
            raise _malformed_trailer()
        raw_name, colon, raw_value = line.partition(b":")
        name = raw_name.decode("latin-1").strip().lower()
        value = raw_value.decode("latin-1").strip()
        if not colon or not name:
            raise _malformed_trailer()
        if name == _TRAILER_SIGNATURE:
            self._check_trailer(value)
        elif name in self._announced and name not in self.trailers:
            self.trailers[name] = value
            self._trailer_lines += f"{name}:{value}\n".encode("latin-1")
        else:
            raise _malformed_trailer()
        return True

    def _read_nothing(self, _output: bytearray) -> bool:
        if self._buffer:
            raise incomplete_body()
        return False

    def _check_chunk(self) -> None:
        if self._signer is None:
            return
        expected, text = self._signer.chunk(self._hash.hexdigest())
        if not hmac.compare_digest(expected, self._signature):
            raise S3.refuse_signature(self._access_key_id, self._signature, text, "")

    def _check_trailer(self, signature: str) -> None:
        if self._signer is None:
            raise _malformed_trailer()
        expected, text = self._signer.trailer(bytes(self._trailer_lines))
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise S3.refuse_signature(self._access_key_id, signature, text, "")
        self._trailer_signed = True


def incomplete_body() -> ServiceError:
    """The body ends, or stops making sense, before its last chunk."""
    return s3_error("IncompleteBody", "The request body terminated unexpectedly")


def wrong_length() -> ServiceError:
    """The body holds more or less data than was announced."""
    return s3_error(
        "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header",
    )


def _malformed_trailer() -> ServiceError:
    return s3_error(
        "MalformedTrailerError",
        "The request contained trailing data that was not well-formed or did not conform to our "
        "published schema.",
    )
