from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.core.rule import Rule
from docker_agent.domains.compose import all_rules, check_model, rules
from docker_agent.host.fake import World
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import HostDisk
from docker_agent.project.engine_state import EngineState, TakenPort

FILE = Path("/project/compose.yml")


def model_of(text: str, **variables: str) -> ComposeModel:
    return load([FILE], read=lambda _: text.encode(), variables=variables)


def project_of(text: str) -> ComposeModel:
    """A model as the examples of the manuals are read.

    Its disk holds the file itself and `open.env`; on its engine another container has port 8080.
    """
    world = World()
    world.files |= {FILE: text.encode(), FILE.parent / "open.env": b"DB_PASSWORD=xK9mQ2vL7pR4tW8z"}
    taken = TakenPort(8080, "tcp", "127.0.0.1", "the container other")
    engine = EngineState(ports=(taken,), networks=frozenset({"bridge", "shared"}))
    model = load([FILE], read=world.host.reads.read_file, variables={}, disk=HostDisk(world.host.reads), strict=False)
    return replace(model, engine=engine)


def codes(text: str, *, policies: dict[str, Severity] | None = None) -> list[str]:
    return [finding.code for finding in check_model(model_of(text), policies)]


def example(rule: Rule, section: str) -> str:
    match = re.search(rf"^{section}\n-+\n((?:    .*\n|\n)+)", rule.manual + "\n", re.MULTILINE)
    assert match, f"{rule.code} has no example under {section}"
    return textwrap.dedent(match.group(1))


def of(rule: str, text: str) -> list[Finding]:
    return [finding for finding in check_model(model_of(text)) if finding.code == rule]


def web(*lines: str) -> str:
    return "services:\n  web:\n    image: nginx:1.29\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_manual_shows_what_is_flagged_and_what_is_fine(rule: Rule) -> None:
    flagged = check_model(project_of(example(rule, "Flagged")), rules=[rule])
    assert [rule.code] == [finding.code for finding in flagged]
    assert rule.severity is flagged[0].severity
    assert check_model(project_of(example(rule, "Fine")), rules=[rule]) == []


@pytest.mark.parametrize("rule", [rule for rule in all_rules() if rule.mend], ids=lambda rule: rule.code)
def test_rules_say_what_can_be_mended_without_a_choice(rule: Rule) -> None:
    found = check_model(model_of(example(rule, "Flagged")), rules=[rule])
    assert found[0].fixable is (rule.fix_kind != "suggest")


def test_every_rule_has_a_file_of_its_own_name() -> None:
    files = sorted(path.stem for path in Path(rules.__path__[0]).glob("*.py") if path.stem != "__init__")
    assert sorted(rule.code for rule in all_rules()) == files
    assert len(files) > 100


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_manuals_begin_with_one_sentence(rule: Rule) -> None:
    assert rule.summary.endswith(".")
    assert re.search(r"^Why\n-+\n", rule.manual, re.MULTILINE)


def test_findings_point_at_the_place() -> None:
    (finding,) = of("privileged_mode", web("privileged: true"))
    assert finding.evidence[0].where == "compose.yml:4:17"
    assert finding.evidence[0].quote == "true"


def test_policies_change_severity_and_silence() -> None:
    text = web("privileged: true")
    (info,) = [
        f for f in check_model(model_of(text), {"privileged_mode": Severity.INFO}) if f.code == "privileged_mode"
    ]
    assert Severity.INFO is info.severity
    assert "privileged_mode" not in codes(text, policies={"privileged_mode": Severity.OFF})


def test_worst_findings_come_first() -> None:
    ranks = [finding.severity.rank for finding in check_model(model_of(web("privileged: true", "user: root")))]
    assert sorted(ranks, reverse=True) == ranks
    assert Severity.ERROR.rank == ranks[0]


