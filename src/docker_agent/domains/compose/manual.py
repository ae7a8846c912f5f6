"""The manuals of rules as pages to read."""

from __future__ import annotations

import textwrap

from docker_agent.core.rule import Rule
from docker_agent.domains.compose.judge import all_rules

AREAS = {
    "model": "What Compose refuses",
    "conflict": "What cannot work together",
    "security": "Security",
    "production": "Production",
    "practice": "Practice",
    "style": "Style",
}
WIDTH = 120
KINDS = {
    "safe": "It is fixed by `--fix`; the containers stay as they are.",
    "behaviour": "It is fixed by `--fix --unsafe`, which changes how the container runs.",
    "suggest": "It is fixed where the rule is named: the fix needs a choice.",
}


def manual_page(rule: Rule) -> str:
    """The manual of one rule as Markdown: what it is, how much it counts, why, and what to write instead."""
    summary, _, rest = rule.manual.partition("\n")
    lines = [f"# {rule.code}", "", summary, "", _standing(rule), *_sections(rest.strip("\n").split("\n"))]
    return "\n".join(lines).rstrip() + "\n"


def pages() -> dict[str, str]:
    """All pages by file name: one for each rule, and the index."""
    return {"index.md": index_page(), **{f"{rule.code}.md": manual_page(rule) for rule in all_rules()}}


def index_page() -> str:
    """All rules by area, each with the first sentence of its manual."""
    parts = [
        "# Rules of the compose check",
        "",
        f"{len(all_rules())} rules. `docker-agent compose explain CODE` says the same.",
    ]
    for area, title in AREAS.items():
        rules = sorted((rule for rule in all_rules() if rule.area == area), key=lambda rule: rule.code)
        rows = [f"| [{rule.code}]({rule.code}.md) | {rule.severity.value} | {_cell(rule.summary)} |" for rule in rules]
        parts += ["", f"## {title}", "", "| rule | severity | what it finds |", "|---|---|---|", *rows]
    return "\n".join(parts) + "\n"


def _standing(rule: Rule) -> str:
    weight = f"Severity: {rule.severity.value}"
    if rule.production is not rule.severity:
        weight += f", {rule.production.value} in the profile prod"
    folded = " The profile dev sums it up with other measures in one remark a service." if rule.hardening else ""
    fix = f" {KINDS[rule.fix_kind]}" if rule.mend else ""
    return textwrap.fill(f"{weight}. Area: {rule.area}.{folded}{fix}", WIDTH)


def _sections(lines: list[str]) -> list[str]:
    """The rest of a manual with underlined words as headings and indented examples as code."""
    page: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if at + 1 < len(lines) and line and set(lines[at + 1]) == {"-"}:
            page += ["", f"## {line}", ""]
            at += 2
        elif line.startswith("    "):
            end = next((n for n in range(at, len(lines)) if lines[n] and not lines[n].startswith("    ")), len(lines))
            code = textwrap.dedent("\n".join(lines[at:end])).rstrip()
            page += ["```yaml", code, "```", ""]
            at = end
        else:
            page.append(line)
            at += 1
    return _single_spaced(page)


def _single_spaced(lines: list[str]) -> list[str]:
    return [line for at, line in enumerate(lines) if line or at == 0 or lines[at - 1]]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
