"""The wire layer's front: requests of a service to operations and input, results to responses."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self
from uuid import uuid4

from ingle.wire.behaviour import Behaviour, behaviour_of
from ingle.wire.buckets import target_of
from ingle.wire.errors import (
    NotImplementedByIngle,
    Serialization,
    ServiceError,
    UnknownOperation,
    Unreadable,
)
from ingle.wire.exceptions import Fault
from ingle.wire.http import Request, Response
from ingle.wire.model import Model, OperationModel, load_model
from ingle.wire.protocols.base import InputReader, Protocol, ResultWriter
from ingle.wire.protocols.cbor import RpcV2Cbor
from ingle.wire.protocols.json_rpc import JsonRpc
from ingle.wire.protocols.query import Query
from ingle.wire.protocols.rest_json import RestJson
from ingle.wire.protocols.rest_xml import RestXml
from ingle.wire.shapes import Shape
from ingle.wire.validation import Check, Checks, check_input

_PROTOCOLS: dict[str, type[Protocol]] = {
    "smithy-rpc-v2-cbor": RpcV2Cbor,
    "json": JsonRpc,
    "query": Query,
    "rest-json": RestJson,
    "rest-xml": RestXml,
}


class UnsupportedProtocol(NotImplementedByIngle):
    """The service speaks only protocols that Ingle does not."""


class Operation:
    """One operation in one protocol; what reads and writes it is compiled at first use.

    Attributes:
        name: AWS's name, for instance `CreateFunction`.
        method: boto3's name, for instance `create_function`.
        service: botocore's name of the service.
        protocol: the protocol's name, for instance `rest-json`.
        model: the operation in the service's model.
    """

    __slots__ = (
        "_behaviour",
        "_body",
        "_check",
        "_checks",
        "_protocol",
        "_read",
        "_tokens",
        "_write",
        "method",
        "model",
        "name",
        "protocol",
        "service",
    )

    def __init__(
        self, service: str, protocol: str, speaker: Protocol, model: OperationModel, checks: Checks
    ) -> None:
        self.name = model.name
        self.method = model.method
        self.service = service
        self.protocol = protocol
        self.model = model
        self._protocol = speaker
        self._behaviour = speaker.behaviour
        self._checks = checks
        self._read: InputReader | None = None
        self._check: Check | None = None
        self._body: str | None = None
        self._tokens: tuple[str, ...] = ()
        self._write: ResultWriter | None = None

    def __repr__(self) -> str:
        return f"<Operation {self.service}.{self.name} in {self.protocol}>"

    @property
    def upload(self) -> str | None:
        """The member of the input that is an `Upload`; None where the body is read before."""
        return self.model.streamed if self._behaviour.has_buckets else None

    def read(self, request: Request) -> dict[str, Any]:
        """A request's input as it was sent, unchecked; blobs are bytes, timestamps floats.

        Raises:
            Serialization: the bytes are not of the model's types.
        """
        if self._read is None:
            self._read = self._protocol.compile_reader(self.model)
        try:
            return self._read(request)
        except Serialization as problem:
            raise self._recoded(problem) from None
        except RecursionError:
            raise self._recoded(Serialization("The request is nested too deeply")) from None

    def parse(self, request: Request) -> dict[str, Any]:
        """A request's validated input, by the model's member names.

        Idempotency tokens that the client left out are filled in.

        Raises:
            Serialization: the bytes are not of the model's types.
            Validation: the values break the model's rules.
        """
        value = self.read(request)
        self.validate(value)
        return value

    def validate(self, value: dict[str, Any]) -> None:
        """Fill idempotency tokens in and check the model's rules; raises Validation."""
        check = self._check
        if check is None:
            check = self._compile_check()
        for name in self._tokens:
            if name not in value:
                value[name] = str(uuid4())
        check_input(check, value, self._behaviour, self._body)

    def serialize(self, result: Mapping[str, Any] | None, request_id: str) -> Response:
        """The answer for a result; members that are None are left out.

        Raises:
            KeyError: the result has a member that the model does not know.
        """
        if self._write is None:
            self._write = self._protocol.compile_writer(self.model)
        return self._write(result if result is not None else {}, request_id)

    def _compile_check(self) -> Check:
        shape = self.model.input
        if shape is None:
            self._check = _no_check
        else:
            self._check = self._checks.of(shape)
            self._body = shape.payload
            self._tokens = _idempotency_tokens(shape)
        return self._check

    def _recoded(self, problem: Serialization) -> Serialization:
        if problem.error_code != Serialization.code:
            return problem
        if isinstance(problem, Unreadable) and self._behaviour.unreadable_code is not None:
            return Serialization(
                f"Provided {problem.name} is not readable: {problem.message}",
                code=self._behaviour.unreadable_code,
                members={"ArgumentName": problem.name, "ArgumentValue": problem.value},
            )
        code = self._behaviour.serialization_code or self._protocol.serialization_code
        return Serialization(problem.message, code=code)


