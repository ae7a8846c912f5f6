"""A release as steps: a new version beside the old one, tested, given its share, watched; and the way back.

The order is what measurements gave (0 of 25,295 requests failed, `ref-docs/releases.md`): the old version is pinned
before the new one starts, so that nothing reaches it untested; the proxy shows each share before it is watched; the old
one leaves the proxy first and is stopped last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from docker_agent.core.plan import Argv, Check, Engine, Step, WaitHealthy, Write
from docker_agent.domains.proxy import Canary, Change, Proxy, Share
from docker_agent.domains.release.record import Phase
from docker_agent.domains.release.wish import Versions, Wish
from docker_agent.host.models import Container
from docker_agent.project.stack import Stack, compose_argv

START_S = 300.0
LONG_S = 1_800.0
GRACE_S = 10
ONCE = ("run", "--rm", "--no-deps", "-T")


@dataclass
class Release:
    """The steps of a release, written down one after the other, with the phases that they make.

    `starts_again` tells a release that goes back to a container that was kept: it is not removed on a failure.
    """

    versions: Versions
    wish: Wish
    starts_again: bool = False
    steps: list[Step] = field(default_factory=list[Step])
    phases: list[Phase] = field(default_factory=list[Phase])

    def write(self, *, leftovers: Sequence[str] = (), pull: bool = False) -> None:
        """Start the new version beside the old one, test it, and shift the traffic."""
        versions = self.versions
        self._phase("prepare", 0)
        self.steps.append(should_serve(versions.old))
        self.steps += [remove_stopped(name, f"Remove {name}, which an earlier release left.") for name in leftovers]
        if versions.splitter.pins:
            self._share(f"All traffic goes to {versions.old.name} alone.", 0)
        self._phase("start", 0)
        if versions.retag is not None:
            self.steps.append(_tagged(versions.retag.name, versions.retag.image_id))
        if versions.image is not None:
            self.steps.append(versions.image.write)
        if pull:
            argv = compose_argv(versions.stack, "pull", versions.service)
            self.steps.append(
                Argv(why="Pull the new image.", argv=argv, cwd=str(versions.stack.directory), timeout_s=LONG_S)
            )
        if self.wish.migrate:
            self.steps.append(self._migration())
        if self.starts_again:
            self.steps += self._restarts_itself(versions.new, versions.old.restart_policy)
        self.steps.append(
            start(versions.new, f"Start {versions.new} again.") if self.starts_again else self._start_beside()
        )
        self._test()
        self._shift()

    def way_back(self) -> tuple[Step, ...]:
        """From any point back to the old version alone; each step may find its work done."""
        versions = self.versions
        old, new = versions.old, versions.new
        alone = versions.splitter.share([Share(versions.address(old.name), 100)], Canary())
        end = versions.splitter.end(versions.address(old.name))
        states = self._states(alone, end)
        steps: list[Step] = [
            *self._restarts_itself(old.name, old.restart_policy),
            start(old.name, f"{old.name} runs, as before."),
            Check(why=f"{old.name} should serve.", name="release-serving", args=self._place(old.name)),
            *_written(alone, f"All traffic goes to {old.name}.", versions.proxy, states),
            _drain(new, self.wish.drain_s),
            Engine(
                why=f"Stop {new}.",
                touches=(new,),
                action="container_stop",
                target=new,
                args={"timeout": grace_of(versions.stack, versions.service), "if_there": True},
            ),
        ]
        if self.starts_again:
            steps += self._restarts_itself(new, "no")
        else:
            steps.append(remove_stopped(new, f"Remove {new}."))
        steps += _written(end, "The proxy's configuration as before.", versions.proxy, states)
        if versions.image is not None:
            write = versions.image.write
            was = {"content": versions.image.text_before, "or_before": (_sha(write.content),)}
            steps.append(write.model_copy(update={**was, "why": f"{write.path} as before."}))
        if versions.retag is not None and versions.retag.before:
            steps.append(_tagged(versions.retag.name, versions.retag.before))
        steps.append(Check(why=f"{old.name} should go on serving.", name="release-serving", args=self._place(old.name)))
        return tuple(steps)

    def _migration(self) -> Argv:
        versions = self.versions
        argv = compose_argv(versions.stack, *ONCE, versions.service, *self.wish.migrate)
        return Argv(
            why="Migrate the data with the new image, while the old version serves.",
            touches=(versions.service,),
            argv=argv,
            cwd=str(versions.stack.directory),
            timeout_s=LONG_S,
        )

    def _start_beside(self) -> Argv:
        versions = self.versions
        words = ("up", "-d", "--no-deps", "--no-recreate", "--scale", f"{versions.service}=2", versions.service)
        return Argv(
            why=f"Start {versions.new} beside {versions.old.name}.",
            touches=(versions.new,),
            argv=compose_argv(versions.stack, *words),
            cwd=str(versions.stack.directory),
            timeout_s=START_S,
        )

    def _test(self) -> None:
        versions = self.versions
        self._phase("test", 0)
        self.steps.append(
            WaitHealthy(
                why=f"{versions.new} should be healthy.",
                target=versions.new,
                project=versions.stack.name,
                timeout_s=START_S / 2,
            )
        )
        if versions.new_image_id:
            args: dict[str, str | int | float | bool] = {"container": versions.new, "image_id": versions.new_image_id}
            self.steps.append(Check(why="It should run the image that was meant.", name="release-image", args=args))
        place: dict[str, str | int | float | bool] = self._place()
        self.steps.append(Check(why="It should answer before it gets any traffic.", name="release-answers", args=place))

    def _shift(self) -> None:
        versions = self.versions
        for stage in self.wish.stages:
            self._phase(f"canary {stage} %", stage)
            self._share(f"{stage} % of the traffic goes to {versions.new}.", stage)
            self._watch(f"Watch {versions.new} at {stage} %.")
        self._phase("promoted", 100)
        self._share(f"All traffic goes to {versions.new}.", 100)
        self._watch(f"Watch {versions.new} with all traffic.")
        self._phase("drain", 100)
        self.steps.append(_drain(versions.old.name, self.wish.drain_s))
        self._phase("finish", 100)
        self.steps += self._restarts_itself(versions.old.name, "no")
        self.steps.append(
            Engine(
                why=f"Stop {versions.old.name} and keep it for going back.",
                touches=(versions.old.name,),
                action="container_stop",
                target=versions.old.name,
                args={"timeout": grace_of(versions.stack, versions.service)},
            )
        )
        end = versions.splitter.end(versions.address(versions.new))
        self.steps += _written(end, "The proxy's own configuration serves again.", versions.proxy)
        self.steps.append(Check(why="It should go on answering.", name="release-answers", args=self._place()))

    def _share(self, why: str, percent: int) -> None:
        versions = self.versions
        shares = [Share(versions.address(versions.old.name), 100 - percent)]
        if percent:
            shares.append(Share(versions.address(versions.new), percent))
        canary = self.wish.canary if 0 < percent < 100 else Canary()
        self.steps += _written(versions.splitter.share(shares, canary), why, versions.proxy)

    def _watch(self, why: str) -> None:
        limits: dict[str, str | int | float | bool] = {
            **self._place(),
            "seconds": self.wish.watch_s,
            "max_error_percent": self.wish.max_error_percent,
            "max_p95_ms": self.wish.max_p95_ms,
        }
        self.steps.append(Check(why=why, name="release-traffic", args=limits))

    def _place(self, name: str = "") -> dict[str, str | int | float | bool]:
        versions = self.versions
        return {
            "proxy": versions.proxy.container.name,
            "container": name or versions.new,
            "port": versions.port,
            "path": self.wish.path,
        }

    def _restarts_itself(self, name: str, policy: str) -> list[Step]:
        """What makes a container restart so; only of `always` would the engine start a stopped one when it starts."""
        if self.versions.old.restart_policy != "always":
            return []
        again = "stays stopped when the engine starts" if policy == "no" else "restarts as before"
        args: dict[str, str | int | float | bool] = {"restart": policy, "if_there": name == self.versions.new}
        action, why = "container_update", f"{name} {again}."
        return [Engine(why=why, touches=(name,), action=action, target=name, args=args)]

    def _phase(self, name: str, share: int) -> None:
        self.phases.append(Phase(step=len(self.steps), name=name, share=share))

    def _states(self, *back: Change) -> dict[str, tuple[str, ...]]:
        """SHA-256 of all that the steps, there or back, may leave in each of the proxy's files; "" means no file."""
        found: dict[str, dict[str, None]] = {}
        for path in {step.path for step in self.steps if isinstance(step, Write)}:
            now = self.versions.proxy.files.get(path)
            found[path] = {_sha(now) if now is not None else "": None}
        for step in self.steps:
            if isinstance(step, Write):
                found[step.path]["" if step.remove else _sha(step.content)] = None
        for path, text in (each for change in back for each in change.files.items()):
            found[path]["" if text is None else _sha(text)] = None
        return {path: tuple(states) for path, states in found.items()}


