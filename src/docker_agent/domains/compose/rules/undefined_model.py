"""AI models that are not declared."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.shared.references import names_under, undeclared
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Mapping


@rule(severity=Severity.ERROR, area="model")
def undefined_model(model: ComposeModel) -> Iterator[Finding]:
    """A service uses a model that no file declares.

    Why
    ---
    Compose refuses the project.

    Flagged
    -------
        services:
          chat:
            image: chat:1
            models: [llm]

    Fine
    ----
        services:
          chat:
            image: chat:1
            models: [llm]
        models:
          llm: {model: ai/smollm2}

    Instead
    -------
    Correct the name, or declare it under `models:` at the top.
    """
    for service in model.services.values():
        used = names_under(service.raw.get("models"), "models")
        yield from undeclared(model, service, "model", used, _declared(model))


def _declared(model: ComposeModel) -> tuple[str, ...]:
    models = model.root.get("models")
    return tuple(models.index) if isinstance(models, Mapping) else ()
