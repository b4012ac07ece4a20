"""Why an image cannot be taken in."""


class ImageError(Exception):
    """An image cannot be taken in.

    Attributes:
        reason: why, in one line, without the image's name; "" where there is no more to say.
    """

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class ImageMissing(ImageError):
    """There is no such image."""


class ImageInvalid(ImageError):
    """It is damaged, no image at all, too large, or none that this server may read."""


class ImageUnsupported(ImageError):
    """Its manifest, config or a layer is of a media type that cannot be read."""
