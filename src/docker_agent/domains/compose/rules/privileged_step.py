"""Builds and hooks that run with every right, though the service does not."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping, Node, Place, Scalar, Sequence
from docker_agent.project.compose.types import Service

HOOKS = ("post_start", "pre_stop")
INSECURE = "security.insecure"


@rule(severity=Severity.WARN, area="security")
def privileged_step(model: ComposeModel) -> Iterator[Finding]:
    """A build or a hook of a service runs privileged.

    Why
    ---
    The service itself may be held tight, but while its image is built, or right after its start, a command has every
    right on the host. In a build that command comes from a Dockerfile and from whatever it downloads: one package that
    was tampered with is enough.

    Flagged
    -------
        services:
          app:
            image: app:1
            post_start:
              - command: ./tune.sh
                privileged: true

    Fine
    ----
        services:
          app:
            build: .
            post_start:
              - command: chown -R app /data
                user: root

    Instead
    -------
    A hook that changes owners needs `user: root` only. Settings of the kernel belong under `sysctls`, or on the host. A
    build that needs other file systems or devices is better split: prepare on a builder, then `COPY` the result.

    See
    ---
    privileged_mode
    """
    for service in model.services.values():
        for place, what in _privileged(service):
            message = f"{what} of {service.name} runs with every right on the host."
            yield fault(model, place, service.name, message, "Take it out; user: root is enough for files.")


def _privileged(service: Service) -> Iterator[tuple[Place, str]]:
    build = service.raw.get("build")
    if isinstance(build, Mapping):
        if _is_true(build.get("privileged")):
            yield build.index["privileged"].value.place, "The build"
        granted = build.get("entitlements")
        for item in granted.items if isinstance(granted, Sequence) else ():
            if isinstance(item, Scalar) and item.value == INSECURE:
                yield item.place, "The build"
    for key in HOOKS:
        hooks = service.raw.get(key)
        for hook in hooks.items if isinstance(hooks, Sequence) else ():
            if isinstance(hook, Mapping) and _is_true(hook.get("privileged")):
                yield hook.index["privileged"].value.place, f"A {key} hook"


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and not node.unset and node.value.lower() == "true"
