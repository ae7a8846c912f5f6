"""What Hadolint says of the Dockerfiles of a stack, without what our own rules say already."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docker_agent.core.errors import ToolMissing
from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.domains.compose.dockerfile.build import ImageBuild, dockerfiles
from docker_agent.domains.compose.severities import Severities
from docker_agent.project.compose.model import ComposeModel

if TYPE_CHECKING:
    from docker_agent.host.models import Ran  # costs pydantic, which the compose checker does without

Program = Callable[..., "Ran"]

# Hadolint's codes for what a rule here looks at with knowledge of the compose file, by that rule.
COVERED: dict[str, tuple[str, ...]] = {
    "dockerfile_add_for_copy": ("DL3020",),
    "dockerfile_cache_kept": ("DL3009", "DL3019", "DL3032", "DL3040", "DL3042"),
    "dockerfile_interactive_install": ("DL3014", "DL3030", "DL3034", "DL3038"),
    "dockerfile_relative_workdir": ("DL3000",),
    "dockerfile_duplicate_instruction": ("DL4003", "DL4004", "DL3012"),
    "dockerfile_root_user": ("DL3002",),
    "dockerfile_shell_form": ("DL3025",),
    "dockerfile_sudo": ("DL3004",),
    "dockerfile_syntax": ("DL1000", "DL3011", "DL3061"),
    "dockerfile_undefined_stage": ("DL3022", "DL3023"),
    "dockerfile_unpinned_image": ("DL3006", "DL3007"),
}
SEVERITY = {"error": Severity.WARN, "warning": Severity.WARN, "info": Severity.INFO, "style": Severity.INFO}


def ask_hadolint(
    program: Program, model: ComposeModel, severities: Severities, *, wanted: bool = False
) -> tuple[list[Finding], tuple[str, ...], tuple[str, ...]]:
    """Run Hadolint where it is installed: its findings, what was looked at, and what was not.

    Where it is not installed, nothing is missing: our own rules have looked.

    Parameters
    ----------
    program: runs a program by its name and arguments, as the reading half of the host does.
    wanted: whether it was asked for by name, so that its absence is told.
    """
    arguments = hadolint_arguments(model)
    if not arguments:
        return [], (), ()
    try:
        ran = program("hadolint", *arguments)
    except ToolMissing as error:
        return [], (), (f"hadolint: {error.message}",) if wanted else ()
    try:
        return list(hadolint_findings(model, severities, ran.out)), ("hadolint",), ()
    except ValueError:
        return [], (), (f"hadolint: it ended with code {ran.code}",)


def hadolint_arguments(model: ComposeModel) -> tuple[str, ...]:
    """The arguments of one run of Hadolint over all Dockerfiles of a stack, empty where there is none to look at."""
    paths = [str(build.path) for build in dockerfiles(model) if build.path is not None]
    return ("--format", "json", "--no-fail", *_configuration(model), "--", *paths) if paths else ()


def _configuration(model: ComposeModel) -> tuple[str, ...]:
    """The project's own settings of Hadolint by name, since it looks for them where the command was typed."""
    for name in (".hadolint.yaml", ".hadolint.yml"):
        path = model.resolve(name)
        if model.disk is not None and model.disk.kind(path) == "file":
            return ("--config", str(path))
    return ()


def hadolint_findings(model: ComposeModel, severities: Severities, out: str) -> Iterator[Finding]:
    """Hadolint's answer as findings.

    Raises
    ------
    ValueError: the answer is no JSON.
    """
    covered = {code for codes in COVERED.values() for code in codes}
    builds = {build.path: build for build in dockerfiles(model)}
    said: list[dict[str, Any]] = json.loads(out or "[]")
    for entry in said:
        build = builds.get(Path(str(entry.get("file"))))
        code = str(entry.get("code"))
        name = f"hadolint_{code}".lower()
        given = severities.named(name)
        if build is None or code in covered or (given and not given[0].rank):
            continue
        yield Finding(
            code=name,
            severity=given[0] if given else SEVERITY.get(str(entry.get("level")), Severity.INFO),
            severity_from=given[1] if given else "",
            object=build.service.name,
            message=f"{str(entry.get('message')).rstrip('.')}.",
            cause="Hadolint says so.",
            evidence=(_evidence(build, int(entry.get("line") or 1), int(entry.get("column") or 1)),),
        )


def _evidence(build: ImageBuild, line: int, column: int) -> Evidence:
    lines = build.source.text.split("\n")
    quote = lines[line - 1].strip() if line <= len(lines) else ""
    return Evidence(source="file", where=f"{build.source.name}:{line}:{column}", quote=quote)
