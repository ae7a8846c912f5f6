"""The compose files are valid: by the own checks, and by Compose itself."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.compose import refusals
from docker_agent.domains.deploy.picture import ERROR, Picture, gate

CONFIG_S = 60.0


@gate(1, dev=ERROR, staging=ERROR)
def compose_valid(picture: Picture) -> Iterator[Finding]:
    """Nothing in the files is an error, and Compose takes them."""
    judged = picture.judged.findings
    policies = picture.ws.context.policies
    errors = [each for each in judged if each.severity is Severity.ERROR and each.code not in policies]
    yield from errors
    yield from refusals(picture.setting.stack.model)
    if not errors:
        yield from _asked(picture)


def _asked(picture: Picture) -> Iterator[Finding]:
    """What Compose says of the files as they are on the disk."""
    stack = picture.setting.stack
    evidence = (Evidence(source="file", where=str(stack.files[0].name)),)
    try:
        ran = picture.ws.host.compose(
            (*picture.setting.options, "config", "--quiet"), cwd=stack.directory, timeout_s=CONFIG_S
        )
    except AgentError as error:
        yield Finding(
            code="gate-compose-not-asked",
            severity=Severity.WARN,
            object=stack.name,
            message=f"Only the own checks looked at the files: {error.message}",
            fix=error.next_step,
            evidence=evidence,
        )
        return
    if ran.code or ran.timed_out:
        said = (ran.err.strip().splitlines() or ["it ran too long"])[-1]
        yield Finding(
            code="gate-compose-invalid",
            severity=Severity.OFF,
            object=stack.name,
            message=f"Compose refuses the files: {picture.ws.quote(said, 300)}",
            fix="Correct that; see `docker compose config --quiet`.",
            evidence=evidence,
        )
