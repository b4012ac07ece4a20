"""What sandboxes reach beyond the AWS endpoint, as the server hears it from the warden."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Weakness:
    """Something about the network that is missing or less than it could be.

    Attributes:
        name: what it is about.
        detail: what was found.
        consequence: what follows, and what to do.
    """

    name: str
    detail: str
    consequence: str


@dataclass(frozen=True, slots=True)
class Outbound:
    """Whether sandboxes reach the outside, and how well.

    Attributes:
        on: whether they do; where not and there is no weakness, it is turned off.
        weaknesses: why not, or what is less than it could be.
    """

    on: bool
    weaknesses: tuple[Weakness, ...] = ()

    def pack(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def unpack(cls, packed: bytes) -> "Outbound":
        """Return what `pack` gave; raise ValueError, KeyError or TypeError when it is none."""
        read = json.loads(packed)
        return cls(read["on"], tuple(Weakness(**each) for each in read["weaknesses"]))
