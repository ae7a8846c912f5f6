"""Compose files whose parts do not fit together, so that Compose refuses them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.plan import Plan
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.refused import CAUSE, make_acceptable, refused, told
from docker_agent.domains.diagnose.snapshot import Snapshot

UNDEFINED = re.compile(
    r"service \"(?P<service>[^\"]+)\" (?:refers to undefined (?P<kind>\w+) (?P<name>[^:\s]+)"
    r"|depends on undefined service \"(?P<other>[^\"]+)\")"
)
CYCLE = re.compile(r"dependency cycle detected: (?P<path>\S+(?: -> \S+)+)")
NO_IMAGE = re.compile(r"service \"(?P<service>[^\"]+)\" has neither an image nor a build context specified")
BOTH = re.compile(r"service (?P<service>\S+) declares mutually exclusive `network_mode` and `networks`")
SCALED = re.compile(
    r"The \"(?P<service>[^\"]+)\" service is using the custom container name \"(?P<name>[^\"]+)\""
    r"|can't set container_name and (?P<replicated>\S+) as container name must be unique"
)
OTHER = re.compile(
    r"^(?P<what>cannot extend service \"[^\n]+"
    r"|Circular reference:"
    r"|invalid interpolation format for [^\n]+"
    r"|\S+: one of \S+\|\S+ must be set"
    r"|services\.\S+: container name \"[^\n]+ is already in use by service [^\n]+"
    r"|(?!service \"[^\"]+\" (?:refers to|depends on|has neither)|service \S+ declares mut|services\.deploy\.replicas)"
    r"[^\n]+: invalid compose project"
    r"|empty compose file)$",
    re.MULTILINE,
)


@signature(code="cmp-undef", area="compose")
def cmp_undef(snapshot: Snapshot) -> Iterator[Finding]:
    """A service names a network, volume, secret, config or service that no file declares.

    Compose refuses the project before it makes anything. The name is misspelt, its declaration at the top is missing,
    or the file that has it was not given.

    Seen
    ----
        service "web" refers to undefined network front: invalid compose project
        service "web" refers to undefined volume data: invalid compose project
        service "web" refers to undefined secret key: invalid compose project
        service "web" depends on undefined service "db": invalid compose project
    """
    yield from refused(snapshot, "cmp-undef")
    for said in told(snapshot, "cmp-undef", UNDEFINED):
        kind, name = said.match["kind"] or "service", said.match["name"] or said.match["other"]
        yield said.found(
            message=f"{said.match['service']} uses the {kind} {name}, which is not declared.",
            cause=f"The name is misspelt, or nothing declares it under {kind}s: in the files that were given.",
            fix=f"Correct the name, or declare {name} under {kind}s: at the top.",
            about=said.match["service"],
        )


@cmp_undef.fix
def declare_what_is_used(snapshot: Snapshot, finding: Finding) -> Plan | None:
    """Declare networks and volumes that services name; a name that is only misspelt is left to a person."""
    return make_acceptable(snapshot, finding)


@signature(code="cmp-cycle", area="compose")
def cmp_cycle(snapshot: Snapshot) -> Iterator[Finding]:
    """Services wait for each other in a circle, so that none can start first.

    `depends_on`, `links`, `volumes_from` and shared namespaces all count.

    Seen
    ----
        dependency cycle detected: web -> db -> web
        dependency cycle detected: web -> web
    """
    yield from refused(snapshot, "cmp-cycle")
    for said in told(snapshot, "cmp-cycle", CYCLE):
        yield said.found(
            message=f"Services wait for each other: {said.match['path']}.",
            cause="Each needs the next one to be there first.",
            fix="Take one of these dependencies out; where both need the other, let one try again until it answers.",
            about=said.match["path"].split(" ")[0],
        )


@signature(code="cmp-noimage", area="compose")
def cmp_noimage(snapshot: Snapshot) -> Iterator[Finding]:
    """A service has neither an image nor a build, so there is nothing to run.

    Often the file is only laid over another one that was not given (`-f`), or a key is indented wrongly.

    Seen
    ----
        service "web" has neither an image nor a build context specified: invalid compose project
    """
    yield from refused(snapshot, "cmp-noimage")
    for said in told(snapshot, "cmp-noimage", NO_IMAGE):
        yield said.found(
            message=f"{said.match['service']} has neither an image nor a build.",
            cause="The keys are missing, indented under something else, or in a base file that was not given.",
            fix="Add image: NAME:VERSION or build: FOLDER, or give the base file with -f before this one.",
            about=said.match["service"],
        )


@signature(code="cmp-netmode", area="compose")
def cmp_netmode(snapshot: Snapshot) -> Iterator[Finding]:
    """A service has `network_mode` and `networks`, of which only one can hold.

    A base file or `extends` may bring the second one: `docker compose config --no-consistency` shows both.

    Seen
    ----
        service web declares mutually exclusive `network_mode` and `networks`: invalid compose project
    """
    yield from refused(snapshot, "cmp-netmode")
    for said in told(snapshot, "cmp-netmode", BOTH):
        yield said.found(
            message=f"{said.match['service']} has network_mode and networks.",
            cause="With a network mode a service has no networks of its own.",
            fix="Take one of the two out (networks: !reset null in a file that is laid over).",
            about=said.match["service"],
        )


@signature(code="cmp-scale-name", area="compose")
def cmp_scale_name(snapshot: Snapshot) -> Iterator[Finding]:
    """A service with a container name of its own is to run more than once.

    The name can belong to one container only. Two services with the same name are `cmp-refused`, a name that a foreign
    container has is `name-conflict`.

    Seen
    ----
        WARNING: The "web" service is using the custom container name "shop". Docker requires each container to have a unique name. Remove the custom name to scale the service
        services.deploy.replicas: can't set container_name and web as container name must be unique: invalid compose project
    """
    yield from refused(snapshot, "cmp-scale-name")
    for said in told(snapshot, "cmp-scale-name", SCALED):
        service = said.match["service"] or said.match["replicated"]
        yield said.found(
            message=f"{service} has a container name of its own and cannot run more than once.",
            cause="container_name gives every replica the same name.",
            fix="Take container_name out: other services reach it by its service name.",
            about=service,
        )


@signature(code="cmp-refused", area="compose")
def cmp_refused(snapshot: Snapshot) -> Iterator[Finding]:
    """Compose refuses the files for one of its rarer reasons, which the message and the rule's page name.

    What happens often has a code of its own: `cmp-undef`, `cmp-schema`, `cmp-yaml`, `cmp-required-var`, `cmp-envfile`.

    Seen
    ----
        cannot extend service "web" in /srv/shop/compose.yaml: service "base" not found
        invalid interpolation format for services.web.command.
        secrets.key: one of file|environment must be set
        services.web: container name "shop" is already in use by service {"
        empty compose file
    """
    yield from refused(snapshot, "cmp-refused")
    for said in told(snapshot, "cmp-refused", OTHER):
        yield said.found(
            message=f"Compose refuses the files: {said.match['what'].rstrip(':.')}.",
            cause=CAUSE,
            fix="Correct what it names; `compose_validate` gives every such fault with its line and column at once.",
        )
