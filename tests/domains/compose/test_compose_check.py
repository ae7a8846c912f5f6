from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.core.finding import Severity
from docker_agent.core.plan import Risk
from docker_agent.domains.compose.check import CheckReport, check
from docker_agent.host.fake import World
from docker_agent.host.models import Ran
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

ROOT = Path("/project")
HEALTHY = """services:
  web:
    image: nginx:1.29
    restart: unless-stopped
    healthcheck: {test: [CMD, "true"]}
    logging: {driver: local}
    mem_limit: 256m
    cpus: 1
"""


def report_of(text: str | bytes, world: World | None = None, *files: str, **policies: Severity) -> CheckReport:
    world = world or World().react("docker", "compose", "config")
    world.files[ROOT / "compose.yml"] = text.encode() if isinstance(text, str) else text
    ws = Workspace(
        host=world.host.reads, root=ROOT, context=ProjectContext(policies={"not_hardened": Severity.OFF, **policies})
    )
    return check.function(ws, list(files))


def codes(report: CheckReport) -> list[str]:
    return [finding.code for finding in report.findings]


def test_the_tool_only_reads() -> None:
    assert (check.name, check.risk) == ("compose_check", Risk.READ)


def test_a_healthy_file_has_no_findings() -> None:
    report = report_of(HEALTHY)
    assert (report.verdict, report.findings) == ("Nothing wrong found in compose.yml.", ())
    assert "docker compose config" in report.looked_at
    assert report.not_looked_at == ()


def test_findings_are_counted_in_the_verdict() -> None:
    report = report_of(HEALTHY + "    privileged: true\n    user: root\n    volumes: [/run/docker.sock:/s]\n")
    assert codes(report) == ["privileged_mode", "root_user", "socket_mount"]
    assert report.verdict == "1 error, 2 warnings in compose.yml."


def test_policies_of_the_context_hold() -> None:
    text = HEALTHY + "    user: root\n"
    assert Severity.ERROR is report_of(text, None, root_user=Severity.ERROR).findings[0].severity
    assert report_of(text, None, root_user=Severity.OFF).findings == ()


def test_suppressed_findings_are_counted() -> None:
    report = report_of(HEALTHY + "    user: root  # docker-agent: ignore[root_user] needs it\n")
    assert (report.findings, report.suppressed) == ((), 1)


def test_what_compose_refuses_is_a_finding() -> None:
    world = World().react("docker", "compose", "config", code=15, err='time="x" level=warning msg="w"\nno such thing\n')
    report = report_of(HEALTHY, world)
    (finding,) = report.findings
    assert (finding.code, finding.severity, finding.message) == ("compose_config", Severity.ERROR, "no such thing")


def test_missing_and_slow_compose_are_said_and_no_error() -> None:
    report = report_of(HEALTHY, World())
    assert report.findings == ()
    assert any("docker compose config" in words for words in report.not_looked_at)
    slow = World().react("docker", "compose", reaction=lambda _, argv: Ran(argv=argv, code=124, timed_out=True))
    assert "docker compose config: no answer within 20 s" in report_of(HEALTHY, slow).not_looked_at


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("services:\n  web:\n\timage: x", "compose.yml:3:1"),
        ("", "compose.yml:1:1"),
        ("- a", "compose.yml:1:1"),
        (b"a: x\nb: \xe9", "compose.yml:2:4"),
    ],
)
def test_files_that_cannot_be_read_are_findings_at_their_place(text: str | bytes, where: str) -> None:
    report = report_of(text)
    (finding,) = report.findings
    assert ("unreadable_file", Severity.ERROR, where) == (finding.code, finding.severity, finding.evidence[0].where)
    assert report.verdict == "compose.yml cannot be read."


def test_no_file_and_wrong_files_are_input_errors() -> None:
    ws = Workspace(host=World().host.reads, root=ROOT, context=ProjectContext())
    for files in ([], ["gone.yml"], ["../../etc/passwd"]):
        with pytest.raises(InputError):
            check.function(ws, files)


def test_named_files_are_checked_in_place_of_the_stack() -> None:
    world = World(files={ROOT / "other.yml": b"services: {db: {image: db, init: true}}"})
    report = report_of(HEALTHY, world, "other.yml")
    assert report.files == ("other.yml",)
    assert "unpinned_image" in codes(report)


def test_quotes_and_messages_are_cut_without_halving_a_secret() -> None:
    secret = "hunter2hunter2"
    for before in range(66, 80):
        world = World().react("docker", "compose", "config", code=1, err="z" * (before + 420) + secret + "z" * 99)
        image = "y" * before + secret + "z" * 200
        world.files[ROOT / "compose.yml"] = f"services: {{web: {{image: {image}}}}}".encode()
        ws = Workspace(
            host=world.host.reads,
            root=ROOT,
            context=ProjectContext(),
            mask=lambda text: text.replace("hunter2hunter2", "<secret:P>"),
        )
        report: CheckReport = check.function(ws, [])
        told = [*(finding.evidence[0].quote for finding in report.findings), report.findings[0].message]
        assert any("yyyy" in text for text in told)
        assert not any("hunt" in text for text in told)
        assert all(len(text) <= 500 for text in told)


def test_text_of_files_is_untrusted() -> None:
    assert check.untrusted
