"""Images that cannot be removed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"conflict: unable to (?:remove repository reference|delete) \"?(?P<image>[^\s\"]{1,255})\"? \([\w ]{1,30}\) - "
    r"(?:container (?P<user>\w{6,64}) is using"
    r"|image is being used by (?:stopped|running) container (?P<other>\w{6,64}))"
)


@signature(code="img-rmi-used", area="image")
def img_rmi_used(snapshot: Snapshot) -> Iterator[Finding]:
    """The image cannot be removed: a container, perhaps a stopped one, is made from it.

    An image that has a second tag can be untagged all the same; this is its last one.

    Seen
    ----
        Error response from daemon: conflict: unable to remove repository reference "shop/web:1" (must force) - container 1147d4b1277d is using its referenced image 021a65f0e372
        Error response from daemon: conflict: unable to delete 021a65f0e372 (cannot be forced) - image is being used by running container 1147d4b1277d
        Error response from daemon: conflict: unable to delete shop/web:1 (must be forced) - container aa9e9c896800 is using its referenced image a756bec23bdb
    """
    for refusal in spoken(snapshot, PATTERN):
        user = refusal.match["user"] or refusal.match["other"]
        everybody = (*snapshot.containers, *snapshot.others)
        name = next((each.name for each in everybody if each.id.startswith(user)), user)
        yield refusal.found(
            message=f"{refusal.match['image']} is in use by container {name}.",
            cause="A container keeps its image as long as it exists, running or not.",
            fix=f"If container {name} is not needed any more, remove it first; forcing only takes the name away.",
            about=refusal.match["image"],
        )
