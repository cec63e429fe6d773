"""Canonical JSON and its SHA-256: what makes two values the same value.

Keys sorted, no white space, no NaN; whole floats are written as integers so that a value
read back from PostgreSQL's ``jsonb`` (which keeps 1.0 as 1.0, and has no exponents) has one digest
only.
"""

import hashlib
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from runs.errors import NotJson

MAX_DEPTH = 100
MAX_INT_BITS = 4096  # Python itself refuses to write out more than 4,300 digits


def to_json_value(value: Any, where: str = "output") -> Any:
    """``value`` as plain JSON data: str-keyed dicts, lists, str, int, float, bool, None.

    Tuples become lists, other mappings dicts. Raises NotJson naming the path of the first
    value that is not JSON, for example ``output.rows[3]``.
    """
    return _plain(value, where, 0)


def _plain(value: Any, where: str, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        if "\x00" in value:
            raise NotJson(where, "text with a NUL character, which PostgreSQL cannot store")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotJson(where, "text with a lone surrogate, which is not UTF-8") from None
        return value
    if kind is int and value.bit_length() > MAX_INT_BITS:
        raise NotJson(where, f"a whole number of more than {MAX_INT_BITS} bits")
    if kind is int or kind is bool or value is None:
        return value
    if kind is float:
        if value != value or value in (float("inf"), float("-inf")):
            raise NotJson(where, f"{value!r}, which JSON cannot hold")
        return value
    if depth >= MAX_DEPTH:
        raise NotJson(where, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        plain = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotJson(where, f"a mapping with the key {key!r}, which is not text")
            _plain(key, f"{where}.<key>", depth + 1)
            plain[str(key)] = _plain(item, f"{where}.{key}", depth + 1)
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{n}]", depth + 1) for n, item in enumerate(value)]
    if isinstance(value, str | int | float):  # enums and other subclasses
        return _plain(
            str(value)
            if isinstance(value, str)
            else int(value)
            if isinstance(value, int)
            else float(value),
            where,
            depth + 1,
        )
    raise NotJson(where, f"a value of type {kind.__name__}")


def storable(value: Any) -> Any:
    """JSON data with every text made one that PostgreSQL can keep; for what is shown to people."""
    if isinstance(value, str):
        return value.replace("\x00", "�").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {storable(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def canonical(value: Any) -> bytes:
    """``value`` (JSON data) as canonical UTF-8 JSON."""
    return json.dumps(
        _whole(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8", "surrogatepass")


def _whole(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        # 1e300 comes back from jsonb as 1 and 300 zeros: the digits of its text, not of its bits.
        return int(value) if abs(value) < 2**53 else int(Decimal(repr(value)))
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value


def digest(value: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical JSON of ``value``."""
    return hashlib.sha256(canonical(value)).hexdigest()
