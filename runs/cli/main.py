"""`maverick …`: finds the command, and turns whatever goes wrong into one line and an exit code.

Nothing heavy is imported here or at the top of a command's file: `maverick --help` needs click
and no more. Django, rich and the HTTP client come when a command really uses them.
"""

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import click

from runs.cli.refusals import FAILED, INTERRUPTED, OK, REFUSED, Told, lines, tell

# The order is that of `maverick --help`. The name is the module's in runs.cli.commands.
COMMANDS = (
    "up", "run", "fly", "refuel", "review", "restart", "fork", "execution", "call", "runs",
    "why", "agents", "approvals", "approve", "reject", "check", "golden", "workflow", "checkpoint",
    "token", "webhook", "audit", "gc", "doctor",
)  # fmt: skip


class Terminated(KeyboardInterrupt):
    """SIGTERM: the run is stopped in the same orderly way as by Ctrl-C."""


class LazyGroup(click.Group):
    """A group that imports a command's file when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command's file, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"runs.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Names the nearest command when there is none of that name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1) if args else []
            if near:
                said = f"There is no command {args[0]!r}. Did you mean {near[0]!r}?"
                raise click.UsageError(said, ctx) from None
            raise


def _version(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"maverick {version('maverick-runs')}")
        except PackageNotFoundError:
            click.echo("maverick (not installed)")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--server",
    metavar="URL",
    help="Speak to this server instead of working here. Default: $MAVERICK_SERVER.",
)
@click.option("--local", is_flag=True, help="Work here, although MAVERICK_SERVER is set.")
@click.option("--traceback", is_flag=True, help="Show where an unexpected error came from.")
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version,
    help="Show the version.",
)  # fmt: skip
@click.pass_context
def maverick(ctx: click.Context, server: str | None, local: bool, traceback: bool) -> None:
    """Restart a workflow from any point, reuse the work that is already recorded, and see
    exactly what was reused and why.

    Exit codes: 0 ok, 1 failed, 2 refused, 130 interrupted.
    """
    if server and local:
        raise click.UsageError("--server and --local contradict each other.", ctx)
    address = "" if local else (server or os.environ.get("MAVERICK_SERVER", "")).strip()
    ctx.obj = {"server": address, "traceback": traceback}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    args = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets a question mark, not a crash.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    _listen_for_term()
    try:
        code = _run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has gone, as `head` does. Python would complain once more at its exit.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        # The last frame of a command: one line instead of a traceback, which --traceback shows.
        told = tell(error)
        if "--traceback" in args and told.code == "unexpected":
            raise
        return _refuse(told, args)
    return code


def _run(args: list[str]) -> int:
    try:
        result: Any = maverick.main(args, prog_name="maverick", standalone_mode=False)
    except (KeyboardInterrupt, click.exceptions.Abort):
        print("maverick: Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as error:
        # `maverick` or `maverick runs` alone: the help is what was looked for.
        print(error.format_message())
        return OK if error.ctx and error.ctx.command_path == "maverick" else REFUSED
    except SystemExit as error:
        if isinstance(error.code, str):
            return _refuse(tell(error), args)
        return error.code or OK
    return result if isinstance(result, int) else OK


def _refuse(told: Told, args: list[str]) -> int:
    from runs.cli.printing import clean, print_json

    for line in lines(told):
        print(clean(line), file=sys.stderr)
    if "--json" in args:
        print_json(told.as_json(), last_line=True)
    return told.exit_code


def _listen_for_term() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise Terminated

    with contextlib.suppress(ValueError):  # not in the main thread
        signal.signal(signal.SIGTERM, stop)


if __name__ == "__main__":
    sys.exit(main())
