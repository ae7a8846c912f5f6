"""Containers that get no GPU, on a second engine with a hook that plays NVIDIA's and with CDI specifications."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.lab.second_engine import second_engine
from tests.live.failures import Broken, broken_project, check, docker, examined, explained, refused

from docker_agent.domains.diagnose.collect import collect
from docker_agent.domains.diagnose.rank import examine
from docker_agent.host.engine import connect
from docker_agent.project.context.model import ProjectContext
from docker_agent.project.workspace import Workspace

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
    pytest.mark.skipif(os.geteuid() != 0, reason="a second engine needs root"),
]

IMAGE = "docker-agent-lab/busybox:1"
# Prints what the container's variable HOOK_SAYS holds, as nvidia-container-cli would, and fails.
HOOK = """#!/bin/sh
bundle=$(sed 's/.*"bundle":"\\([^"]*\\)".*/\\1/')
said=$(sed -n 's/.*"HOOK_SAYS=\\([^"]*\\)".*/\\1/p' "$bundle/config.json")
[ -z "$said" ] || { echo "nvidia-container-cli: $said" >&2; exit 1; }
"""
HOOKED = {
    "gpu-hook-nvml-mismatch": "initialization error: nvml error: driver/library version mismatch",
    "gpu-hook-libml": "initialization error: load library failed: libnvidia-ml.so.1: cannot open shared object file: "
    "no such file or directory",
    "gpu-hook-cuda-req": "requirement error: unsatisfied condition: cuda>=12.6, please update your driver",
    "gpu-hook-bpf": "mount error: bpf_prog_query(BPF_CGROUP_DEVICE) failed: operation not permitted",
    "gpu-hook-ldconfig": "ldcache error: open failed: /sbin/ldconfig.real: no such file or directory",
    "gpu-mig-bad": "device error: MIG-1c2d3e4f: unknown device",
    "gpu-wsl": "initialization error: WSL environment detected but no adapters were found",
}
# What `docker run` is told, on an engine with the hook, a runtime whose program is gone, and CDI specifications.
RUNS = {
    "gpu-count-ids": ("--gpus", "count=1,device=0"),
    "gpu-cdi-unresolvable": ("--device", "nvidia.com/gpu=9"),
    "gpu-cdi-nodev": ("--device", "nvidia.com/nodev=0"),
    "gpu-cdi-stale-lib": ("--device", "nvidia.com/lib=0"),
    "gpu-runtime-unknown": ("--runtime", "nosuch"),
    "gpu-runtime-path": ("--runtime", "nvidia"),
    "amd-cdi": ("--device", "amd.com/gpu=0"),
    "amd-kfd-missing": ("--device", "/dev/kfd"),
}
LIBRARY = "/usr/lib/x86_64-linux-gnu/libcuda.so.550.54"
SPECIFICATIONS = {
    "gpu": {"env": ["A=1"]},
    "nodev": {"deviceNodes": [{"path": "/dev/nvidia9"}]},
    "lib": {"mounts": [{"hostPath": LIBRARY, "containerPath": LIBRARY, "options": ["ro", "nosuid", "nodev", "rbind"]}]},
}


def specification(kind: str, edits: object) -> str:
    """A CDI specification of one device."""
    device = {"name": "0", "containerEdits": edits}
    return json.dumps({"cdiVersion": "0.6.0", "kind": f"nvidia.com/{kind}", "devices": [device]})


@pytest.fixture(scope="module")
def engine() -> Generator[dict[str, str]]:
    """An engine that believes to have NVIDIA's toolkit."""
    devices = {f"{kind}.json": specification(kind, edits) for kind, edits in SPECIFICATIONS.items()}
    with second_engine(
        [images.ensure_image("busybox")],
        programs={"nvidia-container-runtime-hook": HOOK},
        devices={**devices, "cut.json": "{bad"},
        settings={"runtimes": {"nvidia": {"path": "/nosuch/nvidia-container-runtime"}}},
    ) as environment:
        yield environment


def by_name(environment: dict[str, str]) -> Workspace:
    """The containers of an engine, none of which belongs to a project."""
    reads = connect({**os.environ, **environment}).reads
    return Workspace(host=reads, root=Path("/nosuch"), context=ProjectContext(), project="dalab-gpu")


