"""Passwords: what they must be like, and how they are kept.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html
"""

import base64
import hashlib
import os
import string
from collections.abc import Callable, Mapping
from typing import Any

from ingle.services.iam.errors import PasswordPolicyViolation
from ingle.services.iam.limits import PASSWORD

_SYMBOLS = frozenset("!@#$%^&*()_+-=[]{}|'")
_SALT_BYTES = 16
# Some 50 ms and 16 MB; https://datatracker.ietf.org/doc/html/rfc7914
_COST = {"n": 2**14, "r": 8, "p": 1}

_KINDS: Mapping[str, Callable[[str], bool]] = {
    "Uppercase": lambda character: character in string.ascii_uppercase,
    "Lowercase": lambda character: character in string.ascii_lowercase,
    "Number": lambda character: character in string.digits,
    "Symbol": lambda character: character in _SYMBOLS,
}
_REQUIRED = {
    "RequireUppercaseCharacters": ("Uppercase", "at least one uppercase letter"),
    "RequireLowercaseCharacters": ("Lowercase", "at least one lowercase letter"),
    "RequireNumbers": ("Number", "at least one number"),
    "RequireSymbols": (
        "Symbol",
        "at least one of the following symbols: ! @ # $ % ^ & * ( ) _ + - = [ ] { } | '",
    ),
}


def check(password: str, policy: Mapping[str, Any] | None) -> None:
    """Refuse a password that is weaker than an account wants it.

    Args:
        password: the password.
        policy: the members of AWS's `PasswordPolicy`; None for AWS's default policy.

    Raises:
        PasswordPolicyViolation: it is; the text says what it lacks, and does not repeat it.
    """
    length = PASSWORD.length if policy is None else policy["MinimumPasswordLength"]
    if len(password) < length:
        raise PasswordPolicyViolation(f"Password should have a minimum length of {length}")
    if policy is None:
        kinds = sum(any(map(is_of, password)) for is_of in _KINDS.values())
        if kinds < PASSWORD.kinds:
            raise PasswordPolicyViolation(
                f"Password should have at least {PASSWORD.kinds} of uppercase letters, lowercase "
                "letters, numbers and symbols"
            )
        return
    for member, (kind, words) in _REQUIRED.items():
        if policy[member] and not any(map(_KINDS[kind], password)):
            raise PasswordPolicyViolation(f"Password should have {words}")


def hashed(password: str) -> str:
    """Return what is kept of a password, from which it cannot be got back; blocks for 50 ms."""
    salt = os.urandom(_SALT_BYTES)
    digest = hashlib.scrypt(password.encode(), salt=salt, **_COST)
    return base64.b64encode(salt + digest).decode("ascii")
