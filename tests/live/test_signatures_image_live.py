"""Images that cannot be had, loaded, removed or run, each refused by the real engine, and the cause that is named."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.lab import fixtures, images
from tests.lab import registry as shelves
from tests.lab.registry import Shelf, registry, self_signed
from tests.live.failures import Broken, broken_project, check, docker, examined, explained, refused

from docker_agent.domains.diagnose.explain import explain

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(fixtures.reason_without_engine() is not None, reason=fixtures.reason_without_engine() or ""),
]

PROJECT = "dalab-image"
HUB = "127.0.0.1:28750"
ARM_PROGRAM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + bytes(100)
FAULTS = {
    "hidden": shelves.NAME_UNKNOWN,
    "locked": shelves.UNAUTHORIZED,
    "private": shelves.DENIED,
    "popular": shelves.TOO_MANY_REQUESTS,
    "ill": shelves.UNAVAILABLE,
}

PULLS: dict[str, tuple[str, ...]] = {
    "img-name-unknown": (f"{HUB}/hidden", f"{HUB}/nowhere:1"),
    "img-notfound": (f"{HUB}/app:2",),
    "img-unauthorized": (f"{HUB}/locked",),
    "img-denied": (f"{HUB}/private",),
    "img-ratelimit": (f"{HUB}/popular",),
    "img-5xx": (f"{HUB}/ill",),
    "img-arch-nomanifest": (f"{HUB}/arm-list:1",),
    "img-registry-down": ("127.0.0.1:28753/app:1",),
    "img-dns": ("registry.invalid/app:1",),
}
# What else refuses: codes by the docker command.
COMMANDS = {
    "run --rm --pull never dalab-image/nosuch:1": "img-pull-never",
    "tag dalab-image/nosuch:1 dalab-image/x:1": "img-pull-never",
    "run --rm Bad:1": "img-badref",
    "run --rm app:": "img-badref",
    "run --rm -v /a b/c:/x busybox": "img-badref",
    "tag docker-agent-lab/busybox:1 Bad": "img-badref",
    "image load": "img-load-bad",
}


@pytest.fixture(scope="module")
def outside() -> str:
    """An address of this machine that the engine asks for TLS."""
    return docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}").stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def hub(outside: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A registry in the clear on the loopback and on an outer address, and one with a certificate of nobody's."""
    images.ensure_image("busybox")
    shelf = Shelf(faults=dict(FAULTS))
    shelf.put_image("app", "1", {"program": ARM_PROGRAM}, platform="linux/arm64")
    shelf.put_index("arm-list", "1", {"program": ARM_PROGRAM}, platforms=("linux/arm64", "linux/s390x"))
    certificate = self_signed(tmp_path_factory.mktemp("tls"), outside)
    with ExitStack() as stack:
        stack.enter_context(registry(shelf, port=28750))
        stack.enter_context(registry(shelf, address=outside, port=28751, certificate=certificate))
        stack.enter_context(registry(shelf, address=outside, port=28752))
        yield
        docker("image", "rm", f"{HUB}/app:1")


def differences(expected: Mapping[tuple[str, ...], str]) -> dict[tuple[str, ...], object]:
    """The docker commands whose refusal is not explained by exactly the expected code, and by which it is."""

    def refusal(words: tuple[str, ...]) -> str:
        return refused(*words)

    with ThreadPoolExecutor(6) as pool:
        said = dict(zip(expected, pool.map(refusal, expected), strict=True))
    return {
        words: (code, found, said[words])
        for words, code in expected.items()
        if (found := explained(said[words])) != [code]
    }


def test_what_a_registry_refuses_is_explained(outside: str) -> None:
    pulls = {
        **PULLS,
        "img-x509": (f"{outside}:28751/app:1",),
        "img-http-https": (f"{outside}:28752/app:1",),
    }
    assert differences({("pull", name): code for code, names in pulls.items() for name in names}) == {}


def test_what_the_engine_refuses_is_explained() -> None:
    assert differences({tuple(words.split()): code for words, code in COMMANDS.items()}) == {}


def test_a_base_image_that_a_build_does_not_get_is_explained(outside: str, tmp_path: Path) -> None:
    bases = {**PULLS, "img-x509": (f"{outside}:28751/app:1",), "img-http-https": (f"{outside}:28752/app:1",)}
    # BuildKit says the same of a repository that is not there as of a tag.
    bases["img-notfound"] += bases.pop("img-name-unknown")
    expected: dict[tuple[str, ...], str] = {}
    for code, names in bases.items():
        for name in names:
            file = tmp_path / f"{code}-{len(expected)}"
            file.write_text(f"FROM {name}\nCOPY . .\n")
            expected["build", "-f", str(file), str(tmp_path)] = code
    assert differences(expected) == {}


def test_an_image_of_another_processor_is_told_from_a_bad_script(tmp_path: Path) -> None:
    assert explained(docker("run", "--rm", f"{HUB}/app:1").stderr) == ["img-arch-mismatch"]
    (tmp_path / "script").write_text("echo x\n")
    (tmp_path / "script").chmod(0o755)
    services = {
        "arm": Broken("exit-255-exec-format", f"image: {HUB}/app:1"),
        "script": Broken("exit-255-exec-format", 'command: ["/script"], volumes: ["./script:/script:ro"]'),
    }
    with broken_project(tmp_path, PROJECT, services, settle_s=1.5) as workspace:
        findings = examined(workspace)
        check(services, findings)
        causes = {finding.object: finding.cause for finding in findings}
        assert "The image is for arm64" in causes["arm"]
        assert "a script without #!" in causes["script"]

        (tmp_path / "compose.yaml").write_text(f"name: {PROJECT}\nservices:\n  web:\n    image: {HUB}/app:2\n")
        found = explain(workspace, refused("compose", "up", "-d", cwd=tmp_path))
        assert [each.code for each in found] == ["img-notfound"]
        assert found[0].evidence[-1].where == "compose.yaml:4:12"


def test_archives_that_are_no_images_are_explained(tmp_path: Path) -> None:
    whole = tmp_path / "whole.tar"
    assert docker("save", "-o", str(whole), "docker-agent-lab/busybox:1").returncode == 0
    (tmp_path / "cut.tar").write_bytes(whole.read_bytes()[:100_000])
    (tmp_path / "junk.tar").write_bytes(b"junk")
    with tarfile.open(tmp_path / "other.tar", "w") as other:
        other.add(tmp_path / "junk.tar", "junk.tar")
    names = ("cut.tar", "junk.tar", "other.tar")
    assert differences({("load", "-i", str(tmp_path / name)): "img-load-bad" for name in names}) == {}


def test_an_image_in_use_names_its_container(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM docker-agent-lab/busybox:1\nLABEL docker-agent.lab=1\n")
    image, container = f"{PROJECT}/used:1", f"{PROJECT}-user"
    docker("rm", "-f", container)
    assert docker("build", "-t", image, str(tmp_path)).returncode == 0
    try:
        assert docker("create", "--name", container, image, "true").returncode == 0
        assert explained(refused("image", "rm", image)) == ["img-rmi-used"]
    finally:
        docker("rm", "-f", container)
        docker("image", "rm", image)
