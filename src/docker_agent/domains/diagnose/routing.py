"""How a project's containers are reached from outside: their labels for Traefik beside what Traefik made of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.plan import Plan
from docker_agent.domains.diagnose.evidence import Confidence, cut, found, inspected, written
from docker_agent.domains.diagnose.mend import container_in, recreate
from docker_agent.domains.diagnose.messages import Refusal
from docker_agent.domains.diagnose.snapshot import Snapshot, seconds_of
from docker_agent.domains.proxy import ProxyState, Router, Server, Upstream
from docker_agent.host.models import Container, LogLine

LABEL = re.compile(r"traefik\.http\.(?P<kind>routers|services)\.(?P<name>[^.]+)\.(?P<option>.+)", re.IGNORECASE)
ENABLE = "traefik.enable"
NETWORK = "traefik.docker.network"
TRUE = frozenset({"1", "t", "true"})

Options = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Routed:
    """A container with labels for Traefik, and the Traefik that reads them."""

    snapshot: Snapshot
    container: Container
    proxy: ProxyState

    @cached_property
    def routers(self) -> Options:
        """The options of every router that the labels describe, keys in lower case."""
        return options_of(self.container, "routers")

    @cached_property
    def services(self) -> Options:
        """The options of every service that the labels describe, keys in lower case."""
        return options_of(self.container, "services")

    @property
    def enabled(self) -> bool:
        """Whether Traefik is to serve the container, as far as labels and static options say."""
        label = self.label(ENABLE)
        word = label[1] if label else self.proxy.settings.get("providers.docker.exposedbydefault", "true")
        return word.lower() in TRUE

    @property
    def left_out(self) -> bool:
        """Whether its health check keeps Traefik from serving it."""
        return self.container.health in {"unhealthy", "starting"}

    @property
    def networks(self) -> tuple[str, ...]:
        """The networks that it shares with Traefik."""
        return tuple(place.network for place in self.container.networks if place.network in self.proxy.networks)

    def label(self, key: str) -> tuple[str, str] | None:
        """A label as it is written and its value, whatever its case."""
        return next(((each, value) for each, value in self.container.labels.items() if each.lower() == key), None)

    def option(self, kind: str, name: str, option: str) -> tuple[str, str] | None:
        """The label of one option of a router or service and its value."""
        return self.label(f"traefik.http.{kind}.{name}.{option}".lower())

    def known(self) -> Iterator[Router]:
        """What Traefik's API says of the routers of the labels."""
        for name in self.routers:
            router = self.proxy.router(f"{name}@docker")
            if router is not None:
                yield router

    def servers(self) -> Iterator[tuple[str, Server]]:
        """The addresses in Traefik's services that are this container, with the service's name."""
        own = {place.ip for place in self.container.networks if place.ip}
        for service in self.proxy.services:
            for server in service.servers:
                if any(re.search(rf"//{re.escape(ip)}(?::|/|$)", server.url) for ip in own):
                    yield service.name.partition("@")[0], server

    def said(self, pattern: re.Pattern[str]) -> tuple[LogLine, re.Match[str]] | None:
        """The last line of Traefik's log about this very container that matches."""
        named = f" {self.container.service}-{self.container.project} "
        for line in reversed(self.proxy.log):
            ours = self.container.id in line.text or (named in line.text and self._is_news(line))
            match = pattern.search(line.text[:2_000]) if ours else None
            if match:
                return line, match
        return None

    def told_by_name(self, pattern: re.Pattern[str], name: str) -> LogLine | None:
        """The last line of Traefik's log that matches with this name in the group `name`."""
        for line in reversed(self.proxy.log):
            match = pattern.search(line.text[:2_000]) if self._is_news(line) else None
            if match and match["name"].partition("@")[0].lower() == name:
                return line
        return None

    def complaints(self, pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str], Evidence]]:
        """What Traefik complains of the routers: their name, what matched, and where it says so.

        Its API knows how it is now; where that does not answer, the log since the container was made counts.
        """
        for router in self.known():
            matches = [(error, pattern.search(error)) for error in router.errors]
            for error, match in matches:
                if match:
                    yield router.name.partition("@")[0].lower(), match, self.shown(f"http/routers/{router.name}", error)
                    break
        for name in self.routers if not self.proxy.api else ():
            for line in reversed(self.proxy.log):
                match = pattern.search(line.text[:2_000]) if f"routerName={name}@docker" in line.text else None
                if match and self._is_news(line):
                    yield name, match, self.heard(line)
                    break

    def _is_news(self, line: LogLine) -> bool:
        """Whether a line was written after the container was made; its labels never change afterwards."""
        return seconds_of(line.time) >= seconds_of(self.container.created_at) - 1.0

    def heard(self, line: LogLine) -> Evidence:
        """Evidence from Traefik's log."""
        return heard(self.snapshot, self.proxy, line)

    def shown(self, path: str, quote: str) -> Evidence:
        """Evidence from Traefik's API."""
        return shown(self.snapshot, self.proxy, path, quote)

    def place(self, key: str) -> Evidence | None:
        """Where a label is written: in the compose file, else in the container's configuration."""
        value = self.container.labels.get(key)
        in_file = written(self.snapshot, self.container, "labels", key)
        if in_file is not None or value is None:
            return in_file
        return inspected(self.snapshot, self.container, f"Config.Labels.{key}", value)

    def found(
        self,
        *evidence: Evidence | None,
        message: str,
        cause: str,
        fix: str,
        confidence: Confidence = "certain",
        severity: Severity = Severity.ERROR,
    ) -> Finding:
        """A finding about the container; what keeps a site from being reached is an error though the container runs."""
        return found(
            self.snapshot,
            self.container,
            *evidence,
            message=message,
            cause=cause,
            fix=fix,
            confidence=confidence,
            severity=severity,
        )


