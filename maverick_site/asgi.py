"""The web server's door: the body limit, then static files, then Django."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
os.environ.setdefault("MAVERICK_PROCESS", "web")

from django.core.asgi import get_asgi_application

from maverick_site.body_limit import body_limit
from maverick_site.middleware import body_limit_of, too_large
from maverick_site.static_files import static_files
from runs.api.agentfield.waiting import waiting

django: Any = get_asgi_application()
application = body_limit(static_files(waiting(django)), body_limit_of, too_large)
