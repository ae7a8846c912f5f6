"""The models of the Anthropic API, or of any server that speaks it, through the vendor's SDK.

The SDK's own retries are off: they know nothing of streams that break in the middle, sleep where nobody sees it and
obey a Retry-After of any length. One policy here covers the connection, the answer and the stream.
"""

from __future__ import annotations

import ipaddress
import json
import os
import random
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Any, NoReturn, cast, get_args
from urllib.parse import urlsplit

from docker_agent.agent import faults, payload, prices
from docker_agent.agent.faults import Fault
from docker_agent.agent.model import (
    Block,
    ModelEvent,
    Opaque,
    Request,
    Retrying,
    StopReason,
    Text,
    TextDelta,
    ToolUse,
    Turn,
    Usage,
)
from docker_agent.core.errors import ModelFailed

ATTEMPTS = 4
STALL_S = 120.0
STALL_OWN_SERVER_S = 600.0
QUOTE_CHARS = 200
ECHO_CHARS = 16
TRUNCATED = ("max_tokens", "model_context_window_exceeded", "refusal")


class AnthropicModel:
    """A model behind the Messages API, streamed.

    Parameters
    ----------
    name: model name, as the service knows it.
    http_client: an `httpx2.Client` to use instead of the SDK's own; its timeouts then hold.
    base_url: address of the service; without it ANTHROPIC_BASE_URL, then the vendor's.
    sleep: waits between attempts, in seconds.
    """

    def __init__(
        self,
        name: str,
        *,
        http_client: Any = None,
        base_url: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        card = prices.card(name)
        self.name = name
        self.context_tokens = card.context if card else prices.DEFAULT_CONTEXT
        self._base_url = base_url or os.environ.get("ANTHROPIC_BASE_URL") or ""
        self._http_client = http_client
        self._sleep = sleep
        self._opened: Any = None

    def turn(self, request: Request) -> Iterator[ModelEvent]:
        """Stream one turn, trying at most four times; closing the iterator closes the connection.

        `Retrying.attempt` is the number of the attempt that comes next.

        Raises
        ------
        ModelFailed: the service refused, could not be reached, or broke off each time.
        """
        body = payload.build(self.name, request)
        for attempt in range(1, ATTEMPTS + 1):
            fault = yield from self._attempt(body, is_first=attempt == 1)
            if fault is None:
                return
            if not fault.retry:
                raise ModelFailed(f"{fault.reason}.", fault.next_step)
            if attempt == ATTEMPTS:
                raise ModelFailed(f"{fault.reason} (after {ATTEMPTS} attempts).", fault.next_step)
            wait_s = _pause(fault, attempt)
            yield Retrying(fault.reason, attempt + 1, wait_s)
            self._sleep(wait_s)

    def price(self, usage: Usage) -> float | None:
        """What a turn's tokens cost in US dollars; None for an unknown model, 0 for one on this machine."""
        card = prices.card(self.name)
        if card:
            return card.cost(usage)
        return 0.0 if _is_loopback(self._base_url) else None

    def close(self) -> None:
        """Close the connections that were opened here; a client that was handed in stays open."""
        if self._opened is not None and self._http_client is None:
            self._opened.close()
        self._opened = None

    def _attempt(self, body: dict[str, Any], *, is_first: bool) -> Generator[ModelEvent, None, Fault | None]:
        try:
            with self._client().messages.stream(**body) as stream:
                tool_input: defaultdict[int, str] = defaultdict(str)
                seen = False
                for event in _read(stream):
                    seen = True
                    if event.type == "text":
                        yield TextDelta(event.text)
                    elif event.type == "content_block_delta" and event.delta.type == "input_json_delta":
                        tool_input[event.index] += event.delta.partial_json or ""
                if not seen and "event-stream" not in stream.response.headers.get("content-type", ""):
                    return self._not_the_api()
                outcome = _finish(stream, tool_input)
        except Exception as error:
            fault = self._fault(error, body, is_first=is_first)
            if fault is None:
                raise
            return fault
        if isinstance(outcome, Fault):
            return outcome
        yield outcome
        return None

    def _client(self) -> Any:
        if self._opened is None:
            import anthropic  # noqa: PLC0415 - costs more than a second

            stall_s = STALL_OWN_SERVER_S if self._base_url else STALL_S
            self._opened = anthropic.Anthropic(
                base_url=self._base_url or None,
                http_client=self._http_client,
                max_retries=0,
                timeout=anthropic.NOT_GIVEN if self._http_client else anthropic.Timeout(stall_s, connect=10.0),
            )
            opened = self._opened
            if self._base_url and not (opened.api_key or opened.auth_token or opened.credentials):
                opened.api_key = "unused"
        return self._opened

    def _host(self) -> str:
        if self._opened is None:
            return urlsplit(self._base_url).netloc.rpartition("@")[2] or "the model's service"
        url = self._opened.base_url
        return f"{url.host}:{url.port}" if url.port else str(url.host)

    def _not_the_api(self) -> Fault:
        return Fault(f"{self._host()} does not answer as the Messages API does", "Check ANTHROPIC_BASE_URL.")

    def _fault(self, error: Exception, body: dict[str, Any], *, is_first: bool) -> Fault | None:
        """What an error of the SDK means; None where it is a fault of our own."""
        import anthropic  # noqa: PLC0415 - costs more than a second
        import httpx2  # noqa: PLC0415 - comes with it

        if isinstance(error, anthropic.APIStatusError):
            return self._status_fault(error, body, is_first=is_first)
        if isinstance(error, anthropic.APIConnectionError | httpx2.InvalidURL | UnicodeEncodeError):
            return faults.unreachable(_chain(error), self._host())
        if isinstance(error, TypeError):
            return faults.NO_CREDENTIAL if "authentication method" in str(error) else None
        meanings: dict[type[Exception], Fault] = {
            _UnreadableError: faults.UNREADABLE,
            anthropic.AnthropicError: faults.BAD_CREDENTIAL,
            httpx2.TimeoutException: faults.STALLED,
            httpx2.TransportError: faults.DROPPED,
            httpx2.DecodingError: faults.DROPPED,
        }
        return next((fault for kind, fault in meanings.items() if isinstance(error, kind)), None)

    def _status_fault(self, error: Any, body: dict[str, Any], *, is_first: bool) -> Fault:
        kind, status = error.type or "", error.status_code
        sent = error.response.request.headers
        words = _quote(error.api_message, [json.dumps(body, ensure_ascii=False), *sent.values()])
        fault = faults.from_status(status, kind, words, error.response.headers, model=self.name, host=self._host())
        if status == 401 and is_first and self._opened.credentials is not None:
            # A new client reads the profile again, whose token may have been renewed by another process.
            self.close()
            return replace(fault, retry=True, wait_s=0.0)
        return fault


class _UnreadableError(Exception):
    """The SDK stumbled over what the service sent."""


def _read(stream: Any) -> Iterator[Any]:
    """The events of a stream, with whatever the SDK trips over (bad JSON, wrong order, wrong shape) as one error."""
    events = iter(stream)
    while True:
        try:
            event = next(events)
        except StopIteration:
            return
        except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, AssertionError):
            _give_up()
        yield event


