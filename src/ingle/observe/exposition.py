"""Prometheus's text format.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Sample(NamedTuple):
    """One number.

    Attributes:
        suffix: what its name has after the family's, for instance `_sum`.
        labels: by their names.
        value: the number.
    """

    suffix: str
    labels: Mapping[str, str]
    value: float


class Family(NamedTuple):
    """The samples of one name.

    Attributes:
        name: as Prometheus has it.
        kind: `counter`, `gauge`, `histogram` or `summary`.
        help: what it tells.
        samples: in the order in which they are written.
    """

    name: str
    kind: str
    help: str
    samples: Sequence[Sample]


def page(families: Iterable[Family]) -> bytes:
    """Write families of samples."""
    lines: list[str] = []
    for name, kind, told, samples in families:
        lines += [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
        lines += [
            f"{name}{suffix}{_labels(labels)} {_number(value)}" for suffix, labels, value in samples
        ]
    return ("\n".join(lines) + "\n").encode()


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    told = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return "{" + ",".join(told) + "}"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.6g}"
