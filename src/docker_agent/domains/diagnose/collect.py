"""Collect a snapshot: everything that signatures look at, read once, side by side and with time limits."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import replace
from functools import partial
from typing import Self, TypeVar

from docker_agent.core.errors import AgentError, EngineUnreachable, reason
from docker_agent.core.finding import Finding
from docker_agent.domains.compose import refusals
from docker_agent.domains.diagnose.listeners import is_asked
from docker_agent.domains.diagnose.log_reading import LogReading
from docker_agent.domains.diagnose.saying import said, unheard
from docker_agent.domains.diagnose.snapshot import Message, Snapshot
from docker_agent.domains.proxy import read_proxies
from docker_agent.host.models import Container, EngineInfo, Image
from docker_agent.project.stack import Stack, stack_of
from docker_agent.project.workspace import Workspace

T = TypeVar("T")
D = TypeVar("D")

MAX_LOGS = 100
LOOK_BACK_S = 3_600.0
LIMIT_S = 10.0


def collect(
    ws: Workspace,
    only: Collection[str] = (),
    *,
    message: str = "",
    limit_s: float = LIMIT_S,
) -> Snapshot:
    """Look at everything once; parts that fail or take too long are named in `not_looked_at`.

    Parameters
    ----------
    only: names of containers to keep to, of any project; empty for all of the own project.
    message: what a program said when it failed, to be looked at as well.
    limit_s: how long all of it may take, seconds.

    Raises
    ------
    EngineUnreachable: no engine answers.
    """
    with _Collector(limit_s) as collector:
        now = ws.host.now()
        lately = {"since": now - LOOK_BACK_S, "until": now}
        listed = collector.start(ws.host.containers)
        engine = collector.start(ws.host.engine)
        networks = collector.start(ws.host.networks)
        volumes = collector.start(ws.host.volumes)
        events = collector.start(lambda: ws.host.events(**lately, filters={"type": "container"}))
        stack = _read_stack(ws, collector.missed)
        everything = collector.need(listed)
        info = collector.get("engine", engine, None)
        own = [each for each in everything if (each.name in only if only else ws.owns_container(each))]
        own_names = [each.name for each in own]
        proxies = collector.start(lambda: read_proxies(ws.host, everything, own_names))
        draft = Snapshot(
            project=ws.project,
            root=ws.root,
            taken_at=now,
            containers=tuple(own),
            others=tuple(each for each in everything if each not in own),
            events=tuple(collector.get("events", events, ())),
            messages=(*said(message), *warnings_of(info)),
            networks=tuple(collector.get("networks", networks, ())),
            volumes=tuple(collector.get("volumes", volumes, ())),
            engine=info,
            stack=stack,
            refused=() if only else _refusals(ws, stack),
            partial=bool(only),
            mask=ws.mask,
        )
        told = [each for each in draft.suspects if each.status != "created"]
        told.sort(key=lambda each: not draft.broken(each))
        log = LogReading(ws.host)
        logs = {each.name: collector.start(log.reader(each.name, deep=draft.broken(each))) for each in told[:MAX_LOGS]}
        collector.missed.extend(f"log of {each.name}: only {MAX_LOGS} logs are read" for each in told[MAX_LOGS:])
        wanted = {} if only else _unmade(stack, own)
        wanted |= {each.image: each.image_id for each in told if draft.broken(each)}
        reads = {name: collector.start(partial(_image, ws, id_ or name)) for name, id_ in wanted.items()}
        sockets = {each.name: collector.start(partial(ws.host.listening, each.name)) for each in own if is_asked(each)}
        limited = [each.name for each in own if each.running and each.cpus]
        readings = collector.start(lambda: ws.host.stats(limited, now=True) if limited else [])
        images = {name: collector.get(f"image {name}", read, False) for name, read in reads.items()}
        return replace(
            draft,
            logs=collector.get_each("whole log of", logs, log.ends),
            images={name: image for name, image in images.items() if image},
            absent_images=frozenset(name for name, image in images.items() if image is None),
            listening=collector.get_each("sockets of", sockets),
            proxies=collector.get("proxies", proxies, ()),
            stats={reading.name: reading for reading in collector.get("stats", readings, ())},
            not_looked_at=(*unheard(draft.messages), *collector.missed),
        )


def warnings_of(engine: EngineInfo | None) -> tuple[Message, ...]:
    """What the engine warns of by itself."""
    return tuple(Message("engine", warning) for warning in (engine.warnings if engine else ()))


class _Collector:
    """Runs reads in threads and notes those that failed or did not come in time."""

    def __init__(self, limit_s: float) -> None:
        self._pool = ThreadPoolExecutor(16)
        self._limit_s = limit_s
        self._until = time.monotonic() + limit_s
        self.missed: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self, read: Callable[[], T]) -> Future[T]:
        return self._pool.submit(read)

    def need(self, future: Future[T]) -> T:
        try:
            return future.result(max(0.1, self._until - time.monotonic()))
        except FutureTimeoutError:
            raise EngineUnreachable(
                f"The engine did not list its containers within {self._limit_s:g} seconds.",
                "Check its load and try again.",
            ) from None

    def get_each(
        self, what: str, futures: Mapping[str, Future[list[T]]], parts: Mapping[str, tuple[T, ...]] | None = None
    ) -> dict[str, tuple[T, ...]]:
        """The answers by name, and where one is missing what there is of it in `parts`."""
        found = {name: self.get(f"{what} {name}", future, None) for name, future in futures.items()}
        return dict(parts or {}) | {name: tuple(read) for name, read in found.items() if read is not None}

    def get(self, what: str, future: Future[T], missing: D) -> T | D:
        try:
            return future.result(max(0.1, self._until - time.monotonic()))
        except FutureTimeoutError:
            self.missed.append(f"{what}: no answer within {self._limit_s:g} s")
        except Exception as error:  # noqa: BLE001 - one part that fails in an unforeseen way must not end the look
            self.missed.append(f"{what}: {reason(error)}")
        return missing


def _image(ws: Workspace, name: str) -> Image | None:
    """An image, None where it was removed since."""
    try:
        return ws.host.image(name)
    except EngineUnreachable:
        raise
    except AgentError:
        return None


def _unmade(stack: Stack | None, containers: list[Container]) -> dict[str, str]:
    """The images of services that have no container and are not built; nobody knows their ids."""
    made = {each.service for each in containers}
    services = stack.model.services.values() if stack else ()
    return {each.image: "" for each in services if each.image and not each.build and each.name not in made}


def _read_stack(ws: Workspace, missed: list[str]) -> Stack | None:
    try:
        stack = stack_of(ws)
    except Exception as error:  # noqa: BLE001 - as above: the containers are still there to be looked at
        missed.append(f"compose file: {reason(error)}")
        return None
    if stack is None:
        missed.append("compose file: there is none in the project's folder")
    return stack


def _refusals(ws: Workspace, stack: Stack | None) -> tuple[Finding, ...]:
    """Why Compose would refuse the files; those that are no model are read again as far as that goes."""
    with contextlib.suppress(Exception):
        read = stack or stack_of(ws, strict=False)
        return refusals(read.model) if read else ()
    return ()
