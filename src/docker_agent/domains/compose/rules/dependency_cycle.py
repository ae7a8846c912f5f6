"""Services that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import rule
from docker_agent.domains.compose.fault import fault
from docker_agent.domains.compose.shared.references import Reference, namespaces, needed
from docker_agent.project.compose.model import ComposeModel


@rule(severity=Severity.ERROR, area="model")
def dependency_cycle(model: ComposeModel) -> Iterator[Finding]:
    """Services need each other in a circle, so that none can start first.

    Why
    ---
    Compose refuses the project. `depends_on`, `links`, `volumes_from` and shared namespaces all count, also with
    `required: false`, and a service that needs itself.

    Flagged
    -------
        services:
          web:
            image: nginx:1.29
            depends_on: [app]
          app:
            image: app:1
            links: [web]

    Fine
    ----
        services:
          web:
            image: nginx:1.29
            depends_on: [app]
          app:
            image: app:1
    """
    needs = {
        service.name: [*needed(service), *namespaces(service)]
        for service in model.services.values()
        if model.is_active(service)
    }
    for cycle in _cycles(needs):
        names = " > ".join([*(name for name, _ in cycle), cycle[0][0]])
        name, last = cycle[-1]
        message = f"{names}: each waits for the next." if len(cycle) > 1 else f"{name} waits for itself."
        yield fault(model, last.place, name, message, f"Take one of them out, such as {last.name} under {last.why}.")


def _cycles(needs: Mapping[str, Sequence[Reference]]) -> Iterator[list[tuple[str, Reference]]]:
    """Each circle as the services in it with the reference to the next; a walk in depth with its own stack."""
    done: set[str] = set()
    for start in needs:
        path: list[tuple[str, Iterator[Reference]]] = [(start, iter(needs[start]))] if start not in done else []
        steps: list[tuple[str, Reference]] = []
        on_path = {start}
        while path:
            name, ahead = path[-1]
            reference = next(ahead, None)
            if reference is None:
                path.pop()
                steps = steps[:-1]
                on_path.discard(name)
                done.add(name)
            elif reference.name in on_path:
                names = [step for step, _ in path]
                yield [*steps, (name, reference)][names.index(reference.name) :]
            elif reference.name in needs and reference.name not in done:
                steps.append((name, reference))
                on_path.add(reference.name)
                path.append((reference.name, iter(needs[reference.name])))
