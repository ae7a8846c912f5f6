"""Fixes for secrets in compose files: to a file that the container gets as a secret, or to a variable of `.env`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Finding
from docker_agent.core.secret import URL_PASSWORD
from docker_agent.domains.compose.shared.secret_findings import leak_code, leak_of
from docker_agent.project.compose.model import ComposeModel, node_at
from docker_agent.project.compose.nodes import Mapping, Scalar
from docker_agent.project.compose.types import Service
from docker_agent.project.disk import Disk
from docker_agent.project.dotenv import parse_dotenv
from docker_agent.project.edit.files import PRIVATE, FileEdit, text_before
from docker_agent.project.edit.items import append_item, replace_scalar
from docker_agent.project.edit.values import Edit, set_value
from docker_agent.project.secret_leaks import Leak

# Variables that the image also reads from a file, by its documentation, and reads as root, so that mode 0600 is no bar:
# hub.docker.com/_/postgres, /_/mysql, /_/mariadb, docs.gitea.com (installation with Docker). mongo, wordpress and
# grafana read such files as another user; keycloak and redis know none.
READ_FROM_FILE = {
    "postgres": (r"POSTGRES_PASSWORD", "_FILE"),
    "mysql": (r"MYSQL_(?:ROOT_)?PASSWORD", "_FILE"),
    "mariadb": (r"(?:MARIADB|MYSQL)_(?:ROOT_)?PASSWORD", "_FILE"),
    "gitea/gitea": (r"GITEA__\w+__\w+", "__FILE"),
}
FOLDER = "secrets"


def move_secret(model: ComposeModel, finding: Finding) -> Sequence[Edit | FileEdit]:
    """The edits that take a secret out of a compose file: to a file where the image can read one, else to `.env`.

    Nothing where it is a placeholder, where the disk is not known, in files of other folders, which may have a `.env`
    of their own, or where no edit is sure to keep what runs.
    """
    leak = leak_of(model, finding)
    if leak is None or model.disk is None or leak.suspicion.weight == "placeholder" or leak.written.kind == "text":
        return []
    if leak.node.source.path.parent != model.directory:
        return []
    service = model.services.get(leak.written.owner)
    if service and leak_code(leak) == "secrets_in_env" and (suffix := _file_suffix(service, leak)):
        edits = _to_file(model, service, leak, suffix)
        if edits:
            return [*edits, *_ignored(model, model.disk, f"{FOLDER}/")]
    return _to_variable(model, leak, model.disk)


def _file_suffix(service: Service, leak: Leak) -> str:
    """What the variable that names a file has after the key, "" where there is none that is sure to work."""
    known, suffix = READ_FROM_FILE.get(_repository(service.image), ("", ""))
    key = leak.written.key
    if not known or not re.fullmatch(known, key) or leak.written.kind != "environment" or "rootless" in service.image:
        return ""
    reads_as_root = not service.user and "ALL" not in {word.upper() for word in service.cap_drop}
    used = re.search(rf"\$\{{?{re.escape(key)}\b", service.raw.source.text[service.raw.start : service.raw.end])
    return suffix if reads_as_root and not used and f"{key}{suffix}" not in service.environment else ""


def _to_file(model: ComposeModel, service: Service, leak: Leak, suffix: str) -> list[Edit | FileEdit]:
    disk, written = model.disk, leak.written
    if disk is None or not written.whole or _is_shared(model, leak):
        return []
    name = f"{service.name}_{written.key}".lower()
    path = model.resolve(f"{FOLDER}/{name}.txt")
    if name in model.secrets or disk.kind(path):
        return []
    node, pointer = leak.node, f"/run/secrets/{name}"
    if node.written.startswith(f"{written.key}="):
        replaced = replace_scalar(node, f"{written.key}{suffix}={pointer}")
    else:
        replaced = [*_renamed(model, leak, suffix), *replace_scalar(node, pointer)]
    return [
        *replaced,
        *append_item(model, ("services", service.name, "secrets"), name),
        *set_value(model, ("secrets", name, "file"), f"./{FOLDER}/{name}.txt"),
        FileEdit(path, leak.suspicion.secret, f"{service.name} reads {written.key} from here.", PRIVATE),
    ]


def _renamed(model: ComposeModel, leak: Leak, suffix: str) -> list[Edit]:
    for document in model.documents:
        above = node_at(document.root, leak.written.path[:-1])
        if isinstance(above, Mapping) and above.get(leak.written.key) is leak.node:
            return replace_scalar(above.index[leak.written.key].key, f"{leak.written.key}{suffix}")
    return []


def _is_shared(model: ComposeModel, leak: Leak) -> bool:
    """Whether other services get the value through an anchor too."""
    path = leak.written.path
    for document in model.documents:
        for length in range(1, len(path) + 1):
            above, step = node_at(document.root, path[: length - 1]), path[length - 1]
            entry = above.index.get(str(step)) if isinstance(above, Mapping) else None
            if entry is not None and (entry.merged or entry.alias):
                return True
    node = leak.node
    return "&" in node.source.text[node.source.text.rfind("\n", 0, node.start) + 1 : node.start]


def _to_variable(model: ComposeModel, leak: Leak, disk: Disk) -> list[Edit | FileEdit]:
    """`${NAME}` in the place of the secret, and the secret as NAME in `.env`."""
    node, secret = leak.node, leak.suspicion.secret
    path = model.resolve(".env")
    known = parse_dotenv(text_before(path, disk).encode(), path.name, {})
    default = re.fullmatch(r"([\w.\-]+=)?\$\{(\w+):?-[^${}]*\}", node.written)
    if default:
        names, span = [default.group(2)], (default.end(1) if default.group(1) else 0, len(node.written))
    else:
        names, span = _variable_names(leak), _span(node, secret)
    name = next((name for name in names if known.get(name, secret) == secret), "")
    line = "" if name in known else _dotenv_line(name, secret)
    if not name or span is None or line is None:
        return []
    text = f"{node.written[: span[0]]}${{{name}}}{node.written[span[1] :]}"
    mode = None if disk.kind(path) else PRIVATE
    kept = [FileEdit(path, line, f"The compose file takes {name} from here.", mode)] if line else []
    return [*replace_scalar(node, text), *kept, *_ignored(model, disk, ".env")]


def _variable_names(leak: Leak) -> list[str]:
    """Names for a variable, the first for choice; the second for where another value has that name already."""
    key = leak.suspicion.key.lstrip("-") if leak.written.kind == "command" else leak.written.key
    last = key.rpartition(".")[2] if leak.written.kind == "label" else key
    word = re.sub(r"\W", "_", last if len(last) > 2 else "password")
    if leak.suspicion.kind == "url":
        word = f"{word}_PASSWORD"
    owned = re.sub(r"\W", "_", f"{leak.written.owner}_{word}").upper()
    return [word, owned] if leak.written.kind in {"environment", "argument"} else [owned]


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}".removeprefix("docker.io/").removeprefix("library/")


def _span(node: Scalar, secret: str) -> tuple[int, int] | None:
    """Where a secret stands in a value as written, None where that is not sure."""
    form = secret.replace("$", "$$") if secret not in node.written else secret
    if (found := URL_PASSWORD.search(node.written)) and found.group(1) == form:
        return found.span(1)
    start = node.written.find(form)
    return (start, start + len(form)) if node.written.count(form) == 1 else None


def _dotenv_line(name: str, secret: str) -> str | None:
    """The line of `.env` that gives a variable exactly this value, None where none does."""
    plain = f"{name}={secret}\n" if re.fullmatch(r"[\w@%+=:,./-]+", secret) else f"{name}='{secret}'\n"
    try:
        return plain if parse_dotenv(plain.encode(), ".env", {}) == {name: secret} else None
    except InputError:
        return None


def _ignored(model: ComposeModel, disk: Disk, name: str) -> list[FileEdit]:
    """A line for `.gitignore`, so that the secret is not committed from its new place."""
    path = model.resolve(".gitignore")
    if disk.kind(model.resolve(".git")) != "folder":
        return []
    lines = {line.strip().strip("/") for line in text_before(path, disk).splitlines()}
    return [] if name.strip("/") in lines else [FileEdit(path, f"{name}\n", f"{name} holds secrets.")]
