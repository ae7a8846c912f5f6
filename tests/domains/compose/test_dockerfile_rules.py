from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.finding import Finding
from docker_agent.domains.compose import all_rules, check_model
from docker_agent.host.fake import World
from docker_agent.project.compose.model import load
from docker_agent.project.disk import HostDisk

ROOT = Path("/shop")


def found(code: str, dockerfile: str, *lines: str, **files: str) -> list[Finding]:
    world = World()
    world.files[ROOT / "Dockerfile"] = dockerfile.encode()
    world.files.update({ROOT / name.replace("__", "."): text.encode() for name, text in files.items()})
    text = "services:\n  app:\n    build: .\n" + "".join(f"    {line}\n" for line in lines)
    read = load([ROOT / "compose.yml"], read=lambda _: text.encode(), variables={}, disk=HostDisk(world.host.reads))
    return check_model(read, rules=[rule for rule in all_rules() if rule.code == code])


def places(findings: list[Finding]) -> list[str]:
    return [finding.evidence[0].where.partition(":")[2] for finding in findings]


FLAGGED = [
    ("dockerfile_add_url", "ADD http://x/y /z", "2:1"),
    ("dockerfile_add_for_copy", "ADD a b /c/", "2:1"),
    ("dockerfile_secret", "ENV DB_PASSWORD=hunter22", "2:5"),
    ("dockerfile_secret", "ENV API_KEY $X", "2:5"),
    ("dockerfile_secret", "ARG GITHUB_TOKEN", "2:5"),
    ("dockerfile_secret", "ENV A=1 \\\n    API_TOKEN=$T", "3:5"),
    ("dockerfile_secret", "RUN git clone https://x && echo ghp_0123456789abcdefghijABCDEFGHIJ012345", "2:33"),
    ("dockerfile_interactive_install", "RUN apt-get update && apt-get install curl", "2:23"),
    ("dockerfile_interactive_install", "RUN apt-get -o x install a", "2:5"),
    ("dockerfile_interactive_install", "RUN dnf install a", "2:5"),
    ("dockerfile_interactive_install", "RUN <<EOF\napt-get install a\nEOF", "3:1"),
    ("dockerfile_update_alone", "RUN apt-get update -y", "2:5"),
    ("dockerfile_cache_kept", "RUN apt-get install -y a", "2:5"),
    ("dockerfile_cache_kept", "RUN apk add a", "2:5"),
    ("dockerfile_cache_kept", "RUN dnf -y install a", "2:5"),
    ("dockerfile_cache_kept", "RUN python3 -m pip install a", "2:5"),
    ("dockerfile_pipe_to_shell", "RUN curl -fsSL https://x | sudo -E bash -", "2:5"),
    ("dockerfile_pipe_to_shell", "RUN wget -qO- https://x | sh", "2:5"),
    ("dockerfile_pipe_to_shell", 'RUN sh -c "$(curl -fsSL https://x)"', "2:5"),
    ("dockerfile_pipe_to_shell", "RUN bash <(curl -s https://x)", "2:5"),
    ("dockerfile_sudo", "RUN a && sudo b", "2:10"),
    ("dockerfile_chmod_777", "RUN chmod -R 0777 /a", "2:5"),
    ("dockerfile_chmod_777", "RUN chmod a+rwx /a", "2:5"),
    ("dockerfile_chmod_777", "COPY --chmod=777 a /b", "2:1"),
    ("dockerfile_shell_form", "ENTRYPOINT node a.js", "2:1"),
    ("dockerfile_broken_list", "ENTRYPOINT ['a', 'b']", "2:1"),
    ("dockerfile_broken_list", 'CMD ["a", "b",]', "2:1"),
    ("dockerfile_duplicate_instruction", 'ENTRYPOINT ["a"]\nENTRYPOINT ["b"]', "2:1"),
    ("dockerfile_undefined_stage", "COPY --from=1 a b", "2:1"),
    ("dockerfile_undefined_stage", "FROM z:1\nRUN --mount=type=bind,from=frist,target=/x y", "3:1"),
    ("dockerfile_undefined_stage", "COPY --from=later a b\nFROM z:1 AS later", "2:1"),
    ("dockerfile_relative_workdir", "WORKDIR app", "2:1"),
    ("dockerfile_env_copied", "COPY config/.env /app/", "2:1"),
    ("dockerfile_source_missing", "COPY gone.txt /app/", "2:1"),
    ("dockerfile_ignore_missing", "COPY ./ /app", "2:1"),
    ("dockerfile_root_user", "USER 0:0", "2:1"),
]
FINE = [
    ("dockerfile_add_url", "ADD --checksum=sha256:1 http://x/y /z"),
    ("dockerfile_add_url", "ADD https://github.com/a/b.git#v1 /z"),
    ("dockerfile_add_for_copy", "ADD a.tar.gz http://x/y $FILE *.txt /z/"),
    ("dockerfile_secret", "ENV PASSWORD_FILE=/run/secrets/x DB_PASSWORD= TOKEN_ENDPOINT=https://x"),
    ("dockerfile_secret", "LABEL password=x"),
    ("dockerfile_interactive_install", "RUN apt-get -y install a && apt-get install -qq b && yum install -y c"),
    ("dockerfile_interactive_install", "RUN echo apt-get install a"),
    ("dockerfile_interactive_install", "RUN apt-get install $(cat list) -y"),
    ("dockerfile_update_alone", "RUN apt-get update && ./install.sh"),
    ("dockerfile_cache_kept", "RUN --mount=type=cache,target=/x apt-get install -y a"),
    ("dockerfile_cache_kept", "RUN apt-get install -y a && rm -rf /tmp/* /var/lib/apt/lists/*"),
    ("dockerfile_cache_kept", "ENV PIP_NO_CACHE_DIR=1\nRUN pip install a && apk add --no-cache b"),
    ("dockerfile_cache_kept", "RUN apt-get install -y a\nFROM z:1\nRUN x"),
    ("dockerfile_pipe_to_shell", "RUN curl -s https://x | tar xz && sh ./y"),
    ("dockerfile_pipe_to_shell", "RUN curl -s https://x | gpg --dearmor -o y"),
    ("dockerfile_sudo", "RUN apt-get install -y sudo && sudo -u app make"),
    ("dockerfile_chmod_777", "RUN chmod 755 /a && chmod 1777 /tmp && chmod +x b"),
    ("dockerfile_shell_form", "CMD exec node a.js"),
    ("dockerfile_shell_form", "FROM z:1\nCMD a b\nFROM y:1\nRUN x"),
    ("dockerfile_broken_list", "RUN [ -f a ] && b\nCMD [ -f a ]"),
    ("dockerfile_duplicate_instruction", 'CMD ["a"]\nFROM z:1\nCMD ["b"]'),
    ("dockerfile_undefined_stage", "FROM y:1\nCOPY --from=0 a b\nCOPY --from=busybox c d"),
    ("dockerfile_relative_workdir", "WORKDIR /app\nWORKDIR src"),
    ("dockerfile_relative_workdir", "WORKDIR $HOME/x"),
    ("dockerfile_env_copied", "COPY --from=0 .env /a\nCOPY env.py .env.example /app/"),
    ("dockerfile_source_missing", "COPY a*.txt $X /y\nCOPY --from=0 gone /x\nCOPY Dockerfile /z"),
    ("dockerfile_root_user", "USER root\nRUN x\nUSER app"),
]


