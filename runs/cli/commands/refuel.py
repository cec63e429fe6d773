"""`maverick refuel`: short for `maverick run refuel`."""

from runs.cli.commands.run import short_for

command = short_for("refuel")
