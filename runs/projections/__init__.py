"""Read-only shapes of what was recorded: frozen dataclasses for pages, API and command line."""