def _give_up() -> NoReturn:
    raise _UnreadableError from None


def _finish(stream: Any, tool_input: dict[int, str]) -> Turn | Fault:
    """The turn at the end of a stream, or why it is none."""
    try:
        message = stream.current_message_snapshot
    except AssertionError:
        return faults.CUT_SHORT
    reason = message.stop_reason
    if reason is None:
        return faults.CUT_SHORT
    blocks: list[Block] = []
    for place, block in enumerate(message.content):
        kept = _block(block, tool_input.get(place, ""))
        if kept is None and reason not in TRUNCATED:
            return faults.BAD_CALL
        is_last = place == len(message.content) - 1
        cut_at_once = isinstance(kept, ToolUse) and is_last and not kept.arguments and reason in TRUNCATED
        if kept is not None and not cut_at_once and kept != Text(""):
            blocks.append(kept)
    if reason not in get_args(StopReason):
        return Turn(tuple(blocks), "end_turn", _usage(message), detail=str(reason))
    return Turn(tuple(blocks), reason, _usage(message), detail=_detail(message))


def _block(block: Any, tool_input: str) -> Block | None:
    """One block in our own form; None for a call whose arguments are not a JSON object."""
    kind = getattr(block, "type", "")
    if kind == "text":
        return Text(block.text or "")
    if kind != "tool_use":
        return Opaque(block.to_dict(warnings=False))
    try:
        arguments: Any = json.loads(tool_input, parse_constant=_refuse_constant) if tool_input.strip() else block.input
    except (ValueError, RecursionError):
        return None
    if not (isinstance(block.id, str) and isinstance(block.name, str) and isinstance(arguments, dict)):
        return None
    return ToolUse(block.id, block.name, cast("dict[str, Any]", arguments))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _usage(message: Any) -> Usage:
    used = message.usage
    return Usage(
        input=used.input_tokens or 0,
        output=used.output_tokens or 0,
        cache_read=used.cache_read_input_tokens or 0,
        cache_write=used.cache_creation_input_tokens or 0,
    )


def _detail(message: Any) -> str:
    details = getattr(message, "stop_details", None)
    return str(getattr(details, "category", None) or "")


def _pause(fault: Fault, attempt: int) -> float:
    if fault.wait_s is not None:
        return fault.wait_s
    longest = min(faults.MAX_WAIT_S, fault.pace_s * 2 ** (attempt - 1))
    return longest * random.SystemRandom().uniform(0.75, 1.0)


def _quote(message: str | None, sent: list[str]) -> str:
    """The service's explanation on one line, empty where it echoes any part of what was sent to it."""
    words = " ".join(str(message or "").split())[: 2 * QUOTE_CHARS]
    pieces = {words[place : place + ECHO_CHARS] for place in range(max(1, len(words) - ECHO_CHARS + 1))}
    keys = [text.removeprefix("Bearer ") for text in sent if text.startswith("Bearer ")]
    echoes = any(key in words for key in keys) or any(piece in text for piece in pieces for text in sent)
    return "" if echoes else words[:QUOTE_CHARS]


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or cause.__context__
    return found


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", "host.docker.internal"}