@pytest.mark.parametrize(("code", "lines", "place"), FLAGGED)
def test_flagged(code: str, lines: str, place: str) -> None:
    assert places(found(code, f"FROM a:1 AS first\n{lines}\n")) == [place]


@pytest.mark.parametrize(("code", "lines"), FINE)
def test_fine(code: str, lines: str) -> None:
    assert found(code, f"FROM a:1 AS first\n{lines}\n", a__txt="") == []


def test_the_service_overrides_what_the_dockerfile_says() -> None:
    assert found("dockerfile_root_user", "FROM a:1\nUSER root\n", "user: app") == []
    assert found("dockerfile_user_unset", "FROM a:1\n", "user: app") == []
    assert found("dockerfile_shell_form", "FROM a:1\nCMD a b\n", "command: [a, b]") == []
    assert found("dockerfile_shell_form", "FROM a:1\nCMD a b\n", "entrypoint: [a]") == []


def test_health_checks_of_the_image_count() -> None:
    checked = "FROM a:1\nHEALTHCHECK CMD x\n"
    assert found("healthcheck_missing", checked) == []
    assert len(found("healthcheck_missing", "FROM a:1\n")) == 1
    waiting = ("depends_on: {db: {condition: service_healthy}}", "image: x")
    assert found("healthy_without_healthcheck", checked, *waiting) == []


