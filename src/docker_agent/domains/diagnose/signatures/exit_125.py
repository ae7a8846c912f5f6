"""`docker run` or `docker create` refuses before there is a container: exit code 125."""

from __future__ import annotations

import re
from collections.abc import Iterator

from docker_agent.core.finding import Finding
from docker_agent.core.signature import signature
from docker_agent.domains.diagnose.messages import spoken
from docker_agent.domains.diagnose.snapshot import Snapshot

FLAG = re.compile(
    r"^(?P<what>unknown (?:shorthand )?flag: .*|(?:docker: )?unknown (?:docker )?command: .*"
    r"|flag needs an argument: .*|invalid argument \".*\" for \".*\" flag: .*)$",
    re.MULTILINE,
)
LIMIT = re.compile(
    r"(?P<what>Minimum memory limit allowed is \S+|range of CPUs is from [^,\n]*|Requested CPUs are not available[^\n]*"
    r"|Requested memory nodes are not available[^\n]*|Minimum memoryswap limit should be larger than memory limit"
    r"|Minimum memory limit can not be less than memory reservation limit"
    r"|You should always set the Memory limit when using Memoryswap limit"
    r"|Invalid value -?\d+, range for oom score adj is [^\n]*)"
)


@signature(code="exit-125-cli-flag", area="process")
def exit_125_cli_flag(snapshot: Snapshot) -> Iterator[Finding]:
    """The docker command does not understand its own arguments.

    The engine was never asked and no container was made; where the engine refuses a value the message begins with
    `Error response from daemon` (`exit-125-daemon-validate`).

    Seen
    ----
        unknown flag: --no-such-flag
        unknown shorthand flag: 'y' in -y
        docker: unknown command: docker frobnicate
        flag needs an argument: --name
        invalid argument "x" for "-m, --memory" flag: invalid size: 'x'
    """
    for refusal in spoken(snapshot, FLAG):
        yield refusal.found(
            message=f"The docker command was refused: {refusal.match['what'].removeprefix('docker: ')}.",
            cause="A flag or command is misspelt, unknown to this version, or stands after the image's name.",
            fix="Correct it: flags of docker go before the image, and `docker COMMAND --help` lists them.",
        )


@signature(code="exit-125-daemon-validate", area="process")
def exit_125_daemon_validate(snapshot: Snapshot) -> Iterator[Finding]:
    """A limit does not fit this host, so the engine makes no container.

    The message names the bound: CPUs that the host does not have, memory below 6 MB, swap below memory. A flag that
    docker itself does not understand is `exit-125-cli-flag`.

    Seen
    ----
        docker: Error response from daemon: Minimum memory limit allowed is 6MB
        docker: Error response from daemon: range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available
        docker: Error response from daemon: Requested CPUs are not available - requested 5000, available: 0-1
        docker: Error response from daemon: Minimum memoryswap limit should be larger than memory limit, see usage
    """
    for refusal in spoken(snapshot, LIMIT):
        yield refusal.found(
            message=f"A limit does not fit the host: {refusal.match['what']}.",
            cause="The value lies outside what this host or the engine allows.",
            fix="Set a value within the bound that the message names (memswap_limit counts memory and swap together).",
        )
