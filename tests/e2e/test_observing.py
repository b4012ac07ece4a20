"""What operators see of a server: its measurements, its log, spans of invocations."""

import json
import re
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.callers import new_role
from tests.e2e.conftest import ROLE, RUNTIME, eventually, zip_of
from tests.e2e.server import Server

SOURCE = """
def handler(event, context):
    if event.get("fail"):
        raise ValueError("as told")
    return "done"
"""


def create(functions: Any, **settings: Any) -> str:
    """Create a function that fails when it is told to; return its name."""
    name = f"o-{uuid.uuid4().hex[:12]}"
    code = {"ZipFile": zip_of(app=SOURCE)}
    functions.create_function(
        FunctionName=name, Role=ROLE, Runtime=RUNTIME, Handler="app.handler", Code=code, **settings
    )
    return name


def samples(server: Server) -> dict[str, float]:
    """What the page for Prometheus has, by name and labels."""
    page = urllib.request.urlopen(f"{server.endpoint}/_ingle/metrics").read().decode()
    lines = [line for line in page.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_invocations_are_on_the_page(server: Server, functions: Any) -> None:
    name = create(functions)
    for event in ("{}", "{}", '{"fail": true}'):
        functions.invoke(FunctionName=name, Payload=event)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=name)
    found = samples(server)
    own = f'account="000000000000",region="us-east-1",function="{name}"'
    assert found[f"ingle_lambda_invocations_total{{{own}}}"] == 3
    assert found[f'ingle_lambda_errors_total{{{own},error="Unhandled"}}'] == 1
    assert found[f"ingle_lambda_throttles_total{{{own}}}"] >= 1
    assert found[f'ingle_lambda_duration_seconds_bucket{{{own},le="+Inf"}}'] == 3
    assert found[f"ingle_lambda_duration_seconds_count{{{own}}}"] == 3
    assert found[f"ingle_lambda_init_seconds_count{{{own}}}"] >= 1
    assert found[f"ingle_lambda_billed_gigabyte_seconds_total{{{own}}}"] > 0
    ends = [
        float(re.search(r'le="([\d.e+]+)"', each)[1])  # type: ignore[index]
        for each in found
        if each.startswith(f"ingle_lambda_duration_seconds_bucket{{{own}") and "Inf" not in each
    ]
    assert ends == sorted(ends)


def test_requests_and_the_server_itself_are_on_the_page(server: Server, functions: Any) -> None:
    before = samples(server)
    functions.list_functions()
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="nobody")
    found = samples(server)
    for operation, status in (("ListFunctions", 200), ("GetFunction", 404)):
        key = f'ingle_requests_total{{service="lambda",operation="{operation}",status="{status}"}}'
        assert found[key] == before.get(key, 0) + 1
    assert found["process_resident_memory_bytes"] > 10_000_000
    assert found["process_open_fds"] > 5
    assert found["ingle_sandboxes"] >= 0
    assert found["ingle_invocations_running"] == 0
    assert found["ingle_sandbox_memory_free_bytes"] > 0


def test_lines_that_a_role_may_not_write_are_counted(
    server: Server, functions: Any, deploy: Any
) -> None:
    name = deploy("handler = lambda event, context: print('one')", Role=new_role(server))
    key = "ingle_log_events_dropped_total"
    before = samples(server)[key]
    functions.invoke(FunctionName=name)
    start_one_end_and_report = 4
    eventually(
        lambda: samples(server)[key] >= before + start_one_end_and_report, "what is lost is counted"
    )


