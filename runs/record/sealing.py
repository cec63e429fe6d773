"""Secret inputs, encrypted with the installation's key, so that any worker can go on with a run.

What a person or a page reads is masked; the real value is needed again when a run is taken over,
restarted or resumed. The key is derived from SECRET_KEY, which lies outside the database.
"""

import base64
import hashlib
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def _cipher() -> Fernet:
    key = hashlib.sha256(b"maverick secret inputs\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def seal(values: dict[str, Any]) -> bytes | None:
    """Encrypt secret inputs; None when there are none."""
    return _cipher().encrypt(json.dumps(values).encode()) if values else None


def unseal(sealed: bytes | memoryview | None) -> dict[str, Any]:
    """The secret inputs again; empty when there are none or the key has changed."""
    if not sealed:
        return {}
    try:
        values: dict[str, Any] = json.loads(_cipher().decrypt(bytes(sealed)))
    except InvalidToken:
        return {}
    return values
