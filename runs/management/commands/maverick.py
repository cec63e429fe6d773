"""`manage.py maverick …`: the same command line as `maverick …`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Hands everything behind the name on."""

    help = "The same as the command `maverick`."

    def run_from_argv(self, argv: list[str]) -> None:
        """Past Django's own options: the command line has its own."""
        from runs.cli.main import main

        sys.exit(main(argv[2:]))

    def handle(self, *args: Any, **options: Any) -> None:
        """Only reached through call_command, which has no use for a command line."""
        raise NotImplementedError("Call the operations in runs.operations instead.")
