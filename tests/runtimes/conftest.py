"""A machine on which nothing is where interpreters usually are, until a test puts it there."""

from pathlib import Path

import pytest

_VARIABLES = [
    "ASDF_DATA_DIR",
    "FNM_DIR",
    "JAVA_HOME",
    "MISE_DATA_DIR",
    "N_PREFIX",
    "NVM_DIR",
    "PYENV_ROOT",
    "RBENV_ROOT",
    "rvm_path",
    "SDKMAN_DIR",
    "UV_PYTHON_INSTALL_DIR",
    "VOLTA_HOME",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; no version manager is configured, and PATH is an empty folder."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    (folder / "bin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("PATH", str(folder / "bin"))
    return folder
