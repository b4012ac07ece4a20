"""Connections and API destinations, called over HTTP."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from ingle.services.iam.api import IamService
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, context
from tests.services.events.conftest import ARN, QUEUE, Events
from tests.services.events.endpoint import Endpoint

START = ManualClock.START
ROLE = f"arn:aws:iam::{ACCOUNT}:role/caller"
BASIC = {"BasicAuthParameters": {"Username": "ada", "Password": "s3cret"}}
API_KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": "s3cret"}}


def document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}})


async def make_role(events: Events, action: str = "events:InvokeApiDestination") -> None:
    iam = IamService(events.identities, events.clock)
    trust = document(Principal={"Service": "events.amazonaws.com"}, Action="sts:AssumeRole")
    await iam.create_role(
        context(), {"RoleName": "caller", "AssumeRolePolicyDocument": trust, "Path": "/"}
    )
    policy = document(Action=action, Resource="*")
    inline = {"RoleName": "caller", "PolicyName": "p", "PolicyDocument": policy}
    await iam.put_role_policy(context(), inline)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    made = Endpoint()
    await made.open()
    yield made
    await made.close()


async def connect(events: Events, kind: str = "BASIC", **parameters: Any) -> str:
    made = await events.call(
        "CreateConnection",
        Name="c",
        AuthorizationType=kind,
        AuthParameters=parameters or BASIC,
    )
    arn: str = made["ConnectionArn"]
    return arn


async def destine(
    events: Events, connection: str, url: str, target: dict[str, Any] | None = None, **members: Any
) -> str:
    """Make an API destination, and a rule that calls it; return its ARN."""
    members = {"HttpMethod": "POST"} | members
    made = await events.call(
        "CreateApiDestination",
        Name="d",
        ConnectionArn=connection,
        InvocationEndpoint=url,
        **members,
    )
    arn: str = made["ApiDestinationArn"]
    await events.rule({"source": ["shop"]}, Arn=arn, RoleArn=ROLE, **(target or {}))
    return arn


async def postponed(events: Events) -> None:
    """Wait until a delivery failed that is to be tried again."""
    chosen = text("SELECT count(*) FROM deliveries WHERE attempts > 0")

    async def run(connection: Any) -> int:
        return int((await connection.execute(chosen)).scalar_one())

    while not await events.database.read(run):
        pass


async def test_an_event_is_posted_with_what_the_connection_proves_with(
    events: Events, endpoint: Endpoint
) -> None:
    await make_role(events)
    await destine(events, await connect(events), f"{endpoint.url}/orders")
    answer = await events.put(Detail='{"number": 1}')
    came = await endpoint.next()
    assert (came.method, came.path) == ("POST", "/orders")
    assert came.json()["id"] == answer["Entries"][0]["EventId"]
    assert came.headers["authorization"] == f"Basic {base64.b64encode(b'ada:s3cret').decode()}"
    assert came.headers["content-type"] == "application/json; charset=utf-8"
    assert came.headers["user-agent"] == "Amazon/EventBridge/ApiDestinations"


async def test_paths_headers_queries_and_members_are_added(
    events: Events, endpoint: Endpoint
) -> None:
    await make_role(events)
    more = {
        "HeaderParameters": [{"Key": "X-Team", "Value": "red"}],
        "QueryStringParameters": [{"Key": "q", "Value": "from connection"}],
        "BodyParameters": [{"Key": "key", "Value": "v", "IsValueSecret": True}],
    }
    connection = await connect(events, "API_KEY", **API_KEY, InvocationHttpParameters=more)
    target = {
        "Input": '{"a": 1}',
        "HttpParameters": {
            "PathParameterValues": ["shop/7"],
            "HeaderParameters": {"X-Team": "blue", "X-Other": "o", "Host": "elsewhere"},
            "QueryStringParameters": {"q": "from target", "r": "1 2"},
        },
    }
    url = f"{endpoint.url}/shops/*/orders?fixed=1"
    await destine(events, connection, url, target, HttpMethod="PUT")
    await events.put()
    came = await endpoint.next()
    parts = urlsplit(came.path)
    assert (came.method, parts.path) == ("PUT", "/shops/shop%2F7/orders")
    assert parse_qs(parts.query) == {"fixed": ["1"], "q": ["from connection"], "r": ["1 2"]}
    assert came.json() == {"a": 1, "key": "v"}
    assert (came.headers["x-team"], came.headers["x-other"]) == ("red", "o")
    assert came.headers["x-key"] == "s3cret"
    assert came.headers["host"] == urlsplit(endpoint.url).netloc


async def test_parameters_can_be_paths_into_the_event(events: Events, endpoint: Endpoint) -> None:
    await make_role(events)
    parameters = {
        "PathParameterValues": ["$.detail.id"],
        "HeaderParameters": {"x-shop": "$.source", "x-none": "$.detail.none"},
    }
    target = {"HttpParameters": parameters, "Input": "{}"}
    await destine(events, await connect(events), f"{endpoint.url}/orders/*", target)
    await events.put(Detail='{"id": 7}')
    came = await endpoint.next()
    assert (came.path, came.headers["x-shop"], came.headers["x-none"]) == ("/orders/7", "shop", "")


async def test_a_token_is_fetched_once_and_anew_when_it_is_refused(
    events: Events, endpoint: Endpoint
) -> None:
    await make_role(events)
    oauth = {
        "ClientParameters": {"ClientID": "id", "ClientSecret": "s3cret"},
        "AuthorizationEndpoint": f"{endpoint.url}/token",
        "HttpMethod": "POST",
        "OAuthHttpParameters": {"BodyParameters": [{"Key": "scope", "Value": "all"}]},
    }
    connection = await connect(events, "OAUTH_CLIENT_CREDENTIALS", OAuthParameters=oauth)
    await destine(events, connection, f"{endpoint.url}/orders")
    endpoint.answers = [(200, {}, b'{"access_token": "t1", "expires_in": 60}')]
    await events.put()
    asked = await endpoint.next()
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["id"],
        "client_secret": ["s3cret"],
        "scope": ["all"],
    }
    assert (await endpoint.next()).headers["authorization"] == "Bearer t1"
    await events.clock.advance(1)
    endpoint.answers = [(401, {}, b""), (200, {}, b'{"access_token": "t2"}')]
    await events.put()
    assert (await endpoint.next()).headers["authorization"] == "Bearer t1"
    await postponed(events)
    await events.clock.advance(5)
    assert (await endpoint.next()).path == "/token"
    assert (await endpoint.next()).headers["authorization"] == "Bearer t2"


async def test_no_more_requests_come_in_a_second_than_there_may(
    events: Events, endpoint: Endpoint
) -> None:
    await make_role(events)
    await events.call("CreateArchive", ArchiveName="a", EventSourceArn=f"{ARN}event-bus/default")
    await destine(events, await connect(events), endpoint.url, InvocationRateLimitPerSecond=2)
    for _ in range(4):
        await events.put()
    times = []
    for _ in range(4):
        while endpoint.came.empty():
            await events.clock.advance(0.01)
            await events.call("DescribeArchive", ArchiveName="a")
        await endpoint.next()
        times.append(events.clock.time() - START)
    assert all(time >= number / 2 for number, time in enumerate(times)), times


async def test_errors_are_tried_again_or_given_up(events: Events, endpoint: Endpoint) -> None:
    await make_role(events)
    await events.queue("letters")
    target = {"DeadLetterConfig": {"Arn": f"{QUEUE}letters"}}
    await destine(events, await connect(events), endpoint.url, target)
    endpoint.answers = [(503, {"retry-after": "30"}, b""), (404, {}, b"")]
    await events.put()
    await endpoint.next()
    await postponed(events)
    await events.clock.advance(29)
    await events.call("ListApiDestinations")
    assert endpoint.came.empty()
    await events.clock.advance(2)
    await endpoint.next()
    told = (await events.message("letters"))["MessageAttributes"]
    assert told["ERROR_MESSAGE"]["StringValue"] == "The endpoint answered with the status 404."


async def test_a_role_that_may_not_call_is_refused(events: Events, endpoint: Endpoint) -> None:
    await make_role(events, "sqs:SendMessage")
    await events.queue("letters")
    target = {"DeadLetterConfig": {"Arn": f"{QUEUE}letters"}}
    await destine(events, await connect(events), endpoint.url, target)
    await events.put()
    told = (await events.message("letters"))["MessageAttributes"]
    assert told["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert endpoint.came.empty()


async def test_a_connection_tells_no_secret_and_keeps_it_encrypted(events: Events) -> None:
    more = {"HeaderParameters": [{"Key": "k", "Value": "s3cret", "IsValueSecret": True}]}
    arn = await connect(events, **BASIC, InvocationHttpParameters=more)
    assert arn.startswith(f"{ARN}connection/c/")
    await events.close()
    await events.open()
    told = await events.call("DescribeConnection", Name="c")
    assert told == {
        "ConnectionArn": arn,
        "ConnectionState": "AUTHORIZED",
        "Name": "c",
        "AuthorizationType": "BASIC",
        "AuthParameters": {
            "BasicAuthParameters": {"Username": "ada"},
            "InvocationHttpParameters": {"HeaderParameters": [{"Key": "k", "IsValueSecret": True}]},
        },
        "CreationTime": START,
        "LastModifiedTime": START,
        "LastAuthorizedTime": START,
    }

    async def run(connection: Any) -> bytes:
        chosen = text("SELECT secret FROM events_connections")
        return bytes((await connection.execute(chosen)).scalar_one())

    assert b"s3cret" not in await events.database.read(run)


async def test_connections_and_destinations_are_changed_and_deleted(events: Events) -> None:
    arn = await connect(events)
    await destine(events, arn, "https://example.org/a", Description="d")
    await events.call("UpdateApiDestination", Name="d", InvocationRateLimitPerSecond=5)
    told = await events.call("DescribeApiDestination", Name="d")
    assert (told["InvocationRateLimitPerSecond"], told["Description"]) == (5, "d")
    await events.call(
        "UpdateConnection", Name="c", AuthorizationType="API_KEY", AuthParameters=API_KEY
    )
    told = await events.call("DescribeConnection", Name="c")
    assert told["AuthParameters"] == {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key"}}
    answer = await events.call("DeauthorizeConnection", Name="c")
    assert answer["ConnectionState"] == "DEAUTHORIZING"
    [listed] = (await events.call("ListConnections", ConnectionState="DEAUTHORIZED"))["Connections"]
    assert listed["Name"] == "c"
    [listed] = (await events.call("ListApiDestinations", ConnectionArn=arn))["ApiDestinations"]
    assert listed["ApiDestinationState"] == "INACTIVE"
    assert (await events.call("DeleteConnection", Name="c"))["ConnectionState"] == "DELETING"
    await events.call("DeleteApiDestination", Name="d")
    await events.close()
    await events.open()
    assert (await events.call("ListConnections"))["Connections"] == []
    assert (await events.call("ListApiDestinations"))["ApiDestinations"] == []


@pytest.mark.parametrize(
    ("operation", "members", "code", "message"),
    [
        (
            "CreateConnection",
            {"Name": "x", "AuthorizationType": "BASIC", "AuthParameters": API_KEY},
            "ValidationException",
            "Parameter AuthParameters is not valid. Reason: BasicAuthParameters, and none of the "
            "others, must be specified for the authorization type BASIC.",
        ),
        (
            "CreateConnection",
            {"Name": "c", "AuthorizationType": "BASIC", "AuthParameters": BASIC},
            "ResourceAlreadyExistsException",
            "Connection c already exists.",
        ),
        (
            "DescribeConnection",
            {"Name": "none"},
            "ResourceNotFoundException",
            "Failed to describe the connection(s). Connection 'none' does not exist.",
        ),
        (
            "DescribeApiDestination",
            {"Name": "none"},
            "ResourceNotFoundException",
            "Failed to describe the api-destination(s). An api-destination 'none' does not exist.",
        ),
        (
            "CreateApiDestination",
            {
                "Name": "d",
                "ConnectionArn": f"{ARN}connection/none/1",
                "InvocationEndpoint": "https://example.org",
                "HttpMethod": "GET",
            },
            "ResourceNotFoundException",
            f"Connection {ARN}connection/none/1 does not exist.",
        ),
    ],
)
async def test_wrong_connections_and_destinations_are_refused(
    events: Events, operation: str, members: dict[str, Any], code: str, message: str
) -> None:
    await connect(events)
    error = await events.refused(operation, **members)
    assert (error.error_code, error.message) == (code, message)


@pytest.mark.parametrize("url", ["ftp://example.org", "https://", "https://*.example.org", "x"])
async def test_an_endpoint_must_be_a_url(events: Events, url: str) -> None:
    arn = await connect(events)
    members = {"Name": "d", "ConnectionArn": arn, "HttpMethod": "GET"}
    error = await events.refused("CreateApiDestination", InvocationEndpoint=url, **members)
    assert error.message.startswith("Parameter InvocationEndpoint is not valid.")


async def test_a_target_that_is_an_api_destination_needs_a_role(events: Events) -> None:
    await events.call("PutRule", Name="r", EventPattern='{"source": ["shop"]}')
    arn = f"{ARN}api-destination/d/1"
    error = await events.refused("PutTargets", Rule="r", Targets=[{"Id": "t", "Arn": arn}])
    assert error.message == f"RoleArn is required for target {arn}."
