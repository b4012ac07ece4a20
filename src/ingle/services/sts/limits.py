"""The limits of STS, which are in limits.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What limits.toml says; there it is explained."""

    role_duration: int
    role_chaining_duration: int
    user_duration: int
    root_duration: int
    policy_characters: int
    policy_arns: int
    packed: int
    web_identity_skew: int
    web_identity_subject: int


LIMITS = Limits(**tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8")))
