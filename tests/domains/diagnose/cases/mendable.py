"""Failures as the fake host shows them whose compose file says enough for a plan."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, container, ended, never_started

from docker_agent.host.models import Attachment, Mount

M = 2**20

FAILURES: dict[str, Case] = {
    "chown, all dropped": Case(
        "cap-chown",
        ended(1, raw={"HostConfig": {"CapDrop": ["ALL"]}}),
        ["chown: /data: Operation not permitted"],
        body=["cap_drop: [ALL]", "cap_add: [KILL]"],
    ),
    "node, with a limit": Case(
        "exit-134-node-heap",
        ended(134, memory_limit=512 * M),
        ["FATAL ERROR: JavaScript heap out of memory"],
        body=["environment:", "  - NODE_OPTIONS=--trace-warnings --max-old-space-size=64"],
    ),
    "size of logs": Case(
        "log-opt",
        never_started("failed to initialize logging driver: invalid size: 'zz'"),
        body=["logging: {driver: json-file, options: {max-size: zz}}"],
    ),
    "fluentd is away": Case(
        "log-remote-down",
        never_started("failed to initialize logging driver: dial tcp 127.0.0.1:24224: connect: connection refused"),
        body=["logging: {driver: fluentd}"],
    ),
    "low port, forbidden in the file": Case(
        "low-port",
        ended(1, user="1000"),
        ["httpd: bind: Permission denied"],
        body=["sysctls: [net.ipv4.ip_unprivileged_port_start=1024]"],
    ),
    "ports on the host's network, in the file": Case(
        "port-hostnet",
        {"network_mode": "host", "raw": {"HostConfig": {"PortBindings": {"80/tcp": [{}]}}}},
        body=["network_mode: host", 'ports: ["80:80"]'],
    ),
    "address taken": Case(
        "net-ip-used",
        never_started("failed to set up container networking: Address already in use"),
        body=["networks:", "  default: {ipv4_address: 10.9.0.5}"],
    ),
    "alone on the bridge": Case(
        "dns-default-bridge",
        ended(1, networks=(Attachment(network="bridge"),), network_mode="bridge"),
        ["nc: bad address 'db'"],
        body=["network_mode: bridge", "init: true"],
        others=[container("db", networks=(Attachment(network="shop_default"),))],
    ),
    "port that is free again": Case(
        "port-allocated",
        never_started("Bind for 0.0.0.0:8080 failed: port is already allocated"),
        body=['ports: ["8080:80"]'],
    ),
    "volume of root": Case(
        "perm-named-volume",
        ended(1, user="1000:1000", mounts=(Mount(kind="volume", target="/d", name="shop_data"),)),
        ["touch: /d/x: Permission denied"],
        body=["user: 1000:1000", 'volumes: ["data:/d"]', "init: true\nvolumes:\n  data:\nx-rest:"],
    ),
    "killed by a person": Case(
        "exit-137-kill",
        ended(137),
        events=[("kill", 101, {"signal": "9"}), ("die", 100, {"exitCode": "137"})],
    ),
    "looks for one that was stopped": Case(
        "dns-servfail",
        ended(1, networks=(Attachment(network="front"),)),
        ["nc: bad address 'db'"],
        others=[container("db", status="exited", networks=(Attachment(network="front"),))],
    ),
    "started before its upstream": Case(
        "ngx-host-not-found",
        ended(1, networks=(Attachment(network="front"),)),
        ['nginx: [emerg] host not found in upstream "db" in /etc/nginx/nginx.conf:3'],
        others=[container("db", networks=(Attachment(network="front"),))],
    ),
    "stale upstream": Case(
        "ngx-502",
        {"networks": (Attachment(network="front"),)},
        [
            'connect() failed (113: No route to host) while connecting to upstream, upstream: "http://172.19.0.9:80/"',
        ],
    ),
}