def _no_check(value: Any, path: str, member: str, found: list[Any]) -> None:
    """The check of an operation that takes no input."""


def _idempotency_tokens(shape: Shape) -> tuple[str, ...]:
    return tuple(
        name for name, member in shape.members.items() if member.traits.get("idempotencyToken")
    )


class ServiceProtocol:
    """A service on the wire, in every protocol that it speaks.

    Attributes:
        name: botocore's name of the service, for instance `lambda`.
        signing_name: the service's name in signatures.
        model: its model.
    """

    def __init__(self, model: Model, behaviour: Behaviour) -> None:
        self.name = model.name
        self.signing_name: str = model.metadata.get("signingName", model.metadata["endpointPrefix"])
        self.model = model
        self._behaviour = behaviour
        self._speakers: dict[str, Protocol] = {
            name: _PROTOCOLS[name](model, behaviour)
            for name in model.protocols
            if name in _PROTOCOLS
        }
        if not self._speakers:
            raise UnsupportedProtocol(
                f"The service {model.name} speaks the protocol {', '.join(model.protocols)}, "
                "which Ingle does not speak yet"
            )
        self._operations: dict[tuple[str, str], Operation] = {}
        self._checks = Checks()

    @classmethod
    @cache
    def load(cls, name: str) -> Self:
        """The service of that botocore name.

        Raises:
            UnknownService: botocore has none.
            UnsupportedProtocol: it speaks only protocols that Ingle does not.
        """
        return cls(load_model(name), behaviour_of(name))

    @property
    def takes_unsigned(self) -> bool:
        """Whether requests need not be signed: policies may let everybody in."""
        return self._behaviour.has_buckets

    @property
    def protocols(self) -> tuple[str, ...]:
        """The names of the protocols that Ingle speaks for this service."""
        return tuple(self._speakers)

    def route(self, request: Request) -> Operation:
        """The operation that a request is for, in the protocol that the request is in.

        Raises:
            UnknownOperation: the model has none there.
        """
        if self._behaviour.has_buckets:
            request.target = target_of(request)
        protocol = self.protocol_of(request)
        return self.operation(self._speakers[protocol].find(request), protocol)

    def routes_by_body(self, request: Request) -> bool:
        """Whether `route` has to see the request's body, as in the query protocol's POSTs."""
        return self.protocol_of(request) == "query"

    def protocol_of(self, request: Request) -> str:
        """The name of the protocol that a request is in; the preferred one where none is told."""
        names = self.protocols
        if len(names) > 1:
            for name in names:
                if self._speakers[name].is_spoken_in(request):
                    return name
        return names[0]

    def operation(self, name: str, protocol: str | None = None) -> Operation:
        """The operation of that name, in the preferred protocol unless another one is given.

        Raises:
            KeyError: the model has no such operation, or the service not that protocol.
        """
        key = (name, protocol or self.protocols[0])
        found = self._operations.get(key)
        if found is None:
            found = Operation(
                self.name, key[1], self._speakers[key[1]], self.model.operation(name), self._checks
            )
            self._operations[key] = found
        return found

    def serialize_error(
        self,
        error: ServiceError,
        request_id: str,
        operation: Operation | None = None,
        request: Request | None = None,
    ) -> Response:
        """The answer that tells of an error, in the operation's protocol, else the request's."""
        if operation is not None:
            protocol = operation.protocol
        elif request is not None:
            protocol = self.protocol_of(request)
        else:
            protocol = self.protocols[0]
        if (
            isinstance(error, UnknownOperation)
            and protocol == "json"
            and request is not None
            and "x-amz-target" not in request.headers
        ):
            return unknown_operation(request_id)
        fault = Fault(error, self.model, operation.model if operation is not None else None)
        return self._speakers[protocol].write_fault(fault, request_id)


def unknown_operation(request_id: str) -> Response:
    """AWS's answer where not even the protocol of a request can be told."""
    return Response(
        404,
        [
            ("x-amzn-RequestId", request_id),
            ("x-amzn-ErrorType", UnknownOperation.code),
            ("Content-Type", "application/xml"),
        ],
        b"<UnknownOperationException/>\n",
    )
