"""An entry under volumes cannot be read as it was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

NAME = re.compile(r'"(?P<name>[^"\n]*)" includes invalid characters for a local volume name')
MODE = re.compile(
    r"Error response from daemon: invalid (?:mode: (?P<mode>\S+)|volume specification: '(?P<spec>[^'\n]*)')"
)
DRIVE = re.compile(r"invalid mount path: '(?P<spec>(?P<name>[A-Za-z]):/[^'\n]*)' mount path must be absolute")


@signature(code="vol-name-invalid", area="storage")
def vol_name_invalid(snapshot: Snapshot) -> Iterator[Finding]:
    """A folder was meant, but it is read as the name of a volume.

    What does not begin with / or ./ is a name, and names have no slashes or blanks. A name of one letter is
    `vol-drive- letter`.

    Seen
    ----
        Error response from daemon: create data/web: "data/web" includes invalid characters for a local volume name
    """
    for refusal in spoken(snapshot, NAME):
        name = refusal.match["name"]
        yield refusal.found(
            message=f"{name} is no name for a volume.",
            cause="A path must begin with / or ./; anything else is taken as a volume's name.",
            fix=f"Write ./{name} or an absolute path for a folder, or a name of letters, digits, `_`, `.` and `-`.",
        )


@signature(code="vol-mode", area="storage")
def vol_mode(snapshot: Snapshot) -> Iterator[Finding]:
    """The third part of a volume entry is no known mode.

    After the second colon only ro, rw, z, Z, nocopy and the propagation words may stand. Compose quotes the whole
    entry, docker only the mode.

    Seen
    ----
        docker: Error response from daemon: invalid mode: zz
        Error response from daemon: invalid volume specification: 'a:/d:zz:rw'
    """
    for refusal in spoken(snapshot, MODE):
        what = refusal.match["mode"] or refusal.match["spec"]
        yield refusal.found(
            message=f"The mode of a mount is not understood: {what}.",
            cause="The part after the second colon is misspelt, or a path holds a colon of its own.",
            fix="Use :ro, :rw, :z or :Z; write paths with a colon in the long form (type, source, target).",
        )


@signature(code="vol-drive-letter", area="storage")
def vol_drive_letter(snapshot: Snapshot) -> Iterator[Finding]:
    """A volume whose name has one letter is taken for a Windows drive.

    `x:/d` reads like a path on drive X, so the whole entry becomes the mount's target. Nothing is wrong with the
    volume itself; `vol-name-invalid` is a name with forbidden characters.

    Seen
    ----
        invalid mount config for type "volume": invalid mount path: 'x:/d' mount path must be absolute
    """
    for refusal in spoken(snapshot, DRIVE):
        name = refusal.match["name"]
        yield refusal.found(
            message=f"{refusal.match['spec']} is read as a path on drive {name.upper()}.",
            cause="Compose takes one letter before the colon for a Windows drive.",
            fix=f"Use a longer name (with `name: {name}` it stays the same volume), or the long form.",
        )