def test_the_log_is_json_where_that_is_wanted(start_server: Any) -> None:
    server = start_server("--log-format", "json", "--log-requests", "--iam", "audit")
    functions = server.client("lambda")
    functions.list_functions()
    server.stop()
    records = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert len(records) == len([line for line in server.log.splitlines() if line.strip()]) - sum(
        line.startswith("ready ") for line in server.log.splitlines()
    )
    for each in records:
        assert {"timestamp", "level", "logger", "message"} <= set(each)
    assert any(each["message"].startswith("permissions are not enforced") for each in records)
    [listed] = [each for each in records if each.get("operation") == "ListFunctions"]
    assert listed["logger"] == "ingle.requests"
    assert (listed["service"], listed["status"]) == ("lambda", 200)
    assert listed["principal"] == "arn:aws:iam::000000000000:root"
    assert len(listed["request_id"]) == 36


class Collector:
    """An OTLP endpoint, and the spans that came to it."""

    def __init__(self) -> None:
        self.spans: list[tuple[dict[str, Any], Any]] = []
        self.headers: dict[str, str] = {}
        self.path = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.take(self.path, dict(self.headers), body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path, self.headers = path, {name.lower(): value for name, value in headers.items()}
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            about = attributes(resource.resource)
            for scope in resource.scope_spans:
                self.spans += [(about, span) for span in scope.spans]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def attributes(of: Any) -> dict[str, Any]:
    """Its attributes, by their names."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in of.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.close()


def test_each_invocation_is_a_span_with_what_it_spent_its_time_on(
    start_server: Any, collector: Collector
) -> None:
    server = start_server(
        *("--otlp-endpoint", collector.endpoint, "--otlp-headers", "authorization=Basic%20eDp5")
    )
    functions = server.client("lambda")
    name = create(functions)
    for event in ("{}", '{"fail": true}'):
        functions.invoke(FunctionName=name, Payload=event)
    eventually(lambda: len(collector.spans) >= 5, "the spans of both have come")
    assert collector.path == "/v1/traces"
    assert collector.headers["authorization"] == "Basic eDp5"
    whole = [(about, span) for about, span in collector.spans if span.name == name]
    (about, cold), (_, failed) = whole
    assert about["service.name"] == about["faas.name"] == name
    assert about["cloud.account.id"] == "000000000000"
    assert attributes(cold)["faas.coldstart"] is True
    assert attributes(failed)["faas.coldstart"] is False
    assert attributes(failed)["error.type"] == "Unhandled"
    assert failed.status.code == 2
    for span, names in ((cold, ["cold start", "init", "handler"]), (failed, ["queue", "handler"])):
        parts = [each for _, each in collector.spans if each.parent_span_id == span.span_id]
        assert [each.name for each in parts] == names
        assert {each.trace_id for each in parts} == {span.trace_id}
        assert parts[0].start_time_unix_nano == span.start_time_unix_nano
        for one, other in pairwise(parts):
            assert abs(one.end_time_unix_nano - other.start_time_unix_nano) < 1000
        assert all(each.start_time_unix_nano <= each.end_time_unix_nano for each in parts)


def test_a_span_is_in_the_trace_of_its_caller(start_server: Any, collector: Collector) -> None:
    server = start_server("--otlp-endpoint", collector.endpoint)
    functions = server.client("lambda")
    name = create(functions)
    header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

    def add(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = header

    functions.meta.events.register("before-sign.lambda.Invoke", add)
    functions.invoke(FunctionName=name)
    eventually(lambda: len(collector.spans) >= 4, "the spans have come")
    span = next(span for _, span in collector.spans if span.name == name)
    assert span.trace_id.hex() == "5759e988bd862e3fe1be46a994272793"
    assert span.parent_span_id.hex() == "53995c3f42cd8ad8"


def test_a_collector_that_is_not_there_costs_nothing_but_its_spans(start_server: Any) -> None:
    server = start_server("--otlp-endpoint", "http://127.0.0.1:9")
    functions = server.client("lambda")
    name = create(functions)
    answer = functions.invoke(FunctionName=name)
    assert json.loads(answer["Payload"].read()) == "done"
    server.stop()
    assert "the spans of 1 invocations are lost: http://127.0.0.1:9 did not take them" in server.log
    assert "Traceback" not in server.log
