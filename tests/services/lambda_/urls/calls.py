"""Requests to function URLs, and those who send them."""

from typing import Any

from ingle.auth.keys import Identity
from ingle.iam.principal import Principal, PrincipalKind
from ingle.services.lambda_.urls.addresses import address_in
from ingle.services.lambda_.urls.events import Call
from ingle.services.lambda_.urls.model import FunctionUrl
from ingle.wire.http import Request

URL_ID = "abcdefghijklmnopqrstuvwxyz012345"
HOST = f"{URL_ID}.lambda-url.eu-west-1.localhost:4566"
ACCOUNT = "123456789012"


def signer(
    arn: str = f"arn:aws:iam::{ACCOUNT}:root",
    kind: PrincipalKind = PrincipalKind.ROOT,
    unique_id: str = ACCOUNT,
    role_arn: str | None = None,
) -> Identity:
    """Make one who signed."""
    principal = Principal(kind, arn, arn.split(":")[4], unique_id, role_arn)
    return Identity("AKIAEXAMPLE", principal, "eu-west-1", "lambda")


def function_url(**settings: Any) -> FunctionUrl:
    """Make a function URL of a function named greet."""
    return FunctionUrl(
        **{
            "key": (ACCOUNT, "eu-west-1", "greet"),
            "qualifier": "",
            "url_id": URL_ID,
            "auth_type": "NONE",
            "cors": None,
            "invoke_mode": None,
            "created_us": 1,
            "modified_us": 2,
            **settings,
        }
    )


def call(
    method: str = "GET",
    path: str = "/",
    query: str = "",
    body: bytes = b"",
    caller: Identity | None = None,
    **headers: str,
) -> Call:
    """Make a call; `user_agent="x"` is the header user-agent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(method, path, query, {"host": HOST, **named}, body, "203.0.113.7")
    address = address_in(request)
    assert address is not None
    return Call(request, function_url(), address, caller, "id-1", "Root=1-2-3", 1583348638.390)