def routed(snapshot: Snapshot) -> Iterator[Routed]:
    """The project's containers with labels for a Traefik that runs."""
    proxies = [proxy for proxy in snapshot.proxies if proxy.kind == "traefik"]
    for container in snapshot.containers:
        if proxies and any(key.lower().startswith("traefik.") for key in container.labels):
            yield Routed(snapshot, container, _reader(snapshot, container, proxies))


def serving(snapshot: Snapshot) -> Iterator[Routed]:
    """Those of them that run and that Traefik should serve."""
    for each in routed(snapshot):
        if each.container.status == "running" and each.enabled and not each.left_out:
            yield each


def options_of(container: Container, kind: str) -> Options:
    """What the labels of a container say of routers or services, by name; keys in lower case."""
    options: Options = {}
    for key, value in container.labels.items():
        match = LABEL.fullmatch(key)
        if match and match["kind"].lower() == kind:
            options.setdefault(match["name"].lower(), {})[match["option"].lower()] = value
    return options


def overheard(snapshot: Snapshot, pattern: re.Pattern[str], kind: str = "traefik") -> Iterator[Refusal]:
    """The last line of every proxy's log that matches, for what concerns the proxy itself."""
    for proxy in snapshot.proxies:
        own = next((each for each in snapshot.containers if each.name == proxy.container), None)
        for line in reversed(proxy.log if proxy.kind == kind else ()):
            match = pattern.search(line.text[:2_000])
            if match:
                yield Refusal(snapshot, match, heard(snapshot, proxy, line), own)
                break


def heard(snapshot: Snapshot, proxy: ProxyState, line: LogLine) -> Evidence:
    """Evidence from a proxy's log."""
    return Evidence(source="log", where=f"{proxy.container}:{line.number}", quote=cut(snapshot, line.text))


def shown(snapshot: Snapshot, proxy: ProxyState, path: str, quote: str) -> Evidence:
    """Evidence from Traefik's API."""
    return Evidence(source="proxy", where=f"{proxy.container} /api/{path}", quote=cut(snapshot, quote))


def concerned(snapshot: Snapshot, proxy: ProxyState, service: Upstream) -> Container | None:
    """Whom a fault of a service made of others concerns: the proxy where it is own, else an own container in it."""
    names = {name.partition("@")[0].lower() for name in service.children}
    sharing = (each for each in snapshot.containers if names & set(options_of(each, "services")))
    return next((each for each in snapshot.containers if each.name == proxy.container), None) or next(sharing, None)


def nearest(word: str, choices: Iterable[str]) -> str:
    """The one that is meant by a misspelt word, "" where none or more than one is near."""
    close = difflib.get_close_matches(word, [*dict.fromkeys(choices)], n=2, cutoff=0.6)
    ratios = [difflib.SequenceMatcher(None, word, each).ratio() for each in close]
    return close[0] if close and (len(close) == 1 or ratios[0] - ratios[1] > 0.1) else ""


def relabel(snapshot: Snapshot, finding: Finding, labels: Mapping[str, str], why: str) -> Plan | None:
    """Give the container's service other labels and make it new; None where one comes from a variable."""
    service = container_in(snapshot, finding).service
    for key in labels if snapshot.model else ():
        node = snapshot.model.node(("services", service, "labels", key)) if snapshot.model else None
        if node is not None and "$" in node.source.text[node.start : node.end]:
            return None
    return recreate(snapshot, finding, {("labels", key): value for key, value in labels.items()}, why)


def again(snapshot: Snapshot, finding: Finding) -> Routed | None:
    """The routed container that a finding is about."""
    name = container_in(snapshot, finding).name
    return next((each for each in routed(snapshot) if each.container.name == name), None)


def _reader(snapshot: Snapshot, container: Container, proxies: list[ProxyState]) -> ProxyState:
    """The Traefik that serves a container: one that knows its routers, else a near one."""
    names = {f"{name}@docker" for name in options_of(container, "routers")}
    own = {each.name for each in snapshot.containers}
    on = {place.network for place in container.networks}

    def fitness(proxy: ProxyState) -> tuple[bool, bool, bool]:
        knows = any(router.name in names for router in proxy.routers)
        return knows, proxy.container in own, bool(on & set(proxy.networks))

    return max(proxies, key=fitness)
