"""Which side a command speaks to: this process, or the server that was named."""

import click

from runs.cli.backend import Backend
from runs.cli.refusals import CliRefusal


def backend(ctx: click.Context) -> Backend:
    """Here, or the server that was named."""
    server = ctx.find_root().obj["server"]
    if server:
        from runs.cli.remote import There

        return There(server)
    from runs.cli.here import Here

    return Here()


def refuse_server(ctx: click.Context, what: str) -> None:
    """Raise CliRefusal when a server is named and it has no such service."""
    server = ctx.find_root().obj["server"]
    if server:
        raise CliRefusal(
            "not-by-server",
            f"{what} works in the place where the data is, not through a server.",
            "Leave --server out, or set --local.",
        )
