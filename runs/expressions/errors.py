"""What goes wrong in an expression."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression cannot be read, or has no value.

    `message` says what is wrong, `hint` (may be empty) what to write instead, `offset` where in
    `source` (characters, from 0; None when the place is not known).
    """

    def __init__(
        self, message: str, *, hint: str = "", offset: int | None = None, source: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.offset = offset
        self.source = source

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def in_source(self, source: str, offset: int | None = None) -> ExpressionError:
        """This error, with its source and place filled in where they were not known."""
        self.source = self.source or source
        self.offset = offset if self.offset is None else self.offset
        return self


class MissingValueError(ExpressionError):
    """A key, an index or a name that is not there: what `default(x, y)` forgives."""
