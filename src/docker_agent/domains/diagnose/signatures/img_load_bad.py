"""Archives that are no images."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"^(?:Error response from daemon: )?(?:(?P<cut>unexpected EOF|archive/tar: invalid tar header)\s*$"
    r"|open \S{1,500}/docker-import-\d+/(?:repositories|manifest\.json): no such file"
    r"|unrecognized image format\s*$|requested load from stdin, but stdin is empty)"
    r"|Error processing tar file\([^)\n]{1,80}\): unexpected EOF",
    re.MULTILINE,
)


@signature(code="img-load-bad", area="image")
def img_load_bad(snapshot: Snapshot) -> Iterator[Finding]:
    """What `docker load` was given is no whole image archive.

    `unexpected EOF`: the file is cut short, or no archive at all. `repositories: no such file`: it is an archive, but
    not one of `docker save`, such as one of `docker export`, which `docker import` reads.

    Seen
    ----
        unexpected EOF
        open /var/lib/docker/tmp/docker-import-18201233/repositories: no such file or directory
        unrecognized image format
    """
    for refusal in spoken(snapshot, PATTERN):
        cut = refusal.match["cut"] or refusal.match[0].endswith("EOF")
        yield refusal.found(
            message="The file is cut short or no archive." if cut else "The archive holds no image.",
            cause=(
                "Its transfer broke off, the disk was full when it was written, or it is another file."
                if cut
                else "It was made by `docker export` or by tar, not by `docker save`."
            ),
            fix="Save it again with `docker save -o FILE IMAGE`, compare the checksums of both files, and load that.",
        )
