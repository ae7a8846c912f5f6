"""Plans that change a proxy: labels and files as they shall be, the service made new, the reload, and the proof."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding, Severity
from docker_agent.core.plan import Argv, Engine, Plan, Step, WaitHealthy, Write
from docker_agent.domains.proxy.changing.edits import ComposeEdits
from docker_agent.domains.proxy.driver import Configured, Driver, Proxy, all_drivers
from docker_agent.project.stack import compose_argv
from docker_agent.project.workspace import Workspace

UP_S = 300.0
HEALTHY_S = 90.0


@dataclass(frozen=True)
class Wanted:
    """A change of a proxy before it is a plan.

    Attributes
    ----------
    name: the route's.
    services: those whose labels or networks change.
    proof: the looks that end the plan.
    """

    title: str
    name: str
    proxy: Proxy
    configured: Configured
    edits: ComposeEdits
    services: tuple[str, ...]
    proof: tuple[Step, ...]

    @property
    def why(self) -> str:
        """The change in a sentence."""
        return f"{self.title}."


def driver_of(proxy: Proxy) -> Driver:
    """The driver for a proxy.

    Raises
    ------
    InputError: there is none for its kind.
    """
    kinds = all_drivers()
    if proxy.state.kind not in kinds:
        raise InputError(f"Routes of {proxy.state.kind} are not known here.", f"Known: {', '.join(sorted(kinds))}.")
    return kinds[proxy.state.kind]


def refuse_errors(configured: Configured) -> None:
    """Stop where the running proxy cannot do what is asked.

    Raises
    ------
    InputError: with the first error's message and fix.
    """
    wrong = [each for each in configured.findings if each.severity is Severity.ERROR]
    if wrong:
        raise InputError(" ".join(filter(None, (wrong[0].message, wrong[0].cause))), wrong[0].fix)


def plan_of(ws: Workspace, wanted: Wanted, *, renew: bool) -> Plan:
    """The whole plan, with its way back.

    Parameters
    ----------
    renew: whether containers of the services are made anew, or started where they do not run.
    """
    writes = [*wanted.edits.writes(wanted.why), *_file_writes(wanted)]
    reload = driver_of(wanted.proxy).reload(wanted.proxy, wanted.name, wanted.why)
    renewal = [*_renewal(wanted)] if renew else []
    changes = bool(writes or renewal)
    steps: list[Step] = [*writes, *renewal, *(reload if changes else ()), *wanted.proof]
    way_back: list[Step] = [*wanted.edits.way_back("The compose file as before."), *_files_back(wanted)]
    if way_back:
        way_back += [*renewal, *(each for each in reload if isinstance(each, Engine))]
    touched = any(isinstance(step, Engine) for step in steps) and not ws.owns_container(wanted.proxy.container)
    return Plan(
        title=wanted.title,
        steps=tuple(steps),
        project=wanted.edits.stack.name,
        reason=_how(wanted, renew=renew, changes=changes),
        findings=tuple(each.identity for each in wanted.configured.findings),
        remarks=told(wanted.configured.findings),
        foreign=(wanted.proxy.container.name,) if touched else (),
        rollback=tuple(way_back),
    )


def _how(wanted: Wanted, *, renew: bool, changes: bool) -> str:
    if not changes:
        return "All is as asked already; this only looks."
    names = ", ".join(wanted.services)
    renewed = f"{names} is made new with its volumes kept" if renew else "no container of the project is made new"
    return f"{renewed[0].upper()}{renewed[1:]}; where a step or the proof fails, all is put back as it was."


def _file_writes(wanted: Wanted) -> Iterator[Write]:
    proxy = wanted.proxy
    for path, text in wanted.configured.files.items():
        now = proxy.files.get(path)
        if text != now:
            yield Write(
                why=wanted.why,
                path=path,
                content=text or "",
                remove=text is None,
                before="" if now is None else _sha(now),
                touches=(f"file:{path}", proxy.container.name),
            )


def _files_back(wanted: Wanted) -> Iterator[Write]:
    for step in _file_writes(wanted):
        now = wanted.proxy.files.get(step.path)
        yield step.model_copy(
            update={
                "why": f"{step.path} as before.",
                "content": now or "",
                "remove": now is None,
                "before": "" if step.remove else _sha(step.content),
                "or_before": (step.before,),
            }
        )


def _renewal(wanted: Wanted) -> Iterator[Step]:
    stack = wanted.edits.stack
    for service in wanted.services:
        yield Argv(
            why=f"Make {service} new with its labels and networks; volumes are kept.",
            touches=(service,),
            argv=compose_argv(stack, "up", "-d", "--no-deps", service),
            cwd=str(stack.directory),
            timeout_s=UP_S,
        )
        yield WaitHealthy(why=f"{service} should be well.", target=service, project=stack.name, timeout_s=HEALTHY_S)


def told(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Findings as lines."""
    return tuple(f"{each.severity}: {each.object}: {each.message} {each.fix}".strip() for each in findings)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
