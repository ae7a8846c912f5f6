"""`.env` files as Compose reads them: quotes, export, comments, variables, values over several lines."""

from __future__ import annotations

import re
from collections.abc import Mapping

from docker_agent.core.errors import InputError
from docker_agent.project.interpolate import TemplateError, interpolate

_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([\w.\[\]-]+)[ \t]*(?:([=:])[ \t]*|(?=\r?\n|#|$))")
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|$)")
_ESCAPED = re.compile(r"\\([abfnrtv\\\"])")
_MEANING = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


def parse_dotenv(data: bytes, name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Read the variables of a `.env` file.

    Parameters
    ----------
    name: the file as errors shall show it.
    environment: the shell's variables; they win inside `${...}`, and give keys without a value theirs.

    Raises
    ------
    InputError: not UTF-8, a line that is no assignment, a quote that is not closed, a variable that is not valid.
        Values are never part of the message.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: not UTF-8 text, byte {error.start} cannot be decoded.", "Save it as UTF-8."
        ) from error
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        if blank := _BLANK.match(text, position):
            position = blank.end() if blank.end() > position else len(text)
            continue
        key = _KEY.match(text, position)
        if not key:
            raise _error(text, position, name, "this is no assignment", "Write NAME=value.")
        if key.group(2):
            value, position = _value(text, key.end(), name, {**found, **environment})
            found[key.group(1)] = value
        else:
            position = key.end()
            if key.group(1) in environment:
                found[key.group(1)] = environment[key.group(1)]
    return found


def _value(text: str, start: int, name: str, variables: Mapping[str, str]) -> tuple[str, int]:
    quote = text[start : start + 1]
    if quote not in {"'", '"'}:
        line_end = text.find("\n", start)
        end = len(text) if line_end < 0 else line_end
        bare = text[start:end].partition(" #")[0].strip()
        return _filled(bare, text, start, name, variables), end
    end = start + 1
    while text[end : end + 1] != quote:
        if end >= len(text):
            raise _error(text, start, name, "the quote is not closed", "Close it.")
        end += 2 if text[end] == "\\" else 1
    inner = text[start + 1 : end]
    if quote == "'":
        return inner.replace("\\'", "'"), _line_end(text, end + 1, name)
    plain = _ESCAPED.sub(lambda match: _MEANING[match.group(1)], inner.replace("\\$", "$$"))
    return _filled(plain, text, start, name, variables), _line_end(text, end + 1, name)


def _line_end(text: str, position: int, name: str) -> int:
    blank = _BLANK.match(text, position)
    if not blank:
        raise _error(text, position, name, "something follows the closing quote", "Put the whole value in quotes.")
    return blank.end()


def _filled(value: str, text: str, start: int, name: str, variables: Mapping[str, str]) -> str:
    try:
        result = interpolate(value, variables)
    except TemplateError as error:
        raise _error(text, start, name, str(error), "Correct the variable, or use single quotes.") from error
    missing = next((reference.name for reference in result.unset if reference.required), "")
    if missing:
        raise _error(text, start, name, f"the variable {missing} is required and has no value", f"Set {missing}.")
    return result.text


def _error(text: str, offset: int, name: str, message: str, next_step: str) -> InputError:
    line = text.count("\n", 0, offset) + 1
    column = offset - (text.rfind("\n", 0, offset) + 1) + 1
    return InputError(f"{name}:{line}:{column}: {message}.", next_step)
