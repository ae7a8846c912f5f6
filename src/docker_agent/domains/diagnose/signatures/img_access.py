"""Registries that want to know who asks, or that refuse who asks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.pulls import STATUS, failed_pulls
from docker_agent.domains.diagnose.snapshot import Snapshot

UNAUTHORIZED = re.compile(
    r"unauthorized: (?:authentication required|incorrect username or password|[^\n]{0,80}authenticat)"
    r"|(?:from daemon|error|\"): unauthorized\s*$"
    r"|no basic auth credentials"
    rf"|{STATUS}401 ",
    re.MULTILINE,
)
DENIED = re.compile(
    r"(?:from daemon|error|\"): denied(?::|\s*$)|^denied: "
    r"|pull access denied for (?:localhost/|[^/\s,]{0,253}[.:][^/\s,]{0,253}/)[^\s,]{1,255},"
    rf"|{STATUS}403 ",
    re.MULTILINE,
)


@signature(code="img-unauthorized", area="image")
def img_unauthorized(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry wants a login, and none was given or it is not valid.

    On a terminal Docker 28 asks for a user name and waits; run it with `</dev/null` to see the message. A login that is
    known and may not do this is `img-denied`.

    Seen
    ----
        Error response from daemon: unauthorized: authentication required
        Error response from daemon: failed to resolve reference "registry.example.com/app:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials
        ERROR: failed to solve: registry.example.com/app: failed to resolve source metadata for registry.example.com/app:latest: unexpected status from HEAD request to https://registry.example.com/v2/app/manifests/latest: 401 Unauthorized
    """
    for pull in failed_pulls(snapshot, UNAUTHORIZED):
        login = f"docker login {pull.host}" if pull.host not in {"", "docker.io"} else "docker login"
        yield pull.found(
            message=f"The registry wants a login for {pull.says}.",
            cause="Nobody is logged in there for this user on this machine, or the password or token is not valid.",
            fix=f"`{login}` as the user who runs this, then try again.",
        )


@signature(code="img-denied", area="image")
def img_denied(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry refuses the image to who asks.

    Some registries refuse what does not exist in the same way. For a name on Docker Hub, where that is most often the
    case, it is `img-name-unknown`.

    Seen
    ----
        Error response from daemon: pull access denied for registry.example.com/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied
        denied: requested access to the resource is denied
        Error response from daemon: denied
        Error response from daemon: unknown: failed to resolve reference "registry.example.com/app:1": unexpected status from HEAD request to https://registry.example.com/v2/app/manifests/1: 403 Forbidden
    """
    for pull in failed_pulls(snapshot, DENIED):
        yield pull.found(
            message=f"The registry refuses access to {pull.says}.",
            cause="The login has no right to this repository, nobody is logged in, or the repository is not there.",
            fix="Have the right granted, log in as somebody who has it, or correct the name.",
        )
