"""The requests that a skill gets, and the session that they belong to.

Source: https://developer.amazon.com/en-US/docs/alexa/custom-skills/request-and-response-json-reference.html
"""

import datetime
import hashlib
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from ingle.storage.files import write_atomically

NO_SKILL = "amzn1.ask.skill.00000000-0000-0000-0000-000000000000"
"""The skill that requests are of where nobody says which."""
_USER = "amzn1.ask.account.INGLE"
_DEVICE = "amzn1.ask.device.INGLE"
_STATE = "XDG_STATE_HOME"


@dataclass(slots=True)
class Session:
    """What goes on between somebody and a skill.

    Attributes:
        skill: the skill's id.
        session_id: the session's.
        attributes: what the skill wants to be told again.
        is_new: whether nothing was said yet.
    """

    skill: str
    session_id: str = field(default_factory=lambda: f"amzn1.echo-api.session.{uuid.uuid4()}")
    attributes: Mapping[str, Any] = field(default_factory=dict)
    is_new: bool = True

    @classmethod
    def load(cls, path: Path, skill: str) -> Self:
        """Take up the session that a file holds; begin one where it holds none of this skill's."""
        with suppress(OSError, ValueError, TypeError):
            found = cls(**json.loads(path.read_text("utf-8")))
            if found.skill == skill:
                return found
        return cls(skill)

    def save(self, path: Path) -> None:
        """Keep it for the next time; for its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(asdict(self)).encode())

    def answered(self, attributes: Mapping[str, Any]) -> None:
        """Note what the skill answered."""
        self.attributes, self.is_new = attributes, False

    def launch(self, locale: str) -> dict[str, Any]:
        """Make the request of somebody who opens the skill."""
        return self._event("LaunchRequest", locale, {"shouldLinkResultBeReturned": False})

    def intent(self, name: str, slots: Mapping[str, str | None], locale: str) -> dict[str, Any]:
        """Make the request of somebody who wants something."""
        described = {
            slot: {"name": slot, "confirmationStatus": "NONE", "source": "USER"}
            | ({} if value is None else {"value": value})
            for slot, value in slots.items()
        }
        intent = {"name": name, "confirmationStatus": "NONE", "slots": described}
        return self._event("IntentRequest", locale, {"intent": intent})

    def end(self, locale: str) -> dict[str, Any]:
        """Make the request that tells of the end."""
        return self._event("SessionEndedRequest", locale, {"reason": "USER_INITIATED"})

    def _event(self, kind: str, locale: str, members: Mapping[str, Any]) -> dict[str, Any]:
        application, user = {"applicationId": self.skill}, {"userId": _USER}
        now = datetime.datetime.now(datetime.UTC)
        return {
            "version": "1.0",
            "session": {
                "new": self.is_new,
                "sessionId": self.session_id,
                "application": application,
                "attributes": dict(self.attributes),
                "user": user,
            },
            "context": {
                "System": {
                    "application": application,
                    "user": user,
                    "device": {"deviceId": _DEVICE, "supportedInterfaces": {}},
                    "apiEndpoint": "https://api.amazonalexa.com",
                    "apiAccessToken": "",
                }
            },
            "request": {
                "type": kind,
                "requestId": f"amzn1.echo-api.request.{uuid.uuid4()}",
                "timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "locale": locale,
                **members,
            },
        }


def session_path(endpoint: str, function_arn: str) -> Path:
    """Say where the session with a function of a server is kept."""
    state = os.environ.get(_STATE)
    folder = Path(state) if state else Path.home() / ".local" / "state"
    name = hashlib.sha256(f"{endpoint} {function_arn}".encode()).hexdigest()[:16]
    return folder / "ingle" / "alexa" / f"{name}.json"
