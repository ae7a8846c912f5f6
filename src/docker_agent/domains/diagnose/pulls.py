"""Pulls that failed, as the engine, containerd and BuildKit word them: what was asked of which registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from docker_agent.core.finding import Evidence, Finding
from docker_agent.domains.diagnose.evidence import Confidence, cut
from docker_agent.domains.diagnose.messages import Refusal, spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

# How a request to a registry or to the server of its tokens is quoted before the reason why it failed.
REQUEST = r'(?:Get|Head|Post) "https?://(?P<host>[^/"\s]{1,255})/(?:v2|token|registry-v2)[^"\n]{0,600}": '
STATUS = r"unexpected status(?: code)?(?: from \w+ request to)? \S{1,600}: "

NAMED = (
    re.compile(r'failed to resolve (?:reference "|source metadata for )(?P<image>[^\s"]{1,255}?)"?: '),
    re.compile(r"(?:manifest for|repository|pull access denied for) (?P<image>[^\s,]{1,255})(?: not found|,)"),
    re.compile(r"Unable to find image '(?P<image>[^'\n]{1,255})' locally"),
)
STAGE = re.compile(
    r"failed to resolve source metadata for docker\.io/library/(?P<name>[\w-]{1,128}):latest: (?P<why>[^\n]*)"
)
MEANT = re.compile(r"\(did you mean (?P<stage>[\w.-]{1,128})\?\)")
# Names that a COPY --from= without a tag means as images.
OFFICIAL = frozenset(
    {"alpine", "busybox", "caddy", "composer", "debian", "docker", "golang", "gradle"}
    | {"maven", "nginx", "node", "php", "postgres", "python", "redis", "rust"}
)


@dataclass(frozen=True)
class Pull:
    """One pull that failed.

    Attributes
    ----------
    image: what was asked for, "" where the message does not say.
    host: the registry, "" where neither a quoted request nor the image's name says it; Docker Hub is `docker.io`.
    """

    refusal: Refusal
    image: str
    host: str

    @property
    def says(self) -> str:
        """What to call it in a sentence."""
        return self.image or (f"the image from {self.host}" if self.host else "the image")

    def found(self, *, message: str, cause: str, fix: str, confidence: Confidence = "certain") -> Finding:
        """A finding about the image, with the line of the compose file that names it."""
        return self.refusal.found(
            _written(self.refusal.snapshot, self.image),
            message=message,
            cause=cause,
            fix=fix,
            about=self.image or self.host,
            confidence=confidence,
        )


def failed_pulls(snapshot: Snapshot, pattern: re.Pattern[str]) -> Iterator[Pull]:
    """Failed pulls whose message matches; not those of a stage's name that was taken for an image."""
    for refusal in spoken(snapshot, pattern):
        if mistaken_stage(refusal.match.string) is None:
            image = _image_in(refusal.match)
            yield Pull(refusal, image, refusal.match.groupdict().get("host") or _host_of(image))


def mistaken_stage(text: str) -> tuple[re.Match[str], str] | None:
    """The refusal of an image whose name was meant as a build stage, and the stage that was meant, if BuildKit knows.

    A name without a tag after `--from=` is taken for a stage. One after FROM only where a stage has nearly that name,
    or where the registry has no such image.
    """
    match = STAGE.search(text)
    if match is None:
        return None
    meant = MEANT.search(match["why"])
    if meant:
        return match, meant["stage"]
    unreachable = "failed to do request" in match["why"]
    copied = re.search(rf">>>\s+(?:COPY|ADD)\b[^\n]*--from={re.escape(match['name'])}\s", text) is not None
    asked = copied and match["name"] not in OFFICIAL if unreachable else True
    return (match, "") if asked else None


def _image_in(match: re.Match[str]) -> str:
    text = match.string
    line = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
    hits = (pattern.search(where) for where in (line, text) for pattern in NAMED)
    named = next((hit["image"] for hit in hits if hit), "")
    return named.removeprefix("docker.io/").removeprefix("library/")


def _host_of(image: str) -> str:
    first, slash, _ = image.partition("/")
    known = slash and (set(".:") & set(first) or first == "localhost")
    return first if known else "docker.io" if image else ""


def _written(snapshot: Snapshot, image: str) -> Evidence | None:
    """The line of the compose file that names the image."""
    model = snapshot.model
    names = {image, image.removesuffix(":latest")} - {""}
    if model is None:
        return None
    named = (each.name for each in model.services.values() if each.image in names)
    node = next((model.node(("services", name, "image")) for name in named), None)
    if node is None:
        return None
    line = node.source.text.split("\n")[node.place.line - 1]
    return Evidence(source="compose", where=str(node.place), quote=cut(snapshot, line))
