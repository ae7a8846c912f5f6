"""The command `check`: read the options, check the stacks, write the report, exit with its code."""

from __future__ import annotations

import importlib
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from docker_agent.core.errors import AgentError, InputError
from docker_agent.core.finding import Severity
from docker_agent.core.nearest import nearest
from docker_agent.core.rule import FixKind
from docker_agent.domains.compose.baseline import Baseline, read_baseline, write_baseline
from docker_agent.domains.compose.judge import all_rules
from docker_agent.domains.compose.severities import Severities, severities_of
from docker_agent.host.files import project_folder, read_file, write_file
from docker_agent.surfaces.check.batch import Manner, check_all
from docker_agent.surfaces.check.options import HELP, Wishes, parse, severities_given
from docker_agent.surfaces.check.report import Checked, Report
from docker_agent.surfaces.check.stacks import Asked, stacks_asked
from docker_agent.surfaces.check.usage import usage
from docker_agent.surfaces.choices import hoist
from docker_agent.surfaces.streams import ready_streams

INTERRUPTED = 130
CONTEXT_FILE = ".project-context.md"


def main(words: Sequence[str]) -> NoReturn:
    """Run one call of `check`, given with the options that every command takes, and exit with its code."""
    ready_streams()
    shared, rest = hoist(words)
    as_json = "--json" in shared
    try:
        code = _run(shared, rest[1:], as_json=as_json)
    except AgentError as error:
        _print_error(error, as_json=as_json)
        code = error.exit_code
    except KeyboardInterrupt:
        print("Stopped by Ctrl-C.", file=sys.stderr)
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"The report cannot be written: {error.strerror}.", file=sys.stderr)
        code = InputError.exit_code
    raise SystemExit(code)


def _run(shared: Sequence[str], words: Sequence[str], *, as_json: bool) -> int:
    if {"-h", "--help"} & set(words):
        print(usage(), end="")
        return 0
    wishes = parse(words)
    if as_json:
        wishes.given["format"] = ["json"]
    root = _root(shared)
    context = _context(root)
    named = context.compose_files if context else ()

    def find() -> list[Asked]:
        return stacks_asked(root, wishes.paths, wishes.given.get("file", []), named)

    stacks = find()
    manner = manner_of(wishes, root, context)
    if wishes.has("fix") and not wishes.has("diff"):
        return _fix(shared, stacks, manner, wishes)
    quiet = bool({"-q", "--quiet"} & set(shared))
    if wishes.has("watch"):

        def check(found: Sequence[Asked]) -> list[Checked]:
            return check_once(found, manner, wishes, quiet=quiet)[1]

        watching: Any = importlib.import_module("docker_agent.surfaces.check.watch")
        watching.watch(find, check)
    return check_once(stacks, manner, wishes, quiet=quiet)[0]


def _fix(shared: Sequence[str], stacks: Sequence[Asked], manner: Manner, wishes: Wishes) -> int:
    fixing: Any = importlib.import_module("docker_agent.surfaces.check.fixing")
    unsafe, codes = wishes.has("unsafe"), sorted(manner.select)
    if any(map(wishes.has, ("profile", "severity", "ignore"))):
        codes = fixing.codes_to_fix(manner.severities, manner.select, unsafe=unsafe)
        if not codes:
            print("Nothing to mend.")
            return 0
    return int(fixing.fix_stacks(shared, manner.root, stacks, unsafe=unsafe, codes=codes))


