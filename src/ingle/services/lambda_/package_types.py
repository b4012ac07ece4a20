"""Which members of a request go with zip files, and which with container images.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html (PackageType), and
the messages that its users were seen to get.
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.image_model import ImageOverrides
from ingle.services.lambda_.later import refuse_later
from ingle.services.lambda_.model import Function

IMAGE, ZIP = "Image", "Zip"
CODE_SIGNING, RUNTIME_MANAGEMENT = "Code signing is", "Runtime management is"
_OF_IMAGE = ("ImageConfig",)
_OF_ZIP = ("Runtime", "Handler")
_ZIPS = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion")


def is_image(request: Mapping[str, Any]) -> bool:
    """Say whether CreateFunction is asked for a function with a container image."""
    return bool(request.get("PackageType", ZIP) == IMAGE)


def check_members(request: Mapping[str, Any], package_type: str) -> None:
    """Check that a request names no setting that functions of its package type lack.

    Args:
        request: CreateFunction's or UpdateFunctionConfiguration's.
        package_type: the function's.

    Raises:
        InvalidParameterValue: it names one.
    """
    if package_type == ZIP:
        if any(request.get(each) for each in _OF_IMAGE):
            raise InvalidParameterValue(
                "Please don't provide ImageConfig when the intended function PackageType is Zip."
            )
        return
    if any(request.get(each) for each in _OF_ZIP):
        raise InvalidParameterValue(
            "Please don't provide Handler or Runtime or Layer when the intended function "
            "PackageType is Image."
        )
    for member, what in (("Layers", "Lambda layers are"), ("CodeSigningConfigArn", CODE_SIGNING)):
        if request.get(member):
            raise _not_of_images(what)


def refuse_image(function: Function, what: str) -> None:
    """Refuse something that functions with container images do not have.

    Args:
        function: which.
        what: the thing, and `is` or `are`.

    Raises:
        InvalidParameterValue: it has one.
    """
    if function.image is not None:
        raise _not_of_images(what)


def new_image_uri(code: Mapping[str, Any]) -> str:
    """Take the image's name out of the member Code of CreateFunction.

    Raises:
        InvalidParameterValue: there is none, or something else as well.
    """
    refuse_later({name: code[name] for name in code if name not in _ZIPS}, "code", "Code.")
    uri = code.get("ImageUri")
    if not uri:
        raise InvalidParameterValue("Please provide a source for function code.")
    if any(code.get(each) for each in _ZIPS):
        raise InvalidParameterValue(
            "Please do not provide other FunctionCode parameters when providing an ImageUri."
        )
    return str(uri)


def updated_image_uri(request: Mapping[str, Any], function: Function) -> str | None:
    """Take the image's name out of a request for UpdateFunctionCode.

    Returns:
        None where the function has a zip file, and gets another one.

    Raises:
        InvalidParameterValue: what it names is not of the function's package type.
    """
    uri = request.get("ImageUri")
    if function.image is None:
        if uri:
            raise InvalidParameterValue(
                "Please don't provide ImageUri when updating a function with packageType Zip."
            )
        return None
    if not uri or any(request.get(each) for each in _ZIPS):
        raise InvalidParameterValue(
            "Please provide ImageUri when updating a function with packageType Image."
        )
    refuse_later({name: request[name] for name in request if name not in _ZIPS}, "code")
    return str(uri)


def _not_of_images(what: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"{what} not supported for functions created with container images."
    )


def image_overrides(config: Mapping[str, Any]) -> ImageOverrides:
    """Read the member ImageConfig; one that is empty sets nothing.

    Raises:
        InvalidParameterValue: a text holds what no program can be given.
    """
    texts = (
        *config.get("EntryPoint", ()),
        *config.get("Command", ()),
        config.get("WorkingDirectory", ""),
    )
    if any("\0" in each for each in texts):
        raise InvalidParameterValue("ImageConfig holds a null character.")
    entry_point, command = config.get("EntryPoint"), config.get("Command")
    return ImageOverrides(
        tuple(entry_point) if entry_point else None,
        tuple(command) if command else None,
        config.get("WorkingDirectory") or None,
    )
