"""Ingle's own routes, below `/_ingle/`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from ingle.auth.authorizer import Authorizer
from ingle.auth.explaining import ROUTES as EXPLAINED
from ingle.auth.explaining import Explanations
from ingle.auth.keys import Identity
from ingle.auth.sigv4 import Verifier, is_addressed_locally, is_local
from ingle.gateway.bare import JSON, bare_error
from ingle.gateway.bodies import incomplete, read_whole, reading
from ingle.gateway.neighbours import Accounts, ReadBody, Skills
from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.wire.errors import RequestTooLarge, Serialization, ServiceError, UnknownOperation
from ingle.wire.http import Request, Response

_logger = logging.getLogger("ingle.gateway")

PREFIX = "/_ingle/"
"""No AWS service has a path that begins like this."""
_SKILLS = "alexa/"
_MAX_ACCOUNT_BYTES = 4096
_TEXT = [("content-type", "text/plain; version=0.0.4; charset=utf-8")]


class Report(NamedTuple):
    """Something of its own that Ingle tells, at a route of its own.

    Attributes:
        action: what the caller must be allowed to do.
        answer: makes the answer, JSON, for an account, a region and a query; what it raises is a
            ServiceError.
    """

    action: str
    answer: Callable[[str, str, Mapping[str, str]], Awaitable[Mapping[str, Any]]]


class OwnRoutes:
    """Answers what is asked of Ingle itself.

    Args:
        verifier: checks signatures.
        authorizer: says who may do what.
        packages: the file of a code package by its sha256, or None.
        health: what `/_ingle/health` answers.
        metrics: what `/_ingle/metrics` answers, in Prometheus's text format.
        accounts: keeps those of this server.
        skills: answers the requests of Alexa skills.
        reports: what else Ingle tells, by the route.
    """

    def __init__(
        self,
        verifier: Verifier,
        authorizer: Authorizer,
        packages: Callable[[str], Path | None],
        health: Callable[[], Mapping[str, Any]],
        metrics: Callable[[], bytes],
        accounts: Accounts,
        skills: Skills,
        reports: Mapping[str, Report],
    ) -> None:
        self._verifier = verifier
        self._authorizer = authorizer
        self._explanations = Explanations(authorizer)
        self._packages = packages
        self._health = health
        self._metrics = metrics
        self._accounts = accounts
        self._skills = skills
        self._reports = reports

    async def answer(self, request: Request, read_body: ReadBody) -> Response:
        """Answer a request whose path begins with `PREFIX`; every error becomes an answer."""
        route = request.path[len(PREFIX) :]
        if request.method in ("GET", "HEAD") and route == "health":
            return Response(200, JSON, orjson.dumps(self._health()))
        if request.method == "GET" and route == "metrics":
            return await self._measurements(request, read_body)
        if request.method in ("GET", "POST") and route == "accounts":
            return await self._answer_accounts(request, read_body)
        if request.method == "GET" and route.startswith("packages/"):
            return await self._package(request, route.removeprefix("packages/"), read_body)
        if request.method == "POST" and route.startswith(_SKILLS):
            return await self._skill(request, route.removeprefix(_SKILLS), read_body)
        if request.method == "GET" and route in EXPLAINED:
            return await self._explain(request, read_body, route)
        if request.method == "GET" and route in self._reports:
            return await self._report(request, read_body, self._reports[route])
        return bare_error(UnknownOperation(f"There is nothing at {request.path}."), "")

    async def _skill(self, request: Request, function: str, read_body: ReadBody) -> Response:
        try:
            return await self._skills.answer(
                request, function, reading(read_body), self._verifier.authenticate
            )
        except Exception:
            _logger.exception("a skill's request %s failed", request.path)
            return Response(500, JSON, b"Internal Server Error")

    async def _measurements(self, request: Request, read_body: ReadBody) -> Response:
        """Whoever is on this machine may see them without a signature, but no sandbox."""
        refusal = None
        if not (is_local(request) and is_addressed_locally(request)):
            refusal = await self._check(request, read_body, "lambda:GetAccountSettings")
        return refusal or Response(200, _TEXT, self._metrics())

    async def _answer_accounts(self, request: Request, read_body: ReadBody) -> Response:
        """List the accounts of this server, or make one."""
        try:
            request.body = await read_whole(read_body, _MAX_ACCOUNT_BYTES, "CreateAccount")
            self._accounts.check_may_manage(await self._verifier.authenticate(request))
            if request.method == "GET":
                return Response(200, JSON, orjson.dumps({"Accounts": self._accounts.list()}))
            account_id, name = _wanted_account(request.body)
            made = await self._accounts.create(account_id, name)
            return Response(200, JSON, orjson.dumps(made))
        except BodyIncomplete as error:
            return bare_error(incomplete(error), "")
        except ServiceError as error:
            return bare_error(error, "")

    async def _check(self, request: Request, read_body: ReadBody, action: str) -> Response | None:
        """Refuse a GET of Ingle's own whose caller may not do this."""

        def answer(identity: Identity) -> None:
            self._authorizer.require_of(identity, request, action, "*")

        return await self._own_answer(request, read_body, answer)

    async def _explain(self, request: Request, read_body: ReadBody, route: str) -> Response:
        """Tell why calls were allowed or denied, or would be."""
        found: list[Mapping[str, Any]] = []

        def answer(identity: Identity) -> None:
            query = dict(parse_qsl(request.query, keep_blank_values=True))
            found.append(self._explanations.answer(route, query, identity, request))

        refusal = await self._own_answer(request, read_body, answer)
        return refusal or Response(200, JSON, orjson.dumps(found[0]))

    async def _report(self, request: Request, read_body: ReadBody, report: Report) -> Response:
        """Tell what only Ingle tells."""
        callers: list[Identity] = []

        def check(identity: Identity) -> None:
            self._authorizer.require_of(identity, request, report.action, "*")
            callers.append(identity)

        refusal = await self._own_answer(request, read_body, check)
        if refusal is not None:
            return refusal
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        [caller] = callers
        try:
            answer = await report.answer(caller.account_id, caller.region, query)
            return Response(200, JSON, orjson.dumps(answer))
        except ServiceError as error:
            return bare_error(error, "")

    async def _own_answer(
        self, request: Request, read_body: ReadBody, answer: Callable[[Identity], None]
    ) -> Response | None:
        """Find out who asks, and hand them on; return what is wrong, if something is."""
        try:
            request.body = await read_body(0)
            answer(await self._verifier.authenticate(request))
        except BodyTooLarge:
            return bare_error(RequestTooLarge("A GET has no body."), "")
        except BodyIncomplete as error:
            return bare_error(ServiceError(str(error), status=408), "")
        except ServiceError as error:
            return bare_error(error, "")
        return None

    async def _package(self, request: Request, digest: str, read_body: ReadBody) -> Response:
        refusal = await self._check(request, read_body, "lambda:GetFunction")
        if refusal is not None:
            return refusal
        path = self._packages(digest)
        if path is None:
            return bare_error(
                ServiceError(f"There is no package {digest}.", code="NoSuchKey", status=404), ""
            )
        content = await asyncio.to_thread(path.read_bytes)
        return Response(200, [("content-type", "application/zip")], content)


def _wanted_account(body: bytes) -> tuple[str | None, str]:
    """Read the number and the name of an account out of a request."""
    try:
        wanted = orjson.loads(body)
        account_id, name = wanted.get("AccountId"), wanted.get("Name", "")
    except (orjson.JSONDecodeError, AttributeError):
        raise Serialization("The body is not a JSON object.") from None
    if not isinstance(account_id, str | None) or not isinstance(name, str):
        raise Serialization("AccountId and Name are strings.")
    return account_id, name
