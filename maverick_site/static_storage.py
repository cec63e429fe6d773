"""Hashed static files that follow the imports of ES modules."""

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    # Without it, `import "./live.js"` inside a hashed file asks for the unhashed name and the
    # browser keeps an old copy for as long as it likes.
    support_js_module_import_aggregation = True
    # Ours only: django-htmx brings modules that name packages no browser could find.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        ManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]
    )

    @property
    def manifest_strict(self) -> bool:  # type: ignore[override]
        # Tests and bare `manage.py` render pages without a collectstatic before them.
        return bool(settings.MAVERICK_PROCESS == "web")

    def stored_name(self, name: str) -> str:
        if not self.hashed_files and not self.manifest_strict:
            return name
        return super().stored_name(name)
