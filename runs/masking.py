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
# A line of a longer secret is one as well, but `true` or `type:` in a key file is not.
SHORTEST_LINE = 8


class Masker:
    """Knows the secret values of one run and takes them out of whatever is to be written."""

    def __init__(self, values: Iterable[Any] = (), keys: str = DEFAULT_KEYS) -> None:
        self._values: frozenset[str] = frozenset()
        self._by_first: dict[str, list[str]] = {}  # the longest first
        self._letters: frozenset[str] = frozenset()  # what may stand before a secret's last
        self.longest = 0  # characters of the longest secret
        self._keys = re.compile(keys, re.IGNORECASE)
        self._pattern: re.Pattern[str] | None = None
        self.add(list(values))

    def add(self, value: Any) -> None:
        """Learn a secret: a text, or every text inside a list or mapping.

        Of a text with several lines each line is a secret as well: programs print keys indented,
        with other line ends, or line by line.
        """
        self._know(set(_secrets_in(value)))

    def _know(self, found: set[str]) -> None:
        if found <= self._values:
            return
        self._values |= found  # a new set: a stream's reader may be going through the old one
        longest_first = sorted(self._values, key=len, reverse=True)
        self.longest = len(longest_first[0])
        self._letters = frozenset("".join(value[:-1] for value in longest_first))
        self._by_first = _grouped(longest_first)
        self._pattern = re.compile(_any_of(longest_first))

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
        parts, at = [], 0
        for start, end in self.places(text):
            parts += [text[at:start], MASK]
            at = end
        return "".join([*parts, text[at:]]) if at else text

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Where secrets are, as (start, end) from left to right; those that overlap are one."""
        if self._pattern is None:
            return
        first = last = -1
        found = self._pattern.search(text)
        while found:
            if found.start() < last:
                last = max(last, found.end())
            else:
                if last > 0:
                    yield first, last
                first, last = found.span()
            found = self._pattern.search(text, found.start() + 1)
        if last > 0:
            yield first, last

    def end_of(self, text: str, most: int, *, cut: bool) -> str:
        """The last ``most`` characters of ``text``, masked.

        ``cut``: more came before. Then a secret may be cut at the front, so ``text`` must have
        ``longest`` characters to spare.
        """
        whole_from = self.longest if cut else 0
        for start, end in self.places(text):
            if start < whole_from < end:
                whole_from = end
        return self.text(text[whole_from:])[-most:]

    def beginning(self, text: str) -> int:
        """From where on ``text`` could be the beginning of a secret that goes on after it.

        The length of the text when there is no such place, which is the usual case.
        """
        where = len(text)
        if text[-1:] not in self._letters:  # a line's end, most of the time
            return where
        for first, values in self._by_first.items():
            at = text.find(first, max(len(text) - len(values[0]) + 1, 0), where)
            while at >= 0:
                tail = text[at:]
                if any(value.startswith(tail) and value != tail for value in values):
                    where = at
                    break
                at = text.find(first, at + 1, where)
        return where

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


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _secrets_in(item)
    elif value is not None and not isinstance(value, bool):
        text = str(value)
        inner = text.strip()  # a file ends with a line end, which whoever uses it leaves out
        yield from (one for one in (text, inner) if len(one) >= SHORTEST)
        if "\n" in inner:
            lines = map(str.strip, inner.split("\n"))
            yield from (line for line in lines if len(line) >= SHORTEST_LINE)


def _any_of(values: list[str], depth: int = 2) -> str:
    """A pattern for any of the values, the first that fits. Grouped by their first letters: a key
    of 500 lines would otherwise be 500 comparisons at nearly every place of a text."""
    if depth == 0 or len(values) == 1:
        return "|".join(map(re.escape, values))
    return "|".join(
        f"{re.escape(first)}(?:{_any_of([value[1:] for value in group], depth - 1)})"
        for first, group in _grouped(values).items()
    )


def _grouped(values: list[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for value in values:
        groups.setdefault(value[0], []).append(value)
    return groups


def is_masked(value: Any) -> bool:
    """Whether something in a shown value is hidden."""
    if isinstance(value, str):
        return MASK in value
    if isinstance(value, Mapping):
        return any(is_masked(item) for item in value.values())
    return isinstance(value, list | tuple) and any(map(is_masked, value))


class StreamMasker:
    """Masks a text that comes in pieces as if it came at once.

    The end of what came is held back while it could be the beginning of a secret: one character
    less than the longest secret at most, and of ordinary output nothing.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self.held = ""
        self._covered = 0  # so much of what is held belongs to a secret whose mask was given

    def feed(self, text: str) -> str:
        """The masked text that is clear by now."""
        text = self.held + text
        return self._clear(text, self._masker.beginning(text))

    def end(self) -> str:
        """What was held back: nothing follows that could make a secret of it."""
        return self._clear(self.held, len(self.held))

    def _clear(self, text: str, until: int) -> str:
        parts, at = [], self._covered
        for start, end in self._masker.places(text):
            if start < at:  # overlaps with the secret before, whose mask stands for both
                at = max(at, end)
            elif start < until:
                parts += [text[at:start], MASK]
                at = end
        parts.append(text[at:until])
        self.held, self._covered = text[until:], max(at - until, 0)
        return "".join(parts)


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
