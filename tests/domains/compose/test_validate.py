"""`compose validate` says whether Compose would take the files: all errors, no advice."""

from __future__ import annotations

from pathlib import Path

import pytest

from docker_agent.core.errors import InputError
from docker_agent.domains.compose.validate import Validation, validate
from docker_agent.host.fake import World
from docker_agent.project.context.model import EMPTY
from docker_agent.project.workspace import Workspace

GOOD = "services:\n  web:\n    image: nginx\n    privileged: true\n"
BAD = "services:\n  web:\n    image: nginx\n    ports: ['80:99999']\n    depends_on: [db]\n"


ROOT = Path("/project")


def answer(text: str) -> Validation:
    files = {ROOT / "compose.yaml": text.encode()}
    return validate.function(Workspace(host=World(files=files).host.reads, root=ROOT, context=EMPTY))


def test_files_that_compose_takes_are_valid_whatever_the_advice() -> None:
    assert (answer(GOOD).valid, answer(GOOD).findings) == (True, ())


def test_all_errors_are_told_at_once() -> None:
    told = answer(BAD)

    assert not told.valid
    assert [finding.code for finding in told.findings] == ["bad_port", "undefined_dependency"]
    assert told.verdict == "Compose would refuse compose.yaml: 2 errors."


def test_a_comment_does_not_make_a_file_valid() -> None:
    assert not answer(BAD.replace("[db]", "[db]  # docker-agent: ignore[undefined_dependency]")).valid


def test_text_that_is_no_yaml_has_its_place() -> None:
    told = answer("services: [\n")

    assert not told.valid
    assert told.findings[0].evidence[0].where.startswith("compose.yaml:")


def test_a_folder_without_compose_files_is_an_error() -> None:
    with pytest.raises(InputError, match="no compose file"):
        validate.function(Workspace(host=World().host.reads, root=ROOT, context=EMPTY))


def test_a_file_of_a_platform_is_answered_as_compose_does() -> None:
    told = answer("services:\n  web:\n    image: ${SERVICE_FQDN_WEB:?}\n")
    assert [finding.code for finding in told.findings if finding.code == "required_variable"] == ["required_variable"]
