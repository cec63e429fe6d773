"""Django's settings, read from the environment; docs/settings.md describes each of ours.

Loading them makes MAVERICK_HOME and its secret key, and starts nothing.
"""

import ipaddress
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from maverick_site import embedded
from maverick_site.env import (
    OddSetting,
    database_from_url,
    env_bool,
    env_float,
    env_folder,
    env_int,
    env_list,
    env_networks,
    env_origin,
    env_secret,
    env_text,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# -- ours ---------------------------------------------------------------------------------------

LOOPBACK = ("127.0.0.1", "::1", "localhost")

MAVERICK_HOME = env_folder("MAVERICK_HOME", "~/.maverick")
MAVERICK_HOST = env_text("MAVERICK_HOST", "127.0.0.1")
MAVERICK_PUBLIC_URL = env_origin("MAVERICK_PUBLIC_URL")
MAVERICK_PORT = env_int("PORT", 8000, least=0, most=65535)
MAVERICK_WORKERS = env_int("MAVERICK_WORKERS", 2, least=0, most=64)
MAVERICK_DEMO = env_bool("MAVERICK_DEMO", True)
MAVERICK_AUTH = env_bool("MAVERICK_AUTH", True)
MAVERICK_LEASE_SECONDS = env_float("MAVERICK_LEASE_SECONDS", 6, least=0.5, most=3600)
MAVERICK_SWEEP_SECONDS = env_float("MAVERICK_SWEEP_SECONDS", 1, least=0.05, most=600)
MAVERICK_MAX_TAKEOVERS = env_int("MAVERICK_MAX_TAKEOVERS", 3, least=1, most=1000)
MAVERICK_STANDSTILL_SECONDS = env_float("MAVERICK_STANDSTILL_SECONDS", 15, least=0, most=86400)
MAVERICK_STEP_TIMEOUT = env_float("MAVERICK_STEP_TIMEOUT", 21600, least=0.1, most=10**9)
MAVERICK_MAX_BODY_BYTES = env_int("MAVERICK_MAX_BODY_BYTES", 10 * 1024 * 1024, least=1024)
MAVERICK_AGENT_BODY_BYTES = env_int("MAVERICK_AGENT_BODY_BYTES", 32 * 1024 * 1024, least=1024)
MAVERICK_AGENT_GRACE_SECONDS = env_float("MAVERICK_AGENT_GRACE_SECONDS", 30, least=0, most=86400)
MAVERICK_CALL_WAIT_SECONDS = env_float("MAVERICK_CALL_WAIT_SECONDS", 90, least=0.1, most=3600)
MAVERICK_INLINE_BYTES = env_int("MAVERICK_INLINE_BYTES", 64 * 1024, least=0)
MAVERICK_RETENTION_DAYS = env_int("MAVERICK_RETENTION_DAYS", 0, least=0)
MAVERICK_SNAPSHOT_FILE_MB = env_int("MAVERICK_SNAPSHOT_FILE_MB", 100, least=0)
MAVERICK_WEBHOOKS_ALLOW_PRIVATE = env_networks("MAVERICK_WEBHOOKS_ALLOW_PRIVATE")
MAVERICK_WEBHOOKS_KEEP_DAYS = env_float("MAVERICK_WEBHOOKS_KEEP_DAYS", 30, least=0, most=36500)
MAVERICK_ENVIRONMENT = env_text("MAVERICK_ENVIRONMENT", "")[:40]
MAVERICK_ENVIRONMENT_COLOR = env_text(
    "MAVERICK_ENVIRONMENT_COLOR",
    "grey",
    choices=("grey", "red", "orange", "yellow", "green", "blue", "purple"),
)
MAVERICK_SECRET_KEYS = env_list("MAVERICK_SECRET_KEYS")
MAVERICK_ENV_ALLOW = env_list("MAVERICK_ENV_ALLOW")

# Which of our processes this is: web (many threads, a pool of connections) or another.
MAVERICK_PROCESS = env_text("MAVERICK_PROCESS", "other", choices=("web", "worker", "other"))


def _is_loopback(host: str) -> bool:
    if host in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# Unset, it is loopback as long as nobody else can reach this server.
MAVERICK_AGENTS_ALLOW_PRIVATE = (
    env_networks("MAVERICK_AGENTS_ALLOW_PRIVATE")
    if os.environ.get("MAVERICK_AGENTS_ALLOW_PRIVATE", "").strip()
    else ["127.0.0.0/8", "::1/128"]
    if _is_loopback(MAVERICK_HOST)
    else []
)

if not MAVERICK_AUTH and not _is_loopback(MAVERICK_HOST):
    raise OddSetting(
        "MAVERICK_AUTH",
        f"off is accepted on loopback only, and MAVERICK_HOST is {MAVERICK_HOST}.",
        "Bind to 127.0.0.1 or leave logins on.",
    )

# -- Django -------------------------------------------------------------------------------------

DEBUG = env_bool("MAVERICK_DEBUG", False)
SECRET_KEY = env_secret("MAVERICK_SECRET_KEY", MAVERICK_HOME / "secret_key")
ALLOWED_HOSTS = ["127.0.0.1", "[::1]", "localhost", *env_list("MAVERICK_ALLOWED_HOSTS")]
if MAVERICK_HOST not in ("0.0.0.0", "::"):  # noqa: S104
    ALLOWED_HOSTS.append(f"[{MAVERICK_HOST}]" if ":" in MAVERICK_HOST else MAVERICK_HOST)
if MAVERICK_PUBLIC_URL:
    # What a proxy forwards comes as plain HTTP; that it was asked by TLS is known from here, and
    # not from a header that anybody could send.
    _host = urlsplit(MAVERICK_PUBLIC_URL).hostname or ""
    ALLOWED_HOSTS.append(f"[{_host}]" if ":" in _host else _host)
    CSRF_TRUSTED_ORIGINS = [MAVERICK_PUBLIC_URL]
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = MAVERICK_PUBLIC_URL.startswith("https:")
ROOT_URLCONF = "maverick_site.urls"
WSGI_APPLICATION = "maverick_site.wsgi.application"
ASGI_APPLICATION = "maverick_site.asgi.application"
APPEND_SLASH = False  # an address has one spelling; a POST cannot be redirected anyway

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "django_htmx",
    "runs",
]

