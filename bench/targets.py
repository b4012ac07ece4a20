"""The figures that Ingle must reach, and whether a run reached them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parent / "targets.toml"


@dataclass(frozen=True, slots=True)
class Target:
    """One bound on one figure.

    Attributes:
        promise: in words.
        measure: the figure's name in the results.
        unit: of the figure and of the bound.
        at_most: the upper bound, or None.
        at_least: the lower bound, or None.
        against: the figure whose multiple the bound is; None makes it absolute.
    """

    promise: str
    measure: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target in the light of a run.

    Attributes:
        target: the target.
        measured: the figure, or None when the run did not measure all it takes to judge.
        bound: the bound in the figure's own unit, or None likewise.
    """

    target: Target
    measured: float | None
    bound: float | None

    @property
    def reached(self) -> bool | None:
        """Whether the figure keeps the bound; None when the run cannot tell."""
        if self.measured is None or self.bound is None:
            return None
        if self.target.at_most is not None:
            return self.measured <= self.bound
        return self.measured >= self.bound


def load_targets() -> list[Target]:
    """The targets of the data file."""
    return [Target(**entry) for entry in tomllib.loads(DATA.read_text())["target"]]


def judge(target: Target, results: Mapping[str, float]) -> Verdict:
    """Holds a run's results against a target.

    Raises:
        ValueError: the target has no bound or two.
    """
    bounds = [bound for bound in (target.at_most, target.at_least) if bound is not None]
    if len(bounds) != 1:
        raise ValueError(f"a target has one bound: {target.promise}")
    scale = 1.0 if target.against is None else results.get(target.against)
    bound = None if scale is None else bounds[0] * scale
    return Verdict(target, results.get(target.measure), bound)