@pytest.mark.parametrize(
    "text",
    [
        web("privileged: true  # docker-agent: ignore[privileged_mode] needs the bus"),
        web("# docker-agent: ignore[privileged_mode] why", "privileged: true"),
        web("# docker-agent: ignore[cpu_limit, privileged_mode] why", "# more words", "privileged: true"),
        web("privileged: true").replace("web:", "web:  # docker-agent: ignore[privileged_mode] all of it"),
    ],
)
def test_comments_suppress(text: str) -> None:
    assert "privileged_mode" not in codes(text)
    assert "privileged_mode" in codes(text.replace("ignore[", "ignore["[:-1] + "("))


@pytest.mark.parametrize(
    "text",
    [
        web("# docker-agent: ignore[privileged_mode] why", "user: x", "privileged: true"),
        web("privileged: true  # docker-agent: ignore[root_user] another"),
        web("privileged: true") + "  # docker-agent: ignore[privileged_mode] below\n",
    ],
)
def test_comments_elsewhere_do_not_suppress(text: str) -> None:
    assert "privileged_mode" in codes(text)


def two(first: str, second: str, more: str = "") -> str:
    return f"services:\n  a:\n    image: x:1\n    ports: [{first}]\n  b:\n    image: x:1\n    ports: [{second}]\n{more}"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('"80:80"', '"80:8080"'),
        ('"80:80"', '"127.0.0.1:80:80"'),
        ('"0.0.0.0:80:80"', '"127.0.0.1:80:80"'),
        ('"[::]:80:80"', '"[::1]:80:80"'),
        ('"[::1]:80:80"', '"[0:0:0:0:0:0:0:1]:80:80"'),
        ('"8000-8010:8000-8010"', '"8005:1"'),
        ('"53:53/udp"', '"53:54/udp"'),
        ("{target: 80, published: 90}", "{target: 81, published: '90', host_ip: 127.0.0.1}"),
    ],
)
def test_ports_that_meet(first: str, second: str) -> None:
    (finding,) = of("port_conflict", two(first, second))
    assert Severity.ERROR is finding.severity
    assert len(finding.evidence) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('"80:80"', '"81:80"'),
        ('"53:53/udp"', '"53:53/tcp"'),
        ('"127.0.0.1:80:80"', '"127.0.0.2:80:80"'),
        ('"0.0.0.0:80:80"', '"[::1]:80:80"'),
        ('"80"', '"80"'),
        ('"8000-8010:8000-8010"', '"8011:1"'),
        ('"8000-9000:80"', '"8000-9000:80"'),
        ("{target: 80}", "{target: 80}"),
    ],
)
def test_ports_that_do_not_meet(first: str, second: str) -> None:
    assert of("port_conflict", two(first, second)) == []


def test_profiles_that_exclude_each_other_may_share_a_port() -> None:
    def profiles(first: str, second: str) -> str:
        text = two('"80:80"', '"80:80"')
        return text.replace("  a:\n", f"  a:\n    profiles: [{first}]\n").replace(
            "  b:\n", f"  b:\n    profiles: [{second}]\n"
        )

    assert of("port_conflict", profiles("cpu", "gpu")) == []
    assert len(of("port_conflict", profiles("cpu", "gpu, cpu"))) == 1
    assert len(of("port_conflict", profiles("", "gpu"))) == 1


def test_host_network_discards_ports_and_replicas_share_none() -> None:
    assert of("port_conflict", two('"80:80"', '"80:80"', "    network_mode: host\n")) == []
    (finding,) = of("port_conflict", web('ports: ["80:80"]', "deploy: {replicas: 2}"))
    assert "2 replicas of web" in finding.message
    assert of("port_conflict", web('ports: ["80-81:80"]', "deploy: {replicas: 2}")) == []


@pytest.mark.parametrize(
    "source", ["/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run/../run/docker.sock", "/run/podman"]
)
def test_sockets_and_their_folders(source: str) -> None:
    assert len(of("socket_mount", web(f'volumes: ["{source}:/x"]'))) == 1
    assert len(of("socket_mount", web(f"volumes: [{{type: bind, source: {source}, target: /x}}]"))) == 1


