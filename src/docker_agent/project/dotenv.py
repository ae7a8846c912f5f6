"""`.env` files as Compose reads them: quotes, export, comments, variables, values over several lines."""

from __future__ import annotations

from collections.abc import Mapping

from docker_agent.core.errors import InputError
from docker_agent.core.pattern import lazy
from docker_agent.project.interpolate import TemplateError, interpolate

# A name may have blanks around it, and every blank but a space within it.
_KEY = lazy(r"(?:export[ \t\r\n\f]++)?+([\w.\[\] \t\v\f\r\x85\xa0-]*+)(?:([=:])[ \t\v\f\r\x85\xa0]*|(?=\n)|\Z)")
_BLANK = lazy(r"(?:\s+|#[^\n]*)*")
_ESCAPED = lazy(r"\\([abfnrtv\\\"])")
_MEANING = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"'}


def parse_dotenv(data: bytes, name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Read the variables of a `.env` file.

    Parameters
    ----------
    name: the file as errors shall show it.
    environment: the shell's variables; they win inside `${...}`, and give keys without a value theirs.

    Raises
    ------
    InputError: a line that is no assignment, a quote that is not closed, a variable that is not valid. Values are
        never part of the message.
    """
    text = data.decode("utf-8-sig", "replace")
    found: dict[str, str] = {}
    position = _after_blank(text, 0)
    while position < len(text):
        key = _KEY.match(text, position)
        name_given = key.group(1).strip() if key else ""
        if not key or " " in name_given:
            raise _error(text, position, name, "this is no assignment", "Write NAME=value.")
        value: str | None = environment.get(name_given)
        position = key.end()
        if key.group(2):
            value, position = _value(text, position, name, {**found, **environment})
        if name_given and value is not None:
            found[name_given] = value
        position = _after_blank(text, position)
    return found


def _after_blank(text: str, position: int) -> int:
    """Where the next statement starts; after a closing quote that may be on the same line."""
    blank = _BLANK.match(text, position)
    return blank.end() if blank else position


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
        return inner.replace("\\'", "'"), end + 1
    plain = _ESCAPED.sub(lambda match: _MEANING[match.group(1)], inner.replace("\\$", "$$"))
    return _filled(plain, text, start, name, variables), end + 1


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
