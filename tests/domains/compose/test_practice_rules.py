from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding, Severity
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.host.fake import World
from docker_agent.project.compose.model import ComposeModel, load
from docker_agent.project.disk import HostDisk
from docker_agent.project.edit.values import apply_edits

FILE = Path("/project/compose.yml")
RULES = {rule.code: rule for rule in all_rules()}


def model_of(text: str, files: dict[str, str] | None = None, name: str = "compose.yml") -> ComposeModel:
    world = World()
    file = FILE.with_name(name)
    world.files = {FILE.parent / path: said.encode() for path, said in (files or {}).items()} | {file: text.encode()}
    return load([file], read=world.host.reads.read_file, variables={}, disk=HostDisk(world.host.reads))


def of(code: str, text: str, files: dict[str, str] | None = None, name: str = "compose.yml") -> list[Finding]:
    return check_model(model_of(text, files, name), rules=[RULES[code]])


def fixed(code: str, text: str) -> str:
    """The text with the rule's fix of its first finding, after which the rule finds nothing."""
    model, mend = model_of(text), RULES[code].mend
    (finding, *_) = check_model(model, rules=[RULES[code]])
    edits = list(mend(model, finding)) if mend else []
    after = apply_edits(text, edits)
    assert edits
    assert of(code, after) == []
    return after


def web(*lines: str, more: str = "") -> str:
    return "services:\n  web:\n    image: nginx:1.29\n" + "".join(f"    {line}\n" for line in lines) + more


def app(*lines: str) -> str:
    return "services:\n  app:\n    build: .\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("0755", "493"),
        ("007", "7"),
        ("08", "8"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("+5", "5"),
        ("1e3", "1000"),
        ("1.10", "1.1"),
        (".5", "0.5"),
        ("-1.50", "-1.5"),
        ("-0.0", "-0"),
        ("0.00001", "1e-05"),
        ("1000000.0", "1e+06"),
        ("123456789.25", "1.2345678925e+08"),
        ("100000000000000000000000", "1e+23"),
    ],
)
def test_numbers_arrive_as_compose_2_40_writes_them(written: str, said: str) -> None:
    (finding,) = of("number_rewritten", web(f"environment: {{X: {written}}}"))
    assert finding.message == f"web is given {said} where the file says {written}."


@pytest.mark.parametrize(
    "written",
    ["755", '"0755"', "0", "-1", "0.5", "100000.5", "22:22", "1.2.3", "true", "", "~", "v1.10", "18446744073709551615"],
)
def test_numbers_that_arrive_as_written(written: str) -> None:
    assert of("number_rewritten", web(f"environment: {{X: {written}}}")) == []


def test_lists_and_variables_are_text_and_never_rewritten() -> None:
    assert of("number_rewritten", web("environment: [X=0755]", "labels: {y: '${MODE:-0755}', z: a}")) == []


def test_a_lost_zero_is_a_remark_but_in_a_build_argument_a_warning() -> None:
    (rate,) = of("number_rewritten", web("environment: {RATE: 1.0}"))
    assert Severity.INFO is rate.severity
    (version,) = of("number_rewritten", "services:\n  a:\n    build:\n      context: .\n      args: {ALPINE: 3.20}\n")
    assert Severity.WARN is version.severity


def test_rewritten_numbers_of_a_service_are_quoted_together() -> None:
    text = web("environment:", "  A: 0755  # mode", "  B: 5", "labels: {C: 1.10}")
    assert fixed("number_rewritten", text) == text.replace("0755", '"0755"').replace("1.10", '"1.10"')


@pytest.mark.parametrize("word", ["yes", "No", "ON", "off"])
def test_words_of_yaml_1_1(word: str) -> None:
    assert len(of("unquoted_boolean", web(f"environment: {{X: {word}}}"))) == 1
    assert len(of("unquoted_boolean", web("restart: no"))) == 1
    assert of("unquoted_boolean", web(f'environment: {{X: "{word}"}}', f"command: {word}")) == []
    assert of("unquoted_boolean", web(f"environment: [X={word}]")) == []


