"""Folders in memory from which programs may be started."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.record import replace
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.written import known_items
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Service
from docker_agent.project.edit.spans import replace_value
from docker_agent.project.edit.values import Edit

LOOSE = frozenset({"exec", "suid", "dev"})


@rule(severity=Severity.INFO, area="security")
def tmpfs_options(model: ComposeModel) -> Iterator[Finding]:
    """A tmpfs allows programs, setuid bits or device files.

    Why
    ---
    The engine mounts tmpfs with `noexec,nosuid,nodev`, so that the only folder which can be written on a read-only
    service is one from which nothing can be started. `exec` takes that away: a downloaded program runs from /tmp, and
    with `suid` it keeps the rights of its owner.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            read_only: true
            tmpfs: ["/tmp:rw,exec,size=64m"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            read_only: true
            tmpfs: ["/tmp:size=64m,mode=1777", "/run"]

    Instead
    -------
    Take the words out. Some programs really start what they unpack: s6-overlay needs `/run:exec`, JNI and Python wheels
    in a temporary folder need `exec` there. Then keep it to that one folder, and leave `suid` and `dev` out.

    See
    ---
    mount(8) · read_only_root
    """
    for service in model.services.values():
        items = _loose(service)
        if not items:
            continue
        words = dict.fromkeys(word for item in items for word in _options(item.value) if word in LOOSE)
        message = f"{service.name} has a tmpfs that allows {' and '.join(words)}."
        found = fault(model, items[0].place, service.name, message, f"Take {' and '.join(words)} out.")
        others = (Evidence(source="compose", where=str(item.place), quote=item.value) for item in items[1:])
        yield replace(found, evidence=(*found.evidence, *others))


@tmpfs_options.fix("behaviour")
def tighten(model: ComposeModel, finding: Finding) -> list[Edit]:
    """Take the words out of all of the service's tmpfs; other options stay."""
    edits: list[Edit | None] = []
    for item in _loose(model.services[finding.object]):
        options = ",".join(word for word in _options(item.written) if word not in LOOSE)
        text = item.written.partition(":")[0] + (f":{options}" if options else "")
        if "$" not in item.written:
            edits.append(replace_value(item.source, item, (item.start, item.end), text))
    return [edit for edit in edits if edit]


def _loose(service: Service) -> list[Scalar]:
    return [item for item in known_items(service, "tmpfs") if not LOOSE.isdisjoint(_options(item.value))]


def _options(text: str) -> list[str]:
    return text.partition(":")[2].split(",")
