"""The web server's door: the body limit, then static files, then Django."""

import gc
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
os.environ.setdefault("MAVERICK_PROCESS", "web")

from django.core.asgi import get_asgi_application

from maverick_site.body_limit import body_limit
from maverick_site.middleware import body_limit_of, too_large
from maverick_site.static_files import static_files
from runs.api.agentfield.waiting import waiting


def _spare_the_collector() -> None:
    """Do not walk the code of the program again and again while a large page is made.

    A graph of a thousand steps is some ten thousand objects that live until the answer is sent. With
    Python's own threshold of 700 they are walked a dozen times, and now and then everything that was
    imported with them: a fifth of the time of the answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


django: Any = get_asgi_application()
application = body_limit(static_files(waiting(django)), body_limit_of, too_large)
_spare_the_collector()