def test_a_start_that_the_gpu_prevents_is_explained_by_its_message_and_its_state(engine: dict[str, str]) -> None:
    commands = {code: ("--gpus", "all", "-e", f"HOOK_SAYS={said}") for code, said in HOOKED.items()} | RUNS
    ws = by_name(engine)

    def run(code: str) -> list[str]:
        done = docker("run", "--name", code, *commands[code], IMAGE, "true", environment=engine)
        said = explained(done.stderr)
        states = [each.code for each in examine(collect(ws, [code])) if each.object == code]
        # An unknown runtime makes no container at all.
        wanted = [] if code == "gpu-runtime-unknown" else [code]
        return [f"{code}: {said} {states} {done.stderr}"] if said != [code] or states[:1] != wanted else []

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(run, commands)
    assert [line for answer in answers for line in answer] == []


def test_a_specification_that_cannot_be_read_is_said_without_any_message(engine: dict[str, str]) -> None:
    found = [each for each in examine(collect(by_name(engine))) if each.code == "gpu-cdi-bad-spec"]
    assert [each.object.rpartition("/")[2] for each in found] == ["cut.json"]


def test_two_containers_with_a_count_share_their_cards(engine: dict[str, str]) -> None:
    names = ["same-one", "same-two"]
    for name, cards in {**dict.fromkeys(names, "2"), "own": "device=3"}.items():
        shown = ("sh", "-c", "echo $NVIDIA_VISIBLE_DEVICES; exec sleep 600")
        docker("run", "-d", "--init", "--name", name, "--gpus", cards, IMAGE, *shown, environment=engine)
    try:
        seen = [docker("logs", name, environment=engine).stdout for name in (*names, "own")]
        assert seen == ["0,1\n", "0,1\n", "3\n"]
        found = examine(collect(by_name(engine), [*names, "own"]))
        of_containers = [(each.code, each.object) for each in found if each.code != "gpu-cdi-bad-spec"]
        assert of_containers == [("gpu-count-same", name) for name in names]
    finally:
        docker("rm", "-f", *names, "own", environment=engine)


PLAIN = {
    "driver": Broken("gpu-no-driver", "gpus: all"),
    "reserved": Broken(
        "gpu-no-driver",
        "deploy: {resources: {reservations: {devices: [{driver: nvidia, count: 1, capabilities: [gpu]}]}}}",
    ),
    "amdflag": Broken(
        "amd-gpus-flag",
        "deploy: {resources: {reservations: {devices: [{driver: amd, count: 1, capabilities: [gpu]}]}}}",
    ),
    "kfd": Broken("amd-kfd-missing", "devices: [/dev/kfd]"),
    "slice": Broken(
        "gpu-mig-bad",
        "deploy: {resources: {reservations: {devices: "
        "[{driver: cdi, device_ids: ['nvidia.com/gpu=0:1'], capabilities: [gpu]}]}}}",
    ),
}
SAID = {
    "gpu-nvml-unknown": "Failed to initialize NVML: Unknown Error",
    "gpu-no-cuda-device": "RuntimeError: No CUDA GPUs are available: no CUDA-capable device is detected",
    "gpu-driver-insufficient": "CUDA driver version is insufficient for CUDA runtime version",
    "gpu-libcuda-missing": "libcuda.so.1: cannot open shared object file: No such file or directory",
    "gpu-arch": "CUDA error: no kernel image is available for execution on the device",
    "gpu-oom": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB",
    "amd-kfd-perm": "Unable to open /dev/kfd read-write: Permission denied",
    "amd-kfd-einval": "Unable to open /dev/kfd read-write: Invalid argument",
    "amd-gfx": "hipErrorNoBinaryForGpu: Unable to find code object for all current devices",
}


def test_what_an_engine_without_a_toolkit_and_programs_say_is_explained(tmp_path: Path) -> None:
    said = {code: Broken(code, f'command: ["sh", "-c", "echo \'{line}\' >&2; exit 1"]') for code, line in SAID.items()}
    services = {**PLAIN, **said, "well": Broken("", 'command: ["true"]')}
    with broken_project(tmp_path, "dalab-gpu", services, settle_s=1.0) as workspace:
        check(services, examined(workspace))
        for name, case in PLAIN.items():
            assert explained(refused("start", f"dalab-gpu-{name}-1")) == [case.code]
