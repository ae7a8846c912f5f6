"""Images for other processors than this machine has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.pulls import failed_pulls
from docker_agent.domains.diagnose.snapshot import Snapshot

NO_MANIFEST = re.compile(
    r"no matching manifest for (?P<platform>[\w/]{1,40}) in the manifest list|no match for platform in manifest"
)
MISMATCH = re.compile(
    r"requested image's platform \((?P<image>[\w/]{1,40})\) does not match the detected host platform "
    r"\((?P<host>[\w/]{1,40})\)"
)


@signature(code="img-arch-nomanifest", area="image")
def img_arch_nomanifest(snapshot: Snapshot) -> Iterator[Finding]:
    """The image is there, but not for this machine's processor.

    The tag is a list of images by platform, and this one is not in it. An image that is for one other platform only is
    pulled all the same and fails when it starts (`img-arch-mismatch`).

    Seen
    ----
        no matching manifest for linux/amd64 in the manifest list entries
        Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list entries: no match for platform in manifest: not found
        ERROR: failed to solve: app:1: failed to resolve source metadata for docker.io/library/app:1: no match for platform in manifest: not found
    """
    for pull in failed_pulls(snapshot, NO_MANIFEST):
        platform = pull.refusal.match["platform"] or "this machine's platform"
        yield pull.found(
            message=f"There is no image for {platform} under this tag.",
            cause="It was built for other platforms only.",
            fix=(
                "Take a tag that has this platform, build it for both (`docker buildx build --platform`), or choose "
                "another with `platform:` where the host can emulate it (QEMU)."
            ),
        )


@signature(code="img-arch-mismatch", area="image")
def img_arch_mismatch(snapshot: Snapshot) -> Iterator[Finding]:
    """The image is for another processor than this machine has.

    The engine warns and starts it; without emulation the program ends with `exec format error`. With a platform chosen
    on purpose the engine does not warn.

    Seen
    ----
        WARNING: The requested image's platform (linux/arm64) does not match the detected host platform (linux/amd64/v4) and no specific platform was requested
    """
    for refusal in spoken(snapshot, MISMATCH):
        failed = "exec format error" in refusal.match.string
        yield refusal.found(
            message=f"The image is for {refusal.match['image']}, this machine is {refusal.match['host']}.",
            cause="It was built on, or pulled for, a machine of the other kind.",
            fix="Build or pull it for this platform (`--platform`, `platform:`), or install QEMU emulation (binfmt).",
            severity=Severity.ERROR if failed else Severity.WARN,
        )
