"""Images that are not where they are asked for: not on this machine, or not in the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.pulls import failed_pulls
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.project.compose.texts import text

NOT_LOCAL = re.compile(r"(?<!\")No such image: (?P<image>[^\s,]{1,255})")
NEVER = "never"
NO_TAG = re.compile(
    r"manifest unknown"
    r"|failed to resolve (?:reference|source metadata for)[^\n]{1,600}(?<!name unknown)(?<!for platform in manifest): "
    r"not found"
)
NO_REPOSITORY = re.compile(
    r"name unknown"
    r"|pull access denied for (?![^/\s,]*[.:][^/\s,]*/)(?!localhost/)[^\s,]{1,255},"
    r"|pull access denied, repository does not exist or may require authorization: server message"
)


@signature(code="img-pull-never", area="image")
def img_pull_never(snapshot: Snapshot) -> Iterator[Finding]:
    """The image is not on this machine, and nothing was allowed to pull it.

    `--pull never`, `pull_policy: never` and commands about local images (tag, push, inspect) ask no registry. Where one
    was asked in vain it is `img-notfound` or `img-name-unknown`. Of a service with such a policy and without a container
    it is told from the compose file.

    Seen
    ----
        docker: Error response from daemon: No such image: shop/web:1.4
        Error response from daemon: No such image: web:latest
    """
    services = snapshot.model.services.values() if snapshot.model else ()
    made = {each.service for each in snapshot.containers}
    shown = [
        each
        for each in services
        if each.image in snapshot.absent_images
        and each.name not in made
        and snapshot.model
        and snapshot.model.is_active(each)
        and text(each.raw.get("pull_policy")) == NEVER
    ]
    for service in shown:
        node = service.raw.get("image")
        yield Finding(
            code="",
            severity=Severity.ERROR,
            object=service.name,
            message=f"There is no image {service.image} on this machine, and {service.name} may not pull it.",
            cause="It was never built, pulled or loaded here, or its tag is wrong; pull_policy: never asks no registry.",
            fix="Name a tag that is here (`docker image ls`), build or `docker load` it, or drop pull_policy.",
            evidence=(
                Evidence(source="compose", where=str(node.place if node else service.place), quote=service.image),
            ),
        )
    for refusal in spoken(snapshot, NOT_LOCAL) if not shown else ():
        yield refusal.found(
            message=f"There is no image {refusal.match['image']} on this machine.",
            cause="It was never built, pulled or loaded here, or it has another name; no registry was asked.",
            fix="Build it, pull it or `docker load` it, then try again; `docker image ls` shows the names.",
            about=refusal.match["image"],
        )


@signature(code="img-notfound", area="image")
def img_notfound(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry answers, and it has no such tag.

    The repository may be there or not: containerd's image store and BuildKit say `not found` for both. Where the
    registry says that it does not know the repository it is `img-name-unknown`.

    Seen
    ----
        Error response from daemon: manifest for registry.example.com/app:2 not found: manifest unknown: manifest unknown
        Error response from daemon: manifest unknown
        Error response from daemon: failed to resolve reference "docker.io/library/nginx:1.99": docker.io/library/nginx:1.99: not found
        ERROR: failed to solve: nginx:1.99: failed to resolve source metadata for docker.io/library/nginx:1.99: docker.io/library/nginx:1.99: not found
    """
    for pull in failed_pulls(snapshot, NO_TAG):
        yield pull.found(
            message=f"The registry has no {pull.says}.",
            cause="The tag is misspelt, was never pushed, or was removed.",
            fix="Look up the tags in the registry and name one that is there.",
        )


@signature(code="img-name-unknown", area="image")
def img_name_unknown(snapshot: Snapshot) -> Iterator[Finding]:
    """The registry knows no such repository, or hides it from who is not logged in.

    Docker Hub answers the same for a misspelt name and for a private repository. A registry that knows the repository
    and misses the tag says `manifest unknown` (`img-notfound`).

    Seen
    ----
        Error response from daemon: repository registry.example.com/ap not found: name unknown: repository name not known to registry
        Error response from daemon: pull access denied for ngnix, repository does not exist or may require 'docker login': denied: requested access to the resource is denied
        ERROR: failed to solve: ngnix:1: failed to resolve source metadata for docker.io/library/ngnix:1: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed
    """
    for pull in failed_pulls(snapshot, NO_REPOSITORY):
        yield pull.found(
            message=f"The registry shows no repository for {pull.says}.",
            cause="The name is misspelt (also: an image that is only built here), or the repository is private.",
            fix="Correct the name, add `build:` for an image of your own, or `docker login` and try again.",
        )
