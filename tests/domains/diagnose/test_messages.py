"""Messages that only their surroundings tell apart, and what the machine adds: whose name, whose volume."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.domains.diagnose.places import Case, container, ended, workspace, world_of

from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.domains.diagnose.saying import MAX_MESSAGE_CHARS, said, unheard
from docker_agent.domains.diagnose.snapshot import Snapshot
from docker_agent.host.models import Volume

NUMBER = "915fccee9a9fafb1a6d523d04aefb921de0cb67070d707756a77eb90a1b8322c"
NO_USER = "Error response from daemon: unable to find user nosuch: no matching entries in passwd file"


def codes(message: str) -> list[str]:
    """The codes that a message gets on no machine at all."""
    return [each.code for each in examine(Snapshot("shop", Path("/"), 0.0, messages=said(message)))]


def test_a_missing_user_of_a_start_is_told_from_one_of_an_exec() -> None:
    assert codes(NO_USER) == ["exec-user"]
    assert codes(f"docker: {NO_USER}") == ["run-user"]
    assert codes(f"{NO_USER}\nError: failed to start containers: web") == ["run-user"]
    assert codes(f" Container shop-web-1  Starting\n{NO_USER}") == ["run-user"]


def test_an_update_that_is_taken_back_is_told_from_a_rollback_that_somebody_asked_for() -> None:
    forward = "overall progress: 0 out of 1 tasks\noverall progress: 1 out of 1 tasks\nverify: Waiting 1 seconds\n"
    back = "overall progress: rolling back update: 0 out of 1 tasks\nrollback: rollback completed\n"

    assert codes(forward + back) == ["swarm-rollback"]
    assert codes(f"rollback: manually requested rollback\n{back}") == []
    assert codes(forward) == []


def test_the_machine_says_who_is_meant() -> None:
    world = world_of(Case("", {}, others=[container("db", **ended(0)).model_copy(update={"id": NUMBER})]))
    world.volumes["shop_data"] = Volume(name="shop_data")
    told = {
        f"container {NUMBER} is not running": ("not-running-exec", "db", "does not run"),
        'service "db" is not running': ("not-running-exec", "db", "service db"),
        f"remove data: volume is in use - [{NUMBER}]": ("vol-in-use", "message", "shop-db-1"),
        'external volume "data" not found': ("vol-missing", "message", "shop_data"),
        f'Conflict. The container name "/db" is already in use by container "{NUMBER}"': (
            "name-conflict",
            "message",
            "915fccee9a9f",
        ),
    }
    for message, (code, about, words) in told.items():
        (finding,) = examine(collect(workspace(world), message=message))
        assert (finding.code, finding.object) == (code, about)
        assert words in finding.message


def test_a_long_message_is_looked_at_as_a_whole_and_what_was_left_out_is_said(tmp_path: Path) -> None:
    told = "Error response from daemon: Bind for 0.0.0.0:29100 failed: port is already allocated"
    noise = [f"level=info {n} done" if n % 3 else f"warn: retry {n}" for n in range(60_000)]
    began = time.monotonic()
    (message,) = said("\n".join(["", *noise[:30_000], f"\x1b[36mweb-1  | \x1b[0m{told}", *noise[30_000:], "bye\n"]))

    assert time.monotonic() - began < 5
    assert len(message.text) <= MAX_MESSAGE_CHARS
    assert message.text.endswith("\nbye")
    (finding,) = examine(Snapshot("shop", tmp_path, 0.0, messages=(message,)))
    assert (finding.code, finding.evidence[0].where) == ("port-allocated", "message:30002")
    assert finding.evidence[0].quote == told
    assert unheard([message])[0].startswith("message: 5")
    assert unheard(said(told)) == ()
    (piece,) = said("x" * 50_000 + " error: exhausted " + "y" * 50_000)
    assert "exhausted" in piece.text
    assert set(piece.numbers) == {1}
    assert unheard([piece]) == ("message: parts of its long lines were only searched for words of failures",)


@pytest.mark.parametrize(
    "piece", ["/sys/fs/cgroup/", "error during connect: command [ssh ", "write /", "1 ", "inotify_init"]
)
def test_hostile_messages_are_read_quickly(piece: str) -> None:
    began = time.monotonic()
    codes(piece * (MAX_MESSAGE_CHARS // len(piece)))
    assert time.monotonic() - began < 5


def test_an_address_on_the_default_bridge_is_not_said_to_be_outside_of_a_subnet() -> None:
    outside = "* no configured subnet or ip-range contain the IP address 10.78.0.9"
    bridge = "docker: Error response from daemon: invalid config for network bridge: invalid endpoint settings:\n"
    only = "* user specified IP address is supported on user defined networks only"
    assert codes(f"{bridge}{only}\n{outside}\n") == ["net-ip-default"]
    assert codes(f"{bridge}{outside}\n") == ["net-ip-outside"]
