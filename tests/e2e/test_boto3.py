"""Functions in Python find boto3 without bringing it along, as on AWS."""

import json
import uuid
from typing import Any

import boto3
import pytest

from tests.e2e.conftest import ROLE, RUNTIME, create, eventually
from tests.e2e.languages import runtimes_of, zip_of_files

PYTHONS = [each for each in runtimes_of("python3") if int(each.partition(".")[2]) >= 10]
OLDER = [each for each in runtimes_of("python") if each not in PYTHONS]
FINDER = """
import os, sys
SDK = ("boto3", "botocore", "s3transfer", "urllib3")
before = [name for name in sys.modules if name.partition(".")[0] in SDK]
import boto3
client = boto3.client("s3")
def handler(event, context):
    return eval(event)
"""
PLACE = "/var/runtime/boto3/__init__.py"


@pytest.fixture
def find(functions: Any, invoke: Any) -> Any:
    """Evaluate an expression in a function for a Python."""
    made = []

    def call(runtime: str, expression: str) -> Any:
        name = f"b-{uuid.uuid4().hex[:12]}"
        functions.create_function(
            FunctionName=name,
            Runtime=runtime,
            Role=ROLE,
            Handler="app.handler",
            Timeout=30,
            MemorySize=512,
            Code={"ZipFile": zip_of_files({"app.py": FINDER})},
        )
        made.append(name)
        return invoke(name, expression)[0]

    yield call
    for name in made:
        functions.delete_function(FunctionName=name)


@pytest.mark.parametrize("runtime", PYTHONS)
def test_boto3_is_there_at_once_and_nobody_has_imported_it(find: Any, runtime: str) -> None:
    expression = (
        "[boto3.__version__, boto3.__file__, client.meta.service_model.service_name, before]"
    )
    assert find(runtime, expression) == [boto3.__version__, PLACE, "s3", []]


@pytest.mark.parametrize("runtime", PYTHONS)
def test_its_byte_code_is_made_ahead_for_every_python(server: Any, find: Any, runtime: str) -> None:
    find(runtime, "1")
    folder = server.data_dir / "runtimes" / "python"
    version = runtime.removeprefix("python")
    eventually(lambda: any(folder.glob(f"boto3-*/.compiled-{version}")), "it is compiled", 60)
    modules = find(
        runtime,
        "[name for name, module in sys.modules.items() if name.partition('.')[0] in SDK"
        " and '.six.' not in name and not os.path.exists(module.__cached__)]",
    )
    assert modules == []


def test_it_is_described_as_installed(find: Any) -> None:
    expression = "__import__('importlib.metadata').metadata.version('botocore')"
    assert find(RUNTIME, expression) == boto3.session.botocore.__version__


def test_nothing_else_of_ingle_s_environment_is_there(find: Any) -> None:
    expression = (
        "[name for name in ('ingle', 'sqlalchemy', 'typer', 'cryptography', 'pip', 'pytest')"
        " if __import__('importlib.util').util.find_spec(name)]"
    )
    assert find(RUNTIME, expression) == []


def test_it_cannot_be_written_to(find: Any) -> None:
    assert find(RUNTIME, f"os.access({PLACE!r}, os.W_OK)") is False


def test_what_a_layer_or_a_package_brings_is_found_first(
    functions: Any, deploy: Any, invoke: Any
) -> None:
    layer = functions.publish_layer_version(
        LayerName=f"l-{uuid.uuid4().hex[:12]}",
        Content={"ZipFile": zip_of_files({"python/boto3/__init__.py": "__version__ = 'layer'"})},
    )["LayerVersionArn"]
    source = "import boto3, sys\ndef handler(e, c): return [boto3.__version__, sys.path[:4]]\n"
    name = deploy(source, Layers=[layer])
    path = ["/var/task", f"/opt/python/lib/{RUNTIME}/site-packages", "/opt/python", "/var/runtime"]
    assert invoke(name)[0] == ["layer", path]
    package = {"app.py": source, "boto3.py": "__version__ = 'package'"}
    functions.update_function_code(FunctionName=name, ZipFile=zip_of_files(package))
    assert invoke(name)[0] == ["package", path]


def test_a_call_of_ingle_reaches_it_and_is_refused_until_the_role_may(
    deploy: Any, invoke: Any
) -> None:
    name = deploy(
        "import boto3\n"
        "def handler(event, context):\n"
        "    try:\n"
        "        boto3.client('lambda').list_functions()\n"
        "    except Exception as error:\n"
        "        return error.response['Error']\n",
        Timeout=30,
    )
    assert invoke(name)[0] == {
        "Code": "AccessDeniedException",
        "Message": f"User: arn:aws:sts::000000000000:assumed-role/lambda-ex/{name} is not "
        "authorized to perform: lambda:ListFunctions on resource: * because no identity-based "
        "policy allows the lambda:ListFunctions action",
    }


def test_a_version_with_snapstart_has_it_imported_already(functions: Any, deploy: Any) -> None:
    name = deploy(FINDER, SnapStart={"ApplyOn": "PublishedVersions"}, Timeout=30)
    functions.publish_version(FunctionName=name)
    functions.get_waiter("published_version_active").wait(
        FunctionName=name, Qualifier="1", WaiterConfig={"Delay": 0.05, "MaxAttempts": 600}
    )
    answer = functions.invoke(
        FunctionName=name, Qualifier="1", Payload=b'"client.meta.region_name"'
    )
    assert json.load(answer["Payload"]) == "us-east-1"


def test_it_is_laid_out_anew_where_it_was_damaged(own_server: Any, invoke_on: Any) -> None:
    folder = own_server.data_dir / "runtimes" / "python"
    call = invoke_on(own_server, FINDER)
    assert call("boto3.__file__") == PLACE
    own_server.stop()
    (module,) = folder.glob("boto3-*/boto3/session.py")
    module.write_text("")
    (folder / "boto3-0.1-of-an-older-ingle").mkdir()
    own_server.start()
    assert [each.name for each in folder.iterdir()] == [module.parent.parent.name]
    client = own_server.client("lambda")
    (function,) = client.list_functions()["Functions"]
    answer = client.invoke(FunctionName=function["FunctionName"], Payload=b'"boto3.__file__"')
    assert json.load(answer["Payload"]) == PLACE


@pytest.mark.skipif(not OLDER, reason="this machine has no Python before 3.10: pyenv install 3.9")
def test_for_older_pythons_the_last_one_that_supports_them_is_fetched(start_server: Any) -> None:
    server = start_server("--python-sdk")
    client = server.client("lambda")
    for runtime in OLDER:
        create(
            client,
            FINDER,
            FunctionName=runtime.replace(".", "-"),
            Runtime=runtime,
            Timeout=30,
            MemorySize=512,
        )
    folder = server.data_dir / "runtimes" / "python"
    for runtime in OLDER:
        eventually(
            lambda runtime=runtime: any(folder.glob(f"{runtime}-*")), f"{runtime} has it", 180
        )
        answer = client.invoke(
            FunctionName=runtime.replace(".", "-"),
            Payload=b"\"[boto3.__file__.rstrip('c'), client.meta.service_model.service_name]\"",
        )
        assert json.load(answer["Payload"]) == [PLACE, "s3"]
