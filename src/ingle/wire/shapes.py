"""The types of a service model: structures, lists, maps and scalars, with their traits."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Generic, TypeVar

# What a reference to a shape says only for people or for clients, not for the wire.
_SILENT_TRAITS = frozenset(
    {
        "shape",
        "documentation",
        "deprecated",
        "deprecatedMessage",
        "deprecatedSince",
        "contextParam",
        "hostLabel",
        "box",
        "resultWrapper",
    }
)


class Shape:
    """One type, with the traits of the reference that led to it.

    Two references with the same traits to the same shape give the same object, so a Shape is
    also the key under which what was compiled for it is kept.

    Attributes:
        name: the shape's name in the model.
        type: structure, list, map, string, integer, long, float, double, boolean, blob, timestamp.
        traits: the shape's traits, overridden by those of the reference.
    """

    def __init__(self, table: "ShapeTable", name: str, traits: Mapping[str, Any]) -> None:
        self._table = table
        self.name = name
        self.type: str = traits["type"]
        self.traits = traits

    def __repr__(self) -> str:
        return f"<Shape {self.name}: {self.type}>"

    @cached_property
    def members(self) -> dict[str, "Shape"]:
        """The members of a structure by name, in the model's order."""
        members: Mapping[str, Mapping[str, Any]] = self.traits.get("members", {})
        return {name: self._table.resolve(ref) for name, ref in members.items()}

    @cached_property
    def required(self) -> frozenset[str]:
        """The names of the members that a structure must have."""
        return frozenset(self.traits.get("required", ()))

    @cached_property
    def member(self) -> "Shape":
        """What a list holds."""
        return self._table.resolve(self.traits["member"])

    @cached_property
    def key(self) -> "Shape":
        """What a map's keys are."""
        return self._table.resolve(self.traits["key"])

    @cached_property
    def value(self) -> "Shape":
        """What a map's values are."""
        return self._table.resolve(self.traits["value"])

    @property
    def location(self) -> str | None:
        """Where in HTTP a member is: uri, querystring, header, headers, statusCode; or None."""
        return self.traits.get("location")

    @property
    def payload(self) -> str | None:
        """The member of this structure that is the whole HTTP body, or None."""
        return self.traits.get("payload")

    @property
    def is_flattened(self) -> bool:
        """Whether a list or map has no element of its own around its entries."""
        return bool(self.traits.get("flattened"))

    @property
    def is_document(self) -> bool:
        """Whether this is any JSON value."""
        return bool(self.traits.get("document"))

    @property
    def is_sensitive(self) -> bool:
        """Whether values of this shape must not be repeated in messages or logs."""
        return bool(self.traits.get("sensitive"))

    def wire_name(self, default: str) -> str:
        """The name on the wire of a member that the model calls `default`."""
        name: str = self.traits.get("locationName", default)
        return name

    @cached_property
    def body_members(self) -> dict[str, "Shape"]:
        """The members that are in the body: those without a place elsewhere in HTTP."""
        return {name: shape for name, shape in self.members.items() if shape.location is None}

    @cached_property
    def event_stream(self) -> tuple[str, "Shape"] | None:
        """The member that is a stream of events, if there is one."""
        for name, shape in self.members.items():
            if shape.traits.get("eventstream"):
                return name, shape
        return None


class ShapeTable:
    """Every shape of one model."""

    def __init__(self, raw: Mapping[str, Mapping[str, Any]]) -> None:
        self._raw = raw
        self._shapes: dict[tuple[str, str], Shape] = {}

    @property
    def names(self) -> Iterable[str]:
        """The names of all shapes."""
        return self._raw

    def raw(self, name: str) -> Mapping[str, Any]:
        """The model's own description of a shape."""
        return self._raw[name]

    def named(self, name: str) -> Shape:
        """The shape of this name; raises KeyError when there is none."""
        return self.resolve({"shape": name})

    def resolve(self, reference: Mapping[str, Any]) -> Shape:
        """The shape that a reference (of a member, a list, an operation, ...) leads to."""
        name: str = reference["shape"]
        traits = {key: value for key, value in reference.items() if key not in _SILENT_TRAITS}
        key = (name, repr(sorted(traits.items())) if traits else "")
        found = self._shapes.get(key)
        if found is None:
            found = Shape(self, name, {**self._raw[name], **traits} if traits else self._raw[name])
            self._shapes[key] = found
        return found


F = TypeVar("F", bound=Callable[..., Any])


class PerShape(Generic[F]):
    """A function for each shape, compiled at first use and kept.

    A subclass says in `build` how the function for a shape is made. Shapes that contain
    themselves are fine: while one is being built, `of` answers with a stand-in for it.
    """

    def __init__(self) -> None:
        self._built: dict[Shape, F] = {}

    def of(self, shape: Shape) -> F:
        """The function for this shape."""
        found = self._built.get(shape)
        if found is None:
            stand_in = _StandIn()
            self._built[shape] = stand_in  # type: ignore[assignment]  # calls what replaces it
            found = self.build(shape)
            stand_in.target = found
            self._built[shape] = found
        return found

    def build(self, shape: Shape) -> F:
        """Make the function for a shape."""
        raise NotImplementedError


class _StandIn:
    __slots__ = ("target",)

    target: Callable[..., Any]

    def __call__(self, *args: Any) -> Any:
        return self.target(*args)
