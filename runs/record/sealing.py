"""Secret inputs: encrypted in the run's row, masked everywhere else, compared by keyed hashes.

Secret is an input that is declared so, one whose name fits the patterns of secret keys, and what
stands under such a key inside an input. What a person or a page reads is masked; the real value is
needed again when a run is taken over, restarted or resumed. Both keys are derived from SECRET_KEY,
which lies outside the database.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from runs import environment
from runs.canonical import canonical, digest
from runs.definition.spec import InputSpec, WorkflowSpec
from runs.masking import MASK, Masker

_HASH = "hmac"
UNREADABLE = "hmac:unreadable:"  # stands for the hash of a value that is lost


def _key(purpose: bytes) -> bytes:
    return hashlib.sha256(purpose + b"\0" + settings.SECRET_KEY.encode()).digest()


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(b"maverick secret inputs")))


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


def is_lost(sealed: bytes | memoryview | None) -> bool:
    """Whether there are secret inputs that cannot be decrypted with today's key."""
    return bool(sealed) and not unseal(sealed)


# ---- which inputs are secret --------------------------------------------------------------------


def is_secret(declared: InputSpec) -> bool:
    """Whether the whole input is secret, by its declaration or by its name."""
    return declared.secret or environment.is_secret_key(declared.name)


def split(spec: WorkflowSpec, bound: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs as they may be shown, and those as they are of which something is not shown."""
    masker = Masker(keys=environment.mask_keys())
    learn(masker, spec, bound)
    shown: dict[str, Any] = {}
    secret: dict[str, Any] = {}
    for name, value in bound.items():
        declared = spec.inputs.get(name)
        if value is not None and declared is not None and is_secret(declared):
            shown[name] = MASK
        else:
            shown[name] = masker.value(value)
        if shown[name] != value:
            secret[name] = value
    return shown, secret


def learn(masker: Masker, spec: WorkflowSpec, inputs: Mapping[str, Any]) -> None:
    """Tell the masker every secret in these inputs, and nothing that only stands beside one."""
    for name, value in inputs.items():
        declared = spec.inputs.get(name)
        if declared is not None and is_secret(declared):
            masker.add(value)
        else:
            masker.learn({name: value})


# ---- hashes -------------------------------------------------------------------------------------


def keyed_hex(value: Any) -> str:
    """A hash (64 hex digits) that shows whether a value is the same again, and with which nobody
    who has not the installation's key can try out what it is."""
    return _hmac(canonical(value))


def keyed_digest(value: Any) -> str:
    """The same for what leaves the installation: ``hmac:KEY:HEX``, where KEY names the key."""
    return f"{_HASH}:{_hmac(b'name of the key')[:8]}:{keyed_hex(value)}"


def _hmac(body: bytes) -> str:
    return hmac.new(_key(b"maverick secret digests"), body, hashlib.sha256).hexdigest()


def input_digests(spec: WorkflowSpec, inputs: Mapping[str, Any]) -> dict[str, str]:
    """One hash for each input, so that a difference can be named without the value; keyed for
    the secret ones."""
    _, secret = split(spec, inputs)
    return {
        key: (keyed_digest if key in secret else digest)([key, value])
        for key, value in sorted(inputs.items())
    }


def is_same(known: str, key: str, value: Any) -> bool | None:
    """Whether ``known``, of ``input_digests``, is the hash of this input.

    None when that cannot be said: the hash was made with another installation's key.
    """
    if not known.startswith(f"{_HASH}:"):
        return known == digest([key, value])
    if value is None:
        return False  # null is no secret, so it is never hashed with a key
    now = keyed_digest([key, value])
    if known.rpartition(":")[0] != now.rpartition(":")[0]:
        return None
    return hmac.compare_digest(known, now)
