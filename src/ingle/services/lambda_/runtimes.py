"""Whether this machine can run a function of a runtime, and if not, what to do about it."""

from ingle.runtimes.catalogue import RuntimeInfo, catalogue, install_hint, served_runtimes
from ingle.runtimes.discovery import Interpreters
from ingle.services.lambda_.errors import InvalidParameterValue, InvalidRuntime


async def check_runtime(runtime: str, interpreters: Interpreters) -> None:
    """Check the member Runtime of a request.

    Args:
        runtime: the member's value.
        interpreters: tells what this machine has.

    Raises:
        InvalidParameterValue: AWS has no such runtime, Ingle does not run it, or this machine
            lacks its interpreter; the message says which, and what to do.
    """
    info = catalogue().get(runtime)
    if info is None:
        raise InvalidParameterValue(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy "
            f"enum value set: [{', '.join(served_runtimes())}] or be a valid ARN"
        )
    if not info.served:
        raise InvalidParameterValue(_not_served(info))
    if not info.line:
        return  # the function's package brings what runs it
    if await interpreters.find(runtime) is None:
        raise InvalidParameterValue(_missing(info, interpreters))
    if interpreters.is_new(runtime):
        raise InvalidParameterValue(
            f"Runtime {runtime} was installed after this server started. Restart Ingle to use it."
        )


async def check_still_there(runtime: str, interpreters: Interpreters) -> None:
    """Check the runtime of a function that is there.

    Raises:
        InvalidRuntime: the machine has lost what serves it; the message says what to do.
    """
    try:
        await check_runtime(runtime, interpreters)
    except InvalidParameterValue as error:
        raise InvalidRuntime(error.message) from error


def _not_served(info: RuntimeInfo) -> str:
    language = info.language
    message = f"Runtime {info.id} is not supported: this version of Ingle does not run"
    if not language.served:
        return f"{message} {language.title} functions. {language.instead}".rstrip()
    same = [each.id for each in catalogue().values() if each.served and each.language == language]
    return f"{message} {language.title} {info.version}. It runs {', '.join(same)}."


def _missing(info: RuntimeInfo, interpreters: Interpreters) -> str:
    title = info.language.title
    hint = install_hint(info.id)
    newer = interpreters.substitute(info.id)
    let_it = newer and (
        f"let {title} {newer.version}, which is installed, serve it: start Ingle with "
        f'--substitutes {info.id}, or write substitutes = ["{info.id}"] in the table [runtimes] '
        "of its configuration file."
    )
    if not info.has_own:
        message = f"Runtime {info.id} is served only by a newer {title}, where that is allowed."
        return f"{message} To have it, {let_it or hint}"
    message = f"Runtime {info.id} is not installed on this machine. To install it: {hint}"
    return f"{message}. Or {let_it}" if let_it else message
