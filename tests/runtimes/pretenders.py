"""Programs that answer as interpreters would."""

from pathlib import Path


def executable(path: Path, script: str) -> Path:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def telltale(path: Path) -> Path:
    """Write a program that leaves a file beside it when it is run."""
    return executable(path, f"#!/bin/sh\ntouch {path}.was-run\n")


def was_run(path: Path) -> bool:
    """Whether a `telltale` was."""
    return path.with_name(f"{path.name}.was-run").exists()


def python(path: Path, version: str, prefix: Path) -> Path:
    """Write a Python 3 of this version."""
    numbers = version.replace(".", ", ")
    return executable(
        path,
        "#!/bin/sh\n"
        f'echo \'{{"implementation": "cpython", "version": [{numbers}], "final": true, '
        f'"executable": "{path}", "prefix": "{prefix}"}}\'\n',
    )


def node(prefix: Path, version: str, name: str = "node") -> Path:
    """Write a Node.js of this version."""
    path = prefix / "bin" / name
    return executable(path, f"#!/bin/sh\necho node\necho {version}\necho {path}\n")


def java(home: Path, release: str) -> Path:
    """Write a Java with this file `release`, which must not be run."""
    path = telltale(home / "bin" / "java")
    (home / "release").write_text(release)
    return path


def ruby(prefix: Path, version: str, patch: str = "100", engine: str = "ruby") -> Path:
    """Write a Ruby of this version."""
    path = prefix / "bin" / "ruby"
    said = "\\n".join([engine, patch, version, str(path), str(prefix)])
    return executable(path, f"#!/bin/sh\nprintf '{said}\\n'\n")