def test_a_shared_mapping_is_quoted_once() -> None:
    text = "x-env: &env\n  A: on\nservices:\n  a: {image: x:1, environment: *env}\n"
    assert fixed("unquoted_boolean", text) == text.replace("on", '"on"', 1)


@pytest.mark.parametrize(
    ("port", "flagged"),
    [("22:22", True), ("2222:22", True), ("1:2:3", True), ("80:80", False), ("022:22", False), ('"22:22"', False)],
)
def test_ports_that_yaml_1_1_reads_as_one_number(port: str, flagged: bool) -> None:
    found = of("ports_quotes", web(f"ports: [{port}]") if port != "1:2:3" else web("ports:", f"  - {port}"))
    assert flagged == bool(found)


def test_quotes_are_put_and_taken_without_touching_anything_else() -> None:
    text = web("ports:  # both", "  - 2222:22   # ssh", "  - 8080:80")
    assert fixed("ports_quotes", text) == text.replace("2222:22", '"2222:22"')
    text = web("volumes: ['./a:/a:ro', \"b:/b\"]  # two", more="volumes: {b: }\n")
    assert fixed("volumes_quotes", text) == text.replace("'./a:/a:ro'", "./a:/a:ro").replace('"b:/b"', "b:/b")


@pytest.mark.parametrize("volume", ['"a b:/c"', '"{x}:/c"', '"a: b"', '"\\x41:/c"', '"./a#b:/c"', "./a:/b"])
def test_quotes_that_are_needed_stay(volume: str) -> None:
    assert of("volumes_quotes", web(f"volumes: [{volume}]")) == []


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('version: "3"\n\nservices:\n  a: {image: x:1}\n', "services:\n  a: {image: x:1}\n"),
        ('# shop\nversion: "3"\nservices:\n  a: {image: x:1}\n', "# shop\nservices:\n  a: {image: x:1}\n"),
        ('services:\n  a: {image: x:1}\nversion: "3"', "services:\n  a: {image: x:1}"),
        ('{version: "3", services: {a: {image: x:1}}}\n', "{services: {a: {image: x:1}}}\n"),
    ],
)
def test_an_obsolete_version_is_taken_out(text: str, after: str) -> None:
    assert fixed("obsolete_version", text) == after


def test_modes_without_a_zero_are_decimal() -> None:
    text = web("secrets: [{source: t, mode: 444}]", more="secrets: {t: {file: ./t}}\n")
    (finding,) = of("mode_not_octal", text)
    assert "octal 674" in finding.message
    assert fixed("mode_not_octal", text) == text.replace("444", "0444")
    assert of("mode_not_octal", text.replace("444", "0444")) == of("mode_not_octal", text.replace("444", '"444"')) == []
    assert of("mode_not_octal", text.replace("444", "420")) == []
    tmpfs = web("volumes: [{type: tmpfs, target: /t, tmpfs: {mode: 1777}}]")
    assert "octal 3361" in of("mode_not_octal", tmpfs)[0].message


@pytest.mark.parametrize("value", ["admin:$apr1$Xp3nW8kz$rF0yq", "$2y$10$abcdefghij", "$6$salt$hash"])
def test_password_hashes_lose_a_part_of_themselves(value: str) -> None:
    for text in (web(f"labels: ['users={value}']"), web("environment:", f"  HASH: {value}")):
        (finding,) = of("dollar_unescaped", text)
        assert value not in str(finding)
        assert value.replace("$", "$$") in fixed("dollar_unescaped", text)


@pytest.mark.parametrize(
    ("command", "flagged"),
    [
        ("sh -c 'echo $NAME'", True),
        ("sh -c 'echo ${NAME}'", True),
        ("sh -c 'echo $$NAME'", False),
        ("sh -c 'echo $OTHER'", False),
        ("sh -c 'echo ${NAME:-x}'", False),
        ("sh -c 'echo $1 $? $(date)'", False),
    ],
)
def test_variables_that_the_container_has(command: str, flagged: bool) -> None:
    assert flagged == bool(of("dollar_unescaped", web("environment: {NAME: shop}", f"command: {command}")))


