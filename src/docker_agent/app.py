"""The composition root: the only place that knows everybody and puts a session together."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from docker_agent.agent.anthropic import AnthropicModel
from docker_agent.agent.loop import Event, Loop
from docker_agent.agent.model import Model
from docker_agent.agent.offline import OfflineModel
from docker_agent.agent.prompt import system_prompt
from docker_agent.agent.sop import Sop, load_sops
from docker_agent.core.discover import instances
from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.plan import Plan
from docker_agent.core.summaries import summaries
from docker_agent.core.tool import Tool
from docker_agent.dispatch import Door, Outcome, Screen
from docker_agent.domains.compose.gate import deployment_findings
from docker_agent.domains.deploy.gate import gate_findings
from docker_agent.domains.diagnose.explain import explain
from docker_agent.domains.release.gate import release_findings
from docker_agent.host.check import NamedCheck
from docker_agent.host.engine import connect
from docker_agent.host.files import project_folder
from docker_agent.host.host import Host
from docker_agent.host.journal import Journal
from docker_agent.host.models import Container
from docker_agent.host.undo import undo_plan
from docker_agent.policy.approve import Approver
from docker_agent.policy.audit import AuditLog
from docker_agent.policy.budget import Budget
from docker_agent.policy.permit import Mode
from docker_agent.policy.redact import Redactor
from docker_agent.policy.taint import Taint
from docker_agent.project.context.model import EMPTY, ProjectContext, find_context, read_context
from docker_agent.project.secrets import known_secrets, secrets_in_argv, secrets_in_env
from docker_agent.project.stack import Stack, find_stack, project_name
from docker_agent.project.workspace import Workspace
from docker_agent.settings import DEFAULT_MODEL, Settings, texts

DOMAINS = "docker_agent.domains"
START_DOMAINS = ("stack", "diagnose", "compose", "files", "guide", "reference", "doctor")


@lru_cache(maxsize=1)
def all_tools() -> Mapping[str, Tool]:
    """Every tool by name, those of the domains that are open from the start first.

    Raises
    ------
    TypeError: two tools have the same name.
    """
    found: dict[str, Tool] = {}
    for tool in sorted(instances(DOMAINS, Tool), key=lambda tool: (not seen_from_start(tool), tool.name)):
        if tool.name in found:
            raise TypeError(f"Two tools are called {tool.name}.")
        found[tool.name] = tool
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def all_checks() -> Mapping[str, NamedCheck]:
    """Every check that a domain brings, by name."""
    return MappingProxyType({check.name: check for check in instances(DOMAINS, NamedCheck)})


def seen_from_start(tool: Tool) -> bool:
    """Whether a model sees a tool before it opens any domain."""
    return tool.domain in START_DOMAINS and not tool.on_demand


def domains() -> dict[str, str]:
    """What each domain that has tools is for, by name."""
    known = {tool.domain for tool in all_tools().values()}
    found = summaries(Path(__file__).resolve().parent / "domains")
    return {name: summary for name, summary in found.items() if name in known}


@dataclass(frozen=True)
class Options:
    """What a caller chooses for one session; see `docker-agent --help`."""

    root: Path = field(default_factory=Path.cwd)
    model: str = ""
    mode: Mode = field(default_factory=Mode)
    overrides: frozenset[str] = frozenset()
    max_turns: int = 0
    budget_tokens: int = 0


@dataclass
class Session:
    """One person or agent at work in one project: the door with all that stands behind it, and a conversation.

    Attributes
    ----------
    door: takes every tool call.
    approver: who is asked for a yes.
    by: who works, for the journal (`person`, `model`).
    """

    settings: Settings
    options: Options
    door: Door
    workspace: Workspace
    stack: Stack | None
    approver: Approver
    opened: list[str]
    chosen_model: Model | None = None

    def call(self, tool: str, arguments: dict[str, Any], *, by: str = "person") -> Outcome:
        """Take one tool call through the door."""
        return self.door(tool, arguments, by=by, approver=self.approver)

    def apply(self, plan: Plan) -> Outcome:
        """Show, approve and carry out a plan that was saved.

        A yes by flag covers all that is in a plan which the person named by its digest, and nothing in a plan that came
        from elsewhere; one of those that speaks of this journal is refused with an InputError.
        """
        is_ours, mode = self.door.journal.is_ours(plan), self.door.mode
        named = mode.yes and is_ours
        self.door.mode = replace(mode, yes=named, yes_destroy=named)
        return self.door.apply_plan(plan, by="person", approver=self.approver)

    def undo(self, number: str = "") -> Outcome:
        """Reverse one entry of the journal, by default the newest; an InputError where nothing can be undone."""
        entry = self.door.journal.entry(number)
        return self.door.apply_plan(undo_plan(entry), by="person", approver=self.approver)

    def ask(self, prompt: str) -> Iterator[Event]:
        """Work on a prompt; each call of this method goes on with the same conversation."""
        return self.loop.ask(prompt)

    @cached_property
    def model(self) -> Model:
        """The model that the options, the environment or the credentials choose."""
        if self.chosen_model is not None:
            return self.chosen_model
        name = self.options.model or self.settings.model
        if not name:
            name = DEFAULT_MODEL if self.settings.has_credentials else "offline"
        return OfflineModel(self.sops) if name == "offline" else AnthropicModel(name)

    @cached_property
    def sops(self) -> tuple[Sop, ...]:
        """The procedures that the models follow."""
        return load_sops(texts("prompts") / "sops")

    @cached_property
    def loop(self) -> Loop:
        """The conversation; the project's containers are looked at first, so that their secrets are known."""
        with suppress(AgentError):
            self.workspace.host.containers(self.workspace.project)
        return Loop(
            model=self.model,
            door=lambda name, arguments: self.call(name, arguments, by="model"),
            visible=self.visible,
            core_tools=sum(map(seen_from_start, self.workspace.tools.values())),
            system=self.door.redactor.text(self.system_prompt()),
            budget=Budget(
                max_turns=self.options.max_turns or self.settings.max_turns,
                tokens=self.options.budget_tokens or self.settings.budget_tokens,
                seconds=self.settings.budget_seconds,
            ),
            redact=self.door.redactor.text,
        )

    def visible(self) -> list[Tool]:
        """The tools that the model sees now: those of the first domains, then those of the opened ones."""
        tools = self.workspace.tools.values()
        first = [tool for tool in tools if seen_from_start(tool)]
        later = [tool for tool in tools if not seen_from_start(tool)]
        return first + [tool for name in self.opened for tool in later if tool.domain == name]

    def system_prompt(self) -> str:
        """The system prompt, with the project's context and what engine answers."""
        try:
            info = self.workspace.host.engine()
            line = f"Docker Engine {info.version}, API {info.api_version}, context {info.context}"
        except AgentError as error:
            line = f"No engine: {error.message}"
        return system_prompt(self.workspace.context, line, domains(), self.sops)


