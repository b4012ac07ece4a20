"""Requests of Alexa skills, signed with a real chain of certificates of the test's own."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from ingle.auth.keys import Identity
from ingle.services.alexa.api import PRINCIPALS, Skills
from ingle.services.alexa.certificates import Certificates, check_url
from ingle.services.alexa.errors import NotFromAlexa
from ingle.services.alexa.verifying import SkillVerifier
from ingle.services.lambda_.api import LambdaService
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response
from tests.services.alexa.authorities import Issued, issue
from tests.services.clocks import ManualClock
from tests.services.conftest import ACCOUNT, REGION, context
from tests.services.lambda_.conftest import Bench, create_request

SKILL = "amzn1.ask.skill.0b1c"
URL = "https://s3.amazonaws.com/echo.api/echo-api-cert-12.pem"
ANSWER = b'{"version":"1.0","response":{}}'
ROOT = issue("root", authority=True)
MIDDLE = issue("middle", ROOT, authority=True)
ALEXA = issue("echo-api.amazon.com", MIDDLE)


class Web:
    """Where certificates are."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {URL: ALEXA.pem + MIDDLE.pem}
        self.fetched: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if url not in self.files:
            raise OSError("the answer is 404")
        return self.files[url]


class World:
    """A function `hello` that the skill may invoke, and somebody who sends requests."""

    def __init__(self, bench: Bench, service: LambdaService, clock: ManualClock) -> None:
        self.bench, self.service, self.clock, self.web = bench, service, clock, Web()
        certificates = Certificates(clock, self.web.fetch, lambda: [ROOT.der])
        self.skills = Skills(
            service.for_services,
            bench.authorizer,
            lambda: SkillVerifier(certificates, clock),
            ACCOUNT,
            REGION,
        )
        bench.invoker.result = type(bench.invoker.result)(ANSWER, None, None)

    async def allow(self, **members: str) -> None:
        request = {
            "FunctionName": "hello",
            "StatementId": "alexa",
            "Action": "lambda:InvokeFunction",
            "Principal": PRINCIPALS[0],
            "EventSourceToken": SKILL,
        } | members
        await self.service.add_permission(context(), request)

    def event(self, **members: Any) -> dict[str, Any]:
        sent = datetime.fromtimestamp(self.clock.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "version": "1.0",
            "session": {"application": {"applicationId": SKILL}},
            "request": {"type": "LaunchRequest", "timestamp": sent, **members},
        }

    async def send(
        self,
        event: Mapping[str, Any] | None = None,
        *,
        by: Issued = ALEXA,
        function: str = "hello",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, Any]:
        """Send what Alexa would, changed as the test likes; return status and answer."""
        signed = json.dumps(self.event() if event is None else event).encode()
        signature = by.key.sign(signed, PKCS1v15(), SHA256())
        made = {
            "signaturecertchainurl": URL,
            "signature-256": base64.b64encode(signature).decode(),
        } | dict(headers or {})
        response = await self.ask(
            {name: value for name, value in made.items() if value},
            signed if body is None else body,
            function,
        )
        assert isinstance(response.body, bytes)
        return response.status, json.loads(response.body)

    async def ask(self, headers: dict[str, str], body: bytes, function: str) -> Response:
        async def read(limit: int) -> bytes:
            return body

        async def authenticate(request: Request) -> Identity:
            if request.headers["authorization"] == "good":
                identity: Identity = context().identity
                return identity
            raise ServiceError("The key is unknown.", code="InvalidClientTokenId", status=403)

        request = Request("POST", f"/_ingle/alexa/{function}", headers=headers)
        return await self.skills.answer(request, function, read, authenticate)

    async def refused(self, **changed: Any) -> str:
        status, told = await self.send(**changed)
        assert (status, told["__type"]) == (400, "NotFromAlexa")
        assert self.bench.invoker.calls == []
        message: str = told["message"]
        return message


@pytest.fixture
async def world(bench: Bench, clock: ManualClock) -> World:
    service = await bench.open()
    await service.create_function(context(), create_request())
    made = World(bench, service, clock)
    await made.allow()
    return made


async def test_what_alexa_has_signed_runs_the_function_and_is_answered(world: World) -> None:
    event = world.event()
    status, told = await world.send(event)
    assert (status, told) == (200, json.loads(ANSWER))
    ((_, payload, _),) = world.bench.invoker.calls
    assert json.loads(payload) == event
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:hello"
    assert (await world.send(function=arn.replace(":", "%3A")))[0] == 200
    # The chain is fetched once.
    assert world.web.fetched == [URL]


async def test_a_request_that_alexa_has_not_signed_so_is_refused(world: World) -> None:
    assert "has no headers" in await world.refused(headers={"signature-256": ""})
    assert "has no headers" in await world.refused(headers={"signaturecertchainurl": ""})
    assert "not Base64" in await world.refused(headers={"signature-256": "%%"})
    other = json.dumps(world.event(type="IntentRequest")).encode()
    assert "is not that of the request's body" in await world.refused(body=other)
    stranger = issue("echo-api.amazon.com", MIDDLE)
    assert "is not that of the request's body" in await world.refused(by=stranger)
    body = json.dumps(world.event()).encode()
    old = base64.b64encode(ALEXA.key.sign(body, PKCS1v15(), SHA1())).decode()
    assert "is not that" in await world.refused(headers={"signature-256": old}, body=body)


