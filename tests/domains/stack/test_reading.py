"""The tools that look at a stack."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from tests.domains.stack.places import container, shop, workspace

from docker_agent.core.errors import EngineUnreachable, InputError
from docker_agent.core.plan import Risk
from docker_agent.core.tool import Tool
from docker_agent.domains.stack import foreign, parse_time, resolve, resolve_all
from docker_agent.domains.stack.events import Events, events
from docker_agent.domains.stack.inspect import ContainerDetails, inspect
from docker_agent.domains.stack.list import StackList
from docker_agent.domains.stack.list import list as list_tool
from docker_agent.domains.stack.logs import Logs, logs
from docker_agent.domains.stack.top import Top, top
from docker_agent.host.fake import START, World
from docker_agent.host.models import HealthResult, LogLine, Mount, Stats
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

NOW = START


def test_the_reading_tools_are_declared_as_they_behave() -> None:
    tools: dict[str, Tool] = {tool.name: tool for tool in (list_tool, inspect, logs, events, top)}
    assert set(tools) == {"stack_list", "stack_inspect", "stack_logs", "stack_events", "stack_top"}
    assert {tool.risk for tool in tools.values()} == {Risk.READ}
    assert tools["stack_logs"].untrusted == "container logs"


def test_list_shows_the_project_and_counts_the_others() -> None:
    answer: StackList = list_tool.function(workspace(shop()))
    rows = {row.name: row for row in answer.containers}
    assert set(rows) == {"shop-web-1", "shop-db-1"}
    assert answer.others == 2
    assert rows["shop-web-1"].ports == (":::8080->80/tcp",)
    assert rows["shop-db-1"].state == "exited (1)"
    assert rows["shop-db-1"].restarts == 2


def test_list_can_show_all_and_marks_what_is_foreign() -> None:
    answer: StackList = list_tool.function(workspace(shop()), all_projects=True)
    assert {row.name: row.foreign for row in answer.containers} == {
        "shop-web-1": False,
        "shop-db-1": False,
        "blog-web-1": True,
        "lonely": True,
    }
    own = workspace(shop(), context=ProjectContext(projects=("blog",)))
    assert len(list_tool.function(own).containers) == 3
    assert [row.name for row in list_tool.function(workspace(shop()), running_only=True).containers] == ["shop-web-1"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("web", "shop-web-1"),
        ("shop-db-1", "shop-db-1"),
        ("/shop-db-1", "shop-db-1"),
        ("blog-web-1", "blog-web-1"),
        ("shopdb10", "shop-db-1"),
        ("lonely", "lonely"),
        (" db ", "shop-db-1"),
    ],
)
def test_a_word_finds_its_container(word: str, expected: str) -> None:
    assert resolve(workspace(shop()), word).name == expected


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("", "needs a name"),
        ("   ", "needs a name"),
        ("x" * 256, "needs a name"),
        ("wbe", "Nearest: web"),
        ("zzz", "There are: db, web"),
        ("sho", "no service or container"),
        ("*", "no service or container"),
        ("; rm -rf /", "no service or container"),
    ],
)
def test_a_word_that_fits_nothing_is_an_error_with_the_nearest(word: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        resolve(workspace(shop()), word)


def test_a_scaled_service_is_several_and_a_prefix_may_be_ambiguous() -> None:
    world = shop()
    world.add(container("shop-web-2", "web"))
    ws = workspace(world)
    assert [each.name for each in resolve_all(ws, "web")] == ["shop-web-1", "shop-web-2"]
    with pytest.raises(InputError, match="2 containers: shop-web-1, shop-web-2"):
        resolve(ws, "web")
    with pytest.raises(InputError, match="more than one container"):
        resolve_all(ws, "shop")
    assert foreign(ws, resolve_all(ws, "blog-web-1")) == ("blog-web-1",)


def test_a_folder_without_a_project_says_so_and_means_others_by_their_full_names_alone() -> None:
    world = shop()
    with pytest.raises(InputError, match=r"no service or container 'api'.*There are: db, web"):
        resolve(workspace(world), "api")
    world.add(container("blog-api-1", "api", "blog"))
    with pytest.raises(InputError, match=r"its full name: blog-api-1 \(of blog\)"):
        resolve(workspace(world), "api")
    world.files.clear()
    stranger = replace(workspace(world), project="empty")
    with pytest.raises(InputError, match=r"no container of project empty\..* blog-web-1 \(of blog\)"):
        resolve(stranger, "web")
    with pytest.raises(InputError, match="no compose file in project"):
        resolve(stranger, "shopdb1012")
    assert resolve(stranger, "shop-web-1").project == "shop"
    with pytest.raises(InputError, match="start the stack first"):
        resolve(workspace(shop_without_containers()), "web")


def shop_without_containers() -> World:
    world = World()
    world.files.update(shop().files)
    return world


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("", 0.0),
        ("10m", NOW - 600),
        ("2h30m", NOW - 9_000),
        ("1d", NOW - 86_400),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("2027-01-15T08:00:00.123456789Z", NOW + 0.123456),
        ("1800000000", NOW),
    ],
)
def test_times_are_read(word: str, expected: float) -> None:
    assert parse_time(word, NOW) == pytest.approx(expected)


@pytest.mark.parametrize("word", ["yesterday", "10", "m", "-5m", "10 m", "1e9", "99999-01-01T00:00:00Z", "10m; ls"])
def test_bad_times_are_refused(word: str) -> None:
    with pytest.raises(InputError, match="is no time"):
        parse_time(word, NOW)


def test_inspect_shows_names_of_variables_but_never_values() -> None:
    world = shop()
    raw = {"Config": {"Env": ["PASSWORD=hunter2", "PATH=/bin"], "Cmd": ["x"]}, "State": {"Pid": 7}}
    world.change(
        "shop-web-1",
        env=("PASSWORD=hunter2", "PATH=/bin", "EMPTY="),
        raw=raw,
        mounts=(Mount(kind="volume", target="/d", name="shop_data", read_only=True),),
        health_log=(HealthResult(exit_code=0, output="ok"),),
    )
    ws = workspace(world)
    plain: ContainerDetails = inspect.function(ws, "web")
    assert plain.env == {"PASSWORD": "<set>", "PATH": "<set>", "EMPTY": "<set>"}
    assert plain.mounts == ("shop_data -> /d (read-only)",)
    assert plain.last_health_output == "ok"
    assert plain.raw == ""
    section: ContainerDetails = inspect.function(ws, "web", "Config")
    assert '"PASSWORD=<set>"' in section.raw
    assert "hunter2" not in section.model_dump_json() + plain.model_dump_json()
    assert inspect.function(ws, "web", "NetworkSettings").raw == "{}"


def test_inspect_cuts_a_huge_section() -> None:
    world = shop()
    world.change("shop-web-1", raw={"State": {"x": "y" * 50_000}})
    assert len(inspect.function(workspace(world), "web", "State").raw) < 20_100


def test_logs_are_filtered_by_stream_and_pattern() -> None:
    world = shop()
    world.say("shop-web-1", "GET / 200", "GET /x 404").say("shop-web-1", "Error: no", stream="stderr")
    ws = workspace(world)
    everything: Logs = logs.function(ws, "web")
    assert everything.lines == ("1 stdout GET / 200", "2 stdout GET /x 404", "3 stderr Error: no")
    assert logs.function(ws, "web", stream="stderr").lines == ("3 stderr Error: no",)
    assert logs.function(ws, "web", grep="error|404").lines == ("2 stdout GET /x 404", "3 stderr Error: no")
    assert logs.function(ws, "web", tail=1).read == 1
    assert logs.function(ws, "web", grep="nosuch").note == "none of the 3 lines that were read matches 'nosuch'"


def test_logs_of_a_scaled_service_name_their_container() -> None:
    world = shop()
    world.add(container("shop-web-2", "web")).say("shop-web-2", "two").say("shop-web-1", "one")
    assert logs.function(workspace(world), "web").lines == ("shop-web-1 1 stdout one", "shop-web-2 1 stdout two")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)*b", "(.*a){9,}", "a.*b.*c.*d.*e", "([a-z]+)*!"])
def test_a_pattern_that_could_explode_is_searched_as_text(pattern: str) -> None:
    world = shop()
    world.say("shop-web-1", "a" * 5_000, f"has {pattern} in it")
    began = time.monotonic()
    answer: Logs = logs.function(workspace(world), "web", grep=pattern)
    assert time.monotonic() - began < 2
    assert answer.lines == (f"2 stdout has {pattern} in it",)
    assert "plain text" in answer.note


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"grep": "("}, "no regular expression"),
        ({"grep": "[z-a]"}, "no regular expression"),
        ({"grep": "x" * 201}, "201 characters"),
        ({"tail": 0}, "tail is 0"),
        ({"tail": -1}, "tail is -1"),
        ({"tail": 5_001}, "tail is 5001"),
        ({"since": "soon"}, "is no time"),
        ({"since": "1m", "until": "5m"}, "later than"),
    ],
)
def test_bad_wishes_about_logs_are_refused(fields: dict[str, str | int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        logs.function(workspace(shop()), "web", **fields)


def test_long_and_strange_lines_are_cut_not_refused() -> None:
    world = shop()
    world.lines["shop-web-1"] = [LogLine(number=1, text="\x00\x1b[2J\u202e" + "x" * 100_000)]
    answer: Logs = logs.function(workspace(world), "web")
    assert len(answer.lines[0]) < 600
    assert answer.lines[0].endswith("(cut)")


def test_a_flood_is_grouped_by_pattern_with_the_grave_line_first() -> None:
    world = shop()
    texts = [f"request {n} took {n} ms" for n in range(6_000)]
    texts[1_233] = "FATAL no such table"
    world.lines["shop-web-1"] = [LogLine(number=1, text=text) for text in texts]
    answer: Logs = logs.function(workspace(world), "web", tail=200_000, group=True)
    assert answer.lines == ("1x 1234-1234 FATAL no such table", "5999x 1-6000 request <*> took <*> ms")
    assert answer.read == 6_000


def test_events_are_of_the_project_without_checks_and_folded() -> None:
    world = shop()
    world.happen("start", "shop-web-1", ago=90).happen("exec_start: true", "shop-web-1", ago=80)
    for ago in (70, 60, 50):
        world.happen("die", "shop-db-1", ago=ago, exitCode="1")
    world.happen("start", "blog-web-1", ago=40).happen("oom", "shop-web-1", ago=9_000)
    ws = workspace(world)
    answer: Events = events.function(ws)
    assert [(row.action, row.name, row.times) for row in answer.events] == [
        ("start", "shop-web-1", 1),
        ("die", "shop-db-1", 3),
    ]
    assert answer.events[1].details == {"exitCode": "1"}
    assert [row.name for row in events.function(ws, service="shop-web-1").events] == ["shop-web-1"]
    assert len(events.function(ws, all_projects=True).events) == 3
    assert "oom" in [row.action for row in events.function(ws, since="3h").events]
    assert events.function(ws, limit=1).left_out == 1
    assert events.function(ws, kind="network").events == ()


@pytest.mark.parametrize("fields", [{"limit": 0}, {"limit": 201}, {"since": "x"}, {"since": "1m", "until": "5m"}])
def test_bad_wishes_about_events_are_refused(fields: dict[str, str | int]) -> None:
    with pytest.raises(InputError):
        events.function(workspace(shop()), **fields)


def test_top_measures_what_runs_and_names_what_does_not() -> None:
    world = shop()
    world.readings["shop-web-1"] = Stats(
        name="shop-web-1",
        cpu_percent=12.34,
        memory=50 << 20,
        memory_limit=100 << 20,
        pids=3,
        periods=10,
        throttled_periods=5,
    )
    world.processes["shop-web-1"] = [{"PID": "7", "UID": "root", "CMD": "httpd " + "x" * 500}]
    ws = workspace(world)
    whole: Top = top.function(ws)
    assert [(use.name, use.memory_mib, use.memory_percent_of_limit, use.throttled) for use in whole.use] == [
        ("shop-web-1", 50.0, 50.0, 0.5)
    ]
    assert whole.not_running == ("shop-db-1",)
    assert whole.processes == ()
    one: Top = top.function(ws, "web")
    assert [(process.pid, len(process.command)) for process in one.processes] == [("7", 160)]
    assert top.function(ws, "db").use == ()


def test_no_engine_is_an_error_of_its_own() -> None:
    world = shop()
    world.down = EngineUnreachable("No engine.")
    for tool in (list_tool, events, top):
        with pytest.raises(EngineUnreachable):
            tool.function(workspace(world))


def hide(text: str) -> str:
    """Mask the one secret that these tests know."""
    return text.replace("hunter2hunter2", "<secret:P>")


def masking(world: World) -> Workspace:
    return replace(workspace(world), mask=hide)


@pytest.mark.parametrize("before", range(485, 500))
def test_a_cut_line_of_a_log_holds_no_half_secret(before: int) -> None:
    world = shop().say("shop-web-1", "x" * before + "hunter2hunter2" + "y" * 600)
    assert "hunt" not in logs.function(masking(world), "web").lines[0]


def test_cut_outputs_hold_no_half_secret() -> None:
    world = shop()
    for before in (480, 490, 495):
        output = "x" * before + "hunter2hunter2" + "y" * 600
        raw = {"State": {"x": "y" * (19_500 + before) + output}}
        world.change("shop-web-1", health_log=(HealthResult(output=output),), raw=raw)
        world.processes["shop-web-1"] = [{"PID": "1", "CMD": output[340:]}]
        answer: ContainerDetails = inspect.function(masking(world), "web", "State")
        assert "hunt" not in answer.last_health_output + answer.raw
        assert "hunt" not in top.function(masking(world), "web").processes[0].command


def test_another_folder_with_the_same_name_is_foreign_when_looked_at() -> None:
    world = shop()
    elsewhere = {"com.docker.compose.project.working_dir": "/elsewhere"}
    world.change("shop-db-1", labels=elsewhere)
    world.happen("die", "shop-db-1", ago=60.0, **{"com.docker.compose.project": "shop", **elsewhere})
    ws = workspace(world)
    assert [row.name for row in list_tool.function(ws).containers] == ["shop-web-1"]
    rows = {row.name: row.foreign for row in list_tool.function(ws, all_projects=True).containers}
    assert rows["shop-db-1"]
    assert inspect.function(ws, "shop-db-1").foreign
    assert events.function(ws).events == ()
    assert top.function(ws).not_running == ()


def test_every_reading_tool_names_what_others_wrote() -> None:
    assert all(tool.untrusted for tool in (list_tool, inspect, logs, events, top))