@pytest.mark.parametrize("environment", ["[NAME]", "{NAME: '${NAME}'}", "{NAME: }"])
def test_variables_that_come_from_the_shell_anyway(environment: str) -> None:
    assert of("dollar_unescaped", web(f"environment: {environment}", "command: echo $NAME")) == []


def test_defaults_that_do_not_hold_when_empty() -> None:
    text = web("# ${A-b}", "hostname: ${A-b}", "command: ${C-} ${D:-e} $${F-g}  # ${H-i}")
    (finding,) = of("default_skips_empty", text)
    assert finding.evidence[0].where == "compose.yml:5:17"
    assert fixed("default_skips_empty", text) == text.replace("hostname: ${A-b}", "hostname: ${A:-b}")


@pytest.mark.parametrize(
    ("kind", "use"),
    [
        ("volume", "volumes: [{type: volume, source: xx, target: /x}]"),
        ("network", "networks: [xx]"),
        ("network", "networks: {xx: {aliases: [a]}}"),
        ("secret", "secrets: [xx]"),
        ("secret", "secrets: [{source: xx, target: /x}]"),
        ("secret", "build: {context: ., secrets: [xx]}"),
        ("config", "configs: [xx]"),
    ],
)
def test_what_is_declared_and_used(kind: str, use: str) -> None:
    declared = f"{kind}s: {{xx: {'{file: ./x}' if kind in {'secret', 'config'} else ''}}}\n"
    assert of(f"unused_{kind}", web(use, more=declared)) == []
    assert [f.object for f in of(f"unused_{kind}", web(more=declared))] == ["xx"]


def test_what_may_be_used_is_not_called_unused() -> None:
    assert of("unused_volume", web("volumes: ['${DATA}:/x']", more="volumes: {x: }\n")) == []
    assert of("unused_network", web(more="networks: {default: {name: shop}}\n")) == []
    assert of("unused_volume", "volumes: {x: }\n") == []


def test_unused_declarations_are_taken_out_with_a_section_that_would_be_empty() -> None:
    assert fixed("unused_volume", web(more="volumes:\n  x: {}\n")) == web()
    text = web("volumes: [data:/y]", more="volumes:\n  x:\n    name: a\n  data:\n")
    assert fixed("unused_volume", text) == text.replace("  x:\n    name: a\n", "")


def test_development_settings() -> None:
    def words(*lines: str) -> str:
        return "".join(found.message for found in of("development_leftover", app(*lines)))

    assert "its source" in words("volumes: [./src:/app/src]")
    assert "reloads" in words("command: uvicorn main:app --reload")
    assert "debug port 9229" in words("ports: ['127.0.0.1:9229:9229']")
    assert "FLASK_DEBUG" in words("environment: [FLASK_DEBUG=1]")
    assert "develop" in words("develop: {watch: [{path: ., action: rebuild}]}")
    assert words("volumes: [./uploads:/app/uploads, ./src:/app/src:ro]", "ports: ['8080:80']", "tty: true") == ""


def test_development_settings_belong_into_files_for_development() -> None:
    text = app("command: npm run dev")
    assert of("development_leftover", text, name="compose.override.yml") == []
    assert of("development_leftover", text.replace("build: .", "image: app:1")) == []
    assert len(of("development_leftover", text)) == 1


@pytest.mark.parametrize(
    ("volume", "flagged"),
    [
        ("./nginx.conf:/etc/nginx/nginx.conf", True),
        ("./site:/usr/share/nginx/html:ro", True),
        ("./data:/data", False),
        ("./there.conf:/x", False),
        ("../outside.conf:/x", False),
        ("/etc/missing.conf:/x", False),
        ("data.conf:/x", False),
    ],
)
def test_files_that_are_mounted_and_missing(volume: str, flagged: bool) -> None:
    text = web(f"volumes: ['{volume}']", more="volumes: {data.conf: }\n")
    assert flagged == bool(of("bind_source_missing", text, {"there.conf": ""}))


