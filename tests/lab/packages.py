"""Fetch Debian packages through a private apt configuration and unpack them into the cache."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.lab.places import LabError, execute, home, say

ENGINE_SUITE = "forky"
ENGINE_PACKAGES = (
    "containerd",
    "docker-buildx",
    "docker-cli",
    "docker-compose",
    "docker.io",
    "tini-static",
)
# The suite's own runc needs a newer libc than the host's, so these come from the host's release.
HOST_PACKAGES = {"runc": "runc", "iptables": "iptables"}
KEYRING = "usr/share/keyrings/debian-archive-keyring.gpg"
NEEDED = (
    "usr/bin/containerd",
    "usr/bin/containerd-shim-runc-v2",
    "usr/bin/docker",
    "usr/bin/docker-init",
    "usr/libexec/docker/cli-plugins/docker-buildx",
    "usr/libexec/docker/cli-plugins/docker-compose",
    "usr/sbin/docker-proxy",
    "usr/sbin/dockerd",
    KEYRING,
)


@dataclass(frozen=True)
class Mirror:
    """One Debian repository of the host's own apt configuration."""

    uri: str
    suite: str
    keyring: Path = Path("/") / KEYRING

    def stanza(self) -> str:
        """Return the deb822 text that declares this repository."""
        text = f"Types: deb\nURIs: {self.uri}\nSuites: {self.suite}\nComponents: main\n"
        return text + (f"Signed-By: {self.keyring}\n" if self.keyring.exists() else "")


def check_host() -> None:
    """Raise LabError with the next step if this host cannot start an engine of its own."""
    if platform.system() != "Linux":
        raise LabError("the lab starts an engine on Linux only; start Docker and try again")
    if os.geteuid() != 0:
        raise LabError("the lab starts an engine as root only; start Docker or run as root")
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise LabError("the lab needs apt-get and dpkg; start Docker or use a Debian host")


def host_mirrors() -> list[Mirror]:
    """Return the main Debian repository and, where configured, its security one."""
    if not shutil.which("apt-get"):
        return []
    release = platform.freedesktop_os_release()
    codename = release.get("VERSION_CODENAME", "")
    if release.get("ID") != "debian" or not codename:
        return []
    fields = "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)"
    listing = execute(["apt-get", "indextargets", "--format", fields, "Created-By: Packages"])
    rows = [line.split("\t") for line in listing.splitlines()]
    found = {suite: Mirror(uri, suite) for uri, suite, part in rows if part == "main"}
    wanted = (codename, f"{codename}-security")
    return [found[suite] for suite in wanted if suite in found]


def main_mirror() -> Mirror:
    """Return the host's main Debian repository or raise LabError if there is none."""
    mirrors = host_mirrors()
    if not mirrors:
        raise LabError("apt has no Debian repository; start Docker or use a Debian host")
    return mirrors[0]


def tree() -> Path:
    """Return the directory into which the engine's packages are unpacked."""
    return home() / "packages"


def search_path() -> str:
    """Return a PATH that finds the lab's programs first and the system's after them."""
    own = [str(tree() / "usr/bin"), str(tree() / "usr/sbin")]
    inherited = os.environ.get("PATH", os.defpath).split(os.pathsep)
    rest = [entry for entry in inherited if entry not in own]
    system = [entry for entry in ("/usr/sbin", "/sbin") if entry not in rest]
    return os.pathsep.join([*own, *rest, *system])


def apt(*words: str, cwd: Path | None = None) -> None:
    """Run apt-get with the lab's own sources, lists and cache, leaving the host's untouched."""
    base = home() / "apt"
    options = {
        "APT::Sandbox::User": "root",
        "APT::Default-Release": main_mirror().suite,
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": f"{base}/sources",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::State::lists": f"{base}/lists",
        "Dir::Cache": f"{base}/cache",
        "Acquire::Retries": "3",
        "DPkg::Lock::Timeout": "300",
    }
    settings = [f"-o{name}={value}" for name, value in options.items()]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        execute(["apt-get", "--quiet", *settings, *words], env=quiet, cwd=cwd)
    except LabError as error:
        raise LabError(f"{error}; check the network, or start Docker, and try again") from error


def refresh(*extra: Mirror) -> None:
    """Declare the host's repositories and the extra ones, then update the private lists."""
    base = home() / "apt"
    for folder in ("sources", "lists/partial", "cache/archives/partial"):
        (base / folder).mkdir(parents=True, exist_ok=True)
    stanzas = [mirror.stanza() for mirror in (*host_mirrors(), *extra)]
    (base / "sources/lab.sources").write_text("\n".join(stanzas))
    apt("update", "--error-on=any")


def unpack(names: tuple[str, ...], target: Path) -> None:
    """Download these packages and unpack them into the target without installing them."""
    downloads = target.with_name(f"{target.name}.debs")
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    apt("download", *names, cwd=downloads)
    for package in sorted(downloads.glob("*.deb")):
        execute(["dpkg", "-x", package, target])
    shutil.rmtree(downloads)


def install(programs: dict[str, str]) -> None:
    """Install the host's own package of every program that is missing here."""
    missing = [package for program, package in programs.items() if not which(program)]
    if missing:
        say(f"installing {', '.join(missing)}")
        apt("install", "--yes", "--no-install-recommends", *missing)


def which(program: str) -> str | None:
    """Find a program on the PATH that the engine will have."""
    return shutil.which(program, path=search_path())


def intact() -> bool:
    """Tell whether the unpacked tree is complete and its daemon can be run."""
    if not all((tree() / name).is_file() for name in NEEDED):
        return False
    try:
        execute([tree() / "usr/sbin/dockerd", "--version"])
    except LabError:
        return False
    return True


def ensure_packages() -> None:
    """Fetch what the engine needs unless all of it is there already."""
    check_host()
    if intact() and all(which(program) for program in HOST_PACKAGES):
        return
    refresh()
    install(HOST_PACKAGES)
    if not intact():
        fetch_engine()


def fetch_engine() -> None:
    """Unpack the engine's packages beside the tree and put them in its place when complete."""
    say(f"fetching {', '.join(ENGINE_PACKAGES)}")
    mirror = main_mirror()
    partial = tree().with_name("packages.partial")
    shutil.rmtree(partial, ignore_errors=True)
    # An older keyring may lack the newer suite's key, and this release brings the current one.
    unpack(("debian-archive-keyring",), partial)
    if mirror.suite != ENGINE_SUITE:
        refresh(Mirror(mirror.uri, ENGINE_SUITE, partial / KEYRING))
    unpack(tuple(f"{name}/{ENGINE_SUITE}" for name in ENGINE_PACKAGES), partial)
    shutil.rmtree(tree(), ignore_errors=True)
    partial.rename(tree())