def check_once(stacks: Sequence[Asked], manner: Manner, wishes: Wishes, *, quiet: bool) -> tuple[int, list[Checked]]:
    """Check, write the report where it belongs; the exit code, and what was looked at.

    Raises
    ------
    InputError: the baseline cannot be read, or a file cannot be written.
    """
    baseline = _baseline(wishes.one("baseline"), manner.root)
    report, checked = check_all(stacks, manner, baseline)
    if new := wishes.one("write-baseline"):
        return _write_baseline(report, manner.root / new), checked
    if manner.diff:
        diff = "\n".join(each.diff for each in checked if each.diff)
        print(diff or "Nothing to mend.")
        return report.exit_code, checked
    form = importlib.import_module(f"docker_agent.surfaces.check.formats.{wishes.one('format', 'text')}")
    output = wishes.one("output")
    color = not output and sys.stdout.isatty() and not wishes.has("no-color") and not os.environ.get("NO_COLOR")
    text: str = form.render(report, color=color, quiet=quiet)
    if output or wishes.one("format") == "gitlab":
        print("".join(f"Not looked at: {gap}\n" for gap in report.gaps), end="", file=sys.stderr)
    if output:
        write_file(manner.root / output, text.encode("utf-8", "replace"))
    elif text:
        sys.stdout.write(text)
        sys.stdout.flush()
    return report.exit_code, checked


def manner_of(wishes: Wishes, root: Path, context: Any = None) -> Manner:
    """How the words of a call want the stacks checked.

    Raises
    ------
    InputError: an option's value makes no sense, or names a rule that there is not.
    """
    select, ignore = (_codes(wishes, name) for name in ("select", "ignore"))
    overrides = {code: Severity(level) for code, level in severities_given(wishes).items()}
    overrides |= dict.fromkeys(ignore, Severity.OFF)
    profile = wishes.one("profile")
    known = "dev" if profile == "dev" else "prod" if profile == "prod" else None
    severities = (
        severities_of(context, profile=known, overrides=overrides)
        if context
        else Severities(profile=known or "dev", overrides=overrides)
    )
    kinds: tuple[FixKind, ...] = ("safe", "behaviour") if wishes.has("unsafe") else ("safe",)
    return Manner(
        root=root,
        severities=severities,
        select=select,
        least=Severity(wishes.one("min-severity", "info")),
        changes=wishes.one("format") == "sarif",
        diff=kinds if wishes.has("diff") else (),
        hadolint=wishes.has("hadolint"),
    )


def _codes(wishes: Wishes, name: str) -> frozenset[str]:
    codes = {code.replace("-", "_") for code in wishes.listed(name)}
    known = {rule.code for rule in all_rules()} if codes else set[str]()
    for code in sorted(codes - known):
        near = nearest(code, known)
        hint = f"Did you mean {near}?" if near else HELP
        raise InputError(f"--{name}: there is no rule {code}.", hint)
    return frozenset(codes)


def _root(shared: Sequence[str]) -> Path:
    given = ""
    for index, word in enumerate(shared):
        if word in {"-C", "--directory"}:
            given = shared[index + 1]
        elif word.startswith("--directory="):
            given = word.partition("=")[2]
    return project_folder(Path(given))


def _context(root: Path) -> Any:
    """The project's context, loaded only where a file is there: reading it takes more modules than all rules."""
    if not any(os.path.exists(folder / CONTEXT_FILE) for folder in (root, *root.parents)):  # noqa: PTH110 - no error
        return None
    module = importlib.import_module("docker_agent.project.context.model")
    found = module.find_context(root)
    return module.read_context(found) if found else None


def _baseline(name: str, root: Path) -> Baseline | None:
    if not name:
        return None
    return read_baseline(read_file(root / name).decode("utf-8", "replace"), name)


def _write_baseline(report: Report, path: Path) -> int:
    write_file(path, write_baseline(Baseline(Counter(row.known for row in report.rows))).encode())
    print(f"{len(report.rows)} findings are known from now on: {path.name}.")
    return 2 if report.gaps else 0


def _print_error(error: AgentError, *, as_json: bool) -> None:
    if as_json:
        json: Any = importlib.import_module("json")
        data = {"kind": type(error).__name__, "message": error.message, "next_step": error.next_step}
        print(json.dumps({"version": 1, "ok": False, "error": data, "exit_code": error.exit_code}, indent=2))
    else:
        print(f"{error.message}\n{error.next_step}".strip(), file=sys.stderr)
