"""Deploy the stack: gates, then each service in its order, with the way back taken by itself."""

from __future__ import annotations

from typing import Annotated

from docker_agent.core.plan import Plan, Risk
from docker_agent.core.tool import tool
from docker_agent.domains.deploy.environment import environment_of, setting_of
from docker_agent.domains.deploy.plan import deploy_plan
from docker_agent.domains.deploy.steps import Pull, Wish, with_needs
from docker_agent.domains.stack import services_named
from docker_agent.project.workspace import Workspace


@tool(
    domain="stack",
    risk=Risk.CHANGE,
    on_demand=True,
    examples=(
        "docker-agent stack deploy",
        "docker-agent stack deploy web --environment production",
        "docker-agent --override gate-backup-missing stack deploy --yes",
    ),
)
def deploy(
    ws: Workspace,
    services: Annotated[list[str] | None, "The services to deploy; all where none is named."] = None,
    environment: Annotated[str, "dev, staging or production; by default what the project context says."] = "",
    build: Annotated[bool, "Build all images anew, also those that are here."] = False,
    pull: Annotated[Pull, "Which images to pull: those that are missing, all, or none."] = "missing",
    wait_s: Annotated[float, "How long each service may take to become healthy, and each job to end, seconds."] = 120.0,
    migrate: Annotated[list[str] | None, "Services to run once as jobs, where their turn comes."] = None,
) -> Plan:
    """Plan to deploy the stack: gates first, then one service after the other, and back by itself where one fails.

    The gates look for invalid files, forbidden and moving images, written-out secrets, missing limits, root, missing
    health checks, endless logs, known weaknesses, data without a backup and routes claimed twice; in production all of
    them stop, elsewhere most only warn. Uses compose.ENVIRONMENT.yaml and .env.ENVIRONMENT where they are there.
    """
    setting = setting_of(ws, environment_of(ws, environment))
    jobs = services_named(setting.stack, migrate) if migrate else ()
    chosen = (*services_named(setting.stack, services or ()), *jobs)
    wish = Wish(build=build, pull=pull, wait_s=wait_s, migrate=jobs)
    return deploy_plan(ws, setting, with_needs(ws, setting, chosen), wish)
