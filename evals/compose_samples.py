"""Compose files as people write them, as many as wanted, always the same: input for benchmarks."""

from __future__ import annotations

import random

SERVICES: dict[str, str] = {
    "web": """    image: nginx:{tag}
    restart: unless-stopped
    ports:
      - "{port}:80"
    volumes:
      - ./nginx/conf.d:/etc/nginx/conf.d:ro
    depends_on:
      - app
""",
    "app": """    build:
      context: .
      args:
        NODE_ENV: production
    environment:
      DATABASE_URL: postgres://app:${{DB_PASSWORD}}@db:5432/app
      REDIS_URL: redis://cache:6379/0
      LOG_LEVEL: info   # debug is loud
    env_file: .env
    depends_on:
      db:
        condition: service_healthy
      cache:
        condition: service_started
    healthcheck:
      test: ["CMD", "node", "healthcheck.js"]
      interval: 30s
      timeout: 5s
      retries: 3
""",
    "db": """    image: postgres:{tag}
    # the data must survive
    volumes:
      - db_data:/var/lib/postgresql/data
    environment:
      - POSTGRES_USER=app
      - POSTGRES_PASSWORD=${{DB_PASSWORD:?set it in .env}}
      - POSTGRES_DB=app
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U app"]
      interval: 10s
      retries: 5
    deploy:
      resources:
        limits: {{memory: 1g, cpus: '1.0'}}
""",
    "cache": """    image: redis:latest
    command: redis-server --save 60 1 --loglevel warning
    volumes: [cache_data:/data]
""",
    "proxy": """    image: traefik:v3.7
    command:
      - --providers.docker=true
      - --entrypoints.web.address=:80
    ports: ["{port}:80", "127.0.0.1:{admin}:8080"]
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
    labels:
      traefik.enable: "true"
      traefik.http.routers.api.rule: Host(`traefik.example.com`)
""",
    "worker": """    image: registry.example.com/team/worker:${{TAG:-1.4.{tag}}}
    user: "1000:1000"
    read_only: true
    tmpfs: [/tmp]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
    logging:
      driver: json-file
      options: {{max-size: 10m, max-file: "3"}}
    networks: [back]
""",
    "metrics": """    image: prom/prometheus:v2.{tag}.0
    privileged: true
    network_mode: host
    volumes:
      - /:/rootfs:ro
      - type: bind
        source: ./prometheus.yml
        target: /etc/prometheus/prometheus.yml
""",
}
END = """
networks:
  back:
    driver: bridge

volumes:
  db_data:
  cache_data:
"""
ONE = ("web", "app", "db", "cache")


def sample(number: int) -> str:
    """The file of a number: one to seven services in any order, two of a kind among them."""
    chance = random.Random(number)  # noqa: S311 - the same files every time
    names = chance.sample(sorted(SERVICES), chance.randint(1, len(SERVICES)))
    if "app" not in names and "web" in names:
        names.append("app")
    if "app" in names:
        names += [name for name in ("db", "cache") if name not in names]
    return file_of(names, number)


def usual_sample() -> str:
    """One file of about fifty lines with four services."""
    return file_of(ONE, 0)


def file_of(names: list[str] | tuple[str, ...], number: int) -> str:
    """A file with some of the services."""
    body = "".join(
        f"\n  {name}:\n"
        + SERVICES[name].format(tag=14 + number % 4, port=8000 + number % 900, admin=9000 + number % 90)
        for name in names
    )
    return "services:" + body + END
