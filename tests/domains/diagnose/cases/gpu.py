"""Containers that get no GPU, or cannot use the one they have."""

from __future__ import annotations

from tests.domains.diagnose.places import Case, container, ended, never_started

ONE = {"HostConfig": {"DeviceRequests": [{"Driver": "", "Count": 1, "DeviceIDs": None, "Capabilities": [["gpu"]]}]}}
TWO = {"HostConfig": {"DeviceRequests": [{"Driver": "", "Count": 2, "DeviceIDs": None, "Capabilities": [["gpu"]]}]}}
OWN = {"HostConfig": {"DeviceRequests": [{"Driver": "", "Count": 0, "DeviceIDs": ["1"], "Capabilities": [["gpu"]]}]}}
NO_DRIVER = 'could not select device driver "" with capabilities: [[gpu]]'

FAILURES = {
    "gpu": Case("gpu-no-driver", never_started(NO_DRIVER)),
    "gpu of amd": Case("amd-gpus-flag", never_started(NO_DRIVER, image="rocm/pytorch:latest")),
    "cdi": Case(
        "gpu-cdi-unresolvable",
        never_started("CDI device injection failed: unresolvable CDI devices nvidia.com/gpu=all"),
    ),
    "the same cards": Case("gpu-count-same", {"raw": TWO}, others=[container("db", raw=TWO)]),
    "no device": Case("gpu-no-cuda-device", ended(1), ["RuntimeError: no CUDA-capable device is detected"]),
    "gpu memory": Case("gpu-oom", ended(1, raw=ONE), ["torch.OutOfMemoryError: CUDA out of memory."]),
    "kfd closed": Case(
        "amd-kfd-perm", ended(1, user="1000"), ["Unable to open /dev/kfd read-write: Permission denied"]
    ),
}

HEALTHY = {
    "cards of their own": Case("", {"raw": TWO}, others=[container("db", raw=OWN)]),
    "one card for two": Case("", {"raw": ONE}, others=[container("db", raw=ONE)]),
}
