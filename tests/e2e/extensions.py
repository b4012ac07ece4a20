"""Programs that run as extensions, and layers that hold them."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tests.services.lambda_.zips import entry, zipped_entries

CLIENT = r"""#!/usr/bin/env python3
import http.client, json, os, sys, threading

NAME = os.path.basename(sys.argv[0])
IDENTIFIER = "Lambda-Extension-Identifier"


def call(method, path, body=None, **headers):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, path, None if body is None else json.dumps(body), named)
    response = connection.getresponse()
    answer = response.status, dict(response.headers), json.loads(response.read() or b"null")
    connection.close()
    return answer


def register(*events, name=NAME):
    status, headers, told = call(
        "POST", "/2020-01-01/extension/register", {"events": events}, Lambda_Extension_Name=name
    )
    return headers.get(IDENTIFIER), (status, told)


def following(identifier):
    return call(
        "GET", "/2020-01-01/extension/event/next", Lambda_Extension_Identifier=identifier
    )[2]


def report(which, identifier, kind):
    headers = {
        "Lambda_Extension_Identifier": identifier,
        "Lambda_Extension_Function_Error_Type": kind,
    }
    return call("POST", "/2020-01-01/extension/" + which + "/error", {}, **headers)[0]


def say(**told):
    print("EXT " + json.dumps({"extension": NAME, **told}), flush=True)

"""
"""The beginning of a program that speaks with the Extensions API, with Python's own library."""

OBSERVER = (
    CLIENT
    + """
identifier, told = register("INVOKE", "SHUTDOWN")
say(registered=told)
event = {}
while event.get("eventType") != "SHUTDOWN":
    event = following(identifier)
    say(event=event)
"""
)
"""Prints every event that it gets."""

# The least that takes part, in the shell that AWS's own examples are written for.
SHELL = r"""#!/bin/sh
set -euo pipefail
exec 3<>"/dev/tcp/${AWS_LAMBDA_RUNTIME_API%:*}/${AWS_LAMBDA_RUNTIME_API#*:}"
body='{"events": ["SHUTDOWN"]}'
printf 'POST /2020-01-01/extension/register HTTP/1.1\r\nHost: x\r\n' >&3
printf 'Lambda-Extension-Name: %s\r\nContent-Length: %d\r\n\r\n%s' "${0##*/}" "${#body}" "$body" >&3
while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do
    case ${line,,} in
        lambda-extension-identifier:*) id=${line#*: } id=${id%$'\r'} ;;
        content-length:*) length=${line#*: } length=${length%$'\r'} ;;
    esac
done
IFS= read -r -N "$length" told <&3
printf 'GET /2020-01-01/extension/event/next HTTP/1.1\r\nHost: x\r\n' >&3
printf 'Lambda-Extension-Identifier: %s\r\n\r\n' "$id" >&3
while IFS= read -r line <&3 && [ "$line" != $'\r' ]; do
    case ${line,,} in content-length:*) length=${line#*: } length=${length%$'\r'} ;; esac
done
IFS= read -r -N "$length" event <&3
echo "shell was told $event"
"""


@contextmanager
def layer(
    functions: Any, extensions: Mapping[str, str], mode: int = 0o755
) -> Iterator[dict[str, list[str]]]:
    """Publish a layer with these programs; gives the setting of a function that has it."""
    name = f"l-{uuid.uuid4().hex[:12]}"
    entries = [
        (entry(f"extensions/{each}", permissions=mode), source.encode())
        for each, source in extensions.items()
    ]
    version = functions.publish_layer_version(
        LayerName=name, Content={"ZipFile": zipped_entries(*entries)}
    )
    yield {"Layers": [version["LayerVersionArn"]]}
    functions.delete_layer_version(LayerName=name, VersionNumber=version["Version"])
