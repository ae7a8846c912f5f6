"""The schema of the Compose Specification as shapes by path, with what Compose does differently."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from docker_agent.project.compose.casts import CASTS, DECODED

SCHEMA = Path(__file__).with_name("specification") / "compose-spec.json"
# "whole" is a number with a point and nothing behind it, which the schema takes for an integer and Compose not always.
KINDS = frozenset({"string", "number", "integer", "whole", "boolean", "array", "object", "null"})

# Where Compose takes less than its schema says.
_TYPES = {
    "services.*.pid": {"string"},
    "services.*.group_add.[]": {"string", "integer"},
    "services.*.expose.[]": {"string", "integer"},
    "services.*.build.additional_contexts.*": {"string"},
    "services.*.build.secrets.[].mode": {"string", "integer"},
    "services.*.secrets.[].mode": {"string", "integer"},
    "services.*.configs.[].mode": {"string", "integer"},
    "services.*.storage_opt.*": {"string"},
    "secrets.*.driver_opts.*": {"string", "integer"},
}
_NOT_NEGATIVE = {
    "services.*.blkio_config.weight",
    "services.*.blkio_config.weight_device.[].weight",
    "services.*.volumes.[].tmpfs.mode",
    "services.*.healthcheck.retries",
    "services.*.deploy.update_config.parallelism",
    "services.*.deploy.rollback_config.parallelism",
    "services.*.deploy.restart_policy.max_attempts",
    "services.*.deploy.placement.max_replicas_per_node",
}
_REQUIRED = {"services.*.devices.[]": ["target"]}

# Compose drops what is there twice in these lists before it looks at the schema.
_MADE_UNIQUE = """
    annotations build.args build.additional_contexts build.platforms build.tags build.labels cap_add cap_drop devices
    configs deploy.labels dns dns_opt dns_search environment env_file expose labels links networks.*.aliases
    networks.*.link_local_ips ports profiles secrets sysctls tmpfs volumes
"""
_UNIQUE = {"networks.*.labels", *(f"services.*.{path}" for path in _MADE_UNIQUE.split())}
_EXTENSION = "^x-"
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def _is_name(key: str) -> bool:
    return bool(key) and _NAME.issuperset(key)


# The patterns that keys are held against most often, without compiling them.
_TESTS: dict[str, Callable[[str], object]] = {"^[a-zA-Z0-9._-]+$": _is_name, "^.+$": bool, ".+": bool}


class Shape:
    """What the schema asks of the values at one path; shapes below are made when they are first needed."""

    def __init__(self, schema: dict[str, Any], path: tuple[str, ...]) -> None:
        self.path = path
        self.name = ".".join(path)
        self.said: dict[str, Any] = schema
        if self.name in _NOT_NEGATIVE:
            self.said = {**schema, "minimum": 0}
        if self.name in _REQUIRED and "properties" in schema:
            self.said = {**schema, "required": [*schema["required"], *_REQUIRED[self.name]]}
        self.branches = [Shape(each, path) for each in _branches(schema)]
        self.types = _types(schema) & frozenset(_TYPES[self.name]) if self.name in _TYPES else _types(schema)
        self.cast, self.decoded = CASTS.get(path), DECODED.get(path)
        self._properties: dict[str, Shape] = {}

    @cached_property
    def unique(self) -> bool:
        """Whether a list with the same item twice is refused."""
        return bool(self.said.get("uniqueItems")) and self.name not in _UNIQUE

    @cached_property
    def words(self) -> dict[str, Any]:
        """The keys that are named."""
        return self.said.get("properties") or {}

    @cached_property
    def patterns(self) -> list[tuple[Callable[[str], object], Shape]]:
        """The keys that a pattern allows, extensions apart."""
        found: dict[str, Any] = self.said.get("patternProperties") or {}
        below = (*self.path, "*")
        return [
            (_TESTS.get(pattern) or re.compile(pattern).search, Shape(_resolved(each), below))
            for pattern, each in found.items()
            if each
        ]

    @cached_property
    def items(self) -> Shape | None:
        """What each item of a list is."""
        found = self.said.get("items")
        return Shape(_resolved(found), (*self.path, "[]")) if found else None

    @cached_property
    def closed(self) -> bool:
        """Whether other keys are refused."""
        return self.said.get("additionalProperties") is False

    @cached_property
    def extensible(self) -> bool:
        """Whether keys that start with x- are taken."""
        return not self.closed or _EXTENSION in (self.said.get("patternProperties") or {})

    def of(self, key: str) -> Shape | None:
        """The shape of a key's value; None for a key that nothing is known of."""
        known = self._properties.get(key)
        if known is None and key in self.words:
            known = self._properties[key] = Shape(_resolved(self.words[key]), (*self.path, key))
        if known is None:
            known = next((shape for is_named, shape in self.patterns if is_named(key)), None)
        return known

    def branch(self, kind: str) -> Shape | None:
        """Among alternatives the one for a kind of value; None where there is none."""
        if not self.branches:
            return self
        return next((found for each in self.branches if kind in each.types and (found := each.branch(kind))), None)


@cache
def compose_shape() -> Shape:
    """The whole of a compose file."""
    return Shape(_schema(), ())


@cache
def _schema() -> dict[str, Any]:
    return json.loads(SCHEMA.read_bytes())


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return _schema()["definitions"][reference.rpartition("/")[2]] if reference else schema


def _branches(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [_resolved(each) for each in schema.get("oneOf") or schema.get("anyOf") or ()]


def _types(schema: dict[str, Any]) -> frozenset[str]:
    said: Any = schema.get("type")
    if said is None:
        return frozenset(kind for each in _branches(schema) for kind in _types(each)) or KINDS
    kinds = {said} if isinstance(said, str) else set(said)
    if "number" in kinds:
        kinds.add("integer")
    return frozenset(kinds | {"whole"} if "integer" in kinds else kinds)
