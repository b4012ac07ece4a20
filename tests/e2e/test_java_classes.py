"""Java functions share an archive of classes that the server makes, and their memory is limited."""

import json
import uuid

import pytest

from tests.e2e.conftest import ROLE, eventually
from tests.e2e.languages import JAVAC, java_class, runtimes_of, zip_of_files

RUNTIMES = [name for name in runtimes_of("java") if not name.startswith("java8")]
SOURCE = """
package example;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

public class Classes {
    public Object mapped() throws IOException {
        return Files.readAllLines(Paths.get("/proc/self/maps")).stream()
                .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .filter(path -> path.startsWith("/var/runtime/") && path.endsWith(".jsa"))
                .distinct()
                .collect(Collectors.toList());
    }

    public String write(String path) {
        try (FileOutputStream file = new FileOutputStream(path)) {
            return "written";
        } catch (IOException error) {
            return error.getMessage();
        }
    }

    public int hoard(int megabytes) {
        List<byte[]> kept = new ArrayList<>();
        while (kept.size() < megabytes) kept.add(new byte[1 << 20]);
        return kept.size();
    }
}
"""

pytestmark = pytest.mark.skipif(
    JAVAC is None or not RUNTIMES, reason="this machine has no Java 11 or later with a compiler"
)


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    code = java_class(tmp_path_factory.mktemp("java"), "Classes", SOURCE)
    return zip_of_files({"example/Classes.class": code})


@pytest.fixture
def run(package):
    """Create a function of these classes on a server, and invoke it in a new sandbox."""

    def call(server, method, event=None, *, runtime=RUNTIMES[0], memory_mb=512):
        client, name = server.client("lambda"), f"j-{uuid.uuid4().hex[:12]}"
        client.create_function(
            FunctionName=name,
            Role=ROLE,
            Runtime=runtime,
            Handler=f"example.Classes::{method}",
            Timeout=30,
            MemorySize=memory_mb,
            Code={"ZipFile": package},
        )
        answer = client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        client.delete_function(FunctionName=name)
        return json.loads(answer["Payload"].read())

    return call


def kept(server):
    """The archives that the server has, without those that it is making."""
    return sorted((server.data_dir / "runtimes" / "java").glob("*.jsa"))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_sandboxes_use_the_archive_that_the_server_made(own_server, run, runtime):
    before = run(own_server, "mapped", runtime=runtime)
    eventually(lambda: len(kept(own_server)) == 2, "there is an archive", 60)
    shown, made = kept(own_server)
    assert shown.resolve() == made.resolve()
    place = f"/var/runtime/classes/{shown.resolve().name}"
    assert before in ([], [place])
    # Those that were made ahead without it are used up first.
    eventually(
        lambda: run(own_server, "mapped", runtime=runtime) == [place], "an archive is in use", 60
    )
    for path in (place, "/var/runtime/classes/new"):
        assert "Read-only file system" in run(own_server, "write", path, runtime=runtime)


def test_an_archive_that_was_damaged_is_made_anew(own_server, run):
    run(own_server, "mapped")
    eventually(lambda: len(kept(own_server)) == 2, "there is an archive", 60)
    archive = kept(own_server)[0].resolve()
    whole = archive.stat().st_size
    own_server.stop()
    with archive.open("r+b") as file:
        file.seek(whole // 2)
        file.write(b"\xff" * (1 << 20))
    own_server.start()
    assert isinstance(run(own_server, "mapped"), list)
    eventually(lambda: len(kept(own_server)) == 2, "there is an archive again", 60)
    eventually(lambda: run(own_server, "mapped") != [], "it is in use", 60)
    assert run(own_server, "hoard", 10) == 10


def test_a_java_that_gets_no_archive_runs_functions_without(own_server, run):
    (own_server.data_dir / "runtimes" / "java").chmod(0o555)
    assert run(own_server, "mapped") == []
    eventually(
        lambda: " starts without an archive of its classes: " in own_server.log, "it is said"
    )
    assert run(own_server, "mapped") == []


@pytest.mark.usefixtures("memory_limits")
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_function_that_takes_more_than_its_memory_is_ended(server, run, runtime):
    # The heap could grow to any function's memory; the control group knows this one's.
    small = {"runtime": runtime, "memory_mb": 128}
    assert run(server, "hoard", 20, **small) == 20
    error = run(server, "hoard", 3000, **small)
    assert error["errorType"] == "Runtime.OutOfMemory"
    assert error["errorMessage"].endswith(" Error: Runtime exited with error: signal: killed")
    assert run(server, "hoard", 300, runtime=runtime, memory_mb=512) == 300
