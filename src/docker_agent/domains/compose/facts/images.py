"""Names of images: what rules need to know of `registry:5000/group/name:tag@digest`."""

from __future__ import annotations

FLOATING = frozenset(
    {"latest", "stable", "edge", "nightly", "main", "master", "dev", "develop", "lts", "mainline", "current", "canary"}
)

# Distributions whose releases have names: as tags of these images they are versions.
NAMED_RELEASES = frozenset({"debian", "ubuntu", "buildpack-deps"})


def image_name(image: str) -> str:
    """The last part of an image's repository: `cadvisor` for `gcr.io/cadvisor/cadvisor:v0.52.1`."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def image_tag(image: str) -> str | None:
    """An image's tag, None where it has none; a digest counts as one."""
    name, at, digest = image.partition("@")
    if at:
        return digest
    return name.rpartition("/")[2].partition(":")[2] or None


def without_tag(image: str) -> str:
    """An image without its tag and digest: `registry:5000/group/name`."""
    head, slash, last = image.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


def moves(image: str) -> bool:
    """Whether an image has a tag that moves with every release: `latest`, or any without a digit, such as `alpine`."""
    tag = image_tag(image)
    if tag is None:
        return False
    return tag in FLOATING or (image_name(image) not in NAMED_RELEASES and not any(map(str.isdigit, tag)))
