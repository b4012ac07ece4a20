"""What GetTraceSummaries tells of a trace.

Source: https://docs.aws.amazon.com/xray/latest/api/API_TraceSummary.html.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingle.services.xray.documents import subsegments
from ingle.services.xray.limits import LIMITS

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Trace:
    """One trace, put together.

    Attributes:
        id: its name.
        account_id: whose it is.
        documents: those of its segments, the earliest first.
    """

    id: str
    account_id: str
    documents: Sequence[Document]

    @property
    def root(self) -> Document:
        """The segment that no other is above; of several the earliest."""
        known = {each["id"] for each in self.documents}
        return next(
            (each for each in self.documents if each.get("parent_id") not in known),
            self.documents[0],
        )

    @property
    def started(self) -> float:
        """When its first segment began."""
        return min(float(each["start_time"]) for each in self.documents)

    @property
    def duration(self) -> float:
        """Seconds from the beginning of the first to the end of the last segment."""
        return max(_end(each) for each in self.documents) - self.started

    @property
    def response_time(self) -> float:
        """Seconds that whoever called the first service waited."""
        return _end(self.root) - float(self.root["start_time"])

    @property
    def partial(self) -> bool:
        """Whether something of it is in progress."""
        return any(each.get("in_progress") is True for each in self.everything())

    def has(self, flag: str) -> bool:
        """Say whether a segment has `fault`, `error` or `throttle`."""
        return any(each.get(flag) is True for each in self.documents)

    def everything(self) -> Iterator[Document]:
        """All segments and subsegments."""
        todo = list(self.documents)
        while todo:
            each = todo.pop()
            yield each
            todo += subsegments(each)

    def annotations(self) -> dict[str, list[tuple[str | float | bool, Document]]]:
        """What is annotated, by the key, with the segment that it is in."""
        found: dict[str, list[tuple[str | float | bool, Document]]] = {}
        count = 0
        for segment in self.documents:
            for each in Trace(self.id, self.account_id, [segment]).everything():
                noted = each.get("annotations")
                for key, value in noted.items() if isinstance(noted, Mapping) else ():
                    if isinstance(value, str | int | float) and count < LIMITS.annotations:
                        found.setdefault(key, []).append((value, segment))
                        count += 1
        return found

    def users(self) -> dict[str, list[Document]]:
        """Who is named as a user, with the segments."""
        found: dict[str, list[Document]] = {}
        for each in self.documents:
            if isinstance(each.get("user"), str):
                found.setdefault(each["user"], []).append(each)
        return found

    def service(self, document: Document) -> dict[str, Any]:
        """Name the service that a segment is of."""
        names = {"Name": document["name"], "Names": [document["name"]]}
        origin = document.get("origin")
        return (
            names
            | {"AccountId": _account(document, self.account_id)}
            | ({"Type": origin} if isinstance(origin, str) else {})
        )


def summary(trace: Trace) -> dict[str, Any]:
    """Describe a trace."""
    services: list[dict[str, Any]] = []
    for each in map(trace.service, trace.documents):
        if each not in services:
            services.append(each)
    arns = {each["resource_arn"]: None for each in trace.documents if "resource_arn" in each}
    told: dict[str, Any] = {
        "Id": trace.id,
        "StartTime": trace.started,
        "Duration": round(trace.duration, 3),
        "ResponseTime": round(trace.response_time, 3),
        "HasFault": trace.has("fault"),
        "HasError": trace.has("error"),
        "HasThrottle": trace.has("throttle"),
        "IsPartial": trace.partial,
        "Http": _http(trace.root),
        "Annotations": {
            key: [
                {"AnnotationValue": _value(value), "ServiceIds": [trace.service(segment)]}
                for value, segment in values
            ]
            for key, values in trace.annotations().items()
        },
        "Users": [
            {"UserName": name, "ServiceIds": [trace.service(each) for each in segments]}
            for name, segments in trace.users().items()
        ],
        "ServiceIds": services,
        "ResourceARNs": [{"ARN": arn} for arn in arns],
        "InstanceIds": [],
        "AvailabilityZones": [],
        "EntryPoint": trace.service(trace.root),
        "FaultRootCauses": _causes(trace, "fault"),
        "ErrorRootCauses": _causes(trace, "error"),
        "ResponseTimeRootCauses": [],
        "Revision": len(trace.documents),
    }
    return told


def _causes(trace: Trace, flag: str) -> list[dict[str, Any]]:
    """The deepest segments with a flag, each with the path to what failed in it."""
    causes = []
    for segment in trace.documents:
        below = [each for each in trace.documents if each.get("parent_id") == segment["id"]]
        if segment.get(flag) is not True or any(each.get(flag) is True for each in below):
            continue
        path = [{"Name": segment["name"], "Exceptions": _exceptions(segment), "Remote": False}]
        inner = segment
        while True:
            failed = [each for each in subsegments(inner) if each.get(flag) is True]
            if not failed:
                break
            inner = failed[0]
            path.append(
                {
                    "Name": inner.get("name", ""),
                    "Exceptions": _exceptions(inner),
                    "Remote": inner.get("namespace") in ("remote", "aws"),
                }
            )
        service = trace.service(segment) | {"EntityPath": path, "Inferred": False}
        causes.append({"Services": [service], "ClientImpacting": trace.root.get(flag) is True})
    return causes


def _exceptions(document: Document) -> list[dict[str, str]]:
    cause = document.get("cause")
    found = cause.get("exceptions") if isinstance(cause, Mapping) else None
    return [
        {"Name": str(each.get("type", "")), "Message": str(each.get("message", ""))}
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, Mapping)
    ]


def _http(document: Document) -> dict[str, Any]:
    request, response = http_part(document, "request"), http_part(document, "response")
    wanted: dict[str, tuple[Any, Callable[[Any], bool]]] = {
        "HttpURL": (request.get("url"), _is_text),
        "HttpMethod": (request.get("method"), _is_text),
        "UserAgent": (request.get("user_agent"), _is_text),
        "ClientIp": (request.get("client_ip"), _is_text),
        "HttpStatus": (response.get("status"), lambda value: isinstance(value, int)),
    }
    return {name: value for name, (value, good) in wanted.items() if good(value)}


def http_part(document: Document, part: str) -> Document:
    """Return `http.request` or `http.response` of a segment; empty where there is none."""
    http = document.get("http")
    found = http.get(part) if isinstance(http, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _value(value: str | float | bool) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    return {"StringValue": value} if isinstance(value, str) else {"NumberValue": float(value)}


def _account(document: Document, account_id: str) -> str:
    aws = document.get("aws")
    found = aws.get("account_id") if isinstance(aws, Mapping) else None
    return found if isinstance(found, str) else account_id


def _end(document: Document) -> float:
    return float(document.get("end_time", document["start_time"]))
