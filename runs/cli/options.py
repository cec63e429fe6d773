"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")


def run_argument(function: Function) -> Function:
    """A run by its id, the beginning of it, or @last."""
    return click.argument("run", metavar="RUN")(function)
