"""Client and engine have no version of the API in common."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

TOO_NEW = re.compile(
    r"client version (?P<asked>[\d.]+) is too new\. Maximum supported API version is (?P<limit>[\d.]*\d)"
)
TOO_OLD = re.compile(
    r"client version (?P<asked>[\d.]+) is too old\. Minimum supported API version is (?P<limit>[\d.]*\d)"
)


@signature(code="api-too-new", area="engine")
def api_too_new(snapshot: Snapshot) -> Iterator[Finding]:
    """The client insists on a newer API than the engine has.

    Clients agree on a version by themselves unless one is fixed, mostly by DOCKER_API_VERSION or in a library's call.
    The other way round it is `api-too-old`.

    Seen
    ----
        Error response from daemon: client version 1.99 is too new. Maximum supported API version is 1.51
    """
    for refusal in spoken(snapshot, TOO_NEW):
        asked, limit = refusal.match["asked"], refusal.match["limit"]
        yield refusal.found(
            message=f"The client asks for API {asked}, the engine knows {limit} at most.",
            cause="DOCKER_API_VERSION or the program fixes a version that is newer than the engine.",
            fix=f"Unset DOCKER_API_VERSION (or set {limit}), let the library negotiate, or update the engine.",
        )


@signature(code="api-too-old", area="engine")
def api_too_old(snapshot: Snapshot) -> Iterator[Finding]:
    """The client speaks an API that the engine does not speak any more.

    Engine 29 raised the minimum to 1.44, which stops Watchtower, old Docker SDKs and other programs that fix 1.24.
    The other way round it is `api-too-new`.

    Seen
    ----
        Error response from daemon: client version 1.12 is too old. Minimum supported API version is 1.24
    """
    for refusal in spoken(snapshot, TOO_OLD):
        asked, limit = refusal.match["asked"], refusal.match["limit"]
        yield refusal.found(
            message=f"The client speaks API {asked}, the engine {limit} at least.",
            cause="The client is older than what this engine still supports.",
            fix=f"Get a newer client, or set DOCKER_API_VERSION={limit} for it if it knows that version.",
        )
