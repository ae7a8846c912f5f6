"""One entry of a service's `volumes`, in either form, as Compose splits it."""

from __future__ import annotations

from docker_agent.project.compose.casts import flag
from docker_agent.project.compose.nodes import Mapping, Node, Scalar
from docker_agent.project.compose.texts import mapping, text
from docker_agent.project.compose.types import Mount

_PROPAGATIONS = {"rprivate", "private", "rshared", "shared", "rslave", "slave"}


def read_mount(node: Node) -> Mount | None:
    """The mount that an entry says; None for what is neither text nor mapping, ValueError for what Compose refuses."""
    if isinstance(node, Mapping):
        return _long_mount(node)
    if not isinstance(node, Scalar) or not isinstance(node.plain, str):
        return None
    if not node.value:
        raise ValueError("a volume is empty")
    parts = _parts(node.value) if len(node.value) > 2 else [node.value]
    if len(parts) == 1:
        return Mount("volume", parts[0], node.place)
    if not all(parts):
        raise ValueError(f'"{node.value}" has an empty part')
    if len(parts) > 3:
        raise ValueError(f'"{node.value}" has too many colons')
    source, options = parts[0], parts[2].split(",") if len(parts) > 2 else []
    return Mount(
        kind="bind"
        if source.startswith((".", "/", "~", "\\\\")) or (source[:1].isalpha() and source[1:2] == ":")
        else "volume",
        target=parts[1],
        place=node.place,
        source=source,
        read_only="ro" in options,
        propagation=next((option for option in options if option in _PROPAGATIONS), ""),
        selinux=next((option for option in options if option in {"z", "Z"}), ""),
    )


def _parts(written: str) -> list[str]:
    """What stands between the colons, of which that behind the letter of a drive is none."""
    parts: list[str] = [""]
    for position, character in enumerate(written):
        if character != ":" or (len(parts[-1]) == 1 and parts[-1].isalpha() and position + 1 < len(written)):
            parts[-1] += character
        else:
            parts.append("")
    return parts


def _long_mount(node: Mapping) -> Mount:
    bind, volume = mapping(node.get("bind")), mapping(node.get("volume"))
    kind, target = text(node.get("type")) or "volume", text(node.get("target"))
    if kind == "bind" and "source" not in node.index:
        raise ValueError("a bind mount has no source")
    if not target and "target" not in node.index:
        raise ValueError("a mount has no target")
    return Mount(
        kind=kind,
        target=target,
        place=node.place,
        source=text(node.get("source")),
        read_only=flag(node.get("read_only")),
        propagation=text(bind.get("propagation")),
        selinux=text(bind.get("selinux")),
        create_host_path=flag(bind.get("create_host_path"), default=True),
        subpath=text(volume.get("subpath")),
    )
