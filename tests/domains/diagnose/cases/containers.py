"""How each failure looks: the words are those that Engine 28.5 and the programs themselves use."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, checked, container, ended, mounted, never_started, stamp

from docker_agent.host.models import Listener, Port

M = 2**20
RUNC = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
)
DENIED = 'unable to start container process: exec: "/app/run": permission denied: unknown'
MISSING = 'unable to start container process: exec: "nosuch": executable file not found in $PATH: unknown'
KIND = "error mounting: not a directory: Are you trying to mount a directory onto a file (or vice-versa)?"
UNHEALTHY = {"health": "unhealthy", "failing_streak": 3}
ASKS_8080 = {"health_test": ("CMD-SHELL", "nc 127.0.0.1 8080"), "health_log": checked(1, "refused")}
DIE = "die"

FAILURES = {
    "notexec": Case("exit-126-notexec", never_started(RUNC + DENIED, 126), body=['command: ["/app/run"]']),
    "notexec, said by an init": Case(
        "exit-126-notexec", ended(126), ["[FATAL tini (6)] exec /app/run failed: Permission denied"]
    ),
    "notfound, said by an init": Case(
        "exit-127-notfound", ended(127), ["[FATAL tini (6)] exec nosuch failed: No such file or directory"]
    ),
    "notfound": Case("exit-127-notfound", never_started(RUNC + MISSING, 127), body=['command: ["nosuch"]']),
    "mount": Case("exit-127-mount", never_started(RUNC + KIND, 127)),
    "user": Case("run-user", never_started("unable to find user nosuch: no matching entries in passwd file")),
    "address": Case("port-addr", never_started("listen tcp4 192.0.2.9:80: bind: cannot assign requested address")),
    "network": Case("net-missing", never_started("network 3f2a9c not found")),
    "device path": Case(
        "vol-bind-opt",
        never_started(
            "failed to mount local volume: mount /nope:/var/lib/docker/v/_data, flags: 0x1000: "
            "no such file or directory"
        ),
    ),
    "share": Case(
        "vol-nfs",
        never_started(
            "failed to mount local volume: mount :/p:/var/lib/docker/v/_data, data: addr=192.0.2.1: connection refused"
        ),
    ),
    "log option": Case("log-opt", never_started("failed to initialize logging driver: invalid size: 'zz'")),
    "log server": Case(
        "log-remote-down",
        never_started("failed to initialize logging driver: dial tcp 127.0.0.1:24224: connect: connection refused"),
    ),
    "descriptors at start": Case(
        "nofile-runc", never_started("error creating scratch pipe: pipe2: too many open files")
    ),
    "port of a container": Case(
        "port-allocated",
        never_started("driver failed: Bind for 0.0.0.0:8080 failed: port is already allocated"),
        body=["ports:", '  - "8080:80"'],
        others=[container("db", ports=(Port(container_port=80, host_port=8080),))],
    ),
    "port of the host": Case(
        "port-inuse-host",
        never_started("failed to bind host port for 0.0.0.0:8080:172.17.0.2:80/tcp: address already in use"),
        body=["ports:", '  - "8080:80"'],
    ),
    "port of the host, docker 29": Case(
        "port-inuse-host",
        never_started("failed to bind host port 127.0.0.1:8080/tcp: address already in use"),
    ),
    "engine error": Case("exit-128-engine", never_started("something that nobody knows")),
    "old container": Case("start-err-on-old-container", ended(137, error="something that nobody knows")),
    "oom": Case(
        "exit-137-oom",
        ended(137, oom_killed=True, memory_limit=16 * M),
        events=[("oom", 101, {}), (DIE, 100, {"exitCode": "137"})],
        body=["mem_limit: 16m"],
    ),
    "oom in a loop": Case(
        "exit-137-oom",
        {"status": "restarting", "exit_code": 137, "oom_killed": True, "restart_count": 7, "memory_limit": 16 * M},
    ),
    "oom that the engine missed": Case(
        "exit-137-oom",
        {"status": "restarting", "exit_code": 137, "restart_count": 5, "memory_limit": 16 * M},
        events=[(DIE, 100, {"exitCode": "137"})],
    ),
    "oom, runs just now": Case(
        "exit-137-oom",
        {"restart_count": 4, "memory_limit": 16 * M, "started_from": 2},
        events=[("start", 8, {}), ("oom", 5, {}), (DIE, 5, {"exitCode": "137"}), ("start", 2, {})],
    ),
    "oom again, which pushed all else out of the events": Case(
        "exit-137-oom",
        {"restart_count": 4, "oom_killed": True, "memory_limit": 16 * M, "started_from": 2},
        events=[("oom", 1, {}), ("oom", 0, {})],
    ),
    "oom of a child": Case("oom-child-exit0", {"oom_killed": True, "memory_limit": 16 * M}),
    "oom of a child, long after a restart": Case(
        "oom-child-exit0", {"restart_count": 1, "oom_killed": True, "memory_limit": 16 * M, "started_from": 900}
    ),
    "deaf, started again": Case(
        "exit-137-stop-timeout",
        {},
        events=[
            ("kill", 110, {"signal": "15"}),
            ("kill", 100, {"signal": "9"}),
            (DIE, 100, {"exitCode": "137"}),
            ("stop", 100, {}),
            ("start", 99, {}),
        ],
    ),
    "deaf, signals forgotten": Case(
        "exit-137-stop-timeout",
        {},
        events=[("stop", 100, {}), (DIE, 100, {"exitCode": "137"}), ("start", 99, {})],
    ),
    "deaf": Case(
        "exit-137-stop-timeout",
        ended(137),
        events=[
            ("kill", 110, {"signal": "15"}),
            ("kill", 100, {"signal": "9"}),
            (DIE, 100, {"exitCode": "137"}),
            ("stop", 100, {}),
        ],
    ),
    "killed": Case("exit-137-kill", ended(137), events=[("kill", 100, {"signal": "9"}), (DIE, 100, {})]),
    "killed by the host": Case("exit-137-kill", ended(137), events=[(DIE, 100, {"exitCode": "137"})]),
    "132": Case("exit-132", ended(132)),
    "134": Case("exit-134", ended(134), ["assertion failed"]),
    "node": Case("exit-134-node-heap", ended(134), ["FATAL ERROR: JavaScript heap out of memory"]),
    "135": Case("exit-135", ended(135)),
    "136": Case("exit-136", ended(136)),
    "139": Case("exit-139", ended(139)),
    "crash of the host": Case("exit-255-crash", ended(255)),
    "format": Case("exit-255-exec-format", ended(255), ["exec /app: exec format error"]),
    "format, old runc": Case("exit-255-exec-format", ended(1), ["exec /app: exec format error"]),
    "interpreter": Case("exec-no-such-file", ended(255), ["exec /app.sh: no such file or directory"]),
    "in a shell": Case("exit-127-in-shell", ended(127), ["sh: nosuch: not found"]),
    "in bash": Case("exit-127-in-shell", ended(127), ["bash: line 1: nosuch: command not found"]),
    "in a shell, mode": Case("exit-126-in-shell", ended(126), ["sh: /etc/passwd: Permission denied"]),
    "syntax": Case("exit-2-shell-syntax", ended(2), ["sh: syntax error: unexpected end of file"]),
    "ended": Case("exit-0-unexpected", ended(0, health_test=("CMD", "true")), events=[(DIE, 100, {"exitCode": "0"})]),
    "app": Case("exit-1-app", ended(1), ["boom"]),
    "signal of another kind": Case("exit-1-app", ended(142), ["alarm"]),
    "loop": Case("restart-loop", {"status": "restarting", "exit_code": 3, "restart_count": 9}, ["crash"]),
    "loop, nothing known": Case("restart-loop", {"restart_count": 9, "started_from": 1}),
    "job in a loop": Case(
        "restart-loop-exit0",
        {"status": "restarting", "restart_count": 9, "restart_policy": "always"},
        body=["restart: always"],
    ),
    "gave up": Case(
        "onfailure-exhausted",
        ended(4, restart_count=3, restart_max=3, restart_policy="on-failure"),
    ),
    "paused": Case("paused", {"status": "paused"}),
    "unhealthy": Case("health-unhealthy", {**UNHEALTHY, "health_log": checked(1, "nope")}),
    "slow check": Case(
        "health-timeout",
        {**UNHEALTHY, "health_log": checked(-1, "Health check exceeded timeout (1s)")},
        body=["healthcheck:", "  test: sleep 5", "  timeout: 1s"],
    ),
    "no tool": Case(
        "health-tool-missing-shell",
        {**UNHEALTHY, "health_log": checked(127, "/bin/sh: curl: not found\n")},
    ),
    "no tool, another code": Case(
        "health-tool-missing-shell", {**UNHEALTHY, "health_log": checked(1, "/bin/sh: 1: curl: not found\n")}
    ),
    "wrong port in the check": Case(
        "health-wrong-port",
        {**UNHEALTHY, **ASKS_8080},
        body=["healthcheck:", "  test: nc 127.0.0.1 8080"],
        listeners={"shop-web-1": [Listener(ip="::", port=9090)]},
    ),
    "right port in the check": Case(
        "health-unhealthy",
        {**UNHEALTHY, **ASKS_8080},
        listeners={"shop-web-1": [Listener(ip="127.0.0.1", port=8080), Listener(ip="::", port=9090)]},
    ),
    "nothing listens": Case("health-unhealthy", {**UNHEALTHY, **ASKS_8080}, listeners={"shop-web-1": []}),
    "no tool in bash": Case(
        "health-tool-missing-shell",
        {**UNHEALTHY, "health_log": checked(127, "bash: line 1: curl: command not found")},
    ),
    "no tool, no shell": Case(
        "health-tool-missing-exec",
        {
            **UNHEALTHY,
            "health_log": checked(
                -1,
                'OCI runtime exec failed: exec failed: unable to start container process: exec: "curl": '
                "executable file not found in $PATH: unknown",
            ),
        },
    ),
    "localhost is ::1": Case(
        "health-localhost-ipv6",
        {
            **UNHEALTHY,
            "health_test": ("CMD-SHELL", "curl http://localhost:80"),
            "health_log": checked(7, "connect to ::1 port 80 failed: Connection refused"),
        },
        body=["healthcheck:", "  test: curl http://localhost:80"],
    ),
    "starting": Case("health-starting-forever", {"health": "starting", "health_log": checked(1, "nope", 4)}),
    "pids": Case("pids-limit", ended(2, pids_limit=5), ["sh: can't fork: Resource temporarily unavailable"]),
    "threads": Case(
        "pids-limit", ended(1, pids_limit=50), ["java.lang.OutOfMemoryError: unable to create native thread"]
    ),
    "open files": Case("nofile", ended(1), ["accept4: Too many open files"]),
    "shm": Case("shm-full", ended(1), ["dd: error writing '/dev/shm/x': No space left on device"]),
    "shm, postgres": Case(
        "shm-full", ended(1), ["ERROR: could not resize shared memory segment: No space left on device"]
    ),
    "tmpfs": Case(
        "tmpfs-full",
        ended(1, raw={"HostConfig": {"Tmpfs": {"/d": "size=1m"}}}),
        ["dd: error writing '/d/x': No space left on device"],
        body=['tmpfs: ["/d:size=1m"]'],
    ),
    "disk": Case("disk-full-container", ended(1), ["write /data/x: no space left on device"]),
    "watches": Case("inotify-watches", ended(1), ["ENOSPC: System limit for number of file watchers reached"]),
    "read-only root": Case(
        "ro-rootfs",
        ended(1, read_only=True),
        ["sh: can't create /tmp/x: Read-only file system"],
        body=["read_only: true"],
    ),
    "read-only mount": Case(
        "ro-mount",
        ended(1, read_only=True, mounts=mounted("volume", "/v", read_only=True)),
        ["sh: can't create /v/x: Read-only file system"],
    ),
    "bind owner": Case(
        "perm-bind",
        ended(1, user="1000", mounts=mounted("bind", "/d")),
        ["touch: /d/x: Permission denied"],
    ),
    "volume owner": Case(
        "perm-named-volume",
        ended(1, user="1000", mounts=mounted("volume", "/d")),
        ["touch: /d/x: Permission denied"],
    ),
    "image owner": Case("perm-rootfs", ended(1, user="1000"), ["can't create /x: Permission denied"]),
    "capability": Case(
        "cap-chown",
        ended(1, raw={"HostConfig": {"CapDrop": ["CAP_CHOWN"]}}),
        ["chown: /etc/passwd: Operation not permitted"],
    ),
    "socket": Case("exit-1-app", ended(1, user="1000"), ["listen unix /run/x.sock: bind: permission denied"]),
    "low port": Case("low-port", ended(1, user="1000"), ["httpd: bind: Permission denied"]),
    "postgres version": Case("pg-version", ended(1), ["FATAL:  database files are incompatible with server"]),
    "postgres mode": Case("pg-datadir-perm", ended(1), ['FATAL:  data directory "/v" has invalid permissions']),
    "mysql": Case(
        "mysql-datadir", ended(1), ["--initialize specified but the data directory has files in it. Aborting."]
    ),
    "localhost": Case("net-localhost", ended(1), ["nc: can't connect to remote host (127.0.0.1): Connection refused"]),
    "localhost, node": Case("net-localhost", ended(1), ["Error: connect ECONNREFUSED 127.0.0.1:5432"]),
    "refused": Case("net-conn-refused", ended(1), ["dial tcp 172.18.0.2:5433: connect: connection refused"]),
    "name": Case("dns-servfail", ended(1), ["nc: bad address 'dbb'"]),
    "name, node": Case("dns-servfail", ended(1), ["Error: getaddrinfo ENOTFOUND dbb"]),
}

HEALTHY = {
    "server": Case("", {"health": "healthy", "health_log": checked(0, "ok")}, ["listening on 80"]),
    "no check": Case("", {}),
    "starting": Case("", {"health": "starting"}),
    "starting slowly": Case("", {"health": "starting", "health_log": checked(1, "not yet", 1)}),
    "finished job": Case("", ended(0), ["migrated"], [(DIE, 100, {"exitCode": "0"})]),
    "failed once, then finished": Case(
        "", ended(0, restart_policy="on-failure", restart_count=1), ["no", "done"], [(DIE, 100, {"exitCode": "0"})]
    ),
    "stopped, 143": Case(
        "",
        ended(143, restart_policy="always"),
        events=[("kill", 101, {"signal": "15"}), (DIE, 100, {"exitCode": "143"}), ("stop", 100, {})],
    ),
    "stopped, 0, with ports": Case(
        "",
        ended(0, ports=(Port(container_port=80, host_port=8080),)),
        events=[("kill", 101, {"signal": "15"}), (DIE, 100, {"exitCode": "0"}), ("stop", 100, {})],
    ),
    "stopped long ago, always": Case("", ended(0, restart_policy="always", health_test=("CMD", "true"))),
    "interrupted": Case("", ended(130)),
    "created only": Case("", {"status": "created"}),
    "old complaint of a run before": Case(
        "", {"health": "healthy", "restart_policy": "always"}, ["listening"], [("start", 300, {})]
    ),
    "logs a little": Case("", {"log_driver": "json-file"}, ["a line"] * 150),
    "waits for a healthy one": Case(
        "",
        {"status": "created", "created_at": stamp(5)},
        body=["depends_on: [db]"],
        others=[container("db", health="healthy")],
    ),
}
