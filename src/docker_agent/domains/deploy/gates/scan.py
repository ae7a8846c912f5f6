"""No image has a critical weakness for which there is a fix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from docker_agent.core.errors import AgentError
from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.deploy.picture import ERROR, WARN, Picture, gate, image_of, stands
from docker_agent.host.compose_cli import TRIVY_SCAN
from docker_agent.project.compose.types import Service

SCAN_S = 600.0
NAMED = 3
NO = frozenset({"", "no", "none", "off", "false"})


@gate(9, staging=ERROR)
def scan(picture: Picture) -> Iterator[Finding]:
    """Trivy finds no fixable critical weakness; asked in production, and where the project context wants it."""
    wanted = picture.asks("image scan", "scan", "trivy", "vulnerabilit")
    if picture.setting.environment != "production" and (wanted is None or wanted.strip().lower() in NO):
        return
    seen: set[str] = set()
    for service in picture.chosen():
        image = image_of(picture.setting, service)
        if image not in seen and not image.startswith("-"):
            seen.add(image)
            yield from _scanned(picture, service, image)


def _scanned(picture: Picture, service: Service, image: str) -> Iterator[Finding]:
    try:
        ran = picture.ws.host.program("trivy", *TRIVY_SCAN, image, timeout_s=SCAN_S)
        found = None if ran.code or ran.timed_out else _read(ran.out)
        said = (ran.err.strip().splitlines() or ["it ran too long"])[-1] if found is None else ""
    except AgentError as error:
        found, said = None, error.message
    except (ValueError, TypeError):
        found, said = None, "its answer cannot be read"
    if found is None:
        weight = ERROR if picture.setting.environment == "production" else WARN
        message = f"{image} was not scanned for weaknesses: {picture.ws.quote(said, 200)}"
        fix = "Install trivy and let it fetch its database once (`trivy image --download-db-only`)."
        yield stands(picture, "gate-scan-missing", service, message, fix, severity=weight)
        return
    for level, code, weight in (("CRITICAL", "gate-scan-critical", Severity.OFF), ("HIGH", "gate-scan-high", WARN)):
        each = [item for item in _weaknesses(found) if item.get("Severity") == level and item.get("FixedVersion")]
        if each:
            message = f"{image} has {len(each)} {level.lower()} weaknesses with a fix: {_named(each)}."
            fix = "Build it anew on a newer base, or take a newer version of it."
            yield stands(picture, code, service, message, fix, severity=weight)


def _read(text: str) -> Any:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError(text[:100])
    return cast("Any", found)


def _weaknesses(found: Any) -> list[dict[str, Any]]:
    return [each for result in found.get("Results") or () for each in result.get("Vulnerabilities") or ()]


def _named(found: list[dict[str, Any]]) -> str:
    named = [
        f"{each.get('VulnerabilityID')} in {each.get('PkgName')} {each.get('InstalledVersion')}"
        f" (fixed in {each.get('FixedVersion')})"
        for each in found[:NAMED]
    ]
    return ", ".join([*named, *([f"{len(found) - NAMED} more"] if len(found) > NAMED else [])])
