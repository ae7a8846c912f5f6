"""What the keys of a Docker section mean: from nodes to the typed fields of the project context."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from docker_agent.project.context.draft import (
    FIELD_OF,
    KEYS,
    NO,
    NONE,
    SEVERITY_OF,
    VENDOR_OF,
    YES,
    Draft,
    Gpu,
    Peer,
    first_value,
    listed,
    named,
    split_values,
    texts,
)
from docker_agent.project.context.markdown import Node, plain
from docker_agent.project.context.sections import words

_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def fill(draft: Draft, nodes: Iterable[Node]) -> None:
    """Take over what the nodes say; a later value wins over an earlier one, and the earlier one is a mistake."""
    for node in nodes:
        name = FIELD_OF.get(words(node.key))
        if name:
            first = draft.seen.setdefault(name, node.line)
            if first != node.line and name in {"name", "reverse_proxy", "network", "gpu", "production"}:
                draft.complain(node.line, node.column, f"`{node.key}` was already given in line {first}.", "Keep one.")
            _READERS[name](draft, node)
        elif node.key and any(child.key for child in node.children) and not node.value:
            fill(draft, node.children)
        elif node.key:
            close = get_close_matches(words(node.key), FIELD_OF, n=1, cutoff=0.85)
            if close:
                hint = f"Did you mean `{close[0].title()}`?"
                draft.complain(node.line, node.column, f"The key `{node.key}` is not known.", hint)
            draft.unknown[node.key] = ", ".join(texts(node))


def _read_name(draft: Draft, node: Node) -> None:
    draft.name = first_value(node) or draft.name


def _read_proxy(draft: Draft, node: Node) -> None:
    value = first_value(node)
    found = re.search(r"(traefik|nginx|caddy)(?:[^\d,;()]{0,20}?(\d+(?:\.\d+){0,3}))?", value, re.IGNORECASE)
    if found:
        lower = found[1].lower()
        draft.reverse_proxy = "traefik" if lower == "traefik" else "nginx" if lower == "nginx" else "caddy"
        draft.reverse_proxy_version = found[2] or draft.reverse_proxy_version
    elif words(value) in NONE:
        draft.reverse_proxy = ""
    else:
        close = get_close_matches((words(value).split() or [""])[0], ["traefik", "nginx", "caddy"], n=1)
        hint = f"Did you mean {close[0]}?" if close else "Supported are traefik, nginx and caddy."
        draft.complain(node.line, node.column, f"The reverse proxy `{value[:60]}` is not supported.", hint)
    for child in node.children:
        if words(child.key) in {"version", *KEYS["reverse_proxy_version"]}:
            _read_proxy_version(draft, child)
        elif words(child.key) in KEYS["network"] and not draft.network:
            _read_network(draft, child)


def _read_proxy_version(draft: Draft, node: Node) -> None:
    found = re.search(r"\d+(?:\.\d+){0,3}", first_value(node))
    draft.reverse_proxy_version = found[0] if found else ""


def _read_network(draft: Draft, node: Node) -> None:
    named = next((plain(child.value) for child in node.children if words(child.key) == "name"), "")
    entries = [named] if named else listed(node)
    draft.network = entries[0] if entries else ""
    if len(entries) > 1:
        hint = f"`{draft.network}` is used as the shared network."
        draft.complain(node.line, node.column, "More than one network is named.", hint)


def _read_gpu(draft: Draft, node: Node) -> None:
    told = words(" ".join(texts(node))).split()
    if not told or told[0] in NO | NONE | {"not", "without"}:
        draft.gpu = ""
        return
    vendors: list[Gpu] = [VENDOR_OF[word] for word in told if word in VENDOR_OF]
    draft.gpu = vendors[0] if vendors else "any"


def _read_production(draft: Draft, node: Node) -> None:
    told = (words(first_value(node)).split() or [""])[0]
    if told in YES | NO:
        draft.production = told in YES
    else:
        draft.unknown[node.key] = ", ".join(texts(node))


def _read_groups(draft: Draft, node: Node) -> None:
    loose = split_values(node.value)
    for child in node.children:
        name, content = named(child)
        bracket = re.match(r"([^():]+)\(([^()]+)\)$", plain(child.value))
        if name:
            draft.service_groups[name] = _services(draft, content)
        elif bracket:
            inside = Node("", bracket[2], child.line, child.column)
            draft.service_groups[bracket[1].strip()] = _services(draft, inside)
        elif child.children:
            below = Node("", "", child.line, child.column, child.children)
            draft.service_groups[plain(child.value)] = _services(draft, below)
        else:
            loose += split_values(child.value)
    if loose:
        draft.service_groups["services"] = _services(draft, Node("", ", ".join(loose), node.line, node.column))


def _services(draft: Draft, content: Node) -> tuple[str, ...]:
    plain_list = next((child for child in content.children if words(child.key) in KEYS["service_groups"]), None)
    entries = listed(plain_list or content, by_key=True)
    for entry in entries:
        if not _SERVICE.fullmatch(entry):
            message = f"`{entry[:60]}` is no service name."
            draft.complain(content.line, content.column, message, "Write the names with commas between them.")
    return tuple(dict.fromkeys(entry for entry in entries if _SERVICE.fullmatch(entry)))


def _read_files(draft: Draft, node: Node) -> None:
    draft.compose_files = tuple(dict.fromkeys([*draft.compose_files, *listed(node)]))


def _read_projects(draft: Draft, node: Node) -> None:
    draft.projects = tuple(dict.fromkeys([*draft.projects, *listed(node, by_key=True)]))


def _read_policies(draft: Draft, node: Node) -> None:
    for entry in _policy_entries(node):
        if words(entry.key) in SEVERITY_OF:
            for code in listed(entry, by_key=True):
                _set_policy(draft, entry, code, entry.key)
        elif entry.children and not entry.value:
            _read_policies(draft, entry)
        else:
            _set_policy(draft, entry, entry.key, entry.value)


def _policy_entries(node: Node) -> Iterator[Node]:
    for text in split_values(node.value):
        key, _, value = text.replace("=", ":").partition(":")
        yield Node(key.strip(), value.strip(), node.line, node.column)
    for child in node.children:
        if child.key:
            yield child
        else:
            yield from _policy_entries(child)


def _set_policy(draft: Draft, entry: Node, code: str, told: str) -> None:
    name = re.sub(r"[^a-z0-9]+", "_", code.casefold()).strip("_")
    candidates = [words(text) for text in (plain(told), *(plain(below.value) for below in entry.children))]
    word = next((text.split()[0] for text in candidates if text and text.split()[0] in SEVERITY_OF), "")
    severity = SEVERITY_OF.get(word)
    if not name or severity is None:
        close = get_close_matches((candidates[0].split() or [""])[0], SEVERITY_OF, n=1, cutoff=0.6)
        meant = f"Did you mean `{SEVERITY_OF[close[0]]}`?" if close else "Write off, info, warn or error."
        shown = f"`{told[:60]}` of policy `{name[:60]}` is no severity" if told else f"`{code[:60]}` has no severity"
        draft.complain(entry.line, entry.column, f"{shown}; the rule's own severity stays.", meant)
        return
    if word != severity.value and words(entry.key) != word:
        draft.complain(entry.line, entry.column, f"`{word}` is read as `{severity}`.", f"Write `{severity}`.")
    if name in draft.policies:
        message = f"The policy `{name}` was already given in line {draft.policy_lines[name]}."
        draft.complain(entry.line, entry.column, message, "The later one counts; keep one.")
    draft.policies[name] = severity
    draft.policy_lines[name] = entry.line


def _read_hosts(draft: Draft, node: Node) -> None:
    draft.hosts = (*draft.hosts, *_peers(node))


def _read_delegates(draft: Draft, node: Node) -> None:
    draft.delegates = (*draft.delegates, *_peers(node))


def _peers(node: Node) -> Iterator[Peer]:
    for text in split_values(node.value):
        yield _peer("", text, [])
    for child in node.children:
        name, content = named(child)
        if name:
            yield _peer(name, plain(content.value), content.children)
        else:
            yield from (_peer("", text, child.children) for text in re.split(r",\s", plain(child.value)) if text)


def _peer(name: str, text: str, below: list[Node]) -> Peer:
    parts = [part.strip("()[]<>,;") for part in text.split()]
    keyed = {words(child.key): plain(child.value) for child in below}
    given = next((keyed[key] for key in ("address", "url", "host", "endpoint", "context") if key in keyed), "")
    address = given or next((part for part in parts if "://" in part or "@" in part), "")
    if not address and name and parts:
        address = parts[0]
    words_left = [part for part in parts if part != address and part.strip("-\u2013\u2014\u2192")]
    label = name or (words_left.pop(0) if words_left else address)
    notes = [keyed[key] for key in ("note", "purpose", "role", "description", "") if keyed.get(key)]
    return Peer(name=label, address=address, note=" ".join([*words_left, *notes]))


_READERS = {
    "name": _read_name,
    "reverse_proxy": _read_proxy,
    "reverse_proxy_version": _read_proxy_version,
    "network": _read_network,
    "gpu": _read_gpu,
    "service_groups": _read_groups,
    "compose_files": _read_files,
    "policies": _read_policies,
    "production": _read_production,
    "hosts": _read_hosts,
    "delegates": _read_delegates,
    "projects": _read_projects,
}
