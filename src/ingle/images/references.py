"""The names by which images are known: `Code.ImageUri`.

The local forms are those of skopeo's transports
(https://github.com/containers/image/blob/main/docs/containers-transports.5.md); the other is that
of a repository in Amazon ECR. An object in Amazon S3 is Ingle's own addition.
"""

import re
from dataclasses import dataclass

from ingle.images.errors import ImageInvalid

OCI, OCI_ARCHIVE, DOCKER_ARCHIVE, ECR = "oci", "oci-archive", "docker-archive", "ecr"
S3 = "s3"
_LOCAL = re.compile(rf"(?P<kind>{OCI}|{OCI_ARCHIVE}|{DOCKER_ARCHIVE}):(?P<rest>.*)", re.DOTALL)
_DIGEST = re.compile(r"(?P<name>.*)@(?P<digest>sha256:[0-9a-f]{64})", re.DOTALL)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
_REPOSITORY = re.compile(
    r"\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.(aws|amazonwebservices\.com\.cn))"
    r"/(?P<repository>[a-z0-9]+([._/-]+[a-z0-9]+)*)(:(?P<tag>[^:/@]*))?"
)
_OBJECT = re.compile(r"s3://(?P<bucket>[^/:]+)/(?P<key>[^:]+)(:(?P<tag>.+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Reference:
    """What an `ImageUri` says.

    Attributes:
        name: the part without tag and digest.
        kind: `oci`, `oci-archive`, `docker-archive`, `ecr` or `s3`.
        path: the absolute path of a local one; the repository's name of one in ECR; bucket and key
            of one in S3, with a slash between.
        tag: the tag, or the name and tag in an archive of Docker's; None where there is none.
        digest: `sha256:` and 64 hex digits; None where there is none.
    """

    name: str
    kind: str
    path: str
    tag: str | None
    digest: str | None

    def pinned(self, digest: str) -> str:
        """Return the URI of the image with this digest in the same place."""
        return f"{self.name}@{digest}"


def parse(uri: str) -> Reference:
    """Read an `ImageUri`.

    Raises:
        ImageInvalid: it is none.
    """
    if not uri.isprintable():
        raise ImageInvalid("its name holds a character that cannot be printed")
    by_digest = _DIGEST.fullmatch(uri)
    name, digest = (by_digest["name"], by_digest["digest"]) if by_digest else (uri, None)
    local = _LOCAL.fullmatch(name)
    if local is not None:
        return _local(local["kind"], local["rest"], digest)
    in_s3 = _OBJECT.fullmatch(name)
    if in_s3 is not None:
        path = f"{in_s3['bucket']}/{in_s3['key']}"
        return Reference(f"s3://{path}", S3, path, in_s3["tag"], digest)
    in_ecr = _REPOSITORY.fullmatch(name)
    if in_ecr is None:
        raise ImageInvalid(
            f"a name begins with {OCI}:, {OCI_ARCHIVE}: or {DOCKER_ARCHIVE}: and an absolute path, "
            "or with s3://, a bucket and a key, or is that of a repository in Amazon ECR"
        )
    tag = in_ecr["tag"]
    if tag is None and digest is None:
        raise ImageInvalid("it has neither a tag nor a digest")
    return Reference(name.partition(":")[0], ECR, in_ecr["repository"], _checked(tag, _TAG), digest)


def _local(kind: str, rest: str, digest: str | None) -> Reference:
    path, _, tag = rest.partition(":")
    if not path.startswith("/"):
        raise ImageInvalid("its path is not an absolute one")
    if ".." in path.split("/"):
        raise ImageInvalid("its path holds ..")
    return Reference(f"{kind}:{path}", kind, path, _checked(tag or None), digest)


def _checked(tag: str | None, pattern: re.Pattern[str] | None = None) -> str | None:
    if tag is not None and pattern is not None and not pattern.fullmatch(tag):
        raise ImageInvalid(f"{tag!r} is no tag")
    return tag
