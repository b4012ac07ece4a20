"""The page on which operations there are is what its generator writes, and that is so."""

import pkgutil
import re
from importlib import import_module

import pytest
from scripts.api_coverage import PAGE, page, refusals, services

import ingle.parts
from ingle.services.lambda_.api import LambdaService
from ingle.wire.binding import bind
from ingle.wire.errors import NotImplementedByIngle
from ingle.wire.model import load_model
from ingle.wire.protocol import ServiceProtocol
from ingle.wire.service import Service


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make api-coverage`"


def test_every_service_that_is_served_is_on_it() -> None:
    parts = [each.name for each in pkgutil.iter_modules(ingle.parts.__path__, "ingle.parts.")]
    names = {name for each in ("ingle.server", *parts) for name in vars(import_module(each))}
    served = [each for each in services() if each.__name__ in names]
    assert served == services()
    assert {"lambda", "logs"} <= {each.name for each in served}


@pytest.mark.parametrize("service", services(), ids=lambda service: service.name)
def test_the_operations_that_the_page_says_are_there_are_those_that_a_request_reaches(
    service: type[Service],
) -> None:
    title = load_model(service.name).metadata["serviceFullName"]
    part = page().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", part, re.MULTILINE))
    protocol, instance = ServiceProtocol.load(service.name), service.__new__(service)
    reached = {}
    for name in load_model(service.name).operation_names:
        try:
            bind(instance, protocol.operation(name))
            reached[name] = "yes"
        except NotImplementedByIngle:
            reached[name] = "no"
    assert told == reached


def test_what_is_refused_is_told_with_the_operation() -> None:
    model = load_model("lambda")
    assert "`KMSKeyArn`" in refusals(LambdaService, model, "CreateFunction")
    assert "`Code.S3ObjectStorageMode`" in refusals(LambdaService, model, "CreateFunction")
    assert "`S3ObjectStorageMode`" in refusals(LambdaService, model, "UpdateFunctionCode")
    assert "`VpcConfig`" not in refusals(LambdaService, model, "UpdateFunctionCode")
    assert refusals(LambdaService, model, "GetFunction") == []
