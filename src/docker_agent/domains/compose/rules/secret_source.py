"""Secrets and configs without a source, or with several."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Node, Scalar


@rule(severity=Severity.ERROR, area="model")
def secret_source(model: ComposeModel) -> Iterator[Finding]:
    """A secret or config does not name exactly one source of its value.

    Why
    ---
    Compose refuses the project: a secret has `file` or `environment`, a config `file`, `environment` or `content`,
    and one of the engine's own is `external`.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
        secrets:
          key: {file: ./key.txt, environment: KEY}

    Fine
    ----
        services:
          web:
            image: nginx:1.29
        secrets:
          key: {file: ./key.txt}
          other: {external: true}
    """
    for resource in (*model.secrets.values(), *model.configs.values()):
        raw = resource.raw
        if raw is None:
            continue
        words = ("file", "environment") if resource.kind == "secret" else ("file", "environment", "content")
        said = [word for word in words if word in raw.index]
        listed = f"{', '.join(words[:-1])} or {words[-1]}"
        if len(said) > 1:
            place, fix = raw.index[said[1]].key.place, f"Keep one of {listed}."
            message = f"The {resource.kind} {resource.key} has {' and '.join(said)}, which exclude each other."
            yield fault(model, place, resource.key, message, fix)
        elif resource.kind == "secret" and not resource.external and _is_nameless(raw.get("environment"), model):
            message = f"The secret {resource.key} names no variable that its value comes from."
            yield fault(model, raw.index["environment"].value.place, resource.key, message, "Name the variable.")
        elif not said and not resource.external and not (resource.kind == "config" and "external" in raw.index):
            message = f"The {resource.kind} {resource.key} does not say where its value comes from."
            yield fault(model, resource.place, resource.key, message, f"Give it {listed}.")


def _is_nameless(node: Node | None, model: ComposeModel) -> bool:
    return isinstance(node, Scalar) and node.plain == "" and not (model.template and node.unset)
