"""Make the images that the tests need, with no image registry."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.lab import engine, packages, programs, rootfs
from tests.lab.places import LabError, execute, home, locked, say

RECIPES = Path(__file__).with_name("dockerfiles")
LABEL = "docker-agent.lab"
# What follows a dash in a name tells apart the versions of one recipe.
VERSIONS = {
    "app": "1",
    "busybox": "1",
    "caddy": "2.11.7",
    "debian": "12",
    "mariadb": "10.11",
    "nginx": "1.22",
    "postgres": "15",
    "python": "3.11",
    "redis": "7",
    "traefik": "3.7.15",
    "traefik-3.2": "3.2.3",
}
# Images that nobody else publishes, each with the one that it builds upon.
OWN = {"app": "python"}


def recipe_of(name: str) -> str:
    """Return the folder of the image's recipe, which is also the official image's name."""
    return name.partition("-")[0]


def tag(name: str) -> str:
    """Return the tag of the lab's image of this name."""
    return f"docker-agent-lab/{recipe_of(name)}:{VERSIONS[name]}"


def base(name: str) -> str:
    """Return the lab's image that this one builds upon, "" for one that begins with nothing."""
    if name in rootfs.MAKERS:
        return ""
    if name in OWN:
        return OWN[name]
    return "busybox" if recipe_of(name) in programs.PACKAGES else "debian"


def ensure_image(name: str) -> str:
    """Return the tag of an image, which is made only if it is absent or its recipe changed."""
    if name not in VERSIONS:
        raise LabError(f"the lab has no image {name!r}; choose one of {', '.join(VERSIONS)}")
    environment = {**os.environ, **engine.up().environment}
    recipe = fingerprint(name)
    if read_label(tag(name), environment) == recipe:
        return tag(name)
    offline = bool(packages.host_mirrors())
    if base(name) and (offline or name in OWN):
        ensure_image(base(name))
    with locked(f"image-{name}"):
        if read_label(tag(name), environment) != recipe:
            build(name, recipe, environment, offline=offline)
    return tag(name)


def fingerprint(name: str) -> str:
    """Return a digest of everything in this folder that decides what the image holds."""
    digest = hashlib.sha256()
    if name in rootfs.MAKERS:
        digest.update(Path(rootfs.__file__).read_bytes())
    else:
        digest.update(fingerprint(base(name)).encode())
    if recipe_of(name) in programs.PACKAGES:
        digest.update(VERSIONS[name].encode())
    for path in sorted((RECIPES / recipe_of(name)).iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def read_label(image: str, environment: dict[str, str]) -> str | None:
    """Return the recipe label of the present image, or nothing if there is no such image."""
    template = f'{{{{index .Config.Labels "{LABEL}.recipe"}}}}'
    command = ["docker", "image", "inspect", "--format", template, image]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def labels(recipe: str) -> list[str]:
    """Return the options of `docker build` that mark an image as the lab's and keep its recipe."""
    return [f"--label={LABEL}=1", f"--label={LABEL}.recipe={recipe}"]


def build(name: str, recipe: str, environment: dict[str, str], *, offline: bool) -> None:
    """Build one image from its recipe, or from the official image where apt is not Debian's."""
    say(f"making {tag(name)}")
    context = home() / "work" / name
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(RECIPES / recipe_of(name), context)
    if not offline and name not in OWN:
        (context / "Dockerfile").write_text(f"FROM {recipe_of(name)}:{VERSIONS[name]}\n")
    elif name in rootfs.MAKERS:
        rootfs.MAKERS[name](context)
    elif recipe_of(name) in programs.PACKAGES:
        programs.fetch(recipe_of(name), VERSIONS[name], context)
    old = execute(["docker", "image", "ls", "--quiet", "--no-trunc", tag(name)], env=environment).split()
    execute(["docker", "build", "--tag", tag(name), *labels(recipe), context], env=environment)
    if old:
        # A container may still use the former image, which then stays.
        subprocess.run(["docker", "image", "rm", *old], env=environment, capture_output=True, check=False)
    shutil.rmtree(context)