def remove_stopped(name: str, why: str) -> Engine:
    """Remove one container, by name: of the service another one may have stopped by the time that it is carried out."""
    args: dict[str, str | int | float | bool] = {"if_there": True}
    return Engine(why=why, touches=(name,), action="container_remove_stopped", target=name, args=args)


def is_migration(step: Step) -> bool:
    """Whether a step of a release is its migration, which alone may not be taken as done or done twice unasked."""
    return isinstance(step, Argv) and set(ONCE) <= set(step.argv)


def should_serve(container: Container) -> Check:
    """The look that a container runs still, with the image that it has now."""
    args: dict[str, str | int | float | bool] = {"container": container.name, "image_id": container.image_id}
    return Check(why=f"{container.name} should still be what serves.", name="release-image", args=args)


def start(name: str, why: str) -> Engine:
    """Start a container; one that runs stays as it is."""
    return Engine(why=why, touches=(name,), action="container_start", target=name)


def grace_of(stack: Stack, service: str) -> int:
    """How long a container of the service gets to stop, in seconds."""
    wanted = stack.model.services[service].stop_grace_period_s
    return GRACE_S if wanted is None else max(1, round(wanted))


def _written(
    change: Change, why: str, proxy: Proxy, states: dict[str, tuple[str, ...]] | None = None
) -> Iterator[Step]:
    """A change of the proxy's configuration as steps; `states` are those in which its files may be found."""
    yield from change.before
    for path, text in change.files.items():
        now = proxy.files.get(path)
        yield Write(
            why=why,
            path=path,
            content=text or "",
            remove=text is None,
            before="" if now is None else _sha(now),
            or_before=(states or {}).get(path, ()),
            touches=(f"file:{path}", proxy.container.name),
        )
    yield from change.after


def _tagged(name: str, image_id: str) -> Engine:
    return Engine(
        why=f"{name} is {image_id[:19]} again.",
        touches=(f"image:{name}",),
        action="image_tag",
        target=image_id,
        args={"name": name},
    )


def _drain(container: str, seconds: float) -> Check:
    return Check(
        why=f"{container} answers what it was asked until now.",
        name="release-drained",
        args={"container": container, "seconds": seconds},
    )


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
