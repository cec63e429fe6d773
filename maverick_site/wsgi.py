"""For servers without ASGI. Pages then learn of changes by asking, as streams need ASGI."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
os.environ.setdefault("MAVERICK_PROCESS", "web")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from whitenoise import WhiteNoise

application = WhiteNoise(
    get_wsgi_application(), root=str(settings.STATIC_ROOT), prefix=settings.STATIC_URL
)
