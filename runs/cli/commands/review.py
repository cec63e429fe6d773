"""`maverick review`: short for `maverick run review`."""

from runs.cli.commands.run import short_for

command = short_for("review")
