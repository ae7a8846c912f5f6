"""Make the root file systems on which every image of the lab stands."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.lab import packages
from tests.lab.places import execute, say

DEBIAN_RELEASE = "bookworm"
ACCOUNTS = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
        "www-data:x:33:33:www-data:/var/www:/bin/false\n"
        "nobody:x:65534:65534:nobody:/home:/bin/false\n"
    ),
    "etc/group": "root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n",
    "etc/shadow": "root:*:::::::\n",
}
LEAN_APT = """\
APT::Install-Recommends "false";
APT::Keep-Downloaded-Packages "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
"""
FOLDERS = {"root": 0o700, "tmp": 0o1777, "var/tmp": 0o1777, "home": 0o755, "var/www": 0o755}


def busybox(context: Path) -> None:
    """Write the archive of a system that is one static program and links to it."""
    unpacked = context / "busybox"
    packages.refresh()
    packages.unpack(("busybox-static",), unpacked)
    program = next(path for path in unpacked.glob("**/bin/busybox") if path.is_file())
    applets = execute([program, "--list-full"]).split()
    with tarfile.open(context / "rootfs.tar", "w") as archive:
        for folder, mode in FOLDERS.items():
            archive.addfile(member(folder, mode, tarfile.DIRTYPE))
        for name, text in ACCOUNTS.items():
            entry = member(name, 0o640 if name.endswith("shadow") else 0o644)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
        entry = member("bin/busybox", 0o755)
        entry.size = program.stat().st_size
        with program.open("rb") as content:
            archive.addfile(entry, content)
        for applet in applets:
            if applet != "bin/busybox":
                link = member(applet, 0o777, tarfile.SYMTYPE)
                link.linkname = "/bin/busybox"
                archive.addfile(link)
    shutil.rmtree(unpacked)


def member(name: str, mode: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """Return an archive entry of root's that does not depend on the time of the build."""
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type = mode, kind
    return entry


def debian(context: Path) -> None:
    """Write the archive of a minimal Debian whose apt uses the host's own mirrors."""
    mirror = packages.main_mirror()
    packages.refresh()
    packages.install({"debootstrap": "debootstrap"})
    system = context / "system"
    extra = ["--include=ca-certificates"] if mirror.uri.startswith("https") else []
    say("bootstrapping Debian, which takes a minute")
    # In a mount namespace of its own, an interrupted run leaves no mounts behind.
    execute(
        [
            *("unshare", "--mount", "debootstrap", "--variant=minbase"),
            *(*extra, DEBIAN_RELEASE, system, mirror.uri),
        ]
    )
    write_apt_configuration(system)
    for folder in ("var/cache/apt/archives", "var/lib/apt/lists"):
        shutil.rmtree(system / folder)
        (system / folder / "partial").mkdir(parents=True)
    execute(["tar", "--numeric-owner", "-C", system, "-cf", context / "rootfs.tar", "."])
    shutil.rmtree(system)


def write_apt_configuration(system: Path) -> None:
    """Point apt at the host's mirrors and keep services from starting in a build."""
    main, *others = packages.host_mirrors()
    uris = {DEBIAN_RELEASE: main.uri}
    uris |= {f"{DEBIAN_RELEASE}-security": other.uri for other in others}
    lines = [f"deb {uri} {suite} main\n" for suite, uri in uris.items()]
    (system / "etc/apt/sources.list").write_text("".join(lines))
    (system / "etc/apt/apt.conf.d/lean").write_text(LEAN_APT)
    policy = system / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)


MAKERS: dict[str, Callable[[Path], None]] = {"busybox": busybox, "debian": debian}
