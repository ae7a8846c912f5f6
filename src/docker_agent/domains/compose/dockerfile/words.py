"""The instructions that a Dockerfile knows, with the flags that each takes."""

from __future__ import annotations

FLAGS: dict[str, frozenset[str]] = {
    "ADD": frozenset({"chown", "chmod", "link", "checksum", "keep-git-dir", "exclude", "unpack"}),
    "ARG": frozenset(),
    "CMD": frozenset(),
    "COPY": frozenset({"from", "chown", "chmod", "link", "parents", "exclude"}),
    "ENTRYPOINT": frozenset(),
    "ENV": frozenset(),
    "EXPOSE": frozenset(),
    "FROM": frozenset({"platform"}),
    "HEALTHCHECK": frozenset({"interval", "timeout", "start-period", "start-interval", "retries"}),
    "LABEL": frozenset(),
    "MAINTAINER": frozenset(),
    "ONBUILD": frozenset(),
    "RUN": frozenset({"mount", "network", "security", "device"}),
    "SHELL": frozenset(),
    "STOPSIGNAL": frozenset(),
    "USER": frozenset(),
    "VOLUME": frozenset(),
    "WORKDIR": frozenset(),
}
PAIRED = frozenset({"ENV", "LABEL"})
LISTABLE = frozenset({"CMD", "ENTRYPOINT", "RUN", "SHELL", "ADD", "COPY", "VOLUME", "HEALTHCHECK"})
WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})

# Set by the builder itself, so that a Dockerfile may use them without a default.
GIVEN_ARGS = frozenset({
    *(f"{side}{word}" for side in ("TARGET", "BUILD") for word in ("PLATFORM", "OS", "ARCH", "VARIANT")),
    "TARGETSTAGE",
})  # fmt: skip
