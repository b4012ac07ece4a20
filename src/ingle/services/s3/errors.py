"""S3's errors, in its words.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
"""

from typing import ClassVar

from ingle.wire.errors import ServiceError


class S3Error(ServiceError):
    """An error of S3's; its text says what is wrong unless the one who raises it says more.

    Args:
        message: in place of the usual text.
        members: what else it tells, for instance the bucket's name.
        headers: HTTP headers that go with it.
    """

    text: ClassVar[str] = ""
    status: ClassVar[int | None] = 400

    def __init__(
        self, message: str = "", *, headers: dict[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(message or self.text, members=members, headers=headers)


class AccessDenied(S3Error):
    """The caller may not do this."""

    code, status, text = "AccessDenied", 403, "Access Denied"


class AccessForbidden(S3Error):
    """No rule of a bucket lets a page of a browser do this."""

    code, status = "AccessForbidden", 403


class AclNotSupported(S3Error):
    """The bucket's owner owns all objects, so that there are no access control lists."""

    code, text = "AccessControlListNotSupported", "The bucket does not allow ACLs"


class BadDigest(S3Error):
    """A checksum is not that of what came."""

    code = "BadDigest"
    text = "The Content-MD5 you specified did not match what we received."


class BadRequest(S3Error):
    """A browser's question lacks something."""

    code = "BadRequest"


class BucketAlreadyExists(S3Error):
    """Another account has it."""

    code, status = "BucketAlreadyExists", 409
    text = (
        "The requested bucket name is not available. The bucket namespace is shared by all users "
        "of the system. Please select a different name and try again."
    )


class BucketAlreadyOwnedByYou(S3Error):
    """The caller's account has it."""

    code, status = "BucketAlreadyOwnedByYou", 409
    text = "Your previous request to create the named bucket succeeded and you already own it."


class BucketNotEmpty(S3Error):
    """It has objects, or versions of them."""

    code, status = "BucketNotEmpty", 409
    text = "The bucket you tried to delete is not empty"


class EntityTooLarge(S3Error):
    """An upload has more than an object may have."""

    code, text = "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"


class EntityTooSmall(S3Error):
    """A part that is not the last one has less than a part must have."""

    code = "EntityTooSmall"
    text = "Your proposed upload is smaller than the minimum allowed size"


class IllegalLocationConstraint(S3Error):
    """A bucket is to be made in another region than the one that was called."""

    code = "IllegalLocationConstraintException"


class IllegalVersioning(S3Error):
    """Nothing says whether versioning is to be enabled or suspended."""

    code = "IllegalVersioningConfigurationException"
    text = "The Versioning element must be specified"


class IncompleteBody(S3Error):
    """Less came than was announced."""

    code = "IncompleteBody"
    text = "You did not provide the number of bytes specified by the Content-Length HTTP header."


class InvalidArgument(S3Error):
    """A parameter has a value that it cannot have."""

    code = "InvalidArgument"


class InvalidBucketName(S3Error):
    """No bucket can have this name."""

    code, text = "InvalidBucketName", "The specified bucket is not valid."


class InvalidDigest(S3Error):
    """Content-MD5 is none."""

    code, text = "InvalidDigest", "The Content-MD5 you specified was invalid."


class InvalidPart(S3Error):
    """A part is not there, or another one."""

    code = "InvalidPart"
    text = (
        "One or more of the specified parts could not be found.  The part may not have been "
        "uploaded, or the specified entity tag may not match the part's entity tag."
    )


class InvalidPartNumber(S3Error):
    """An object has no such part."""

    code, status = "InvalidPartNumber", 416
    text = "The requested partnumber is not satisfiable"


class InvalidPartOrder(S3Error):
    """The list of parts is not in ascending order."""

    code = "InvalidPartOrder"
    text = "The list of parts was not in ascending order. Parts must be ordered by part number."


class InvalidPolicyDocument(S3Error):
    """The policy of a form is none."""

    code = "InvalidPolicyDocument"


class InvalidRange(S3Error):
    """A range begins behind the object's end."""

    code, status = "InvalidRange", 416
    text = "The requested range is not satisfiable"


class InvalidRequest(S3Error):
    """Members do not go together."""

    code = "InvalidRequest"


class InvalidStorageClass(S3Error):
    """AWS has no such class."""

    code, text = "InvalidStorageClass", "The storage class you specified is not valid"


class InvalidTag(S3Error):
    """A tag, or the number of them."""

    code = "InvalidTag"


class InvalidUri(S3Error):
    """A key is not UTF-8."""

    code, text = "InvalidURI", "Couldn't parse the specified URI."


class KeyTooLong(S3Error):
    """A key has more bytes than it may have."""

    code, text = "KeyTooLongError", "Your key is too long"


class MalformedPolicy(S3Error):
    """A policy is none."""

    code = "MalformedPolicy"


class MalformedPost(S3Error):
    """What was posted is no form."""

    code = "MalformedPOSTRequest"
    text = "The body of your POST request is not well-formed multipart/form-data."


class MalformedTrailer(S3Error):
    """A trailer that was announced did not come."""

    code = "MalformedTrailerError"
    text = (
        "The request contained trailing data that was not well-formed or did not conform to our "
        "published schema."
    )


class MalformedXml(S3Error):
    """The body lacks something, or has something too often."""

    code = "MalformedXML"
    text = (
        "The XML you provided was not well-formed or did not validate against our published schema"
    )


class MetadataTooLarge(S3Error):
    """The headers that begin with x-amz-meta- have too much in them."""

    code = "MetadataTooLarge"
    text = "Your metadata headers exceed the maximum allowed metadata size"


class MethodNotAllowed(S3Error):
    """What is there is a delete marker, which cannot be read."""

    code, status = "MethodNotAllowed", 405
    text = "The specified method is not allowed against this resource."


class MissingContentLength(S3Error):
    """Nothing says how long the body is."""

    code, status = "MissingContentLength", 411
    text = "You must provide the Content-Length HTTP header."


class MissingSecurityHeader(S3Error):
    """An access control list is to be set, and none is there."""

    code = "MissingSecurityHeader"
    text = "Your request was missing a required header"


class NoSuchBucket(S3Error):
    """There is no such bucket."""

    code, status, text = "NoSuchBucket", 404, "The specified bucket does not exist"


class NoSuchBucketPolicy(S3Error):
    """The bucket has no policy."""

    code, status, text = "NoSuchBucketPolicy", 404, "The bucket policy does not exist"


class NoSuchKey(S3Error):
    """There is no such object."""

    code, status, text = "NoSuchKey", 404, "The specified key does not exist."


class NoSuchUpload(S3Error):
    """There is no such multipart upload."""

    code, status = "NoSuchUpload", 404
    text = (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may "
        "have been aborted or completed."
    )


class NoSuchVersion(S3Error):
    """The object has no such version."""

    code, status, text = "NoSuchVersion", 404, "The specified version does not exist."


class NotModified(S3Error):
    """What the client has is still right."""

    code, status, text = "NotModified", 304, "Not Modified"


class NotSupported(S3Error):
    """What AWS has, and Ingle has not."""

    code, status = "NotImplemented", 501
    text = "A header you provided implies functionality that is not implemented"


class PermanentRedirect(S3Error):
    """A bucket is in another region than the one that was signed for."""

    code, status = "AuthorizationHeaderMalformed", 400


class PostFieldsTooLong(S3Error):
    """A form has too much before its file."""

    code = "MaxPostPreDataLengthExceeded"
    text = "Your POST request fields preceding the upload file was too large."


class PreconditionFailed(S3Error):
    """A condition of the request does not hold."""

    code, status = "PreconditionFailed", 412
    text = "At least one of the pre-conditions you specified did not hold"


class TooManyBuckets(S3Error):
    """The account has as many as it may have."""

    code = "TooManyBuckets"
    text = "You have attempted to create more buckets than allowed"


class TooManyConfigurations(S3Error):
    """A bucket would have more configurations of a kind than it may have."""

    code = "TooManyConfigurations"
    text = (
        "You are attempting to create a new configuration but have already reached the "
        "100-configuration limit."
    )


class NoConfiguration(S3Error):
    """A bucket has no such configuration.

    Args:
        code: how AWS calls that.
        message: how AWS words it.
        bucket: the bucket's name.
    """

    status = 404

    def __init__(self, code: str, message: str, bucket: str) -> None:
        super().__init__(message, BucketName=bucket)
        self.error_code = code