async def test_a_request_is_good_for_150_seconds(world: World) -> None:
    event = world.event()
    await world.clock.advance(150)
    assert (await world.send(event))[0] == 200
    world.bench.invoker.calls.clear()
    await world.clock.advance(1)
    assert "is not within 150 seconds" in await world.refused(event=event)
    early = world.event(timestamp="2026-01-01T01:00:00Z")
    assert "is not within 150 seconds" in await world.refused(event=early)
    for wrong in (None, "now", 17):
        assert "no timestamp" in await world.refused(event=world.event(timestamp=wrong))


@pytest.mark.parametrize(
    "chain",
    [
        pytest.param(issue("example.com", MIDDLE), id="of another domain"),
        pytest.param(issue("echo-api.amazon.com", MIDDLE, days=(-9, -1)), id="over"),
        pytest.param(issue("echo-api.amazon.com", MIDDLE, days=(1, 9)), id="not yet valid"),
        pytest.param(
            issue("echo-api.amazon.com", issue("middle", authority=True)), id="of nobody trusted"
        ),
    ],
)
async def test_a_chain_that_is_not_good_is_refused(world: World, chain: Issued) -> None:
    world.web.files[URL] = chain.pem + MIDDLE.pem
    assert "is not a valid one for echo-api.amazon.com" in await world.refused(by=chain)


async def test_a_chain_that_is_not_there_or_none_at_all_is_refused(world: World) -> None:
    world.web.files[URL] = b"-----BEGIN NONSENSE-----"
    assert "is not a valid one" in await world.refused()
    world.web.files[URL] = ALEXA.pem
    assert "is not a valid one" in await world.refused()
    del world.web.files[URL]
    assert "could not be fetched: the answer is 404" in await world.refused()


async def test_a_certificate_that_is_over_is_looked_at_again(world: World) -> None:
    assert (await world.send())[0] == 200
    world.bench.invoker.calls.clear()
    await world.clock.advance(10 * 86_400)
    assert "is not a valid one" in await world.refused()


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.amazonaws.com/echo.api/echo-api-cert.pem",
        "https://s3.amazonaws.com:443/echo.api/echo-api-cert.pem",
        "https://s3.amazonaws.com/echo.api/../echo.api/echo-api-cert.pem",
        "HTTPS://S3.AmazonAWS.com/echo.api/echo-api-cert.pem",
    ],
)
def test_certificates_may_be_where_amazon_documents_it(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://s3.amazonaws.com/echo.api/echo-api-cert.pem",
        "https://notamazon.com/echo.api/echo-api-cert.pem",
        "https://s3.amazonaws.com/EcHo.aPi/echo-api-cert.pem",
        "https://s3.amazonaws.com/invalid.path/echo-api-cert.pem",
        "https://s3.amazonaws.com:563/echo.api/echo-api-cert.pem",
        "https://s3.amazonaws.com/echo.api/../mine/echo-api-cert.pem",
        "https://s3.amazonaws.com/echo.api/%2e%2e/mine/echo-api-cert.pem",
        "https://s3.amazonaws.com@evil.com/echo.api/cert.pem",
        "https://evil.com:x/echo.api/",
        "https://s3.amazonaws.com/echo.api/" + "a" * 2000,
    ],
)
async def test_certificates_of_other_places_are_not_even_fetched(world: World, url: str) -> None:
    with pytest.raises(NotFromAlexa, match="is not below"):
        check_url(url)
    assert "is not below" in await world.refused(headers={"signaturecertchainurl": url})
    assert world.web.fetched == []


async def test_the_functions_policy_names_the_skill(world: World) -> None:
    event = world.event()
    event["session"]["application"]["applicationId"] = "amzn1.ask.skill.other"
    status, told = await world.send(event)
    assert (status, told["__type"]) == (403, "AccessDeniedException")
    assert PRINCIPALS[0] in told["message"]
    # The context counts before the session, which some requests do not have.
    event["context"] = {"System": {"application": {"applicationId": SKILL}}}
    assert (await world.send(event))[0] == 200


async def test_the_principal_may_be_called_like_all_others(world: World) -> None:
    await world.service.remove_permission(
        context(), {"FunctionName": "hello", "StatementId": "alexa"}
    )
    assert (await world.send())[0] == 403
    await world.allow(Principal=PRINCIPALS[1])
    assert (await world.send())[0] == 200


async def test_who_may_invoke_the_function_may_send_for_the_skill(world: World) -> None:
    body = json.dumps(world.event(timestamp="2020-01-01T00:00:00Z")).encode()
    assert (await world.ask({"authorization": "good"}, body, "hello")).status == 200
    assert (await world.ask({"authorization": "bad"}, body, "hello")).status == 403
    assert (await world.ask({}, body, "hello")).status == 400


async def test_what_is_no_request_of_a_skill_is_refused(world: World) -> None:
    for body in (b"{", b"[]", b"{}", b'{"request": {}}'):
        response = await world.ask({"authorization": "good"}, body, "hello")
        assert response.status == 400
        assert b"BadSkillRequest" in bytes(response.body)  # type: ignore[arg-type]
    missing = await world.send(function="nobody")
    assert missing[0] in (403, 404)


async def test_a_function_that_fails_is_told_so(world: World) -> None:
    failure = b'{"errorType": "KeyError", "errorMessage": "city"}'
    world.bench.invoker.result = type(world.bench.invoker.result)(failure, "Unhandled", None)
    status, told = await world.send()
    assert (status, told["message"]) == (502, "The function failed: KeyError: city")
