"""Services with nothing to run."""

from __future__ import annotations

from collections.abc import Iterator

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import as_active
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar


@rule(severity=Severity.ERROR, area="model")
def no_image_or_build(model: ComposeModel) -> Iterator[Finding]:
    """A service has neither an image nor a build.

    Why
    ---
    Compose refuses the project, since there is nothing to run. A file that is only laid over another one by a
    second `-f` is checked together with it.

    Flagged
    -------
        services:
          web:
            ports: ["80:80"]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
          app:
            build: ./app
    """
    for service in model.services.values():
        if service.image or service.build is not None or service.extends or "provider" in service.raw.index:
            continue
        image = service.raw.get("image")
        unset = image.unset if isinstance(image, Scalar) else ()
        if unset and model.template:
            continue
        place = image.place if unset and image else service.place
        why = f": {', '.join(unset)} has no value" if unset else ""
        message = f"{service.name} has neither an image nor a build{why}."
        hint = f"Set {unset[0]} in .env." if unset else "Add image: NAME:VERSION or build: FOLDER."
        yield as_active(model, service, fault(model, place, service.name, message, hint))
