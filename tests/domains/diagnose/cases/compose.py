"""Services that wait for others, files that Compose refuses while a container of before runs, and replicas."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, checked, container, ended

from docker_agent.host.models import Port

CREATED = {"status": "created"}
HEALTHY_DB = ["depends_on:", "  db: {condition: service_healthy}"]
DONE_DB = ["depends_on:", "  db: {condition: service_completed_successfully}"]
TAKEN = "endpoint shop-web-1 (04f9): Bind for 0.0.0.0:8080 failed: port is already allocated"
SECOND = container(ports=(Port(container_port=80, host_port=8080),)).model_copy(update={"name": "shop-web-2"})

FAILURES = {
    "waiting": Case(
        "cmp-dep-unhealthy",
        CREATED,
        body=HEALTHY_DB,
        others=[container("db", health="unhealthy", health_log=checked(1, "no"))],
    ),
    "waiting for no check": Case("cmp-dep-nohealth", CREATED, body=HEALTHY_DB, others=[container("db")]),
    "waiting for one that ended": Case(
        "cmp-dep-exited", CREATED, body=HEALTHY_DB, others=[container("db", **ended(3))]
    ),
    "waiting for a failed job": Case("cmp-job-failed", CREATED, body=DONE_DB, others=[container("db", **ended(3))]),
    "undeclared network": Case("cmp-undef", {}, body=["networks: [nowhere]"]),
    "itself": Case("cmp-cycle", {}, body=["depends_on: [web]"]),
    "unknown key": Case("cmp-schema", {}, body=["prots: ['80:80']"]),
    "no env file": Case("cmp-envfile", {}, body=["env_file: nowhere.env"]),
    "required variable": Case("cmp-required-var", {}, body=["command: '${NOWHERE_SET:?set it}'"]),
    "mode and networks": Case("cmp-netmode", {}, body=["network_mode: host", "networks: [default]"]),
    "name and replicas": Case("cmp-scale-name", {}, body=["container_name: shop", "deploy: {replicas: 2}"]),
    "extends nothing": Case("cmp-refused", {}, body=["extends: {service: nowhere}"]),
    "count and ids": Case("gpu-count-ids", {}, body=["gpus: [{count: 1, device_ids: ['0']}]"]),
    "no capabilities": Case(
        "gpu-compose-nocap", {}, body=["deploy: {resources: {reservations: {devices: [{count: 1}]}}}"]
    ),
}

HEALTHY = {
    "waiting for one that starts": Case("", CREATED, body=HEALTHY_DB, others=[container("db", health="starting")]),
    "waiting for a job at work": Case("", CREATED, body=DONE_DB, others=[container("db")]),
}
