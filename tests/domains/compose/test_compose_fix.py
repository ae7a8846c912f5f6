from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Severity
from docker_agent.core.plan import Plan, Risk, Write
from docker_agent.domains.compose.fix import fix
from docker_agent.host.fake import World
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/project")
TEXT = """# the shop
services:
  web:
    image: nginx:1.29  # pinned
    privileged: true
    ports: ["80:80"]

  db:
    image: postgres:17.2
    logging:
      driver: json-file
"""


def plan_of(text: str, *codes: str, service: str = "", unsafe: bool = False, **policies: Severity) -> Plan:
    world = World(files={ROOT / "compose.yml": text.encode()})
    ws = Workspace(host=world.host.reads, root=ROOT, context=ProjectContext(policies=policies))
    plan = fix.function(ws, list(codes), service, unsafe)
    assert world.done == []
    return plan


def written(plan: Plan) -> str:
    (step,) = plan.steps
    assert isinstance(step, Write)
    return step.content


def test_the_tool_makes_plans() -> None:
    assert (fix.name, fix.risk) == ("compose_fix", Risk.CHANGE)


def test_findings_are_mended_in_one_write() -> None:
    plan = plan_of(TEXT, "restart_missing", "log_rotation_missing", "healthcheck_missing")
    expected = """# the shop
services:
  web:
    image: nginx:1.29  # pinned
    privileged: true
    ports: ["80:80"]
    logging:
      driver: json-file
      options:
        max-size: 10m
        max-file: "3"
    restart: unless-stopped

  db:
    image: postgres:17.2
    logging:
      driver: json-file
      options:
        max-size: 10m
        max-file: "3"
    healthcheck:
      test:
        - CMD-SHELL
        - "pg_isready -q -h 127.0.0.1 -U \\"$${POSTGRES_USER:-postgres}\\""
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 30s
    restart: unless-stopped
"""
    assert sorted(expected.splitlines()) == sorted(written(plan).splitlines())
    assert plan.title == "Mend 5 findings in compose.yml"
    (step,) = plan.steps
    assert isinstance(step, Write)
    assert ("compose.yml", hashlib.sha256(TEXT.encode()).hexdigest()) == (step.path, step.before)
    assert plan.touches == ("file:compose.yml",)
    assert "healthcheck_missing of web (no fix is sure)." in plan.reason


def test_only_what_leaves_the_containers_alone_is_mended_by_default() -> None:
    assert plan_of(TEXT).steps == ()
    assert written(plan_of("version: '3'\n" + TEXT)) == TEXT


def test_mended_files_have_nothing_more_to_mend() -> None:
    again = plan_of(written(plan_of(TEXT, unsafe=True)), unsafe=True)
    assert (again.steps, again.title, again.risk) == ((), "Nothing to mend in compose.yml", Risk.READ)


def test_what_another_finding_hides_is_mended_in_the_same_plan() -> None:
    codes = ("privileged_mode", "no_new_privileges", "cap_drop_all")
    plan = plan_of("services:\n  web:\n    image: nginx:1.29\n    privileged: true\n    user: '1'\n", *codes)
    text = written(plan)

    assert "privileged:" not in text
    assert "no-new-privileges" in text
    assert "web: no_new_privileges" in plan.findings
    assert plan_of(text, *codes).steps == ()


def test_what_changes_how_a_service_runs_is_mended_by_name_or_when_asked() -> None:
    plan = plan_of(TEXT, "privileged_mode")
    assert TEXT.replace("    privileged: true\n", "") == written(plan)
    assert plan.findings == ("web: privileged_mode",)
    assert "privileged" not in written(plan_of(TEXT, unsafe=True))
    assert written(plan_of(TEXT, "memory_limit")).count("memory: 512m") == 2


def test_measures_that_the_profile_sums_up_are_mended_by_name_only() -> None:
    assert "no-new-privileges" not in written(plan_of(TEXT, unsafe=True))
    assert "no-new-privileges" in written(plan_of(TEXT, "no_new_privileges"))
    assert "no-new-privileges" in written(plan_of(TEXT, unsafe=True, no_new_privileges=Severity.WARN))


