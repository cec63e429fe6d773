"""Text on the terminal: JSON for programs, tables for people, plain where nobody looks."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Cell = str | tuple[str, str]  # a text, or a text and its style

STYLES = {
    "succeeded": "green",
    "failed": "bold red",
    "timeout": "bold red",
    "cancelled": "yellow",
    "running": "cyan",
    "waiting": "magenta",
    "queued": "dim",
    "pending": "dim",
    "paused": "yellow",
    "skipped": "dim",
    "reused": "dim",
}
_MARKS = {
    "succeeded": ("✓", "+"),
    "reused": ("↷", "="),
    "failed": ("✗", "x"),
    "timeout": ("✗", "x"),
    "cancelled": ("⊘", "x"),
    "running": ("●", "*"),
    "waiting": ("…", "~"),
    "paused": ("‖", "|"),
    "queued": ("○", "."),
    "pending": ("○", "."),
    "skipped": ("–", "-"),
    "approved": ("→", ">"),
    "retry": ("↻", "~"),
    "interrupted": ("!", "!"),
}


def mark(status: str, stream: IO[str] | None = None) -> str:
    """The sign of a status, in characters that the stream can show."""
    nice, plain = _MARKS.get(status, ("·", "."))
    return nice if can_show(nice, stream or sys.stdout) else plain


def can_show(text: str, stream: IO[str]) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def clean(text: str) -> str:
    """Control characters made visible: what a step printed must not steer the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _visible(c) for c in text)


def _visible(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def one_line(text: str, most: int = 300) -> str:
    """A text on one line, cut when it is long."""
    joined = " ".join(clean(text).split())
    return joined if len(joined) <= most else joined[: most - 1] + "…"


def is_terminal(stream: IO[str] | None = None) -> bool:
    """Whether a person looks on."""
    try:
        return (stream or sys.stdout).isatty()
    except ValueError:  # closed
        return False


def console(*, stderr: bool = False) -> "Console":
    """Rich's console: it minds NO_COLOR, TERM=dumb and the width."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)


def say(text: str = "", *, style: str = "", err: bool = False) -> None:
    """One text for people."""
    stream = sys.stderr if err else sys.stdout
    if style and is_terminal(stream):
        from rich.text import Text

        console(stderr=err).print(Text(clean(text), style=style), soft_wrap=True)
    else:
        print(clean(text), file=stream)


def print_json(value: Any, *, last_line: bool = False) -> None:
    """One JSON document; on one line when it has to be the last line of the output."""
    sys.stderr.flush()
    if last_line or not is_terminal():
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    else:
        text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    # Lone surrogates cannot be written as UTF-8; as \ud800 they are still the same JSON.
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        print(json.dumps(json.loads(text), separators=(",", ":")), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Cell]], empty: str = "") -> None:
    """A table. Where nobody looks: aligned columns, nothing cut, nothing coloured."""
    found = [list(row) for row in rows]
    if not found:
        if empty:
            say(empty, err=not is_terminal())
        return
    if is_terminal():
        _rich_table(columns, found)
        return
    texts = [[_flat(cell) for cell in row] for row in found]
    texts.insert(0, [column.upper() for column in columns])
    widths = [max(len(row[at]) for row in texts) for at in range(len(columns))]
    for row in texts:
        print(
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        )


def _flat(cell: Cell) -> str:
    """A cell's text on one line; blanks at its front are an indentation and stay."""
    text = cell if isinstance(cell, str) else cell[0]
    return clean(text).replace("\n", " ").replace("\t", " ")


def _rich_table(columns: Sequence[str], rows: list[list[Cell]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for number, column in enumerate(columns):
        # Ids are copied by hand and a status is one word: only long texts are broken.
        longest = max(len(_flat(row[number])) for row in rows)
        table.add_column(column, no_wrap=number == 0 or longest <= 20, overflow="fold")
    for row in rows:
        table.add_row(
            *(Text(_flat(cell), style="" if isinstance(cell, str) else cell[1]) for cell in row)
        )
    console().print(table)


def status_cell(status: str, more: str = "") -> Cell:
    """A status with its sign and colour; ``more`` in brackets says that it is not to worry about."""
    if more:
        return f"{mark('interrupted')} {status} ({more})", ""
    return f"{mark(status)} {status}", STYLES.get(status, "")


def output_lines(run: Mapping[str, Any]) -> list[str]:
    """What the run gave, a line each; what is long is cut, what is null or empty left out."""
    outputs = run.get("outputs")
    if not isinstance(outputs, dict):
        return []
    told = {name: value for name, value in outputs.items() if value not in (None, "", [], {})}
    return [
        f"  {'output' if n == 0 else '':<8}{name} = {short(value, 160)}"
        for n, (name, value) in enumerate(told.items())
    ]


def short(value: Any, most: int = 60) -> str:
    """A value in one line, cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return one_line(text, most)
