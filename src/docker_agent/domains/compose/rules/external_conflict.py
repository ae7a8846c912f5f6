"""External resources that the file describes too."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping
from docker_agent.project.compose.texts import mapping, text
from docker_agent.project.compose.types import Resource


@rule(severity=Severity.ERROR, area="model")
def external_conflict(model: ComposeModel) -> Iterator[Finding]:
    """An external network, volume, secret or config has more keys than its name.

    Why
    ---
    External means that it is there already, made by others. Compose refuses a volume with other keys, and any that
    has two names; for the rest it passes over them without a word, which is a warning here.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
        volumes:
          data: {external: true, driver: local}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
        volumes:
          data: {external: true, name: shop_data}
    """
    for group in (model.networks, model.volumes, model.secrets, model.configs):
        for resource in group.values():
            if resource.external and resource.raw is not None:
                yield from _conflicts(model, resource, resource.raw)


def _conflicts(model: ComposeModel, resource: Resource, raw: Mapping) -> Iterator[Finding]:
    what = f"The {resource.kind} {resource.key} is external"
    other = text(mapping(raw.get("external")).get("name"))
    name = raw.get("name")
    if other and name is not None and text(name) != other:
        message = f"{what} and has the names {other} and {text(name)}."
        yield fault(model, name.place, resource.key, message, "Keep name, and write external: true.")
    for key, entry in raw.index.items():
        if key in {"external", "name"} or key.startswith("x-"):
            continue
        message = f"{what}, so that {key} has no place there."
        found = fault(model, entry.key.place, resource.key, message, f"Take {key} out, or external.")
        yield found if resource.kind == "volume" else replace(found, severity=Severity.WARN)