def test_every_finding_of_a_rule_in_a_service_is_mended() -> None:
    text = "services:\n  web:\n    image: x:1\n    volumes:\n      - /usr:/a\n      - ./d:/d\n      - /boot:/b:rw\n"
    plan = plan_of(text, "writable_host_root")
    assert written(plan) == text.replace("/a", "/a:ro").replace(":rw", ":ro")
    assert plan.findings == ("web: writable_host_root",) * 2


def test_a_fix_that_would_change_something_else_is_dropped_and_the_others_stay() -> None:
    text = (
        "services:\n  a: {image: 'x:1', privileged: true}\n  b:\n    image: x:1\n    privileged: &p true\n"
        "  c: {image: 'x:1', read_only: *p}\n"
    )
    plan = plan_of(text, "privileged_mode")
    assert written(plan) == text.replace(", privileged: true", "")
    assert "b privileged_mode: compose.yml:5:1: services.b.privileged cannot be edited" in plan.reason


@pytest.mark.parametrize(
    ("line", "added"),
    [
        ("cpus: 1", "    mem_limit: 512m\n"),
        ("init: true", "    deploy:\n      resources:\n        limits:\n          memory: 512m\n"),
        ("deploy: {resources: {limits: {cpus: '1'}}}", ""),
    ],
)
def test_memory_limits_fit_the_limits_that_are_there(line: str, added: str) -> None:
    text = f"services:\n  web:\n    image: x:1\n    {line}\n"
    expected = text + added if added else text.replace("cpus: '1'", "cpus: '1', memory: 512m")
    assert written(plan_of(text, "memory_limit")) == expected


def test_one_service_only() -> None:
    plan = plan_of(TEXT, "restart_missing", service="db")
    assert written(plan) == TEXT + "    restart: unless-stopped\n"


def test_silenced_and_suppressed_findings_are_left() -> None:
    assert plan_of(TEXT, "restart_missing", restart_missing=Severity.OFF).steps == ()
    text = TEXT.replace("  db:", "  db: # docker-agent: ignore[restart_missing] by hand")
    assert plan_of(text, "restart_missing").findings == ("web: restart_missing",)


def test_what_cannot_be_mended_safely_is_said() -> None:
    text = "x-l: &l {driver: json-file}\nservices:\n  web:\n    image: x:1\n    logging: *l\n"
    plan = plan_of(text, "log_rotation_missing")
    assert plan.steps == ()
    assert "services.web.logging is shared through an anchor" in plan.reason


def test_windows_lines_and_missing_final_newline_stay() -> None:
    text = "services:\r\n  web:\r\n    image: x:1"
    assert text + "\r\n    restart: unless-stopped" == written(plan_of(text, "restart_missing"))


def test_every_file_gets_its_own_write() -> None:
    world = World(
        files={
            ROOT / "compose.yml": b"services: {web: {image: 'x:1', privileged: true}}",
            ROOT / "compose.override.yml": b"services: {web: {user: '1', privileged: true}}",
        }
    )
    plan = fix.function(Workspace(host=world.host.reads, root=ROOT, context=ProjectContext()), ["privileged_mode"])
    assert {step.path: step.content for step in plan.steps if isinstance(step, Write)} == {
        "compose.yml": "services: {web: {image: 'x:1'}}",
        "compose.override.yml": "services: {web: {user: '1'}}",
    }


@pytest.mark.parametrize(
    ("codes", "service", "said"),
    [
        (["restart_mising"], "", "There is one for restart_missing"),
        (["port_conflict"], "", "There is no mechanical fix for 'port_conflict'"),
        ([], "wbe", "Did you mean web"),
        ([], "x\n\x00", "There is no service"),
    ],
)
def test_wrong_words_are_named(codes: list[str], service: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        plan_of(TEXT, *codes, service=service)
    assert said in str(caught.value)


def test_no_compose_file() -> None:
    with pytest.raises(InputError, match="no compose file"):
        fix.function(Workspace(host=World().host.reads, root=ROOT, context=ProjectContext()))
