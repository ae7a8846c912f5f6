"""Go back to the version before the last release."""

from __future__ import annotations

from typing import Annotated

from docker_agent.core.errors import InputError
from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.release.plan import release_plan
from docker_agent.domains.release.record import ReleaseRecord, latest
from docker_agent.domains.release.wish import Wish
from docker_agent.host.models import Container
from docker_agent.project.workspace import Workspace

WATCH_S = 2.0
# Who goes back is in a hurry: a version that was good before is not sent away for being slow on a busy machine.
MOST_ERRORS_PERCENT = 25.0
ANY_MS = 3_600_000.0


@tool(risk=Risk.CHANGE, examples=("docker-agent release rollback", "docker-agent release rollback web --yes"))
def rollback(
    ws: Workspace,
    service: Annotated[str, "The service; that of the newest release where none is named."] = "",
    drain_s: Annotated[float, "How long the version that goes may answer what it was asked, seconds."] = 10.0,
) -> Plan:
    """Plan to go back to the version before the last release of a service, with no request lost.

    Where the old container was kept, it is started again, checked, and gets the traffic; where it is gone, a new one is
    made of the image that it ran. The compose file gets the old image back, and a tag that was moved leads to it again.
    """
    _, record = latest(ws, service, "done")
    wish = Wish(
        strategy="rollback",
        drain_s=drain_s,
        watch_s=WATCH_S,
        keep_min=record.keep_min,
        max_error_percent=MOST_ERRORS_PERCENT,
        max_p95_ms=ANY_MS,
        path=record.path,
        proxy=record.proxy,
        port=record.port,
    )
    kept = _kept(ws, record)
    return release_plan(
        ws, record.service, record.old_image, wish, again=kept.name if kept else "", image_id=record.old_image_id
    )


def _kept(ws: Workspace, record: ReleaseRecord) -> Container | None:
    """The stopped container of the version before, None where it is gone or is another one now."""
    try:
        container = ws.host.container(record.old)
    except InputError:
        return None
    return None if container.running or container.image_id != record.old_image_id else container
