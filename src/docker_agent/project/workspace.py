"""What every tool is handed: the reading half of the host and the project it works in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docker_agent.core.tool import Tool
from docker_agent.host.entry import Entry
from docker_agent.host.host import Reads
from docker_agent.host.models import Container
from docker_agent.project.context.model import ProjectContext

FOLDER_LABEL = "com.docker.compose.project.working_dir"
CUT = " ... (cut)"


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
    mask: puts masks in the place of secrets; what is cut is masked before.
    history: what was done here by plans, oldest first, with what each remembers.
    """

    host: Reads
    root: Path
    context: ProjectContext
    project: str = ""
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    open_domain: Callable[[str], list[str]] = field(default=lambda _name: [])
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    mask: Callable[[str], str] = field(default=lambda text: text)
    history: Callable[[], Sequence[Entry]] = field(default=lambda: ())

    def owns(self, project: str, folder: str = "") -> bool:
        """Whether a compose project's objects may be touched without an own yes.

        Parameters
        ----------
        folder: where the project was started from, "" where unknown. Another folder may have a project of the same
            name; only those that the context names may lie anywhere.
        """
        if not project or project not in {self.project, *self.context.projects}:
            return False
        return project in self.context.projects or is_within(self.root, folder)

    def owns_container(self, container: Container) -> bool:
        """Whether a container belongs to the project, by its project's name and the folder that it was made from."""
        return self.owns(container.project, container.labels.get(FOLDER_LABEL, ""))

    def quote(self, text: str, limit: int) -> str:
        """At most `limit` characters of a text; secrets are masked before the cut, so that none is halved."""
        if len(text) <= limit:
            return text
        masked = self.mask(text)
        return masked if len(masked) <= limit else masked[: limit - len(CUT)] + CUT


def is_within(root: Path, folder: str) -> bool:
    """Whether a compose project's folder is the root or lies below it, links followed; "" (unknown) counts."""
    try:
        return not folder or Path(folder).resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):
        return False
