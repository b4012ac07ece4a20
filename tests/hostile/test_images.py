"""Container images that attack, by what is in them and by what they do."""

import json
import os
import uuid
from pathlib import Path

import pytest

from tests.e2e.conftest import ROLE
from tests.hostile.conftest import source_of
from tests.hostile.test_kernel import WAYS
from tests.images.building import Entry, Layout, folder, hard_link, link, program, tar
from tests.images.roots import python_layer, shell_layer

SECRET = f"secret-{uuid.uuid4().hex}"
CLIENT = ["/usr/local/bin/python", "-m", "awslambdaric"]
LOOK = """
import os

def handler(event, context):
    found = {}
    for path in event:
        try:
            found[path] = os.listdir(path) if os.path.isdir(path) else open(path).read(200)
        except OSError as error:
            found[path] = error.strerror
    return found
"""


@pytest.fixture(scope="session")
def layout(server):
    return Layout(server.data_dir.parent / "images" / "hostile")


@pytest.fixture
def deploy_image(functions, layout):
    """Create a function of an image of these layers, and wait for it: → name."""
    made = []

    def make(*layers, state="Active", entry_point=CLIENT, **settings):
        name, tag = f"attacker-{os.urandom(6).hex()}", uuid.uuid4().hex
        run = {"Entrypoint": entry_point, "Cmd": ["app.handler"], "WorkingDir": "/function"}
        layout.tag(layout.image(layers, run, compression="none"), tag)
        functions.create_function(
            FunctionName=name,
            Role=ROLE,
            PackageType="Image",
            Code={"ImageUri": f"oci:{layout.root}:{tag}"},
            **{"Timeout": 20, "MemorySize": 256, **settings},
        )
        made.append(name)
        if state == "Active":
            functions.get_waiter("function_active_v2").wait(FunctionName=name)
        return name

    yield make
    for name in made:
        functions.delete_function(FunctionName=name)


def python_image(source, *entries):
    """The layers of an image that runs a module `app`."""
    lab = Entry("function/lab.py", source_of("lab").encode())
    return python_layer(), tar([Entry("function/app.py", source.encode()), lab, *entries])


@pytest.fixture
def attack(deploy_image, invoke):
    """Have an attacker's file run from an image: `attack("kernel", "mounts")`."""

    def run(attacker, event):
        answer, response = invoke(deploy_image(*python_image(source_of(attacker))), event)
        assert "FunctionError" not in response, answer
        return answer

    return run


@pytest.mark.parametrize("way", WAYS)
def test_what_reaches_into_the_kernel_is_refused_to_images_too(attack, way):
    found = attack("kernel", way)
    assert found
    assert {name: error for name, error in found.items() if error not in WAYS[way]} == {}


def test_forbidden_system_calls_do_not_reach_the_kernel_from_images(attack, system_calls):
    found = attack("kernel", "system_calls")
    assert {name: error for name, error in found.items() if error not in ("EPERM", "ENOSYS")} == {}


def test_set_user_id_programs_of_an_image_give_no_rights(deploy_image, invoke):
    odd = [
        Entry("bin/root", b"#!/bin/bash\nid -u\n", 0o6755),
        *(Entry(f"function/{name}", b"", 0o777) for name in ("x",)),
    ]
    source = """
import os

def handler(event, context):
    status = os.stat("/bin/root")
    return [oct(status.st_mode), os.getuid(), os.geteuid()]
"""
    answer, _ = invoke(deploy_image(*python_image(source, *odd)), None)
    assert answer[0] == "0o100755"
    assert answer[1] == answer[2] != 0


def test_nothing_of_the_host_s_or_of_the_launcher_s_is_in_an_image(attack, server):
    secret = server.data_dir.parent / "secret"
    secret.write_text(SECRET)
    own = [server.data_dir, *server.data_dir.iterdir(), secret, Path.cwd(), Path(__file__)]
    paths = ["/etc/shadow", "/etc/passwd", "/root/.bashrc", "/home", "/boot", "/var", "/srv"]
    paths += ["/.ingle", "/.ingle/code", "/var/runtime", "/var/runtime/ingle_runtime", "/sys"]
    paths += map(str, own)
    for prefix in ("/proc/1/root", "/proc/1/cwd", "/proc/self/cwd/../../..", "/../../.."):
        paths += [f"{prefix}{path}" for path in ("/etc/shadow", "/var/runtime", *own)]
    assert attack("files", ["peek", paths]) == {}


def test_links_in_an_image_lead_nowhere_but_into_it(deploy_image, invoke, server):
    secret = server.data_dir.parent / "secret"
    secret.write_text(SECRET)
    data = str(server.data_dir)
    odd = [
        link("one", str(secret)),
        link("two", data),
        link("three", "/.ingle/code"),
        link("four", "../../../../../.." + str(secret)),
        link("five", "/proc/1/root/.ingle/code"),
        link("proc", data),
        link("tmp", "/etc"),
        link("dev", str(secret.parent)),
        link("etc", "/proc"),
        link("var", data),
        link("opt", "/.ingle"),
    ]
    name = deploy_image(*python_image(LOOK, *odd))
    looked = ["/one", "/two", "/three", "/four", "/five", "/var", "/opt", "/var/runtime"]
    found, response = invoke(name, looked)
    assert "FunctionError" not in response, found
    assert set(found.values()) <= {"No such file or directory", "Permission denied"}
    found, _ = invoke(name, ["/proc", "/dev", "/etc", "/tmp", "/etc/hosts"])
    assert "self" in found["/proc"]
    assert "null" in found["/dev"]
    assert "hosts" in found["/etc"]
    assert "sandbox" in found["/etc/hosts"]
    assert isinstance(found["/tmp"], list)


