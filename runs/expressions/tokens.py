"""Source text → a Python expression made of harmless names only.

Python's own parser reads the grammar, but it never sees what an author wrote: every text, every
key after a dot and every name becomes a placeholder here, so that keywords may be keys
(`inputs.if`), step names may hold hyphens, and no name or text of the author reaches Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from runs.expressions.errors import ExpressionError
from runs.expressions.limits import MAX_DEPTH, MAX_NODES
from runs.expressions.nodes import FUNCTIONS, ROOTS

_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TEXT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_STEP = re.compile(r"(\w+(?:-\w+)+)(?=\s*\.\s*(?:output|status|skipped|error)\b)")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"', "/": "/", "\n": ""}

_OPERATORS = ("==", "!=", "<=", ">=", "//", "<", ">", "+", "-", "*", "/", "%", ",", ":")
_WORD_OPERATORS = ("and", "or", "not", "in", "if", "else")
CONSTANTS = {"true": True, "false": False, "null": None, "True": True, "False": False, "None": None}
_PAIRS = {")": "(", "]": "[", "}": "{"}
_HINTS = {
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "**": "there is no power operator",
    "=": "write `==` to compare",
    "|": "there are no filters; functions are written `lower(x)`",
    "&": "write `and`",
    "?": "write `a if condition else b`",
    "$": "put one `${{ … }}` around the whole expression",
}
_WORD_HINTS = {
    "is": "write `==`",
    "AND": "write `and`",
    "OR": "write `or`",
    "NOT": "write `not`",
    "workflow": "write `run.workspace`, `run.workflow` or `run.id`",
    "github": "the run is called `run`",
    "context": "write `inputs`, `steps` or `run`",
    "always": "a step runs after a failure when it is another step's `on_error`",
    "failure": "a step runs after a failure when it is another step's `on_error`",
    "success": "a step runs only if what it needs has succeeded",
    "loop": "inside a loop there are `item` and `index`",
    "outputs": "write `steps.NAME.output`",
    "undefined": "write `null`",
}


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is what Python's parser reads; `value` what it stands for."""

    text: str
    kind: str  # key, root, function, literal, number, operator
    value: Any
    offset: int


def tokenise(source: str) -> list[Token]:
    """Every token of a source, or ExpressionError at the first thing that is not one."""
    tokens: list[Token] = []
    opened: list[str] = []
    position = 0
    while position < len(source):
        if space := _SPACE.match(source, position):
            position = space.end()
            continue
        token, position = _next(source, position, tokens)
        if token.text in "([{":
            opened.append(token.text)
            if len(opened) > MAX_DEPTH:
                raise ExpressionError(
                    f"The expression is nested more than {MAX_DEPTH} deep.", offset=token.offset
                )
        elif token.text in _PAIRS and (not opened or opened.pop() != _PAIRS[token.text]):
            twice = source.startswith("}}", token.offset)
            hint = "put one `${{ … }}` around the whole expression" if twice else ""
            raise ExpressionError(f"`{token.text}` closes nothing.", hint=hint, offset=token.offset)
        tokens.append(token)
        # Each node of a tree takes about two tokens; Python's parser never gets more to chew.
        if len(tokens) > 4 * MAX_NODES:
            raise ExpressionError(f"The expression has more than {MAX_NODES} parts.")
    if opened:
        raise ExpressionError(f"`{opened[-1]}` is never closed.", offset=len(source))
    return tokens


def _next(source: str, position: int, before: list[Token]) -> tuple[Token, int]:
    char = source[position]
    number = len(before)
    if before and before[-1].text == ".":
        return _key(source, position, before)
    if char in "'\"":
        text = _TEXT.match(source, position)
        if not text:
            raise ExpressionError("The quoted text is never closed.", offset=position)
        value = _ESCAPE.sub(_unescape, text[0][1:-1])
        return Token(f"_t{number}", "literal", value, position), text.end()
    digits = _NUMBER.match(source, position)
    if digits and not (char == "." and before and _ends_a_value(before[-1])):
        return Token(digits[0], "number", None, position), digits.end()
    if word := _WORD.match(source, position):
        return _word(source, word[0], position, before), word.end()
    for wrong in ("&&", "||", "**"):
        if source.startswith(wrong, position):
            raise _not_an_operator(wrong, position)
    for operator in _OPERATORS:
        if source.startswith(operator, position):
            return Token(operator, "operator", None, position), position + len(operator)
    if char in ".()[]{}":
        return Token(char, "operator", None, position), position + 1
    raise _not_an_operator(char, position)


def _not_an_operator(text: str, position: int) -> ExpressionError:
    shown = text if text.isprintable() else repr(text)
    return ExpressionError(
        f"`{shown}` is not part of the language.", hint=_HINTS.get(text, ""), offset=position
    )


def _ends_a_value(token: Token) -> bool:
    return token.kind != "operator" or token.text in (")", "]", "}")


def _key(source: str, position: int, before: list[Token]) -> tuple[Token, int]:
    owner = before[-2] if len(before) > 1 else before[-1]
    if owner.kind == "root" and owner.value == "steps" and (step := _STEP.match(source, position)):
        return Token(f"_k{len(before)}", "key", step[1], position), step.end()
    word = _WORD.match(source, position)
    if not word:
        digit = source[position].isdigit()
        hint = "an index is written `[0]`" if digit else ""
        raise ExpressionError("A name must follow the dot.", hint=hint, offset=position)
    return Token(f"_k{len(before)}", "key", word[0], position), word.end()


def _word(source: str, word: str, position: int, before: list[Token]) -> Token:
    number = len(before)
    if word in CONSTANTS:
        return Token(f"_t{number}", "literal", CONSTANTS[word], position)
    if word in _WORD_OPERATORS:
        return Token(word, "operator", None, position)
    if word in FUNCTIONS and re.compile(r"\s*\(").match(source, position + len(word)):
        return Token(f"_f{number}", "function", word, position)
    if word in ROOTS:
        return Token(f"_r{number}", "root", word, position)
    if word in FUNCTIONS:
        raise ExpressionError(
            f"`{word}` is a function.", hint=f"write `{word}(…)`", offset=position
        )
    hint = _WORD_HINTS.get(word, "")
    if not hint and len(before) > 2 and before[-1].text == "-" and before[-2].kind == "key":
        joined = f"{before[-2].value}-{word}"
        hint = f"a key with a hyphen is written `['{joined}']`"
    if re.compile(r"\s*\(").match(source, position + len(word)):
        hint = hint or f"the functions are {', '.join(sorted(FUNCTIONS))}"
        raise ExpressionError(f"There is no function `{word}`.", hint=hint, offset=position)
    hint = hint or f"an expression begins with {', '.join(ROOTS)}; text needs quotes"
    raise ExpressionError(f"The name `{word}` is not known.", hint=hint, offset=position)


def _unescape(found: re.Match[str]) -> str:
    body = found[1]
    if len(body) > 1:
        return chr(int(body[1:], 16))
    return _ESCAPED.get(body, "\\" + body)
