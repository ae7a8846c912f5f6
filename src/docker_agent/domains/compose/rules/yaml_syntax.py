"""Text that is not YAML."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import problems
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def yaml_syntax(model: ComposeModel) -> Iterator[Finding]:
    """The file is not YAML, so that nothing of it can be read.

    Why
    ---
    Compose stops there, and so does every check: what follows the place is not looked at. Tabs in the indentation,
    a bracket or quote that is not closed, and text that is not UTF-8 are the usual reasons.

    Flagged
    -------
        services:
          web:
            image: "nginx:1.29

    Fine
    ----
        services:
          web:
            image: "nginx:1.29"

    Instead
    -------
    Indent with spaces, close quotes and brackets, put text that holds `: ` or ` #` in quotes.

    See
    ---
    https://yaml.org/spec/1.2.2/
    """
    yield from problems(model, "yaml_syntax", "Indent with spaces, and close every quote and bracket.")
