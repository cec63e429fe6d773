"""Signatures of Standard Webhooks: HMAC-SHA256 over ``id.timestamp.body``."""

import base64
import binascii
import hashlib
import hmac
import secrets as chance
from collections.abc import Sequence

PREFIX = "whsec_"
LEAST, MOST = 24, 64  # bytes of a key


def new_secret() -> str:
    """A secret of 256 random bits, as the standard spells it."""
    return PREFIX + base64.b64encode(chance.token_bytes(32)).decode()


def key_of(secret: str) -> bytes | None:
    """The key in a ``whsec_…`` secret; None when it is none of 24 to 64 bytes."""
    if not secret.startswith(PREFIX):
        return None
    try:
        key = base64.b64decode(secret[len(PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if LEAST <= len(key) <= MOST else None


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature, ``v1,…``."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The standard's three headers; a signature for each key, the newest first."""
    signed = [signature(key, message_id, timestamp, body) for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        **({"webhook-signature": " ".join(signed)} if signed else {}),
    }
