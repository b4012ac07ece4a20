"""The Java runtime: the bootstrap's sources and jar, and how it is started."""

from pathlib import Path

JAR = Path(__file__).parent / "ingle-java-runtime.jar"
"""What a sandbox runs; `scripts/build-java-runtime` makes it from `source/`."""


def major_of(version: str) -> int:
    """Return the feature release that a Java's version belongs to: 8 for `1.8.0_412`.

    Args:
        version: as the installation spells it.
    """
    numbers = version.split(".")
    return int(numbers[1] if numbers[0] == "1" else numbers[0])
