"""Buckets in host names: `bucket.s3.localhost`, `bucket.s3.eu-west-1.amazonaws.com`.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
"""

from ingle.wire.http import Request

_LOCAL = ".localhost"


def bucket_of_host(host: str) -> str | None:
    """Return the bucket that a host name says; None where it says none.

    Also `bucket.localhost`, which SDKs make of the endpoint `http://localhost`.

    Args:
        host: of a request to S3, with or without its port.
    """
    name = host.partition(":")[0].lower()
    labels = name.split(".")
    for position in range(len(labels) - 1, -1, -1):
        if labels[position] == "s3" or labels[position].startswith("s3-"):
            return ".".join(labels[:position]) or None
    return name.removesuffix(_LOCAL) if name.endswith(_LOCAL) else None


def target_of(request: Request) -> str:
    """Return the path of a request to S3 as it would be without a bucket in the host name."""
    bucket = bucket_of_host(request.host)
    return request.path if bucket is None else f"/{bucket}{request.path or '/'}"
