"""AWS's service models: botocore's own data, read as JSON.

The data is that of the installed botocore, never a copy. botocore itself is not imported, because
that alone takes longer than reading a model. Where AWS's public answers differ from what botocore
keeps (it drops what only a server needs), `data/overlays/<service>.json` is merged over the model.
"""

import gzip
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson

from ingle.wire.shapes import Shape, ShapeTable

OVERLAYS = Path(__file__).parent / "data" / "overlays"


class UnknownService(LookupError):
    """botocore has no model of this service."""


class OperationModel:
    """One operation of a service, as its model describes it.

    Attributes:
        name: AWS's name, for instance `CreateFunction`.
        method: boto3's name, for instance `create_function`.
        http_method: the verb.
        uri: the URI template, for instance `/{Bucket}/{Key+}?acl`.
        status: the status of a successful answer.
        input: the input's shape, or None.
        output: the output's shape, or None.
        errors: the names of the exception shapes that the operation declares.
        result_wrapper: the element around the result in the query protocol.
        unsigned: whether its requests are not signed: what they bring in is proof enough.
        streamed: the input's member that may be of any size, the body; None where there is none.
    """

    __slots__ = (
        "errors",
        "http_method",
        "input",
        "method",
        "name",
        "output",
        "result_wrapper",
        "status",
        "streamed",
        "unsigned",
        "uri",
    )

    def __init__(self, name: str, raw: Mapping[str, Any], shapes: ShapeTable) -> None:
        self.name = name
        self.method = method_name(name)
        self.http_method: str = raw["http"]["method"]
        self.uri: str = raw["http"]["requestUri"]
        self.status: int = raw["http"].get("responseCode", 200)
        self.input: Shape | None = shapes.resolve(raw["input"]) if "input" in raw else None
        self.output: Shape | None = shapes.resolve(raw["output"]) if "output" in raw else None
        self.errors: tuple[str, ...] = tuple(error["shape"] for error in raw.get("errors", ()))
        self.unsigned: bool = raw.get("authtype") == "none"
        self.streamed: str | None = _streamed(self.input)
        self.result_wrapper: str = raw.get("output", {}).get("resultWrapper", f"{name}Result")


def _streamed(shape: Shape | None) -> str | None:
    payload = None if shape is None else shape.payload
    if shape is None or payload is None or not shape.members[payload].traits.get("streaming"):
        return None
    return payload


class Model:
    """The model of one service.

    Attributes:
        name: botocore's name of the service, for instance `lambda`.
        metadata: botocore's metadata: apiVersion, targetPrefix, xmlNamespace, ...
        protocols: the protocols that the service speaks, AWS's preferred one first.
        shapes: every shape by name.
    """

    def __init__(self, name: str, raw: Mapping[str, Any]) -> None:
        self.name = name
        self.metadata: Mapping[str, Any] = raw["metadata"]
        self.shapes = ShapeTable(raw["shapes"])
        self.protocols: tuple[str, ...] = tuple(
            self.metadata.get("protocols") or [self.metadata["protocol"]]
        )
        self._raw_operations: Mapping[str, Mapping[str, Any]] = raw["operations"]
        self._operations: dict[str, OperationModel] = {}
        self._exceptions: dict[str, str] | None = None

    @property
    def operation_names(self) -> tuple[str, ...]:
        """The names of all operations."""
        return tuple(self._raw_operations)

    @property
    def is_query_compatible(self) -> bool:
        """Whether the service keeps telling its former query error codes to its clients."""
        return "awsQueryCompatible" in self.metadata

    def http(self, name: str) -> Mapping[str, Any]:
        """The raw HTTP binding of an operation, without resolving its shapes."""
        binding: Mapping[str, Any] = self._raw_operations[name]["http"]
        return binding

    def is_deprecated(self, name: str) -> bool:
        """Whether an operation is there for old clients only."""
        return bool(self._raw_operations[name].get("deprecated", False))

    def raw_input(self, name: str) -> tuple[Mapping[str, Mapping[str, Any]], Sequence[str]]:
        """The raw members of an operation's input and the names of the required ones."""
        reference = self._raw_operations[name].get("input")
        if reference is None:
            return {}, ()
        shape = self.shapes.raw(reference["shape"])
        return shape["members"], shape.get("required", ())

    def has_operation(self, name: str) -> bool:
        """Whether the model has an operation of this name."""
        return name in self._raw_operations

    def operation(self, name: str) -> OperationModel:
        """The operation of this name; raises KeyError when there is none."""
        found = self._operations.get(name)
        if found is None:
            found = OperationModel(name, self._raw_operations[name], self.shapes)
            self._operations[name] = found
        return found

    def exception(self, code: str) -> Shape | None:
        """The exception shape with this name, or else with this code on the wire."""
        if self._exceptions is None:
            self._exceptions = _exceptions_by_code(self.shapes)
        name = self._exceptions.get(code)
        return self.shapes.named(name) if name is not None else None


def _exceptions_by_code(shapes: ShapeTable) -> dict[str, str]:
    exceptions = [
        (name, shapes.raw(name).get("error", {}).get("code"))
        for name in shapes.names
        if shapes.raw(name).get("exception")
    ]
    by_code = {code: name for name, code in reversed(exceptions) if code}
    # A name is unique, a code need not be, so names win.
    by_code.update((name, name) for name, _ in exceptions)
    return by_code


@cache
def data_folder() -> Path:
    """The folder of botocore's models; raises UnknownService when botocore is not installed."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise UnknownService("botocore, whose service models Ingle reads, is not installed")
    return Path(spec.origin).parent / "data"


@cache
def load_model(service: str) -> Model:
    """Read the newest model of a service; some 5 ms for Lambda's.

    Raises:
        UnknownService: botocore has no service of that name.
    """
    folder = data_folder() / service
    if not re.fullmatch(r"[a-z0-9-]+", service) or not folder.is_dir():
        raise UnknownService(f"botocore has no model of a service named {service!r}")
    newest = max(path for path in folder.iterdir() if path.is_dir())
    raw = orjson.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    overlay = OVERLAYS / f"{service}.json"
    if overlay.is_file():
        _merge(raw, orjson.loads(overlay.read_bytes()))
    return Model(service, raw)


def _merge(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    for key, value in source.items():
        present = target.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        else:
            target[key] = value


_PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s$")
_WORD = re.compile(r"(.)([A-Z][a-z]+)")
_END_OF_WORD = re.compile(r"([a-z0-9])([A-Z])")
# Names whose capitals do not begin words.
_PROPER_NAMES = {
    "HITs": "Hits",
    "OAuth2": "Oauth2",
    "OTel": "Otel",
    "PartiQL": "Partiql",
    "WhatsApp": "Whatsapp",
    "iSCSI": "Iscsi",
}


@cache
def method_name(operation: str) -> str:
    """boto3's method name for an operation: `ListMFADevices` is `list_mfa_devices`."""
    for name, word in _PROPER_NAMES.items():
        operation = operation.replace(name, word)
    plural = _PLURAL_ACRONYM.search(operation)
    if plural is not None:
        operation = f"{operation[: plural.start()]}_{plural.group().lower()}"
    return _END_OF_WORD.sub(r"\1_\2", _WORD.sub(r"\1_\2", operation)).lower()
