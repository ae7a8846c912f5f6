"""What can go wrong between the agent and a model's service: a sentence, a next step, a second try or not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT_S = 60.0
LATER = "Try again in a few minutes, or work without the service: --model offline."
UNREACHED = "Check the network, HTTPS_PROXY and ANTHROPIC_BASE_URL, or work without the service: --model offline."

STATUS_OF_KIND = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


@dataclass(frozen=True)
class Fault:
    """Why a turn broke.

    Attributes
    ----------
    reason: one sentence without its full stop.
    retry: whether another attempt may help.
    wait_s: seconds that the service asked to wait, None where it did not say.
    pace_s: seconds before the second attempt, doubled for each further one.
    """

    reason: str
    next_step: str
    retry: bool = False
    wait_s: float | None = None
    pace_s: float = 2.0


CUT_SHORT = Fault("The model's answer stopped before it was complete", LATER, retry=True)
UNREADABLE = Fault("The model's answer could not be read", LATER, retry=True)
BAD_CALL = Fault("The model asked for a tool with arguments that are not a JSON object", LATER, retry=True)
STALLED = Fault("The model's service stopped sending in the middle of an answer", LATER, retry=True)
DROPPED = Fault("The connection to the model's service broke in the middle of an answer", LATER, retry=True)
NO_CREDENTIAL = Fault(
    "There is no key for the model's service",
    "Set ANTHROPIC_API_KEY (or ANTHROPIC_BASE_URL for a server of your own), or work without one: --model offline.",
)
BAD_CREDENTIAL = Fault(
    "The credentials for the model's service could not be loaded",
    "Check ANTHROPIC_PROFILE and its files, or set ANTHROPIC_API_KEY.",
)
BAD_KEY = Fault(
    "The key has a character that cannot be sent",
    "Check ANTHROPIC_API_KEY for a line break, a space or a letter outside ASCII.",
)


def from_status(status: int, kind: str, words: str, headers: Mapping[str, str], *, model: str, host: str) -> Fault:
    """The fault behind an error answer.

    Parameters
    ----------
    status: HTTP status; 200 for an error event in the middle of a stream, where `kind` tells instead.
    kind: `error.type` of the answer's body, empty where there is none.
    words: the service's own short explanation, already safe to show; may be empty.
    """
    code = STATUS_OF_KIND.get(kind, 500) if status < 400 else status
    said = f": {words.rstrip('.')}" if words else ""
    refused = _REFUSALS.get(code)
    if refused:
        reason, next_step = refused
        return Fault(reason.format(model=model, host=host) + said, next_step)
    if code not in {408, 409, 429} and code < 500:
        return Fault(
            f"{host} answered with HTTP {code}{said}", "Check ANTHROPIC_BASE_URL and the proxy, if there is one."
        )
    return _passing(code, said, headers)


_REFUSALS = {
    400: (
        "The model's service refused the request",
        "If the conversation is too long, start a new one; otherwise try another model: --model NAME.",
    ),
    401: (
        "The key for the model's service was refused",
        "Check ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN), or work without one: --model offline.",
    ),
    402: (
        "The model's service asks for payment",
        "Check the plan and the credit of the key's organization, or work without the service: --model offline.",
    ),
    403: (
        "The key may not use {model} at {host}",
        "Check what the key's workspace allows, or choose another model: --model NAME.",
    ),
    404: (
        "There is no model {model} at {host}",
        "Check the name given with --model or DOCKER_AGENT_MODEL, and ANTHROPIC_BASE_URL.",
    ),
    413: (
        "The request is larger than the model's service takes",
        "Start a new conversation, or ask about fewer things at once.",
    ),
    422: (
        "The model's service refused the request",
        "If the conversation is too long, start a new one; otherwise try another model: --model NAME.",
    ),
}


def _passing(code: int, said: str, headers: Mapping[str, str]) -> Fault:
    names = {
        429: "The key has reached its rate limit",
        408: "The model's service took too long",
        504: "The model's service took too long",
        529: "The model's service is overloaded",
    }
    reason = names.get(code, f"The model's service failed with HTTP {code}") + said
    wait_s = retry_after(headers)
    if wait_s is not None and wait_s > MAX_WAIT_S:
        return Fault(reason, f"It asks to wait: try again in {math.ceil(wait_s)} s, or use --model offline.")
    if headers.get("x-should-retry") == "false":
        return Fault(reason, LATER)
    return Fault(reason, LATER, retry=True, wait_s=wait_s)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the answer asks to wait (`retry-after-ms`, or `retry-after` in seconds or as a date), else None."""
    seconds = _number(headers.get("retry-after-ms")) / 1000
    if math.isnan(seconds):
        seconds = _number(headers.get("retry-after"))
    if math.isnan(seconds):
        seconds = _seconds_until(headers.get("retry-after", ""))
    return seconds if seconds >= 0 else None


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return math.nan
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def unreachable(chain: list[BaseException], host: str) -> Fault:
    """The fault behind a call that never got an answer, by the names of the errors that caused each other."""
    names = {cls.__name__ for error in chain for cls in type(error).__mro__}
    if names & {"UnsupportedProtocol", "InvalidURL"}:
        return Fault("ANTHROPIC_BASE_URL is not a web address", "Set it to one that starts with http:// or https://.")
    if "LocalProtocolError" in names or "UnicodeEncodeError" in names:
        return BAD_KEY
    if "SSLCertVerificationError" in names:
        return Fault(f"The certificate of {host} is not trusted", "Check the proxy, the clock and the CA certificates.")
    words = {
        "gaierror": f"The name of {host} could not be looked up",
        "ConnectionRefusedError": f"Nothing answers at {host}",
        "TimeoutException": f"{host} did not answer in time",
    }
    reason = next((text for name, text in words.items() if name in names), f"{host} could not be reached")
    return Fault(reason, UNREACHED, retry=True, pace_s=0.5)
