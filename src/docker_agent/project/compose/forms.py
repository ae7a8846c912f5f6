"""Texts that Compose takes apart: commands, hosts, devices, KEY=VALUE; each raises ValueError where it would refuse."""

from __future__ import annotations

from docker_agent.project.command_line import split_words


def check_command(text: str) -> None:
    """A command line."""
    try:
        split_words(text)
    except ValueError as error:
        raise ValueError(f"the command does not split into words: {error}") from None


def check_pair(text: str) -> None:
    """An entry of `environment`: NAME=VALUE or NAME."""
    name = text.partition("=")[0]
    if name.endswith((" ", "\t")):
        raise ValueError(f'the name "{name}" ends with a space')


def check_host(text: str) -> None:
    """An entry of `extra_hosts`: NAME=ADDRESS or NAME:ADDRESS."""
    name, separator, _ = text.partition("=") if "=" in text else text.partition(":")
    if not name or not separator or ":" in name:
        raise ValueError(f'"{text}" is not NAME=ADDRESS')


def check_context(text: str) -> None:
    """An entry of `additional_contexts`: NAME=PLACE."""
    if "=" not in text:
        raise ValueError(f'"{text}" is not NAME=PLACE')


def check_ssh_key(text: str) -> None:
    """An entry of `ssh`: default, or NAME=PATH."""
    if text != "default" and "=" not in text:
        raise ValueError(f'"{text}" is neither default nor NAME=PATH')


def check_device(text: str) -> None:
    """An entry of `devices`: HOST, HOST:CONTAINER or HOST:CONTAINER:rwm."""
    if text.count(":") > 2:
        raise ValueError(f'"{text}" has too many colons')


def check_format(text: str) -> None:
    """The format of an env file, of which there is one more than the usual."""
    if text not in {"", "raw"}:
        raise ValueError(f'"{text}" is not raw, the only format')
