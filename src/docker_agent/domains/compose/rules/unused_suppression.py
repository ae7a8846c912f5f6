"""Comments that silence nothing."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.judge import known_codes
from docker_agent.domains.compose.suppress import misnamed, suppressions
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.INFO, area="practice")
def unused_suppression(model: ComposeModel) -> Iterator[Finding]:
    """A comment tells the checker to ignore something that is not there.

    Why
    ---
    The comment outlived the fault, or its rule is misspelt and the fault is reported all the same. Left where it is, it
    will silence the next fault of the kind, which nobody decided on.

    A comment `# docker-agent: ignore[rule, rule] reason` covers the line it is on and the node that begins there; on a
    line of its own it covers the node below; above the first key it covers the file.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29  # docker-agent: ignore[unpined_image] no reason

    Fine
    ----
        services:
          web:
            image: nginx  # docker-agent: ignore[unpinned_image] a throwaway stack

    Instead
    -------
    Take the comment out, or correct the name of the rule.
    """
    yield from misnamed(model, suppressions(model), known_codes())