def open_session(
    options: Options,
    *,
    screen: Screen,
    approver: Approver,
    environment: Mapping[str, str] = os.environ,
    host: Host | None = None,
    model: Model | None = None,
) -> Session:
    """Put a session together: find the project, learn its secrets, build the door.

    Parameters
    ----------
    host: another host than the one the environment names, for tests.
    model: another model than the one the options name, for tests.

    Raises
    ------
    InputError: the folder is not there, or the context file or compose file cannot be read.
    """
    root, settings = project_folder(options.root), _settings(environment)
    redactor = Redactor({})
    host = host or connect(environment, seen=lambda container: _learn(redactor, container))
    found = find_context(root)
    context = read_context(found) if found else EMPTY
    stack = _stack_or_none(root, context, host, environment)
    redactor.learn(known_secrets(root, stack, read=host.reads.read_file))
    name = stack.name if stack else project_name(root, environment, read=host.reads.read_file)
    opened: list[str] = []
    kept: dict[str, str] = {}
    state = settings.state / "projects" / f"{name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"
    journal = Journal(state)
    workspace = Workspace(
        host=host.reads,
        root=root,
        context=context,
        project=name,
        tools=all_tools(),
        open_domain=lambda domain: _open(domain, opened),
        kept=kept,
        mask=redactor.text,
        history=journal.entries,
    )
    door = Door(
        tools=all_tools(),
        workspace=workspace,
        host=host,
        mode=options.mode,
        screen=screen,
        redactor=redactor,
        taint=Taint(),
        audit=AuditLog(state / "audit.jsonl"),
        journal=journal,
        gate=lambda plan: (
            *release_findings(plan, workspace),
            *gate_findings(plan, workspace, environment, partial(deployment_findings, kept=journal.kept)),
        ),
        explain=lambda said: explain(workspace, said),
        checks=all_checks(),
        overrides=options.overrides,
        kept=kept,
    )
    return Session(settings, options, door, workspace, stack, approver, opened, model)


def _settings(environment: Mapping[str, str]) -> Settings:
    settings = Settings.from_environment(environment)
    if not settings.state.is_absolute():
        raise InputError(f"The folder for journals, {settings.state}, is not a full path.", "Set DOCKER_AGENT_STATE.")
    return settings


def _learn(redactor: Redactor, container: Container) -> None:
    redactor.learn(secrets_in_env(container.env))
    redactor.learn(secrets_in_argv((*container.entrypoint, *container.command)))


def _stack_or_none(root: Path, context: ProjectContext, host: Host, environment: Mapping[str, str]) -> Stack | None:
    """The stack, or none where its files are broken: the tools that need it will say what is wrong."""
    try:
        return find_stack(
            root,
            context_files=context.compose_files,
            read=host.reads.read_file,
            find=host.reads.find_files,
            environment=environment,
        )
    except InputError:
        return None


def _open(domain: str, opened: list[str]) -> list[str]:
    tools = [tool for tool in all_tools().values() if tool.domain == domain]
    if not tools:
        raise InputError(f"There is no domain {domain!r}.", f"There are: {', '.join(domains())}.")
    if domain not in opened and not all(map(seen_from_start, tools)):
        opened.append(domain)
    return [tool.name for tool in tools]