@pytest.mark.parametrize("place", ["etc/resolv.conf", "etc/hosts"])
def test_what_is_mounted_over_is_no_way_to_write_elsewhere(deploy_image, invoke, place):
    for odd in (
        [link(place, "/function/app.py")],
        [folder(place), Entry(f"{place}/inner")],
        [link(place, "/proc/self/fd/0")],
        [Entry("etc")],
    ):
        found, response = invoke(deploy_image(*python_image(LOOK, *odd)), [f"/{place}"])
        assert "FunctionError" not in response, found
        assert isinstance(found[f"/{place}"], str)
        assert "handler" not in found[f"/{place}"]


def test_devices_in_a_layer_are_not_there(deploy_image, invoke):
    import tarfile

    odd = [
        Entry("function/memory", mode=0o666, kind=tarfile.CHRTYPE, numbers=(1, 1)),
        Entry("function/disk", mode=0o666, kind=tarfile.BLKTYPE, numbers=(254, 0)),
        Entry("dev/kmsg", mode=0o666, kind=tarfile.CHRTYPE, numbers=(1, 11)),
        Entry("function/pipe", mode=0o666, kind=tarfile.FIFOTYPE),
    ]
    found, _ = invoke(deploy_image(*python_image(LOOK, *odd)), ["/function", "/dev"])
    assert not {"memory", "disk", "pipe"} & set(found["/function"])
    assert "kmsg" not in found["/dev"]


def test_an_image_s_modules_are_not_loaded_by_what_starts_it(deploy_image, invoke, layout):
    """The launcher is a Python, too, and goes on with rights while the image is its root."""
    import sys
    import sysconfig

    trap = b"import os\nopen('/tmp/trapped', 'w').write(str(os.geteuid()))\nos._exit(9)\n"
    folders = {*sys.path, sysconfig.get_path("stdlib"), "/var/runtime", "/", "/function"}
    folders |= {str(Path(sys.base_prefix, "lib", f"python3.{sys.version_info.minor}"))}
    names = ["json", "traceback", "linecache", "encodings/idna", "encodings/utf_8_sig", "selectors"]
    names += ["socket", "ingle_runtime/supervisor", "sitecustomize", "resource", "_datetime"]
    traps = [
        Entry(f"{place.strip('/')}/{name}.py".lstrip("/"), trap)
        for place in folders
        if place.startswith("/") and not place.endswith(".zip")
        for name in names
    ]
    script = """#!/bin/bash
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
exec 3<>"/dev/tcp/$host/$port"
printf 'GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3
while IFS= read -r line <&3 && [ "$line" != $'\\r' ]; do
    case ${line,,} in lambda-runtime-aws-request-id:*) id=${line#*: } id=${id%$'\\r'} ;; esac
done
exec 3<>"/dev/tcp/$host/$port"
printf 'POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\\r\\n' "$id" >&3
[ -e /tmp/trapped ] && answer=1 || answer=0
printf 'Host: a\\r\\nContent-Length: 1\\r\\n\\r\\n%s' "$answer" >&3
IFS= read -r line <&3
sleep 99
"""
    name = deploy_image(
        shell_layer(),
        tar([folder("function"), program("run", script), *traps]),
        entry_point=["/run"],
    )
    answer, response = invoke(name, None)
    assert "FunctionError" not in response, answer
    assert answer == 0


@pytest.mark.parametrize(
    "hostile",
    [
        Entry("../../../../../../tmp/ingle-was-here"),
        hard_link("function/shadow", "../../../../../../etc/shadow"),
        hard_link("function/shadow", "/etc/shadow"),
        Entry("/".join("d" * 200)),
    ],
)
def test_a_layer_that_leads_out_of_the_image_is_refused(
    deploy_image, functions, hostile, layout, server
):
    from tests.e2e.conftest import eventually

    name = deploy_image(tar([Entry("unique", os.urandom(8)), hostile]), state="Failed")

    def state():
        return functions.get_function_configuration(FunctionName=name)

    eventually(lambda: state()["State"] == "Failed", "the image is refused")
    assert state()["StateReasonCode"] == "InvalidImage"
    assert not Path("/tmp/ingle-was-here").exists()
    left = [each.name for each in (server.data_dir / "code").iterdir()]
    assert not [each for each in left if each.startswith(".partial-")]


def test_a_bomb_is_noticed_before_it_goes_off(functions, layout, server, deploy_image):
    """A gigabyte of a header that tar's own format lets one have takes no memory of the server."""
    from tests.e2e.conftest import eventually

    header = bytearray(tar([Entry("x")])[:512])
    header[156:157] = b"x"
    header[124:136] = b"77777777777\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    content = bytes(header) + b"1 a=b\n" * 100_000
    name = deploy_image(content, state="Failed")
    eventually(
        lambda: functions.get_function_configuration(FunctionName=name)["State"] == "Failed",
        "the image is refused",
        60,
    )
    reason = functions.get_function_configuration(FunctionName=name)["StateReason"]
    assert "is not valid" in reason


def test_one_image_s_function_does_not_see_another_s(deploy_image, invoke, layout):
    mine = deploy_image(*python_image(LOOK, Entry("function/secret", SECRET.encode())))
    other = deploy_image(*python_image(LOOK))
    assert invoke(mine, ["/function/secret"])[0] == {"/function/secret": SECRET}
    found, _ = invoke(other, ["/function", "/function/secret", "/proc/1/root/function/secret"])
    assert "secret" not in found["/function"]
    assert SECRET not in json.dumps(found)
