"""What every tool is handed: the reading half of the host and the project it works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker_agent.core.tool import Tool
from docker_agent.host.host import Reads
from docker_agent.project.context import ProjectContext


@dataclass(frozen=True)
class Workspace:
    """One project as tools see it.

    Attributes
    ----------
    host: the reading half; there is no way from here to a change.
    root: the project's folder; files outside it are not read or written.
    context: what `.project-context.md` says.
    project: the compose project's name, whose objects are the agent's own; all others are foreign.
    tools: every tool by name, for tools that speak of tools.
    open_domain: makes a domain's tools visible to the model; answers their names.
    kept: long answers of this session by cursor, for reading on.
    """

    host: Reads
    root: Path
    context: ProjectContext
    project: str = ""
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    open_domain: Callable[[str], list[str]] = field(default=lambda _name: [])
    kept: Mapping[str, str] = field(default_factory=dict[str, str])

    def owns(self, project: str) -> bool:
        """Whether a compose project's objects may be touched without an own yes."""
        return bool(project) and project in {self.project, *self.context.projects}
