"""Find the engine as the docker command does: DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

import docker
import docker.errors
import requests.exceptions
from docker.context import ContextAPI
from docker.utils import kwargs_from_env

from docker_agent.core.errors import AgentError, EngineUnreachable, InputError

OLDEST_API = (1, 43)
# docker-py has a pool for each URL and closes the oldest, whether a thread is about to use it or not; 25 are too few.
POOLS = 100
SLOW_S = 0.5
RETRY_S = 10.0


class Connection:
    """One engine connection for the whole process, opened on first use; safe to use from many threads.

    Parameters
    ----------
    environment: where DOCKER_HOST and DOCKER_CONTEXT are read.
    timeout_s: limit of one call, seconds.
    handshake_s: limit of the first call, which asks for the version, seconds.
    """

    def __init__(self, environment: Mapping[str, str], timeout_s: int = 60, handshake_s: int = 5) -> None:
        self._environment = dict(environment)
        self._timeout_s = timeout_s
        self._handshake_s = handshake_s
        self._lock = threading.Lock()
        self._api: Any = None
        self._failed = ("", "")
        self._retry_at = 0.0

    @property
    def context(self) -> str:
        """Name of the context in use; `DOCKER_HOST` where that variable decides.

        Raises
        ------
        InputError: DOCKER_CONTEXT names a context that does not exist. (docker-py 7.2 would quietly use the default.)
        """
        if self._environment.get("DOCKER_HOST"):
            return "DOCKER_HOST"
        wanted = self._environment.get("DOCKER_CONTEXT", "")
        known: Any = ContextAPI.get_context(wanted) if wanted else True
        if known is None:
            raise InputError(
                f"The Docker context {wanted!r} named by DOCKER_CONTEXT does not exist.",
                "See `docker context ls`, or unset DOCKER_CONTEXT.",
            )
        if wanted:
            return wanted
        return str(ContextAPI.get_current_context().name)

    @property
    def endpoint(self) -> str:
        """Address of the engine."""
        return self._environment.get("DOCKER_HOST") or str(ContextAPI.get_context(self.context).Host)

    @property
    def api(self) -> Any:
        """The low-level client, connected and with the API version agreed.

        Raises
        ------
        EngineUnreachable: nothing answers, access is denied, or the engine is too old. Where that took long, it is said
            again at once for the next ten seconds, so that many threads do not wait for it one after the other.
        """
        with self._lock:
            if self._api is None:
                self._api = self._connect_or_recall()
        return self._api

    def _connect_or_recall(self) -> Any:
        began = time.monotonic()
        if began < self._retry_at:
            raise EngineUnreachable(*self._failed)
        try:
            return self._connect()
        except EngineUnreachable as error:
            if time.monotonic() - began >= SLOW_S:
                self._failed, self._retry_at = (error.message, error.next_step), time.monotonic() + RETRY_S
            raise

    def _connect(self) -> Any:
        context = self.context
        try:
            _knock(self.endpoint, self._handshake_s)
            named: Mapping[str, Any] = kwargs_from_env(environment=self._environment)
            make: Any = docker.DockerClient
            client = make(version="auto", timeout=self._handshake_s, max_pool_size=40, num_pools=POOLS, **named)
        except (docker.errors.DockerException, OSError, ValueError) as error:
            raise EngineUnreachable(
                f"No Docker Engine answers at {self.endpoint} (context {context}): {reason(error)}.",
                "Start it (`sudo systemctl start docker`), or choose another with `docker context use` or DOCKER_HOST.",
            ) from error
        api: Any = client.api
        version = tuple(int(part) for part in str(api.api_version).split(".")[:2])
        if version < OLDEST_API:
            client.close()
            raise EngineUnreachable(
                f"The engine speaks API {api.api_version}; this needs 1.43 or newer (Engine 24).",
                "Upgrade Docker Engine.",
            )
        api.timeout = self._timeout_s
        return api


def _knock(endpoint: str, timeout_s: float) -> None:
    """Open the engine's Unix socket once: where that fails, docker-py would leave one open behind it."""
    path = endpoint.removeprefix("http+").removeprefix("unix://")
    if path.startswith("/"):
        with socket.socket(socket.AF_UNIX) as door:
            door.settimeout(timeout_s)
            door.connect(path)


def reason(error: Exception) -> str:
    """The heart of a nested connection error, in a few words."""
    text = str(error)
    for sign, words in (
        ("Permission denied", "permission denied (is your user in the docker group?)"),
        ("No such file or directory", "there is no socket"),
        ("FileNotFoundError", "there is no socket"),
        ("Connection refused", "connection refused"),
        ("Name or service not known", "the host name is unknown"),
        ("timed out", "timed out"),
    ):
        if sign in text:
            return words
    return text.split("\n", 1)[0][:200].rstrip(". ")


@contextmanager
def asking(what: str) -> Generator[None]:
    """Turn the client's errors into ours while asking the engine for something.

    Raises
    ------
    InputError: the object is not there (404) or the request makes no sense now (400, 403, 409).
    EngineUnreachable: the connection broke or timed out.
    AgentError: anything else that the engine says.
    """
    try:
        yield
    except docker.errors.NotFound as error:
        raise InputError(f"{what}: {said(error)}.", "Look at what is there with `docker-agent stack list`.") from error
    except docker.errors.APIError as error:
        kind = InputError if error.status_code in {400, 403, 409} else AgentError
        raise kind(f"{what}: the engine says: {said(error)}.") from error
    except (requests.exceptions.RequestException, ConnectionError, TimeoutError) as error:
        raise EngineUnreachable(
            f"{what}: the engine stopped answering: {reason(error)}.", "Check it with `docker-agent doctor`."
        ) from error


def said(error: docker.errors.APIError) -> str:
    """The engine's own words in an API error, one line."""
    return str(error.explanation or error).strip().replace("\n", " ").rstrip(".")
