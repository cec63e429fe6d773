"""Secrets are replaced by ``•••`` before anything is written (product page, section 2.8)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MASK = "•••"
# Keys whose values are never written, whatever they are.
DEFAULT_KEYS = (
    r"(^|[_-])(password|passwd|secret|api[_-]?key|access[_-]?token|auth[_-]?token"
    r"|private[_-]?key|client[_-]?secret|authorization)$"
)
# A one-letter secret would blank out half of every text.
SHORTEST = 4


class Masker:
    """Knows the secret values of one run and takes them out of whatever is to be written."""

    def __init__(self, values: Iterable[Any] = (), keys: str = DEFAULT_KEYS) -> None:
        self._values: set[str] = set()
        self._keys = re.compile(keys, re.IGNORECASE)
        self._pattern: re.Pattern[str] | None = None
        for value in values:
            self.add(value)

    def add(self, value: Any) -> None:
        """Learn a secret: a text, or every text inside a list or mapping."""
        if isinstance(value, Mapping):
            for item in value.values():
                self.add(item)
        elif isinstance(value, list | tuple):
            for item in value:
                self.add(item)
        elif value is not None and not isinstance(value, bool):
            text = str(value)
            if len(text) >= SHORTEST and text not in self._values:
                self._values.add(text)
                longest_first = sorted(self._values, key=len, reverse=True)
                self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def learn(self, value: Any) -> None:
        """Learn what stands under a key of the patterns, at any depth, and nothing beside it."""
        if isinstance(value, Mapping):
            for key, item in value.items():
                if self._keys.search(str(key)):
                    self.add(item)
                else:
                    self.learn(item)
        elif isinstance(value, list | tuple):
            for item in value:
                self.learn(item)

    def text(self, text: str) -> str:
        """``text`` without secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """JSON data without secrets, at any depth."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(key): MASK
                if item is not None and self._keys.search(key)
                else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if self._pattern and isinstance(value, int | float) and str(value) in self._values:
            return MASK
        return value


def is_masked(value: Any) -> bool:
    """Whether something in a shown value is hidden."""
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, Mapping):
        return any(is_masked(item) for item in value.values())
    return isinstance(value, list | tuple) and any(map(is_masked, value))


class SecretNames(Mapping[str, str]):
    """``secrets`` in expressions: every value that is asked for becomes known to the masker."""

    def __init__(self, source: Mapping[str, str], masker: Masker) -> None:
        self._source, self._masker = source, masker

    def __getitem__(self, name: str) -> str:
        value = self._source[name]
        self._masker.add(value)
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)
