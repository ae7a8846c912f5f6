"""The looks of a deployment: a job ended well, and a service runs exactly the image that was meant."""

from __future__ import annotations

from collections.abc import Mapping

from docker_agent.core.errors import CheckFailed
from docker_agent.host.check import Scalar, named_check
from docker_agent.host.host import Reads, Tell
from docker_agent.host.models import Container

LOOK_S = 0.5
TELL_S = 15.0
ONE_OFF = "com.docker.compose.oneoff"


@named_check("deploy-job-done")
def job_done(reads: Reads, args: Mapping[str, Scalar], tell: Tell) -> str:
    """A job came to its end with code 0.

    Arguments of the step: `project`, `service` and `timeout_s`.

    Raises
    ------
    CheckFailed: it ended with another code, or did not end in time.
    """
    service, limit = str(args["service"]), float(args["timeout_s"])
    began = told = reads.now()
    while True:
        found = containers_of(reads, str(args["project"]), service)
        bad = [each for each in found if each.status in {"exited", "dead"} and each.exit_code]
        if bad or not found:
            said = f"ended with code {bad[0].exit_code}" if bad else "has no container"
            raise CheckFailed(f"The job {service} {said}.", f"Read why: docker-agent stack logs {service}.")
        if all(each.status == "exited" for each in found):
            return f"{service} ended with code 0"
        now = reads.now()
        if now - began >= limit:
            raise CheckFailed(f"The job {service} did not end in {limit:.0f} s.", "Give it more time with --wait-s.")
        if now - told >= TELL_S:
            told = now
            tell(f"waiting for the job {service} to end")
        reads.sleep(LOOK_S)


@named_check("deploy-runs")
def runs_image(reads: Reads, args: Mapping[str, Scalar], _tell: Tell) -> str:
    """The containers of a service run the image that was meant when the plan was made.

    Arguments of the step: `project`, `service` and `image_id`.

    Raises
    ------
    CheckFailed: one runs another image.
    """
    wanted, service = str(args["image_id"]), str(args["service"])
    for container in containers_of(reads, str(args["project"]), service):
        if container.image_id != wanted:
            raise CheckFailed(
                f"{container.name} runs {container.image_id[:19]}, not {wanted[:19]} that was meant.",
                "Its tag or the service was changed meanwhile: see `docker-agent log`, and ask for the plan again.",
            )
    return f"{service} runs {wanted[:19]}"


def containers_of(reads: Reads, project: str, service: str) -> list[Container]:
    """The containers of a service, without those of `docker compose run`."""
    return [
        each
        for each in reads.containers(project)
        if each.service == service and each.labels.get(ONE_OFF, "").lower() != "true"
    ]
