"""Images that are not where they are asked for: not on this machine, or not in the registry."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.pulls import failed_pulls
from docker_agent.domains.diagnose.snapshot import Snapshot

NOT_LOCAL = re.compile(r"(?<!\")No such image: (?P<image>[^\s,]{1,255})")
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
    was asked in vain it is `img-notfound` or `img-name-unknown`.

    Seen
    ----
        docker: Error response from daemon: No such image: shop/web:1.4
        Error response from daemon: No such image: web:latest
    """
    for refusal in spoken(snapshot, NOT_LOCAL):
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
