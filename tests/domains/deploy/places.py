"""A shop that may be deployed to production, and a machine on which Compose does what it is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.doors import Says
from tests.sessions import open_shop

from docker_agent.app import Session
from docker_agent.host.compose_cli import command_of
from docker_agent.host.fake import World
from docker_agent.host.models import Container, Image, Ran
from docker_agent.policy.permit import Mode

GOOD = """\
name: shop
services:
  web:
    image: web:1.4
    user: "10001:10001"
    mem_limit: 64m
    cpus: 0.5
    restart: unless-stopped
    read_only: true
    healthcheck: {test: ["CMD", "web", "--check"]}
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
    depends_on: {db: {condition: service_healthy}, migrate: {condition: service_completed_successfully}}
    labels: {traefik.http.routers.web.rule: Host(`shop.example.org`)}
  db:
    image: postgres:17.2
    user: "999:999"
    mem_limit: 512m
    cpus: 1
    restart: unless-stopped
    stop_grace_period: 1m
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD}"}
    volumes: [data:/var/lib/postgresql/data]
    healthcheck: {test: ["CMD", "pg_isready"]}
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
  migrate:
    image: web:1.4
    command: ["web", "migrate"]
    user: "10001:10001"
    mem_limit: 64m
    cpus: 0.5
    restart: "no"
    read_only: true
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
    depends_on: {db: {condition: service_healthy}}
volumes: {data: {}}
"""
CONTEXT = "# Shop\n\n## Docker Configuration\n\n- Production: yes\n- Backup: every night, tried in May\n"
CLEAN = '{"Results": [{"Target": "web"}]}'
JOBS = frozenset({"migrate"})


def machine(root: Path, compose: str = GOOD, scan: str = CLEAN, ill: Sequence[str] = ()) -> World:
    """A machine without containers; `ill` names images of which containers never get healthy."""
    world = World(files={root / "compose.yaml": compose.encode(), root / ".env": b"DB_PASSWORD=kT9v!xQ2mZ\n"})
    for name in ("web:1.4", "web:1.5", "web:latest", "postgres:17.2"):
        world.images[name] = Image(id=f"sha256:{name}", tags=(name,), digests=(f"{name}@sha256:abc",))
    world.react("docker", "compose", "config")
    world.react("trivy", out=scan)

    def up(world: World, argv: tuple[str, ...]) -> Ran | None:
        service = argv[-1]
        text = world.files[root / "compose.yaml"].decode()
        image = text.partition(f"\n  {service}:\n")[2].partition("image: ")[2].split("\n", 1)[0]
        world.add(
            Container(
                id=f"{service}-{image}",
                name=f"shop-{service}-1",
                image=image,
                image_id=f"sha256:{image}",
                project="shop",
                service=service,
                status="exited" if service in JOBS else "running",
                health="" if service in JOBS else "unhealthy" if image in ill else "healthy",
                failing_streak=3 if image in ill else 0,
            )
        )
        return None

    def remove(world: World, argv: tuple[str, ...]) -> Ran | None:
        for service in argv[argv.index("--force") + 1 :]:
            world.containers.pop(f"shop-{service}-1", None)
        return None

    world.react("docker", "compose", "up", reaction=up)
    world.react("docker", "compose", "rm", reaction=remove)
    world.react("docker", "compose", "run")
    world.react("docker", "compose", "stop")
    return world


def shop_at(folder: Path) -> Path:
    """The shop's folder with its context file."""
    root = (folder / "shop").resolve()
    root.mkdir(exist_ok=True)
    (root / ".project-context.md").write_text(CONTEXT)
    return root


def session(folder: Path, world: World, *overrides: str) -> Session:
    """A session in the shop that says yes to everything."""
    return open_shop(folder, mode=Mode(yes=True), world=world, approver=Says(yes=True), overrides=overrides)


def composed(world: World) -> list[str]:
    """The commands of Compose that were run, without the options that name the stack."""
    argvs = [line.split() for line in world.done if line.startswith("docker compose")]
    return [" ".join(argv[argv.index(command_of(argv[2:])) :]) for argv in argvs]
