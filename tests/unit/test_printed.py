"""What a program wrote, as people read it: nothing for a terminal, nothing that turns a text round."""

import pytest

from runs.projections import words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with\ttabs\nand lines", "plain, with\ttabs\nand lines"),
        ("\x1b[1;31merror\x1b[0m: no", "error: no"),
        ("\x1b]0;title\x07done \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "done link"),
        ("\x1b[2K\x1b[1Gnext\x1b(B\x1bM", "next"),
        ("cut \x1b[3", "cut \\u001b[3"),  # the end of a chunk
        ("10 %\r90 %\r100 %", "100 %"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("kept\r", "kept"),
        ("bell\x07, back\x08", "bell\\u0007, back\\u0008"),
        ("\u202etxt.exe", "\\u202etxt.exe"),
        ("مرحبا 日本語 🎉 é", "مرحبا 日本語 🎉 é"),
    ],
)
def test_what_was_printed_is_readable(text: str, shown: str) -> None:
    assert words.printed(text) == shown


def test_a_long_text_is_not_slow() -> None:
    import time

    begin = time.monotonic()
    for bad in ("\x1b[" + ";" * 200_000, "\x1b]" + "x" * 200_000, "\r" * 200_000, "x\r" * 100_000):
        words.printed(bad)
    assert time.monotonic() - begin < 2


def test_a_reason_is_readable_too() -> None:
    assert words.reason("command-failed: \x1b[31mno\x1b[0m such \u202efile") == (
        "no such \\u202efile"
    )
