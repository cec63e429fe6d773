"""`maverick fly`: short for `maverick run fly`."""

from runs.cli.commands.run import short_for

command = short_for("fly")
