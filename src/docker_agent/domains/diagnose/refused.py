"""Compose files that Compose refuses: what the checks of the files find, by the signature that tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Argv, Plan
from docker_agent.domains.compose import accepted_texts
from docker_agent.domains.diagnose.evidence import cut
from docker_agent.domains.diagnose.messages import Refusal, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.domains.stack import wait_for
from docker_agent.project.edit.steps import write_source
from docker_agent.project.stack import compose_argv

# Which signature tells what a check of the files found; `cmp-refused` tells the rest.
TELLS = {
    "bad_mount": "cmp-schema",
    "bad_port": "cmp-schema",
    "bad_scalar": "cmp-schema",
    "container_name_with_replicas": "cmp-scale-name",
    "dependency_cycle": "cmp-cycle",
    "device_request": "gpu-count-ids",
    "duplicate_key": "cmp-yaml",
    "env_file_missing": "cmp-envfile",
    "healthcheck_test_form": "cmp-schema",
    "network_mode_and_networks": "cmp-netmode",
    "no_image_or_build": "cmp-noimage",
    "required_variable": "cmp-required-var",
    "schema": "cmp-schema",
    "undefined_config": "cmp-undef",
    "undefined_dependency": "cmp-undef",
    "undefined_model": "cmp-undef",
    "undefined_namespace_service": "cmp-undef",
    "undefined_network": "cmp-undef",
    "undefined_secret": "cmp-undef",
    "undefined_volume": "cmp-undef",
    "yaml_syntax": "cmp-yaml",
}
START_TIMEOUT_S = 300.0
CAUSE = "Compose reads and checks all files before it does anything, and stops at the first fault."


def refused(snapshot: Snapshot, code: str) -> Iterator[Finding]:
    """What a signature tells of the project's own files, each with its place; a warning where containers are there."""
    for finding in snapshot.refused:
        if _teller(finding) == code:
            yield replace(
                finding,
                code="",
                severity=Severity.WARN if snapshot.containers else Severity.ERROR,
                message=f"Compose refuses the file: {finding.message.removesuffix('.')} (rule {finding.code}).",
                cause=finding.cause or CAUSE,
                fixable=False,
                evidence=tuple(replace(each, quote=cut(snapshot, each.quote)) for each in finding.evidence),
            )


def make_acceptable(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Mend the files by the rules that tell of their faults, and start what could not start.

    Only where all that Compose refuses is mended so, and nothing of the project runs yet that might be made new.
    """
    stack = snapshot.stack
    if stack is None or snapshot.containers:
        return None
    texts = accepted_texts(stack, {each.code for each in snapshot.refused})
    if not texts:
        return None
    services = [each for each in stack.model.services.values() if stack.model.is_active(each) and each.replicas]
    names = tuple(each.name for each in services)
    start = Argv(
        why=f"Create and start {', '.join(names)}, now that Compose takes the file.",
        touches=names,
        argv=compose_argv(stack, "up", "-d"),
        cwd=str(stack.directory),
        timeout_s=START_TIMEOUT_S,
        undo=Argv(
            why="Remove the containers that were not there before.",
            touches=names,
            argv=compose_argv(stack, "rm", "--stop", "--force", *names),
            cwd=str(stack.directory),
        ),
    )
    writes = [write_source(stack.root, stack.model.source(name), text, finding.message) for name, text in texts.items()]
    return Plan(
        title=f"Mend {', '.join(texts)} and start {stack.name}",
        steps=(*writes, start, *(wait_for(stack, name) for name in names)),
        project=stack.name,
        reason=finding.message,
        findings=(finding.identity,),
    )


def told(snapshot: Snapshot, code: str, pattern: re.Pattern[str]) -> Iterator[Refusal]:
    """Messages that match, unless the files themselves show the same with its place."""
    if not any(_teller(finding) == code for finding in snapshot.refused):
        yield from spoken(snapshot, pattern)


def _teller(finding: Finding) -> str:
    if finding.code == "yaml_syntax" and "cannot start any token" in finding.message:
        return "cmp-yaml-tab"
    if finding.code == "schema" and finding.message.endswith('lacks "capabilities".'):
        return "gpu-compose-nocap"
    return TELLS.get(finding.code, "cmp-refused")
