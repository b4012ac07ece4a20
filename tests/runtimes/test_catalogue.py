from datetime import date

import pytest
from botocore.session import Session

from ingle.runtimes.catalogue import catalogue, install_hint, served_runtimes


def test_the_catalogue_holds_every_runtime_of_awss_model():
    model = Session().get_service_model("lambda")
    # `custom` stands for functions without a managed runtime; AWS documents no such runtime.
    assert set(catalogue()) == set(model.shape_for("Runtime").enum) - {"custom"}


def test_every_runtime_that_ingle_runs_is_in_the_catalogue():
    assert served_runtimes()[0] == "python3.8"
    assert served_runtimes()[-1] == "python3.14"
    assert set(served_runtimes()) <= set(catalogue())


def test_a_runtime_knows_its_language_and_when_aws_ends_it():
    info = catalogue()["python3.11"]
    assert (info.language, info.version, info.deprecated) == ("python", "3.11", date(2027, 6, 30))


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
