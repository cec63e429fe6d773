"""Django's fixed place for commands."""
