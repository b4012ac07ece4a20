import json
from dataclasses import fields
from pathlib import Path

import pytest

from ingle.config import Config, ConfigError, load_config
from ingle.elsewhere import Elsewhere
from ingle.resources import FileSystem, Vpc

ACCESS_POINT = (
    "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-" + "0a" * 8 + "1"
)
ORIGIN = "a URL without a path, like https://ingle.example.org"
PATHS = "paths: a list in the file, otherwise separated by colons"
RUNTIMES = (
    "true, false, or names that `ingle runtimes` shows: a list in the file, otherwise separated "
    "by commas"
)
ELSEWHERE = {
    "endpoint": "https://minio.example.org:9000",
    "access_key_id": "AKIDEXAMPLE",
    "secret_access_key": "very secret",
}


@pytest.fixture
def toml(tmp_path):
    def write(text: str) -> Path:
        file = tmp_path / "ingle.toml"
        file.write_text(text)
        return file

    return write


def test_without_any_source_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_config({}, {}) == Config(data_dir=tmp_path / ".ingle")


def test_a_flag_beats_the_environment_which_beats_the_file(toml):
    file = toml('region = "eu-west-1"\nport = 1000\nhost = "::1"')
    environment = {"INGLE_PORT": "2000", "INGLE_HOST": "localhost", "PATH": "/bin"}
    config = load_config({"host": "0.0.0.0", "port": None}, environment, file)
    assert (config.region, config.port, config.host) == ("eu-west-1", 2000, "0.0.0.0")


def test_the_environment_may_name_the_file(toml):
    file = toml("concurrency = 7")
    assert load_config({}, {"INGLE_CONFIG": str(file)}).concurrency == 7


def test_every_setting_can_come_from_every_source(toml):
    values = {
        "host": "example.org",
        "port": 0,
        "data_dir": "/srv/ingle",
        "account_id": "123456789012",
        "region": "ap-southeast-2",
        "dev": True,
        "drain_seconds": 5,
        "idle_seconds": 60,
        "concurrency": 10,
        "memory_mb": 2048,
        "streamed_mb": 200,
        "cpu": "quotas",
        "sandbox_processes": 256,
        "sandbox_descriptors": 2048,
        "sandbox_connections": 10,
        "network": "none",
        "network_range": "10.9.0.0/16",
        "iam": "audit",
        "organization_id": "o-exampleorgid",
        "log_level": "debug",
        "log_format": "json",
        "log_requests": True,
        "otlp_endpoint": "https://otel.example.org/base",
        "otlp_headers": "authorization=Basic%20eDp5,x-team=a",
        "file_systems": {ACCESS_POINT: {"folder": "/srv/shared", "read_only": True, "uid": 7}},
        "vpcs": {"vpc-1": {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}},
        "runtimes_substitutes": ["python3.8", "python3.9"],
        "runtimes_nodejs_sdk": False,
        "runtimes_python_sdk": False,
        "runtimes_search": ["/srv/one", "/srv/two"],
        "images": ["/srv/images"],
        "public_url": "https://ingle.example.org",
        "mail_relay": "smtps://me:secret@mail.example.org:465",
        "mail_sender": "topics@example.org",
        "services": {"s3": ELSEWHERE},
    }
    assert set(values) == {each.name for each in fields(Config)}
    expected = Config(
        **values
        | {
            "data_dir": Path("/srv/ingle"),
            "file_systems": (FileSystem(ACCESS_POINT, "/srv/shared", read_only=True, uid=7),),
            "vpcs": (Vpc("vpc-1", ("subnet-1",), ("sg-1",)),),
            "runtimes_substitutes": frozenset({"python3.8", "python3.9"}),
            "runtimes_search": (Path("/srv/one"), Path("/srv/two")),
            "images": (Path("/srv/images"),),
            "services": (Elsewhere("s3", **ELSEWHERE),),
        }
    )
    keys = {name: name.replace("runtimes_", "runtimes.") for name in values}
    tables = [
        f"[file_systems]\n'{ACCESS_POINT}' = {{folder = '/srv/shared', read_only = true, uid = 7}}",
        "[services.s3]\n" + "\n".join(f"{name} = '{each}'" for name, each in ELSEWHERE.items()),
        "[vpcs.vpc-1]\nsubnets = ['subnet-1']\nsecurity_groups = ['sg-1']",
    ]
    lines = [
        f"{keys[k]} = {str(v).lower() if isinstance(v, bool) else repr(v)}"
        for k, v in values.items()
        if not isinstance(v, dict)
    ] + tables
    texts = {name: str(value) for name, value in values.items()} | {
        "runtimes_substitutes": "python3.8, python3.9",
        "runtimes_search": "/srv/one:/srv/two",
        "file_systems": json.dumps(values["file_systems"]),
        "vpcs": json.dumps(values["vpcs"]),
        "services": json.dumps(values["services"]),
        "images": "/srv/images",
    }
    assert load_config({}, {}, toml("\n".join(lines))) == expected
    assert load_config({}, {f"INGLE_{k.upper()}": v for k, v in texts.items()}) == expected
    assert load_config(texts, {}) == expected


