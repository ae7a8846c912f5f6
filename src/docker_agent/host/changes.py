"""Acting on the real engine, on programs and on files; only `apply` holds this half."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker.errors

from docker_agent.core.errors import CheckFailed
from docker_agent.core.plan import Argv, Engine
from docker_agent.host import bounded, files, shell
from docker_agent.host.connect import Connection, asking
from docker_agent.host.host import Tell
from docker_agent.host.models import Ran
from docker_agent.host.workers import await_takeover, workers

RELOAD_S = 30.0
STILL = frozenset({"created", "exited", "dead"})
CADDY = ("--config", "CONFIG", "--adapter", "caddyfile")
# Checked first: a proxy that reloads a faulty file goes on with the one before, and says so in its log only.
RELOADS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "nginx": (("nginx", "-t"), ("nginx", "-s", "reload")),
    "caddy": (("caddy", "validate", *CADDY), ("caddy", "reload", *CADDY, "--force")),
}


class EngineChanges:
    """Acting on a real engine; satisfies `host.Changes`, and only `apply` holds it."""

    def __init__(self, connection: Connection, environment: Mapping[str, str]) -> None:
        self._connection = connection
        self._environment = dict(environment)

    def call(self, step: Engine) -> str:
        """Carry out one engine call."""
        api = self._connection.api
        noun, _, verb = step.action.partition("_")
        done = f"{step.action.replace('_', ' ')} {step.target}"
        if step.args.get("if_there") and not _is_there(api, step.target):
            return f"{done}: it is not there"
        if step.action == "container_reload":
            return _reload(api, step)
        with asking(f"{step.action.replace('_', ' ')} {step.target}"):
            if noun == "container":
                _container_call(api, verb, step)
            elif noun == "network":
                _network_call(api, verb, step)
            elif noun == "volume":
                _volume_call(api, verb, step)
            else:
                _image_call(api, verb, step)
        return done

    def run(self, step: Argv, tell: Tell) -> Ran:
        """Run a program of a plan; a failing exit is a failed step.

        Raises
        ------
        CheckFailed: it ended with another code than 0, or ran past its time.
        """
        cwd = Path(step.cwd) if step.cwd else None
        ran = shell.run(step.argv, cwd=cwd, timeout_s=step.timeout_s, environment=self._environment, tell=tell)
        if ran.timed_out:
            raise CheckFailed(f"`{' '.join(step.argv[:6])} ...` ran past {step.timeout_s:.0f} s and was stopped.")
        if ran.code != 0:
            said = ran.err or ran.out
            last = said.strip().splitlines()[-1:] or ["no message"]
            raise CheckFailed(f"`{' '.join(step.argv)}` ended with code {ran.code}: {last[0][:500]}", output=said)
        return ran

    def write_file(self, path: Path, data: bytes, mode: int | None = None) -> None:
        """Write a whole file atomically."""
        files.write_file(path, data, mode)

    def remove_file(self, path: Path) -> None:
        """Remove one file."""
        files.remove_file(path)


def _refuse_alive(name: str, status: str) -> None:
    """Raise `CheckFailed` where a container is in a state in which it is not to be removed."""
    if status not in STILL:
        raise CheckFailed(f"{name} is {status}, so it was not removed.", f"Look with `docker-agent diagnose {name}`.")


def _is_there(api: Any, name: str) -> bool:
    try:
        api.inspect_container(name)
    except docker.errors.NotFound:
        return False
    return True


def _reload(api: Any, step: Engine) -> str:
    program, config = str(step.args["program"]), str(step.args.get("config", ""))
    before = workers(api, step.target) if program == "nginx" else frozenset[str]()
    for argv in RELOADS[program]:
        command = [config if word == "CONFIG" else word for word in argv]
        with asking(f"reload of {step.target}"):
            code, said = bounded.execute(api, step.target, command, RELOAD_S)
        if code:
            # The last line of Nginx says only that there was an error.
            lines = said.strip().splitlines() or ["no message"]
            line = next((each for each in lines if "[emerg]" in each), lines[-1])
            refused = f"{step.target} refused its configuration (`{' '.join(command)}`, code {code}): {line[:500]}"
            raise CheckFailed(refused, "It goes on with the one before.", output=said)
    if before:
        await_takeover(api, step.target, before)
    return f"{step.target} checked and read its configuration"


def _container_call(api: Any, verb: str, step: Engine) -> None:
    match verb:
        case "start":
            api.start(step.target)
        case "stop":
            api.stop(step.target, timeout=step.args.get("timeout"))
        case "restart":
            api.restart(step.target, timeout=step.args.get("timeout", 10))
        case "kill":
            api.kill(step.target, signal=step.args.get("signal", "SIGTERM"))
        case "unpause":
            api.unpause(step.target)
        case "update":
            api.update_container(step.target, restart_policy={"Name": str(step.args["restart"])})
        case "rename":
            api.rename(step.target, str(step.args["name"]))
        case "remove_stopped":
            _refuse_alive(step.target, str(api.inspect_container(step.target)["State"]["Status"]))
            api.remove_container(step.target, force=False, v=False)
        case _:
            api.remove_container(step.target, force=bool(step.args.get("force", False)), v=False)


def _network_call(api: Any, verb: str, step: Engine) -> None:
    match verb:
        case "create":
            api.create_network(step.target, driver=step.args.get("driver", "bridge"), check_duplicate=True)
        case "connect":
            alias = step.args.get("alias")
            api.connect_container_to_network(
                str(step.args["container"]), step.target, aliases=[alias] if alias else None
            )
        case "disconnect":
            api.disconnect_container_from_network(str(step.args["container"]), step.target)
        case _:
            api.remove_network(step.target)


def _volume_call(api: Any, verb: str, step: Engine) -> None:
    if verb == "create":
        api.create_volume(step.target)
    else:
        api.remove_volume(step.target)


def _image_call(api: Any, verb: str, step: Engine) -> None:
    if verb == "tag":
        repository, _, tag = str(step.args["name"]).rpartition(":")
        api.tag(step.target, repository or tag, tag if repository else None)
    else:
        api.remove_image(step.target)