@pytest.mark.parametrize("source", ["./docker.sock", "/var/run/other.sock", "/runner", "data", "/opt/run/docker.sock"])
def test_other_mounts(source: str) -> None:
    assert of("socket_mount", web(f'volumes: ["{source}:/x"]')) == []


@pytest.mark.parametrize(
    ("image", "flagged"),
    [
        ("nginx", True),
        ("nginx:latest", True),
        ("localhost:5000/nginx", True),
        ("localhost:5000/nginx:1", False),
        ("nginx@sha256:" + "a" * 64, False),
        ("nginx:${NOWHERE_SET}", False),
        ("nginx:${NOWHERE_SET:-latest}", True),
        ("nginx:${NOWHERE_SET:-1.29}", False),
    ],
)
def test_image_tags(image: str, flagged: bool) -> None:
    assert flagged == bool(of("unpinned_image", f"services:\n  web:\n    image: {image}\n"))


@pytest.mark.parametrize("user", ["root", "0", '"0:0"', "root:www"])
def test_root_users(user: str) -> None:
    assert len(of("root_user", web(f"user: {user}"))) == 1
    assert of("root_user", web("user: '1000'")) == []


SECRET = "xK9mQ2vL7pR4tW8z"


@pytest.mark.parametrize(
    "lines",
    [
        ("environment:", f"  DB_PASSWORD: {SECRET}"),
        ("environment:", f"  - DB_PASSWORD={SECRET}"),
        ("environment:", f"  DB_PASSWORD: ${{DB_PASSWORD:-{SECRET}}}"),
        (f"environment: {{DB_PASSWORD: {SECRET}}}",),
        ("build:", "  context: .", "  args:", f"    DB_PASSWORD: {SECRET}"),
    ],
)
def test_secrets_are_found_and_never_shown(lines: tuple[str, ...]) -> None:
    found = check_model(model_of(web(*lines)))
    (finding,) = [finding for finding in found if finding.code == "secrets_in_env"]
    assert "DB_PASSWORD" in finding.message
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    "lines",
    [
        ("environment:", "  DB_PASSWORD: ${DB_PASSWORD}"),
        ("environment:", "  DB_PASSWORD_FILE: /run/secrets/db"),
        ("environment: [DB_PASSWORD]",),
        ("environment:", "  DB_PASSWORD:"),
    ],
)
def test_references_are_no_secrets(lines: tuple[str, ...]) -> None:
    assert of("secrets_in_env", web(*lines)) == []


def test_unset_variables_are_reported_once_with_every_place() -> None:
    (finding,) = of("unset_variable", web("command: a ${NOWHERE_SET} b", "working_dir: /${NOWHERE_SET}"))
    assert tuple(evidence.where for evidence in finding.evidence) == ("compose.yml:4:16", "compose.yml:5:19")
    assert Severity.WARN is finding.severity
    (required,) = of("required_variable", web("command: ${NOWHERE_SET:?say where}"))
    assert of("unset_variable", web("command: ${NOWHERE_SET:?say where}")) == []
    assert Severity.ERROR is required.severity


def test_what_a_service_inherits_is_not_called_missing() -> None:
    text = "services:\n  web:\n    extends: {file: 'git@example.org:a/b', service: web}\n"
    assert not {"no_image_or_build", "restart_missing", "healthcheck_missing"} & set(codes(text))
    assert model_of(text).not_looked_at == ("what is extended from git@example.org:a/b, which is never fetched",)


def test_what_compose_refuses_is_an_error() -> None:
    found = {f.message: f for f in check_model(model_of(web("imagee: x", "ports: {a: 1}", "networks: [nowhere]")))}
    near = found['services.web has no "imagee".']
    assert (near.severity, near.fix) == (Severity.ERROR, 'Did you mean "image"?')
    assert Severity.ERROR is found["services.web.ports must be a list."].severity
    assert found["web uses the network nowhere, which is not declared."].object == "web"