# All of them are synchronous, so a request costs one change from the event loop to a thread and
# back; middleware that serves both worlds would cost one for each. A stream keeps no thread: its
# response is followed on the event loop.
MIDDLEWARE = [
    "maverick_site.middleware.size_limit",
    "maverick_site.middleware.compression",
    "django.middleware.security.SecurityMiddleware",
    "maverick_site.middleware.content_security_policy",
    "maverick_site.health.health",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "maverick_site.person.PersonMiddleware",
    "maverick_site.access.access",
    "maverick_site.preferences.preferences",
    "maverick_site.middleware.no_nul",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "maverick_site.preferences.frame",
            ],
        },
    }
]

# -- database -----------------------------------------------------------------------------------

_url = os.environ.get("DATABASE_URL", "").strip()
_database: dict[str, Any]
if _url:
    _database = database_from_url("DATABASE_URL", _url)
else:
    _database = {
        "NAME": embedded.DATABASE,
        "USER": embedded.USER,
        "HOST": embedded.prepare(MAVERICK_HOME),
        "OPTIONS": {},
    }
_database["ENGINE"] = "maverick_site.database"
_database["CONN_HEALTH_CHECKS"] = True
_database["OPTIONS"].setdefault("connect_timeout", 5)
_database["OPTIONS"].setdefault("application_name", f"maverick-{MAVERICK_PROCESS}")
if MAVERICK_PROCESS == "web":
    # A thread takes a connection for one request only. Two seconds of waiting mean that the
    # database is overloaded or gone; then an error is a better answer than a queue.
    _database["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 16, "timeout": 5}
else:
    _database["CONN_MAX_AGE"] = None
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- people -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "runs.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/runs"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Cookies know no ports: two Mavericks on one machine would sign each other out.
SESSION_COOKIE_NAME = f"maverick_session_{MAVERICK_PORT}"
CSRF_COOKIE_NAME = f"maverick_csrf_{MAVERICK_PORT}"
CSRF_FAILURE_VIEW = "runs.web.pages.refused.forged"
SESSION_ENGINE = "runs.record.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_SAMESITE = "Lax"

# -- what the browser is told -------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = MAVERICK_MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = MAVERICK_HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "maverick_site.static_storage.HashedStaticFiles"},
}

# -- words and time -----------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "runs": {"level": "INFO"},
        "maverick_site": {"level": "INFO"},
        "django.request": {"level": "ERROR"},
    },
}
