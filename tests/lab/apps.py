"""Versions of the lab's small web application, as a project that releases them would have built them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

from tests.lab import engine, images
from tests.lab.places import LabError, execute, home, locked


def ensure_app(version: str, **env: str) -> str:
    """Return the tag of a version of the application, made only if it is absent or its environment changed.

    `env` are the variables that dockerfiles/app/app.py reads, for instance APP_STOP="abrupt".
    """
    first = images.ensure_image("app")
    tag = f"{first.rpartition(':')[0]}:{version}"
    if tag == first:
        if env:
            raise LabError(
                f"{tag} is the image that the others build upon; choose another version for this environment"
            )
        return tag
    variables = {**env, "APP_VERSION": version}
    text = json.dumps([images.fingerprint("app"), variables], sort_keys=True)
    recipe = hashlib.sha256(text.encode()).hexdigest()
    environment = {**os.environ, **engine.up().environment}
    with locked(f"app-{version}"):
        if images.read_label(tag, environment) != recipe:
            context = home() / "work" / f"app-{version}"
            shutil.rmtree(context, ignore_errors=True)
            context.mkdir(parents=True)
            (context / "Dockerfile").write_text(_dockerfile(first, variables))
            execute(["docker", "build", "--tag", tag, *images.labels(recipe), context], env=environment)
            shutil.rmtree(context)
    return tag


def _dockerfile(first: str, variables: dict[str, str]) -> str:
    quoted = (f"{name}={json.dumps(value).replace('$', chr(92) + '$')}" for name, value in sorted(variables.items()))
    return f"FROM {first}\nENV {' '.join(quoted)}\n"
