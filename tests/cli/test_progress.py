"""Entries of a journal → lines for people. Pure."""

import io

import pytest

from runs.cli.printing import clean, one_line
from runs.cli.progress import Journal, PlainProgress, seconds


def entry(seq: int, kind: str, path: str = "", at: str = "00", **data: object) -> dict[str, object]:
    return {
        "seq": seq, "kind": kind, "path": path, "data": data, "at": f"2026-01-01T00:00:{at}Z",
    }  # fmt: skip


def test_each_end_of_a_step_is_a_line() -> None:
    out = io.StringIO()
    shown = PlainProgress(out, Journal())
    shown.feed(
        [
            entry(1, "run.created", source_run_id="run_a"),
            entry(2, "steps.reused", count=2),
            entry(3, "step.started", "build", "01", attempt=1),
            entry(4, "step.succeeded", "build", "03"),
            entry(5, "step.started", "test", "03", attempt=1),
            entry(
                6, "step.retrying", "test", "04", wait_s=3,
                reason="retry: attempt 2 follows; command-failed: exit code 3",
            ),
            entry(7, "step.queued", "test", "07"),
            entry(8, "step.started", "test", "07", attempt=2),
            entry(9, "step.failed", "test", "08", error={"message": "exit code 3"}),
            entry(10, "step.skipped", "ship", "08", reason="its condition is false"),
            entry(11, "run.failed", "", "08", reason="step-failed: test"),
        ]
    )  # fmt: skip
    assert out.getvalue().splitlines() == [
        "↷ 2 steps reused from run_a",
        "✓ build  2.0 s",
        "↻ test  retry 2 in 3.0 s: exit code 3",
        "✗ test  failed: exit code 3",
        "– ship  skipped: its condition is false",
    ]
    assert shown.journal.after == 11
    assert not shown.journal.running


def test_what_runs_is_known_until_it_ends() -> None:
    journal = Journal()
    journal.take(entry(1, "step.started", "a"))
    journal.take(entry(2, "step.started", "b"))
    journal.take(entry(3, "step.succeeded", "a"))
    assert list(journal.running) == ["b"]


def test_what_waits_says_for_what_and_how_it_is_answered() -> None:
    journal = Journal("run_1")
    journal.take(entry(1, "step.started", "a[0]/ask"))
    line = journal.take(entry(2, "step.waiting", "a[0]/ask", reason="approval: Ship it?"))
    assert line is not None
    assert line.detail == "waits for a decision: Ship it?  [maverick approve run_1 'a[0]/ask']"
    assert not journal.running
    line = journal.take(entry(3, "step.approved", "a[0]/ask", by="olga"))
    assert line is not None
    assert line.detail == "approved by olga"
    line = journal.take(entry(4, "step.waiting", "t", reason="timer: until 2026-01-01T12:00:00Z"))
    assert line is not None
    assert (line.status, line.detail) == ("waiting", "waits until 2026-01-01T12:00:00Z")


def test_a_failure_that_the_workflow_is_ready_for_does_not_look_like_the_end() -> None:
    journal = Journal("run_1", {"a": "mend handles it"}.get)  # type: ignore[arg-type]
    journal.take(entry(1, "step.started", "a"))
    line = journal.take(entry(2, "step.failed", "a", error={"message": "exit code 3."}))
    assert line is not None
    assert (line.status, line.detail) == ("interrupted", "failed: exit code 3; mend handles it")
    line = journal.take(entry(3, "step.failed", "b", error={"message": "exit code 3"}))
    assert line is not None
    assert line.status == "failed"


def test_an_entry_of_a_later_version_is_no_error() -> None:
    journal = Journal()
    assert journal.take(entry(1, "step.teleported", "a")) is None
    assert journal.take(entry(2, "moon.rose")) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min 00 s"), (298, "4 min 58 s"),
     (6720, "1 h 52 min")],
)  # fmt: skip
def test_durations_are_words(value: float, text: str) -> None:
    assert seconds(value) == text


def test_control_characters_become_visible() -> None:
    assert clean("a\x1b[31mb\x07\tc\nd\u202e") == "a\\x1b[31mb\\x07\tc\nd\\u202e"
    assert one_line("a\n  b\t c") == "a b c"
    assert one_line("x" * 400, 10) == "x" * 9 + "…"


def test_the_live_display_shows_the_same_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from runs.cli import progress

    out = io.StringIO()
    terminal = Console(file=out, force_terminal=True, width=60, color_system=None)
    monkeypatch.setattr(progress, "console", lambda **_: terminal)
    shown = progress.LiveProgress(Journal())
    shown.feed([entry(1, "step.started", "build", "01"), entry(2, "step.started", "slow", "01")])
    foot = terminal.render_str(str(shown._foot())).plain
    assert "build" in foot
    assert "0 done" in foot
    shown.feed([entry(3, "step.succeeded", "build", "03")])
    shown.close()
    assert "✓ build  2.0 s" in out.getvalue()
