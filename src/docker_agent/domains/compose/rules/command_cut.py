"""Commands of which Compose drops the end."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.command_line import CommandLine
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar


@rule(severity=Severity.WARN, area="practice")
def command_cut(model: ComposeModel) -> Iterator[Finding]:
    """A command in one text has a `;`, `&`, `|`, `<` or `>` outside quotes, from where on Compose drops it.

    Why
    ---
    Compose splits the text into words itself; no shell sees it. Without a word of warning it stops reading at the first
    of these characters, so that `migrate && serve` only ever migrates.

    Flagged
    -------
        services:
          app:
            image: app:1
            command: ./migrate && ./serve

    Fine
    ----
        services:
          app:
            image: app:1
            command: sh -c "./migrate && exec ./serve"
          other:
            image: app:1
            command: [sh, -c, "./migrate && exec ./serve"]

    Instead
    -------
    Let a shell run it: `sh -c "..."`.
    """
    for service in model.services.values():
        for key in ("command", "entrypoint"):
            node = service.raw.get(key)
            if isinstance(node, Scalar) and isinstance(node.plain, str):
                cut = _cut(node.value)
                if cut:
                    message = f"Compose drops the end of the {key} of {service.name}, from {cut[:2].strip()} on."
                    hint = 'Let a shell run it: sh -c "...".'
                    yield fault(model, node.place, service.name, message, hint)


def _cut(text: str) -> str:
    try:
        return text[CommandLine(text).end :].rstrip()
    except ValueError:
        return ""  # refused, which bad_scalar says
