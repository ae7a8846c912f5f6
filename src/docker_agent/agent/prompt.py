"""The system prompt: the house rules, the project's context and what there is to work with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from docker_agent.agent.sop import Sop
from docker_agent.project.context.model import ProjectContext, prompt_text
from docker_agent.settings import texts

TEMPLATE = "system.md"
CONTEXT_CHARS = 16_000


def system_prompt(context: ProjectContext, engine_line: str, domains: Mapping[str, str], sops: Iterable[Sop]) -> str:
    """Render `prompts/system.md`; the same input gives the same bytes, so that the prompt cache holds.

    Parameters
    ----------
    context: the project's context; its text goes in whole up to 16,000 characters.
    engine_line: one line on the engine that answers, or why none does.
    domains: the capabilities by name, each with one sentence.
    sops: the procedures, of which name and title are listed.
    """
    environment = Environment(  # noqa: S701, the result is Markdown for a model, not HTML
        loader=FileSystemLoader(texts("prompts")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        context_text=prompt_text(context, CONTEXT_CHARS).strip(),
        context_file=context.path.name if context.path else "",
        mistakes=[f"line {entry.line}: {entry.message}" for entry in context.mistakes],
        engine_line=engine_line,
        production=context.production,
        domains=sorted(domains.items()),
        sops=sorted((sop.name, sop.title) for sop in sops),
    )