def test_a_relative_folder_counts_from_where_it_is_written(toml, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file = toml('data_dir = "state"')
    monkeypatch.chdir(elsewhere)
    assert load_config({}, {}, file).data_dir == tmp_path / "state"
    assert load_config({}, {"INGLE_DATA_DIR": "state"}, file).data_dir == elsewhere / "state"
    assert load_config({"data_dir": "mine"}, {}, file).data_dir == elsewhere / "mine"
    file = toml('[runtimes]\nsearch = ["a", "/b"]')
    assert load_config({}, {}, file).runtimes_search == (tmp_path / "a", Path("/b"))
    flags = {"runtimes_search": "a:/b"}
    assert load_config(flags, {}).runtimes_search == (elsewhere / "a", Path("/b"))


@pytest.mark.parametrize(
    ("written", "text", "value"),
    [
        ("true", "true", True),
        ("false", "0", False),
        ('["python3.8"]', "python3.8", frozenset({"python3.8"})),
    ],
)
def test_substitutes_are_all_none_or_those_named(toml, written, text, value):
    file = toml(f"[runtimes]\nsubstitutes = {written}")
    assert load_config({}, {}, file).runtimes_substitutes == value
    environment = {"INGLE_RUNTIMES_SUBSTITUTES": text}
    assert load_config({}, environment).runtimes_substitutes == value
    assert load_config({"runtimes_substitutes": text}, {}).runtimes_substitutes == value


def test_a_key_of_a_table_is_named_with_it(toml):
    with pytest.raises(ConfigError, match=r"^runtimes\.serach .*did you mean runtimes\.search\?$"):
        load_config({}, {}, toml('[runtimes]\nserach = ["/srv"]'))
    with pytest.raises(ConfigError, match=r"^runtimes\.search .* it takes paths"):
        load_config({}, {}, toml("runtimes.search = [1]"))
    with pytest.raises(ConfigError, match=r"^runtimes .*no such setting"):
        load_config({}, {}, toml("runtimes = true"))
    with pytest.raises(ConfigError, match=r"^runtimes_search .*no such setting"):
        load_config({}, {}, toml('runtimes_search = "/srv"'))


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("host", "", "an IP address or a host name"),
        ("host", "two words", "an IP address or a host name"),
        ("port", "65536", "a whole number from 0 to 65535"),
        ("port", "-1", "a whole number from 0 to 65535"),
        ("port", "4566.0", "a whole number from 0 to 65535"),
        ("port", "4566\n", "a whole number from 0 to 65535"),
        ("account_id", "12345678901", "twelve digits"),
        ("account_id", "12345678901x", "twelve digits"),
        ("account_id", "١٢٣٤٥٦٧٨٩٠١٢", "twelve digits"),
        ("region", "mars", "a region like eu-west-1"),
        ("dev", "perhaps", "true or false"),
        ("drain_seconds", "901", "a whole number of seconds from 0 to 900"),
        ("idle_seconds", "0", "a whole number of seconds from 1 to 86400"),
        ("concurrency", "", "a whole number from 1 to 100000"),
        ("log_level", "loud", "one of debug, info, warning, error"),
        ("public_url", "ingle.example.org", ORIGIN),
        ("public_url", "https://ingle.example.org/", ORIGIN),
        ("public_url", "https://me@ingle.example.org", ORIGIN),
        ("public_url", "https://ingle.example.org:port", ORIGIN),
        ("mail_relay", "mail.example.org", "a URL like smtps://user:password@mail.example.org"),
        ("mail_sender", "nobody", "a mail address"),
        ("data_dir", "", "a path"),
        ("data_dir", "~no-such-user/x", "a path"),
        ("runtimes_search", "/srv::/opt", PATHS),
        ("runtimes_substitutes", "", RUNTIMES),
        ("runtimes_substitutes", "perhaps", RUNTIMES),
        ("runtimes_substitutes", "python3.8,python3.7", RUNTIMES),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(name, value, allowed):
    variable = f"INGLE_{name.upper()}"
    with pytest.raises(ConfigError) as caught:
        load_config({}, {variable: value})
    assert (caught.value.key, caught.value.source) == (variable, "the environment")
    assert caught.value.problem == f"{value!r} is not allowed; it takes {allowed}"


@pytest.mark.parametrize(
    "line",
    [
        "port = true",
        "port = 1.5",
        "dev = 1",
        "host = 127",
        "region = []",
        "runtimes.substitutes = 1",
        "runtimes.substitutes = [3.8]",
        "runtimes.substitutes = [[]]",
    ],
)
def test_a_file_cannot_give_a_value_of_another_type(toml, line):
    file = toml(line)
    with pytest.raises(ConfigError) as caught:
        load_config({}, {}, file)
    assert (caught.value.key, caught.value.source) == (line.split()[0], str(file))


@pytest.mark.parametrize(
    "table",
    [
        {"arn:aws:s3:::bucket": {"folder": "/srv"}},
        {ACCESS_POINT: {"folder": "srv"}},
        {ACCESS_POINT: {}},
        {ACCESS_POINT: "/srv"},
        {ACCESS_POINT: {"folder": "/srv", "fodler": "/srv"}},
        {ACCESS_POINT: {"folder": "/srv", "uid": 0}},
        {ACCESS_POINT: {"folder": "/srv", "gid": True}},
        {ACCESS_POINT: {"folder": "/srv", "read_only": "yes"}},
        [],
    ],
)
def test_a_file_system_is_an_access_point_and_a_folder(table):
    with pytest.raises(ConfigError, match="it takes ARNs of access points"):
        load_config({"file_systems": json.dumps(table)}, {})


@pytest.mark.parametrize(
    "table",
    [{"x": {}}, {"vpc-1": {"subnets": ["x"]}}, {"vpc-1": {"groups": []}}, {"vpc-1": 1}, "{"],
)
def test_a_vpc_has_subnets_and_security_groups(table):
    text = table if isinstance(table, str) else json.dumps(table)
    with pytest.raises(ConfigError, match="it takes ids of VPCs"):
        load_config({"vpcs": text}, {})


def test_a_flag_is_named_as_it_is_typed():
    with pytest.raises(ConfigError) as caught:
        load_config({"drain_seconds": "soon"}, {})
    assert str(caught.value).startswith("--drain-seconds (the command line): 'soon'")


def test_an_unknown_setting_is_refused_with_the_one_that_is_meant(toml):
    with pytest.raises(ConfigError, match=r"^acount_id .*did you mean account_id\?$"):
        load_config({}, {}, toml('acount_id = "123456789012"'))
    with pytest.raises(ConfigError, match=r"^INGLE_PROT .*did you mean INGLE_PORT\?$"):
        load_config({}, {"INGLE_PROT": "1"})
    with pytest.raises(ConfigError, match="there are host, port, "):
        load_config({}, {}, toml("zzz = 1"))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"missing.toml\): No such file or directory"):
        load_config({}, {}, tmp_path / "missing.toml")
    with pytest.raises(ConfigError, match="Is a directory"):
        load_config({}, {}, tmp_path)


