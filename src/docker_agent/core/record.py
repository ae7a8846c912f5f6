"""Plain data that is not changed once it is made: frozen for the type checker, and cheap at run time.

The compose checker defines seventy kinds of data at its start. `dataclasses` takes 9 ms to import and 0.3 ms to define
one of them, both because of what most programs never ask it for. A record has the same form, but its `__init__` is
written when the first one is made, and it becomes a dataclass when somebody asks for its fields, as pydantic does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

_NONE: Any = object()


class _Field:
    """What a class says of one of its fields."""

    def __init__(
        self, default: Any = _NONE, factory: Any = _NONE, *, init: bool = True, compare: bool = True, shown: bool = True
    ) -> None:
        self.default, self.factory = default, factory
        self.init, self.compare, self.shown = init, compare, shown

    def as_dataclass_field(self, field: Callable[..., Any]) -> Any:
        """The same, made by `dataclasses.field`."""
        made_by = {"default": self.default, "default_factory": self.factory}
        made_by = {name: value for name, value in made_by.items() if value is not _NONE}
        return field(**made_by, init=self.init, compare=self.compare, repr=self.shown)


def field(
    *,
    default: Any = _NONE,
    default_factory: Callable[[], Any] = _NONE,
    init: bool = True,
    compare: bool = True,
    repr: bool = True,  # noqa: A002 - as `dataclasses.field` names it
) -> Any:
    """Say more of a field than its type and default, as `dataclasses.field` does."""
    return _Field(default, default_factory, init=init, compare=compare, shown=repr)


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """A kind of data that pyright keeps frozen; each is equal to itself only."""
    _define(cls)
    return cls


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def mutable(cls: type[T]) -> type[T]:
    """A record whose fields may be set anew."""
    _define(cls)
    return cls


@dataclass_transform(frozen_default=True, eq_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A record that is equal to another of the same fields."""
    fields = _define(cls)
    content = attrgetter(*[name for name, each in fields.items() if each.compare])
    shown = [name for name, each in fields.items() if each.shown]

    def equal(self: T, other: object) -> bool:
        return content(self) == content(other) if other.__class__ is self.__class__ else NotImplemented

    def digest(self: T) -> int:
        return hash(content(self))

    def show(self: T) -> str:
        return f"{cls.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    for name, method in {"__eq__": equal, "__hash__": digest, "__repr__": show}.items():
        setattr(cls, name, method)
    return cls


def replace(one: T, **changes: Any) -> T:
    """The same record with other values in some of its fields."""
    kind: Any = one.__class__
    said = one.__dict__
    return kind(**{name: said[name] for name in kind.__match_args__} | changes)


def _define(cls: type[Any]) -> dict[str, _Field]:
    """Set what makes a class a record, and say its fields; a record's fields are its own, none are inherited."""
    fields: dict[str, _Field] = {}
    for name in cls.__annotations__:
        said = cls.__dict__.get(name, _NONE)
        fields[name] = said if isinstance(said, _Field) else _Field(said)
        if fields[name].default is not _NONE:
            setattr(cls, name, fields[name].default)
        elif said is not _NONE:
            delattr(cls, name)

    def first(self: Any, *given: Any, **named: Any) -> None:
        cls.__init__ = _written(cls, fields)
        cls.__init__(self, *given, **named)

    cls.__init__ = first
    cls.__match_args__ = tuple(name for name, each in fields.items() if each.init)
    cls.__dataclass_fields__ = _Dataclass(cls, fields)
    return fields


def _written(cls: type[Any], fields: dict[str, _Field]) -> Callable[..., None]:
    """The `__init__` of a record, as somebody would write it; calling one that is general takes three times as long."""
    taken, lines, known = ["self"], list[str](), {"NONE": _NONE}
    for name, each in fields.items():
        known |= {f"default_{name}": each.default, f"new_{name}": each.factory}
        made = each.factory is not _NONE
        if each.init:
            taken.append(f"{name}=NONE" if made else name if each.default is _NONE else f"{name}=default_{name}")
            lines.append(f"self.{name} = {name}" + (f" if {name} is not NONE else new_{name}()" if made else ""))
        elif made:
            lines.append(f"self.{name} = new_{name}()")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    exec(f"def __init__({', '.join(taken)}):\n " + "\n ".join(lines or ["pass"]), known)  # noqa: S102 - as dataclasses do
    return known["__init__"]


class _Dataclass:
    """Stands where a dataclass has its fields; looking there makes the record one, with the fields that it has."""

    def __init__(self, cls: type[Any], fields: dict[str, _Field]) -> None:
        self._cls, self._fields = cls, fields

    def __get__(self, _one: object, _owner: type[Any] | None = None) -> Any:
        dataclasses: Any = importlib.import_module("dataclasses")
        for name, each in self._fields.items():
            setattr(self._cls, name, each.as_dataclass_field(dataclasses.field))
        dataclasses.dataclass(init=False, repr=False, eq=False)(self._cls)
        return self._cls.__dict__["__dataclass_fields__"]
