"""`maverick fork`: a restart with an intended change of inputs or context."""

import json
from typing import Any

import click

from runs.cli.commands.restart import go, recovery_options


@click.command("fork")
@click.option(
    "-i", "--input", "pairs", multiple=True, metavar="FIELD=VALUE",
    help="A changed input, or a field of one (config.region=eu). Repeat it.",
)  # fmt: skip
@click.option("--patch", metavar="JSON", help="The changes as a JSON merge patch (RFC 7396).")
@click.option(
    "--context", "context", multiple=True, metavar="FIELD=VALUE", help="model=…, for one."
)
@recovery_options()
def command(
    ctx: click.Context,
    run: str,
    pairs: tuple[str, ...],
    patch: str | None,
    context: tuple[str, ...],
    **asked: Any,
) -> int:
    """Restart a run with changed inputs: what does not read the change is reused.

    RUN is a run's id, the beginning of one, or @last.
    """
    request: dict[str, Any] = {"fork": True}
    changes = _patch(patch)
    for field, value in _fields(pairs, "-i"):
        _put(changes, field, value)
    if changes:
        request["input_patch"] = changes
    if context:
        request["context_patch"] = {}
        for field, value in _fields(context, "--context"):
            _put(request["context_patch"], field, value)
    return go(ctx, run, request, **asked)


def _patch(text: str | None) -> dict[str, Any]:
    from runs.cli.refusals import CliRefusal

    if text is None:
        return {}
    try:
        patch = json.loads(text)
    except ValueError as error:
        raise CliRefusal("usage", f"--patch is no JSON: {error}.") from None
    if not isinstance(patch, dict):
        raise CliRefusal("usage", "--patch must be a JSON object.")
    return patch


def _fields(pairs: tuple[str, ...], option: str) -> list[tuple[list[str], Any]]:
    from runs.cli.refusals import CliRefusal

    found = []
    for pair in pairs:
        name, equals, value = pair.partition("=")
        keys = name.strip().split(".")
        if not equals or not all(keys):
            raise CliRefusal(
                "usage", f"{option} {pair!r} is no field=value.", f"Write {option} name=value."
            )
        found.append((keys, _value(value) if len(keys) > 1 else value))
    return found


def _value(text: str) -> Any:
    # An input's declaration says what a text is to become; a field inside an object has none.
    try:
        return json.loads(text)
    except ValueError:
        return text


def _put(into: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        if not isinstance(into.get(key), dict):
            into[key] = {}
        into = into[key]
    into[keys[-1]] = value
