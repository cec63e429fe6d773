"""`maverick doctor`: is everything there that a run needs?"""

import click

from runs.cli.options import json_option
from runs.cli.refusals import FAILED, OK
from runs.cli.side import refuse_server


@click.command("doctor")
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Check database, migrations, broker, workers and folders, and say what to do."""
    import os

    import django

    from runs.cli.printing import mark, one_line, print_json, say

    refuse_server(ctx, "The doctor")
    # Without here.set_up(): a database that does not answer is a finding, not an error.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    django.setup()
    from runs.operations.doctor import doctor

    checks = [tuple(check) for check in doctor()]
    good = all(ok for _name, ok, _detail, _hint in checks)
    if as_json:
        names = ("name", "ok", "detail", "hint")
        print_json({"ok": good, "checks": [dict(zip(names, c, strict=True)) for c in checks]})
        return OK if good else FAILED
    for name, ok, detail, hint in checks:
        sign = mark("succeeded" if ok else "failed")
        say(f"{sign} {name:<14} {one_line(str(detail))}", style="" if ok else "bold red")
        if hint and not ok:
            say(f"  {'':<14} {one_line(str(hint))}")
    return OK if good else FAILED
