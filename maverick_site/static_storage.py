"""Hashed, compressed static files that follow the imports of ES modules; one style sheet of many."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.base import ContentFile
from django.core.files.storage import Storage

# The sheet that pages link to. Written as imports, one a part; served as one file, because nothing
# is painted before all of them are there, and a browser asks for six at a time.
SHEET = "css/site.css"
_TEXTS = (".css", ".js", ".svg")
_IMPORT = re.compile(r'@import "([^"]+)";\n?')

Processed = tuple[str, str, bool] | tuple[str, None, RuntimeError]


class HashedStaticFiles(ManifestStaticFilesStorage):
    # Without it, `import "./live.js"` inside a hashed file asks for the unhashed name and the
    # browser keeps an old copy for as long as it likes.
    support_js_module_import_aggregation = True
    # Ours only: django-htmx brings modules that name packages no browser could find.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        ManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],  # type: ignore[attr-defined]
    )

    def post_process(
        self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[Processed]:
        """Join the imports of SHEET, hash everything, and lay a compressed copy beside each text."""
        if SHEET in paths and not dry_run:
            self._join(paths)
        for done in super().post_process(paths, dry_run, **options):
            if done[1] is not None and done[1].endswith(_TEXTS):
                self._compress(done[1])
            yield done

    def _compress(self, name: str) -> None:
        file = Path(self.path(name))  # WhiteNoise finds it by its name
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))

    def _join(self, paths: dict[str, tuple[Storage, str]]) -> None:
        def text(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        folder = SHEET.rpartition("/")[0]
        joined = _IMPORT.sub(lambda found: text(f"{folder}/{found[1]}"), text(SHEET))
        self.delete(SHEET)
        self.save(SHEET, ContentFile(joined.encode()))
        paths[SHEET] = (self, SHEET)

    @property
    def manifest_strict(self) -> bool:  # type: ignore[override]
        # Tests and bare `manage.py` render pages without a collectstatic before them.
        return bool(settings.MAVERICK_PROCESS == "web")

    def stored_name(self, name: str) -> str:
        if not self.hashed_files and not self.manifest_strict:
            return name
        return super().stored_name(name)
