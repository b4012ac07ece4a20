"""Presigned URLs."""

from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.auth.claims import parse_timestamp
from ingle.auth.presign import presign_url
from ingle.auth.sigv4 import AccessKey, Verifier
from ingle.wire.http import Request

from .conftest import TEMPORARY
from .signing import KEY, StillClock

NOW = 1_369_353_600.0  # 2013-05-24


def test_it_makes_awss_published_example() -> None:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    assert presign_url(KEY, "GET", url, "us-east-1", "s3", 86_400, NOW) == (
        f"{url}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


SEGMENTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=4)


@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["lasting", "temporary"])
@pytest.mark.parametrize(
    ("service", "signer"), [("lambda", SigV4QueryAuth), ("s3", S3SigV4QueryAuth)]
)
@given(segments=SEGMENTS, query=st.sampled_from(["", "Qualifier=%24LATEST", "a=1&b="]))
@settings(max_examples=60)
def test_it_makes_the_signature_that_botocore_makes(
    key: AccessKey, service: str, signer: type[SigV4QueryAuth], segments: list[str], query: str
) -> None:
    url = "http://127.0.0.1:4566/" + quote("/".join(segments), safe="/-_.~")
    full = f"{url}?{query}" if query else url
    request = AWSRequest(method="GET", url=full)
    credentials = Credentials(key.access_key_id, key.secret_access_key, key.session_token)
    signer(credentials, service, "us-east-1", expires=60).add_auth(request)
    now = parse_timestamp(request.context["timestamp"])
    assert now is not None
    made = presign_url(key, "GET", full, "us-east-1", service, 60, now)
    assert made.rpartition("=")[2] == request.url.rpartition("=")[2]


@pytest.mark.parametrize(
    "base", ["http://localhost:4566", "http://localhost:80", "https://h:443", "http://[::1]:4566"]
)
@pytest.mark.parametrize("service", ["lambda", "s3"])
def test_the_url_is_accepted_with_the_host_that_clients_send(
    clock: StillClock, verifier: Verifier, base: str, service: str
) -> None:
    url = presign_url(KEY, "GET", f"{base}/code/a%20b", "us-east-1", service, 60, NOW)
    parts = urlsplit(url)
    host = parts.netloc.removesuffix(":80").removesuffix(":443")
    clock.now = NOW + 60
    request = Request("GET", parts.path, parts.query, {"host": host})
    assert verifier.verify(request).access_key_id == KEY.access_key_id


@pytest.mark.parametrize("expires", [0, -1, 604_801])
def test_a_url_is_good_for_a_week_at_most(expires: int) -> None:
    with pytest.raises(ValueError, match="604800"):
        presign_url(KEY, "GET", "http://h/", "us-east-1", "lambda", expires, NOW)
