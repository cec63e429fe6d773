"""The search of the list as a language: read, written, and as an address."""

from datetime import UTC, datetime

import pytest

from runs.projections.periods import period
from runs.projections.run_filter import RunFilter
from runs.projections.run_terms import Term, parse

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_search_is_read_with_quotes_exclusion_and_several_values() -> None:
    found = parse('status:failed,timeout -workflow:probe-* label:"env=my prod" run of Mon')
    assert found.terms == (
        Term("status", "failed"),
        Term("status", "timeout"),
        Term("workflow", "probe-*", exclude=True),
        Term("label", "env=my prod"),
    )
    assert (found.text, found.mistakes) == ("run of Mon", ())


def test_what_is_written_is_read_the_same() -> None:
    asked = RunFilter.of('status:failed -label:"team=a b" golden:yes started:<24h fly')
    assert RunFilter.of(asked.search) == asked
    query = asked.query().lstrip("?")
    from urllib.parse import parse_qs

    assert RunFilter.from_query(parse_qs(query)) == asked


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("status:faild", "status is one of queued, running"),
        ("colour:red", "There is no filter 'colour'. There are status, workflow"),
        ("kind:green", "kind is one of plain, restart, fork, resume"),
        ("started:soon", "started is like <24h"),
        ("started:..", "started is like"),
        ("label:=x", "label is `name` or `name=value`"),
    ],
)
def test_what_is_no_filter_is_told_with_what_there_is(word: str, told: str) -> None:
    found = parse(word)
    assert found.terms == ()
    assert found.mistakes[0].written == word
    assert told in found.mistakes[0].message


def test_old_addresses_hold() -> None:
    asked = RunFilter.from_query({"chip": ["golden", "restarted"], "status": ["failed"]})
    assert asked.terms == (
        Term("golden", "yes"),
        Term("kind", "restart"),
        Term("status", "failed"),
    )


def test_rubbish_is_cut_and_never_raises() -> None:
    for rubbish in ("\x00", '"', "-", ":", "-:", "status:", 'label:"', "a" * 9000, "x:" * 3000):
        RunFilter.of(rubbish).query()
        assert len(parse(rubbish).text) <= 200


def test_statuses_are_those_asked_for_without_those_excluded() -> None:
    assert RunFilter.of("status:failed -status:failed").no_status
    assert "succeeded" not in RunFilter.of("-status:succeeded").statuses
    assert RunFilter.of("-status:succeeded").statuses[0] == "queued"
    assert RunFilter.of("kind:fork").statuses == ()


@pytest.mark.parametrize(
    ("words", "since", "until"),
    [
        ("<24h", "2026-11-20T12:00", None),
        ("24h", "2026-11-20T12:00", None),
        (">7d", None, "2026-11-14T12:00"),
        ("today", "2026-11-21T00:00", None),
        ("yesterday", "2026-11-20T00:00", "2026-11-21T00:00"),
        ("2026-11-19", "2026-11-19T00:00", "2026-11-20T00:00"),
        ("2026-11-19..2026-11-20", "2026-11-19T00:00", "2026-11-21T00:00"),
        ("2026-11-19T08:30..", "2026-11-19T08:30", None),
        (">2026-11-19", "2026-11-20T00:00", None),
        ("<2026-11-19", None, "2026-11-19T00:00"),
    ],
)
def test_times_are_said_in_words(words: str, since: str | None, until: str | None) -> None:
    def told(then: datetime | None) -> str | None:
        return None if then is None else then.strftime("%Y-%m-%dT%H:%M")

    assert tuple(map(told, period(words, NOW))) == (since, until)