@pytest.mark.parametrize("content", [b"port = ", b"\xff\xfe", b"port = 1\nport = 2"])
def test_a_file_that_is_not_toml_is_refused(tmp_path, content):
    file = tmp_path / "ingle.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match="not a TOML file"):
        load_config({}, {}, file)


def test_services_may_be_elsewhere(toml):
    file = toml(
        '[services.s3]\nendpoint = "https://minio.example.org:9000/"\n'
        'access_key_id = "AKIDEXAMPLE"\nsecret_access_key = "very secret"\nregion = "eu-west-1"\n'
    )
    (found,) = load_config({}, {}, file).services
    assert found == Elsewhere(service="s3", region="eu-west-1", **ELSEWHERE)
    assert "very secret" not in repr(found)
    environment = {"INGLE_SERVICES": json.dumps({"sqs": ELSEWHERE})}
    assert load_config({}, environment).services[0].service == "sqs"


@pytest.mark.parametrize(
    ("services", "problem"),
    [
        ({"s3": {**ELSEWHERE, "endpoint": "minio"}}, "the endpoint of s3 is not a URL like"),
        ({"s3": {**ELSEWHERE, "endpoint": "https://h/path"}}, "the endpoint of s3 is not a URL"),
        ({"s3": {**ELSEWHERE, "endpoint": "https://a:b@h"}}, "the endpoint of s3 is not a URL"),
        ({"s3": {**ELSEWHERE, "endpoint": "https://h:70000"}}, "the endpoint of s3 is not a URL"),
        ({"s3": {**ELSEWHERE, "region": "Europe"}}, "the region of s3 is not one like eu-west-1"),
        ({"s3": {**ELSEWHERE, "endpoind": "x"}}, "s3 has no member endpoind"),
        ({"s3": {"endpoint": "https://h"}}, "s3 lacks access_key_id"),
        ({"s3": {**ELSEWHERE, "secret_access_key": 7}}, "what s3 has must be texts"),
        ({"s3": "https://h"}, "s3 is not a table"),
        ({"lambda": ELSEWHERE}, "lambda cannot be elsewhere"),
        ({"S3": ELSEWHERE}, "'S3' is no name of a service"),
        ({"s33": ELSEWHERE}, "there is no service s33"),
        ([ELSEWHERE], "it is not a table"),
    ],
)
def test_what_is_wrong_with_a_service_elsewhere_is_said_without_its_secret(services, problem):
    with pytest.raises(ConfigError) as caught:
        load_config({}, {"INGLE_SERVICES": json.dumps(services)})
    assert caught.value.problem.startswith(problem)
    assert "very secret" not in str(caught.value)
