"""A plan whose step fails says why: what the program printed is compared with the known failures."""

from __future__ import annotations

from pathlib import Path

from tests.sessions import FINE, SECRET, open_shop, shop

from docker_agent.core.errors import CheckFailed
from docker_agent.dispatch import Outcome
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Port, Ran
from docker_agent.policy.permit import Mode

TAKEN = "driver failed programming external connectivity on endpoint shop-web-1: Bind for 0.0.0.0:8080 failed: "
REFUSED = f"Error response from daemon: failed to set up container networking: {TAKEN}port is already allocated"
PUBLISHED = FINE + '    ports: ["8080:80"]\n'


def up(folder: Path, said: str, *, error: str = "") -> Outcome:
    """What comes of `stack up` where Compose ends with these words; `error` is what the engine keeps of the start."""
    root = (folder / "shop").resolve()
    root.mkdir()
    world = shop(root, PUBLISHED)
    del world.containers["shop-web-1"]
    world.change("blog", ports=(Port(container_port=80, host_port=8080),))

    def compose(here: World, argv: tuple[str, ...]) -> Ran:
        if error:
            web = Container(id="3" * 12, name="shop-web-1", image="web:1", project="shop", service="web")
            here.add(web.model_copy(update={"status": "created", "error": error}))
        return Ran(argv=argv, code=1, err=said)

    world.react("docker", "compose", reaction=compose)
    return open_shop(folder, mode=Mode(yes=True), world=world).call("stack_up", {})


def test_a_failed_start_names_its_cause(tmp_path: Path) -> None:
    outcome = up(tmp_path, f" Container shop-web-1  Starting\n{REFUSED}\n", error=TAKEN + "port is already allocated")

    assert isinstance(outcome.error, CheckFailed)
    assert "Cause: Another container publishes the same port (port-allocated)." in outcome.error.message
    assert outcome.error.next_step.startswith("Publish another port")
    assert "docker-agent undo 1" in outcome.error.next_step
    assert outcome.data["status"] == "failed"
    assert [(each["code"], each["object"]) for each in outcome.data["causes"]] == [("port-allocated", "web")]
    assert "blog" in outcome.data["causes"][0]["message"]
    assert '"causes":[{"code":"port-allocated"' in outcome.text
    assert outcome.text.startswith('<untrusted source="output of programs">')


def test_the_cause_is_looked_for_in_all_that_was_said_and_secrets_are_masked(tmp_path: Path) -> None:
    refusal = f"Error response from daemon: manifest for hub.example.com/{SECRET}:2 not found: manifest unknown"
    outcome = up(tmp_path, f"{refusal}\n\nRun 'docker compose up --help' for more information\n")

    assert [each["code"] for each in outcome.data["causes"]] == ["img-notfound"]
    assert "(img-notfound)" in str(outcome.error)
    assert SECRET not in str(outcome.error) + outcome.text + repr(outcome.data)


def test_words_that_nobody_knows_get_no_cause(tmp_path: Path) -> None:
    outcome = up(tmp_path, "something that nobody knows\n")

    assert "Cause:" not in str(outcome.error)
    assert "causes" not in outcome.data