def test_a_missing_path_that_must_not_be_made_is_an_error() -> None:
    mount = "{type: bind, source: ./data, target: /d, bind: {create_host_path: false}}"
    (finding,) = of("bind_source_missing", web(f"volumes: [{mount}]"))
    assert Severity.ERROR is finding.severity


def test_links_without_effect_are_taken_out_and_others_are_left() -> None:
    def text(links: str, more: str = "") -> str:
        return web("depends_on: [db]", f"links: [{links}]", more=f"  db:\n    image: x:1\n{more}")

    assert "links" not in fixed("legacy_option", text("db"))
    for other in (text("db:database"), text("db", "    network_mode: host\n"), text("db").replace("[db]", "[]", 1)):
        model, mend = model_of(other), RULES["legacy_option"].mend
        (finding,) = check_model(model, rules=[RULES["legacy_option"]])
        assert mend
        assert list(mend(model, finding)) == []


@pytest.mark.parametrize(
    ("expose", "ports", "flagged"),
    [
        ("80", "8080:80", True),
        ("80/udp", "8080:80", False),
        ("80", "8080:80/udp", False),
        ("80", "8080-8081:80-81", False),
    ],
)
def test_exposed_ports_that_are_published(expose: str, ports: str, flagged: bool) -> None:
    assert flagged == bool(of("expose_published", web(f"expose: ['{expose}']", f"ports: ['{ports}']")))


@pytest.mark.parametrize(
    ("name", "url", "flagged"),
    [
        ("my_api", "http://my_api:80", True),
        ("my_api", "postgres://u:p@my_api/x", True),
        ("my_api", "http://my-api", False),
        ("my_api", "my_api:80", False),
        ("a" * 64, "", True),
        ("a" * 63, "", False),
    ],
)
def test_names_that_are_no_host_names(name: str, url: str, flagged: bool) -> None:
    text = f"services:\n  {name}:\n    image: x:1\n  b:\n    image: x:1\n    environment: {{URL: '{url}'}}\n"
    assert flagged == bool(of("service_name_dns", text))


def test_several_documents_of_one_file() -> None:
    (finding,) = of("multi_document", web() + "---\nservices: {b: {image: x:1}}\n")
    assert finding.evidence[0].where == "compose.yml:5:1"
    assert of("multi_document", "---\n" + web()) == []


def test_order_is_taken_per_file_and_aliases_do_not_count() -> None:
    assert len(of("services_order", "services: {b: {image: x:1}, a: {image: x:1}, c: {image: x:1}}\n")) == 1
    merged = "x-base: &base {restart: always, image: x:1}\nservices:\n  a:\n    <<: *base\n    command: b\n"
    assert of("service_key_order", merged) == []
    assert len(of("top_level_order", "volumes: {}\nservices: {a: {image: x:1}}\n")) == 1
    assert of("ports_order", web("ports: ['80:80', '443:443', '3000']")) != []


@pytest.mark.parametrize(
    ("image", "flagged"),
    [("mysql:5.7", True), ("mysql:5", True), ("mysql:8", False), ("mysql", False), ("acme/mysql:5.7", False)],
)
def test_images_for_one_processor(image: str, flagged: bool) -> None:
    assert flagged == bool(of("platform_missing", f"services:\n  db:\n    image: {image}\n"))


def test_policies_that_do_not_fit_the_image() -> None:
    assert len(of("pull_policy_conflict", web("pull_policy: build"))) == 1
    assert (
        of("pull_policy_conflict", app("pull_policy: build"))
        == of("pull_policy_conflict", web("pull_policy: never"))
        == []
    )


def test_keys_for_a_swarm_are_taken_out_with_an_empty_deploy() -> None:
    assert fixed("swarm_only_key", web("deploy: {mode: global, placement: {constraints: [a]}}")) == web()
    text = web("deploy:", "  replicas: 2", "  mode: global")
    assert fixed("swarm_only_key", text) == text.replace("      mode: global\n", "")
    assert of("swarm_only_key", web("deploy: {mode: replicated}")) == []
    assert of("swarm_only_key", text + "networks: {n: {driver: overlay}}\n") == []
