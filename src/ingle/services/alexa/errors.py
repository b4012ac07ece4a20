"""Why a skill's request is not run."""

from ingle.wire.errors import ServiceError


class NotFromAlexa(ServiceError):
    """A request of which it is not certain that Alexa has sent it just now."""

    code = "NotFromAlexa"
    status = 400


class BadSkillRequest(ServiceError):
    """A request that is none of a skill's."""

    code = "BadSkillRequest"
    status = 400


class SkillFailed(ServiceError):
    """The function failed."""

    code = "SkillFailed"
    status = 502
