"""`-i key=value`, `-i key=@file`, `--inputs file`, `--label key=value` → mappings.

A text stays a text: the workflow's declaration says what it is to become. Guessing here would
make 1.1 of a version that is called 1.10.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runs.cli.refusals import CliRefusal

MAX_BYTES = 10 * 1024 * 1024


def read_inputs(pairs: tuple[str, ...], file: str | None) -> dict[str, Any]:
    """The inputs of a run; `-i` wins over the file."""
    found: dict[str, Any] = dict(_from_file(file)) if file else {}
    for pair in pairs:
        key, value = _pair(pair, "-i")
        if value.startswith("@@"):
            found[key] = value[1:]  # a text that really begins with @
        elif value.startswith("@"):
            found[key] = read_text(value[1:])
        else:
            found[key] = value
    return found


def read_object(option: str, given: str) -> dict[str, Any]:
    """A JSON object from ``@file`` (JSON or YAML, ``@-`` is standard input) or typed as it is."""
    if given.startswith("@"):
        return dict(_from_file(given[1:]))
    import json

    try:
        value = json.loads(given)
    except (ValueError, RecursionError) as error:
        raise CliRefusal("usage", f"{option} is no JSON: {error}.", "Write @FILE.") from None
    if not isinstance(value, dict):
        raise CliRefusal("usage", f"{option} must be a JSON object.", "Write @FILE.")
    return value


def read_labels(pairs: tuple[str, ...]) -> dict[str, str]:
    """The labels of a run."""
    return dict(_pair(pair, "--label") for pair in pairs)


def _pair(pair: str, option: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not equals or not key.strip():
        raise CliRefusal(
            "usage", f"{option} {pair!r} is no key=value.", f"Write {option} name=value."
        )
    return key.strip(), value


def looks_like_a_path(given: str) -> bool:
    """Whether a file is meant, and not a name."""
    return given.endswith((".yaml", ".yml", ".json")) or "/" in given


def read_text(name: str) -> str:
    """A file's text, `-` is standard input. Raises CliRefusal."""
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).expanduser().open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CliRefusal("file", f"{name}: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise CliRefusal("file", f"{name} has more than 10 MB.", "Pass its name as the input.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliRefusal("file", f"{name} is not UTF-8 text (byte {error.start + 1}).") from None


def _from_file(name: str) -> Mapping[str, Any]:
    text = read_text(name)
    if name.endswith(".json"):
        import json

        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise CliRefusal("file", f"{name} is not JSON: {error}.") from None
    else:
        from runs.definition.load import load_document

        document = load_document(text, name)
        if document.problems:
            first = document.problems[0]
            place = f"{first.line}:{first.column}: " if first.line else ""
            raise CliRefusal("file", f"{name}:{place}{first.message}")
        value = document.value
    if not isinstance(value, Mapping):
        raise CliRefusal("file", f"{name} is no mapping of input names to values.")
    return value
