"""Prometheus's text format."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ingle.observe.exposition import Family, Sample, page

_LINE = re.compile(r'[a-z_]+\{label="((?:[^"\\\n]|\\["\\n])*)"\} (\S+)')
_UNESCAPED = {r"\\": "\\", r"\n": "\n", r"\"": '"'}


def test_a_family_has_its_help_its_kind_and_its_samples() -> None:
    family = Family("up_total", "counter", "How often.", [Sample("", {"a": "1", "b": "2"}, 3)])
    assert page([family]) == (
        b'# HELP up_total How often.\n# TYPE up_total counter\nup_total{a="1",b="2"} 3\n'
    )


def test_a_sample_without_labels_has_no_braces() -> None:
    assert page([Family("free", "gauge", "x", [Sample("", {}, 0.5)])]).endswith(b"\nfree 0.5\n")


@given(st.text(), st.floats(0, 1e15, allow_nan=False))
def test_what_is_written_can_be_read_back(label: str, value: float) -> None:
    written = page([Family("a", "gauge", "x", [Sample("_b", {"label": label}, value)])]).decode()
    line = written.removesuffix("\n").split("\n", 2)[2]
    match = _LINE.fullmatch(line)
    assert match
    unescaped = re.sub(r'\\["\\n]', lambda found: _UNESCAPED[found[0]], match[1])
    assert unescaped == label
    assert abs(float(match[2]) - value) <= max(1e-5 * value, 1e-9)
