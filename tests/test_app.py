"""A session as it is put together: the project, its secrets, its policies, its tools, its conversation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.doors import Says, Watch, look
from tests.sessions import FINE, SECRET, call, calls, open_shop, says, shop

from docker_agent.agent.anthropic import AnthropicModel
from docker_agent.agent.loop import Finished
from docker_agent.agent.model import Text
from docker_agent.agent.offline import OfflineModel
from docker_agent.agent.scripted import ScriptedModel
from docker_agent.app import Options, all_tools, domains, open_session, seen_from_start
from docker_agent.core.errors import Denied, EngineUnreachable, InputError
from docker_agent.host.fake import World
from docker_agent.policy.approve import NoApprover
from docker_agent.policy.permit import Mode

YES = Mode(yes=True)
PRIVILEGED = FINE + "    privileged: true\n"


def requests(model: object) -> list[str]:
    assert isinstance(model, ScriptedModel)
    return [repr(request) for request in model.requests]


def test_every_tool_is_found_once_and_belongs_to_a_domain() -> None:
    assert {tool.domain for tool in all_tools().values()} <= set(domains())
    assert all(name == tool.name for name, tool in all_tools().items())
    assert all(sentence for sentence in domains().values())
    first = [seen_from_start(tool) for tool in all_tools().values()]
    assert first == sorted(first, reverse=True)


def test_seldom_needed_tools_of_a_first_domain_are_seen_once_it_is_opened(tmp_path: Path) -> None:
    session = open_shop(tmp_path)
    assert "compose_graph" not in {tool.name for tool in session.visible()}
    assert session.call("guide_open_domain", {"name": "compose"}).exit_code == 0
    names = [tool.name for tool in session.visible()]
    assert {"compose_graph", "compose_check"} <= set(names)
    assert len(names) == len(set(names))


def test_the_project_is_the_one_of_its_compose_file(tmp_path: Path) -> None:
    session = open_shop(tmp_path)

    assert session.workspace.project == "shop"
    assert session.stack is not None
    assert [path.name for path in session.stack.files] == ["compose.yaml"]
    assert session.workspace.owns("shop")
    assert not session.workspace.owns("blog")


@pytest.mark.parametrize("compose", ["services: [", "services:\n  web: 3\n", "", "\x00", "- a\n- b\n", "a: &a [*a]\n"])
def test_a_broken_compose_file_does_not_keep_a_session_from_opening(tmp_path: Path, compose: str) -> None:
    root = (tmp_path / "shop").resolve()
    session = open_shop(tmp_path, world=shop(root, compose))

    assert session.call("stack_list", {}).exit_code == 0
    outcome = session.call("compose_check", {})
    assert outcome.exit_code in {0, 2}
    assert "broke" not in str(outcome.error)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a folder"):
        open_session(Options(root=tmp_path / "nosuch"), screen=Watch(), approver=NoApprover(), host=World().host)


def test_secrets_of_the_project_s_files_are_masked_in_all_that_comes_back(tmp_path: Path) -> None:
    session = open_shop(tmp_path)

    outcome = session.call("stack_logs", {"container": "web"})

    assert outcome.exit_code == 0
    assert SECRET not in repr((outcome.text, outcome.data))
    assert "<secret:DB_PASSWORD>" in outcome.text
    assert SECRET not in session.call("files_read", {"path": ".env"}).text


def test_the_model_never_sees_a_secret_of_a_prompt_a_file_or_a_container(tmp_path: Path) -> None:
    root = (tmp_path / "shop").resolve()
    context = f"# Shop\n\n## Docker Configuration\n\nThe password is {SECRET}.\n"
    (tmp_path / "shop").mkdir()
    (root / ".project-context.md").write_text(context)
    uses = (call("stack_logs", 1, container="web"), call("files_read", 2, path="compose.yaml"))
    more = (call("stack_inspect", 3, container="web"), call("diagnose", 4))
    session = open_shop(tmp_path, [calls(*uses, *more), says("Done.")])

    list(session.ask(f"why does {SECRET} not work?"))

    told = requests(session.model)
    assert len(told) == 2
    assert SECRET not in "".join(told)
    assert "zX8w" not in "".join(told)
    assert "<secret:DB_PASSWORD>" in told[1]


def test_the_system_prompt_holds_the_context_and_says_what_engine_answers(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".project-context.md").write_text(
        "# Shop\n\n## Docker Configuration\n\n- **Reverse proxy**: caddy\n"
    )
    prompt = open_shop(tmp_path).system_prompt()
    assert "caddy" in prompt
    assert "Docker Engine 28.5.2" in prompt
    assert all(f"`{name}`" in prompt for name in domains())

    world = shop(tmp_path / "shop")
    world.down = EngineUnreachable("No Docker Engine answers at here.")
    assert "No engine: No Docker Engine answers at here." in open_shop(tmp_path, world=world).system_prompt()


def test_a_conversation_begins_without_an_engine(tmp_path: Path) -> None:
    world = shop((tmp_path / "shop").resolve())
    world.down = EngineUnreachable("No engine.")
    session = open_shop(tmp_path, [calls(call("stack_list")), says("There is no engine.")], world=world)

    events = list(session.ask("what runs?"))

    assert isinstance(events[-1], Finished)
    assert "No engine." in requests(session.model)[1]


def test_opened_domains_come_after_the_first_ones_and_stay(tmp_path: Path) -> None:
    session = open_shop(tmp_path, [says("One."), says("Two.")])
    later = replace(look, name="aaa_look", domain="aaa")
    session.workspace = replace(session.workspace, tools={"aaa_look": later, **session.workspace.tools})
    list(session.ask("first"))
    session.opened.append("aaa")
    list(session.ask("second"))

    assert isinstance(session.model, ScriptedModel)
    first, second = session.model.requests
    assert "aaa_look" not in [tool.name for tool in first.tools]
    assert second.tools[: len(first.tools)] == first.tools
    assert [tool.name for tool in second.tools[len(first.tools) :]] == ["aaa_look"]
    assert first.core_tools == second.core_tools == len(first.tools)


def test_a_domain_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    session = open_shop(tmp_path)

    outcome = session.call("guide_open_domain", {"name": "nosuch"})

    assert outcome.exit_code == 2
    assert "stack" in str(outcome.error)
    assert session.call("guide_open_domain", {"name": "files"}).exit_code == 0
    assert session.opened == []


def test_a_policy_of_the_house_stops_a_deployment_and_its_override_is_recorded(tmp_path: Path) -> None:
    root = (tmp_path / "shop").resolve()
    world = shop(root, PRIVILEGED)
    world.react("docker", "compose", "config")
    world.react("docker", "compose", "up")
    session = open_shop(tmp_path, world=world, mode=YES)

    outcome = session.call("stack_up", {})
    assert isinstance(outcome.error, Denied)
    assert "privileged_mode at compose.yaml:7:" in outcome.error.message
    assert world.done == []

    session = open_shop(tmp_path, world=world, mode=YES, overrides=["privileged_mode"])
    assert session.call("stack_up", {}).exit_code == 0
    assert [record["overrides"] for record in session.door.audit.records()] == [[], ["privileged_mode"]]
    assert any(" up " in f"{done} " for done in world.done)


def test_a_policy_of_the_context_decides_which_findings_stop(tmp_path: Path) -> None:
    root = (tmp_path / "shop").resolve()
    root.mkdir()
    (root / ".project-context.md").write_text(
        "# Shop\n\n## Docker Configuration\n\n- Security policies: restart_missing=error, privileged_mode=off\n"
    )
    world = shop(root, PRIVILEGED)
    world.react("docker", "compose", "config")
    world.react("docker", "compose", "up")

    outcome = open_shop(tmp_path, world=world, mode=YES).call("stack_up", {})

    assert isinstance(outcome.error, Denied)
    assert "restart_missing" in outcome.error.message
    assert "privileged_mode" not in outcome.error.message


def test_a_restart_of_a_stranger_needs_a_yes_of_its_own(tmp_path: Path) -> None:
    world = shop((tmp_path / "shop").resolve())
    session = open_shop(tmp_path, world=world, mode=YES)

    assert session.call("stack_restart", {"services": ["blog"]}).exit_code == 3
    assert world.done == []


def test_the_model_s_change_is_asked_for_and_journalled_as_the_model_s(tmp_path: Path) -> None:
    yes = Says(yes=True)
    use = call("files_write", path="notes.txt", content="password=<secret:DB_PASSWORD>\n", why="asked")
    session = open_shop(tmp_path, [calls(use), says("Written.")], mode=Mode("terminal"), approver=yes)

    list(session.ask("write it down"))

    assert len(yes.asked) == 1
    assert [(entry.by, entry.status) for entry in session.door.journal.entries()] == [("model", "applied")]
    path = session.workspace.root / "notes.txt"
    assert session.workspace.host.read_file(path) == f"password={SECRET}\n".encode()
    assert session.undo().exit_code == 0
    with pytest.raises(InputError):
        session.workspace.host.read_file(path)
    with pytest.raises(InputError, match="nothing to undo"):
        session.undo()


def test_a_saved_plan_is_applied_in_a_later_session(tmp_path: Path) -> None:
    world = shop((tmp_path / "shop").resolve())
    first = open_shop(tmp_path, world=world)
    saved = first.call("files_write", {"path": "a.txt", "content": "x", "why": "asked"})
    assert saved.plan is not None

    later = open_shop(tmp_path, world=world, mode=YES)
    outcome = later.apply(later.door.journal.load_plan(saved.plan.digest[:12]))

    assert (outcome.exit_code, world.files[later.workspace.root / "a.txt"]) == (0, b"x")


@pytest.mark.parametrize(
    ("environment", "chosen", "kind", "name"),
    [
        ({}, "", OfflineModel, "offline"),
        ({}, "offline", OfflineModel, "offline"),
        ({"DOCKER_AGENT_MODEL": "offline", "ANTHROPIC_API_KEY": "k"}, "", OfflineModel, "offline"),
        ({"ANTHROPIC_API_KEY": "k"}, "", AnthropicModel, "claude-sonnet-5-5"),
        ({"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}, "", AnthropicModel, "claude-sonnet-5-5"),
        ({"ANTHROPIC_API_KEY": "k"}, "offline", OfflineModel, "offline"),
        ({"DOCKER_AGENT_MODEL": "other"}, "", AnthropicModel, "other"),
        ({"DOCKER_AGENT_MODEL": "other"}, "mine", AnthropicModel, "mine"),
    ],
)
def test_the_model_is_chosen_by_option_then_environment_then_credentials(
    tmp_path: Path, environment: dict[str, str], chosen: str, kind: type, name: str
) -> None:
    session = open_shop(tmp_path, environment=environment)
    session.chosen_model = None
    session.options = replace(session.options, model=chosen)

    assert isinstance(session.model, kind)
    assert session.model.name == name


def test_two_folders_of_one_name_keep_their_journals_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    state = {"DOCKER_AGENT_STATE": str(tmp_path / "state")}
    first, second = (open_shop(tmp_path / name, environment=state) for name in ("one", "two"))

    assert first.workspace.project == second.workspace.project == "shop"
    assert first.door.journal.folder != second.door.journal.folder


def test_the_first_request_is_small_enough(tmp_path: Path) -> None:
    session = open_shop(tmp_path, [says("Hello.")])
    list(session.ask("hello"))

    assert isinstance(session.model, ScriptedModel)
    request = session.model.requests[0]
    assert len(request.tools) <= 25
    assert request.messages[0].blocks == (Text("hello"),)