def test_images_that_do_without_root_by_their_name() -> None:
    assert found("dockerfile_user_unset", "FROM gcr.io/distroless/static:nonroot\n") == []
    assert len(found("dockerfile_user_unset", "FROM gcr.io/distroless/static:debug\n")) == 1


def test_env_files_that_come_along() -> None:
    copy = "FROM a:1\nCOPY . /app\n"
    assert places(found("dockerfile_env_copied", copy, __env="A=1")) == ["2:1"]
    assert found("dockerfile_env_copied", copy) == []
    assert found("dockerfile_env_copied", copy, __env="A=1", __dockerignore="*.log\n.env\n") == []
    assert found("dockerfile_env_copied", copy, __env="A=1", Dockerfile__dockerignore=".env") == []
    assert found("dockerfile_ignore_missing", copy, __dockerignore="") == []


def test_files_that_dockerignore_keeps_out_are_missing_too() -> None:
    copy = "FROM a:1\nCOPY ./a.txt /app\nCOPY . /all\n"
    files = {"a__txt": "", "__dockerignore": "*\n"}
    (finding,) = found("dockerfile_source_missing", copy, **files)
    assert ".dockerignore keeps out" in finding.message
    assert found("dockerfile_source_missing", copy, **files | {"__dockerignore": "*\n!a.txt\n"}) == []
    assert found("dockerfile_source_missing", copy, **files | {"__dockerignore": "b.txt\n"}) == []


def test_arguments_that_no_one_takes() -> None:
    file = "ARG BASE=a:1\nFROM $BASE\nARG VERSION\n"
    build = "build: {context: ., args: [VERSION=1, BASE=b:1, HTTP_PROXY=x, VERSOIN=2]}"
    world = World()
    world.files[ROOT / "Dockerfile"] = file.encode()
    text = f"services:\n  app:\n    {build}\n"
    read = load([ROOT / "compose.yml"], read=lambda _: text.encode(), variables={}, disk=HostDisk(world.host.reads))
    (finding,) = check_model(read, rules=[rule for rule in all_rules() if rule.code == "undefined_build_arg"])
    assert "VERSOIN" in finding.message
    assert finding.fix == 'Did you mean "VERSION"?'


def test_a_port_that_is_exposed_by_a_range_or_a_variable_is_no_mismatch() -> None:
    assert found("dockerfile_port_mismatch", "FROM a:1\nEXPOSE 8000-8010/tcp\n", "ports: ['1:8005']") == []
    assert found("dockerfile_port_mismatch", "FROM a:1\nEXPOSE $PORT\n", "ports: ['1:8005']") == []
    (finding,) = found("dockerfile_port_mismatch", "FROM a:1\nEXPOSE 8000\n", "ports: ['1:8005']")
    assert [each.where for each in finding.evidence] == ["compose.yml:4:13", "Dockerfile:2:1"]


def test_a_target_that_is_no_stage() -> None:
    world = World()
    world.files[ROOT / "Dockerfile"] = b"FROM a:1 AS prod\n"
    text = "services:\n  app:\n    build: {context: ., target: prd}\n"
    read = load([ROOT / "compose.yml"], read=lambda _: text.encode(), variables={}, disk=HostDisk(world.host.reads))
    (finding,) = check_model(read, rules=[rule for rule in all_rules() if rule.code == "dockerfile_undefined_stage"])
    assert (finding.evidence[0].where, finding.fix) == ("compose.yml:3:33", "It has prod.")


def test_the_value_of_a_secret_is_never_quoted() -> None:
    (finding,) = found("dockerfile_secret", "FROM a:1\nENV DB_PASSWORD=hunter22xyz\n")
    assert "hunter22xyz" not in str(finding)


@pytest.mark.parametrize("piece", ["curl ", "apt ", "apt-get update ", "sh ", "'", "$(", "rm -x "])
def test_a_very_long_line_is_judged(piece: str) -> None:
    rules = [rule.code for rule in all_rules() if rule.code.startswith("dockerfile_")]
    assert [code for code in rules if len(found(code, f"FROM a:1\nRUN {piece * 6_000}\n")) > 1] == []
