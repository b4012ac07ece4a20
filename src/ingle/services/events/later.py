"""Members of EventBridge's requests that are refused by name."""

from pathlib import Path

from ingle.services.events.errors import Validation
from ingle.services.later import Later

LATER = Later(Path(__file__).with_name("later.toml"), Validation)
