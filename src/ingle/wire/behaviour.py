"""What a service does its own way on the wire, read from `data/behaviour.json`."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson

_FILE = Path(__file__).parent / "data" / "behaviour.json"


@dataclass(frozen=True, slots=True)
class MemberRule:
    """How one member's violation is told where a service has words of its own for it.

    Attributes:
        code: the error's code.
        message: the text; {value}, {path} and {constraint} are filled in.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A service's ways.

    Attributes:
        validation_code: the code for input that breaks the model's rules.
        missing_code: the code for a missing member, where it is another one.
        missing_message: the text for a missing member; {member} is filled in.
        missing_body: how it is told that there is no body where one is needed.
        wrong_within: how it is told that something in a structure of the input is missing or wrong.
        member_rules: rules for single members, by the path in messages without the numbers of
            items, for instance `runtime`.
        pattern_rules: rules for members that do not match a pattern, by that pattern.
        tells_values: whether the messages repeat the values that break rules.
        serialization_code: the code for a body that cannot be read.
        payload_content_type: the Content-Type of an answer whose body is a blob.
        error_namespace: what precedes an exception's name in `__type`.
        error_origin_member: the exceptions' member that says whether the user or the service is
            at fault.
        error_wrapped: whether XML errors have an `<ErrorResponse>` around them.
        unwrapped_outputs: the operations whose output is the root element's text.
        unknown_elements: the only elements of XML that may be there without the model knowing them,
            such as clients once sent; None where all may be, and are passed over.
        unreadable_code: the code for a header or a part of the query that cannot be read, where it
            is not the one for a body.
        path_member: the member that the URL of a form is the value of, where the form has none.
        strict_routes: the operations that a request is only for with all that they require; without
            that it is for none.
        unknown_route_code: the code for a route that the service does not have.
        unknown_route_status: the status that goes with it.
        unknown_route_message: its text; {method} and {path} are filled in.
        has_buckets: whether it is S3: host names may say buckets, uploads are not read before
            their operation begins, and requests need not be signed.
    """

    validation_code: str = "ValidationException"
    missing_code: str | None = None
    missing_message: str | None = None
    missing_body: MemberRule | None = None
    wrong_within: MemberRule | None = None
    member_rules: dict[str, MemberRule] = field(default_factory=dict)
    pattern_rules: dict[str, MemberRule] = field(default_factory=dict)
    tells_values: bool = True
    serialization_code: str | None = None
    payload_content_type: str = "application/octet-stream"
    error_namespace: str | None = None
    error_origin_member: str | None = None
    error_wrapped: bool = True
    unwrapped_outputs: tuple[str, ...] = ()
    unknown_elements: tuple[str, ...] | None = None
    unreadable_code: str | None = None
    path_member: str | None = None
    strict_routes: tuple[str, ...] = ()
    unknown_route_code: str = "UnknownOperationException"
    unknown_route_status: int = 404
    unknown_route_message: str = "No operation of this service is at {method} {path}"
    has_buckets: bool = False


@cache
def behaviour_of(service: str) -> Behaviour:
    """The ways of a service; those that its protocol prescribes where the file has none."""
    raw: dict[str, Any] = dict(_all().get(service, {}))
    for name in ("member_rules", "pattern_rules"):
        raw[name] = {key: MemberRule(**rule) for key, rule in raw.get(name, {}).items()}
    for name in ("missing_body", "wrong_within"):
        if name in raw:
            raw[name] = MemberRule(**raw[name])
    for name in ("unwrapped_outputs", "unknown_elements", "strict_routes"):
        if name in raw:
            raw[name] = tuple(raw[name])
    return Behaviour(**raw)


@cache
def _all() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = orjson.loads(_FILE.read_bytes())
    return services
