"""OpenID Connect providers, MFA devices and login profiles, over HTTP."""

import sqlite3
import time
from base64 import b32decode

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tests.e2e.conftest import refusal
from tests.services.iam.conftest import ACCOUNT

PRINT = "a" * 40


def test_a_provider_is_made_told_changed_and_deleted(iam, name):
    url = f"https://{name.lower()}.example.com/path"
    arn = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["one"], ThumbprintList=[PRINT], Tags=[{"Key": "k", "Value": "v"}]
    )["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::{ACCOUNT}:oidc-provider/{url.removeprefix('https://')}"
    this = {"OpenIDConnectProviderArn": arn}
    assert this["OpenIDConnectProviderArn"] in [
        each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    ]
    for _ in range(2):
        iam.add_client_id_to_open_id_connect_provider(**this, ClientID="two")
    found = iam.get_open_id_connect_provider(**this)
    assert found["Url"] == url.removeprefix("https://")
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["one", "two"], [PRINT])
    assert found["Tags"] == [{"Key": "k", "Value": "v"}]
    for _ in range(2):
        iam.remove_client_id_from_open_id_connect_provider(**this, ClientID="one")
    iam.update_open_id_connect_provider_thumbprint(**this, ThumbprintList=["b" * 40])
    found = iam.get_open_id_connect_provider(**this)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["two"], ["b" * 40])
    iam.tag_open_id_connect_provider(**this, Tags=[{"Key": "a", "Value": "b"}])
    iam.untag_open_id_connect_provider(**this, TagKeys=["k"])
    assert iam.list_open_id_connect_provider_tags(**this)["Tags"] == [{"Key": "a", "Value": "b"}]
    assert refusal(iam.create_open_id_connect_provider, Url=url) == (
        409,
        "EntityAlreadyExists",
        f"Provider with url {url} already exists.",
    )
    iam.delete_open_id_connect_provider(**this)
    assert refusal(iam.get_open_id_connect_provider, **this) == (
        404,
        "NoSuchEntity",
        f"OpenIDConnect Provider not found for arn {arn}",
    )
    assert refusal(iam.delete_open_id_connect_provider, **this) == (
        404,
        "NoSuchEntity",
        f"OpenId connect Provider {arn} cannot be found.",
    )


@pytest.mark.parametrize("url", ["http://example.com", "example.com/x", "https://", "https://a?b"])
def test_an_issuer_has_an_https_url(iam, url):
    invalid = 400, "ValidationError", "Invalid Open ID Connect Provider URL"
    assert refusal(iam.create_open_id_connect_provider, Url=url) == invalid


def test_providers_have_few_thumbprints_and_clients(iam, name):
    url = f"https://{name.lower()}.example.com"
    prints = [f"{number:040}" for number in range(6)]
    assert refusal(iam.create_open_id_connect_provider, Url=url, ThumbprintList=prints) == (
        400,
        "InvalidInput",
        "Thumbprint list must contain fewer than 5 entries.",
    )
    clients = [f"client-{number}" for number in range(101)]
    assert refusal(iam.create_open_id_connect_provider, Url=url, ClientIDList=clients) == (
        409,
        "LimitExceeded",
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
    )


def codes(seed, now=None):
    """The passwords that a device shows now and next."""
    device = TOTP(b32decode(seed), 6, SHA1(), 30)
    step = int((now or time.time()) // 30) * 30
    return [device.generate(step + off).decode() for off in (0, 30)]


def test_a_device_is_made_given_to_a_user_and_taken(iam, user, name, iam_server):
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name, Path="/p/")["VirtualMFADevice"]
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    assert serial == f"arn:aws:iam::{ACCOUNT}:mfa/p/{name}"
    assert refusal(iam.create_virtual_mfa_device, VirtualMFADeviceName=name, Path="/p/") == (
        409,
        "EntityAlreadyExists",
        "MFA device already exists.",
    )
    with sqlite3.connect(iam_server.data_dir / "ingle.db") as database:
        rows = database.execute("select * from iam_mfa_devices").fetchall()
    assert seed.decode() not in str(rows)
    who = {"UserName": user, "SerialNumber": serial}
    wrong = refusal(
        iam.enable_mfa_device, **who, AuthenticationCode1="000000", AuthenticationCode2="000001"
    )
    assert wrong[:2] == (403, "InvalidAuthenticationCode")
    first, second = codes(seed)
    both = {"AuthenticationCode1": first, "AuthenticationCode2": second}
    iam.enable_mfa_device(**who, **both)
    [device] = iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert (device["UserName"], device["SerialNumber"]) == (user, serial)
    assert iam.get_mfa_device(**who)["EnableDate"] == device["EnableDate"]
    assert refusal(iam.enable_mfa_device, **who, **both) == (
        409,
        "EntityAlreadyExists",
        "MFA Device is already in use.",
    )
    iam.resync_mfa_device(**who, **both)
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert user in [each["User"]["UserName"] for each in assigned]
    assert refusal(iam.delete_virtual_mfa_device, SerialNumber=serial)[:2] == (
        409,
        "DeleteConflict",
    )
    assert refusal(iam.delete_user, UserName=user)[:2] == (409, "DeleteConflict")
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "a", "Value": "b"}])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "a", "Value": "b"}]
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["a"])
    iam.deactivate_mfa_device(**who)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    for call, more in (
        (iam.delete_virtual_mfa_device, {}),
        (iam.deactivate_mfa_device, {"UserName": user}),
        (iam.get_mfa_device, {}),
    ):
        assert refusal(call, SerialNumber=serial, **more) == (
            404,
            "NoSuchEntity",
            f"MFA Device with serial number {serial} does not exist.",
        )


def test_a_login_profile_is_made_changed_and_deleted(iam, user):
    made = iam.create_login_profile(
        UserName=user, Password="Correct-horse-7", PasswordResetRequired=True
    )["LoginProfile"]
    assert (made["UserName"], made["PasswordResetRequired"]) == (user, True)
    assert iam.get_login_profile(UserName=user)["LoginProfile"] == made
    assert refusal(iam.create_login_profile, UserName=user, Password="Correct-horse-7") == (
        409,
        "EntityAlreadyExists",
        f"Login Profile for user {user} already exists.",
    )
    iam.update_login_profile(UserName=user, PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"]
    iam.delete_login_profile(UserName=user)
    missing = 404, "NoSuchEntity", f"Login Profile for User {user} cannot be found."
    assert refusal(iam.get_login_profile, UserName=user) == missing
    assert refusal(iam.delete_login_profile, UserName=user) == missing
    assert refusal(iam.update_login_profile, UserName=user) == missing


@pytest.mark.parametrize("password", ["Short-7", "nothing but lower case"])
def test_a_weak_password_is_refused_and_not_repeated(iam, user, password):
    status, code, message = refusal(iam.create_login_profile, UserName=user, Password=password)
    assert (status, code) == (400, "PasswordPolicyViolation")
    assert password not in message
