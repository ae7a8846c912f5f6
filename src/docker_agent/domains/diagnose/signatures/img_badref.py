"""Names of images that are no names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

PATTERN = re.compile(
    r"(?:invalid reference format(?:: repository name \((?P<upper>[^)\n]{1,255})\))?"
    r"|invalid tag \"[^\"\n]{1,255}\": repository name)(?P<lower> must be lowercase)?"
)


@signature(code="img-badref", area="image")
def img_badref(snapshot: Snapshot) -> Iterator[Finding]:
    """What stands where the image's name belongs is no name of an image.

    A capital letter, a tag that is empty because a variable is not set (`app:${TAG}`), or a space in a path that was
    not quoted, so that its rest is taken for the image. In a Dockerfile's FROM it is `bld-arg`.

    Seen
    ----
        docker: invalid reference format: repository name (library/Bad) must be lowercase
        docker: invalid reference format
        unable to get image 'app:': Error response from daemon: invalid reference format
    """
    for refusal in spoken(snapshot, PATTERN):
        match = refusal.match
        if "parse stage name" in match.string[: match.start()].rpartition("\n")[2]:
            continue
        if match["lower"]:
            message = f"{match['upper'] or 'The name of the image'} has capital letters; repositories have none."
            cause = "Only a tag may have capital letters."
            fix = "Write the name in small letters."
        else:
            message = "The image's name cannot be read."
            cause = "A variable in it is not set, or a space in an option (a path) was not quoted."
            fix = "Set the variable or give it a default (`${TAG:-1.0}`), and quote paths with spaces."
        yield refusal.found(message=message, cause=cause, fix=fix)
