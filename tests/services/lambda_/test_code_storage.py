"""How much code an account may have, with a limit far below the 75 GB of AWS's."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

import pytest

from ingle.services.lambda_.api import LambdaService
from ingle.services.lambda_.limits import ACCOUNT
from tests.services.conftest import context
from tests.services.lambda_.conftest import create_request
from tests.services.lambda_.test_functions import refusal
from tests.services.lambda_.zips import zipped


async def test_no_more_code_is_stored_than_the_account_may_have(
    service: LambdaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.create_function(context(), create_request())
    used = (await service.get_account_settings(context(), {}))["AccountUsage"]["TotalCodeSize"]
    full = replace(ACCOUNT, code_bytes=used + 1)
    monkeypatch.setattr("ingle.services.lambda_.account.ACCOUNT", full)
    larger = zipped({"app.py": "more"}) * 2
    calls: list[Awaitable[Any]] = [
        service.create_function(context(), create_request(FunctionName="other")),
        service.update_function_code(context(), {"FunctionName": "hello", "ZipFile": larger}),
        service.publish_version(context(), {"FunctionName": "hello"}),
        service.publish_layer_version(
            context(), {"LayerName": "tools", "Content": {"ZipFile": larger}}
        ),
    ]
    for call in calls:
        error = await refusal(call)
        assert (error.error_code, error.status) == ("CodeStorageExceededException", 400)
    now = (await service.get_account_settings(context(), {}))["AccountUsage"]
    assert now == {"TotalCodeSize": used, "FunctionCount": 1}
