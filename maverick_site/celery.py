"""The Celery app. Messages are hints: early ack, no results, nothing kept, nothing resent."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")

from celery import Celery, signals
from django.conf import settings

from maverick_site import broker

app = Celery("maverick")


def _configuration() -> dict[str, Any]:
    url = os.environ.get("CELERY_BROKER_URL", "").strip()
    options: dict[str, Any]
    if url:
        # A publisher waits for a dead broker less than a second: the row is the work, and the
        # sweep finds what nobody was told of.
        options = {
            "socket_connect_timeout": 0.5,
            "socket_timeout": 5,
            "connect_timeout": 0.5,
            "max_retries": 0,
            "polling_interval": 0.05,
        }
        if url.startswith(("amqp", "pyamqp")):
            options = {"max_retries": 0, "connect_timeout": 0.5}
    else:
        url, options = broker.prepare(settings.MAVERICK_HOME / "broker")
    return {
        "broker_url": url,
        "broker_transport_options": options,
        "broker_connection_timeout": 0.5,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a worker waits for its broker for ever
        "broker_heartbeat": 0,
        "broker_pool_limit": 4,
        "task_publish_retry": False,
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_default_queue": "maverick",
        "task_default_exchange": "maverick",
        "task_default_routing_key": "maverick",
        "task_default_delivery_mode": "transient",
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_pool": "solo",
        "worker_concurrency": 1,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "enable_utc": True,
        "timezone": "UTC",
        # Celery's Django fixup closes the connection before and after each task; opening it again
        # costs more than a short run. `runs.work` itself drops one that broke.
        "CELERY_DB_REUSE_MAX": 10**9,
        "imports": ["runs.tasks"],
    }


app.conf.update(_configuration())
app.set_default()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _our_logging(**kwargs: Any) -> None:
    """Settings.LOGGING stands; without a receiver Celery would put its own in its place."""
