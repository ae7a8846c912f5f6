"""Which finding explains which: a broken database explains the services that cannot reach it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.diagnose.evidence import label
from docker_agent.domains.diagnose.snapshot import Snapshot

# What a service shows when another one fails it: explained by a fault of any that it leans on.
UNSERVED = frozenset(
    {
        "cmp-dep-exited",
        "cmp-dep-unhealthy",
        "cmp-job-failed",
        "dns-servfail",
        "dns-timeout",
        "net-conn-refused",
        "ngx-502",
        "ngx-host-not-found",
        "tr-502-refused",
        "tr-503",
    }
)
# What may have any cause: explained by another service's fault only where the evidence names that service.
UNSPECIFIC = frozenset(
    {
        "exit-0-unexpected",
        "exit-1-app",
        "health-starting-forever",
        "health-timeout",
        "health-unhealthy",
        "onfailure-exhausted",
        "restart-loop",
    }
)
# What a proxy shows when the container behind it is not well.
UNROUTED = frozenset({"tr-404-norouter", "tr-502-refused", "tr-503", "tr-hang", "ngx-502"})
# Where a host's name stands: in a URL, before a port, behind words that ask for one, or alone in quotes that are not
# those of JSON. Services are called `error`, `server` or `app`, and so is much else in a log: such words elsewhere, and
# what is a part of a path, name no service.
NAME = r"[A-Za-z0-9][\w.-]*"
ASKS = (
    r"(?:\b(?:host(?:name)?|to|lookup|upstream|address|waiting for|resolve|can't find|ENOTFOUND|EAI_AGAIN)"
    r"|\b(?:nc|telnet|ping6?|curl|wget|nslookup)(?: -\w{1,9}){0,4}|(?<= )-h|--host)"
)
COMMON = r"(?!(?:the|an?|any|server|host|database|node|error|client|upstream|backend|address|in|is|not)\b)"
HOST = re.compile(
    rf"(?:(?<![\w.])//|(?<=:)//|@)(?P<url>{NAME})"
    rf"|(?<![\w./@-])(?P<port>{NAME})(?=:\d{{2,5}}(?![\w.]|:\d))"
    rf"|\bnc (?:-\w+ (?:\d+ )?)*(?P<nc>{NAME})(?= \d{{2,5}}\b)"
    rf"|{ASKS}[\"']?[ :=]{{1,3}}(?:[\"'`\[](?P<told>{NAME})|{COMMON}(?P<asked>{NAME}))"
    rf"|(?<![:=,{{\[(\w])(?<![:=,{{\[(] )[\"'`](?P<quoted>{NAME})[\"'`](?!\s?:)",
    re.IGNORECASE,
)
SOURCE = re.compile(r"\.(?:py|[cm]?[jt]sx?|rb|go|java|kt|php|pl|rs|cs|sh|jar|conf|ini|toml|ya?ml|json|log|sock)$")


@dataclass(frozen=True)
class Explained:
    """Findings in order of cause.

    Attributes
    ----------
    causes: those that nothing else explains, in the order that they came in.
    symptoms: the others, each with the cause at the end of its chain.
    """

    causes: tuple[Finding, ...] = ()
    symptoms: tuple[tuple[Finding, Finding], ...] = ()

    @property
    def all(self) -> tuple[Finding, ...]:
        """Causes, then symptoms."""
        return (*self.causes, *(symptom for symptom, _ in self.symptoms))

    def about(self, names: frozenset[str]) -> Explained:
        """What concerns some objects: their causes, their symptoms, and the causes of these wherever they lie."""
        symptoms = tuple(each for each in self.symptoms if each[0].object in names)
        wanted = {cause.identity for _, cause in symptoms}
        causes = tuple(each for each in self.causes if each.object in names or each.identity in wanted)
        return Explained(causes, symptoms)


def explain(snapshot: Snapshot, findings: list[Finding]) -> Explained:
    """Tell causes from symptoms, by what each service depends on and by the names in the evidence."""
    leans = _leanings(snapshot)
    by: dict[str, Finding] = {}
    for finding in findings:
        cause = next((each for each in findings if _explains(each, finding, leans)), None)
        if cause is not None:
            by[finding.identity] = cause
    causes: list[Finding] = []
    symptoms: list[tuple[Finding, Finding]] = []
    for finding in findings:
        root = _root(finding, by)
        if root is finding:
            causes.append(finding)
        else:
            symptoms.append((finding, root))
    return Explained(tuple(causes), tuple(symptoms))


def _explains(cause: Finding, finding: Finding, leans: dict[str, frozenset[str]]) -> bool:
    if cause.severity is not Severity.ERROR or cause is finding:
        return False
    if cause.object == finding.object:
        return finding.code in UNROUTED and cause.code not in UNROUTED | UNSERVED
    if finding.code in UNSERVED:
        return cause.object in leans.get(finding.object, frozenset()) or cause.object in _named(finding)
    return finding.code in UNSPECIFIC and cause.object in _named(finding)


def _named(finding: Finding) -> set[str]:
    return {word for evidence in finding.evidence for word in _hosts(evidence.quote)}


def _hosts(text: str) -> Iterator[str]:
    """Names of hosts in a text, and their parts before a dot: `db`, of `db:5432` or `db.shop`; not of a file's name."""
    for match in HOST.finditer(text):
        name = match[match.lastgroup or 0].rstrip(".")
        if not SOURCE.search(name):
            yield name
            yield name.split(".", 1)[0]


def _leanings(snapshot: Snapshot) -> dict[str, frozenset[str]]:
    """What each service, or each of its containers, depends on, as objects are called in findings."""
    called: dict[str, set[str]] = defaultdict(set)
    for each in snapshot.containers:
        called[each.service].add(label(snapshot, each))
    services = snapshot.model.services.items() if snapshot.model else ()
    return {
        one: frozenset(other for each in service.depends_on for other in called.get(each.service, {each.service}))
        for name, service in services
        for one in called.get(name, {name})
    }


def _root(finding: Finding, by: dict[str, Finding]) -> Finding:
    """The end of the chain of causes; services that blame each other keep their own findings."""
    seen = {finding.identity}
    current = finding
    while current.identity in by:
        current = by[current.identity]
        if current.identity in seen:
            return finding
        seen.add(current.identity)
    return current
