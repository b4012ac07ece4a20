"""What every protocol offers to the facade, and what the protocols share."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from ingle.wire.behaviour import Behaviour
from ingle.wire.events import EventWriter
from ingle.wire.eventstream import CONTENT_TYPE
from ingle.wire.exceptions import Fault
from ingle.wire.http import Request, Response
from ingle.wire.model import Model, OperationModel
from ingle.wire.rest import Headers

Input = dict[str, Any]
Result = Mapping[str, Any]
InputReader = Callable[[Request], Input]
ResultWriter = Callable[[Result, str], Response]

REQUEST_ID = "x-amzn-RequestId"


class Protocol:
    """One protocol of one service."""

    serialization_code = "SerializationException"
    """The error code for a request that cannot be read."""

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        self.model = model
        self.behaviour = behaviour

    def is_spoken_in(self, request: Request) -> bool:
        """Whether a request looks like one in this protocol."""
        raise NotImplementedError

    def find(self, request: Request) -> str:
        """The name of the operation that a request is for; raises UnknownOperation."""
        raise NotImplementedError

    def compile_reader(self, operation: OperationModel) -> InputReader:
        """What reads an operation's requests; it raises Serialization."""
        raise NotImplementedError

    def compile_writer(self, operation: OperationModel) -> ResultWriter:
        """What writes an operation's results, given them and the request's id."""
        raise NotImplementedError

    def write_fault(self, fault: Fault, request_id: str) -> Response:
        """The answer that tells of an error."""
        raise NotImplementedError


def read_nothing(request: Request) -> Input:
    """The reader of an operation that takes no input."""
    return {}


def rpc_stream_writer(
    name: str,
    events: EventWriter,
    write_initial: Callable[[Result], bytes],
    headers: Callable[[str], Headers],
) -> ResultWriter:
    """A writer of answers that are streams of events, led by a message with the other members.

    Args:
        name: the output's member that is the stream.
        events: writes its events.
        write_initial: writes the other members.
        headers: the headers that every answer has, given the request's id.
    """

    def write(result: Result, request_id: str) -> Response:
        first = {member: value for member, value in result.items() if member != name}
        body: AsyncIterator[bytes] = events.write(result[name], write_initial(first))
        return Response(200, [*headers(request_id), ("Content-Type", CONTENT_TYPE)], body)

    return write


def query_error_header(model: Model, fault: Fault) -> Headers:
    """The header that tells clients of a formerly query-speaking service the code they know."""
    if not model.is_query_compatible:
        return []
    return [("x-amzn-query-error", f"{fault.code};{'Sender' if fault.is_callers else 'Receiver'}")]
