"""The app's start-up: system checks and built-in actions register, nothing is connected."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "runs"
    verbose_name = "Maverick"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from runs import checks  # noqa: F401  its decorators register
        from runs.library import actions  # noqa: F401  so every process knows them, workers too
