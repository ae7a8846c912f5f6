"""Projects that are called what their folder is called."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.OFF, area="practice")
def project_name(model: ComposeModel) -> Iterator[Finding]:
    """The file does not say what the project is called.

    Why
    ---
    Compose then takes the folder's name. Two checkouts in folders of the same name are one project and replace each
    other's containers; a renamed folder is another project, whose volumes are empty. Usual all the same, so this rule
    is off until it is asked for.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29

    Fine
    ----
        name: shop
        services:
          web:
            image: nginx:1.29

    Instead
    -------
    Write `name:` at the top. A running stack keeps its volumes only under the name that it has now (`docker compose ls`
    tells it).
    """
    if "name" not in model.root.index and model.services:
        place = model.key_place(("services",))
        yield fault(model, place, place.file, f"{place.file} has no name for its project.", "Write name: at the top.")
