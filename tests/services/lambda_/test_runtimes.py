from pathlib import Path

import pytest

from ingle.runtimes.catalogue import install_hint, served_runtimes
from ingle.runtimes.discovery import Interpreters
from ingle.services.lambda_.runtimes import check_runtime
from ingle.wire.errors import ServiceError
from tests.runtimes import pretenders
from tests.services.clocks import ManualClock


async def refusal(runtime: str, interpreters: Interpreters) -> str:
    with pytest.raises(ServiceError) as caught:
        await check_runtime(runtime, interpreters)
    assert caught.value.error_code == "InvalidParameterValueException"
    assert caught.value.members == {"Type": "User"}
    return caught.value.message


@pytest.fixture
def machine(tmp_path: Path, clock: ManualClock) -> Interpreters:
    """A machine that has Python 3.11 and nothing else."""
    pretenders.python(tmp_path / "python3.11", "3.11.7", tmp_path)
    return Interpreters(clock, [tmp_path])


async def test_what_aws_does_not_have_is_refused_in_awss_words(machine: Interpreters) -> None:
    assert await refusal("cobol74", machine) == (
        "Value cobol74 at 'runtime' failed to satisfy constraint: Member must satisfy enum value "
        f"set: [{', '.join(served_runtimes())}] or be a valid ARN"
    )


async def test_what_ingle_does_not_run_is_refused_with_what_to_do_instead(
    machine: Interpreters,
) -> None:
    assert await refusal("go1.x", machine) == (
        "Runtime go1.x is not supported: this version of Ingle does not run Go functions. Name the "
        "function's executable bootstrap and use provided.al2023."
    )
    assert await refusal("dotnet8", machine) == (
        "Runtime dotnet8 is not supported: this version of Ingle does not run .NET functions. A "
        ".NET function that is compiled ahead of time (Native AOT) runs with provided.al2023."
    )


@pytest.mark.parametrize("runtime", ["python3.7", "python3.15"])
async def test_a_version_that_ingle_does_not_run_is_refused_with_those_that_it_does(
    machine: Interpreters, runtime: str
) -> None:
    assert await refusal(runtime, machine) == (
        f"Runtime {runtime} is not supported: this version of Ingle does not run Python "
        f"{runtime.removeprefix('python')}. It runs python3.8, python3.9, python3.10, python3.11, "
        "python3.12, python3.13, python3.14."
    )


async def test_what_the_machine_lacks_is_refused_with_how_to_install_it(
    machine: Interpreters,
) -> None:
    assert await refusal("python3.12", machine) == (
        "Runtime python3.12 is not installed on this machine. To install it: "
        f"{install_hint('python3.12')}"
    )


async def test_a_newer_version_that_might_serve_it_is_named_with_the_setting(
    machine: Interpreters,
) -> None:
    assert await refusal("python3.9", machine) == (
        "Runtime python3.9 is not installed on this machine. To install it: "
        f"{install_hint('python3.9')}. Or let Python 3.11.7, which is installed, serve it: start "
        'Ingle with --substitutes python3.9, or write substitutes = ["python3.9"] in the table '
        "[runtimes] of its configuration file."
    )


async def test_a_version_that_only_a_newer_one_can_serve_is_refused_with_the_setting(
    tmp_path: Path, clock: ManualClock, machine: Interpreters
) -> None:
    only_newer = "Runtime nodejs6.10 is served only by a newer Node.js, where that is allowed. "
    assert await refusal("nodejs6.10", machine) == (
        f"{only_newer}To have it, install a newer Node.js, and let it serve nodejs6.10 with "
        "--substitutes nodejs6.10"
    )
    pretenders.node(tmp_path, "20.9.0")
    with_node = Interpreters(clock, [tmp_path / "bin"])
    assert await refusal("nodejs6.10", with_node) == (
        f"{only_newer}To have it, let Node.js 20.9.0, which is installed, serve it: start Ingle "
        'with --substitutes nodejs6.10, or write substitutes = ["nodejs6.10"] in the table '
        "[runtimes] of its configuration file."
    )
    await check_runtime("nodejs6.10", Interpreters(clock, [tmp_path / "bin"], substitutes=True))


async def test_a_newer_version_serves_it_where_that_is_allowed(
    tmp_path: Path, clock: ManualClock, machine: Interpreters
) -> None:
    machine.look()
    allowing = Interpreters(clock, [tmp_path], substitutes={"python3.9"})
    await check_runtime("python3.9", allowing)
    assert "python3.10 is not installed" in await refusal("python3.10", allowing)


@pytest.mark.parametrize("runtime", ["python3.11", "provided", "provided.al2", "provided.al2023"])
async def test_what_the_machine_has_and_what_needs_nothing_of_it_are_taken(
    machine: Interpreters, runtime: str
) -> None:
    await check_runtime(runtime, machine)


async def test_what_is_installed_while_the_server_runs_needs_a_restart(
    tmp_path: Path, clock: ManualClock, machine: Interpreters
) -> None:
    machine.look()
    pretenders.python(tmp_path / "python3.12", "3.12.1", tmp_path)
    await clock.advance(10)
    assert await refusal("python3.12", machine) == (
        "Runtime python3.12 was installed after this server started. Restart Ingle to use it."
    )
