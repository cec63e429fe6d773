"""What steps may see of the process environment, and where secrets come from."""

import os
import re
from collections.abc import Mapping

from runs import conf
from runs.masking import DEFAULT_KEYS

_SECRET_PREFIX = "MAVERICK_SECRET_"
# Settings of ours, not secrets of a workflow: who could read the first would sign in as anybody.
_OURS = frozenset({"MAVERICK_SECRET_KEY", "MAVERICK_SECRET_KEYS"})


def secrets() -> Mapping[str, str]:
    """The values behind ``${{ secrets.NAME }}``: the environment's ``MAVERICK_SECRET_NAME``."""
    return {
        key.removeprefix(_SECRET_PREFIX): value
        for key, value in os.environ.items()
        if key.startswith(_SECRET_PREFIX) and key not in _OURS
    }


def allowed() -> Mapping[str, str]:
    """The values behind ``${{ env.NAME }}``: the variables that ``MAVERICK_ENV_ALLOW`` names."""
    return {name: os.environ[name] for name in conf.env_allow() if name in os.environ}


def mask_keys() -> str:
    """The pattern of keys whose values are never written; ``MAVERICK_SECRET_KEYS`` adds to it."""
    return "|".join([DEFAULT_KEYS, *(f"(?:{pattern})" for pattern in conf.secret_keys())])


def is_secret_key(name: str) -> bool:
    """Whether a value of this name is never written down, whoever declared it how."""
    return re.search(mask_keys(), name, re.IGNORECASE) is not None


def for_commands() -> dict[str, str]:
    """The environment of a step's command: this process's, without what only Maverick may know."""
    hidden = (
        "MAVERICK_SECRET_",
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "MAVERICK_TOKEN",
        "MAVERICK_CRASH_",
    )
    return {key: value for key, value in os.environ.items() if not key.startswith(hidden)}


def step_timeout() -> float:
    """Seconds after which a step without a `timeout` is stopped (``MAVERICK_STEP_TIMEOUT``).

    Six hours: a step that never ends would otherwise hold its worker for ever.
    """
    return float(os.environ.get("MAVERICK_STEP_TIMEOUT", "21600"))
