"""Compose files that cannot be read as what they should be, or lack a file or a variable that they ask for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Evidence, Finding, Severity
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.evidence import cut, found
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.refused import CAUSE, refused, told
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Container
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.compose.types import Resource, UnsetVariable

TAB = re.compile(
    r"^(?:failed to parse \S+: )?yaml: line (?P<line>\d+): found character that cannot start any token", re.MULTILINE
)
YAML = re.compile(
    r"^(?:failed to parse \S+: )?(?:yaml: (?:line \d+: )?(?P<why>(?!.*cannot start any token)[^\n]+)"
    r"|line (?P<line>\d+): (?P<twice>mapping key \"[^\"]+\" already defined at line \d+))",
    re.MULTILINE,
)
SCHEMA = re.compile(
    r"^(?:validating \S+: +(?P<what>(?![^\n]*missing property 'capabilities')[^\n]+)"
    r"|error while interpolating \S+: (?P<cast>failed to cast to expected type: [^\n]+)"
    r"|decoding failed due to the following error\(s\):\s+(?P<decode>[^\n]+)"
    r"|(?P<kind>services(?:\.[^\s:]+)? must be a mapping))$",
    re.MULTILINE,
)
REQUIRED = re.compile(r"required variable (?P<name>\w+) is missing a value(?:: (?P<words>[^\n]+))?")
UNSET = re.compile(r"The \\?\"(?P<name>\w+)\\?\" variable is not set\. Defaulting to a blank string")
SECRET = re.compile(
    r"secret file (?P<file>[\w.-]+) does not exist"
    r"|environment variable \"(?P<variable>[^\"]+)\" required by (?:secret|config) \"(?P<name>[^\"]+)\" is not set"
)
ENV_FILE = re.compile(r"env file (?P<path>\S+) not found: stat ")


@signature(code="cmp-yaml-tab", area="compose")
def cmp_yaml_tab(snapshot: Snapshot) -> Iterator[Finding]:
    """The compose file is indented with a tab, which YAML does not take.

    A value that begins with `@` or a backtick without quotes gives the same words. Other faults of the syntax are
    `cmp-yaml`.

    Seen
    ----
        yaml: line 3: found character that cannot start any token
    """
    yield from refused(snapshot, "cmp-yaml-tab")
    if any(finding.code == "yaml_syntax" for finding in snapshot.refused):
        return
    for said in spoken(snapshot, TAB):
        yield said.found(
            message=f"Line {said.match['line']} of the file has a character that YAML does not take there.",
            cause="A tab in the indentation, or a value that begins with @ or a backtick.",
            fix="Indent with spaces only (`grep -nP '\\t' compose.yaml` finds tabs), put such a value in quotes.",
        )


@signature(code="cmp-yaml", area="compose")
def cmp_yaml(snapshot: Snapshot) -> Iterator[Finding]:
    """The compose file is not YAML: wrong indentation, an open quote or bracket, or a key that is there twice.

    The line that Compose names may be one before the fault, or the begin of the block. A tab is `cmp-yaml-tab`; a file
    that is YAML and says what Compose does not know is `cmp-schema`.

    Seen
    ----
        yaml: line 4: mapping values are not allowed in this context
        yaml: line 1: did not find expected key
        yaml: line 3: found unexpected end of stream
        yaml: unknown anchor 'base' referenced
        failed to parse /srv/shop/compose.yaml: line 3: mapping key "web" already defined at line 2
    """
    yield from refused(snapshot, "cmp-yaml")
    for said in told(snapshot, "cmp-yaml", YAML):
        yield said.found(
            message=f"The file is not YAML: {said.match['why'] or said.match['twice']}.",
            cause="Indentation, a quote or bracket that is not closed, a `: ` in plain text, or a key given twice.",
            fix="Look at the line it names and the one before; `compose_validate` gives the exact place.",
        )


@signature(code="cmp-schema", area="compose")
def cmp_schema(snapshot: Snapshot) -> Iterator[Finding]:
    """The compose file has a key that Compose does not know, or a value of another kind than it takes.

    Often a misspelt key, a key at the wrong depth, or one that this version of Compose is too old for. With `(root)`
    in the message, or no file name before it, it was `docker stack deploy`: `stack-depends`.

    Seen
    ----
        validating /srv/shop/compose.yaml: services.web additional properties 'prots' not allowed
        validating /srv/shop/compose.yaml: services.web.ports must be a array
        error while interpolating services.web.deploy.replicas: failed to cast to expected type: strconv.Atoi: parsing "x": invalid syntax
        services.web must be a mapping
    """
    yield from refused(snapshot, "cmp-schema")
    for said in told(snapshot, "cmp-schema", SCHEMA):
        what = next(word for word in said.match.groups() if word)
        yield said.found(
            message=f"The compose file does not fit the specification: {what}.",
            cause=CAUSE,
            fix="Correct the key or the value there; `compose_validate` gives line, column and the nearest known word.",
        )


@signature(code="cmp-required-var", area="compose")
def cmp_required_var(snapshot: Snapshot) -> Iterator[Finding]:
    """A variable that the file requires has no value here.

    `${NAME:?words}` makes Compose refuse rather than go on with nothing. `.env` is read beside the first compose file
    only, and `sudo` drops the shell's variables. One without `:?` is `cmp-unset-var`.

    Seen
    ----
        error while interpolating services.web.image: required variable TAG is missing a value: set it in .env
        error while interpolating services.web.image: required variable TAG is missing a value
    """
    yield from refused(snapshot, "cmp-required-var")
    for said in told(snapshot, "cmp-required-var", REQUIRED):
        name, words = said.match["name"], said.match["words"]
        yield said.found(
            message=f"The variable {name} is required and has no value{f': {words}' if words else ''}.",
            cause="Neither the shell nor the .env file beside the compose file sets it, or its value is empty.",
            fix=f"Set {name} in .env beside the compose file, or give the file with --env-file.",
            about=name,
        )


@signature(code="cmp-unset-var", area="compose")
def cmp_unset_var(snapshot: Snapshot) -> Iterator[Finding]:
    r"""A variable has no value, and Compose put nothing in its place.

    Also a dollar sign that was meant for the container, as in a password or a shell command: it is written `$$`.
    Compose goes on, so what fails later (an empty tag, an empty password) is the consequence; of a service that is broken
    it is told without the warning, too.

    Seen
    ----
        time="2026-11-26T18:24:10Z" level=warning msg="The \"NOPE\" variable is not set. Defaulting to a blank string."
    """
    for container in snapshot.containers:
        use = _emptied(snapshot, container) if snapshot.broken(container) else None
        if use is not None:
            yield found(
                snapshot,
                container,
                Evidence(source="compose", where=str(use.place), quote=f"${{{use.name}}}"),
                message=f"The variable {use.name} is not set, so Compose put nothing in its place.",
                cause="Neither the shell nor the .env file beside the compose file sets it, so the service got nothing.",
                fix=f"Set {use.name} in .env beside the compose file, then make the service new.",
                confidence="likely",
            )
    for said in spoken(snapshot, UNSET):
        name = said.match["name"]
        yield said.found(
            message=f"The variable {name} is not set, so Compose put nothing in its place.",
            cause="Nothing sets it, or a dollar sign in the file is meant for the container.",
            fix=f"Set {name} in .env, give it a default (${{{name}:-value}}), or write $${name} for a plain dollar.",
            about=name,
            severity=Severity.WARN,
        )


@signature(code="cmp-envfile", area="compose")
def cmp_envfile(snapshot: Snapshot) -> Iterator[Finding]:
    """A file that `env_file` names is not there.

    Paths are relative to the first compose file. Files with secrets are often not in the repository and have to be made
    from an example.

    Seen
    ----
        env file /srv/shop/app.env not found: stat /srv/shop/app.env: no such file or directory
    """
    yield from refused(snapshot, "cmp-envfile")
    for said in told(snapshot, "cmp-envfile", ENV_FILE):
        yield said.found(
            message=f"The env file {said.match['path']} is not there.",
            cause="It was never made here, or the path is wrong: it is relative to the first compose file.",
            fix="Create it (see whether there is an example beside it), or write {path: FILE, required: false}.",
            about=said.match["path"],
        )


@signature(code="cmp-secret-missing", area="compose")
def cmp_secret_missing(snapshot: Snapshot) -> Iterator[Finding]:
    """The file of a secret or config is not there, so that no container that uses it can be made.

    Compose takes the file as it is and only the engine refuses, as it does for any bind mount (`bind-missing`); the
    warning of Compose, or the compose file, tells that it is a secret.

    Seen
    ----
        time="2026-11-26T18:24:18Z" level=warning msg="secret file shop_key does not exist"
        environment variable "DB_PASSWORD" required by secret "shop_key" is not set
    """
    model = snapshot.model
    declared = (*model.secrets.values(), *model.configs.values()) if model else ()
    shown = [found for resource in declared for found in _absent(snapshot, resource)]
    yield from shown
    for said in spoken(snapshot, SECRET) if not shown else ():
        name, variable = said.match["file"] or said.match["name"], said.match["variable"]
        yield said.found(
            message=f"The {f'variable {variable}' if variable else 'file'} of the secret {name} is not there.",
            cause="Its source is written in the compose file and does not exist on this machine.",
            fix="Create the file, or set the variable in the shell that runs Compose; then up again.",
        )


def _absent(snapshot: Snapshot, resource: Resource) -> Iterator[Finding]:
    """The finding of a secret or config that a service uses and whose file is not there."""
    model = snapshot.model
    node = resource.raw.get("file") if resource.raw else None
    if model is None or model.disk is None or not isinstance(node, Scalar) or node.unset or not node.value:
        return
    users = [
        service.name
        for service in model.services.values()
        if model.is_active(service) and resource.key in (*service.secrets, *service.configs)
    ]
    if users and not model.disk.kind(model.resolve(node.value)):
        yield Finding(
            code="",
            severity=Severity.WARN if snapshot.containers else Severity.ERROR,
            object=users[0],
            message=f"The file of the {resource.kind} {resource.key}, {node.value}, is not there.",
            cause="Compose mounts the file into the container, and the engine mounts nothing that is missing.",
            fix="Create it, readable for the container's user, or correct its path: it is relative to the first file.",
            evidence=(Evidence(source="compose", where=str(node.place), quote=cut(snapshot, node.value)),),
        )


def _emptied(snapshot: Snapshot, container: Container) -> UnsetVariable | None:
    """The first variable that nothing sets of those that a container's service is written with."""
    if snapshot.model is None or not snapshot.owns_file_of(container):
        return None
    raw = snapshot.model.services[container.service].raw
    return next((use for use in snapshot.model.unset if raw.place.holds(use.place) and not use.required), None)
