"""A run in words, as tables of the command line say it."""

from runs.cli.backend import Json


def steps_of(counts: Json) -> str:
    """``7/9``: settled of all; ``9/9 ↷5``: five of them were reused."""
    from runs.cli.printing import mark

    done = counts["succeeded"] + counts["failed"] + counts["skipped"]
    reused = f" {mark('reused')}{counts['reused']}" if counts["reused"] else ""
    return f"{done}/{counts['total']}{reused}"


def took(milliseconds: float | None) -> str:
    """A duration in words; empty while there is none."""
    from runs.cli.progress import seconds

    return "" if milliseconds is None else seconds(milliseconds / 1000)


def ago(at: str) -> str:
    """How long ago, in words."""
    from datetime import UTC, datetime

    from runs.projections.words import ago as in_words

    return in_words(datetime.fromisoformat(at), datetime.now(UTC))


def chips(run: Json) -> str:
    """Golden, Restarted, Forked, Resumed."""
    words = {"restart": "restarted", "fork": "forked", "resume": "resumed"}
    found = [words.get(run["kind"] or "", "")]
    if run["golden"]:
        found.append(f"golden ({run['golden']['name']})")
    return " ".join(word for word in found if word)
