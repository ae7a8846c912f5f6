"""Settings from the environment, and where the package's own texts lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MODEL = "claude-sonnet-5-5"

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Settings:
    """What the environment decides.

    Attributes
    ----------
    model: model name, or `offline` for the rule-based planner; empty means by the credentials that are there.
    state: folder of journals, audit logs, kept files and saved plans, mode 0700.
    max_turns, budget_tokens, budget_seconds: limits of one prompt; 0 means none.
    """

    model: str = ""
    state: Path = Path("~/.local/state/docker-agent")
    max_turns: int = 40
    budget_tokens: int = 0
    budget_seconds: float = 0.0
    has_credentials: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read DOCKER_AGENT_MODEL, DOCKER_AGENT_STATE, XDG_STATE_HOME and whether any credential for a model is set."""
        base = environment.get("DOCKER_AGENT_STATE") or ""
        xdg = environment.get("XDG_STATE_HOME") or "~/.local/state"
        state = Path(base) if base else Path(xdg) / "docker-agent"
        keys = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_PROFILE", "ANTHROPIC_BASE_URL")
        return cls(
            model=environment.get("DOCKER_AGENT_MODEL", ""),
            state=Path(os.path.expanduser(state)),  # noqa: PTH111, leaves an unknown user's name as it is
            has_credentials=any(environment.get(key) for key in keys),
        )


def texts(name: str) -> Path:
    """The folder `prompts` or `ref-docs`: beside the modules in an installed wheel, at the top level in a checkout."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parents[1] / name
