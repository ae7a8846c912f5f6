"""The secrets in a merged file, masked by their key and by what the files give away, however short they are."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from docker_agent.core.record import replace
from docker_agent.core.secret import is_reference, key_looks_secret
from docker_agent.core.secret_pair import key_kind
from docker_agent.project.compose.model import ComposeModel
from docker_agent.project.compose.nodes import Scalar
from docker_agent.project.secret_leaks import leaks
from docker_agent.project.secret_places import PAIRS

_SWITCH = r"(?i)true|false|yes|no|on|off|none|null"


def holds_secret(key: str, value: str) -> bool:
    """Whether a value is not to be shown because of its key, however short it is; `true` and the like tell nothing."""
    if not (key_looks_secret(key) or key_kind(key) == "secret"):
        return False
    return bool(value.strip()) and not is_reference(value) and not re.fullmatch(_SWITCH, value.strip())


class Hidden:
    """Masks the secrets of a model's values; redaction leaves out those that are too short to look for everywhere."""

    def __init__(self, model: ComposeModel) -> None:
        self._leaks: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
        for leak in leaks(model):
            name = leak.suspicion.key or leak.written.key
            self._leaks[leak.node.source.name, leak.node.start][leak.suspicion.secret] = name

    def __call__(self, node: Scalar, path: Sequence[str | int]) -> Scalar:
        """The scalar at a path with masks, the very same where nothing in it is secret."""
        text = node.value
        key, equals, value = text.partition("=") if isinstance(path[-1], int) else (path[-1], "=", text)
        if equals and _is_named(path) and holds_secret(key, value):
            return replace(node, value=text.removesuffix(value) + _mask(key), style='"')
        names = self._leaks.get((node.source.name, node.start))
        if not names or not any(secret in text for secret in names):
            return node
        secrets = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
        return replace(node, value=re.sub(secrets, lambda found: _mask(names[found.group()]), text), style='"')


def _is_named(path: Sequence[str | int]) -> bool:
    """Whether the key of what lies here is its author's, not one of Compose's."""
    return (len(path) > 1 and path[-2] in PAIRS) or any(str(step).startswith("x-") for step in path)


def _mask(name: str) -> str:
    plain = re.sub(r"[^\w.\-]", "_", name.lstrip("-"))
    return f"<secret:{plain}>"
